"""A plausible upload for trials, made up from the loaded reference tables. No real business is in it.

Which buyers, countries, currencies and settlement methods may be used is not guessed: a few trial records go through
``pipelines.assess`` first, and only what passes without error is drawn from. Same seed, same tables, same day: same
upload. Contract §4 ``generate``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import SupportsFloat

import polars as pl

from pipelines.assess import assess_decoded
from pipelines.reading.table import Decoded
from pipelines.reference import Reference
from pipelines.rules import Address
from schemas.findings import empty
from schemas.layouts import layout_of
from schemas.money import MICRO
from schemas.products import FACTS, Product
from schemas.submission import Refusal

MAX_LINES = 1_000_000
_USANCES = ("30", "45", "60", "60", "90", "90", "120", "150", "180")
_LONGEST = "180"
_MOST_BUYERS = 200
_BANKS = 2
_DEPARTMENTS = ("E01", "E02", "K01")
_GOODS = ("841480", "843143", "845710", "847989", "850440", "870899", "901890")
_TEN_THOUSANDS = tuple(range(10, 500))
_TIMES = (1, 1, 1, 1, 2, 3, 5, 10, 25)

Cells = dict[str, str]


@dataclass(frozen=True)
class _World:
    """What the tables offer for one agreement; every combination of a deal and a currency is free of errors."""

    agreement: str
    holder: str
    floor_yen: int
    deals: Sequence[Cells]
    weights: Sequence[int]
    currencies: Mapping[str, int]
    """Currency → yen per unit × 10^6 on the day that counts."""


def generate(
    product: Product,
    lines: int,
    seed: int,
    reference: Reference,
    on: date,
    defects: SupportsFloat = 0,
) -> pl.DataFrame:
    """An upload as text columns under their field names, ready to be written as a file.

    The policyholder is the first one (by agreement code) whose agreement can be used; it stands in every record.

    Args:
        product: ``enterprise`` or ``simplified-notice``.
        lines: number of records, at least 1.
        seed: another seed gives other records, and other contract numbers.
        reference: the tables in force.
        on: the acceptance day for which the upload is made.
        defects: share of the records, 0 to 1, that get an error each, of every family in turn; taken as it is written.

    Raises:
        Refusal: ``generate-product``, ``generate-lines`` or ``generate-defects`` for what cannot be made,
            ``generate-reference`` when the tables hold no usable agreement with buyers.
    """
    share = Fraction(str(defects))
    if not 1 <= lines <= MAX_LINES:
        raise Refusal("generate-lines", f"件数は1~{MAX_LINES:,}で指定してください(指定 {lines:,})。")
    if not 0 <= share <= 1:
        raise Refusal("generate-defects", f"不備の割合は0~1で指定してください(指定 {defects})。")
    if product not in (Product.ENTERPRISE, Product.SIMPLIFIED_NOTICE):
        raise Refusal(
            "generate-product",
            f"{FACTS[product].name_ja}の試行データはまだ作れません。{_supported()}を指定してください。",
        )
    random = Random(f"{product}:{seed}")
    if product is Product.ENTERPRISE:
        world = _first_usable(product, reference, on, random, _ledger_deals)
        frame = _ledger(world, lines, seed, random, on)
        frame = _damaged(frame, share, random, _ledger_damage(reference, on))
        optional = {"guarantor_code", "guarantor_country", "due_date", "lc_receipt_date"}
    else:
        world = _first_usable(product, reference, on, random, _notice_deals)
        frame = _notices(world, lines, random, on)
        frame = _damaged(frame, share, random, _notice_damage(on))
        optional = {"guarantor_code", "guarantor_country", "department_code", "lc_flag", "lc_receipt_date"}
    layout = layout_of(product)
    wanted = {*layout.mandatory("1"), "branch_no", "usance_days", *optional}
    return frame.select(
        pl.col(name).fill_null("") for name in layout.names if name in wanted and name in frame.columns
    )


def _supported() -> str:
    return "、".join((Product.ENTERPRISE, Product.SIMPLIFIED_NOTICE))


# ------------------------------------------------------------------------------------------------ what may be used
def _first_usable(
    product: Product,
    reference: Reference,
    on: date,
    random: Random,
    deals_of: Callable[[Reference, date, Sequence[Cells], Sequence[Cells]], list[Cells]],
) -> _World:
    day = pl.Series([on], dtype=pl.Date)
    agreements = reference.in_force("agreements", day).filter(pl.col("product") == product)
    for agreement in agreements.sort("agreement_code").iter_rows(named=True):
        buyers, banks = _partners(reference, day, agreement["agreement_code"], random)
        head = {"agreement_code": agreement["agreement_code"], "policyholder_code": agreement["holder"]}
        trials = [head | deal for deal in deals_of(reference, on, buyers, banks)]
        verdicts = _verdicts(product, trials, reference, on)
        deals = [deal for deal, verdict in zip(trials, verdicts, strict=True) if verdict != "error"]
        if not deals:
            continue
        # Records with a warning are rare in life, too.
        weights = [1 if verdict == "warning" else 20 for verdict in verdicts if verdict != "error"]
        rates = _rates(reference, _fx_days(product, on))
        codes = sorted(rates)
        trials = [deals[0] | {"currency": code, "export_contract_no": f"TRIAL-{code}"} for code in codes]
        verdicts = _verdicts(product, trials, reference, on)
        usable = {
            code: rates[code] for code, verdict in zip(codes, verdicts, strict=True) if verdict != "error"
        }
        if usable:
            floor = int(agreement["floor_yen"] or 0)
            return _World(agreement["agreement_code"], agreement["holder"], floor, deals, weights, usable)
    raise Refusal(
        "generate-reference",
        f"{on:%Y-%m-%d}に有効な{FACTS[product].name_ja}の特約と、その特約に登録されたバイヤー・国・料率の組が参照表に"
        "ありません。参照表を読み込んでください(例: daicho reference load sample_ledgers/reference)。",
    )


def _partners(
    reference: Reference, day: pl.Series, agreement: str, random: Random
) -> tuple[list[Cells], list[Cells]]:
    """Buyers registered under the agreement, and banks good for an L/C, with their countries."""
    ratings = reference.in_force("buyer_ratings", day).select("rating", "lc_bank")
    buyers = (
        reference.in_force("buyers", day)
        .filter(pl.col("country").is_not_null())
        .join(ratings, on="rating", how="left")
        .sort("buyer_code")
    )
    registered = (
        reference.in_force("buyer_registrations", day)
        .filter(pl.col("agreement_code") == agreement)
        .select("buyer_code")
    )
    known = buyers.join(registered, on="buyer_code", how="semi").sort("buyer_code")
    firms = known.select("buyer_code", "country").rows()
    if len(firms) > _MOST_BUYERS:
        firms = random.sample(firms, _MOST_BUYERS)
    banks = buyers.filter(pl.col("lc_bank")).head(_BANKS).select("buyer_code", "country").rows()
    return (
        [
            {
                "counterparty_code": code,
                "payer_code": code,
                "destination_country": country,
                "payer_country": country,
            }
            for code, country in firms
        ],
        [{"guarantor_code": code, "guarantor_country": country} for code, country in banks],
    )


def _ledger_deals(
    reference: Reference, on: date, buyers: Sequence[Cells], banks: Sequence[Cells]
) -> list[Cells]:
    """Buyers × settlement methods (× banks for an L/C), each as a complete record."""
    methods = (
        reference.in_force("settlement_methods", pl.Series([on], dtype=pl.Date))
        .filter(
            pl.col("day_rule").is_in(["fixed_30", "usance", "usance_plus_30", "to_due_date"]),
            ~pl.col("retention"),
            pl.col("notice_rule").is_in(["shipment_usance", "other"]),
        )
        .sort("code")
        .select("code", "needs", "lc")
        .rows()
    )
    forms = sorted(reference.codes("contract_forms", on) - {"15"})
    contract, ships = on - timedelta(days=10), on + timedelta(days=60)
    base = {
        "process_type": "1",
        "contract_form": forms[0] if forms else "11",
        "contract_date": f"{contract:%Y%m%d}",
        "department_code": _DEPARTMENTS[0],
        "goods_code": _GOODS[0],
        "currency": "JPY",
        "contract_amount": "20000000",
        "shipment_no": "01",
        "last_shipment_date": f"{ships:%Y%m%d}",
        "pre_shipment_amount": "19000000",
        "post_shipment_amount": "20000000",
        "settlement_no": "01",
        "settlement_principal": "20000000",
    }
    deals = []
    for buyer in buyers:
        for code, needs, lc in methods:
            terms = {"settlement_method": code}
            if needs == "usance_days":
                terms["usance_days"] = _LONGEST
            if needs == "due_date":
                terms["due_date"] = f"{ships + timedelta(days=int(_LONGEST)):%Y%m%d}"
            for bank in banks if lc else [{}]:
                receipt = {"lc_receipt_date": base["contract_date"]} if lc else {}
                deals.append({**base, **buyer, **terms, **bank, **receipt})
    for number, deal in enumerate(deals):
        deal["export_contract_no"] = f"TRIAL-{number:07d}"
    return deals


def _notice_deals(
    reference: Reference, on: date, buyers: Sequence[Cells], banks: Sequence[Cells]
) -> list[Cells]:
    """Buyers × period bands × without and with an L/C, each as a complete record."""
    base = {
        "process_type": "1",
        "notice_kind": "1",
        "currency": "JPY",
        "shipped_amount": "20000000",
        "shipment_month": f"{_month_before(on):%Y%m}",
        "department_code": _DEPARTMENTS[0],
    }
    by_lc = [{**bank, "lc_flag": "1", "lc_receipt_date": f"{_month_before(on):%Y%m%d}"} for bank in banks[:1]]
    return [
        {**base, **buyer, "period_band": band, **terms}
        for number, buyer in enumerate(buyers)
        for band in sorted(reference.codes("period_bands", on))
        for terms in ([{}, *by_lc] if number % 4 == 0 else [{}])  # a few deals are by L/C
    ]


def _verdicts(product: Product, trials: Sequence[Cells], reference: Reference, on: date) -> list[str]:
    """Per trial record the worst of what is found in it: ``error``, ``warning`` or nothing."""
    if not trials:
        return []
    layout = layout_of(product)
    records = pl.DataFrame(trials, schema=dict.fromkeys(layout.names, pl.String)).with_row_index(
        "record", offset=1
    )
    records = records.select(
        pl.col("record").cast(pl.Int64),
        (pl.col("record").cast(pl.Int64) + 1).alias("line"),
        pl.lit(None, pl.Int64).alias("row"),
        *layout.names,
    )
    decoded = Decoded(layout, records, frozenset(layout.names), Address(), empty(), "utf-8")
    submitter = trials[0]["policyholder_code"]
    worst = [""] * len(trials)
    findings = assess_decoded(decoded, submitter, on, on, reference).findings
    for record, severity in findings.select("record", "severity").iter_rows():
        if record is not None and worst[record - 1] != "error":
            worst[record - 1] = severity
    return worst


def _fx_days(product: Product, on: date) -> list[date]:
    this_month = on.replace(day=1)
    return [_month_before(on), this_month] if product is Product.SIMPLIFIED_NOTICE else [this_month]


def _month_before(on: date) -> date:
    """The 1st of the month before."""
    return (on.replace(day=1) - timedelta(days=1)).replace(day=1)


def _rates(reference: Reference, days: Sequence[date]) -> dict[str, int]:
    """Currencies with an exchange rate on every one of the days; the last day's rate."""
    found: dict[str, int] = {}
    for number, day in enumerate(days):
        rows = reference.in_force("exchange_rates", pl.Series([day], dtype=pl.Date))
        rates = dict(rows.select("currency", "yen_per_unit").rows())
        found = {code: rate for code, rate in rates.items() if rate and (not number or code in found)}
    return found


