"""A second reckoning of premiums, in plain Python integers, fractions and dates.

Written from the published rules only (contract §5 "Money" and "Not covered", §6, §7; Seed 004; the catalogue's tables
E-T1, E-T2, E-T4; the facts §3, §4) and never from ``pipelines``, from which nothing may be imported here. Slow and
simple on purpose: one record after the other, every rule spelled out where it is used, cover and day rules by
settlement code in its own words. It tells what the samples must cost and is the oracle of the tests.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache
from math import floor

Record = Mapping[str, str]
"""One line of an upload, normalised; an empty cell is the empty text. Only what its layout has need be there."""
Tables = Mapping[str, Sequence[Mapping[str, str]]]
"""Reference tables by name: policyholders, agreements, buyers, …, factors (these only where they are replaced)."""

DANGERS = "ABCD"
ENTERPRISE, EQUIPMENT, CONSUMER_GOODS = "enterprise", "equipment", "consumer-goods"
NOTICE = "simplified-notice"

# Payer ratings (E-T1, E-T2). The remarks R and B of public, private and bank buyers count as R and B.
PUBLIC = {"GS", "GA", "GE"}
REMARKS = {"R", "GR", "ER", "SR"}
BROKEN = {"B", "GB", "EB", "SB"}
GOOD_BANKS = {"GS", "GE", "SA"}
WITHIN_A_YEAR = {"EM", "EF"}

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

# From the best private buyers down to the last whose fall leaves the rating of the year's start (slide 19).
DOWN_TO_EC = ["EE", "EA", "EM", "EF", "EC"]

BAND_END = {"1": 0, "2": 30, "3": 60, "4": 90, "5": 180, "6": 365}


@dataclass
class Reckoned:
    """What one record should cost and why; rates in thousandths of a percent, ratios in thousandths."""

    counted_from: date | None = None
    """The day from which the days before shipment are counted."""
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
    priced_by: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Danger → the row of the rates table that prices it."""
    unrounded: dict[str, Fraction] = field(default_factory=dict)
    """Danger → its rate before rounding, in thousandths of a percent."""
    by_good_lc: bool = False
    within_a_year: bool = True
    not_covered: set[str] = field(default_factory=set)
    """Dangers that the cover tables exclude for this shipment; told on its leading line."""
    notice_limit: date | None = None

    @property
    def total(self) -> int:
        return sum(self.premium.values())


