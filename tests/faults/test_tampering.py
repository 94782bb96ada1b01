"""Whatever is changed behind our back, ``daicho verify`` tells it: exit 1 and a sentence that names the thing."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests import kit
from tests.homes import CUT_OFF, Home, contracts


@pytest.fixture(scope="module")
def lived(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that saw a whole month: two booked, one rejected, everything confirmed and printed."""
    import shutil

    from assets.ledgers import confirm_due, extract_due

    path = tmp_path_factory.mktemp("lived") / "home"
    shutil.copytree(loaded, path)
    home = Home(path)
    home.submit(contracts("EX-1", "EX-2"))
    home.submit([kit.notice_row()], product="simplified-notice")
    home.submit(contracts("EX-3", currency=""))
    home.decide()
    home.print_papers()
    confirm_due(home.at(CUT_OFF))
    extract_due(home.at(CUT_OFF))
    home.at().events.close()
    return path


@pytest.fixture
def month(lived: Path, tmp_path: Path) -> Home:
    import shutil

    shutil.copytree(lived, tmp_path / "home")
    return Home(tmp_path / "home")


def test_an_untouched_home_is_in_order(month: Home) -> None:
    ran = month.cli("verify", "--json", now="2018-11-20T10:00:00")
    assert (ran.code, ran.json["ok"], ran.json["problems"]) == (0, True, [])
    assert month.cli("verify", now=CUT_OFF).code == 0


