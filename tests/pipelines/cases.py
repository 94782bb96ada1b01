"""For every finding a record with which it fires, and the neighbour just inside with which it does not.

A case is one upload of three records: a good one, the one at fault, its neighbour. A new rule needs a case here, or
``test_every_code_has_a_case`` fails. Findings of the file as a table, and those that need two uploads, are tests of
their own in ``test_findings``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from schemas.products import Product
from tests import kit
from tests.kit import ENTERPRISE, NOTICE, Row, World, buyer, lc, notice_lc

EX = {"export_contract_no": "EX-SAME"}
"""Lines with these changes belong to one application."""

CREDIT_OF_P = (("payer_code", "not-covered"), ("payer_code", "not-covered"))
"""Warnings that come with a payer whose C and D are not covered."""


@dataclass(frozen=True)
class Case:
    """``code`` fires on ``field`` of the record at ``fault`` with these words, and not ``near`` it.

    ``also`` and ``near_also`` are the other findings that belong to such records, as (field, code).
    """

    code: str
    field: str
    fault: Row
    near: Row
    says: str
    product: Product = ENTERPRISE
    value: str | None = None
    """What the finding shows as found; by default what the record has in the field."""
    first: Row | None = None
    """Changes of the first record, when the fault needs company."""
    also: tuple[tuple[str, str], ...] = ()
    near_also: tuple[tuple[str, str], ...] = ()
    world: Callable[[World], None] | None = None
    accepted: date = kit.ACCEPTED
    req: tuple[str, ...] = ()
    text_only: bool = False
    """A spreadsheet puts this right or cannot hold it."""

    @property
    def id(self) -> str:
        odd = ",".join(f"{name}={text or 'blank'}" for name, text in self.fault.items())
        return f"{self.code}-{self.product}-{odd or 'as-is'}"[:110]


def adding(**tables: list[Row]) -> Callable[[World], None]:
    """A world with more rows."""

    def change(world: World) -> None:
        for name, rows in tables.items():
            world[name] = world[name] + rows

    return change


def new_buyer(
    code: str, rating: str, since: str = "2018-01-01", registered: str | None = "2018-04-01", limit: str = "1"
) -> Callable[[World], None]:
    """A world with one more buyer, registered under the agreements of HOLDER from a day on."""
    rows: list[Row] = [
        {"agreement_code": agreement, "buyer_code": code, "valid_from": registered, "limit_yen": limit}
        for agreement in (kit.AGREEMENT, kit.NOTICE_AGREEMENT)
        if registered
    ]
    return adding(
        buyers=[{"buyer_code": code, "valid_from": since, "rating": rating, "country": "105"}],
        buyer_registrations=rows,
    )


def _left_out(world: World) -> None:
    """A buyer that the agreements leave out; its counterparties are not asked."""
    new_buyer("105000077", "EA")(world)
    for row in world["buyer_registrations"][-2:]:
        row["excluded"] = "1"


def agreement(code: str, valid_from: str, valid_to: str) -> Callable[[World], None]:
    """A world with one more 企総 agreement of HOLDER."""
    return adding(
        agreements=[
            {
                "agreement_code": code,
                "valid_from": valid_from,
                "valid_to": valid_to,
                "holder": kit.HOLDER,
                "product": str(ENTERPRISE),
            }
        ],
        buyer_registrations=[{"agreement_code": code, "buyer_code": buyer("EA"), "valid_from": "2017-01-01"}],
    )


def _blind_country(world: World) -> None:
    world["country_categories"].append({"country": "158", "valid_from": "2018-01-01", "category": ""})


def _new_country(valid_from: str) -> Callable[[World], None]:
    return adding(country_categories=[{"country": "210", "valid_from": valid_from, "category": "A"}])


def _steep_rates(world: World) -> None:
    """1 % a day: 100 days are beyond 99.999 %."""
    world["rates"] += [
        {
            "product": str(product),
            "component": component,
            "country_category": category,
            "valid_from": "2018-11-01",
            "a": "1",
            "b": "0",
        }
        for product, component, category in (
            (ENTERPRISE, "A", "H"),
            (ENTERPRISE, "B", "G"),
            (NOTICE, "B", "G"),
        )
    ]


def _without_credit_rates(world: World) -> None:
    world["rates"] = [row for row in world["rates"] if row["component"] != "D" or row["buyer_rating"] != "EC"]


def _without_h_rates(world: World) -> None:
    world["rates"] = [row for row in world["rates"] if row["country_category"] != "H"]


def _two_yen(world: World) -> None:
    world["exchange_rates"].append({"currency": "ZZD", "valid_from": "2018-01-01", "yen_per_unit": "2"})


def _unheard_class(world: World) -> None:
    new_buyer("105000077", "PU")(world)
    world["buyer_ratings"] = [{"rating": "PU", "valid_from": "2018-01-01", "rating_class": "PU"}]


def _cells() -> list[Case]:
    """One cell at a time: pipelines.judge."""
    found = [
        Case("invalid-code", "destination_country", {"destination_country": "10"}, {}, "3桁の数字", text_only=True),
        Case("invalid-code", "destination_country", {"destination_country": "1A5"}, {}, "3桁の数字"),
        Case(
            "invalid-code",
            "agreement_code",
            {"agreement_code": "1111111011"},
            {},
            "「特約コード」の値「1111111011」は9桁の数字ではありません",
        ),
        Case("invalid-code", "destination_country", {"destination_country": "١٠٥"}, {}, "3桁の数字"),
        Case("invalid-character", "goods_code", {"goods_code": "84-000"}, {"goods_code": "84A000"}, "半角英数字"),
        Case("invalid-character", "export_contract_no", {"export_contract_no": "A\tB"}, {"export_contract_no": "A B"}, "使えない文字"),
        Case("invalid-character", "export_contract_no", {"export_contract_no": "A\u200bB"}, {"export_contract_no": "C D"}, "A[U+200B]B」に使えない文字U+200B(ゼロ幅スペース)"),
        Case("exponent-number", "export_contract_no", {"export_contract_no": "1.23457E+19"}, {"export_contract_no": "1.23457E19"}, "指数の形"),
        Case("exponent-number", "payer_code", {"payer_code": "1E+08"}, {}, "文字列"),
        Case("lost-zero", "goods_code", {"goods_code": "30389"}, {"goods_code": "030389"}, "先頭の0"),
        Case("invalid-character", "export_contract_no", {"export_contract_no": "#REF!"}, {"export_contract_no": "#REF"}, "使えない文字"),
        Case("too-long", "goods_code", {"goods_code": "8400001"}, {"goods_code": "840001"}, "6文字以内で入力してください(現在7文字)"),
        Case(
            "too-long",
            "export_contract_no",
            {"export_contract_no": "契" * 21},
            {"export_contract_no": "約" * 20},
            "20文字以内で入力してください(現在21文字)",
        ),
        Case("invalid-date", "contract_date", {"contract_date": "20181131"}, {"contract_date": "20181031"}, "YYYYMMDD"),
        Case("invalid-date", "last_shipment_date", {"last_shipment_date": "20190229"}, {"last_shipment_date": "20200229"}, "暦にある日付ではありません"),
        Case("invalid-date", "last_shipment_date", {"last_shipment_date": "30000101"}, {"last_shipment_date": "29991231"}, "暦にある日付ではありません"),
        Case("invalid-date", "last_shipment_date", {"last_shipment_date": "2018.12.06"}, {"last_shipment_date": "2018/12/6"}, "YYYYMMDD"),
        Case("invalid-month", "shipment_month", {"shipment_month": "201813"}, {"shipment_month": "201810"}, "YYYYMM", NOTICE),
        Case("invalid-month", "shipment_month", {"shipment_month": "2018"}, {"shipment_month": "2018-10"}, "YYYYMM", NOTICE),
        Case("invalid-number", "usance_days", {"usance_days": "1000"}, {"usance_days": "729"}, "3桁以内の整数"),
        Case("invalid-number", "usance_days", {"usance_days": "6O"}, {"usance_days": "060"}, "3桁以内の整数"),
        Case("invalid-number", "usance_days", {"usance_days": "٦٠"}, {}, "3桁以内の整数"),
        Case("invalid-number", "settlement_no", {"settlement_no": "100"}, {"settlement_no": "99"}, "2桁以内の整数"),
        Case("invalid-number", "policy_type_marks", {"policy_type_marks": "A"}, {"policy_type_marks": ""}, "9桁以内の整数"),
        Case("invalid-flag", "currency_rider", {"currency_rider": "2"}, {"currency_rider": "1"}, "0、1または空欄"),
        Case("invalid-currency", "currency", {"currency": "円"}, {"currency": "jpy"}, "ISO 4217"),
        Case("process-type", "process_type", {"process_type": "6"}, {"process_type": "1"}, "処理種別「6」は使えません"),
        Case("process-type", "process_type", {"process_type": "新"}, {"process_type": "１"}, "処理種別「新」は使えません"),
        Case("process-type", "process_type", {"process_type": "0"}, {}, "1:新規", NOTICE),
        Case("yen-decimals", "contract_amount", {"contract_amount": "100.50"}, {"contract_amount": "100.50", "currency": "USD"}, "整数で入力してください"),
        Case("yen-decimals", "settlement_principal", {"settlement_principal": "100.00"}, {"settlement_principal": "100"}, "整数で入力してください", text_only=True),
        Case("yen-decimals", "shipped_amount", {"shipped_amount": "1.5"}, {"shipped_amount": "1.5", "currency": "USD"}, "整数で入力してください", NOTICE, value="1.50"),
    ]  # fmt: skip
    amounts = {
        "1,00": "1,000",
        "1000,000": "1,000,000",
        "１，０００円": "１，０００",
        "-1": "0",
        "1e6": "1000000",
        "10000000000000": "9999999999999",
        "999,999,999,999,999": "9,999,999,999,999",
        "10,000,000,000,000": "0009999999999",
        "１００００００００００００００": "００１００",
        "١٠٠٠٠٠٠": "1000000",
        "#DIV/0!": "1",
    }
    found += [
        Case("invalid-amount", "post_shipment_amount", {"post_shipment_amount": bad}, {"post_shipment_amount": good}, "整数部13桁・小数部2桁以内", value=bad.replace("１，０００円", "1,000円").replace("１００００００００００００００", "1" + "0" * 14))
        for bad, good in amounts.items()
    ]  # fmt: skip
    found += [
        Case("invalid-amount", "post_shipment_amount", {"post_shipment_amount": bad, "currency": "USD"}, {"post_shipment_amount": good, "currency": "USD"}, "整数部13桁・小数部2桁以内")
        for bad, good in {"1.123": "1.12", ".5": "0.5", "1.": "1", "1.5.0": "1.50"}.items()
    ]  # fmt: skip
    return found


def _mandatory() -> list[Case]:
    """Conditional ones; the plain ＊ columns are walked through by a test of their own."""
    form_15 = {"contract_form": "15"}
    bank = {"guarantor_code": buyer("SA")}
    lc_words = "「保証人(L/C発行・確認銀行)バイヤーコード」は必須です。値を入力してください。"
    lc_days = {"settlement_method": "11"}
    return [
        Case("mandatory", "goods_code", {"goods_code": "  "}, {}, "「貨物コード」は必須です", text_only=True),
        Case("mandatory", "shipment_country", form_15, form_15 | {"shipment_country": "110"}, "「船積国」は必須です"),
        Case("mandatory", "guarantor_code", lc_days, lc(), lc_words),
        Case("mandatory", "guarantor_country", bank, bank | {"guarantor_country": "105"}, "「保証国」は必須です"),
        Case("mandatory", "usance_days", {"usance_days": ""}, {"usance_days": "0"}, "「ユーザンス日数」は必須です"),
        Case("mandatory", "usance_days", {"usance_days": ""}, {"usance_days": "", "settlement_method": "40"}, "は必須です"),
        Case("mandatory", "due_date", {"settlement_method": "49"}, {"settlement_method": "49", "due_date": "20190101"}, "「決済予定日」は必須です"),
        Case("mandatory", "due_date", {"settlement_method": "70"}, {"settlement_method": "70", "due_date": "20190101"}, "「決済予定日」は必須です"),
        Case("mandatory", "guarantor_code", {"lc_flag": "1"}, notice_lc(), "バイヤーコード」は必須です", NOTICE),
        Case("mandatory", "guarantor_country", bank, bank | {"guarantor_country": "105"}, "「保証国」は必須です", NOTICE),
    ]  # fmt: skip


def _codes_and_numbers() -> list[Case]:
    found = [
        Case("code-unknown", "settlement_method", {"settlement_method": "99"}, {"settlement_method": "40"}, "コード表にありません"),
        Case("code-unknown", "contract_form", {"contract_form": "12"}, {"contract_form": "11"}, "コード表にありません"),
        Case("code-unknown", "destination_country", {"destination_country": "999"}, {}, "コード表にありません"),
        Case("code-unknown", "payer_country", {"payer_country": "210"}, {}, "コード表にありません", world=_new_country("2018-11-07")),
        Case("code-unknown", "guarantor_country", lc(guarantor_country="999"), lc(), "コード表にありません"),
        Case("code-unknown", "period_band", {"period_band": "7"}, {"period_band": "6"}, "コード表にありません", NOTICE, req=("B-018", "B-020")),
        Case("code-unknown", "period_band", {"period_band": "0"}, {"period_band": "1"}, "コード表にありません", NOTICE),
        Case("code-unknown", "notice_kind", {"notice_kind": "3"}, {"notice_kind": "2"}, "コード表にありません", NOTICE, req=("B-027",)),
        Case("code-unknown", "payer_country", {"payer_country": "999"}, {}, "コード表にありません", NOTICE),
    ]  # fmt: skip
    numbers = {
        ENTERPRISE: {
            "application_year": "18",
            "application_serial": "000001",
            "history_no": "00",
            "source_branch_no": "00",
        },
        NOTICE: {"notice_year": "18", "notice_serial": "000001", "history_no": "01"},
    }
    for product, fields in numbers.items():
        found += [
            Case(
                "number-not-allowed",
                field,
                {field: text},
                {field: ""},
                "新規では",
                product,
                req=("A-019",),
                text_only=field.endswith("serial"),
            )
            for field, text in fields.items()
        ]
    return found


def _hierarchy() -> list[Case]:
    differing = {
        "department_code": ("D2", "同じ申込みの前の行(レコード1)"),
        "payer_country": ("113", "同じ枝番の前の行(レコード1)"),
        "contract_amount": ("10000001", "同じ枝番"),
        "to_subsidiary": ("0", "同じ枝番"),
        "last_shipment_date": ("20181207", "同じ船積No.の前の行(レコード1)"),
        "pre_shipment_amount": ("1", "同じ船積No."),
        "post_shipment_amount": ("1", "同じ船積No."),
    }
    found = [
        Case(
            "inconsistent",
            field,
            EX | {"settlement_no": "02", field: text},
            EX | {"settlement_no": "03"},
            says,
            first=EX,
            req=("A-033",),
        )
        for field, (text, says) in differing.items()
    ]
    found += [
        # Another shipment may have its own dates, another branch its own parties.
        Case(
            "inconsistent",
            "payer_country",
            EX | {"branch_no": "01", "shipment_no": "02", "payer_country": "113"},
            EX | {"branch_no": "02", "payer_country": "113", "last_shipment_date": "20190101"},
            "同じ枝番",
            first=EX | {"branch_no": "01"},
        ),
        Case(
            "inconsistent",
            "contract_amount",
            EX | {"currency": "USD", "settlement_no": "02", "contract_amount": "1,000.01"},
            EX | {"currency": "USD", "settlement_no": "03", "contract_amount": "001,000.0"},
            "同じ枝番",
            first=EX | {"currency": "USD", "contract_amount": "1000"},
            value="1000.01",
            text_only=True,
        ),
        Case(
            "duplicate-line",
            "settlement_no",
            EX,
            EX | {"settlement_no": "02"},
            "レコード1と重なっています。番号を分けてください",
            first=EX,
            req=("A-033",),
        ),
        Case(
            "duplicate-line",
            "settlement_no",
            EX | {"settlement_no": "1", "branch_no": "0"},
            EX | {"shipment_no": "2"},
            "レコード1と重なっています",
            first=EX,
            value="01",
            also=(),
        ),
        Case(
            "branch-missing",
            "branch_no",
            EX,
            {},
            "同じ輸出契約に枝番が複数あります",
            first=EX | {"branch_no": "01"},
            value="",
        ),
        Case(
            "branch-missing",
            "branch_no",
            EX,
            EX | {"branch_no": "02"},
            "すべての行に枝番を入力してください",
            first=EX | {"branch_no": "01"},
            value="",
            req=("A-033",),
        ),
    ]
    return found


def _parties() -> list[Case]:
    member = {"policyholder_code": kit.MEMBER, "agreement_code": kit.MEMBER_AGREEMENT}
    options = {"agreement_code": kit.OPTIONS_AGREEMENT}
    notice_options = {"agreement_code": kit.NOTICE_OPTIONS_AGREEMENT}
    other_holder = (("agreement_code", "agreement-other-holder"),)

    def periods(world: World) -> None:
        agreement("111111191", "2017-11-06", "2018-11-05")(world)
        agreement("111111192", "2017-11-07", "2018-11-06")(world)
        agreement("111111193", "2018-11-07", "2019-11-06")(world)
        agreement("111111194", "2018-11-06", "2019-11-05")(world)

    not_in_force = "受理日 2018-11-06 に有効な期間がありません"
    return [
        Case("holder-unknown", "policyholder_code", {"policyholder_code": "555555555"}, {}, "登録されていません", also=other_holder),
        Case("holder-unknown", "policyholder_code", {"policyholder_code": "555555555"}, {}, "登録されていません", NOTICE, also=other_holder),
        Case("holder-not-yours", "policyholder_code", member, {}, "本人または所属の組合からだけ送れます", req=("A-039",)),
        Case("agreement-unknown", "agreement_code", {"agreement_code": "999999999"}, {}, "登録されていません"),
        Case("agreement-not-in-force", "agreement_code", {"agreement_code": "111111191"}, {"agreement_code": "111111192"}, not_in_force, world=periods, req=("A-038",)),
        Case("agreement-not-in-force", "agreement_code", {"agreement_code": "111111193"}, {"agreement_code": "111111194"}, not_in_force, world=periods, req=("A-038",)),
        Case("agreement-other-holder", "agreement_code", {"agreement_code": kit.MEMBER_AGREEMENT}, {}, "この保険利用者のものではありません", req=("A-038",)),
        Case("agreement-other-product", "agreement_code", {"agreement_code": kit.NOTICE_AGREEMENT}, {}, "企業総合保険の特約ではありません"),
        Case("agreement-other-product", "agreement_code", {"agreement_code": kit.AGREEMENT}, {}, "簡易通知型包括保険の特約ではありません", NOTICE),
        Case("option-not-agreed", "full_political_cover", {"full_political_cover": "1"}, options | {"full_political_cover": "1"}, "特約で選ばれていません"),
        Case("option-not-agreed", "additional_cost_rider", {"additional_cost_rider": "1"}, options | {"additional_cost_rider": "1"}, "特約で選ばれていません"),
        Case("option-not-agreed", "fully_brokered", {"fully_brokered": "1"}, options | {"fully_brokered": "1"}, "特約で選ばれていません", req=("E-020",)),
        Case("option-not-agreed", "fully_brokered", {"fully_brokered": "1"}, notice_options | {"fully_brokered": "1"}, "特約で選ばれていません", NOTICE, req=("E-120", "E-121")),
        Case("option-not-agreed", "full_political_cover", {"full_political_cover": "1"}, {"full_political_cover": "0"}, "特約のオプションを確かめるか、空欄に"),
    ]  # fmt: skip


def _buyers() -> list[Case]:
    unknown = "海外商社名簿に登録されていません。先に海外商社登録をしてください"
    not_under = f"特約 {kit.AGREEMENT} に登録されていません。先に特約へのバイヤー登録をしてください"
    new = {"payer_code": "105000077"}
    registered = {"payer_code": "105000077", "counterparty_code": "105000077"}
    found = [
        Case("buyer-unregistered", "payer_code", {"payer_code": "105999999"}, {}, unknown, req=("A-035",)),
        Case("buyer-unregistered", "counterparty_code", {"counterparty_code": "105999999"}, {}, unknown, req=("A-035",)),
        Case("buyer-unregistered", "guarantor_code", lc(guarantor_code="105999999"), lc(), unknown),
        Case("buyer-unregistered", "payer_code", {"payer_code": "105999999"}, {}, unknown, NOTICE, req=("B-031",)),
        Case("buyer-unregistered", "payer_code", new, {}, unknown, world=new_buyer("105000077", "EA", "2018-11-07")),
        Case("rating-unknown", "payer_code", new, {}, "格付「XX」は格付表にありません", world=new_buyer("105000077", "XX")),
        Case("rating-unknown", "payer_code", new, {}, "格付「PU」は格付表にありません", world=_unheard_class),
        Case("rating-unknown", "guarantor_code", lc(guarantor_code="105000077"), lc(), "格付「XX」は格付表にありません", world=new_buyer("105000077", "XX")),
        Case("buyer-not-under-agreement", "payer_code", new, {}, not_under, world=new_buyer("105000077", "EA", registered=None), req=("A-037",)),
        Case("buyer-not-under-agreement", "counterparty_code", {"counterparty_code": "105000077"}, {}, not_under, world=new_buyer("105000077", "EA", registered="2018-11-07"), req=("A-037",)),
        Case("buyer-not-under-agreement", "payer_code", new, {}, f"特約 {kit.NOTICE_AGREEMENT} に登録されていません", NOTICE, world=new_buyer("105000077", "EA", registered=None), req=("B-029",)),
        Case("buyer-excluded", "payer_code", new, {}, f"付保除外: 支払人 105000077 は特約 {kit.NOTICE_AGREEMENT} で付保の対象から除かれています", NOTICE, world=_left_out, req=("B-037", "E-119")),
        Case("registered-late", "payer_code", registered, {}, "登録日 2018-10-01 が船積年月の前月末より後です", NOTICE, world=new_buyer("105000077", "EA", registered="2018-10-01"), req=("B-030",)),
        Case("category-missing", "destination_country", {"destination_country": "158"}, {}, "国カテゴリーが設定されていません", world=_blind_country),
        Case("category-missing", "payer_country", {"payer_country": "158"}, {}, "国カテゴリーが設定されていません", world=_blind_country),
        Case("category-missing", "guarantor_country", lc(guarantor_country="158"), lc(), "国カテゴリーが設定されていません", world=_blind_country),
    ]  # fmt: skip
    for rating in ("B", "GB", "EB", "SB"):
        for product in (ENTERPRISE, NOTICE):
            refused = f"支払人 {buyer(rating)} は{rating}格(B)のため引き受けられません"
            near = {"payer_code": buyer("R")}
            near_also = CREDIT_OF_P[: 1 if product is NOTICE else 2]
            req = ("B-031",) if product is NOTICE else ("A-036",)
            found.append(Case("buyer-refused", "payer_code", {"payer_code": buyer(rating)}, near, refused, product, near_also=near_also, req=req))  # fmt: skip
    for rating in ("EE", "EA", "EM", "EF", "SA"):
        world = new_buyer("105000077", rating, limit="")
        words = f"支払人 105000077({rating}格)に支払限度額が設定されていません。先に限度額を設定してください"
        found.append(Case("limit-missing", "payer_code", new, new | notice_lc(), words, NOTICE, world=world, req=("B-029", "E-054")))  # fmt: skip
    return found


def _dates() -> list[Case]:
    other = {"settlement_method": "49"}
    return [
        Case("date-future", "contract_date", {"contract_date": "20181107"}, {"contract_date": "20181106"}, "申込日より後です", req=("A-044",)),
        Case("date-future", "lc_receipt_date", lc(lc_receipt_date="20181107"), lc(lc_receipt_date="20181106"), "申込日より後です"),
        Case("shipment-before-contract", "last_shipment_date", {"contract_date": "20181106", "last_shipment_date": "20181105"}, {"contract_date": "20181106", "last_shipment_date": "20181106"}, "契約締結日 2018-11-06 より前です", req=("A-044",)),
        Case("due-before-start", "due_date", other | {"due_date": "20181205"}, other | {"due_date": "20181206"}, "起算日 2018-12-06 より前です", req=("A-044",)),
        Case("due-before-start", "due_date", {"settlement_method": "71", "inspection_date": "20190110", "due_date": "20190109"}, {"settlement_method": "71", "inspection_date": "20190110", "due_date": "20190110"}, "起算日 2019-01-10 より前です"),
        Case("shipped-before-acceptance", "last_shipment_date", {"last_shipment_date": "20181105"}, {"last_shipment_date": "20181106"}, "保険責任は受理日から始まります", req=("E-082",)),
        Case("late-application", "contract_date", {"contract_date": "20180930"}, {"contract_date": "20181001"}, "申込期限 2018-10-31(契約締結日の翌月末)を過ぎています(受理日 2018-11-06)", req=("A-040",)),
        Case("late-application", "contract_date", {"contract_date": "20180930", "last_shipment_date": "20190101"}, {"contract_date": "20181001", "last_shipment_date": "20190101"}, "申込期限 2018-10-31", accepted=date(2018, 11, 1)),
        Case("late-notice", "shipment_month", {"shipment_month": "201809"}, {"shipment_month": "201810"}, "通知期限 2018-10-31(船積月の翌月末)を過ぎています。受理日 2018-11-06 より前の損失はてん補されないことがあります", NOTICE, req=("B-022", "B-024")),
        Case("month-future", "shipment_month", {"shipment_month": "201812"}, {"shipment_month": "201811"}, "船積み後に通知してください", NOTICE),
        Case("contract-before-policy", "earliest_contract_date", {"earliest_contract_date": "20180401"}, {"earliest_contract_date": "20180402"}, "包括保険契約の締結日 2018-04-02 より前です", NOTICE, req=("B-016",)),
        Case("shipment-outside-month", "first_shipment_date", {"first_shipment_date": "20181101"}, {"first_shipment_date": "20181031"}, "月ごとに分けて通知してください", NOTICE, req=("B-038",)),
        Case("shipment-outside-month", "first_shipment_date", {"first_shipment_date": "20180930"}, {"first_shipment_date": "20181001"}, "船積年月 201810 と合いません", NOTICE),
        Case("shipment-before-contract", "first_shipment_date", {"first_shipment_date": "20181004", "earliest_contract_date": "20181005"}, {"first_shipment_date": "20181005", "earliest_contract_date": "20181005"}, "契約締結日 2018-10-05 より前です", NOTICE),
        Case("shipment-1-year", "first_shipment_date", {"shipment_month": "201904", "first_shipment_date": "20190403", "earliest_contract_date": "20180402"}, {"shipment_month": "201904", "first_shipment_date": "20190402", "earliest_contract_date": "20180402"}, "船積みまで1年を超える", NOTICE, accepted=date(2019, 4, 22), req=("B-017",)),
    ]  # fmt: skip


def _scope() -> list[Case]:
    other, retention = {"settlement_method": "49"}, {"settlement_method": "71", "inspection_date": "20190110"}
    ef = {"payer_code": buyer("EF")}
    weak = {"guarantor_code": buyer("GA"), "guarantor_country": "105"}
    to_subsidiary = {
        "agreement_code": kit.OPTIONS_AGREEMENT,
        "to_subsidiary": "1",
        "destination_country": "304",
    }
    notice_subsidiary = to_subsidiary | {"agreement_code": kit.NOTICE_OPTIONS_AGREEMENT}
    found = [
        Case("settlement-2-years", "settlement_method", other | {"due_date": "20201206"}, other | {"due_date": "20201205"}, "起算日から決済まで2年以上の取引は対象外です(決済 2020-12-06)", value="2020-12-06", req=("E-009",)),
        Case("settlement-2-years", "settlement_method", {"usance_days": "730"}, {"usance_days": "729"}, "(決済 730日)", value="730日", req=("E-009",)),
        Case("settlement-2-years", "settlement_method", retention | {"due_date": "20210110", "settlement_principal": "1000001"}, retention | {"due_date": "20210110", "settlement_principal": "1000000"}, "2年以上", value="2021-01-10", req=("E-014", "E-015")),
        Case("settlement-2-years", "settlement_method", retention | {"due_date": "20210110"}, retention | {"due_date": "20210109"}, "2年以上", value="2021-01-10", req=("E-015",)),
        Case("settlement-1-year", "settlement_method", ef | {"usance_days": "366"}, ef | {"usance_days": "365"}, "EF格の支払人では、L/C決済でなければ決済は1年以内に限ります(決済 366日)", value="366日", also=(("payer_code", "not-covered"),), req=("E-011",)),
        Case("settlement-1-year", "settlement_method", {"payer_code": buyer("EM"), **other, "due_date": "20191207"}, {"payer_code": buyer("EM"), **other, "due_date": "20191206"}, "EM格の支払人では", value="2019-12-07", also=(("payer_code", "not-covered"),), req=("E-011",)),
        Case("settlement-1-year", "settlement_method", ef | lc("SA") | weak | {"usance_days": "366"}, ef | lc("SA") | {"usance_days": "366"}, "EF格の支払人では", value="366日", also=(("payer_code", "not-covered"),), req=("E-012", "E-049")),
        Case("settlement-1-year", "settlement_method", ef | {"usance_days": "366"}, {"payer_code": buyer("EA"), "usance_days": "366"}, "EF格の支払人では", value="366日", also=(("payer_code", "not-covered"),)),
        Case("service-included", "service_flag", {"service_flag": "1"}, {"service_flag": "0"}, "簡易通知型包括保険の対象外です", NOTICE, req=("B-019", "E-120")),
        Case("service-largest", "service_amount", {"service_amount": "6000000", "brokered_amount": "2000000"}, {"service_amount": "2000000", "brokered_amount": "2000000"}, "役務の割合が最も大きい契約は対象外です(役務対価額 6000000)", req=("E-016", "E-018")),
        Case("service-largest", "service_amount", {"service_amount": "10000000"}, {"service_amount": "5000000"}, "対象外です", req=("E-018", "E-019")),
        Case("service-largest", "service_amount", {"service_amount": "5000001"}, {"service_amount": "5000000"}, "対象外です", req=("E-019",)),
        Case("service-largest", "service_amount", {"service_amount": "5000001", "brokered_amount": "4999999"}, {"service_amount": "3000000", "brokered_amount": "5000000"}, "対象外です", req=("E-021",)),
        Case("brokered-option", "fully_brokered", {"brokered_amount": "10000000"}, {"currency": "USD", "brokered_amount": "9999999.99"}, "特約のオプションがある場合に限り対象です", value="", req=("E-020",)),
        Case("brokered-option", "fully_brokered", {"brokered_amount": "10000000"}, {"brokered_amount": "10000000", "agreement_code": kit.OPTIONS_AGREEMENT}, "特約を確かめてください", value="", req=("E-020",)),
        Case("brokered-option", "fully_brokered", {"brokered_amount": "5000000", "service_amount": "5000000"}, {"brokered_amount": "5000000", "service_amount": "4999999"}, "特約を確かめてください", value="", req=("E-021",)),
        Case("subsidiary-excluded", "to_subsidiary", to_subsidiary | {"payer_country": "106"}, to_subsidiary | {"payer_country": "105"}, "特約で除外された国カテゴリー(AB)の子会社等向け取引です", value="AB", also=CREDIT_OF_P, near_also=CREDIT_OF_P, req=("E-026", "E-027", "E-029")),
        Case("subsidiary-excluded", "to_subsidiary", notice_subsidiary | {"payer_country": "106"}, notice_subsidiary | {"payer_country": "105"}, "付保除外", NOTICE, value="AB", also=CREDIT_OF_P[:1], near_also=CREDIT_OF_P[:1], req=("B-037", "E-121")),
        Case("policy-type", "settlement_currency", {"settlement_currency": "USD"}, {"settlement_currency": "JPY"}, "証券型の申込みをしてください", value="7: 表示通貨と異なる通貨による決済", req=("E-090",)),
    ]  # fmt: skip
    found += [
        Case("policy-type", "policy_type_marks", {"policy_type_marks": str(mark)}, {"policy_type_marks": ""}, f"証券型の要件(該当事項 {mark})に当たるため台帳では申し込めません。証券型の申込みをしてください", req=("A-046", f"E-{83 + mark:03d}"))
        for mark in range(1, 10)
    ]  # fmt: skip
    found += [
        Case("disclosure", "disclosure_marks", {"disclosure_marks": str(mark)}, {"disclosure_marks": ""}, f"告知事項 {mark} に該当します。別途、告知書を提出してください", req=("E-093", f"E-{93 + mark:03d}"))
        for mark in range(1, 4)
    ]  # fmt: skip
    return found


def _money() -> list[Case]:
    two_yen = {"currency": "ZZD"}
    steep, ec = {"destination_country": "322"}, {"payer_code": buyer("EC")}
    words = "円換算額が上限 9,999,999,999,999円を超えます"
    found = [
        Case("amount-too-large", field, two_yen | {field: "5000000000000"}, two_yen | {field: "4999999999999.99"}, words, world=_two_yen)
        for field in ("contract_amount", "pre_shipment_amount", "post_shipment_amount", "settlement_principal", "settlement_interest")
    ]  # fmt: skip
    found += [
        Case("amount-too-large", "shipped_amount", two_yen | {"shipped_amount": "9999999999999.99"}, {"shipped_amount": "9999999999999"}, words, NOTICE, world=_two_yen),
        Case("rate-too-large", "last_shipment_date", steep | {"last_shipment_date": "20190214"}, steep | {"last_shipment_date": "20190213"}, "A 船前非常: 99.999% 超", value="A 船前非常: 99.999% 超", world=_steep_rates),
        Case("rate-too-large", "usance_days", {"guarantor_code": buyer("GA"), "guarantor_country": "107", "usance_days": "100"}, {"guarantor_code": buyer("GA"), "guarantor_country": "107", "usance_days": "99"}, "料率が上限 99.999% を超えます", value="B 船後非常: 99.999% 超", world=_steep_rates),
        Case("rate-too-large", "period_band", {"payer_country": "107", "period_band": "5"}, {"payer_country": "107", "period_band": "4"}, "料率が上限 99.999% を超えます", NOTICE, value="B 船後非常: 99.999% 超", world=_steep_rates),
        Case("no-rate", "payer_code", ec | lc(), {"payer_code": buyer("EF")} | lc(), "D 船後信用の料率がありません(国カテゴリー *、格付 EC)", world=_without_credit_rates),
        Case("no-rate", "payer_code", ec | notice_lc(), {"payer_code": buyer("EF")} | notice_lc(), "D 船後信用の料率がありません", NOTICE, world=_without_credit_rates),
        Case("no-rate", "payer_code", {"destination_country": "322"}, {"destination_country": "107"}, "A 船前非常の料率がありません(国カテゴリー H、格付 EA)", world=_without_h_rates),
        Case("no-rate", "payer_code", {"guarantor_code": buyer("GA"), "guarantor_country": "322"}, {}, "B 船後非常の料率がありません(国カテゴリー H、格付 EA)", world=_without_h_rates),
        Case("no-exchange-rate", "currency", {"currency": "GBP"}, {"currency": "EUR"}, "通貨 GBP の 2018-11-01 時点の換算率がありません"),
        Case("no-exchange-rate", "currency", {"currency": "EUR"}, {"currency": "EUR", "shipment_month": "201811"}, "通貨 EUR の 2018-10-01 時点の換算率がありません", NOTICE),
        Case("not-covered", "payer_code", ec, ec | lc(), "D 船後信用はてん補されません。企総: EC格の船後信用はL/C決済に限りL/C受領日以降2年未満をてん補。保険金額・保険料は0円です", value=buyer("EC")),
        Case("not-covered", "payer_code", ec, ec | notice_lc(), "D 船後信用はてん補されません。簡易: EC格", NOTICE),
        Case("lc-receipt-unknown", "lc_receipt_date", ec | lc(lc_receipt_date=""), ec | lc(), "信用危険はL/C受領日以降に限りてん補されます", value=""),
        Case("lc-receipt-unknown", "lc_receipt_date", ec | notice_lc(lc_receipt_date=""), {"payer_code": buyer("EF")} | notice_lc(lc_receipt_date=""), "信用危険は", NOTICE, value=""),
        Case("below-floor", "contract_amount", {"agreement_code": kit.OPTIONS_AGREEMENT, "contract_amount": "4999999"}, {"agreement_code": kit.OPTIONS_AGREEMENT, "contract_amount": "5000000"}, "契約金額 4999999円は裾切金額 5000000円未満です。付保義務の対象外ですが受け付けます", req=("A-047",)),
    ]  # fmt: skip
    return found


CASES: tuple[Case, ...] = (
    *_cells(),
    *_mandatory(),
    *_codes_and_numbers(),
    *_hierarchy(),
    *_parties(),
    *_buyers(),
    *_dates(),
    *_scope(),
    *_money(),
)
