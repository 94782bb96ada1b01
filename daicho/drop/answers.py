"""What a sender is told: ``answers/<file name>.json`` in its folder, written in one step and durably.

The name of before, by the stem (``answers/order.json``), stays beside it for a release where only one file can be meant.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from daicho.drop.aside import TAKEN, drop_folder
from daicho.drop.names import (
    ANSWERS,
    UPLOADS,
    Kind,
    answer_name,
    kind_of,
    meant,
    old_answer_name,
    parted,
    spelled,
)
from daicho.folders import Changing, Folder, NotAFile
from daicho.store import Store
from schemas.submission import Refusal

_LARGEST = 1 << 28
_FOLDER_MODE = 0o755
_RECEIPT = (
    "submission_id",
    "file_name",
    "sha256",
    "declared_count",
    "counted",
    "received_at",
    "acceptance_date",
    "window",
)


def answer(store: Store, receipt: Mapping[str, Any], verdict: Mapping[str, Any]) -> None:
    """Adds verdict and findings to the answer of a dropped upload; nothing for other channels.

    An answer that meanwhile tells of another upload of the same name stays. A folder that its sender made unusable
    gets no answer; the モニタリスト tells the same.
    """
    source = receipt["source"] or ""
    if not source.startswith("drop:"):
        return
    folder, name = source.removeprefix("drop:").rsplit(":", 2)[0].split("/", 1)
    with suppress(OSError, NotAFile, Changing):
        tell(store, folder, name, {**of_receipt(receipt), **verdict}, receipt["submission_id"])


def of_receipt(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """What a sender is told of its receipt."""
    return {name: receipt[name] for name in _RECEIPT}


def of_refusal(refusal: Refusal) -> dict[str, Any]:
    """What a sender is told of a refusal."""
    return {"refused": {"code": refusal.code, "message": refusal.message}}


def tell(store: Store, folder: str, name: str, content: Mapping[str, Any], about: str | None = None) -> None:
    """Writes the answer of the upload that its sender calls ``name``; over one of another upload unless ``about`` names
    the submission whose answer this goes on with.
    """
    data = json.dumps(content, ensure_ascii=False, indent=1).encode()
    with (
        Folder.at(drop_folder(store)) as root,
        root.inner(TAKEN, 0o700) as taken,
        root.within(folder, _FOLDER_MODE) as home,
        home.inner(ANSWERS, _FOLDER_MODE) as answers,
    ):
        if _may_tell(answers, answer_name(name), about):
            taken.hand_over(taken.write_apart(data), answers, answer_name(name))
        old = old_answer_name(name) if name.lower().endswith(UPLOADS) else None
        if old is None:
            return
        if _stem_is_shared(home, answers, name):
            answers.remove(old)
        elif _may_tell(answers, old, about):
            taken.hand_over(taken.write_apart(data), answers, old)


def _may_tell(answers: Folder, name: str, about: str | None) -> bool:
    if about is None:
        return True
    try:
        known = json.loads(answers.read(name, _LARGEST))
    except (FileNotFoundError, NotAFile, ValueError):
        return True  # the sender may tidy up its folder
    return not isinstance(known, dict) or known.get("submission_id") == about


def _stem_is_shared(home: Folder, answers: Folder, name: str) -> bool:
    """Whether an answer by the stem could be that of another file."""
    stem, ending = parted(name)
    for other in UPLOADS:
        for written in (other, other.upper(), other.capitalize()):
            if written != ending and answers.look(answer_name(stem + written)) is not None:
                return True
    own = parted(spelled(name))[0]
    return any(
        kind_of(other, found.st_mode) == Kind.UPLOAD
        and meant(other) != name
        and parted(spelled(other))[0] == own
        for other, found in home.entries()
    )
