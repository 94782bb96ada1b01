"""What lies in the drop: which files are ready to be taken or refused, and what is waited for or left alone.

Sensor and collector ask the same survey, so that they agree. It reads manifests and, where a manifest names one, hashes;
nothing is moved or answered here.
"""

import hashlib
import os
import re
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from unicodedata import normalize

from daicho.drop import aside
from daicho.drop.aside import drop_folder, holder_of, is_portals
from daicho.drop.manifest import LARGEST, Told, told_by
from daicho.drop.names import (
    ANSWERS,
    REFUSED,
    UPLOADS,
    Kind,
    kind_of,
    meant,
    parted,
    spelled,
    telling,
)
from daicho.folders import Changing, Folder, NotAFile, fingerprint, is_plain
from daicho.receiving import checked_file_name, legible
from daicho.store import Store
from schemas.submission import PORTAL, Refusal

_HOLDER = re.compile(r"[0-9]{9}")
_BLINK = 0.25
"""Seconds between two looks while writers are waited for."""
_GIVEN_UP = "処理できなかったため、試すのをやめました"
_FORGOTTEN = 86_400
"""Seconds after which an unfinished file is shown to the operator."""
_HASHES: dict[str, str] = {}
"""SHA-256 of files by what they looked like: the sensor looks every few seconds."""
_MOST_HASHES = 1000


@dataclass(frozen=True)
class Dropped:
    """A file that is ready, with what its manifest or its name tells, or the ``refusal`` that it gets."""

    folder: str
    """The holder's folder below the drop as the disk has it; the portal's are ``.portal/<holder>``."""
    name: str
    meant: str
    """The name as its sender means it; in receipts, answers and messages."""
    changed_ns: int
    """Inode change time: when the final name appeared."""
    inode: int
    look: str
    size: int
    told: dict[str, Any]
    manifests: tuple[tuple[str, str], ...] = ()
    """Names and fingerprints of what goes along."""

    @property
    def id(self) -> str:
        """Tells this upload from all others; under this name it is set aside."""
        return f"{self.changed_ns}-{self.inode}"


@dataclass
class Survey:
    """The state of the drop at one instant."""

    ready: list[Dropped] = field(default_factory=list)
    settling: dict[str, float] = field(default_factory=dict)
    """Places of files that may still be written, and the real time from which they count as whole."""
    left: list[tuple[str, str]] = field(default_factory=list)
    """Places of what nobody takes, and why: for the operator."""
    broken: list[tuple[Dropped, Exception]] = field(default_factory=list)
    """Files that broke the survey."""
    closed: list[tuple[str, OSError]] = field(default_factory=list)
    """Folders that cannot be looked into."""


def is_waiting(store: Store) -> bool:
    """Whether the drop holds what is ready to be taken or refused; for the sensor.

    What is still written, waits for its manifest, is left alone or was given up is not ready.
    """
    if next(aside.pending(store), None) is not None:
        return True
    survey = look_around(store)
    return bool(survey.ready or survey.broken)


def left_lying(store: Store) -> list[tuple[str, str]]:
    """Places in the drop of what nobody takes, and why; in Japanese, for the operator."""
    given_up = [(f"{aside.TAKEN}/{upload}", _GIVEN_UP) for upload in aside.given_up(store)]
    return look_around(store).left + given_up


def wait_for_writers(store: Store, say: Callable[[str], None]) -> None:
    """Waits until what may still be written now has settled: for who asks for a run by hand right after copying.

    What changes meanwhile, or appears, is not waited for: it is taken by a later run.
    """
    waited = look_around(store).settling
    if not waited:
        return
    say(
        f"受付フォルダの{len(waited)}ファイルの書込みが終わるのを待ちます(最大{store.settings.drop_settle_seconds}秒)"
    )
    until = max(waited.values())
    while time.time() < until:
        time.sleep(min(_BLINK, max(until - time.time(), 0)))
        if waited.items().isdisjoint(look_around(store).settling.items()):
            return


def look_around(store: Store) -> Survey:
    """Surveys every holder's folder; one that cannot be read hides none of the others."""
    survey = Survey()
    path = drop_folder(store)
    if not path.is_dir():
        return survey
    with Folder.at(path) as root:
        for name, found in root.entries():
            if name == PORTAL:
                _look_at_portals(store, root, survey)
            elif name not in (aside.TAKEN, aside.LOCK):
                _look_into(store, root, name, found, survey)
    _leave_parked(survey, store.events.parked_drops())
    return survey


