"""May these records be insured as they stand? Rules across cells, records and reference tables.

Runs on records that were judged, enriched and rated; every rule is one entry with its code. What needs the journal
(is the contract insured already?) is ``pipelines.post``. Sources stand at each group.
"""

from datetime import date
from functools import cache

import polars as pl

from pipelines.hierarchy import first_of
from pipelines.rate import rated_components
from pipelines.rules import Rule
from schemas.layouts import Layout
from schemas.money import COMPONENT_NAMES, MAX_RATE_MILLI, MAX_YEN
from schemas.products import FACTS, PROCESS_TYPES, Product, is_notice


@cache
def record_rules(layout: Layout) -> tuple[Rule, ...]:
    """What every record must tell of itself, whatever its process type: A-017…A-019, B-009."""
    process_type = pl.col("process_type")
    is_new, enlarges = process_type == "1", (process_type == "1") & (pl.col("change_reason") == "01")
    rules = [Rule("process-type", "process_type", ~process_type.is_in(list(PROCESS_TYPES)))]
    if is_notice(layout.product):
        never: tuple[str, ...] = ("notice_year", "notice_serial", "history_no")
    else:
        number, never = ("application_year", "application_serial"), ("history_no", "source_branch_no")
        for name in number:
            given = pl.col(name).is_not_null()
            rules.append(Rule("number-not-allowed", name, is_new & given & ~enlarges.fill_null(False)))
            rules.append(Rule("mandatory", name, enlarges & ~given))
    rules += [Rule("number-not-allowed", name, is_new & pl.col(name).is_not_null()) for name in never]
    return tuple(rules)


def content_rules(layout: Layout, submitter: str, received_on: date) -> list[Rule]:
    """May a contract of this content be insured? For new records and for what changes make of booked lines.

    Args:
        layout: the upload's layout.
        submitter: 9-digit code of the submitting holder.
        received_on: Tokyo day of receipt (申請日).
    """
    product = layout.product
    return [
        *_party_rules(product, submitter),
        *_buyer_rules(product),
        *_money_rules(layout),
        *_cover_rules(product),
        *(_notice_rules() if is_notice(product) else _ledger_rules(layout, received_on)),
    ]


def application_rules(layout: Layout) -> list[Rule]:
    """Only for new records: do they hang together, and do they come in time?"""
    if is_notice(layout.product):
        return _notice_time_rules()
    return [*_hierarchy_rules(layout), *_application_time_rules()]


def _text(day: str) -> pl.Expr:
    return pl.col(day).dt.to_string("%Y-%m-%d")


def _party_rules(product: Product, submitter: str) -> list[Rule]:
    """Holder and agreement: A-037…A-039, contract §5, §6."""
    known = pl.col("holder_known")
    yours = (pl.col("policyholder_code") == submitter) | (pl.col("association") == submitter).fill_null(False)
    agreement_known = pl.col("agreement_since").is_not_null()
    in_force = pl.col("agreement_product").is_not_null()
    code = pl.col("agreement_code").is_not_null()
    rules = [
        Rule("holder-unknown", "policyholder_code", pl.col("policyholder_code").is_not_null() & ~known),
        Rule("holder-not-yours", "policyholder_code", known & ~yours),
        Rule("agreement-unknown", "agreement_code", code & ~agreement_known),
        Rule(
            "agreement-not-in-force",
            "agreement_code",
            agreement_known & ~in_force,
            {"day": _text("acceptance_date")},
        ),
        Rule(
            "agreement-other-holder",
            "agreement_code",
            in_force & (pl.col("agreement_holder") != pl.col("policyholder_code")),
        ),
        Rule(
            "agreement-other-product",
            "agreement_code",
            in_force & (pl.col("agreement_product") != str(product)),
            {"product": FACTS[product].name_ja},
        ),
    ]
    options = {"fully_brokered": "agreed_fully_brokered"}
    if not is_notice(product):
        options |= {
            "full_political_cover": "agreed_full_political_cover",
            "additional_cost_rider": "agreed_additional_cost",
        }
    rules += [
        Rule("option-not-agreed", flag, in_force & (pl.col(flag) == "1") & ~pl.col(agreed).fill_null(False))
        for flag, agreed in options.items()
    ]
    return rules