@dataclass(frozen=True)
class Book:
    """The reference tables as one product reads them on the day of acceptance."""

    product: str
    tables: Tables
    accepted: date

    def rating(self, buyer: str) -> str:
        return _row(self.tables["buyers"], self.accepted, buyer_code=buyer)["rating"]

    def payer_rating(self, agreement: str, buyer: str) -> str:
        """Who fell since the insurance year began, but never below EC, keeps the rating of then (E-058, E-134)."""
        since = min(
            day(row["valid_from"])
            for row in self.tables["buyer_registrations"]
            if (row["agreement_code"], row["buyer_code"]) == (agreement, buyer)
        )
        start = max(self._year_start(day(self.agreement(agreement)["valid_from"])), since)
        first = _row(self.tables["buyers"], start, buyer_code=buyer)["rating"]
        later = sorted(
            (day(row["valid_from"]), row["rating"])
            for row in self.tables["buyers"]
            if row["buyer_code"] == buyer and start < day(row["valid_from"]) <= self.accepted
        )
        steps = [first, *(rating for _, rating in later)]
        fell = set(steps) <= set(DOWN_TO_EC) and DOWN_TO_EC.index(steps[-1]) > DOWN_TO_EC.index(first)
        return first if fell else steps[-1]

    def _year_start(self, begun: date) -> date:
        """The last anniversary of the agreement's first day."""
        anniversaries = (begun.replace(year=year) for year in range(begun.year, self.accepted.year + 1))
        return max(start for start in anniversaries if start <= self.accepted)

    def is_good_bank(self, code: str) -> bool:
        return bool(code) and self.rating(code) in GOOD_BANKS

    def category(self, country: str) -> str:
        return _row(self.tables["country_categories"], self.accepted, country=country)["category"]

    def agreement(self, code: str) -> Mapping[str, str]:
        return _row(self.tables["agreements"], self.accepted, agreement_code=code)

    def yen(self, amount: str, currency: str, on: date) -> int:
        """The amount in yen at the rate in force on that day, cut below one yen (E-077)."""
        if currency == "JPY":
            return int(amount)
        rate = _row(self.tables["exchange_rates"], on, currency=currency)["yen_per_unit"]
        return floor(Fraction(amount) * Fraction(rate))

    def rate_row(self, danger: str, category: str | None, rating: str) -> Mapping[str, str]:
        """Among the rows in force: the latest, then the specific before ``*``, category before rating (§6)."""
        letter = "R" if rating in REMARKS else rating
        fitting = [
            row
            for row in self._rates[danger]
            if row["country_category"] in ("*", category) and row["buyer_rating"] in ("*", letter)
        ]
        if not fitting:
            raise LookupError(f"no rate: {self.product} {danger} {category} {letter} on {self.accepted}")
        return max(
            fitting,
            key=lambda row: (
                day(row["valid_from"]),
                row["country_category"] != "*",
                row["buyer_rating"] != "*",
            ),
        )

    @cached_property
    def _rates(self) -> dict[str, list[Mapping[str, str]]]:
        """Danger → its rows in force.

        設備財 and 消費財 take those of 企総 "until they have their own" (contract §5; facts §9), danger by danger.
        """
        owners = [self.product]
        if self.product in (EQUIPMENT, CONSUMER_GOODS):
            owners.append(ENTERPRISE)
        found: dict[str, list[Mapping[str, str]]] = {}
        for danger in DANGERS:
            for owner in owners:
                found[danger] = [
                    row
                    for row in self.tables["rates"]
                    if (row["product"], row["component"]) == (owner, danger)
                    and day(row["valid_from"]) <= self.accepted
                ]
                if found[danger]:
                    break
        return found

    def factor(self, danger: str, chosen: Mapping[str, bool], agreement: Mapping[str, str]) -> Fraction:
        """The product of all options taken; the result rating (割引・割増) touches D only (E-068)."""
        product_of_all = Fraction(1)
        for name in (name for name, taken in chosen.items() if taken):
            rows = [
                row
                for row in self.tables.get("factors", ())
                if (row["product"], row["factor"], row["component"]) == (self.product, name, danger)
                and day(row["valid_from"]) <= self.accepted
            ]
            if rows:
                product_of_all *= fraction(max(rows, key=lambda row: day(row["valid_from"]))["value"])
            elif name == "full_political" and danger == "B":
                product_of_all *= Fraction(1000, 975)
        if danger == "D":
            product_of_all *= fraction(agreement.get("discount_factor") or "1")
        return product_of_all

    def price(self, line: Reckoned, danger: str, base: int, days: int, ratio: int, factor: Fraction) -> None:
        """Rate, insured amount and premium of one danger, written onto the line (§5 "Money")."""
        assert line.rating is not None
        category = {"A": line.category_pre, "B": line.category}.get(danger)
        row = self.rate_row(danger, category, line.rating)
        exact = (Fraction(row["a"]) * max(days, 30) + Fraction(row["b"])) * factor * 1000
        milli = half_up(exact)
        line.priced_by[danger], line.unrounded[danger] = row, exact
        line.ratio[danger] = ratio
        line.rate[danger] = milli
        line.insured[danger] = floor(Fraction(base) * ratio / 1000)
        line.premium[danger] = floor(Fraction(base) * milli / 1000 / 100)


def reckon(product: str, records: Sequence[Record], tables: Tables, accepted: date) -> list[Reckoned]:
    """Every record of one upload, in its order. Records must be free of errors."""
    book = Book(product, tables, accepted)
    if product == NOTICE:
        return [_reckon_notice(record, book) for record in records]
    results = [Reckoned() for _ in records]
    branches: dict[tuple[str, ...], list[int]] = {}
    shipments: dict[tuple[str, ...], list[int]] = {}
    for n, record in enumerate(records):
        branch = (record["agreement_code"], record["export_contract_no"], record["branch_no"].zfill(2))
        branches.setdefault(branch, []).append(n)
        shipments.setdefault((*branch, record["shipment_no"]), []).append(n)
    for members in shipments.values():
        _reckon_shipment([records[n] for n in members], [results[n] for n in members], book)
    for members in branches.values():
        limit = _ledger_notice_limit([records[n] for n in members])
        for n in members:
            results[n].notice_limit = limit
    return results


