"""Loading reference tables against those that stand: what is refused, what is told, what a preview shows."""

from typing import Any

import pytest

from tests import kit
from tests.homes import LINE_YEN, TUESDAY, Home, Ran, contracts

Rows = dict[str, list[dict[str, str]]]
EARLY = {
    "agreement_code": kit.AGREEMENT,
    "buyer_code": kit.buyer("EA"),
    "valid_from": "2018-06-01",
    "limit_yen": "200000000",
}
"""An increase two months after the limit of ``tests.kit`` was set."""


def load(home: Home, rows: Rows, *options: str, now: str = TUESDAY) -> Ran:
    folder = home.path.parent / "load"
    for file in folder.glob("*.csv") if folder.exists() else []:
        file.unlink()
    return home.cli("reference", "load", str(kit.write_reference(folder, rows)), *options, now=now)


def preview(home: Home, rows: Rows) -> Any:
    ran = load(home, rows, "--preview", "--json")
    assert ran.code == 0, ran.err
    return ran.json


# ---------------------------------------------------------------------------------------------- refused and told


@pytest.mark.req("E-055", "E-056")
def test_a_limit_that_stands_already_counts_and_nothing_of_the_folder_is_loaded(home: Home) -> None:
    before = home.at().reference.current_load()
    new = {"holder": "999000001", "name": "新社名㈱"}
    ran = load(home, {"buyer_registrations": [EARLY], "policyholders": [new]}, "--json")
    assert ran.refused == "reference-invalid"
    assert "buyer_registrations.csv 2行目: " in ran.json["refused"]["message"]
    assert "前回の設定日 2018-04-01 から3か月たつまでできません" in ran.json["refused"]["message"]
    assert home.at().reference.current_load() == before
    assert load(home, {"buyer_registrations": [EARLY | {"valid_from": "2018-07-02"}]}, "--json").code == 0


@pytest.mark.req("E-057", "E-132")
def test_a_second_increase_in_a_later_load_is_refused(home: Home) -> None:
    first = EARLY | {"agreement_code": kit.NOTICE_AGREEMENT, "valid_from": "2018-08-01"}
    assert load(home, {"buyer_registrations": [first]}).code == 0
    second = first | {"valid_from": "2018-12-01", "limit_yen": "300000000"}
    ran = load(home, {"buyer_registrations": [second]}, "--json")
    assert ran.refused == "reference-invalid"
    assert "保険年度(2018-04-02~2019-04-01)中1回に限ります" in ran.json["refused"]["message"]


def test_problems_of_all_kinds_are_told_at_once(home: Home) -> None:
    bad = {
        "agreement_code": "333333301",
        "valid_from": "2018-04-02",
        "valid_to": "2018-04-01",
        "holder": kit.HOLDER,
        "product": "enterprise",
    }
    told = load(home, {"agreements": [bad], "buyer_registrations": [EARLY]}, "--json").json["refused"][
        "message"
    ]
    for words in ("valid_to が valid_from より前", "月の1日に始まります", "3か月たつまで"):
        assert words in told


@pytest.mark.req("E-133")
def test_what_should_be_looked_at_is_told_beside_the_result(home: Home) -> None:
    option = {
        "agreement_code": "333333301",
        "valid_from": "2018-04-02",
        "holder": kit.HOLDER,
        "product": "simplified-notice",
        "pre_shipment_cover": "1",
    }
    registration = EARLY | {"agreement_code": "333333301", "valid_from": "2018-04-02"}
    rows = {"agreements": [option], "buyer_registrations": [registration]}
    for options in (["--json", "--preview"], ["--json"]):
        ran = load(home, rows, *options)
        assert ran.code == 0
        assert ran.json
        assert (
            "注意: buyer_registrations.csv: 特約 333333301 は船積前危険てん補オプション付きですが" in ran.err
        )
    limited = {"buyer_registrations": [registration | {"pre_limit_yen": "1"}]}
    assert "注意" not in load(home, limited).err