def _buyer_rules(product: Product) -> list[Rule]:
    """Buyers, ratings, registrations, countries: A-035…A-037, B-029, B-031, E-048, E-049."""
    rules: list[Rule] = []
    for role in ("counterparty", "payer", "guarantor"):
        code, rating = pl.col(f"{role}_code"), pl.col(f"{role}_rating")
        rules.append(Rule("buyer-unregistered", f"{role}_code", code.is_not_null() & rating.is_null()))
        rules.append(
            Rule(
                "rating-unknown",
                f"{role}_code",
                rating.is_not_null() & pl.col(f"{role}_class").is_null(),
                {"rating": rating},
            )
        )
    # A class without any row in the cover table would be covered for nothing, without a word.
    coverless = pl.all_horizontal(pl.col(f"condition_{c}").is_null() for c in rated_components(product))
    rules.append(
        Rule(
            "rating-unknown",
            "payer_code",
            pl.col("payer_class").is_not_null() & coverless,
            {"rating": pl.col("payer_rating")},
        )
    )
    rules.append(
        Rule("buyer-refused", "payer_code", pl.col("payer_class") == "B", {"rating": pl.col("payer_rating")})
    )
    for role in ("counterparty", "payer"):
        known = pl.col(f"{role}_rating").is_not_null() & pl.col("agreement_product").is_not_null()
        registered = pl.col(f"{role}_registered_from")
        rules.append(
            Rule(
                "buyer-not-under-agreement",
                f"{role}_code",
                known & registered.is_null(),
                {"agreement": pl.col("agreement_code")},
            )
        )
    if is_notice(product):
        out = pl.col("payer_excluded").fill_null(False)
        rules.append(Rule("buyer-excluded", "payer_code", out, {"agreement": pl.col("agreement_code")}))
        lc = pl.col("lc_good")
        needs_limit = (
            pl.col("payer_limit_required").fill_null(False)
            & pl.col("payer_registered_from").is_not_null()
            & ~lc
        )
        rules.append(
            Rule(
                "limit-missing",
                "payer_code",
                needs_limit & pl.col("payer_limit_yen").is_null(),
                {"rating": pl.col("payer_rating")},
            )
        )
    countries = {
        "destination_country": "destination",
        "payer_country": "payer",
        "guarantor_country": "guarantor",
    }
    for field, role in countries.items():
        since = pl.col(f"{role}_country_since")
        rules.append(Rule("code-unknown", field, pl.col(field).is_not_null() & since.is_null()))
        rules.append(
            Rule("category-missing", field, since.is_not_null() & pl.col(f"{role}_category").is_null())
        )
    return rules


