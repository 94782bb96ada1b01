"""The upload drop: files that appear in ``$DAICHO_HOME/drop/<holder>/`` become submissions or refusals.

A file is taken when its final name stands unchanged in two looks and its manifest (or its telling name) is there.
It is moved aside first, so that nobody can change it, and what was moved aside is taken up again after a crash.
Contract §5 "Drop".
"""

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

from daicho.receiving import Upload, receive
from daicho.store import Store
from daicho.store.archive import Receipt
from schemas.products import Product
from schemas.submission import Refusal

_UPLOADS = (".csv", ".xlsx")
_TELLING = re.compile(rf"^({'|'.join(Product)})_(\d{{9}})_(\d+)_.+$")
_ANSWERS, _REFUSED, _TAKEN = "answers", "refused", ".taken"


@dataclass(frozen=True)
class Dropped:
    """A complete upload in the drop, with what its manifest or its name tells."""

    path: Path
    manifest: Path | None
    holder: str
    told: dict[str, Any]
    changed_ns: int
    """Inode change time: when the final name appeared."""

    @property
    def key(self) -> str:
        """Unique per dropped file: taking it twice gives the same receipt."""
        stat = self.path.stat()
        return f"drop:{self.holder}/{self.path.name}:{stat.st_ino}:{self.changed_ns}"


@dataclass(frozen=True)
class DropOutcome:
    """What came of one file: exactly one of the two is set."""

    name: str
    holder: str
    receipt: Receipt | None
    refusal: Refusal | None


def drop_folder(store: Store) -> Path:
    """The root of the drop."""
    return store.settings.home / "drop"


def is_waiting(store: Store) -> bool:
    """Whether the drop holds a file that is ready to be taken or refused; cheap, for the sensor.

    Its own looks count: a file that grows from one call to the next, or waits for its manifest, is not ready.
    """
    if next(_set_aside(store), None) is not None:
        return True
    settle = store.settings.drop_settle_seconds
    return any(
        store.events.drop_look(str(path), _fingerprint(path)) >= settle
        and _described(store, path) is not None
        for path in _candidates(store)
    )


def collect(store: Store) -> list[DropOutcome]:
    """Takes every complete file of the drop in order of appearance; answers lie beside it."""
    outcomes = [_take(store, *entry) for entry in _set_aside(store)]
    for dropped in sorted(_complete(store), key=lambda d: (d.changed_ns, d.path.name)):
        outcomes.append(_take(store, *_move_aside(store, dropped)))
    return outcomes


def answer(store: Store, receipt: Receipt, verdict: dict[str, Any]) -> None:
    """Adds verdict and findings to the answer of a dropped upload; nothing for other channels."""
    source = receipt["source"] or ""
    if not source.startswith("drop:"):
        return
    name = Path(source.removeprefix("drop:").rsplit(":", 2)[0]).stem
    path = drop_folder(store) / receipt["holder"] / _ANSWERS / f"{name}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if known.get("submission_id") in (None, receipt["submission_id"]):
        _write_json(path, {**_receipt_answer(receipt), **verdict})


def _candidates(store: Store) -> Iterator[Path]:
    root = drop_folder(store)
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if folder.is_dir() and not folder.name.startswith("."):
            for path in sorted(folder.iterdir()):
                if path.is_file() and path.suffix.lower() in _UPLOADS and not path.name.startswith("."):
                    yield path


def _complete(store: Store) -> list[Dropped]:
    """Files unchanged in two looks that are ready to be taken or to be refused for lack of a manifest."""
    waited = store.settings.drop_settle_seconds
    settled: list[Path] = []
    fresh = False
    for path in _candidates(store):
        if store.events.drop_look(str(path), _fingerprint(path)) >= waited:
            settled.append(path)
        else:
            fresh = True
    if fresh:  # give files that just appeared their second look in this very run
        time.sleep(waited)
        settled = [p for p in _candidates(store) if store.events.drop_look(str(p), _fingerprint(p)) >= waited]
    return [dropped for path in settled if (dropped := _described(store, path)) is not None]


def _fingerprint(path: Path) -> str:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return "gone"
    return f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def _described(store: Store, path: Path) -> Dropped | None:
    """The file with its manifest, or None while it must wait for one."""
    holder = path.parent.name
    try:
        changed = path.stat().st_ctime_ns
    except FileNotFoundError:
        return None  # taken by another process between the look and now
    manifest = path.with_suffix(".json")
    if manifest.is_file():
        return Dropped(path, manifest, holder, _manifest(manifest), changed)
    telling = _TELLING.match(normalize("NFC", path.stem))
    if telling:
        product, named_holder, count = telling.groups()
        told = {"product": product, "holder": named_holder, "user": f"{named_holder}000", "count": count}
        return Dropped(path, None, holder, told, changed)
    if time.time_ns() - changed < store.settings.manifest_wait_minutes * 60 * 10**9:
        return None
    minutes = store.settings.manifest_wait_minutes
    message = (
        f"「{path.name}」の申請内容を書いた「{manifest.name}」が{minutes}分以内に届きませんでした。"
        "manifest を添えるか、ファイル名を 保険種_保険利用者コード_件数_任意.csv にして送り直してください。"
    )
    return Dropped(path, None, holder, {"refusal": ("manifest-missing", message)}, changed)


