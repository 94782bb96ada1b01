"""The upload drop: files that appear in ``$DAICHO_HOME/drop/<holder>/`` become submissions or refusals.

A file is taken when it and its manifest (or its telling name) stand unchanged in two looks. It is moved aside first,
so that nobody can change it, and what was moved aside is taken up again after a crash. What senders can put there –
names, manifests, links – never keeps the files of others waiting. Contract §5 "Drop".
"""

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

from daicho.receiving import Upload, checked_size, legible, receive
from daicho.store import Store
from daicho.store.archive import Receipt
from schemas.products import Product
from schemas.submission import DISPATCH, Refusal, dispatch_of, dispatch_source

_UPLOADS = (".csv", ".xlsx")
_TELLING = re.compile(rf"^({'|'.join(Product)})_(\d{{9}})_(\d+)_.+$")
_ANSWERS, _REFUSED, _TAKEN = "answers", "refused", ".taken"
_WORDS = ("product", "user", "count", "remarks", "file_name", "dispatch")
_LARGEST_MANIFEST = 1_000_000
_ATTEMPTS = 3
"""How often a file that breaks its taking is tried before it is refused."""
_LONGEST_NAME = 200
"""Bytes of a name that leave room for our own endings within the 255 that a folder takes."""


@dataclass(frozen=True)
class Dropped:
    """A complete upload in the drop, with what its manifest or its name tells."""

    path: Path
    manifest: Path | None
    holder: str
    told: dict[str, Any]
    changed_ns: int
    """Inode change time: when the final name appeared."""
    inode: int

    @property
    def name(self) -> str:
        """The name as its sender means it; the one on disk may be in another encoding."""
        return legible(self.path.name)


@dataclass(frozen=True)
class DropOutcome:
    """What came of one file: exactly one of the three is set."""

    name: str
    holder: str
    receipt: Receipt | None = None
    refusal: Refusal | None = None
    fault: Exception | None = None
    """Why it could not be taken this time; it is tried again, at last refused."""


def drop_folder(store: Store) -> Path:
    """The root of the drop."""
    return store.settings.home / "drop"


def is_waiting(store: Store) -> bool:
    """Whether the drop holds a file that is ready to be taken or refused; cheap, for the sensor.

    Its own looks count: a file that grows from one call to the next, or waits for its manifest, is not ready.
    """
    if next(_set_aside(store), None) is not None:
        return True
    return any(_described(store, path) is not None for path in _candidates(store) if _settled(store, path))


def collect(store: Store) -> list[DropOutcome]:
    """Takes every complete file of the drop in order of appearance; answers lie beside it."""
    if not drop_folder(store).is_dir():
        return []
    with _alone(store):
        outcomes = [_try_to_take(store, *entry) for entry in _set_aside(store)]
        for dropped in sorted(_complete(store), key=lambda d: (d.changed_ns, d.name)):
            try:
                entry = _move_aside(store, dropped)
            except OSError as error:
                outcomes.append(DropOutcome(dropped.name, legible(dropped.holder), fault=error))
            else:
                outcomes.append(_try_to_take(store, *entry))
    return outcomes


