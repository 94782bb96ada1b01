"""What was moved out of its sender's reach: ``drop/.taken/<id>``, with a note from which a later run finishes the work.

The note is written before anything is moved, and taken away last. What is done with the file is ``taking``.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from daicho.drop.names import meant
from daicho.folders import PRIVATE, Folder, fingerprint
from daicho.store import Store
from schemas.submission import DROP, PORTAL

TAKEN, LOCK = ".taken", ".lock"
_NOTE, _MANIFEST = ".note", ".manifest"
_FORGOTTEN = 3600
"""Seconds after which nobody is still writing what has no name yet: verdicts are answered beside the collector."""


def drop_folder(store: Store) -> Path:
    """The root of the drop."""
    return store.settings.home / DROP


def holder_of(folder: str) -> str:
    """Whose a folder below the drop is, as it is meant."""
    return meant(folder.rpartition("/")[2])


def is_portals(folder: str) -> bool:
    """Whether only the portal can have put something into a folder below the drop."""
    return folder.startswith(f"{PORTAL}/")


@dataclass(frozen=True)
class Note:
    """What is known of a file that is set aside. Names of the disk are hex, since they may have any bytes."""

    source: str
    """Unique per upload: taking it twice gives the same receipt."""
    name: str
    """As its sender means it."""
    holder: str
    folder: str
    raw: str
    told: dict[str, Any]
    received_at: str
    size: int | None = None
    """Bytes when it was surveyed."""
    manifests: list[list[str]] = field(default_factory=list)
    """Name (hex) and fingerprint of what goes along."""
    refused_as: list[str] | None = None
    """Names (hex) in ``refused/`` of the file and its manifests, once they are chosen."""

    @property
    def folder_name(self) -> str:
        """The holder's folder as the disk has it."""
        return raw_name(self.folder)

    @property
    def file_names(self) -> list[str]:
        """The file and its manifests as the disk had them."""
        return [raw_name(name) for name in (self.raw, *(name for name, _ in self.manifests))]


def hex_name(name: str) -> str:
    """A name of the disk as hex."""
    return os.fsencode(name).hex()


def raw_name(text: str) -> str:
    """A name of the disk from its hex."""
    return os.fsdecode(bytes.fromhex(text))


def pending(store: Store) -> Iterator[str]:
    """Ids of what is set aside and neither finished nor given up, in order of appearance."""
    return (upload for upload, is_parked in _known(store) if not is_parked)


def given_up(store: Store) -> Iterator[str]:
    """Ids of what is set aside and was given up."""
    return (upload for upload, is_parked in _known(store) if is_parked)


def _known(store: Store) -> Iterator[tuple[str, bool]]:
    try:
        with Folder.at(drop_folder(store) / TAKEN) as taken:
            entries = dict(taken.entries())
    except FileNotFoundError:
        return
    ids = [name.removesuffix(_NOTE) for name in entries if name.endswith(_NOTE)]
    if not ids:
        return
    parked = store.events.parked_drops()
    for upload in sorted(ids, key=_appeared):
        if upload in entries:
            yield upload, parked.get(upload) == fingerprint(entries[upload])


def parts_of(upload: str, note: Note) -> list[str]:
    """The names in ``.taken`` of a file and its manifests."""
    return [upload, *(f"{upload}{_MANIFEST}{number or ''}" for number in range(len(note.manifests)))]


def write_note(taken: Folder, upload: str, note: Note) -> None:
    """Keeps the note durably."""
    taken.write(upload + _NOTE, json.dumps(asdict(note), ensure_ascii=False).encode(), PRIVATE)


def read_note(taken: Folder, upload: str) -> Note:
    """The note of what is set aside, of an earlier version too.

    Raises:
        ValueError: when it cannot be read.
    """
    known = json.loads(taken.read(upload + _NOTE, 1 << 24))
    if "path" in known:  # before a file could have several manifests
        folder, _, raw = bytes.fromhex(known["path"]).rpartition(b"/")
        stem = os.path.splitext(raw)[0]
        found = known["manifest"]
        return Note(
            **{name: known[name] for name in ("source", "name", "holder", "told", "received_at")},
            folder=folder.hex(),
            raw=raw.hex(),
            manifests=[[(stem + b".json").hex(), found]] if found else [],
        )
    return Note(**known)


def choose_names(taken: Folder, upload: str, note: Note, names: list[str]) -> Note:
    """Keeps under which names the parts go to ``refused/``."""
    chosen = replace(note, refused_as=[hex_name(name) for name in names])
    write_note(taken, upload, chosen)
    return chosen


def forget(taken: Folder, upload: str, note: Note) -> None:
    """Takes away what is finished, the note last."""
    for name in parts_of(upload, note):
        taken.remove(name)
    taken.remove(upload + _NOTE)
    taken.flush()


def tidy(taken: Folder) -> None:
    """Takes away what a crash left of finished work: notes without a file, half-written notes and answers."""
    entries = dict(taken.entries())
    forgotten = time.time() - _FORGOTTEN
    for name, found in entries.items():
        upload = name.split(".")[0]
        if found.st_mtime < forgotten if name.startswith(".") else upload not in entries and name != upload:
            taken.remove(name)


def _appeared(upload: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in upload.split("-"))
