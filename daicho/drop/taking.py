"""Taking what is ready: each file is set aside, becomes a submission or a refusal, is answered, and is put away.

Every step can be cut off anywhere and is taken up again by the next run. An attempt is counted before anything is
touched; what fails again and again is refused, at last given up with an event for the operator. Contract §5 "Drop".
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from daicho.attempts import ATTEMPTS, of_surroundings
from daicho.drop import aside
from daicho.drop.answers import of_receipt, of_refusal, tell
from daicho.drop.aside import LOCK, TAKEN, Note, drop_folder, hex_name, holder_of
from daicho.drop.names import REFUSED, meant, numbered, parted
from daicho.drop.survey import Dropped, look_around, not_a_file
from daicho.folders import Folder, NotAFile, fingerprint, look_of, read_bounded
from daicho.receiving import Upload, checked_size, receive
from daicho.store import Store
from daicho.store.archive import Receipt
from schemas.submission import Refusal, dispatch_of, dispatch_source

_READINGS = 3
"""How often a file is read whose times change under the reading, before it counts as being written."""
_REMEMBERED = 7 * 86_400
"""Seconds for which looks at files are remembered."""


@dataclass(frozen=True)
class DropOutcome:
    """What came of one file: exactly one of receipt, refusal and fault is set."""

    name: str
    holder: str
    receipt: Receipt | None = None
    refusal: Refusal | None = None
    fault: Exception | None = None
    """Why it could not be taken this time; it is tried again, at last given up."""
    attempt: int = 0
    """Which attempt failed; 0 when the machine was at fault and not the file."""

    @property
    def is_news(self) -> bool:
        """Whether the fault is to fail a run: that of a file does so once."""
        return self.fault is not None and self.attempt <= 1


def collect(store: Store) -> list[DropOutcome]:
    """Takes everything in the drop that is ready, in order of appearance; answers lie beside it."""
    if not drop_folder(store).is_dir():
        return []
    with Folder.at(drop_folder(store)) as root, root.alone(LOCK), root.inner(TAKEN, 0o700) as taken:
        aside.tidy(taken)
        store.events.forget_drop_looks(_REMEMBERED)
        desk = _Desk(store, root, taken)
        found = [desk.go_on(upload) for upload in list(aside.pending(store))]
        survey = look_around(store)
        found += [desk.closed(name, error) for name, error in survey.closed]
        found += [desk.broken(each, error) for each, error in survey.broken]
        found += [
            desk.take(each) for each in sorted(survey.ready, key=lambda each: (each.changed_ns, each.meant))
        ]
    return [outcome for outcome in found if outcome is not None]


class _Gone(Exception):
    """The sender took the file away or changed it before it was set aside."""


class _Desk:
    """Who takes files, with the folders that are open for it."""

    def __init__(self, store: Store, root: Folder, taken: Folder) -> None:
        self._store, self._root, self._taken = store, root, taken

    # -- attempts ---------------------------------------------------------------------------------------------

    def take(self, dropped: Dropped) -> DropOutcome | None:
        """Takes a file out of its holder's folder; None when it is not there any more."""

        def act(attempt: int) -> DropOutcome:
            note = self._set_aside(dropped)
            return self._work(dropped.id, note, attempt)

        return self._attempt(dropped.id, dropped.meant, holder_of(dropped.folder), act, dropped)

    def go_on(self, upload: str) -> DropOutcome | None:
        """Finishes what an earlier run set aside."""
        note: Note | None = None
        with suppress(OSError, ValueError, KeyError, TypeError, NotAFile):
            note = aside.read_note(self._taken, upload)

        def act(attempt: int) -> DropOutcome:
            known = note or aside.read_note(self._taken, upload)
            self._bring_manifests(upload, known)
            return self._work(upload, known, attempt)

        return self._attempt(upload, note.name if note else upload, note.holder if note else TAKEN, act)

    def broken(self, dropped: Dropped, error: Exception) -> DropOutcome | None:
        """A file that broke the survey."""

        def act(_: int) -> DropOutcome:
            raise error

        return self._attempt(dropped.id, dropped.meant, holder_of(dropped.folder), act, dropped)

    def closed(self, name: str, error: OSError) -> DropOutcome | None:
        """A holder's folder that cannot be looked into."""

        def act(_: int) -> DropOutcome:
            raise error

        found = self._root.look(name)
        upload = f"folder:{meant(name)}:{fingerprint(found) if found else ''}"
        if upload in self._store.events.parked_drops():
            return None
        return self._attempt(upload, "", meant(name), act)

    def _attempt(
        self,
        upload: str,
        name: str,
        holder: str,
        act: Callable[[int], DropOutcome],
        dropped: Dropped | None = None,
    ) -> DropOutcome | None:
        """One counted attempt; what breaks it – once, or by killing the process – does not stop the others."""
        events = self._store.events
        number = events.drop_attempt(upload)
        try:
            outcome = act(number)
        except _Gone:
            events.forget_drop(upload)
            return None
        except Exception as error:  # noqa: BLE001 - one file must not keep the others waiting; it is told as a fault
            if of_surroundings(error):
                events.take_back_drop_attempt(upload)
                return DropOutcome(name, holder, fault=error)
            if number > ATTEMPTS:
                self._give_up(upload, name, holder, error, dropped)
            return DropOutcome(name, holder, fault=error, attempt=number)
        events.forget_drop(upload)
        return outcome

    def _give_up(
        self, upload: str, name: str, holder: str, error: Exception, dropped: Dropped | None
    ) -> None:
        place = self._taken.look(upload)
        if place is None and dropped is not None:  # not even set aside: it stays where it is
            with suppress(OSError):
                tell(self._store, dropped.folder, dropped.meant, of_refusal(_internal_fault()))
        look = fingerprint(place) if place else (dropped.look if dropped else "")
        self._store.events.park_drop(upload, look, name, holder, repr(error))

    # -- one file ---------------------------------------------------------------------------------------------

    def _set_aside(self, dropped: Dropped) -> Note:
        """Moves the file where no sender reaches it; the note beside it lets a later run finish the work."""
        holder = holder_of(dropped.folder)
        dispatch = dropped.told.get("dispatch")
        note = Note(
            # What the portal sends has a number of its own: it is the same upload even when it is put here twice.
            source=dispatch_source(holder, dispatch)
            if dispatch
            else f"drop:{holder}/{dropped.meant}:{dropped.inode}:{dropped.changed_ns}",
            name=dropped.meant,
            holder=holder,
            folder=hex_name(dropped.folder),
            raw=hex_name(dropped.name),
            told=dropped.told,
            received_at=self._store.clock.from_file_time(dropped.changed_ns).isoformat(),
            size=dropped.size,
            manifests=[[hex_name(name), look] for name, look in dropped.manifests],
        )
        with self._root.within(dropped.folder) as home:
            found = home.look(dropped.name)
            if found is None or fingerprint(found) != dropped.look:
                raise _Gone
            aside.write_note(self._taken, dropped.id, note)
            try:
                home.move(dropped.name, self._taken, dropped.id)
            except FileNotFoundError as error:
                aside.forget(self._taken, dropped.id, note)
                raise _Gone from error
        self._bring_manifests(dropped.id, note)
        return note

    def _bring_manifests(self, upload: str, note: Note) -> None:
        """The manifests follow their file, unless others lie there by now."""
        places = aside.parts_of(upload, note)[1:]
        missing = [
            (place, raw, look)
            for place, raw, (_, look) in zip(places, note.file_names[1:], note.manifests, strict=True)
            if self._taken.look(place) is None
        ]
        if not missing:
            return
        with suppress(FileNotFoundError), self._root.within(note.folder_name) as home:
            for place, raw, look in missing:
                found = home.look(raw)
                if found is not None and fingerprint(found) == look:
                    with suppress(FileNotFoundError):
                        home.move(raw, self._taken, place)

    def _work(self, upload: str, note: Note, attempt: int) -> DropOutcome:
        """Judges, answers and puts away what is set aside."""
        by_portal = bool(dispatch_of(note.source))  # the portal hears by the feed
        try:
            receipt, read = self._receipt(upload, note, attempt)
        except Refusal as refusal:
            if not by_portal:
                tell(self._store, note.folder_name, note.name, of_refusal(refusal))
            self._to_refused(upload, note)
            return DropOutcome(note.name, note.holder, refusal=refusal)
        if not by_portal:
            tell(self._store, note.folder_name, note.name, of_receipt(receipt))
        if self._was_written_later(upload, receipt, read):
            details = {"file_name": note.name, "holder": note.holder}
            self._store.events.record("drop-late-write", note.holder, receipt["submission_id"], **details)
            self._to_refused(upload, note)
        else:
            aside.forget(self._taken, upload, note)  # the bytes are in the archive
        return DropOutcome(note.name, note.holder, receipt=receipt)

    def _receipt(self, upload: str, note: Note, attempt: int) -> tuple[Receipt, tuple[int, int, int] | None]:
        """The one receipt of an upload, whatever broke off before; and what the file looked like when it was read.

        Raises:
            Refusal: likewise the one that was kept.
        """
        events = self._store.events
        if attempt > 1 and (known := events.refusal_of(note.source)):
            raise Refusal(*known)
        if attempt > ATTEMPTS:
            events.recover()
            if receipt := events.received_from(note.source):
                return receipt, None
            raise self._refused(note, _internal_fault())
        try:
            content, read = self._content(upload, note)
        except Refusal as refusal:
            raise self._refused(note, refusal) from refusal
        words = note.told
        sent = Upload(
            content=content,
            file_name=words.get("file_name") or note.name,
            product=words["product"],
            holder=note.holder,
            user=words["user"],
            count=words["count"],
            remarks=words.get("remarks", ""),
            resend=words.get("resend", False),
            channel=_channel(words),
            source=note.source,
        )
        return receive(self._store, sent, datetime.fromisoformat(note.received_at)), read

    def _refused(self, note: Note, refusal: Refusal) -> Refusal:
        """Keeps a refusal before ``receive`` as it does."""
        self._store.events.refuse(
            refusal.code,
            refusal.message,
            actor=note.holder,
            file_name=note.name,
            holder=note.holder,
            channel=_channel(note.told),
            source=note.source,
        )
        return refusal

    def _content(self, upload: str, note: Note) -> tuple[bytes, tuple[int, int, int]]:
        """The bytes of what is set aside, opened once, and what it looked like.

        Raises:
            Refusal: when it is no file, not whole, too large, or not what its manifest says.
        """
        words = note.told
        if "refusal" in words:
            raise Refusal(*words["refusal"])
        if words.get("holder", note.holder) != note.holder:
            raise Refusal(
                "invalid-holder",
                f"ファイル名の保険利用者コードが受付フォルダ {note.holder} と違います。確かめて送り直してください。",
            )
        try:
            with self._taken.opened(upload) as (descriptor, found):
                checked_size(self._store.settings, found.st_size)  # before it is read into memory
                if note.size not in (None, found.st_size):
                    raise _changing(note.name)
                content, read = self._read(descriptor, note.name)
        except NotAFile as error:
            raise not_a_file(note.name) from error
        except PermissionError as error:
            raise Refusal(
                "unreadable-file",
                f"ファイル「{note.name}」を読む権限がありません。権限を直すか、担当窓口に連絡してください。",
            ) from error
        _check_promise(note, content)
        return content, read

    def _read(self, descriptor: int, name: str) -> tuple[bytes, tuple[int, int, int]]:
        """All bytes, when two readings agree or nothing was changed under the one."""
        before, known = look_of(os.fstat(descriptor)), None
        for _ in range(_READINGS):
            os.lseek(descriptor, 0, os.SEEK_SET)
            content = read_bounded(descriptor, self._store.settings.max_bytes)
            after = look_of(os.fstat(descriptor))
            if after == before or (content == known and len(content) == after[1]):
                checked_size(self._store.settings, len(content))
                return content, after
            before, known = after, content  # only its times may have been set
        raise _changing(name)

    def _was_written_later(self, upload: str, receipt: Receipt, read: tuple[int, int, int] | None) -> bool:
        """Whether a sender that still had it open wrote into a file that was taken."""
        found = self._taken.look(upload)
        if found is None or look_of(found) == read:
            return False
        with self._taken.opened(upload) as (descriptor, _), open(descriptor, "rb", closefd=False) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() != receipt["sha256"]

    def _to_refused(self, upload: str, note: Note) -> None:
        """The file, and its manifests with it, under their names in ``refused``; never over earlier ones."""
        parts = aside.parts_of(upload, note)
        with self._root.within(note.folder_name, 0o755) as home, home.inner(REFUSED, 0o755) as refused:
            if note.refused_as is None:
                note = aside.choose_names(self._taken, upload, note, _free_names(refused, note.file_names))
            names = [aside.raw_name(name) for name in note.refused_as or []]
            for part, name in reversed(
                list(zip(parts, names, strict=True))
            ):  # the file last: it keeps the note alive
                if self._taken.look(part) is not None:
                    self._taken.move(part, refused, name)
        aside.forget(self._taken, upload, note)