# --------------------------------------------------------------------------------- 企総, 設備財, 消費財


def _reckon_shipment(lines: Sequence[Record], results: Sequence[Reckoned], book: Book) -> None:
    line = lines[0]
    shipped = day(line["last_shipment_date"])
    start = _counted_from(line, book)
    usances = [u for u in map(usance, lines) if u is not None]
    leader = min(range(len(lines)), key=lambda n: lines[n]["settlement_no"])
    rating = book.payer_rating(line["agreement_code"], line["payer_code"])
    lc = _paid_by_good_lc(lines, book)
    short = all(_within_a_year(each) for each in lines)
    month = book.accepted.replace(day=1)
    for other, result in zip(lines, results, strict=True):
        result.counted_from = start
        result.days_pre = max((shipped - start).days, 30)
        result.days_post = max(*usances, 30) if usances else None
        result.rating = rating
        result.category = book.category(other["guarantor_country"] or other["payer_country"])
        result.category_pre = max(  # H is the worst
            book.category(other["destination_country"]), book.category(other["payer_country"])
        )
        result.contract_yen = book.yen(other["contract_amount"], other["currency"], month)
        result.pre_yen = book.yen(other["pre_shipment_amount"], other["currency"], month)
        result.post_yen = book.yen(other["post_shipment_amount"], other["currency"], month)
        result.by_good_lc, result.within_a_year = lc, short
    lead = results[leader]
    agreement = book.agreement(line["agreement_code"])
    chosen = _options(line, agreement, book.product)
    for danger in DANGERS:
        if danger in "BD" and lead.days_post is None:
            continue  # paid in advance: nothing is at risk after shipment
        if not _covered_by_ledger(danger, rating, lc=lc, short=short) or (
            danger in "CD" and line.get("to_subsidiary") == "1"  # E-023, E-025
        ):
            lead.not_covered.add(danger)
            continue
        ratio = {"A": 800, "B": 1000 if chosen["full_political"] else 975, "C": 800, "D": 900}[danger]
        days = lead.days_pre if danger in "AC" else lead.days_post
        base = lead.pre_yen if danger in "AC" else lead.post_yen
        assert days is not None
        book.price(lead, danger, base, days, ratio, book.factor(danger, chosen, agreement))


def _counted_from(line: Record, book: Book) -> date:
    """The day of acceptance; 消費財 applied for in time begins with its export contract (contract §5; facts §5).

    In time: by the end of the month after that of the contract. A late application begins when it is accepted.
    """
    if book.product == CONSUMER_GOODS:
        concluded = day(line["contract_date"])
        if book.accepted <= month_end(plus_months(concluded.replace(day=1), 1)):
            return concluded
    return book.accepted


def _options(line: Record, agreement: Mapping[str, str], product: str) -> dict[str, bool]:
    """What the line takes: its own flag, or the agreement's where the flag is blank (contract §6).

    消費財 has only 外貨建対応特約: more cover of 非常危険 takes a contract of its own (facts §4.1).
    """
    chosen = {"full_political": False, "currency_rider": line["currency_rider"] == "1"}
    if product == CONSUMER_GOODS:
        return chosen
    full = line["full_political_cover"] or agreement.get("full_political_cover")
    extra_cost = line["additional_cost_rider"] or agreement.get("additional_cost")
    return chosen | {"full_political": full == "1", "additional_cost": extra_cost == "1"}


def _covered_by_ledger(danger: str, rating: str, *, lc: bool, short: bool) -> bool:
    """Table E-T1; 設備財 and 消費財 are covered alike (facts §4.2), EM and EF only up to a year (facts §3.1)."""
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
    if rating in WITHIN_A_YEAR:
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


def _paid_by_good_lc(lines: Sequence[Record], book: Book) -> bool:
    """E-049: all that is still to be paid comes by L/C (10–19) of a bank rated GS, GE or SA."""
    methods = {line["settlement_method"] for line in lines} - PAID_IN_ADVANCE
    if not methods or not all("10" <= method <= "19" for method in methods):
        return False
    return book.is_good_bank(lines[0]["guarantor_code"])


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


