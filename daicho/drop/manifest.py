"""What a manifest says: the words of an upload that travel beside it as JSON, or why they cannot be used.

Pure: bytes in, words out. Which manifest belongs to which upload is ``survey``.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from daicho.receiving import legible
from schemas.submission import DISPATCH, Refusal

LARGEST = 1_000_000
"""Bytes beyond which nothing is a manifest."""
_TEXTS = ("remarks",)
_TEXTS_OF_PORTAL = ("file_name", "dispatch")
_MANDATORY = ("product", "user", "count")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Told:
    """The words of a manifest. ``size`` in bytes and ``sha256`` (64 hex, small letters) are None when not told."""

    words: dict[str, Any]
    size: int | None = None
    sha256: str | None = None


def told_by(content: bytes, name: str, *, by_portal: bool = False) -> Told:
    """What a manifest tells of the fields that we know; other fields are the sender's own.

    Only the portal's are asked for another file name and for the number that makes something the portal's: whoever else
    could name them could speak for the portal.

    Raises:
        Refusal: with the reason and the remedy. The rest of it may still be coming.
    """
    if len(content) > LARGEST:
        raise _unusable(name, f"大きすぎます({LARGEST:,}バイトまで)")
    try:
        told = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise _unusable(name, "文字コードがUTF-8ではありません") from error
    except _Twice as error:
        raise _unusable(name, f"{legible(str(error))} が2回書かれています") from error
    except (ValueError, RecursionError) as error:
        raise _unusable(name, "JSONとして読めません") from error
    if not isinstance(told, dict):
        raise _unusable(name, "{ } で囲んだJSONではありません")
    told = {key: value for key, value in told.items() if value is not None}
    texts = _TEXTS + (_TEXTS_OF_PORTAL if by_portal else ())
    words = {key: legible(str(told[key])) for key in (*_MANDATORY, *texts) if key in told}
    if missing := [key for key in _MANDATORY if key not in words]:
        raise Refusal(
            "manifest-incomplete",
            f"「{name}」に {'、'.join(missing)} がありません。加えて送り直してください。",
        )
    for key in texts:
        if key in told and not isinstance(told[key], str):
            raise _unusable(name, f'{key} は " で囲んだ文字列で書いてください')
    if not DISPATCH.fullmatch(words.get("dispatch", "0" * 32)):
        raise _unusable(name, "dispatch は32桁の16進数で書いてください")
    resend = told.get("resend", False)
    if not isinstance(resend, bool):
        raise _unusable(name, "resend は true または false で書いてください")
    size, sha256 = told.get("size"), told.get("sha256")
    if size is not None and (type(size) is not int or size < 0):
        raise _unusable(name, "size はファイルのバイト数(0以上の整数)で書いてください")
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise _unusable(name, "sha256 は64桁の16進数で書いてください")
    return Told(words | {"resend": resend}, size, sha256.lower() if sha256 else None)


class _Twice(ValueError):
    """A key that stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _unusable(name: str, why: str) -> Refusal:
    return Refusal(
        "manifest-unreadable",
        f"「{name}」を使えません。{why}。product、user、count、remarks、resend を持つJSON(UTF-8)で送ってください。",
    )
