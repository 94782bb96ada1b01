"""Loading reference tables: all or nothing, versions, and what a fresh home is born with."""

from pathlib import Path
from typing import Any

import pytest

from daicho.references import calendar_of, reference_for_readers, reference_of
from tests import kit
from tests.homes import LINE_YEN, TUESDAY, Home, Ran, contracts


def load(home: Home, rows: dict[str, list[dict[str, str]]], now: str = TUESDAY) -> Ran:
    folder = home.path.parent / "load"
    for file in folder.glob("*.csv") if folder.exists() else []:
        file.unlink()
    return home.cli("reference", "load", str(kit.write_reference(folder, rows)), "--json", now=now)


def table(home: Home, name: str, where: str = "true") -> list[dict[str, Any]]:
    return home.cli("sql", f"select * from reference_{name} where {where} order by all", "--json").json


def test_a_fresh_home_has_the_calendar_and_code_lists_but_nobody_s_data(empty_home: Home) -> None:
    for name in ("law_holidays", "settlement_methods", "cover", "period_bands", "notice_limits", "factors"):
        assert table(empty_home, name), name
    for name in ("policyholders", "agreements", "buyers", "buyer_registrations", "rates"):
        assert table(empty_home, name) == [], name
    assert {row["currency"] for row in table(empty_home, "exchange_rates")} <= {"JPY"}
    calendar = calendar_of(reference_of(empty_home.at()))
    assert calendar.first_year <= 2018 < 2030 < calendar.last_year


def test_who_only_reads_makes_no_home_and_sees_what_a_fresh_one_would_have(
    tmp_path: Path, home: Home
) -> None:
    fresh = Home(tmp_path / "fresh")
    tables = reference_for_readers(fresh.at())
    assert tables.load_no == 0
    assert tables.table("settlement_methods").height > 20
    assert tables.table("rates").is_empty()
    assert not fresh.path.exists()
    store = home.at()
    assert reference_for_readers(store) is reference_of(store)


def test_one_bad_table_and_nothing_of_the_folder_is_loaded(home: Home) -> None:
    before = home.at().reference.current_load()
    world = kit.world()
    world["policyholders"][0]["name"] = "新社名㈱"
    world["rates"][0]["a"] = "much"
    ran = load(home, world)
    assert ran.refused == "reference-invalid"
    assert "rates" in ran.json["refused"]["message"]
    assert home.at().reference.current_load() == before
    assert table(home, "policyholders", f"holder = '{kit.HOLDER}'")[0]["name"] == "髙橋貿易㈱"


def test_every_problem_of_every_table_is_told(home: Home) -> None:
    agreement = {
        "agreement_code": "1",
        "valid_from": "2018-04-01",
        "holder": kit.HOLDER,
        "product": "textiles",
    }
    ran = load(
        home,
        {
            "agreements": [agreement],
            "exchange_rates": [{"currency": "USD", "valid_from": "soon", "yen_per_unit": "1.1234567"}],
        },
    )
    message = ran.json["refused"]["message"]
    for told in (
        "agreements.csv",
        "product",
        "textiles",
        "exchange_rates.csv",
        "valid_from",
        "soon",
        "1.1234567",
    ):
        assert told in message, told


def test_a_folder_without_tables_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path, tmp_path / "none", tmp_path / "file"):
        ran = home.cli("reference", "load", str(folder), "--json")
        assert ran.refused == "reference-missing"
        assert "policyholders.csv" in ran.json["refused"]["message"]


@pytest.mark.parametrize(
    "content",
    [
        "holder,name\n123456789,髙橋\n".encode("cp932"),
        b"holder,name\n123456789,\xff\xfe\n",
        "holder,name\n".encode("utf-16"),
        b'holder,name\n123456789,"a\n',
        b"holder,name\n123456789,a,b,c\n",
        b"\x00\x01\x02",
    ],
)
def test_a_table_that_cannot_be_read_is_refused_by_name(home: Home, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "policyholders.csv").write_bytes(content)
    ran = home.cli("reference", "load", str(tmp_path / "load"), "--json")
    assert ran.refused in ("reference-unreadable", "reference-invalid")
    assert "policyholders.csv" in ran.json["refused"]["message"]
    assert len(table(home, "policyholders")) == 4


