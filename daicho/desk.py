"""The desk folder ``$DAICHO_HOME/desk/``: what the insurer's desk decided in the portal, taken and answered.

A decision is a file ``<id>.json``, a load of reference tables a folder ``<id>/`` with the CSV files and
``manifest.json`` (``schemas.desk``). Both appear under their final name in one step; names that begin with a dot are
still being written. Everything is answered in ``answers/``, kept in ``done/`` and told in the event log; what cannot be
read, too. What a decision does is ``deciding`` and ``references``.
"""

import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from daicho.attempts import ATTEMPTS, of_surroundings
from daicho.folders import PRIVATE, Changing, Folder, NotAFile, fingerprint
from daicho.receiving import checked_size, legible
from daicho.store import Store
from schemas.desk import ANSWERED, ANSWERS, DONE, FOLDER, MANIFEST, REQUEST_ID, DeskRequest, Wish, request_of
from schemas.reference import TABLES
from schemas.submission import Refusal

_LARGEST_REQUEST = 1_000_000
_MOST_SENTENCES = 20
_UNKNOWN = "desk"
"""Who is named in the event where a file does not tell."""


@dataclass(frozen=True)
class DeskOutcome:
    """What came of one request."""

    name: str
    message: str = ""
    done: bool = False
    fault: Exception | None = None
    """Why it could not even be answered; it stays where it is and is tried again, at last given up."""
    attempt: int = 0
    """Which attempt failed; 0 when the machine was at fault and not the request."""

    @property
    def is_news(self) -> bool:
        """Whether the fault is to fail a run: that of a request does so once."""
        return self.fault is not None and self.attempt <= 1


@dataclass(frozen=True)
class _Answer:
    id: str
    kind: str
    subject: str
    state: str
    code: str
    message: str
    at: str


def desk_folder(store: Store) -> Path:
    """The desk folder of a home."""
    return store.settings.home / FOLDER


def is_waiting(store: Store) -> bool:
    """Whether a request waits; cheap, for the sensor."""
    try:
        with Folder.at(desk_folder(store)) as desk:
            return next(_entries(store, desk), None) is not None
    except FileNotFoundError:
        return False


def take(store: Store) -> list[DeskOutcome]:
    """Takes every request in the order in which they appeared."""
    if not is_waiting(store):
        return []
    outcomes = []
    with Folder.at(desk_folder(store)) as desk, desk.alone(".lock"):
        for name, found in sorted(_entries(store, desk), key=lambda each: (each[1].st_ctime_ns, each[0])):
            outcomes.append(_attempted(store, desk, name, found))
    return outcomes


def given_up(store: Store) -> list[str]:
    """Requests that are not tried any more; an operator who touches one has it tried again."""
    with suppress(FileNotFoundError), Folder.at(desk_folder(store)) as desk:
        parked = store.events.parked_drops()
        return [
            legible(name)
            for name, found in desk.entries()
            if parked.get(_counted_as(name)) == fingerprint(found)
        ]
    return []


def _counted_as(name: str) -> str:
    return f"desk:{legible(name)}"


def _attempted(store: Store, desk: Folder, name: str, found: os.stat_result) -> DeskOutcome:
    """One counted attempt; what breaks it – once, or by killing the process – does not stop the others."""
    counted = _counted_as(name)
    number = store.events.drop_attempt(counted)
    try:
        outcome = _taken(store, desk, name, number)
    except Exception as error:  # noqa: BLE001 - one request must not keep the others waiting; told as a fault
        if of_surroundings(error):
            store.events.take_back_drop_attempt(counted)
            return DeskOutcome(legible(name), fault=error)
        if number > ATTEMPTS:
            store.events.park_drop(
                counted, fingerprint(desk.look(name) or found), legible(name), FOLDER, repr(error)
            )
        return DeskOutcome(legible(name), fault=error, attempt=number)
    store.events.forget_drop(counted)
    return outcome


def _entries(store: Store, desk: Folder) -> Iterator[tuple[str, os.stat_result]]:
    """Requests under their final name; what nobody can read only when it has not changed for a while."""
    parked = store.events.parked_drops()
    for name, found in desk.entries():
        if (
            name.startswith(".")
            or name in (ANSWERS, DONE)
            or parked.get(_counted_as(name)) == fingerprint(found)
        ):
            continue
        with suppress(FileNotFoundError):  # taken by another process
            if time.time() - found.st_ctime >= store.settings.drop_settle_seconds or _readable(desk, name):
                yield name, found


def _readable(desk: Folder, name: str) -> bool:
    try:
        _read(desk, name)
    except Refusal:
        return False
    return True


def _read(desk: Folder, name: str) -> DeskRequest:
    """The request of a file or folder; a link is neither.

    Raises:
        Refusal: when there is none in it.
        FileNotFoundError: when it is gone.
    """
    found = desk.look(name)
    if found is None:
        raise FileNotFoundError(name)
    is_folder = stat.S_ISDIR(found.st_mode)
    text = ""
    with suppress(OSError, UnicodeDecodeError, NotAFile, Changing):
        if is_folder:
            with desk.inner(name) as folder:
                content = folder.read(MANIFEST, _LARGEST_REQUEST)
        else:
            content = desk.read(name, _LARGEST_REQUEST)
        text = content.decode() if len(content) <= _LARGEST_REQUEST else ""
    request = request_of(text, legible(name))
    if request.id != name.removesuffix(".json") or is_folder != (request.kind == Wish.TABLES):
        raise Refusal(
            "desk-misplaced",
            f"「{legible(name)}」の名前と中の依頼が合いません。ポータルのデスクから依頼し直してください。",
        )
    return request


