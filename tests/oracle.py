"""A second reckoning of premiums, in plain Python integers, fractions and dates.

Written from the published rules only (Seed 004; the catalogue's tables E-T1, E-T2, E-T4; the contract on money) and
never from ``pipelines``, from which nothing may be imported here. Slow and simple on purpose: one record after the
other, every rule spelled out where it is used, cover and day rules by settlement code in its own words.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor

Record = Mapping[str, str]
Tables = Mapping[str, Sequence[Mapping[str, str]]]

DANGERS = "ABCD"

# Payer ratings (E-T1, E-T2). The remarks R and B of public, private and bank buyers count as R and B.
PUBLIC = {"GS", "GA", "GE"}
REMARKS = {"R", "GR", "ER", "SR"}
BROKEN = {"B", "GB", "EB", "SB"}
GOOD_BANKS = {"GS", "GE", "SA"}

# Settlement methods (決済方法表示) by how their days after shipment are counted.
AT_SIGHT = {"10", "30", "40", "50"}
DAYS_GIVEN = {"11", "20", "31", "41", "64", "65", "76"}
DAYS_AFTER_SIGHT = {"12", "21", "32", "42"}
SHIPMENT_TO_PAYMENT = {"19", "29", "39", "49", "59", "70", "73", "75"}
INSPECTION_TO_PAYMENT = {"71", "77"}
PAID_IN_ADVANCE = {"60"}
RETENTION = {"70", "71"}
# ... and by what 内容変更等通知期限 starts from (E-T4).
MILESTONE_GOODS = {"73", "75"}
FROM_INSPECTION = {"65", "76", "77"}
ANY_OTHER = {"19", "29", "39", "49", "59", "60"}

BAND_END = {"1": 0, "2": 30, "3": 60, "4": 90, "5": 180, "6": 365}


@dataclass
class Reckoned:
    """What one record should cost and why; rates in thousandths of a percent, ratios in thousandths."""

    days_pre: int | None = None
    days_post: int | None = None
    category: str | None = None
    category_pre: str | None = None
    rating: str | None = None
    contract_yen: int = 0
    pre_yen: int = 0
    post_yen: int = 0
    ratio: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(DANGERS))
    rate: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(DANGERS))
    insured: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DANGERS, 0))
    premium: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DANGERS, 0))
    not_covered: set[str] = field(default_factory=set)
    """Dangers that the cover tables exclude for this shipment; told on its leading line."""
    notice_limit: date | None = None

    @property
    def total(self) -> int:
        return sum(self.premium.values())


def reckon_ledger(records: Sequence[Record], tables: Tables, accepted: date) -> list[Reckoned]:
    """企総: every line of one upload, in its order. Records must be free of errors."""
    results = [Reckoned() for _ in records]
    branches: dict[tuple[str, ...], list[int]] = {}
    shipments: dict[tuple[str, ...], list[int]] = {}
    for n, record in enumerate(records):
        branch = (record["agreement_code"], record["export_contract_no"], record["branch_no"].zfill(2))
        branches.setdefault(branch, []).append(n)
        shipments.setdefault((*branch, record["shipment_no"]), []).append(n)
    for members in shipments.values():
        _reckon_shipment([records[n] for n in members], [results[n] for n in members], tables, accepted)
    for members in branches.values():
        limit = _ledger_notice_limit([records[n] for n in members])
        for n in members:
            results[n].notice_limit = limit
    return results


def reckon_notices(records: Sequence[Record], tables: Tables, accepted: date) -> list[Reckoned]:
    """簡易: every notice by itself. Records must be free of errors."""
    return [_reckon_notice(record, tables, accepted) for record in records]


# ------------------------------------------------------------------------------------------------ 企総


def _reckon_shipment(
    lines: Sequence[Record], results: Sequence[Reckoned], tables: Tables, accepted: date
) -> None:
    line = lines[0]
    shipped = day(line["last_shipment_date"])
    usances = [u for u in map(usance, lines) if u is not None]
    leader = min(range(len(lines)), key=lambda n: lines[n]["settlement_no"])
    rating = _row(tables["buyers"], accepted, buyer_code=line["payer_code"])["rating"]
    for other, result in zip(lines, results, strict=True):
        result.days_pre = max((shipped - accepted).days, 30)
        result.days_post = max(*usances, 30) if usances else None
        result.rating = rating
        result.category = _category(tables, accepted, other["guarantor_country"] or other["payer_country"])
        result.category_pre = max(  # H is the worst
            _category(tables, accepted, other["destination_country"]),
            _category(tables, accepted, other["payer_country"]),
        )
        month = accepted.replace(day=1)
        result.contract_yen = _yen(tables, other["contract_amount"], other["currency"], month)
        result.pre_yen = _yen(tables, other["pre_shipment_amount"], other["currency"], month)
        result.post_yen = _yen(tables, other["post_shipment_amount"], other["currency"], month)
    lead = results[leader]
    lc = _paid_by_good_lc(lines, tables, accepted)
    short = all(_within_a_year(each) for each in lines)
    agreement = _row(tables["agreements"], accepted, agreement_code=line["agreement_code"])
    full = (line["full_political_cover"] or agreement.get("full_political_cover", "0")) == "1"
    extra_cost = (line["additional_cost_rider"] or agreement.get("additional_cost", "0")) == "1"
    chosen = {
        "full_political": full,
        "currency_rider": line["currency_rider"] == "1",
        "additional_cost": extra_cost,
    }
    for danger in DANGERS:
        if danger in "BD" and lead.days_post is None:
            continue  # paid in advance: nothing is at risk after shipment
        covered = _covered_by_enterprise(danger, rating, lc=lc, short=short)
        if danger in "CD" and line["to_subsidiary"] == "1":
            covered = False
        if not covered:
            lead.not_covered.add(danger)
            continue
        ratio = {"A": 800, "B": 1000 if full else 975, "C": 800, "D": 900}[danger]
        category = {"A": lead.category_pre, "B": lead.category}.get(danger)
        days = lead.days_pre if danger in "AC" else lead.days_post
        base = lead.pre_yen if danger in "AC" else lead.post_yen
        assert days is not None
        factor = _factor(tables, "enterprise", danger, chosen, agreement, accepted)
        _price(lead, danger, base, days, ratio, category, factor, "enterprise", tables, accepted)


def _covered_by_enterprise(danger: str, rating: str, *, lc: bool, short: bool) -> bool:
    """Table E-T1."""
    if rating in BROKEN:
        return False
    if danger in "AB":
        return True
    if rating in REMARKS or rating == "P":
        return lc
    if danger == "C":
        return True
    if rating == "EC":
        return lc
    if rating in {"EM", "EF"}:
        return short or lc
    return True


def usance(line: Record) -> int | None:
    """Days after shipment that one settlement counts for; None when everything was paid in advance."""
    method = line["settlement_method"]
    if method in AT_SIGHT:
        return 30
    if method in DAYS_GIVEN:
        return int(line["usance_days"])
    if method in DAYS_AFTER_SIGHT:
        return int(line["usance_days"]) + 30
    if method in SHIPMENT_TO_PAYMENT:
        return (day(line["due_date"]) - day(line["last_shipment_date"])).days
    if method in INSPECTION_TO_PAYMENT:
        return (day(line["due_date"]) - _inspected(line)).days
    assert method in PAID_IN_ADVANCE
    return None


def _within_a_year(line: Record) -> bool:
    method = line["settlement_method"]
    if method in SHIPMENT_TO_PAYMENT | INSPECTION_TO_PAYMENT:
        start = _inspected(line) if method in RETENTION | {"77"} else day(line["last_shipment_date"])
        return day(line["due_date"]) <= plus_months(start, 12)
    return int(line["usance_days"] or "0") <= 365


def _paid_by_good_lc(lines: Sequence[Record], tables: Tables, accepted: date) -> bool:
    """E-049: all that is still to be paid comes by L/C (10–19) of a bank rated GS, GE or SA."""
    methods = {line["settlement_method"] for line in lines} - PAID_IN_ADVANCE
    if not methods or not all("10" <= method <= "19" for method in methods):
        return False
    return _is_good_bank(lines[0]["guarantor_code"], tables, accepted)


def _is_good_bank(code: str, tables: Tables, accepted: date) -> bool:
    return bool(code) and _row(tables["buyers"], accepted, buyer_code=code)["rating"] in GOOD_BANKS


def _ledger_notice_limit(lines: Sequence[Record]) -> date:
    """Table E-T4: by the settlement that falls due last; the later limit when two fall due on one day."""
    falls_due = {}
    for n, line in enumerate(lines):
        method = line["settlement_method"]
        start = (
            _inspected(line)
            if method in RETENTION | INSPECTION_TO_PAYMENT
            else day(line["last_shipment_date"])
        )
        falls_due[n] = (
            day(line["due_date"]) if line["due_date"] else start + timedelta(days=usance(line) or 0)
        )
    last = max(falls_due.values())
    last_shipment = max(day(line["last_shipment_date"]) for line in lines)
    inspections = [day(line["inspection_date"]) for line in lines if line["inspection_date"]]
    limits = []
    for n, line in enumerate(lines):
        if falls_due[n] != last:
            continue
        method = line["settlement_method"]
        due = day(line["due_date"]) if line["due_date"] else last_shipment
        counted = timedelta(days=usance(line) or 0)
        if method in MILESTONE_GOODS:
            limits.append(plus_months(due, 3))
        elif method in RETENTION:
            limits.append(plus_months(due, 6))
        elif method in FROM_INSPECTION:
            limits.append(plus_months(max(inspections, default=last_shipment), 6) + counted)
        elif method in ANY_OTHER:
            limits.append(due)
        else:
            limits.append(plus_months(last_shipment, 3) + counted)
    return max(limits)


def _inspected(line: Record) -> date:
    return day(line["inspection_date"] or line["last_shipment_date"])


# ------------------------------------------------------------------------------------------------ 簡易


def _reckon_notice(record: Record, tables: Tables, accepted: date) -> Reckoned:
    result = Reckoned()
    month = day(record["shipment_month"] + "01")
    end = BAND_END[record["period_band"]]
    result.rating = _row(tables["buyers"], accepted, buyer_code=record["payer_code"])["rating"]
    result.category = _category(tables, accepted, record["guarantor_country"] or record["payer_country"])
    result.post_yen = result.contract_yen = _yen(tables, record["shipped_amount"], record["currency"], month)
    result.days_post = end or None
    result.notice_limit = plus_months(month, 1) + timedelta(days=end)
    if not end:
        return result  # 前受 is no part of the premium base
    agreement = _row(tables["agreements"], accepted, agreement_code=record["agreement_code"])
    chosen = {"currency_rider": record["currency_rider"] == "1"}
    lc = record["lc_flag"] == "1" and _is_good_bank(record["guarantor_code"], tables, accepted)
    for danger in "BD":
        # Table E-T2.
        covered = danger == "B" or result.rating not in REMARKS | {"P", "EC"} or lc
        if danger == "D" and record["to_subsidiary"] == "1":
            covered = False
        if not covered:
            result.not_covered.add(danger)
            continue
        factor = _factor(tables, "simplified-notice", danger, chosen, agreement, accepted)
        ratio, category = (975, result.category) if danger == "B" else (900, None)
        _price(
            result,
            danger,
            result.post_yen,
            end,
            ratio,
            category,
            factor,
            "simplified-notice",
            tables,
            accepted,
        )
    return result


# ------------------------------------------------------------------------------------------------ money


def _price(
    result: Reckoned,
    danger: str,
    base: int,
    days: int,
    ratio: int,
    category: str | None,
    factor: Fraction,
    product: str,
    tables: Tables,
    accepted: date,
) -> None:
    assert result.rating is not None
    row = _rate_row(tables, product, danger, category, result.rating, accepted)
    percent = (Fraction(row["a"]) * max(days, 30) + Fraction(row["b"])) * factor
    milli = half_up(percent * 1000)
    result.ratio[danger] = ratio
    result.rate[danger] = milli
    result.insured[danger] = floor(Fraction(base) * ratio / 1000)
    result.premium[danger] = floor(Fraction(base) * milli / 1000 / 100)


def half_up(number: Fraction) -> int:
    """To the nearest integer, halves up."""
    return floor(number + Fraction(1, 2))


def _rate_row(
    tables: Tables, product: str, danger: str, category: str | None, rating: str, accepted: date
) -> Mapping[str, str]:
    letter = "R" if rating in REMARKS else rating
    fitting = [
        row
        for row in tables["rates"]
        if row["product"] == product
        and row["component"] == danger
        and day(row["valid_from"]) <= accepted
        and row["country_category"] in ("*", category)
        and row["buyer_rating"] in ("*", letter)
    ]
    return max(
        fitting,
        key=lambda row: (
            day(row["valid_from"]),
            row["country_category"] != "*",
            row["buyer_rating"] != "*",
        ),
    )


def _factor(
    tables: Tables,
    product: str,
    danger: str,
    chosen: Mapping[str, bool],
    agreement: Mapping[str, str],
    accepted: date,
) -> Fraction:
    """The product of all options taken; the result rating (割引・割増) touches D only."""
    product_of_all = Fraction(1)
    for name in (name for name, taken in chosen.items() if taken):
        rows = [
            row
            for row in tables.get("factors", ())
            if (row["product"], row["factor"], row["component"]) == (product, name, danger)
            and day(row["valid_from"]) <= accepted
        ]
        if rows:
            product_of_all *= fraction(max(rows, key=lambda row: day(row["valid_from"]))["value"])
        elif name == "full_political" and danger == "B":
            product_of_all *= Fraction(1000, 975)
    if danger == "D":
        product_of_all *= fraction(agreement.get("discount_factor") or "1")
    return product_of_all


def _yen(tables: Tables, amount: str, currency: str, on: date) -> int:
    if currency == "JPY":
        return int(amount)
    rate = _row(tables["exchange_rates"], on, currency=currency)["yen_per_unit"]
    return floor(Fraction(amount) * Fraction(rate))


def _category(tables: Tables, accepted: date, country: str) -> str:
    return _row(tables["country_categories"], accepted, country=country)["category"]


def _row(rows: Sequence[Mapping[str, str]], on: date, **key: str) -> Mapping[str, str]:
    """The row of that key with the latest valid_from not after the day."""
    return max(
        (
            row
            for row in rows
            if all(row[name] == value for name, value in key.items()) and day(row["valid_from"]) <= on
        ),
        key=lambda row: day(row["valid_from"]),
    )


def fraction(text: str) -> Fraction:
    """'0.7' or '100/97.5'."""
    top, _, bottom = text.partition("/")
    return Fraction(top) / Fraction(bottom or "1")


# ------------------------------------------------------------------------------------------------ days


def day(text: str) -> date:
    """YYYYMMDD or YYYY-MM-DD."""
    plain = text.replace("-", "")
    return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))


def plus_months(start: date, months: int) -> date:
    """The same day of the later month, clipped to its last day (E-105)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