def _free_names(refused: Folder, names: list[str]) -> list[str]:
    """Names for a file and its manifests that nothing has yet, all with the same number."""
    upload, *manifests = names
    number = 1
    while True:
        free = numbered(upload, number) if number > 1 else upload
        chosen = [free, *(_beside(upload, free, manifest) for manifest in manifests)]
        if len(set(chosen)) == len(chosen) and all(refused.look(name) is None for name in chosen):
            return chosen
        number += 1


def _beside(upload: str, free: str, manifest: str) -> str:
    """The name of a manifest beside its upload's new one: what follows the upload's name or stem stays."""
    for old, new in ((upload, free), (parted(upload)[0], parted(free)[0])):
        if manifest.startswith(old):
            return new + manifest.removeprefix(old)
    return manifest if free == upload else free + ".json"


def _check_promise(note: Note, content: bytes) -> None:
    size, sha256 = note.told.get("size"), note.told.get("sha256")
    if size is not None and size != len(content):
        raise Refusal(
            "size-mismatch",
            f"「{note.name}」の大きさ({len(content):,}バイト)が申請内容の size({size:,})と違います。"
            "ファイルが途中で切れていないか確かめて送り直してください。",
        )
    if sha256 is not None and sha256 != hashlib.sha256(content).hexdigest():
        raise Refusal(
            "sha256-mismatch",
            f"「{note.name}」の内容が申請内容の sha256 と合いません。"
            "ファイルが壊れていないか、申請内容が別のファイルのものでないか確かめて送り直してください。",
        )


def _changing(name: str) -> Refusal:
    return Refusal(
        "file-changed",
        f"「{name}」は受け取る間に内容が変わりました。書込みが終わってから「{name}.part」のような名前で送り、"
        "最後に改名して送り直してください。",
    )


def _internal_fault() -> Refusal:
    return Refusal(
        "internal-fault",
        "処理中に予期しないエラーが続いたため受け付けられません。担当窓口に連絡してください。",
    )


def _channel(words: Mapping[str, Any]) -> str:
    """Only the portal numbers what it sends."""
    return "portal" if words.get("dispatch") else "drop"