def _manifest(path: Path) -> dict[str, Any]:
    problem = (
        f"「{path.name}」を読めません。product、user、count、remarks、resend を持つJSONで送ってください。"
    )
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, UnicodeDecodeError):
        return {"refusal": ("manifest-unreadable", problem)}
    if not isinstance(told, dict):
        return {"refusal": ("manifest-unreadable", problem)}
    missing = [name for name in ("product", "user", "count") if name not in told]
    if missing:
        return {
            "refusal": (
                "manifest-incomplete",
                f"「{path.name}」に {'、'.join(missing)} がありません。加えて送り直してください。",
            )
        }
    if not isinstance(told.get("resend", False), bool):
        return {
            "refusal": (
                "manifest-unreadable",
                f"「{path.name}」の resend は true または false で書いてください。",
            )
        }
    return told


def _move_aside(store: Store, dropped: Dropped) -> tuple[Path, dict[str, Any]]:
    """Moves the file where no sender reaches it; the note beside it lets a later run finish the work."""
    received_at = store.clock.from_file_time(dropped.changed_ns)
    aside = drop_folder(store) / dropped.holder / _TAKEN
    aside.mkdir(parents=True, exist_ok=True)
    note = {
        "source": dropped.key,
        "name": dropped.path.name,
        "holder": dropped.holder,
        "manifest": dropped.manifest.name if dropped.manifest else None,
        "told": dropped.told,
        "received_at": received_at.isoformat(),
    }
    place = aside / f"{dropped.changed_ns}-{dropped.path.name}"
    _write_json(Path(f"{place}.note"), note)
    try:
        dropped.path.rename(place)
    except FileNotFoundError:
        if not place.exists():
            Path(f"{place}.note").unlink(missing_ok=True)
    if dropped.manifest is not None and dropped.manifest.exists():
        dropped.manifest.rename(Path(f"{place}.manifest"))
    store.events.forget_drop_look(str(dropped.path))
    return place, note


def _set_aside(store: Store) -> Iterator[tuple[Path, dict[str, Any]]]:
    root = drop_folder(store)
    notes = sorted(root.glob(f"*/{_TAKEN}/*.note")) if root.is_dir() else []
    for path in notes:
        place = path.with_suffix("")
        if place.exists():
            yield place, json.loads(path.read_text(encoding="utf-8"))
        elif not (root / path.parent.parent.name / place.name.split("-", 1)[1]).exists():
            path.unlink(missing_ok=True)  # finished, or never moved


def _take(store: Store, place: Path, note: dict[str, Any]) -> DropOutcome:
    told, holder = note["told"], note["holder"]
    received_at = datetime.fromisoformat(note["received_at"])
    answers = drop_folder(store) / holder / _ANSWERS / f"{Path(note['name']).stem}.json"
    try:
        if "refusal" in told:
            raise Refusal(*told["refusal"])
        if told.get("holder", holder) != holder:
            raise Refusal(
                "invalid-holder",
                f"ファイル名の保険利用者コードが受付フォルダ {holder} と違います。確かめて送り直してください。",
            )
        upload = Upload(
            content=place.read_bytes(),
            file_name=note["name"],
            product=str(told["product"]),
            holder=holder,
            user=str(told["user"]),
            count=str(told["count"]),
            remarks=str(told.get("remarks") or ""),
            resend=bool(told.get("resend", False)),
            channel="drop",
            source=note["source"],
        )
        receipt = receive(store, upload, received_at)
    except Refusal as refusal:
        refused = drop_folder(store) / holder / _REFUSED
        refused.mkdir(exist_ok=True)
        _write_json(answers, {"refused": {"code": refusal.code, "message": refusal.message}})
        manifest = Path(f"{place}.manifest")
        if manifest.exists():
            manifest.replace(refused / str(note["manifest"]))
        place.replace(_free_name(refused / note["name"]))
        Path(f"{place}.note").unlink(missing_ok=True)
        return DropOutcome(note["name"], holder, None, refusal)
    _write_json(answers, _receipt_answer(receipt))
    for path in (place, Path(f"{place}.manifest"), Path(f"{place}.note")):  # the bytes are in the archive
        path.unlink(missing_ok=True)
    return DropOutcome(note["name"], holder, receipt, None)


def _receipt_answer(receipt: Receipt) -> dict[str, Any]:
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
    return {name: receipt[name] for name in shown}  # type: ignore[literal-required]


def _free_name(path: Path) -> Path:
    """A refused file never overwrites an earlier one of the same name."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