def _look_into(store: Store, root: Folder, place: str, found: os.stat_result, survey: Survey) -> None:
    """One folder of a holder, the sender's or the portal's."""
    if not stat.S_ISDIR(found.st_mode) or place.startswith(".") != is_portals(place):
        survey.left.append((legible(place), "保険利用者のフォルダの外にあります"))
        return
    try:
        with root.within(place) as holder:
            _Holder(store, holder, place, survey).look()
    except OSError as error:
        survey.closed.append((place, error))


def _look_at_portals(store: Store, root: Folder, survey: Survey) -> None:
    """The folders that the portal fills; what others could have filled is believed in nothing."""
    try:
        with root.inner(PORTAL) as portals:
            is_our_own, holders = portals.is_our_own, portals.entries()
    except OSError as error:
        survey.closed.append((PORTAL, error))
        return
    if not is_our_own:
        survey.left.append((PORTAL, "ほかの人が書き込めるため、中を見ません"))
        return
    for name, found in holders:
        _look_into(store, root, f"{PORTAL}/{name}", found, survey)


def _leave_parked(survey: Survey, parked: dict[str, str]) -> None:
    """Takes what was given up out of what is to be done."""
    for each in (*survey.ready, *(dropped for dropped, _ in survey.broken)):
        if each.id in parked:
            survey.left.append((f"{meant(each.folder)}/{each.meant}", _GIVEN_UP))
    survey.ready = [each for each in survey.ready if each.id not in parked]
    survey.broken = [(each, error) for each, error in survey.broken if each.id not in parked]


@dataclass(frozen=True)
class _Entry:
    """One name in a holder's folder."""

    name: str
    found: os.stat_result
    kind: Kind

    @property
    def changed(self) -> float:
        return self.found.st_ctime_ns / 1e9

    @property
    def order(self) -> tuple[int, str]:
        return self.found.st_ctime_ns, self.name


@dataclass
class _Pairs:
    """Which manifest belongs to which upload, by the names of both."""

    manifest: dict[str, _Entry] = field(default_factory=dict)
    several: dict[str, list[_Entry]] = field(default_factory=dict)
    """Uploads for which more than one manifest could be meant."""
    owner: dict[str, _Entry] = field(default_factory=dict)
    """The upload that has a manifest named by the stem alone."""

    @property
    def used(self) -> set[str]:
        """Names of the manifests that belong to something."""
        shared = (entry.name for entries in self.several.values() for entry in entries)
        return {*(entry.name for entry in self.manifest.values()), *shared}