# ------------------------------------------------------------------------------------------------ ledger lines
def _ledger(world: _World, lines: int, seed: int, random: Random, on: date) -> pl.DataFrame:
    """The tree of applications, branches, shipments and settlements, cut off at ``lines``; amounts add up."""
    tree = pl.DataFrame({"app": range(lines)})
    tree = _split(tree, "branch", random.choices((1, 2), (95, 5), k=tree.height)).head(lines)
    tree = _split(tree, "shipment", random.choices((1, 2, 3), (85, 12, 3), k=tree.height)).head(lines)
    tree = _split(tree, "settlement", random.choices((1, 2), (90, 10), k=tree.height)).head(lines)
    branches = tree.select("app", "branch").unique(maintain_order=True)
    count = branches.height
    oldest, newest = _month_before(on), on - timedelta(days=5)
    age = range((newest - oldest).days + 1)
    branches = branches.with_columns(
        pl.Series("deal", _drawn(random, range(len(world.deals)), count, world.weights), pl.Int64),
        pl.Series("currency", _currencies(world, random, count)),
        pl.Series("goods_code", random.choices(_GOODS, k=count)),
        (pl.lit(oldest) + pl.duration(days=pl.lit(pl.Series(random.choices(age, k=count))))).alias(
            "contract"
        ),
    )
    shipments = tree.select("app", "branch", "shipment").unique(maintain_order=True)
    wait = random.choices(range(5, 200), k=shipments.height)
    shipments = shipments.with_columns(
        (pl.lit(on) + pl.duration(days=pl.lit(pl.Series(wait)))).alias("ships")
    )
    departments = pl.DataFrame(
        {"app": range(lines), "department_code": random.choices(_DEPARTMENTS, k=lines)}
    )
    frame = (
        tree.join(departments, on="app", how="left", maintain_order="left")
        .join(branches, on=["app", "branch"], how="left", maintain_order="left")
        .join(shipments, on=["app", "branch", "shipment"], how="left", maintain_order="left")
        .join(_deal_columns(world, _LEDGER_DEAL), on="deal", how="left", maintain_order="left")
        .with_columns(
            pl.Series("usance", random.choices(_USANCES, k=lines)),
            _principal_cents(world, random, lines).alias("principal"),
        )
    )
    frame = _with_currency_cents(frame, world)
    shipment, branch = ["app", "branch", "shipment"], ["app", "branch"]
    post = pl.col("principal").sum().over(shipment)
    # FOB is a little less than the price; yen have no decimals.
    unit = pl.when(pl.col("currency") == "JPY").then(100).otherwise(1)
    frame = frame.with_columns(
        post.alias("post"),
        (post * 95 // (100 * unit) * unit).alias("pre"),
        pl.col("principal").sum().over(branch).alias("contract_cents"),
    )
    needs_days = pl.col("usance_days").is_not_null()
    needs_date = pl.col("due_date").is_not_null()
    return frame.select(
        pl.col("app"),
        pl.lit("1").alias("process_type"),
        pl.lit(world.agreement).alias("agreement_code"),
        pl.lit(world.holder).alias("policyholder_code"),
        pl.format("TRIAL{}-{}", pl.lit(f"{seed % 10**6:06d}"), _digits("app", 7)).alias("export_contract_no"),
        _digits("branch", 2).alias("branch_no"),
        _digits(pl.col("shipment") + 1, 2).alias("shipment_no"),
        _digits(pl.col("settlement") + 1, 2).alias("settlement_no"),
        pl.col("contract").dt.to_string("%Y%m%d").alias("contract_date"),
        pl.col("ships").dt.to_string("%Y%m%d").alias("last_shipment_date"),
        pl.when(needs_days).then("usance").alias("usance_days"),
        pl.when(needs_date)
        .then((pl.col("ships") + pl.duration(days=pl.col("usance").cast(pl.Int64))).dt.to_string("%Y%m%d"))
        .alias("due_date"),
        pl.when(pl.col("lc_receipt_date").is_not_null())
        .then(pl.col("contract").dt.to_string("%Y%m%d"))
        .alias("lc_receipt_date"),
        _amount("contract_cents").alias("contract_amount"),
        _amount("pre").alias("pre_shipment_amount"),
        _amount("post").alias("post_shipment_amount"),
        _amount("principal").alias("settlement_principal"),
        *(
            pl.col(name)
            for name in ("department_code", "currency", "goods_code", *_LEDGER_DEAL)
            if name not in ("usance_days", "due_date", "lc_receipt_date")
        ),
    )


_LEDGER_DEAL = (
    *("contract_form", "counterparty_code", "payer_code", "destination_country", "payer_country"),
    *("guarantor_code", "guarantor_country", "settlement_method", "usance_days", "due_date"),
    "lc_receipt_date",
)
_NOTICE_DEAL = (
    *("notice_kind", "counterparty_code", "payer_code", "destination_country", "payer_country"),
    *("guarantor_code", "guarantor_country", "period_band", "lc_flag"),
)


def _split(frame: pl.DataFrame, level: str, counts: Sequence[int]) -> pl.DataFrame:
    """Every row as often as ``counts`` says, numbered from 0 in the new column ``level``."""
    return (
        frame.with_columns(pl.Series("n", counts))
        .with_columns(pl.int_ranges("n").alias(level))
        .drop("n")
        .explode(level)
    )


def _drawn(random: Random, choices: Sequence[int], count: int, weights: Sequence[int]) -> list[int]:
    return random.choices(choices, weights, k=count)


def _currencies(world: _World, random: Random, count: int) -> list[str]:
    """Half in yen, a quarter in dollars, the rest in whatever else has a rate."""
    codes = sorted(world.currencies)
    weights = [{"JPY": 20, "USD": 10}.get(code, 2) for code in codes]
    return random.choices(codes, weights, k=count)


def _deal_columns(world: _World, names: Sequence[str]) -> pl.DataFrame:
    deals = pl.DataFrame(list(world.deals), schema=dict.fromkeys(names, pl.String))
    return deals.with_row_index("deal").with_columns(pl.col("deal").cast(pl.Int64))


def _principal_cents(world: _World, random: Random, count: int) -> pl.Expr:
    """Yen amounts above the agreement's floor: round ten thousands, some of them large."""
    small, times = random.choices(_TEN_THOUSANDS, k=count), random.choices(_TIMES, k=count)
    yen = pl.Series(small, dtype=pl.Int64) * pl.Series(times, dtype=pl.Int64) * 10_000 + world.floor_yen
    return pl.lit(yen)


def _with_currency_cents(frame: pl.DataFrame, world: _World) -> pl.DataFrame:
    """``principal`` from yen to hundredths of the record's currency, rounded up so that no floor is missed."""
    rates = pl.DataFrame(
        {"currency": list(world.currencies), "rate": list(world.currencies.values())},
        schema={"currency": pl.String, "rate": pl.Int64},
    )
    cents = (pl.col("principal") * 100 * MICRO + pl.col("rate") - 1) // pl.col("rate")
    yen = pl.col("currency") == "JPY"
    return (
        frame.join(rates, on="currency", how="left", maintain_order="left")
        .with_columns(pl.when(yen).then(pl.col("principal") * 100).otherwise(cents).alias("principal"))
        .drop("rate")
    )


def _digits(number: str | pl.Expr, length: int) -> pl.Expr:
    expression = pl.col(number) if isinstance(number, str) else number
    return expression.cast(pl.String).str.pad_start(length, "0")


def _amount(cents: str) -> pl.Expr:
    """Hundredths as people write them: yen whole, other currencies with two decimals."""
    whole = (pl.col(cents) // 100).cast(pl.String)
    fraction = (pl.col(cents) % 100).cast(pl.String).str.pad_start(2, "0")
    return (
        pl.when(pl.col("currency") == "JPY")
        .then(whole)
        .otherwise(pl.concat_str(whole, pl.lit("."), fraction))
    )


# ------------------------------------------------------------------------------------------------ notices
def _notices(world: _World, lines: int, random: Random, on: date) -> pl.DataFrame:
    months = [f"{_month_before(on):%Y%m}"] * 3 + [f"{on:%Y%m}"]
    frame = pl.DataFrame(
        {
            "app": range(lines),
            "deal": _drawn(random, range(len(world.deals)), lines, world.weights),
            "currency": _currencies(world, random, lines),
            "shipment_month": random.choices(months, k=lines),
            "department_code": random.choices(_DEPARTMENTS, k=lines),
        }
    )
    frame = frame.join(_deal_columns(world, _NOTICE_DEAL), on="deal", how="left", maintain_order="left")
    frame = frame.with_columns(_principal_cents(world, random, lines).alias("principal"))
    frame = _with_currency_cents(frame, world)
    return frame.select(
        "app",
        pl.lit("1").alias("process_type"),
        pl.lit(world.agreement).alias("agreement_code"),
        pl.lit(world.holder).alias("policyholder_code"),
        _amount("principal").alias("shipped_amount"),
        pl.when(pl.col("lc_flag") == "1")
        .then(pl.concat_str("shipment_month", pl.lit("01")))
        .alias("lc_receipt_date"),
        *("currency", "shipment_month", "department_code", *_NOTICE_DEAL),
    )


# ------------------------------------------------------------------------------------------------ defects
@dataclass(frozen=True)
class _Damage:
    """Columns that are overwritten. ``later_line``: on the last line of an application of several lines only."""

    cells: Mapping[str, pl.Expr]
    later_line: bool = False


def _damage(**cells: str) -> _Damage:
    return _Damage({name: pl.lit(text) for name, text in cells.items()})


def _ledger_damage(reference: Reference, on: date) -> list[_Damage]:
    """One per family: format, mandatory, codes, agreement, buyer, deadline, dates, scope, money, hierarchy."""
    day_before = (pl.col("contract_date").str.to_date("%Y%m%d") - pl.duration(days=1)).dt.to_string("%Y%m%d")
    tomorrow = f"{on + timedelta(days=1):%Y%m%d}"
    first = {name: pl.col(name).first().over("app") for name in ("branch_no", "shipment_no", "settlement_no")}
    return [
        _damage(contract_amount="1,00,000"),
        _damage(contract_date="99999999"),
        _damage(agreement_code="12345"),
        _damage(goods_code=""),
        _damage(settlement_method="99"),
        _Damage(first, later_line=True),
        _damage(destination_country="000"),
        _damage(policyholder_code="000000000"),
        _damage(counterparty_code="ZZZ999999"),
        _damage(contract_date=tomorrow),
        _Damage({"last_shipment_date": day_before}),
        _Damage({"department_code": pl.lit("OTHER")}, later_line=True),
        _damage(**_too_long_usance(reference, on)),
        _damage(currency="XXX"),
        _damage(process_type="9"),
    ]


def _too_long_usance(reference: Reference, on: date) -> Cells:
    """A settlement two years after shipment, by a method whose days are counted from shipment."""
    methods = reference.in_force("settlement_methods", pl.Series([on], dtype=pl.Date))
    codes = methods.filter(pl.col("day_rule") == "usance", ~pl.col("lc"))["code"].sort().to_list()
    return {"settlement_method": codes[0], "usance_days": "800"} if codes else {"settlement_method": ""}


def _notice_damage(on: date) -> list[_Damage]:
    """One per family: format, mandatory, codes, agreement, buyer, dates, money."""
    after = (on.replace(day=1) + timedelta(days=70)).replace(day=1)
    return [
        _damage(shipped_amount="1,00,000"),
        _damage(shipment_month="201813"),
        _damage(agreement_code="12345"),
        _damage(destination_country=""),
        _damage(period_band="9"),
        _damage(notice_kind="9"),
        _damage(policyholder_code="000000000"),
        _damage(counterparty_code="ZZZ999999"),
        _damage(shipment_month=f"{after:%Y%m}"),
        _damage(currency="XXX"),
        _damage(process_type="9"),
    ]


def _damaged(frame: pl.DataFrame, share: Fraction, random: Random, kinds: Sequence[_Damage]) -> pl.DataFrame:
    """At least ``share`` of the records damaged, whole applications at a time, the kinds in turn.

    An application is damaged as a whole so that none of its other records gets an error by comparison.
    """
    wanted = -(-frame.height * share.numerator // share.denominator)
    if not wanted:
        return frame
    sizes = frame.group_by("app", maintain_order=True).len()["len"].to_list()
    order = random.sample(range(len(sizes)), len(sizes))
    whole = [n for n, kind in enumerate(kinds) if not kind.later_line]
    chosen: dict[int, int] = {}
    for turn, app in enumerate(order):
        if wanted <= 0:
            break
        number = turn % len(kinds)
        # Near 1 a share is reached only when every record of an application is damaged.
        if kinds[number].later_line and (sizes[app] == 1 or share * 2 > 1):
            number = whole[turn % len(whole)]
        chosen[app] = number
        wanted -= 1 if kinds[number].later_line else sizes[app]
    apps = frame["app"].unique(maintain_order=True).to_list()
    damage = pl.DataFrame(
        {"app": [apps[n] for n in chosen], "damage": list(chosen.values())},
        schema={"app": pl.Int64, "damage": pl.Int64},
    )
    frame = frame.join(damage, on="app", how="left", maintain_order="left")
    last = pl.int_range(pl.len()).over("app") == pl.len().over("app") - 1
    cells: dict[str, pl.Expr] = {}
    for number, kind in enumerate(kinds):
        hit = pl.col("damage") == number
        if kind.later_line:
            hit = hit & last
        for name, text in kind.cells.items():
            cells[name] = pl.when(hit).then(text).otherwise(cells.get(name, pl.col(name)))
    return frame.with_columns(expression.alias(name) for name, expression in cells.items())
