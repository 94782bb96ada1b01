"""The yearly premium before shipment of 簡易: who owes how much for which insurance year.

An agreement with the option (``pre_shipment_cover``) pays once per insurance year, at conclusion or renewal, for every
buyer with a 船前支払限度額: limit × yearly rate P, A and C together. A limit that comes or grows during the year pays for
the remaining days; one that shrinks returns nothing. Without the option nothing is owed and no rate is looked for.
Seed 004 簡易(3) slide 53 ※1, 簡易(6)①; B-033, E-064, E-137, E-138.

Which day is paid for already is read from the journal's ``yearly`` rows, so that running again owes nothing twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.money import premium_of_days, rate_milli
from pipelines.periods import insurance_year
from pipelines.rate import NEVER, chosen_rates
from pipelines.reference import Reference
from schemas.journal import SCHEMA, YEARLY
from schemas.products import Product
from sensors.windows import TOKYO

DUE, NO_RATE, CHANGED = "due", "no-rate", "changed-after-billing"
UNKNOWN_BUYER, REFUSED_BUYER = "buyer-unregistered", "buyer-refused"
RENEWAL_DAYS = 31
"""A renewal falls on the first business day of a month (Seed 004 簡易(4)) and so may come before a year has run out;
an earlier start within a billed year is a change of the contract's dates, which nobody should pay for unasked."""

_OWED: dict[str, Any] = {
    "agreement_code": pl.String(),
    "holder": pl.String(),
    "buyer_code": pl.String(),
    "year_from": pl.Date(),
    "year_until": pl.Date(),
    "day": pl.Date(),
    "paid_limit_yen": pl.Int64(),
    "pre_limit_yen": pl.Int64(),
    "state": pl.String(),
}
PLAN: dict[str, Any] = {
    **_OWED,
    "buyer_country": pl.String(),
    "buyer_rating": pl.String(),
    "country_category": pl.String(),
    "rate_p": pl.Int32(),
    "days": pl.Int32(),
    "base_yen": pl.Int64(),
    "premium_total": pl.Int64(),
}
"""Columns of :func:`owed`: one row per agreement, buyer and day from which something is to be paid."""

RECOMPUTED = (
    *("pre_limit_yen", "payer_country", "country_category", "buyer_rating", "rate_p"),
    *("days_pre", "base_pre_yen", "premium_total", "due_total", "difference_total"),
)
"""Columns of a ``yearly`` row that :func:`recomputed` makes anew from the tables."""


@dataclass(frozen=True)
class _Contract:
    """An agreement from its first day to its last: one row of the table, or several that follow each other openly."""

    agreement_code: str
    valid_from: date
    valid_to: date | None
    rows: tuple[Mapping[str, Any], ...]

    def years(self, today: date) -> Iterator[tuple[date, date]]:
        """Its insurance years that have begun, oldest first."""
        last = min(today, self.valid_to) if self.valid_to else today
        day = self.valid_from
        while day <= last:
            first, until = insurance_year(self.valid_from, self.valid_to, day)
            yield first, until
            day = until + timedelta(days=1)

    def option_on(self, day: date, until: date) -> date | None:
        """The first day from ``day`` to ``until`` on which cover before shipment is agreed, or None."""
        for place, row in enumerate(self.rows):
            following = self.rows[place + 1]["valid_from"] if place + 1 < len(self.rows) else None
            ends = min([until, *([following - timedelta(days=1)] if following else [])])
            begins = max(day, row["valid_from"])
            if row["pre_shipment_cover"] and begins <= ends:
                return begins
        return None

    def holder(self, day: date) -> str:
        """Who holds it on a day."""
        return str([row["holder"] for row in self.rows if row["valid_from"] <= day][-1])


@dataclass
class _Paid:
    """What the journal holds for a buyer: per year and day the limits from which and up to which it is paid."""

    limits: dict[tuple[date, date], dict[date, tuple[int, int]]] = field(default_factory=dict)

    def elsewhere(self, first: date, day: date) -> bool:
        """Whether the day lies well within a year that was billed as one with another first day."""
        return any(
            start != first and start <= day <= until - timedelta(days=RENEWAL_DAYS)
            for start, until in self.limits
        )

    def year(self, first: date) -> dict[date, tuple[int, int]]:
        """Day → limits of the year with that first day."""
        found: dict[date, tuple[int, int]] = {}
        for (start, _), limits in self.limits.items():
            if start == first:
                found |= limits
        return found