class _Holder:
    """One holder's folder under survey."""

    def __init__(self, store: Store, folder: Folder, name: str, survey: Survey) -> None:
        self._store, self._folder, self._survey = store, folder, survey
        self._place, self._name = name, holder_of(name)
        self._settle = store.settings.drop_settle_seconds
        self._patience = store.settings.manifest_wait_minutes * 60
        self._now = time.time()
        self._read: dict[str, Told | Refusal] = {}
        self._names: Counter[str] = Counter()
        """How many entries have the same name as it is meant."""

    def look(self) -> None:
        entries = [
            _Entry(name, found, kind_of(name, found.st_mode))
            for name, found in self._folder.entries()
            if name not in (ANSWERS, REFUSED)
        ]
        of_kind = {kind: [entry for entry in entries if entry.kind == kind] for kind in Kind}
        self._remember(of_kind[Kind.UNFINISHED])
        uploads = sorted(of_kind[Kind.UPLOAD], key=lambda entry: entry.order)
        self._names.update(legible(entry.name) for entry in entries)
        pairs = self._paired(uploads, of_kind[Kind.MANIFEST])
        for entry in uploads:
            try:
                self._judge(entry, pairs)
            except Exception as error:  # noqa: BLE001 - one file must not hide the others; it is told as a fault
                self._survey.broken.append((self._dropped(entry, {}, []), error))
        others = [entry for entry in of_kind[Kind.OTHER] if is_plain(entry.found)]
        written = [
            spelled(e.name).lstrip(".") for e in entries if e.kind in (Kind.UNFINISHED, Kind.OF_SYSTEM)
        ]
        loose = [
            entry
            for entry in of_kind[Kind.MANIFEST]
            if entry.name not in pairs.used
            and is_plain(entry.found)
            and not any(
                name.startswith(_spelled_stem(entry.name)) for name in written
            )  # its file is on the way
        ]
        along = self._paired(others, loose)
        for entry in others:
            if self._waited(entry):
                self._ready(entry, _refused(_wrong_type(entry)), along.manifest.get(entry.name))
        for entry in loose:
            if entry.name not in along.used and self._waited(entry):
                self._ready(entry, _refused(_lonely(entry)))
        self._tell_left(entries)

    def _remember(self, unfinished: Iterable[_Entry]) -> None:
        """Files under a name for what is being written: when one of them gets its final name it is whole."""
        for entry in unfinished:
            if is_plain(entry.found) and not self._store.events.drop_looked(self._part(entry)):
                self._store.events.drop_look(self._part(entry), "")

    def _part(self, entry: _Entry) -> str:
        return f"part:{meant(self._place)}/{entry.found.st_ino}"

    # -- whose manifest ---------------------------------------------------------------------------------------

    def _paired(self, uploads: list[_Entry], manifests: list[_Entry]) -> _Pairs:
        """By ``order.csv.json`` before ``order.json``, and by the very bytes of a name before what is spelled the same."""
        pairs = _Pairs()
        for by_stem, of_upload, of_manifest in _WAYS:
            used = pairs.used
            free: dict[str, list[_Entry]] = {}
            for manifest in manifests:
                if manifest.name not in used:
                    free.setdefault(of_manifest(manifest.name), []).append(manifest)
            claims: dict[str, list[_Entry]] = {}
            for upload in uploads:
                if upload.name not in pairs.manifest and upload.name not in pairs.several:
                    claims.setdefault(of_upload(upload.name), []).append(upload)
            for key in claims.keys() & free.keys():
                if len(free[key]) > 1:
                    pairs.several |= {upload.name: free[key] for upload in claims[key]}
                    continue
                [manifest] = free[key]
                first = self._meant_by(manifest, claims[key])
                pairs.manifest[first.name] = manifest
                if by_stem:
                    pairs.owner[_spelled_stem(first.name)] = first
        return pairs

    def _meant_by(self, manifest: _Entry, claims: list[_Entry]) -> _Entry:
        """The file that has the size and hash that the manifest names, otherwise the one that came first."""
        told = self._told(manifest) if len(claims) > 1 else None
        if isinstance(told, Told):
            fitting = [upload for upload in claims if self._fits(upload, told)]
            return (fitting or claims)[0]
        return claims[0]

    # -- one upload -------------------------------------------------------------------------------------------

    def _judge(self, entry: _Entry, pairs: _Pairs) -> None:
        manifest, several = pairs.manifest.get(entry.name), pairs.several.get(entry.name, [])
        along = [manifest] if manifest else several
        waited = [entry]  # what must not change any more
        try:
            told, proven = self._words(entry, manifest, several, pairs)
        except Refusal as refusal:
            told, proven = _refused(refusal), False
            waited += along  # the rest of a manifest may still be coming
        if told is None:
            return  # its manifest may still come
        whole = proven or all(self._settled(each) or self._renamed(each) for each in waited)
        if whole:
            self._ready(entry, told, *along)
            return
        place = " ".join([self._place, entry.name, *(fingerprint(each.found) for each in waited)])
        self._survey.settling[place] = max(min(each.changed, self._now) for each in waited) + self._settle

    def _words(
        self, entry: _Entry, manifest: _Entry | None, several: list[_Entry], pairs: _Pairs
    ) -> tuple[dict[str, Any] | None, bool]:
        """What is told of a file, None while it must wait for it; and whether that proves the file whole.

        Raises:
            Refusal: the file cannot be taken, whatever comes.
        """
        if not _HOLDER.fullmatch(self._name):
            raise _no_holder(self._name)
        checked_file_name(legible(entry.name))
        if not is_plain(entry.found):
            raise not_a_file(meant(entry.name))
        if several:
            raise _ambiguous(entry, several)
        if manifest:
            told = self._told(manifest)
            if isinstance(told, Refusal):
                raise told
            return told.words | {"size": told.size, "sha256": told.sha256}, self._fits(entry, told)
        if words := telling(entry.name):
            product, holder, count = words
            return {"product": product, "holder": holder, "user": f"{holder}000", "count": count}, False
        if owner := pairs.owner.get(_spelled_stem(entry.name)):
            raise _used_by_another(entry, owner)
        if self._waited(entry):
            raise _missing(entry, self._store.settings.manifest_wait_minutes)
        return None, False

    def _told(self, manifest: _Entry) -> Told | Refusal:
        """What a manifest says, or why it cannot be used; read once per survey."""
        if manifest.name not in self._read:
            name = meant(manifest.name)
            try:
                if not is_plain(manifest.found):
                    raise NotAFile(manifest.name)
                content = self._folder.read(manifest.name, LARGEST)
                self._read[manifest.name] = told_by(content, name, by_portal=is_portals(self._place))
            except Refusal as refusal:
                self._read[manifest.name] = refusal
            except NotAFile:
                self._read[manifest.name] = _no_manifest(
                    name, "ファイルではありません(リンクやフォルダは読みません)"
                )
            except (FileNotFoundError, Changing):
                self._read[manifest.name] = _no_manifest(name, "読む間に変わりました")
            except PermissionError:
                self._read[manifest.name] = _no_manifest(name, "読む権限がありません")
            except OSError:
                self._read[manifest.name] = _no_manifest(name, "読み取れません")
        return self._read[manifest.name]

    def _fits(self, entry: _Entry, told: Told) -> bool:
        """Whether the file has the size and hash that its manifest names, of which it names at least one."""
        if told.size is None and told.sha256 is None:
            return False
        size = entry.found.st_size
        if (
            not is_plain(entry.found)
            or size > self._store.settings.max_bytes
            or told.size not in (None, size)
        ):
            return False
        return told.sha256 is None or told.sha256 == self._sha256(entry)

    def _sha256(self, entry: _Entry) -> str | None:
        key = f"{entry.found.st_dev}:{fingerprint(entry.found)}"
        if key not in _HASHES:
            try:
                with self._folder.opened(entry.name) as (descriptor, found):
                    if fingerprint(found) != fingerprint(entry.found):
                        return None
                    with open(descriptor, "rb", closefd=False) as stream:
                        digest = hashlib.file_digest(stream, "sha256").hexdigest()
            except (OSError, NotAFile):
                return None
            if len(_HASHES) >= _MOST_HASHES:
                _HASHES.clear()
            _HASHES[key] = digest
        return _HASHES[key]

    # -- time -------------------------------------------------------------------------------------------------

    def _settled(self, entry: _Entry) -> bool:
        """Whether it has not changed for long enough. Only a disk whose clock is ahead of ours needs remembered looks."""
        age = self._now - entry.changed
        if age >= 0:
            return age >= self._settle
        path = f"{meant(self._place)}/{meant(entry.name)}"
        return self._store.events.drop_look(path, fingerprint(entry.found)) >= self._settle

    def _renamed(self, entry: _Entry) -> bool:
        """Whether it was seen under a name for what is being written, and its last change was no writing."""
        found = entry.found
        renamed = found.st_ctime_ns != found.st_mtime_ns and found.st_size > 0
        return renamed and self._store.events.drop_looked(self._part(entry))

    def _waited(self, entry: _Entry) -> bool:
        """Whether it waited as long as a file waits for its manifest."""
        return self._settled(entry) and self._now - entry.changed >= self._patience

    # -- findings ---------------------------------------------------------------------------------------------

    def _ready(self, entry: _Entry, told: dict[str, Any], *along: _Entry | None) -> None:
        self._survey.ready.append(self._dropped(entry, told, along))

    def _dropped(self, entry: _Entry, told: dict[str, Any], along: Iterable[_Entry | None]) -> Dropped:
        name = meant(entry.name)
        if legible(entry.name) != entry.name and self._names[legible(entry.name)] > 1:
            # The same name in two encodings: each gets an answer of its own.
            name += f"~{hashlib.sha256(os.fsencode(entry.name)).hexdigest()[:8]}{parted(name)[1]}"
        return Dropped(
            folder=self._place,
            name=entry.name,
            meant=name,
            changed_ns=entry.found.st_ctime_ns,
            inode=entry.found.st_ino,
            look=fingerprint(entry.found),
            size=entry.found.st_size,
            told=told,
            manifests=tuple(
                (each.name, fingerprint(each.found))
                for each in along
                if each and not stat.S_ISDIR(each.found.st_mode)
            ),
        )

    def _tell_left(self, entries: Iterable[_Entry]) -> None:
        for entry in entries:
            place = f"{meant(self._place)}/{meant(entry.name)}"
            if entry.kind == Kind.FOLDER:
                self._survey.left.append((place, "フォルダの中は見ません"))
            elif entry.kind == Kind.OTHER and not is_plain(entry.found):
                self._survey.left.append((place, "ファイルではありません"))
            elif entry.kind == Kind.UNFINISHED and self._now - entry.changed >= _FORGOTTEN:
                self._survey.left.append((place, "書込み途中の名前のまま1日以上変わりません"))


