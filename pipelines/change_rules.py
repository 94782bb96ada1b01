"""May this partial record come now, and in time? Rules for 処理種別 2–5, as expressions over joined facts.

Which facts a record has is ``pipelines.change``; content of the changed lines is judged by ``pipelines.screen`` like
that of new ones. A-020…A-024, A-050, A-051, B-034…B-036, E-100…E-107, E-141, E-142.
"""

from datetime import date

import polars as pl

from pipelines.rules import Rule
from schemas.layouts import Layout
from schemas.products import FACTS, is_notice

_LAST_HISTORY = 99
_CHANGE_NOTICE_SINCE = date(2014, 10, 1)
"""Contracts insured before it follow the former 内容変更承認申請 (E-106)."""
_SUBSTANTIAL = (
    *("counterparty_code", "payer_code", "guarantor_code"),
    *("destination_country", "payer_country", "guarantor_country", "currency"),
)
_SUBSTANTIAL_LEDGER = (*_SUBSTANTIAL, "settlement_method", "settlement_currency")
_SUBSTANTIAL_NOTICE = (*_SUBSTANTIAL, "period_band", "lc_flag")


def _is(*types: str) -> pl.Expr:
    return pl.col("process_type").is_in(list(types))


def record_rules(layout: Layout, submitter: str, received_on: date) -> list[Rule]:
    """Is there such an application, is it yours, in the right stage, and is the record about its current version?"""
    kind = "notice" if is_notice(layout.product) else "application"
    number = f"{kind}_serial"
    known = pl.col("is_product").is_not_null()
    # Of somebody else's application nothing is told, not even that it is there.
    holder = pl.col("policyholder_code")
    acts_for = (holder == submitter) | (pl.col("association") == submitter).fill_null(False)
    yours = known & (pl.col("is_policyholder") == holder) & acts_for
    same_product = yours & (pl.col("is_product") == str(layout.product))
    mine = same_product & (pl.col("is_agreement") == pl.col("agreement_code"))
    alive = mine & pl.col("is_history").is_not_null()
    branch = pl.col("application_no")
    state: dict[str, pl.Expr | str] = {"number": branch, "history": pl.col("is_history")}
    in_ledger = alive & pl.col("left_ledger").is_null()
    confirmed = pl.col("is_stage") == "confirmed"
    closed = pl.col("notice_date") > pl.col("closes_on")
    usable = pl.col("history_no").str.contains(r"^\d{2}$")
    change_day = pl.col("change_date").str.to_date("%Y%m%d", strict=False)
    rules = [
        Rule("application-unknown", number, ~yours.fill_null(False), {"number": branch}),
        Rule(
            "application-other-product",
            number,
            yours & ~same_product,
            {"number": branch, "product": FACTS[layout.product].name_ja},
        ),
        Rule(
            "application-other-agreement",
            "agreement_code",
            same_product & ~mine,
            {"number": branch, "agreement": pl.col("is_agreement")},
        ),
        Rule("application-withdrawn", number, mine & pl.col("is_history").is_null(), {"number": branch}),
        Rule("left-ledger", number, mine & pl.col("left_ledger").is_not_null(), {"number": branch}),
        Rule(
            "not-yet-confirmed", "process_type", in_ledger & _is("2", "3") & ~pl.col("ever_confirmed"), state
        ),
        Rule("already-confirmed", "process_type", in_ledger & _is("4", "5") & confirmed, state),
        Rule(
            "correction-closed",
            "process_type",
            in_ledger & _is("4", "5") & ~confirmed & closed,
            {**state, "day": pl.col("closes_on").dt.to_string("%Y-%m-%d")},
        ),
        Rule(
            "stale-history",
            "history_no",
            alive & usable & (pl.col("history_no") != pl.col("is_history")),
            state,
        ),
        Rule(
            "history-full",
            "history_no",
            alive & _is("2", "3", "4") & (pl.col("last_history") >= _LAST_HISTORY),
            state,
        ),
        Rule("nothing-changed", "process_type", alive & _is("2", "3", "4") & ~pl.col("changes")),
        Rule("date-future", "change_date", change_day > received_on),
        Rule(
            "change-before-contract",
            "change_date",
            _is("2") & (change_day < pl.col("is_contract_date").str.to_date("%Y%m%d", strict=False)),
            {"other": pl.col("is_contract_date")},
        ),
        Rule("old-contract", number, alive & _is("2") & (pl.col("insured_from") < _CHANGE_NOTICE_SINCE)),
        Rule("code-unknown", "change_reason", ~pl.col("reason_known")),
        Rule("increase-needs-branch", "change_reason", _is("2") & (pl.col("change_reason") == "01")),
    ]
    if not is_notice(layout.product):
        rules.append(Rule("branch-split", "source_branch_no", pl.col("source_branch_no").is_not_null()))
        rules += _flag_rules(layout, alive & _is("2", "3", "4"))
    return rules