def test_a_home_from_before_a_column_came_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of an older load have no such column: they count as if it were blank, and may be loaded over."""
    store = home.at()
    old = store.reference.rows()["agreements"].drop("small_buyer_turnover_yen")
    monkeypatch.setattr("daicho.store.reference._unpack", _without(old.columns))
    assert len(home.cli("sql", "select * from reference_agreements", "--json").json) == old.height
    agreement = next(row for row in kit.world()["agreements"] if row["product"] == "simplified-notice")
    changed = agreement | {"small_buyer_turnover_yen": "100000000"}
    assert preview(home, {"agreements": [changed]})["tables"]["agreements"]["changed"] == 1
    assert load(home, {"agreements": [changed]}).code == 0


def _without(columns: list[str]) -> Any:
    from daicho.store.reference import _unpack

    def unpack(rows: Any) -> Any:
        frame = _unpack(rows)
        return (
            frame.select(columns)
            if "agreement_code" in frame.columns and "holder" in frame.columns
            else frame
        )

    return unpack


# ---------------------------------------------------------------------------------------------- preview


def test_a_preview_counts_new_changed_and_same_rows_and_stores_nothing(home: Home) -> None:
    before = home.at().reference.current_load()
    world = kit.world()
    world["policyholders"][0]["name"] = "新社名㈱"
    world["policyholders"].append({"holder": "999000001"})
    told = preview(home, world)
    assert told["tables"]["policyholders"] == {"new": 1, "changed": 1, "unchanged": 3}
    assert told["tables"]["rates"] == {"new": 0, "changed": 0, "unchanged": len(world["rates"])}
    assert (told["effects"], told["booked_premiums_change"]) == ([], False)
    assert home.at().reference.current_load() == before
    assert load(home, world, "--json").json["loaded"]["policyholders"] == 5
    assert preview(home, world)["tables"]["policyholders"] == {"new": 0, "changed": 0, "unchanged": 5}


def test_a_preview_of_a_home_where_nothing_ever_happened_leaves_it_so(empty_home: Home) -> None:
    told = preview(empty_home, kit.world())
    assert told["tables"]["buyers"]["new"] == len(kit.world()["buyers"])
    assert {effect["table"] for effect in told["effects"]} == {"rates"}
    assert empty_home.at().reference.current_load() == 0


def test_a_preview_refuses_what_a_load_refuses(home: Home) -> None:
    ran = load(home, {"buyer_registrations": [EARLY]}, "--preview", "--json")
    assert ran.refused == "reference-invalid"


def test_a_preview_tells_which_future_premiums_change(home: Home) -> None:
    home.booked(contracts("EX-1", "EX-2") + contracts("EX-3", payer_code=kit.buyer("EF")))
    [old] = [
        row
        for row in kit.world()["rates"]
        if (row["product"], row["component"], row["buyer_rating"]) == ("enterprise", "D", "EA")
    ]
    new = old | {"valid_from": "2019-04-01", "a": "0.002"}
    foreign = {"product": "enterprise", "component": "A", "country_category": "H", "buyer_rating": "EA", "valid_from": "2019-04-01", "a": "0", "b": "9"}  # fmt: skip
    told = preview(
        home,
        {
            "rates": [old, new, foreign],
            "buyers": [
                {"buyer_code": kit.buyer("EA"), "valid_from": "2019-01-01", "name": "x", "rating": "P"},
                {"buyer_code": "105000077", "valid_from": "2019-01-01", "rating": "EA"},
            ],
            "country_categories": [
                {"country": "105", "valid_from": "2019-01-01", "name": "国105", "category": "D"}
            ],
            "agreements": [
                next(row for row in kit.world()["agreements"] if row["agreement_code"] == kit.AGREEMENT)
                | {"floor_yen": "1"}
            ],
        },
    )
    effects = {(effect["table"], effect["key"].get("component")): effect for effect in told["effects"]}
    assert list(effects) == [("buyers", None), ("country_categories", None), ("rates", "D"), ("rates", "A")]
    assert effects["rates", "D"] == {
        "table": "rates",
        "key": {name: old[name] for name in ("product", "component", "country_category", "buyer_rating")},
        "valid_from": "2019-04-01",
        "before": {"a": old["a"], "b": old["b"]},
        "after": {"a": "0.002", "b": old["b"]},
        "current_lines": 2,
    }
    assert (effects["rates", "A"]["before"], effects["rates", "A"]["current_lines"]) == (None, 0)
    buyers = effects["buyers", None]
    assert (buyers["before"], buyers["after"], buyers["current_lines"]) == ({"rating": "EA"}, {"rating": "P"}, 2)  # fmt: skip
    assert effects["country_categories", None]["current_lines"] == 3


def test_people_read_that_booked_premiums_stay(home: Home) -> None:
    home.booked(contracts("EX-1"))
    rates = [row | {"b": "1"} for row in kit.world()["rates"]]
    ran = load(home, {"rates": rates}, "--preview")
    assert ran.code == 0
    for words in (
        "計上済みの保険料は変わりません。",
        "これから計上する保険料に影響する行",
        "新規",
        "変更",
        "同じ",
    ):
        assert words in ran.out
    assert f"ほか{len(rates) - 20}行。すべては --json で確認できます。" in ran.err
    assert "何も保存していません" in ran.err
    [line] = home.cli("ledger", "--json").json
    assert line["premium_total"] == LINE_YEN


# ---------------------------------------------------------------------------------------------- limits in use


@pytest.mark.req("E-052")
def test_operators_see_the_use_of_limits(home: Home) -> None:
    home.booked(contracts("EX-1"))
    query = "select * from limit_use where used_yen > 0"
    assert home.cli("sql", query, "--json").json == [
        {
            "agreement_code": kit.AGREEMENT,
            "buyer_code": kit.buyer("EA"),
            "buyer_rating": "EA",
            "limit_yen": 100_000_000,
            "used_yen": 9_000_000,
            "used_permille": 90,
            "state": "ok",
        }
    ]
    assert home.cli("sql", query, "--json", now="2019-05-05T10:00:00").json == []


def test_the_view_is_there_in_a_fresh_home(empty_home: Home) -> None:
    assert empty_home.cli("sql", "select count(*) n from limit_use", "--json").json == [{"n": 0}]
