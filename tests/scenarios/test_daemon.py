"""The running daemon: somebody hands an upload in, and the papers come by themselves."""

from collections.abc import Iterator

import pytest

from tests import kit
from tests.homes import LINE_YEN, TUESDAY, USER, Home, contracts
from tests.programs import Programs, programs

LIMIT_SECONDS = 90


@pytest.fixture
def running(home: Home) -> Iterator[Programs]:
    """A home that code server and daemon watch, on a clock that runs from Tuesday morning."""
    home.settings(drop_settle_seconds=1)
    with programs(home) as started:
        yield started


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.req("D-001", "D-002")
def test_submitted_and_dropped_uploads_are_processed_without_anybody_s_help(
    home: Home, running: Programs
) -> None:
    now = f"@{TUESDAY}"
    file = home.file(contracts("EX-1"))
    arguments = ("--product", "enterprise", "--holder", kit.HOLDER, "--user", USER, "--count", "1", "--json")
    sent = home.command("submit", str(file), *arguments, now=now)
    assert (sent.code, sent.json["status"]) == (0, "処理中")
    folder = home.path / "drop" / kit.HOLDER
    folder.mkdir(parents=True)
    (folder / "x.part").write_bytes(kit.csv_bytes(contracts("EX-2", currency="")))
    (folder / "x.part").rename(folder / f"enterprise_{kit.HOLDER}_1_x.csv")

    running.wait_for(lambda: len(home.papers(now, kind="monitor_list")) == 2, LIMIT_SECONDS)
    first, second = home.command("status", "--json", now=now).json
    assert (first["status"], first["premium_total_yen"]) == ("処理完了", LINE_YEN)
    assert (second["status"], second["errors"]) == ("申請内容要確認", 1)
    for row in home.command("outputs", "--submission", "S00000001", "--json", now=now).json:
        if row["kind"] == "monitor_list":
            with open(row["path"], "rb") as paper:
                assert paper.read(5) == b"%PDF-"
    assert home.verify(TUESDAY) == []
