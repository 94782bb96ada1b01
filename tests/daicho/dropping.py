"""What tests of the drop do: put files as senders leave them, take them, and read what came of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from daicho.drop import DropOutcome, collect, wait_for_writers
from tests import kit
from tests.homes import TUESDAY, USER, Home, contracts

TOLD = {"product": "enterprise", "user": USER, "count": 1}
GOOD = kit.csv_bytes(contracts("EX-0001"))
ANSWERED = ["answers/november.csv.json", "answers/november.json"]


@pytest.fixture
def dropping(home: Home) -> Home:
    """A home whose drop does not wait for files to settle, nor for manifests."""
    home.settings(drop_settle_seconds=0, manifest_wait_minutes=0)
    return home


def folder(home: Home, holder: str = kit.HOLDER) -> Path:
    path = home.path / "drop" / holder
    path.mkdir(parents=True, exist_ok=True)
    return path


def put(
    home: Home,
    name: str = "november.csv",
    content: bytes = GOOD,
    told: Any = TOLD,
    holder: str = kit.HOLDER,
) -> Path:
    """A file as a sender leaves it, manifest first; ``told`` None = without one, bytes = as they are."""
    path = folder(home, holder) / name
    if told is not None:
        text = told if isinstance(told, bytes) else json.dumps(told).encode()
        path.with_suffix(".json").write_bytes(text)
    path.write_bytes(content)
    return path


def take(home: Home, now: str = TUESDAY) -> list[DropOutcome]:
    return collect(home.at(now))


def by_hand(home: Home, now: str = TUESDAY) -> list[DropOutcome]:
    """As ``daicho run intake`` does."""
    wait_for_writers(home.at(now), lambda _: None)
    return take(home, now)


def one(home: Home, now: str = TUESDAY) -> DropOutcome:
    (outcome,) = take(home, now)
    return outcome


def answer(home: Home, name: str = "november.csv", holder: str = kit.HOLDER) -> dict[str, Any]:
    """The answer to a file; the one by its stem, which programs of before read, says the same."""
    answers = folder(home, holder) / "answers"
    told = json.loads((answers / f"{name}.json").read_text(encoding="utf-8"))
    old = answers / f"{name.rsplit('.', 1)[0]}.json"
    assert json.loads(old.read_text(encoding="utf-8")) == told
    return told


def left(home: Home, holder: str = kit.HOLDER) -> list[str]:
    """Every file of a holder's folder."""
    root = folder(home, holder)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def set_aside(home: Home) -> list[str]:
    taken = home.path / "drop" / ".taken"
    return sorted(path.name for path in taken.iterdir()) if taken.exists() else []


def assert_refused(
    home: Home, outcome: DropOutcome, code: str, name: str = "november.csv", content: bytes = GOOD
) -> None:
    """Answered, kept as an event, moved unchanged, and nothing else kept."""
    assert outcome.refusal is not None, outcome
    assert (outcome.refusal.code, outcome.receipt, outcome.fault) == (code, None, None)
    told = answer(home, name)
    assert told == {"refused": {"code": code, "message": outcome.refusal.message}}
    event = home.events("refused")[-1]
    assert (event["details"]["code"], event["details"]["channel"]) == (code, "drop")
    assert event["details"]["file_name"] == name
    assert event["reason"] == outcome.refusal.message
    assert (event["reason"] + event["actor"]).isprintable(), "no line is broken, no database stumbles"
    moved = folder(home) / "refused" / name
    assert moved.read_bytes() == content
    assert not (folder(home) / name).exists()
    assert set_aside(home) == []
