"""The desk folder ``$DAICHO_HOME/desk/``: what the insurer's desk decided in the portal, taken and answered.

A decision is a file ``<id>.json``, a load of reference tables a folder ``<id>/`` with the CSV files and
``manifest.json`` (``schemas.desk``). Both appear under their final name in one step; names that begin with a dot are
still being written. Everything is answered in ``answers/``, kept in ``done/`` and told in the event log; what cannot be
read, too. What a decision does is ``deciding`` and ``references``.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from daicho.receiving import legible
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
    """Why it could not even be answered; it stays where it is and is tried again."""


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
    return next(_entries(store), None) is not None


def take(store: Store) -> list[DeskOutcome]:
    """Takes every request in the order in which they appeared."""
    if not is_waiting(store):
        return []
    outcomes = []
    with _alone(store):
        for path in sorted(_entries(store), key=lambda path: (path.lstat().st_ctime_ns, path.name)):
            try:
                outcomes.append(_taken(store, path))
            except Exception as error:  # noqa: BLE001 - one request must not keep the others waiting; told as a fault
                outcomes.append(DeskOutcome(legible(path.name), fault=error))
    return outcomes


def _entries(store: Store) -> Iterator[Path]:
    """Requests under their final name; what nobody can read only when it has not changed for a while."""
    folder = desk_folder(store)
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or path.name in (ANSWERS, DONE):
            continue
        with suppress(FileNotFoundError):  # taken by another process
            if time.time() - path.lstat().st_ctime >= store.settings.drop_settle_seconds or _readable(path):
                yield path


def _readable(path: Path) -> bool:
    try:
        _read(path)
    except Refusal:
        return False
    return True


def _read(path: Path) -> DeskRequest:
    """The request of a file or folder.

    Raises:
        Refusal: when there is none in it.
    """
    name = legible(path.name)
    place = path / MANIFEST if path.is_dir() else path
    text = ""
    if not path.is_symlink() and place.is_file() and not place.is_symlink():
        with suppress(OSError, UnicodeDecodeError):
            text = place.read_text(encoding="utf-8") if place.stat().st_size <= _LARGEST_REQUEST else ""
    request = request_of(text, name)
    if request.id != path.name.removesuffix(".json") or path.is_dir() != (request.kind == Wish.TABLES):
        raise Refusal(
            "desk-misplaced",
            f"「{name}」の名前と中の依頼が合いません。ポータルのデスクから依頼し直してください。",
        )
    return request


def _taken(store: Store, path: Path) -> DeskOutcome:
    """Does what is asked for, answers, and puts the request aside; again after a crash: once only."""
    request: DeskRequest | None = None
    code, state = "", "refused"
    loaded: dict[str, int] = {}
    try:
        request = _read(path)
        if request.kind == Wish.TABLES:
            message, loaded = _load(store, request, path)
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
        store.events.record("desk-fault", _UNKNOWN, reason=repr(error), request=legible(path.name))
    answer = _Answer(
        id=request.id if request else _id_of(path),
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
    folder = desk_folder(store)
    _write_json(folder / ANSWERS / f"{answer.id}.json", asdict(answer))
    _put_aside(path, folder / DONE)
    return DeskOutcome(legible(path.name), message, state == "done")


def _decide(store: Store, request: DeskRequest) -> str:
    release = request.kind == Wish.RELEASE
    done = (
        f"申請 {request.subject} の保留を解除しました。次の処理で審査します。"
        if release
        else f"申請 {request.subject} を申請内容要確認にしました。"
    )
    ended = store.events.events(request.subject, f"hold-{request.kind}")
    if any(event["details"].get("request") == request.id for event in ended):
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


def _load(store: Store, request: DeskRequest, folder: Path) -> tuple[str, dict[str, int]]:
    from daicho.references import load_folder

    files = {path.name for path in folder.iterdir()} - {MANIFEST}
    wanted = request.subject.split(",")
    if files != {f"{name}.csv" for name in wanted} or not set(wanted) <= set(TABLES):
        raise Refusal(
            "desk-incomplete",
            f"依頼の参照表({request.subject})と届いたファイル({'、'.join(sorted(map(legible, files))) or 'なし'})が合いません。"
            "ファイルを選び直して、もう一度依頼してください。",
        )
    if any(path.is_symlink() for path in folder.iterdir()):
        raise Refusal("desk-unreadable", "参照表のファイルがリンクになっています。ファイルを置いてください。")
    cautions: list[str] = []
    loaded = load_folder(store, folder, cautions.append, source=f"desk:{request.id}")
    counts = "、".join(f"{name} {rows:,}行" for name, rows in sorted(loaded.items()))
    told = "".join(f"\n注意: {sentence}" for sentence in cautions)
    return _shortened(f"参照表を読み込みました({counts})。計上済みの保険料は変わりません。{told}"), loaded


def _shortened(message: str) -> str:
    lines = message.splitlines()
    left = len(lines) - _MOST_SENTENCES
    return "\n".join(lines[:_MOST_SENTENCES] + ([f"ほか{left:,}件。"] if left > 0 else []))


def _id_of(path: Path) -> str:
    """Under which name a file that cannot be read is answered: the portal's own, or all of the file's."""
    stem = path.name.removesuffix(".json")
    return stem if REQUEST_ID.fullmatch(stem) else legible(path.name)[:60]


def _put_aside(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists() or target.is_symlink():
        number += 1
        target = folder / f"{path.name}-{number}"
    path.rename(target)


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Only one process at a time takes requests; the lock dies with its process."""
    with (desk_folder(store) / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