def owed(reference: Reference, journal: pl.LazyFrame, today: date) -> pl.DataFrame:
    """What is to be billed up to ``today`` and is not in the journal, with the columns of ``PLAN``.

    ``state`` is ``due`` where the premium is known; otherwise it tells why nothing can be billed for that buyer
    (``no-rate``, ``buyer-unregistered``, ``buyer-refused``), or that the tables of a year that is billed say something
    else now (``changed-after-billing``): a limit was back-dated or corrected, or the contract's dates were.

    Years count from the first one that the journal knows of the agreement, otherwise the present one only: what was
    before this home began was billed elsewhere.

    Args:
        reference: the tables.
        journal: all journal rows, of any entry.
        today: the last day that counts.
    """
    paid = _paid(journal)
    limits = _limits(reference)
    rows: list[dict[str, Any]] = []
    for contract in _contracts(reference):
        known = [
            start for buyer in paid.get(contract.agreement_code, {}).values() for start, _ in buyer.limits
        ]
        years = list(contract.years(today))
        present = {year for year in years if year[0] <= today <= year[1]}
        for first, until in years:
            if (first, until) not in present and (not known or first < min(known)):
                continue
            for buyer_code, registered in limits.get(contract.agreement_code, {}).items():
                before = paid.get(contract.agreement_code, {}).get(buyer_code, _Paid())
                for row in _of_year(contract, first, until, registered, before, today):
                    if row["state"] != CHANGED or (first, until) in present:
                        rows.append({"buyer_code": buyer_code, **row})
    return _rated(pl.DataFrame(rows, schema=_OWED, orient="row"), reference)


def _of_year(
    contract: _Contract,
    first: date,
    until: date,
    registered: Sequence[tuple[date, int]],
    paid: _Paid,
    today: date,
) -> Iterator[dict[str, Any]]:
    """The days of one year on which a buyer's limit costs something that is not paid."""
    billed = paid.year(first)
    days = {contract.option_on(max(first, since), until) for since, _ in registered}
    covered = 0
    for day in sorted(day for day in days if day is not None and day <= today):
        limit = [limit for since, limit in registered if since <= day][-1]
        row = {
            "agreement_code": contract.agreement_code,
            "holder": contract.holder(day),
            "year_from": first,
            "year_until": until,
            "day": day,
            "paid_limit_yen": covered,
            "pre_limit_yen": limit,
        }
        if day in billed:
            covered = billed[day][1]
            if limit > covered:
                yield row | {"paid_limit_yen": covered, "state": CHANGED}
        elif limit > covered:
            # What a later day was billed for must not be billed once more from an earlier one.
            again = any(other > day and before < limit for other, (before, _) in billed.items())
            late = again or paid.elsewhere(first, day)
            yield row | {"state": CHANGED if late else DUE}
            covered = limit


def yearly_entries(reference: Reference, journal: pl.LazyFrame, now: datetime) -> pl.DataFrame:
    """Journal rows (entry ``yearly``) that bill what is due at ``now`` and not billed yet; empty when nothing is.

    One billing (``ledger_id`` = ``<agreement>_-_<YYYY-MM>_Y_<n>``) per agreement and month of the first day paid for.
    """
    plan = owed(reference, journal, now.astimezone(TOKYO).date()).filter(pl.col("state") == DUE)
    stem = pl.format("{}_-_{}_Y", pl.col("agreement_code"), pl.col("day").dt.to_string("%Y-%m"))
    known = billings(journal).group_by(pl.col("ledger_id").str.replace(r"_\d+$", "").alias("stem")).len("n")
    rows = (
        plan.with_columns(stem.alias("stem"))
        .join(known, on="stem", how="left", maintain_order="left")
        .select(
            pl.lit(YEARLY).alias("entry"),
            pl.lit(now).dt.convert_time_zone("Asia/Tokyo").alias("booked_at"),
            pl.lit(str(Product.SIMPLIFIED_NOTICE)).alias("product"),
            pl.col("holder").alias("submitter"),
            pl.col("stem").str.strip_suffix("_Y").alias("unit"),
            pl.col("day").alias("acceptance_date"),
            pl.lit(reference.load_no, pl.Int64).alias("reference_load"),
            "agreement_code",
            pl.col("holder").alias("policyholder_code"),
            pl.col("buyer_code").alias("payer_code"),
            pl.col("buyer_country").alias("payer_country"),
            "country_category",
            "buyer_rating",
            pl.col("days").alias("days_pre"),
            pl.col("base_yen").alias("base_pre_yen"),
            *("year_from", "year_until", "paid_limit_yen", "pre_limit_yen", "rate_p", "premium_total"),
            pl.col("premium_total").alias("due_total"),
            pl.col("premium_total").alias("difference_total"),
            pl.format("{}_{}", pl.col("stem"), pl.col("n").fill_null(0) + 1).alias("ledger_id"),
        )
    )
    return rows.cast({name: SCHEMA[name] for name in rows.columns})