def test_a_table_that_is_a_folder_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "load" / "policyholders.csv").mkdir(parents=True)
    assert home.cli("reference", "load", str(tmp_path / "load"), "--json").refused == "reference-unreadable"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"holder,name\n", b"\xef\xbb\xbfholder,name\r\n"])
def test_an_empty_table_loads_nothing_and_deletes_nothing(home: Home, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "policyholders.csv").write_bytes(content)
    ran = home.cli("reference", "load", str(tmp_path / "load"), "--json")
    assert (ran.code, ran.json) == (0, {"loaded": {"policyholders": 0}})
    assert len(table(home, "policyholders")) == 4, "absence deletes nothing"


def test_a_byte_order_mark_and_windows_line_ends_are_fine(home: Home, tmp_path: Path) -> None:
    (tmp_path / "load").mkdir()
    text = "holder,name\r\n000000001,零一㈱\r\n"
    (tmp_path / "load" / "policyholders.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert home.cli("reference", "load", str(tmp_path / "load"), "--json").json == {
        "loaded": {"policyholders": 1}
    }
    (row,) = table(home, "policyholders", "holder = '000000001'")
    assert row["name"] == "零一㈱", "leading zeros survive"


def test_the_same_values_make_no_version_other_values_do(home: Home) -> None:
    store = home.at()
    before = store.reference.current_load()
    assert load(home, kit.world()).code == 0
    assert home.at().reference.current_load() == before
    changed = [{"holder": kit.HOLDER, "name": "新社名㈱"}]
    assert load(home, {"policyholders": changed}).json == {"loaded": {"policyholders": 1}}
    assert home.at().reference.current_load() == before + 1
    history = home.at().reference.history("policyholders")
    names = history.filter(history["holder"] == kit.HOLDER)["name"].to_list()
    assert names == ["髙橋貿易㈱", "新社名㈱"]


def test_a_premium_booked_keeps_its_tables(home: Home) -> None:
    home.booked(contracts("EX-1"))
    rates = [row | {"b": "1"} for row in kit.world()["rates"]]
    load(home, {"rates": rates})
    (line,) = home.cli("ledger", "--json").json
    assert line["premium_total"] == LINE_YEN
    assert home.verify() == []


def test_a_replaced_built_in_table_counts(home: Home) -> None:
    rule = {
        "code": "90",
        "valid_from": "2004-10-01",
        "name": "新",
        "day_rule": "usance",
        "needs": "usance_days",
        "notice_rule": "other",
    }
    home.booked(contracts("EX-0"))
    row = contracts("EX-1", settlement_method="90")
    receipt = home.submit(row)
    home.decide()
    assert ("settlement_method", "code-unknown") in [
        found[1:] for found in home.findings(receipt["submission_id"])
    ]
    assert load(home, {"settlement_methods": [rule]}).code == 0
    again = home.submit(row, "2018-11-07T10:00:00")
    home.decide("2018-11-07T10:00:00")
    assert home.status(again["submission_id"])["status"] == "処理完了"


def test_holidays_are_added_to_the_calendar_of_the_law(home: Home) -> None:
    home.settings()
    assert load(home, {"holidays": [{"date": "2018-11-07", "name": "創立記念日"}]}).code == 0
    file = home.file(contracts("EX-1"))
    arguments = (
        "--product",
        "enterprise",
        "--holder",
        kit.HOLDER,
        "--user",
        f"{kit.HOLDER}001",
        "--count",
        "1",
    )
    assert (
        home.cli("submit", str(file), *arguments, "--json", now="2018-11-07T10:00:00").refused
        == "outside-hours"
    )
    evening = home.cli("submit", str(file), *arguments, "--json", now="2018-11-06T18:00:00")
    assert evening.json["acceptance_date"] == "2018-11-08"
    assert (
        home.cli("submit", str(file), *arguments, "--json", now="2018-11-23T10:00:00").refused
        == "outside-hours"
    )


def test_a_calendar_that_ends_within_a_year_is_told(home: Home) -> None:
    ran = load(home, {"holidays": []}, now="2035-06-01T10:00:00")
    assert ran.code == 0
    assert "営業日カレンダーはあと213日で終わります" in ran.err
    assert "営業日カレンダー" not in load(home, {"holidays": []}).err
