"""What a name in a holder's folder means: upload, manifest, still being written, or nothing of ours.

Pure functions over names as the disk has them (undecodable bytes as lone surrogates) and as their senders mean them:
another encoding read as CP932, the two ways of writing が as one, endings in any case.
"""

import hashlib
import os
import re
import stat
from enum import Enum
from unicodedata import normalize

from daicho.receiving import legible, visible
from schemas.products import Product

ANSWERS, REFUSED = "answers", "refused"
UPLOADS = (".csv", ".xlsx")
UNFINISHED = (".part", ".tmp", ".filepart", ".partial", ".crdownload")
"""Endings under which programs write what they rename when it is whole."""
_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})
"""What Windows leaves in folders; macOS and most other programs begin such names with a dot."""
_TELLING = re.compile(rf"({'|'.join(Product)})_([0-9]{{9}})_([0-9]+)_.+", re.DOTALL)
_LONGEST = 255
"""Bytes that a name may have."""


class Kind(Enum):
    """What an entry of a holder's folder is."""

    UPLOAD = "upload"
    MANIFEST = "manifest"
    UNFINISHED = "unfinished"
    FOLDER = "folder"
    OF_SYSTEM = "of system"
    """Left there by an operating system or an office program, or hidden on purpose."""
    OTHER = "other"


def kind_of(name: str, mode: int) -> Kind:
    """What an entry is, by its name and, for folders, by what it is."""
    lower = name.lower()
    if lower.endswith(UNFINISHED):
        return Kind.UNFINISHED
    if name.startswith((".", "~$")) or lower in _OF_SYSTEMS:
        return Kind.OF_SYSTEM
    if lower.endswith(".json"):
        return Kind.MANIFEST
    if stat.S_ISDIR(mode):
        return Kind.FOLDER
    return Kind.UPLOAD if lower.endswith(UPLOADS) else Kind.OTHER


def meant(name: str) -> str:
    """A name as its sender means it, fit for every place where we write it."""
    return visible(legible(name))


def spelled(name: str) -> str:
    """A name in the one way of writing by which names are compared, its ending in small letters."""
    whole = normalize("NFC", legible(name))
    stem, dot, ending = whole.rpartition(".")
    return f"{stem}.{ending.lower()}" if dot else whole


def parted(name: str) -> tuple[str, str]:
    """Stem and ending with its dot: of ``order.CSV`` ``order`` and ``.CSV``; the stem is never empty."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


def telling(name: str) -> tuple[str, str, str] | None:
    """Product, holder and count in the name of an upload, or None (contract §5)."""
    found = _TELLING.fullmatch(normalize("NFKC", legible(parted(name)[0])))
    return (found[1], found[2], found[3]) if found else None


def answer_name(name: str) -> str:
    """Under which name an upload is answered: its own and ``.json``."""
    return f"{fitting(name, '.json')}.json"


def old_answer_name(name: str) -> str | None:
    """The name of answers before: by the stem. None where it is the present name of another upload's answer."""
    stem = parted(name)[0]
    return None if stem.lower().endswith((*UPLOADS, ".json")) else f"{fitting(stem, '.json')}.json"


def fitting(name: str, ending: str) -> str:
    """The name, cut where it leaves no room for an ending; what is cut is told apart by its hash."""
    raw = os.fsencode(name)
    room = _LONGEST - len(os.fsencode(ending))
    if len(raw) <= room:
        return name
    mark = f"~{hashlib.sha256(raw).hexdigest()[:8]}"
    return raw[: room - len(mark)].decode("utf-8", "ignore") + mark


def numbered(name: str, number: int) -> str:
    """The name with a number behind its stem, for the second and further file of one name."""
    stem, ending = parted(name)
    ending = ending if len(os.fsencode(ending)) < _LONGEST // 2 else ""
    return f"{fitting(stem, f'-{number}{ending}')}-{number}{ending}"
