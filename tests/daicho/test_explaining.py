"""``daicho explain``: the figures of the seed's examples, step by step, as they were booked."""

import pytest

from tests import kit
from tests.homes import LINE_YEN, Home, contracts


def explained(home: Home, number: str = "18-000001") -> dict[str, object]:
    ran = home.cli("explain", number, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def parts(document: dict[str, object], line: int = 0) -> dict[str, dict[str, object]]:
    lines = document["lines"]
    assert isinstance(lines, list)
    return {part["component"]: part for part in lines[line]["components"]}


@pytest.mark.req("A-049")
@pytest.mark.parametrize(
    ("rating", "yen", "rates"),
    [
        # Seed 004 slide 22
        ("EA", (2_600, 7_900, 300, 7_600), ("0.026", "0.079", "0.003", "0.076")),
        ("EF", (2_600, 7_900, 300, 11_000), ("0.026", "0.079", "0.003", "0.110")),
    ],
)
def test_the_example_of_the_seed(
    home: Home, rating: str, yen: tuple[int, ...], rates: tuple[str, ...]
) -> None:
    home.booked(contracts("EX-1", payer_code=kit.buyer(rating), counterparty_code=kit.buyer(rating)))
    document = explained(home)
    assert (document["application_no"], document["premium_total"]) == ("18-000001", sum(yen))
    found = parts(document)
    assert [found[c]["premium"] for c in "ABCD"] == list(yen)
    assert [found[c]["rate"] for c in "ABCD"] == list(rates)
    assert [found[c]["base_yen"] for c in "ABCD"] == [10_000_000] * 4
    assert [found[c]["days"] for c in "ABCD"] == [30, 60, 30, 60]
    assert [found[c]["factor"] for c in "ABCD"] == ["1"] * 4
    assert [found[c]["insured_amount"] for c in "ABCD"] == [8_000_000, 9_750_000, 8_000_000, 9_000_000]
    row = found["D"]["rate_row"]
    assert isinstance(row, dict)
    assert (row["buyer_rating"], row["valid_from"], bool(row["rate_set"])) == (rating, "2018-10-01", True)
    text = home.cli("explain", "18-000001-00").out
    assert f"申込合計 {sum(yen):,}円" in text
    for rate, premium in zip(rates, yen, strict=True):
        assert f"10,000,000円 × {rate}% = {premium:,}円" in text
    assert "一致しません" not in text


@pytest.mark.parametrize(("rating", "yen"), [("EA", (7_900, 8_000)), ("EF", (7_900, 11_800))])
def test_the_notice_of_the_seed(home: Home, rating: str, yen: tuple[int, int]) -> None:
    row = kit.notice_row(payer_code=kit.buyer(rating), counterparty_code=kit.buyer(rating))
    home.booked([row], product="simplified-notice")
    found = parts(explained(home))
    assert [found[c].get("premium") for c in "ABCD"] == [None, yen[0], None, yen[1]]
    assert found["A"]["reason"], "why there is none is told"


def test_foreign_money_tells_its_rate_and_day(home: Home) -> None:
    amounts = dict.fromkeys(
        ("contract_amount", "pre_shipment_amount", "post_shipment_amount", "settlement_principal"),
        "100000.55",
    )
    home.booked(contracts("EX-1", currency="USD", **amounts))
    document = explained(home)
    (line,) = document["lines"]  # type: ignore[misc]
    assert (line["currency"], line["yen_per_unit"], line["exchange_rate_day"]) == (
        "USD",
        "113.26",
        "2018-11-01",
    )
    assert parts(document)["B"]["base_yen"] == 10_000_055 * 11_326 // 10_000


def test_a_component_that_is_not_covered_tells_its_rule(home: Home) -> None:
    home.booked(contracts("EX-1", payer_code=kit.buyer("EC"), counterparty_code=kit.buyer("EC")))
    found = parts(explained(home))
    uncovered = [c for c in "ABCD" if not found[c]["rated"]]
    assert uncovered
    assert all(found[c]["reason"] for c in uncovered)


def test_only_the_leading_line_of_a_shipment_carries_premium(home: Home) -> None:
    halves = {"settlement_principal": "5000000"}
    rows = contracts("EX-1", **halves) + contracts("EX-1", settlement_no="02", usance_days="30", **halves)
    home.booked(rows)
    document = explained(home)
    lines = document["lines"]
    assert isinstance(lines, list)
    assert [line["line_id"] for line in lines] == ["18-000001-00/01/01", "18-000001-00/01/02"]
    assert [line["carries_premium"] for line in lines] == [True, False]
    assert [line["premium_total"] for line in lines] == [LINE_YEN, 0]
    assert "先頭の決済行" in str(parts(document, 1)["A"]["reason"])


def test_tables_that_came_later_change_neither_premium_nor_explanation(home: Home) -> None:
    home.booked(contracts("EX-1"))
    before = explained(home)
    world = kit.world()
    for row in world["rates"]:
        row["b"] = "1"
    home.cli(
        "reference", "load", str(kit.write_reference(home.path.parent / "later", {"rates": world["rates"]}))
    )
    assert explained(home) == before
    home.booked(contracts("EX-2"))
    document = explained(home, "18-000002")
    assert document["premium_total"] != before["premium_total"]
    assert home.verify() == []


def test_a_booked_premium_that_recomputes_differently_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.booked(contracts("EX-1"))
    world = kit.world()
    for row in world["rates"]:
        row["b"] = "1"
    other = kit.reference_of(world)
    monkeypatch.setattr("daicho.explaining.reference_of", lambda *_: other)
    assert "計上額と一致しません" in home.cli("explain", "18-000001").out


def test_a_number_must_be_whole(home: Home) -> None:
    home.booked(contracts("EX-1"))
    for number in ("18-00000", "18", "", "18-000001-01", "18_000001"):
        assert home.cli("explain", number, "--json").refused == "unknown-application"