def billings(journal: pl.LazyFrame) -> pl.DataFrame:
    """One row per yearly billing: ``ledger_id``, ``billed_at``, ``unit``, ``agreement_code``, ``holder``,
    ``reference_load``, ``lines``, ``premium_total``.
    """
    return (
        journal.filter(pl.col("entry") == YEARLY)
        .group_by("ledger_id")
        .agg(
            pl.col("booked_at").min().alias("billed_at"),
            pl.col("unit").first(),
            pl.col("agreement_code").first(),
            pl.col("policyholder_code").first().alias("holder"),
            pl.col("reference_load").min(),
            pl.len().alias("lines"),
            pl.col("premium_total").sum(),
        )
        .sort("billed_at", "ledger_id")
        .collect()
    )


def recomputed(rows: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """The same ``yearly`` journal rows, in their order, with the columns ``RECOMPUTED`` made anew from the tables.

    Args:
        rows: journal rows of entry ``yearly``, all of one ``reference_load``.
        reference: the tables of that load.
    """
    limits = _limits(reference)
    keys = rows.select("agreement_code", "payer_code", "acceptance_date").iter_rows()
    limit = [
        next((yen for since, yen in reversed(limits.get(agreement, {}).get(buyer, [])) if since <= day), None)
        for agreement, buyer, day in keys
    ]
    plan = rows.select(
        *(
            "agreement_code",
            pl.col("policyholder_code").alias("holder"),
            pl.col("payer_code").alias("buyer_code"),
        ),
        *("year_from", "year_until", pl.col("acceptance_date").alias("day"), "paid_limit_yen"),
        pl.Series("pre_limit_yen", limit, dtype=pl.Int64),
        pl.lit(DUE).alias("state"),
    )
    again = _rated(plan, reference)
    values = {
        "pre_limit_yen": again["pre_limit_yen"],
        "payer_country": again["buyer_country"],
        "country_category": again["country_category"],
        "buyer_rating": again["buyer_rating"],
        "rate_p": again["rate_p"],
        "days_pre": again["days"],
        "base_pre_yen": again["base_yen"],
        **dict.fromkeys(("premium_total", "due_total", "difference_total"), again["premium_total"]),
    }
    return rows.with_columns(series.cast(SCHEMA[name]).alias(name) for name, series in values.items())


def _rated(plan: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Rows of ``_OWED`` with rate and premium; ``state`` tells why there is none."""
    frame = plan.with_columns(
        pl.lit(str(Product.SIMPLIFIED_NOTICE)).alias("product"), pl.lit("a").alias("danger")
    )
    look_up = reference.look_up
    take = {"buyer_since": "valid_from", "buyer_country": "country", "buyer_rating": "rating"}
    frame = look_up(frame, "buyers", {"buyer_code": "buyer_code"}, "day", take)
    frame = look_up(frame, "buyer_ratings", {"buyer_rating": "rating"}, "day", {"class": "rating_class"})
    key = {"product": "product", "class": "rating_class", "danger": "component"}
    frame = look_up(frame, "cover", key, "day", {"condition": "condition"})
    key, take = {"buyer_country": "country"}, {"country_category": "category"}
    frame = look_up(frame, "country_categories", key, "day", take)
    frame = _with_rate_row(frame, reference)
    days = (pl.col("year_until") - pl.col("day")).dt.total_days() + 1
    of_days = (pl.col("year_until") - pl.col("year_from")).dt.total_days() + 1
    one = pl.lit(1)
    rate = rate_milli(pl.col("a"), pl.col("b"), pl.lit(0), one, one)
    frame = frame.with_columns(
        rate.alias("rate_p"),
        days.cast(pl.Int32).alias("days"),
        (pl.col("pre_limit_yen") - pl.col("paid_limit_yen")).alias("base_yen"),
    )
    premium = premium_of_days(pl.col("base_yen"), pl.col("rate_p"), pl.col("days"), of_days)
    state = (
        pl.when(pl.col("state") != DUE)
        .then("state")
        .when(pl.col("buyer_since").is_null())
        .then(pl.lit(UNKNOWN_BUYER))
        .when(pl.col("condition") == "refused")
        .then(pl.lit(REFUSED_BUYER))
        .when(pl.col("rate_p").is_null())
        .then(pl.lit(NO_RATE))
        .otherwise("state")
    )
    return (
        frame.with_columns(state.alias("state"))
        .with_columns(pl.when(pl.col("state") == DUE).then(premium).alias("premium_total"))
        .select(list(PLAN))
    )


def _with_rate_row(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """``a`` and ``b`` of component P in force on the first day of the year."""
    rates = (
        reference.table("rates")
        .filter(pl.col("component") == "p", pl.col("product") == Product.SIMPLIFIED_NOTICE)
        .with_columns(pl.lit(NEVER).alias("lent_until"))
    )
    keys = {"country_category": "category", "class": "rating", "year_from": "day"}
    chosen = chosen_rates(frame.select(keys.keys()).rename(keys), rates)
    chosen = chosen.select(*(pl.col(name).alias(column) for column, name in keys.items()), "a", "b")
    return frame.join(chosen, on=list(keys), how="left", nulls_equal=True, maintain_order="left")


def _contracts(reference: Reference) -> Iterator[_Contract]:
    """The 簡易 agreements that have, or had, cover before shipment.

    A row after one that was left open (no ``valid_to``) changes the running contract; after one that has its end a new
    contract begins.
    """
    table = (
        reference.table("agreements")
        .filter(pl.col("product") == Product.SIMPLIFIED_NOTICE)
        .sort("agreement_code", "valid_from")
    )
    for (code,), part in table.partition_by("agreement_code", as_dict=True, maintain_order=True).items():
        if not part["pre_shipment_cover"].any():
            continue
        running: list[Mapping[str, Any]] = []
        for row in part.iter_rows(named=True):
            running.append(row)
            if row["valid_to"] is not None:
                yield _Contract(str(code), running[0]["valid_from"], row["valid_to"], tuple(running))
                running = []
        if running:
            yield _Contract(str(code), running[0]["valid_from"], None, tuple(running))


def _limits(reference: Reference) -> dict[str, dict[str, list[tuple[date, int]]]]:
    """Agreement → buyer → (first day, limit before shipment in yen; 0 without one), oldest first."""
    table = reference.table("buyer_registrations").sort("agreement_code", "buyer_code", "valid_from")
    found: dict[str, dict[str, list[tuple[date, int]]]] = {}
    columns = ("agreement_code", "buyer_code", "valid_from", "pre_limit_yen")
    for agreement, buyer, since, limit in table.select(columns).iter_rows():
        found.setdefault(agreement, {}).setdefault(buyer, []).append((since, limit or 0))
    return found


def _paid(journal: pl.LazyFrame) -> dict[str, dict[str, _Paid]]:
    """Agreement → buyer → what its ``yearly`` rows paid for."""
    columns = ("agreement_code", "payer_code", "year_from", "year_until", "acceptance_date")
    limits = ("paid_limit_yen", "pre_limit_yen")
    rows = journal.filter(pl.col("entry") == YEARLY).select(*columns, *limits).collect()
    found: dict[str, dict[str, _Paid]] = {}
    for agreement, buyer, first, until, day, before, limit in rows.iter_rows():
        paid = found.setdefault(agreement, {}).setdefault(buyer, _Paid())
        paid.limits.setdefault((first, until), {})[day] = (before, limit)
    return found