def _reckon_notice(record: Record, book: Book) -> Reckoned:
    result = Reckoned()
    month = day(record["shipment_month"] + "01")
    end = BAND_END[record["period_band"]]
    result.rating = book.payer_rating(record["agreement_code"], record["payer_code"])
    result.category = book.category(record["guarantor_country"] or record["payer_country"])
    result.post_yen = result.contract_yen = book.yen(record["shipped_amount"], record["currency"], month)
    result.days_post = end or None
    result.notice_limit = plus_months(month, 1) + timedelta(days=end)
    result.by_good_lc = record["lc_flag"] == "1" and book.is_good_bank(record["guarantor_code"])
    if not end:
        return result  # 前受 is no part of the premium base
    agreement = book.agreement(record["agreement_code"])
    chosen = {"currency_rider": record["currency_rider"] == "1"}
    for danger, ratio in (("B", 975), ("D", 900)):
        # Table E-T2.
        covered = danger == "B" or result.rating not in REMARKS | {"P", "EC"} or result.by_good_lc
        if danger == "D" and record["to_subsidiary"] == "1":
            covered = False
        if not covered:
            result.not_covered.add(danger)
            continue
        book.price(result, danger, result.post_yen, end, ratio, book.factor(danger, chosen, agreement))
    return result


# --------------------------------------------------------------------------------------------- changes


def insured_shipment_after(reason: str, insured: date, shipment: date) -> date:
    """The last shipment date that prices a version, when a change notice of that reason names a new one (§7).

    Reason 06 or 07 (船積時期の延長・短縮) up to three months from the insured date: the date on the ledger changes, the
    insured one and with it the premium does not. Facts §4.6; months as E-105, clipped and inclusive.
    """
    if reason in {"06", "07"} and plus_months(insured, -3) <= shipment <= plus_months(insured, 3):
        return insured
    return shipment


def changed_premium(
    component: str,
    old_full: int,
    new_full: int,
    standing: int,
    acceptance: date,
    last_shipment: date,
    days_post: int | None,
    notice_day: date,
) -> tuple[int, int]:
    """What a new version makes due for one component (below zero: returned), and what stands for it afterwards.

    ``old_full`` and ``new_full`` are the premiums by rate of the version before and of the new one. An increase is due
    in full, of a decrease the part is returned that was still to run on the notice's acceptance day (contract §7),
    up to the last shipment as the ledger told it before the notice.
    """
    if new_full >= old_full:
        due = new_full - old_full
    else:
        due = -floor(
            (old_full - new_full) * _still_to_run(component, acceptance, last_shipment, days_post, notice_day)
        )
    return due, standing + due


def _still_to_run(
    component: str, acceptance: date, last_shipment: date, days_post: int | None, notice_day: date
) -> Fraction:
    """A and C run from acceptance to shipment, B and D from shipment over the usance: the share left, 0 to 1."""
    if component in "AC":
        total = (last_shipment - acceptance).days
        end = last_shipment
    else:
        total = days_post or 0
        end = last_shipment + timedelta(days=total)
    if total <= 0:
        return Fraction(0)
    remaining = min(max((end - notice_day).days, 0), total)
    return Fraction(remaining, total)


# ------------------------------------------------------------------------------------ numbers and days


def half_up(number: Fraction) -> int:
    """To the nearest integer, halves up."""
    return floor(number + Fraction(1, 2))


def fraction(text: str) -> Fraction:
    """'0.7' or '100/97.5'."""
    top, _, bottom = text.partition("/")
    return Fraction(top) / Fraction(bottom or "1")


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


@lru_cache(maxsize=10_000)
def day(text: str) -> date:
    """YYYYMMDD or YYYY-MM-DD."""
    plain = text.replace("-", "")
    return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))


def plus_months(start: date, months: int) -> date:
    """The same day of the later month, clipped to its last day (E-105)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def month_end(within: date) -> date:
    """The last day of that month."""
    return within.replace(day=monthrange(within.year, within.month)[1])