def _taken(store: Store, desk: Folder, name: str, attempt: int) -> DeskOutcome:
    """Does what is asked for, answers, and puts the request aside; again after a crash: once only."""
    request: DeskRequest | None = None
    code, state = "", "refused"
    loaded: dict[str, int] = {}
    try:
        request = _read(desk, name)
        if attempt > ATTEMPTS and not _is_done(store, request):
            raise RuntimeError(
                f"given up at attempt {attempt}"
            )  # it ended the process, or could not be answered
        if request.kind == Wish.TABLES:
            message, loaded = _load(store, request, desk, name)
        else:
            message = _decide(store, request)
        state = "done"
    except Refusal as refusal:
        code, message = refusal.code, _shortened(refusal.message)
    except Exception as error:  # noqa: BLE001 - the person must hear of it; the event keeps what it was
        code, message = (
            "internal-fault",
            "処理中に予期しないエラーが起きました。運用担当に連絡し、もう一度依頼してください。",
        )
        loaded = {}
        store.events.record("desk-fault", _UNKNOWN, reason=repr(error), request=legible(name))
    answer = _Answer(
        id=request.id if request else _id_of(name),
        kind=request.kind if request else "",
        subject=request.subject if request else "",
        state=state,
        code=code,
        message=message,
        at=store.clock.now().isoformat(),
    )
    known = request is not None and request.kind != Wish.TABLES and store.events.receipt(request.subject)
    store.events.record(
        ANSWERED,
        request.by if request else _UNKNOWN,
        request.subject if known and request else None,
        request.reason if request else None,
        request=answer.id,
        login_id=request.login_id if request else "",
        asked_at=request.at if request else None,
        loaded=loaded,
        wish=answer.kind,
        subject=answer.subject,
        state=answer.state,
        code=answer.code,
        message=answer.message,
    )
    text = json.dumps(asdict(answer), ensure_ascii=False, indent=1)
    with desk.inner(ANSWERS, 0o700) as answers:
        answers.write(f"{answer.id}.json", text.encode(), PRIVATE)
    _put_aside(desk, name)
    return DeskOutcome(legible(name), message, state == "done")


def _decide(store: Store, request: DeskRequest) -> str:
    release = request.kind == Wish.RELEASE
    done = (
        f"申請 {request.subject} の保留を解除しました。次の処理で審査します。"
        if release
        else f"申請 {request.subject} を申請内容要確認にしました。"
    )
    if _is_done(store, request):
        return done  # decided before a crash, or sent twice
    from daicho.deciding import decide_held

    decide_held(
        store,
        request.subject,
        release,
        request.by,
        request.reason,
        request=request.id,
        login_id=request.login_id,
    )
    return done


def _is_done(store: Store, request: DeskRequest) -> bool:
    """Whether an earlier attempt did what is asked for: only the answer is missing."""
    if request.kind == Wish.TABLES:
        names = [name for name in request.subject.split(",") if name in TABLES]
        return any(_source(request) in store.reference.history(name)["source"] for name in names)
    ended = store.events.events(request.subject, f"hold-{request.kind}")
    return any(event["details"].get("request") == request.id for event in ended)


def _source(request: DeskRequest) -> str:
    return f"desk:{request.id}"


def _load(store: Store, request: DeskRequest, desk: Folder, name: str) -> tuple[str, dict[str, int]]:
    """Loads what lies in the folder of a request, from a copy that nobody else can reach: looked at once, read once."""
    with desk.inner(name) as folder, tempfile.TemporaryDirectory() as private:
        _copy_tables(store, request, folder, Path(private))
        return _loaded(store, request, Path(private))


def _copy_tables(store: Store, request: DeskRequest, folder: Folder, private: Path) -> None:
    files = {name for name, _ in folder.entries()} - {MANIFEST}
    wanted = request.subject.split(",")
    if files != {f"{name}.csv" for name in wanted} or not set(wanted) <= set(TABLES):
        raise Refusal(
            "desk-incomplete",
            f"依頼の参照表({request.subject})と届いたファイル({'、'.join(sorted(map(legible, files))) or 'なし'})が合いません。"
            "ファイルを選び直して、もう一度依頼してください。",
        )
    for name in sorted(files):
        try:
            content = folder.read(name, store.settings.max_bytes)
        except (NotAFile, Changing) as error:
            raise Refusal(
                "desk-unreadable",
                "参照表のファイルがリンクになっているか、書込み中です。ファイルを置いてください。",
            ) from error
        checked_size(store.settings, len(content))
        (private / name).write_bytes(content)


def _loaded(store: Store, request: DeskRequest, folder: Path) -> tuple[str, dict[str, int]]:
    from daicho.references import load_folder

    cautions: list[str] = []
    loaded = load_folder(store, folder, cautions.append, source=_source(request))
    counts = "、".join(f"{name} {rows:,}行" for name, rows in sorted(loaded.items()))
    told = "".join(f"\n注意: {sentence}" for sentence in cautions)
    return _shortened(f"参照表を読み込みました({counts})。計上済みの保険料は変わりません。{told}"), loaded


def _shortened(message: str) -> str:
    lines = message.splitlines()
    left = len(lines) - _MOST_SENTENCES
    return "\n".join(lines[:_MOST_SENTENCES] + ([f"ほか{left:,}件。"] if left > 0 else []))


def _id_of(name: str) -> str:
    """Under which name a file that cannot be read is answered: the portal's own, or all of the file's."""
    stem = name.removesuffix(".json")
    return stem if REQUEST_ID.fullmatch(stem) else legible(name)[:60]


def _put_aside(desk: Folder, name: str) -> None:
    with desk.inner(DONE, 0o700) as done:
        target, number = name, 1
        while done.look(target) is not None:
            number += 1
            target = f"{name}-{number}"
        desk.move(name, done, target)