def sql(home: Home, statement: str) -> None:
    """Somebody with the database file in hand, who knows how to take a trigger away."""
    with sqlite3.connect(home.path / "daicho.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        assert database.execute(statement).rowcount == 1
    database.close()


def flip(path: Path, at: int = 10) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def upload(home: Home) -> Path:
    sha256 = json.loads((home.path / "files/receipts/00000001.json").read_text(encoding="utf-8"))["sha256"]
    return home.path / "files" / "archive" / sha256[:2] / sha256


def parquet(home: Home, entry: str) -> Path:
    (path,) = (home.path / "lake" / "journal" / f"entry={entry}").glob("*.parquet")
    return path


def rewrite(path: Path, **changes: pl.Expr) -> None:
    """Other values in a file, and the size that the table's log tells of it set right: careful work."""
    before = path.stat().st_size
    pl.read_parquet(path, hive_partitioning=False).with_columns(**changes).write_parquet(path)
    table = next(folder for folder in path.parents if (folder / "_delta_log").exists())
    for log in (table / "_delta_log").glob("*.json"):
        text = log.read_text(encoding="utf-8")
        if path.name in text:
            log.write_text(
                text.replace(f'"size":{before}', f'"size":{path.stat().st_size}'), encoding="utf-8"
            )


def receipt(home: Home, **changes: str) -> None:
    path = home.path / "files" / "receipts" / "00000001.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(told | changes, ensure_ascii=False), encoding="utf-8")


def last_commit_undone(home: Home) -> None:
    logs = sorted((home.path / "lake" / "journal" / "_delta_log").glob("*.json"))
    logs[-1].unlink()


def document(home: Home, kind: str) -> Path:
    return Path(home.papers(CUT_OFF, kind=kind)[0]["path"])


def findings_softened(path: Path) -> None:
    pl.read_parquet(path).with_columns(severity=pl.lit("warning")).write_parquet(path)


def rate_changed(home: Home) -> None:
    changed = pl.col("values").str.replace('"b":"0.0', '"b":"0.1', literal=True)
    values = pl.when(pl.col("table") == "rates").then(changed).otherwise(pl.col("values"))
    for path in (home.path / "lake" / "reference").glob("*.parquet"):
        rewrite(path, values=values)


MINUS = "UPDATE verdicts SET premium_total = premium_total - 1 WHERE receipt_no = 1"
TAMPERINGS: dict[str, tuple[Callable[[Home], object], str]] = {
    "upload changed": (lambda h: flip(upload(h)), "受付番号 1 の原本"),
    "upload removed": (lambda h: upload(h).unlink(), "受付番号 1 の原本"),
    "receipt changed": (lambda h: receipt(h, remarks="別の文"), "S00000001 の受付票"),
    "receipt's day changed": (lambda h: receipt(h, acceptance_date="2018-11-05"), "S00000001 の受付票"),
    "receipt unreadable": (lambda h: flip(h.path / "files/receipts/00000001.json", 0), "受付番号 1"),
    "receipt removed": (
        lambda h: (h.path / "files/receipts/00000003.json").unlink(),
        "受付票が1件足りません",
    ),
    "receipt row changed": (
        lambda h: sql(h, "UPDATE receipts SET acceptance_date = '2018-11-05' WHERE receipt_no = 1"),
        "S00000001 の受付票",
    ),
    "receipt rows removed": (
        lambda h: sql(h, "DELETE FROM receipts WHERE receipt_no = 2"),
        "S00000002",
    ),
    "verdict's premium changed": (lambda h: sql(h, MINUS), "S00000001 の件数・保険料"),
    "verdict's errors changed": (
        lambda h: sql(h, "UPDATE verdicts SET errors = 2 WHERE receipt_no = 3"),
        "S00000003 の判定",
    ),
    "verdict turned": (
        lambda h: sql(
            h, "UPDATE verdicts SET verdict = 'rejected', premium_total = NULL WHERE receipt_no = 1"
        ),
        "S00000001",
    ),
    "verdict removed": (lambda h: sql(h, "DELETE FROM verdicts WHERE receipt_no = 3"), "S00000003 の判定"),
    "verdict removed of a booked one": (
        lambda h: sql(h, "DELETE FROM verdicts WHERE receipt_no = 1"),
        "S00000001 の判定",
    ),
    "premium changed in the journal": (
        lambda h: rewrite(parquet(h, "booking"), premium_b=pl.col("premium_b") + 1),
        "行の内容がハッシュと一致しません",
    ),
    "name changed in the journal": (
        lambda h: rewrite(parquet(h, "booking"), export_contract_no=pl.lit("EX-9")),
        "行の内容がハッシュと一致しません",
    ),
    "listing changed": (
        lambda h: rewrite(parquet(h, "confirmation"), ledger_id=pl.lit("other")),
        "行の内容がハッシュと一致しません",
    ),
    "journal file removed": (lambda h: parquet(h, "booking").unlink(), "台帳の"),
    "journal file cut": (
        lambda h: parquet(h, "booking").write_bytes(parquet(h, "booking").read_bytes()[:500]),
        "台帳の",
    ),
    "last commit undone": (last_commit_undone, "台帳にその記載がありません"),
    "document changed": (lambda h: flip(document(h, "invoice")), "帳票 invoice-"),
    "document removed": (lambda h: document(h, "confirmed_ledger").unlink(), "帳票 confirmed_ledger-"),
    "findings changed": (
        lambda h: findings_softened(h.path / "files/findings/S00000003.parquet"),
        "S00000003 の検出事項",
    ),
    "findings removed": (
        lambda h: (h.path / "files/findings/S00000003.parquet").unlink(),
        "S00000003 の検出事項",
    ),
    "rates changed": (rate_changed, "保険料を再計算すると計上と一致しません"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_told(month: Home, name: str) -> None:
    tamper, sentence = TAMPERINGS[name]
    tamper(month)
    ran = month.cli("verify", "--json", now="2018-11-20T10:00:00")
    assert (ran.code, ran.json["ok"]) == (1, False), ran.err
    assert any(sentence in problem for problem in ran.json["problems"]), ran.json["problems"]
    for_people = month.cli("verify", now="2018-11-20T10:00:00")
    assert for_people.code == 1
    assert "不整合: " in for_people.out
    assert "整合していないデータがあります。" in for_people.out


def test_verify_changes_nothing(month: Home) -> None:
    flip(upload(month))
    before = {
        path: path.read_bytes() for path in month.path.rglob("*") if path.is_file() and ".db" not in path.name
    }
    month.cli("verify", now=CUT_OFF)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("table", ["receipts", "events", "verdicts"])
def test_the_database_itself_refuses_changes(month: Home, table: str) -> None:
    for statement in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET at = ''" if table != "receipts" else "UPDATE receipts SET holder = ''",
    ):
        with (
            sqlite3.connect(month.path / "daicho.db") as database,
            pytest.raises(sqlite3.Error, match="append-only"),
        ):
            database.execute(statement)
        database.close()


def test_a_submission_between_booking_and_verdict_is_in_order(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.submit(contracts("EX-1"))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("daicho.store.eventlog.EventLog.decide", die)
    with pytest.raises(KeyboardInterrupt):
        home.decide()
    assert home.verify() == [], "the next run tells the verdict"