def _flag_rules(layout: Layout, alive: pl.Expr) -> list[Rule]:
    """Sub-record flags of shipment and settlement: 1 add, 2 change, 5 remove (contract §7)."""

    def filled(level: str) -> pl.Expr:
        keys = ("shipment_no", "settlement_no", "shipment_process_type", "settlement_process_type")
        return pl.any_horizontal(
            pl.col(name).is_not_null() for name in layout.at_level(level) if name not in keys
        )

    of_shipment, of_line = pl.col("shipment_process_type"), pl.col("settlement_process_type")
    shipment_no, settlement_no = pl.col("shipment_no"), pl.col("settlement_no")
    shipment_data, line_data = filled("shipment"), filled("settlement")
    new_shipment = (of_shipment == "1").fill_null(False)
    new_line = (of_line == "1").fill_null(False) | new_shipment
    flags = ["1", "2", "5"]
    place: dict[str, pl.Expr | str] = {
        "number": pl.col("application_no"),
        "place": pl.concat_str(
            pl.lit("船積No."), shipment_no, pl.lit(" 決済No."), settlement_no, ignore_nulls=True
        ),
    }
    named_shipment, named_line = alive & shipment_no.is_not_null(), alive & settlement_no.is_not_null()
    return [
        Rule("code-unknown", "shipment_process_type", ~of_shipment.is_in(flags)),
        Rule("code-unknown", "settlement_process_type", ~of_line.is_in(flags)),
        Rule(
            "mandatory",
            "shipment_no",
            alive
            & shipment_no.is_null()
            & (
                shipment_data
                | line_data
                | of_shipment.is_not_null()
                | of_line.is_not_null()
                | settlement_no.is_not_null()
            ),
        ),
        Rule(
            "mandatory",
            "settlement_no",
            alive & settlement_no.is_null() & (line_data | of_line.is_not_null() | new_shipment),
        ),
        Rule(
            "flag-missing",
            "shipment_process_type",
            alive & _is("2") & shipment_data & of_shipment.is_null() & ~new_line,
        ),
        Rule(
            "flag-missing",
            "settlement_process_type",
            alive & _is("2") & line_data & of_line.is_null() & ~new_shipment,
        ),
        Rule("line-exists", "shipment_no", named_shipment & new_shipment & pl.col("shipment_there"), place),
        Rule(
            "line-unknown", "shipment_no", named_shipment & ~new_shipment & ~pl.col("shipment_lives"), place
        ),
        Rule(
            "line-exists",
            "settlement_no",
            named_line & new_line & pl.col("line_there") & ~new_shipment,
            place,
        ),
        Rule(
            "line-unknown",
            "settlement_no",
            named_line & ~new_line & pl.col("shipment_lives") & ~pl.col("line_lives"),
            place,
        ),
    ]


def merge_rules(layout: Layout) -> list[Rule]:
    """Records that make one version together must not say two things of the same branch or shipment."""
    rules = []
    levels = [("header", "申込み", ["application_no"]), ("branch", "枝番", ["application_no"])]
    if not is_notice(layout.product):
        levels.append(("shipment", "船積No.", ["application_no", "shipment_no"]))
    keys = ("process_type", "change_date", "change_reason", "shipment_no")
    for level, unit, key in levels:
        for name in layout.at_level(level):
            if name in keys:
                continue
            first = pl.col(name).drop_nulls().first().over(key)
            rules.append(
                Rule(
                    "inconsistent",
                    name,
                    pl.col(name).is_not_null() & (pl.col(name) != first),
                    {"unit": unit, "first": pl.col("record").first().over(key)},
                )
            )
    return rules


def version_rules(layout: Layout) -> list[Rule]:
    """What a change must leave behind: no mandatory field cleared, no branch without a line."""
    there = ~pl.col("removed")
    skip = ("process_type",)
    rules = [
        Rule("mandatory", name, there & pl.col(name).is_null())
        for name in layout.mandatory("1")
        if name not in skip
    ]
    if not is_notice(layout.product):
        elsewhere = pl.col("insured_as")
        rules.append(
            Rule("already-insured", "export_contract_no", elsewhere.is_not_null(), {"number": elsewhere})
        )
    gone = pl.col("removed").all().over("application_no")
    rules.append(Rule("all-removed", "shipment_process_type", gone))
    return rules


def substantial(layout: Layout) -> pl.Expr:
    """Whether a line's change is a 重大な内容変更 (E-100…E-103, E-141), over lines with what they were."""
    if is_notice(layout.product):
        return pl.any_horizontal(
            pl.col(name).ne_missing(pl.col(f"old_{name}")) for name in _SUBSTANTIAL_NOTICE
        )
    known = pl.col("old_export_contract_no").is_not_null()
    names = [name for name in _SUBSTANTIAL_LEDGER if name in layout.names]
    other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"old_{name}")) for name in names)
    postponed = pl.col("last_shipment_date_day") > pl.col("old_insured").dt.offset_by("3mo")
    grown = pl.col("contract_yen") - pl.col("old_contract_yen")
    increased = (
        (grown > 0) & (grown * 10 >= pl.col("old_contract_yen")) & (grown >= pl.col("floor_yen").fill_null(0))
    )
    return known & (other | postponed.fill_null(False) | increased.fill_null(False))


def notice_rules(layout: Layout) -> list[Rule]:
    """Deadlines of a change, once per branch: one month or the end of the next, and the 内容変更等通知期限."""
    changed = pl.col("change_date").str.to_date("%Y%m%d", strict=False)
    within = (
        changed.dt.offset_by("1mo").dt.month_end()
        if is_notice(layout.product)
        else changed.dt.offset_by("1mo")
    )
    day, limit = pl.col("notice_date"), pl.col("limit_before")
    big = pl.col("substantial")
    told = {"day": day.dt.to_string("%Y-%m-%d")}
    return [
        Rule("not-substantial", "change_reason", _is("2") & ~big),
        Rule(
            "late-change",
            "change_date",
            _is("2") & big & (day > within),
            {**told, "deadline": within.dt.to_string("%Y-%m-%d")},
        ),
        Rule(
            "after-notice-limit",
            "change_date",
            _is("2", "3") & (day > limit),
            {**told, "deadline": limit.dt.to_string("%Y-%m-%d")},
            value=limit.dt.to_string("%Y-%m-%d"),
        ),
    ]