def not_a_file(name: str) -> Refusal:
    """Of links, pipes, devices, and of files that have a second name, which could be that of somebody else's file."""
    return Refusal(
        "not-a-file",
        f"「{name}」はリンクか、ファイルではないものです。リンクをやめ、ファイルそのものを送り直してください。",
    )


def _no_holder(folder: str) -> Refusal:
    return Refusal(
        "invalid-holder",
        f"受付フォルダ「{folder}」は保険利用者コード(半角数字9桁)ではありません。自分のフォルダに送り直してください。",
    )


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"refusal": [refusal.code, refusal.message]}


def _wrong_type(entry: _Entry) -> Refusal:
    return Refusal(
        "file-type",
        f"ファイル「{meant(entry.name)}」は受け付けられません。.csv または .xlsx のファイルを送ってください。",
    )


def _lonely(entry: _Entry) -> Refusal:
    stem = parted(meant(entry.name))[0]
    wanted = stem if stem.lower().endswith(UPLOADS) else f"{stem}.csv または {stem}.xlsx"
    return Refusal(
        "upload-missing",
        f"申請内容「{meant(entry.name)}」に合うファイル({wanted})が届きませんでした。"
        "ファイルと申請内容を揃えて送り直してください。",
    )


def _ambiguous(entry: _Entry, manifests: list[_Entry]) -> Refusal:
    names = "、".join(f"「{meant(manifest.name)}」" for manifest in manifests)
    return Refusal(
        "manifest-ambiguous",
        f"「{meant(entry.name)}」の申請内容が複数あります({names})。1つだけにして送り直してください。",
    )


