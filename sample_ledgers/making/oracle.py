"""What the samples must cost: a second, independent reckoning in whole numbers of Python.

It knows only as much of the tariff as the samples use, reads ``reference/`` itself and shares no code with
``pipelines``, so that a mistake there is not repeated here. Contract §5 "Money"; Seed 004 slides 21, 22, 53.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from unicodedata import normalize

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
Record = Mapping[str, object]

_LC_METHODS = {"10", "11", "12", "19"}
_AT_SIGHT = {"10", "30", "40", "50"}
_AFTER_BL = {"11", "20", "31", "41"}
_AFTER_SIGHT = {"12", "21", "32", "42"}
_ADVANCE = "60"
_ACCIDENT_R = {"R", "GR", "ER", "SR"}
_LC_BANKS = {"GS", "GE", "SA"}
_BAND_DAYS = {"1": 0, "2": 30, "3": 60, "4": 90, "5": 180, "6": 365}


def premium_total(product: str, records: Sequence[Record], accepted_on: date) -> int:
    """Premium of an upload without errors, in yen, when it is accepted on that day."""
    texts = [{name: _text(cell) for name, cell in record.items()} for record in records]
    if product == "simplified-notice":
        return sum(_notice(record, accepted_on) for record in texts)
    shipments: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for record in texts:
        key = ("agreement_code", "export_contract_no", "branch_no", "shipment_no")
        shipments.setdefault(tuple(record.get(name, "") for name in key), []).append(record)
    return sum(_shipment(lines, accepted_on) for lines in shipments.values())


def _shipment(lines: Sequence[dict[str, str]], accepted_on: date) -> int:
    first = lines[0]
    payer = _rating(first["payer_code"])
    ships = _day(first["last_shipment_date"])
    usances = [_usance(line, ships) for line in lines if line["settlement_method"] != _ADVANCE]
    days_pre = max((ships - accepted_on).days, 30)
    days_post = max(*usances, 30) if usances else None
    guarantor = first.get("guarantor_code", "")
    by_lc = (
        bool(usances)
        and all(line["settlement_method"] in {*_LC_METHODS, _ADVANCE} for line in lines)
        and bool(guarantor)
        and _rating(guarantor) in _LC_BANKS
    )
    subsidiary = first.get("to_subsidiary") == "1"
    agreement = _agreement(first["agreement_code"], accepted_on)
    flag = first.get("full_political_cover", "")
    full = flag == "1" or (not flag and agreement["full_political_cover"] == "1")
    rate_day = accepted_on.replace(day=1)
    before = _yen(first["pre_shipment_amount"], first["currency"], rate_day)
    after = _yen(first["post_shipment_amount"], first["currency"], rate_day)
    pre_country = max(
        _category(first["destination_country"]),
        _category(first["payer_country"]),
    )
    post_country = _category(first.get("guarantor_country") or first["payer_country"])
    weak = payer in {*_ACCIDENT_R, "P"}
    covered = {
        "A": True,
        "B": days_post is not None,
        "C": (by_lc or not weak) and not subsidiary,
        "D": (by_lc or not (weak or payer == "EC")) and not subsidiary and days_post is not None,
    }
    total = 0
    for component, base, days in (
        ("A", before, days_pre),
        ("B", after, days_post),
        ("C", before, days_pre),
        ("D", after, days_post),
    ):
        if covered[component] and days is not None:
            country = {"A": pre_country, "B": post_country}.get(component, "")
            factor = Fraction(1)
            if component == "B" and full:
                factor = Fraction(1000, 975)
            if component == "D":
                factor = Fraction(agreement["discount_factor"])
            total += _premium("enterprise", component, country, payer, days, factor, base)
    return total


def _notice(record: dict[str, str], accepted_on: date) -> int:
    days = _BAND_DAYS[record["period_band"]]
    if not days:
        return 0
    payer = _rating(record["payer_code"])
    month = normalize("NFKC", record["shipment_month"]).replace("-", "")
    shipped = date(int(month[:4]), int(month[4:6]), 1)
    base = _yen(record["shipped_amount"], record["currency"], shipped)
    country = _category(record.get("guarantor_country") or record["payer_country"])
    discount = Fraction(_agreement(record["agreement_code"], accepted_on)["discount_factor"])
    days = max(days, 30)
    return _premium("simplified-notice", "B", country, payer, days, Fraction(1), base) + _premium(
        "simplified-notice", "D", "", payer, days, discount, base
    )


def _premium(
    product: str, component: str, country: str, rating: str, days: int, factor: Fraction, base: int
) -> int:
    a, b = _rate_row(product, component, country, rating)
    thousandths = (a * days + b) * factor * 1000
    rate = (2 * thousandths.numerator + thousandths.denominator) // (2 * thousandths.denominator)
    return base * rate // 100_000


def _rate_row(product: str, component: str, country: str, rating: str) -> tuple[Fraction, Fraction]:
    for row in _table("rates"):
        if (
            (row["product"], row["component"]) == (product, component)
            and row["country_category"] in (country, "*")
            and row["buyer_rating"] in (rating, "*")
        ):
            return Fraction(row["a"]), Fraction(row["b"])
    raise LookupError(f"no rate: {product} {component} {country} {rating}")


def _usance(line: dict[str, str], ships: date) -> int:
    method = line["settlement_method"]
    if method in _AT_SIGHT:
        return 30
    if method in _AFTER_BL:
        return int(line["usance_days"])
    if method in _AFTER_SIGHT:
        return int(line["usance_days"]) + 30
    return (_day(line["due_date"]) - ships).days


def _yen(amount: str, currency: str, on: date) -> int:
    if currency == "JPY":
        rate = Fraction(1)
    else:
        known = [row for row in _table("exchange_rates") if row["currency"] == currency]
        row = max(
            (row for row in known if row["valid_from"] <= on.isoformat()), key=lambda r: r["valid_from"]
        )
        rate = Fraction(row["yen_per_unit"])
    value = Fraction(amount.replace(",", "")) * rate
    return value.numerator // value.denominator


def _rating(buyer: str) -> str:
    return next(row["rating"] for row in _table("buyers") if row["buyer_code"] == buyer)


def _category(country: str) -> str:
    return next(row["category"] for row in _table("country_categories") if row["country"] == country)


def _agreement(code: str, on: date) -> dict[str, str]:
    rows = [
        row
        for row in _table("agreements")
        if row["agreement_code"] == code and row["valid_from"] <= on.isoformat()
    ]
    return max(rows, key=lambda row: row["valid_from"])


def _table(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _day(text: str) -> date:
    year, month, day = re.fullmatch(r"(\d{4})[-/]?(\d{1,2})[-/]?(\d{1,2})", text).groups()  # type: ignore[union-attr]
    return date(int(year), int(month), int(day))


def _text(cell: object) -> str:
    return normalize("NFKC", str(cell)).strip()