def _money_rules(layout: Layout) -> list[Rule]:
    """Currency, yen without decimals, bounds: contract §5, A-044, E-077."""
    notice = is_notice(layout.product)
    rules = [
        Rule(
            "no-exchange-rate",
            "currency",
            pl.col("currency").is_not_null()
            & pl.col("fx_day").is_not_null()
            & pl.col("yen_rate_micro").is_null(),
            {"day": _text("fx_day")},
        )
    ]
    for field in layout.by_kind("amount"):
        decimals = (pl.col("currency") == "JPY") & pl.col(field.field).str.contains(".", literal=True)
        rules.append(Rule("yen-decimals", field.field, decimals))
        cents = pl.col(f"{field.field}_cents").cast(pl.Int128) * pl.col("yen_rate_micro").cast(pl.Int128)
        rules.append(Rule("amount-too-large", field.field, cents // 100_000_000 > MAX_YEN))
    floor = pl.col("contract_yen") < pl.col("floor_yen")
    if not notice:
        rules.append(
            Rule(
                "below-floor",
                "contract_amount",
                floor,
                {"floor": pl.col("floor_yen")},
                value=pl.col("contract_yen"),
            )
        )
    return rules


def _cover_rules(product: Product) -> list[Rule]:
    """Cover by rating and flags, and whether a rate is there: E-042…E-049, E-126…E-131, contract "Not covered"."""
    rules: list[Rule] = []
    for c in rated_components(product):
        danger = f"{c.upper()} {COMPONENT_NAMES[c]}"
        category = pl.col({"a": "country_category_pre", "b": "country_category"}.get(c, "payer_class"))
        rules.append(
            Rule(
                "not-covered",
                "payer_code",
                pl.col(f"cover_rule_{c}").is_not_null() & pl.col("leads") & (pl.col("payer_class") != "B"),
                {"danger": danger, "rule": pl.col(f"cover_rule_{c}")},
            )
        )
        rules.append(
            Rule(
                "no-rate",
                "payer_code",
                pl.col(f"rated_{c}")
                & pl.col(f"a_{c}").is_null()
                & pl.col("agreement_product").is_not_null()
                & category.is_not_null(),
                {
                    "danger": danger,
                    "category": category if c in "ab" else "*",
                    "rating": pl.col("payer_class"),
                },
            )
        )
        rules.append(
            Rule(
                "rate-too-large",
                "last_shipment_date"
                if c in "ac"
                else ("period_band" if is_notice(product) else "usance_days"),
                pl.col(f"rated_{c}") & pl.col(f"a_{c}").is_not_null() & pl.col(f"rate_{c}").is_null(),
                value=pl.format("{}: {}% 超", pl.lit(danger), pl.lit(f"{MAX_RATE_MILLI // 1000}.999")),
            )
        )
    receipt_open = pl.col("lc_good") & pl.col("lc_receipt_date").is_null()
    by_lc = pl.any_horizontal(
        (pl.col(f"condition_{c}") == "lc_only").fill_null(False)
        for c in rated_components(product)
        if c in "cd"
    )
    rules.append(Rule("lc-receipt-unknown", "lc_receipt_date", receipt_open & by_lc & pl.col("leads")))
    excluded = pl.col("excluded_categories")
    both = excluded.str.contains(pl.col("destination_category"), literal=True) & excluded.str.contains(
        pl.col("payer_category"), literal=True
    )
    rules.append(
        Rule(
            "subsidiary-excluded",
            "to_subsidiary",
            (pl.col("to_subsidiary") == "1") & excluded.is_not_null() & both,
            value=excluded,
        )
    )
    return rules


def _ledger_rules(layout: Layout, received_on: date) -> list[Rule]:
    """企総 and its sisters: dates A-044, scope E-009…E-021, 証券型 A-046, E-090…E-096."""
    rules = [
        Rule(
            "goods-excluded",
            "goods_code",
            pl.col("goods_excluded"),
            {"product": FACTS[layout.product].name_ja},
        )
    ]
    if layout.product is Product.EQUIPMENT:
        # 設備財 covers the credit of EM/EF payers by an individual line instead of the buyer's limit (facts §3.1).
        by_line = pl.col("payer_class").is_in(["EM", "EF"]) & pl.col("rated_d") & ~pl.col("lc_good")
        rules.append(Rule("mandatory", "guarantee_line_no", by_line & pl.col("guarantee_line_no").is_null()))
    lc = pl.col("method_lc").fill_null(False)
    filled = {name: pl.col(name).is_not_null() for name in layout.names}
    rules += [
        Rule(
            "mandatory", "shipment_country", (pl.col("contract_form") == "15") & ~filled["shipment_country"]
        ),
        Rule("mandatory", "guarantor_code", lc & ~filled["guarantor_code"]),
        Rule("mandatory", "guarantor_country", filled["guarantor_code"] & ~filled["guarantor_country"]),
        Rule("mandatory", "usance_days", (pl.col("method_needs") == "usance_days") & ~filled["usance_days"]),
        Rule("mandatory", "due_date", (pl.col("method_needs") == "due_date") & ~filled["due_date"]),
        Rule(
            "code-unknown",
            "settlement_method",
            filled["settlement_method"] & pl.col("day_rule").is_null(),
        ),
        Rule(
            "code-unknown",
            "contract_form",
            filled["contract_form"] & ~pl.col("contract_form_known"),
        ),
    ]
    contract, shipment = pl.col("contract_date_day"), pl.col("last_shipment_date_day")
    start, due = pl.col("start_day"), pl.col("due_date_day")
    rules += [
        Rule("date-future", "contract_date", contract > received_on),
        Rule("date-future", "lc_receipt_date", pl.col("lc_receipt_date_day") > received_on),
        Rule(
            "shipment-before-contract",
            "last_shipment_date",
            shipment < contract,
            {"other": _text("contract_date_day")},
        ),
        Rule("due-before-start", "due_date", due < start, {"other": _text("start_day")}),
    ]
    long_term = (
        pl.when(due.is_not_null())
        .then(pl.format("{}", _text("due_date_day")))
        .otherwise(pl.format("{}日", "usance"))
    )
    retained = (
        pl.when("method_retention")
        .then("settlement_principal_cents")
        .otherwise(0)
        .cast(pl.Int128)
        .sum()
        .over("branch_id")
    )
    small_retention = pl.col("method_retention") & (retained * 10 <= pl.col("contract_amount_cents"))
    over_2y = ~pl.col("settles_within_2y")
    over_1y = ~pl.col("settles_within_1y") & ~over_2y & pl.col("payer_class").is_in(["EM", "EF"])
    home = (
        pl.col("contract_amount_cents")
        - pl.col("brokered_amount_cents").fill_null(0)
        - pl.col("service_amount_cents").fill_null(0)
    )
    service, brokered = (
        pl.col("service_amount_cents").fill_null(0),
        pl.col("brokered_amount_cents").fill_null(0),
    )
    only_brokered = (home <= 0) & (brokered > 0) & (brokered >= service)
    rules += [
        Rule(
            "settlement-2-years",
            "settlement_method",
            over_2y & ~small_retention.fill_null(False),
            {"label": "決済"},
            value=long_term,
        ),
        Rule(
            "settlement-1-year",
            "settlement_method",
            # Elsewhere the cover table leaves D without cover (contract "Not covered").
            pl.lit(layout.product is Product.ENTERPRISE)
            & over_1y
            & ~pl.col("lc_good")
            & ~small_retention.fill_null(False),
            {"label": "決済", "rating": pl.col("payer_rating")},
            value=long_term,
        ),
        Rule("service-largest", "service_amount", (service > home) & (service > brokered)),
        Rule(
            "brokered-option",
            "fully_brokered",
            # A marked line without the option is told by option-not-agreed already.
            only_brokered
            & ~pl.col("agreed_fully_brokered")
            & (pl.col("fully_brokered").fill_null("") != "1"),
        ),
        Rule("policy-type", "policy_type_marks", pl.col("policy_type_marks").str.contains("[1-9]")),
        Rule(
            "policy-type",
            "settlement_currency",
            filled["settlement_currency"] & (pl.col("settlement_currency") != pl.col("currency")),
            value=pl.lit("7: 表示通貨と異なる通貨による決済"),
        ),
        Rule("disclosure", "disclosure_marks", pl.col("disclosure_marks").str.contains("[1-9]")),
    ]
    return rules


def _hierarchy_rules(layout: Layout) -> list[Rule]:
    """Header, 枝番 and 船積 fields are repeated on each line and must agree within their key (A-033)."""
    # Records without a usable key have been told as such; they are strangers, not one group.
    contract = pl.col("agreement_code").is_not_null() & pl.col("export_contract_no").is_not_null()
    shipment = contract & pl.col("shipment_no").is_not_null()
    rules = [
        Rule(
            "duplicate-line",
            "settlement_no",
            shipment & pl.col("settlement_no").is_not_null() & (pl.col("line_record") != pl.col("record")),
            {"first": pl.col("line_record")},
            among=True,
        ),
        Rule(
            "branch-missing",
            "branch_no",
            contract
            & pl.col("branch_no").is_null()
            & (pl.col("branch_key").n_unique().over("application_id") > 1),
            among=True,
        ),
    ]
    keys = {
        "agreement_code",
        "export_contract_no",
        "branch_no",
        "shipment_no",
        "settlement_no",
        "process_type",
    }
    amounts = {field.field for field in layout.by_kind("amount")}
    mandatory = set(layout.mandatory("1"))
    for level, group, unit, keyed in (
        ("header", "application_id", "申込み", contract),
        ("branch", "branch_id", "枝番", contract),
        ("shipment", "shipment_id", "船積No.", shipment),
    ):
        for name in layout.at_level(level):
            if name in keys:
                continue
            # 100 and 100.00 dollars agree; a mandatory cell without a usable value has been told as such already.
            cell = pl.col(f"{name}_cents" if name in amounts else name)
            before = first_of(cell, group)
            differs = cell != before if name in mandatory else cell.ne_missing(before)
            fill: dict[str, pl.Expr | str] = {
                "unit": unit,
                "first": pl.col(f"{group.removesuffix('_id')}_record"),
            }
            rules.append(Rule("inconsistent", name, keyed & differs, fill, among=True))
    return rules


def _notice_rules() -> list[Rule]:
    """簡易通知: B-013…B-019, B-038."""
    month = pl.col("shipment_month_day")
    first_shipment, earliest = pl.col("first_shipment_date_day"), pl.col("earliest_contract_date_day")
    lc = (pl.col("lc_flag") == "1").fill_null(False)
    return [
        Rule("mandatory", "guarantor_code", lc & pl.col("guarantor_code").is_null()),
        Rule(
            "mandatory",
            "guarantor_country",
            pl.col("guarantor_code").is_not_null() & pl.col("guarantor_country").is_null(),
        ),
        Rule(
            "code-unknown",
            "period_band",
            pl.col("period_band").is_not_null() & pl.col("band_days").is_null(),
        ),
        Rule(
            "code-unknown",
            "notice_kind",
            pl.col("notice_kind").is_not_null() & ~pl.col("notice_kind_known"),
        ),
        Rule(
            "contract-before-policy",
            "earliest_contract_date",
            earliest < pl.col("agreement_since"),
            {"other": _text("agreement_since")},
        ),
        Rule(
            "shipment-outside-month",
            "first_shipment_date",
            first_shipment.dt.truncate("1mo") != month,
            {"other": pl.col("shipment_month")},
        ),
        Rule(
            "shipment-before-contract",
            "first_shipment_date",
            first_shipment < earliest,
            {"other": _text("earliest_contract_date_day")},
        ),
        Rule("shipment-1-year", "first_shipment_date", first_shipment > earliest.dt.offset_by("1y")),
        Rule("service-included", "service_flag", pl.col("service_flag") == "1"),
    ]


def _application_time_rules() -> list[Rule]:
    """申込期限 and cover that begins late: A-040…A-043, E-081, E-082; an increase counts from its own date."""
    contract, shipment = pl.col("contract_date_day"), pl.col("last_shipment_date_day")
    enlarges = (pl.col("change_reason") == "01").fill_null(False)
    concluded = pl.when(enlarges).then(pl.coalesce("change_date_day", contract)).otherwise(contract)
    deadline = concluded.dt.offset_by("1mo").dt.month_end()
    return [
        Rule(
            "shipped-before-acceptance",
            "last_shipment_date",
            (shipment < pl.col("acceptance_date")) & (shipment >= contract),
            {"day": _text("acceptance_date")},
        ),
        Rule(
            "late-application",
            "contract_date",
            pl.col("acceptance_date") > deadline,
            {"deadline": deadline.dt.to_string("%Y-%m-%d"), "day": _text("acceptance_date")},
        ),
    ]


def _notice_time_rules() -> list[Rule]:
    """通知期限 and registration in time: B-022…B-024, B-030."""
    month = pl.col("shipment_month_day")
    deadline = month.dt.offset_by("1mo").dt.month_end()
    return [
        Rule("month-future", "shipment_month", month > pl.col("acceptance_date")),
        Rule(
            "late-notice",
            "shipment_month",
            pl.col("acceptance_date") > deadline,
            {"deadline": deadline.dt.to_string("%Y-%m-%d"), "day": _text("acceptance_date")},
        ),
        Rule(
            "registered-late",
            "payer_code",
            pl.col("payer_registered_from") >= month,
            {"day": _text("payer_registered_from")},
        ),
    ]