def answer(store: Store, receipt: Mapping[str, Any], verdict: Mapping[str, Any]) -> None:
    """Adds verdict and findings to the answer of a dropped upload; nothing for other channels.

    An answer that meanwhile tells of another upload of the same name stays. A folder that its sender made unusable
    gets no answer; the モニタリスト tells the same.
    """
    source = receipt["source"] or ""
    if not source.startswith("drop:"):
        return
    folder, name = source.removeprefix("drop:").rsplit(":", 2)[0].split("/", 1)
    path = _answer_path(drop_folder(store) / folder, name)
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None  # the sender may tidy up its folder
    if not isinstance(known, dict) or known.get("submission_id") == receipt["submission_id"]:
        with suppress(OSError):
            _write_json(path, {**_receipt_answer(receipt), **verdict})


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Only one process at a time takes files; the lock dies with its process."""
    with (drop_folder(store) / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _candidates(store: Store) -> Iterator[Path]:
    """Uploads under their final name. Links are none: they could lead anywhere."""
    root = drop_folder(store)
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if folder.is_dir() and not folder.is_symlink() and not folder.name.startswith("."):
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() in _UPLOADS and not path.name.startswith(".") and _is_file(path):
                    yield path


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _complete(store: Store) -> list[Dropped]:
    """Files unchanged in two looks that are ready to be taken or to be refused for lack of a manifest."""
    looks = [_settled(store, path) for path in _candidates(store)]
    if not all(looks):  # give files that just appeared their second look in this very run
        time.sleep(store.settings.drop_settle_seconds)
    settled = [path for path in _candidates(store) if _settled(store, path)]
    return [dropped for path in settled if (dropped := _described(store, path)) is not None]


def _settled(store: Store, path: Path) -> bool:
    """Whether the file and its manifest look as they did some time ago; this is a look, too."""
    looks = [_fingerprint(path), _fingerprint(path.with_suffix(".json"))]
    return store.events.drop_look(_key(path), " ".join(looks)) >= store.settings.drop_settle_seconds


def _key(path: Path) -> str:
    """The path as text that a database takes, whatever bytes it has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _fingerprint(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return "-"
    return f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def _described(store: Store, path: Path) -> Dropped | None:
    """The file with its manifest, or None while it must wait for one."""
    holder = path.parent.name
    try:
        stat = path.stat()
    except OSError:
        return None  # taken by another process between the look and now
    changed = stat.st_ctime_ns
    manifest = path.with_suffix(".json")
    if _is_file(manifest):
        return Dropped(path, manifest, holder, _manifest(manifest), changed, stat.st_ino)
    telling = _TELLING.match(normalize("NFC", legible(path.stem)))
    if telling:
        product, named_holder, count = telling.groups()
        told = {"product": product, "holder": named_holder, "user": f"{named_holder}000", "count": count}
        return Dropped(path, None, holder, told, changed, stat.st_ino)
    if time.time_ns() - changed < store.settings.manifest_wait_minutes * 60 * 10**9:
        return None
    minutes = store.settings.manifest_wait_minutes
    message = (
        f"「{legible(path.name)}」の申請内容を書いた「{legible(manifest.name)}」が{minutes}分以内に届きませんでした。"
        "manifest を添えるか、ファイル名を 保険種_保険利用者コード_件数_任意.csv にして送り直してください。"
    )
    return Dropped(path, None, holder, {"refusal": ["manifest-missing", message]}, changed, stat.st_ino)


def _manifest(path: Path) -> dict[str, Any]:
    """What a manifest tells of the fields that we know, or why it cannot be used as ``refusal``."""
    name = legible(path.name)
    problem = f"「{name}」を読めません。product、user、count、remarks、resend を持つJSONで送ってください。"
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            return {"refusal": ["manifest-unreadable", problem]}
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(told, dict):
            return {"refusal": ["manifest-unreadable", problem]}
        words = {name: legible(str(told[name])) for name in _WORDS if told.get(name) is not None}
    except (OSError, ValueError, RecursionError):
        return {"refusal": ["manifest-unreadable", problem]}
    missing = [field for field in ("product", "user", "count") if field not in words]
    if missing:
        return {
            "refusal": [
                "manifest-incomplete",
                f"「{name}」に {'、'.join(missing)} がありません。加えて送り直してください。",
            ]
        }
    if not DISPATCH.fullmatch(words.get("dispatch", "0" * 32)):
        return {"refusal": ["manifest-unreadable", f"「{name}」の dispatch は32桁の16進数で書いてください。"]}
    resend = told.get("resend", False)
    if not isinstance(resend, bool):
        return {
            "refusal": ["manifest-unreadable", f"「{name}」の resend は true または false で書いてください。"]
        }
    return {**words, "resend": resend}


def _move_aside(store: Store, dropped: Dropped) -> tuple[Path, dict[str, Any]]:
    """Moves the file where no sender reaches it; the note beside it lets a later run finish the work."""
    received_at = store.clock.from_file_time(dropped.changed_ns)
    root = drop_folder(store)
    note = {
        "source": _source(dropped),
        "name": dropped.name,
        "holder": legible(dropped.holder),
        "path": os.fsencode(dropped.path.relative_to(root)).hex(),
        "manifest": _fingerprint(dropped.manifest) if dropped.manifest else None,
        "told": dropped.told,
        "received_at": received_at.isoformat(),
        "attempts": 0,
    }
    place = root / _TAKEN / f"{dropped.changed_ns}-{dropped.inode}"
    _write_json(_beside(place, "note"), note)
    dropped.path.rename(place)
    store.events.forget_drop_look(_key(dropped.path))
    return place, note


def _source(dropped: Dropped) -> str:
    """Unique per upload: taking it twice gives the same receipt.

    What the portal sends has a number of its own, so that it is the same upload even when it is put here twice.
    """
    holder = legible(dropped.holder)
    if dispatch := dropped.told.get("dispatch"):
        return dispatch_source(holder, dispatch)
    return f"drop:{holder}/{dropped.name}:{dropped.inode}:{dropped.changed_ns}"


def _set_aside(store: Store) -> Iterator[tuple[Path, dict[str, Any]]]:
    """What was moved aside and is not finished, in order of appearance; without what was given up."""
    for path in sorted((drop_folder(store) / _TAKEN).glob("*.note")):
        place = path.with_suffix("")
        note = json.loads(path.read_text(encoding="utf-8"))
        if place.exists() and note["attempts"] <= _ATTEMPTS:
            yield place, note


def _try_to_take(store: Store, place: Path, note: dict[str, Any]) -> DropOutcome:
    """Takes one file; what breaks it – once, or by killing the process – does not stop the others for long."""
    try:
        original = drop_folder(store) / os.fsdecode(bytes.fromhex(note["path"]))
        manifest = original.with_suffix(".json")
        if note["manifest"] and _fingerprint(manifest) == note["manifest"]:
            manifest.rename(_beside(place, "manifest"))
        note = note | {"attempts": note["attempts"] + 1}
        _write_json(_beside(place, "note"), note)
        if note["attempts"] > _ATTEMPTS:
            message = "処理中に予期しないエラーが続いたため受け付けられません。担当窓口に連絡してください。"
            note["told"] = {"refusal": ["internal-fault", message]}
        return _take(store, place, note, original)
    except Exception as error:  # noqa: BLE001 - one file must not keep the others waiting; it is told as a fault
        return DropOutcome(note["name"], note["holder"], fault=error)


def _take(store: Store, place: Path, note: dict[str, Any], original: Path) -> DropOutcome:
    name, holder = note["name"], note["holder"]
    answers = _answer_path(original.parent, name)
    dispatched = bool(dispatch_of(note["source"]))  # the portal hears by the feed
    try:
        receipt = receive(store, _upload(store, place, note), datetime.fromisoformat(note["received_at"]))
    except Refusal as refusal:
        if not dispatched:
            _write_json(answers, {"refused": {"code": refusal.code, "message": refusal.message}})
        _to_refused(place, original)
        return DropOutcome(name, holder, refusal=refusal)
    if not dispatched:
        _write_json(answers, _receipt_answer(receipt))
    for path in (place, _beside(place, "manifest"), _beside(place, "note")):  # the bytes are in the archive
        path.unlink(missing_ok=True)
    return DropOutcome(name, holder, receipt=receipt)


def _upload(store: Store, place: Path, note: dict[str, Any]) -> Upload:
    """The upload that the file and its note are; a refusal before ``receive`` is kept as it does."""
    told, holder = note["told"], note["holder"]
    try:
        if "refusal" in told:
            raise Refusal(*told["refusal"])
        if told.get("holder", holder) != holder:
            raise Refusal(
                "invalid-holder",
                f"ファイル名の保険利用者コードが受付フォルダ {holder} と違います。確かめて送り直してください。",
            )
        checked_size(store.settings, place.stat().st_size)  # before it is read into memory
    except Refusal as refusal:
        store.events.refuse(
            refusal.code,
            refusal.message,
            actor=holder,
            file_name=note["name"],
            holder=holder,
            channel=_channel(told),
            source=note["source"],
        )
        raise
    return Upload(
        content=place.read_bytes(),
        file_name=told.get("file_name") or note["name"],
        product=told["product"],
        holder=holder,
        user=told["user"],
        count=told["count"],
        remarks=told.get("remarks", ""),
        resend=told.get("resend", False),
        channel=_channel(told),
        source=note["source"],
    )


def _channel(told: Mapping[str, Any]) -> str:
    """Only the portal numbers what it sends."""
    return "portal" if told.get("dispatch") else "drop"


def _to_refused(place: Path, original: Path) -> None:
    """The file, and its manifest with it, under their names in ``refused``; never over earlier ones."""
    refused = original.parent / _REFUSED
    _make_own(refused)
    free, number = refused / original.name, 1
    while free.exists() or free.with_suffix(".json").exists():
        number += 1
        free = refused / f"{_shortened(original.stem)}-{number}{original.suffix}"
    manifest = _beside(place, "manifest")
    if manifest.exists():
        manifest.rename(free.with_suffix(".json"))
    place.rename(free)
    _beside(place, "note").unlink(missing_ok=True)


def _receipt_answer(receipt: Mapping[str, Any]) -> dict[str, Any]:
    shown = (
        "submission_id",
        "file_name",
        "sha256",
        "declared_count",
        "counted",
        "received_at",
        "acceptance_date",
        "window",
    )
    return {name: receipt[name] for name in shown}


def _answer_path(folder: Path, name: str) -> Path:
    return folder / _ANSWERS / f"{_shortened(Path(name).stem)}.json"


def _make_own(folder: Path) -> None:
    """A folder of ours among the sender's files; a link there could lead our writing anywhere."""
    if folder.is_symlink():
        raise NotADirectoryError(f"{folder} はリンクです。フォルダにしてください。")
    folder.mkdir(parents=True, exist_ok=True)


def _shortened(stem: str) -> str:
    """A name that leaves room for endings; a long one is told apart by its hash."""
    raw = os.fsencode(stem)
    if len(raw) <= _LONGEST_NAME:
        return stem
    digest = hashlib.sha256(raw).hexdigest()[:8]
    return f"{raw[:_LONGEST_NAME].decode('utf-8', 'ignore')}~{digest}"


def _beside(place: Path, ending: str) -> Path:
    return place.with_name(f"{place.name}.{ending}")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    _make_own(path.parent)
    temporary = path.with_name(f".{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
