"""What lies in a home is for the service alone, whatever the shell's umask; only what senders must reach is opened to them."""

import os
import stat
from pathlib import Path

import pytest

from tests import kit
from tests.daicho.dropping import TOLD, put
from tests.homes import CUT_OFF, Home, contracts

pytestmark = pytest.mark.slow
OPEN = {
    "drop": 0o711,
    f"drop/{kit.HOLDER}/answers": 0o755,
    f"drop/{kit.HOLDER}/refused": 0o755,
}
"""Folders that others enter; the files in ``answers`` they read."""


def open_to_others(home: Path) -> dict[str, int]:
    """Places below a home that others than its owner can do anything with, and their modes."""
    modes = {str(path.relative_to(home)): stat.S_IMODE(path.lstat().st_mode) for path in home.rglob("*")}
    return {place: mode for place, mode in modes.items() if mode & 0o077}


def test_a_home_is_private_after_every_kind_of_run(empty_home: Home, tmp_path: Path) -> None:
    tables = kit.write_reference(tmp_path / "tables", kit.world())
    home = empty_home
    assert home.cli("reference", "load", str(tables), now="2018-10-01T09:00:00").code == 0
    home.settings(drop_settle_seconds=0, manifest_wait_minutes=0)
    assert home.command("portal", "mails").code == 0, "Django is set up in a process of its own"
    before = os.umask(0o077)
    try:
        put(home, told=TOLD)
        put(home, "wrong.csv", told=TOLD | {"count": 2})
        (home.path / "drop").chmod(0o711)  # as the portal, make dev and the operator's guide make it
    finally:
        os.umask(before)
    sent = home.cli(
        "submit", str(home.file(contracts("EX-2"))), "--product", "enterprise", "--holder", kit.HOLDER,
        "--user", f"{kit.HOLDER}001", "--count", "1",
    )  # fmt: skip
    assert sent.code == 0, sent.err
    assert home.cli("run", "nightly", now=CUT_OFF).code == 0
    found = open_to_others(home.path)
    answers = {place: mode for place, mode in found.items() if "/answers/" in place}
    assert {Path(place).name for place in answers} == {
        "november.csv.json", "november.json", "wrong.csv.json", "wrong.json",
    }  # fmt: skip
    assert set(answers.values()) == {0o644}
    written_by_the_test = {"settings.toml"}
    assert {p: m for p, m in found.items() if p not in answers and p not in written_by_the_test} == OPEN
    made = {path.name for path in home.path.iterdir()}
    assert {"daicho.db", "lake", "files", "dagster", "portal.db", "portal.secret", "drop"} <= made