def _used_by_another(entry: _Entry, owner: _Entry) -> Refusal:
    name = meant(entry.name)
    return Refusal(
        "manifest-missing",
        f"「{name}」の申請内容がありません。同じ名前の申請内容は「{meant(owner.name)}」のものとしました。"
        f"「{name}.json」を添えて送り直してください。",
    )


def _missing(entry: _Entry, minutes: int) -> Refusal:
    name = meant(entry.name)
    return Refusal(
        "manifest-missing",
        f"「{name}」の申請内容を書いた「{parted(name)[0]}.json」が{minutes}分以内に届きませんでした。"
        "manifest を添えるか、ファイル名を 保険種_保険利用者コード_件数_任意.csv にして送り直してください。",
    )


def _no_manifest(name: str, why: str) -> Refusal:
    return Refusal(
        "manifest-unreadable", f"「{name}」を使えません。{why}。ファイルとして送り直してください。"
    )


def _base(name: str) -> str:
    """What a manifest's name begins with: the file's name or its stem."""
    return parted(name)[0]


def _spelled_stem(name: str) -> str:
    return normalize("NFC", legible(parted(name)[0]))


_WAYS: tuple[tuple[bool, Callable[[str], str], Callable[[str], str]], ...] = (
    (False, lambda upload: upload, _base),
    (False, spelled, lambda manifest: spelled(_base(manifest))),
    (True, lambda upload: parted(upload)[0], _base),
    (True, _spelled_stem, lambda manifest: normalize("NFC", legible(_base(manifest)))),
)
"""How a manifest can name its upload: whether by the stem alone, the key of an upload, that of a manifest."""
