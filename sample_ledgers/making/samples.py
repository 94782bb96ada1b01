"""What the samples are: every record, and beside it the codes of what must be found in it.

What changes booked contracts is ``making/changes.py``.
"""

import csv
import io
from collections.abc import Sequence

from making.changes import changes, findings_of_changes
from making.life import Life
from making.model import DONE, Record, Sample
from making.records import (
    AOZORA,
    KUMIAI,
    LC_CHINA,
    LC_GERMANY,
    MIHON,
    TAMESHI,
    also,
    ledger,
    notice,
    of_mihon,
    of_tameshi,
)
from making.writing import BOM, CP932, UTF8, csv_bytes, fixed_bytes, table, workbook, xlsx_bytes, zipped


def worked_examples() -> list[Sample]:
    """The printed examples of Seed 004, to the yen."""
    buyers = ("304000001", "304000002", "105000001", "105000002", "111000001", "111000002")
    golden = [
        ledger(f"S004-{code}", code, contract_date="20181101", last_shipment_date="20181206")
        for code in buyers
    ]
    monthly = [notice(code, "3", "10000000", shipment_month="201811") for code in buyers]

    def shipped(buyer: str, *parts: tuple[str, str, int]) -> list[Record]:
        return [
            notice(buyer, band, str(millions * 1_000_000), destination_country=country)
            for country, band, millions in parts
        ]

    one, two, usa, china = "304000011", "304000012", "304", "105"
    summed = shipped(one, (usa, "2", 50), (usa, "3", 100), (usa, "4", 100), (usa, "5", 300)) + shipped(
        two, (usa, "2", 50), (usa, "4", 100), (china, "4", 120), (china, "5", 240)
    )
    single = shipped(
        one, (usa, "2", 50), (usa, "3", 100), (usa, "4", 100), (usa, "5", 100), (usa, "5", 200)
    ) + shipped(two, (usa, "2", 50), (usa, "4", 100), (china, "4", 120), (china, "5", 90), (china, "5", 150))
    for record in summed + single:
        record.cells["counterparty_code"] = record.cells["payer_code"]
    return [
        Sample(
            "worked_examples/seed004_enterprise.csv",
            "enterprise",
            AOZORA,
            "2018-11-06T09:00:00",
            "説明会資料の企総の例: 国カテゴリーA・C・DのEA格とEF格、1千万円、船積前30日・船積後60日。"
            "9,400+12,800+18,400+21,800+22,300+25,700円",
            golden,
            write=csv_bytes("cp932", japanese=True),
            remarks="説明会資料の計算例です",
        ),
        Sample(
            "worked_examples/seed004_notice.csv",
            "simplified-notice",
            AOZORA,
            "2018-11-06T09:05:00",
            "説明会資料の簡易の例: 同じ6通り、決済期間31~60日。8,900+12,700+15,900+19,700+19,500+23,300円",
            monthly,
            write=csv_bytes("utf-8", "\n"),
        ),
        Sample(
            "worked_examples/matome_summed.csv",
            "simplified-notice",
            AOZORA,
            "2018-11-07T11:00:00",
            "説明会資料のまとめ通知の例: バイヤーⅠ・Ⅱの船積み各5件を仕向国と決済期間区分で各4件にまとめた通知",
            summed,
            write=CP932,
        ),
        Sample(
            "worked_examples/matome_single.csv",
            "simplified-notice",
            MIHON,
            "2018-11-07T11:10:00",
            "同じ船積みを1件ずつ通知する10件(まとめは任意)。まとめた通知と同じ保険料になる",
            [of_mihon(record) for record in single],
            write=UTF8,
        ),
    ]


def month() -> list[Sample]:
    """November 2018 of the exporters, as it could have been."""
    first = ledger("①契-髙橋㈱-001", "105000001", "12500000", contract_date="20181010")
    split = ledger(
        "契-2018-014",
        "111000002",
        "8400000",
        contract_date="20181015",
        contract_amount="21000000",
        last_shipment_date="20181214",
    )
    two_dates = ledger(
        "契-2018-015",
        "304000001",
        "6000000",
        contract_date="20181022",
        last_shipment_date="20190118",
        contract_amount="6000000",
        settlement_principal="4000000",
    )
    november_1 = [
        first,
        split,
        also(
            split,
            shipment_no="02",
            last_shipment_date="20190228",
            pre_shipment_amount="12600000",
            post_shipment_amount="12600000",
            settlement_principal="12600000",
        ),
        two_dates,
        also(two_dates, settlement_no="02", usance_days="120", settlement_principal="2000000"),
    ]
    press = ledger(
        "M18-1101",
        "213000001",
        "345678.90",
        contract_date="20181025",
        currency="EUR",
        last_shipment_date="20190331",
        settlement_method="42",
        usance_days="60",
    )
    november_2 = [
        of_mihon(
            ledger("M18-1098", "112000001", "30000000", contract_date="20181019", full_political_cover="0")
        ),
        of_mihon(press),
        of_mihon(
            ledger("K18-0551", "123000001", "450000", contract_date="20181026", currency="INR"), "KAGAKU"
        ),
        of_mihon(
            ledger(
                "K18-0552",
                "105000004",
                "78500000",
                contract_date="20181026",
                settlement_method="49",
                usance_days="",
                due_date="20190630",
            ),
            "KAGAKU",
        ),
    ]
    november_9 = [
        of_mihon(
            ledger("M18-1107", "304000002", "250000.75", contract_date="20181105", currency="USD"), "KIKAI"
        ),
        of_mihon(
            ledger(
                "M18-1108",
                "111000001",
                "3200000",
                contract_date="20181106",
                currency="THB",
                settlement_method="20",
                usance_days="180",
            )
        ),
        of_mihon(
            ledger("K18-0560", "106000001", "9800000", contract_date="20181107", to_subsidiary="0"), "KAGAKU"
        ),
    ]
    by_lc = ledger("契-2018-021", "105000002", "1850000.00", currency="CNY", **LC_CHINA)
    november_13 = [
        by_lc,
        ledger("契-2018-022", "123000001", "150000", currency="USD", **LC_GERMANY),
        ledger("契-2018-023", "304000001", "5000000", settlement_method="60", usance_days=""),
    ]
    november_13_kumiai = [
        of_tameshi(ledger("T-0001", "111000001", "１８，０００，０００", contract_date="2018-11-01")),
        of_tameshi(ledger("T-0002", "111000002", "7,250,000", contract_date="2018/11/5")),
        of_tameshi(ledger("T-0003", "123000001", "40000", contract_date="20181112", currency="USD")),
    ]
    november_22 = [
        of_mihon(notice("112000001", "3", "45000000")),
        of_mihon(notice("105000001", "4", "880000.50", currency="CNY")),
        of_mihon(notice("113000001", "5", "120000", currency="USD")),
        of_mihon(notice("213000001", "2", "95000.25", currency="EUR")),
        of_mihon(notice("123000001", "6", "60000", currency="USD")),
    ]
    branch = ledger(
        "M18-1130",
        "113000001",
        "16000000",
        contract_date="20181112",
        branch_no="00",
        last_shipment_date="20190125",
    )
    november_30 = [
        of_mihon(branch),
        of_mihon(
            also(
                branch,
                branch_no="01",
                contract_form="15",
                shipment_country="111",
                last_shipment_date="20190220",
                contract_amount="4000000",
                pre_shipment_amount="4000000",
                post_shipment_amount="4000000",
                settlement_principal="4000000",
            )
        ),
        of_mihon(ledger("M18-1131", "601000001", "210000", contract_date="20181119", currency="AUD")),
    ]
    end_of_month = [
        notice("304000001", "4", "18000000", shipment_month="201811"),
        notice("105000002", "3", "52000", shipment_month="201811", currency="USD"),
        notice("111000001", "1", "7000000", shipment_month="201811"),
        notice("105000001", "5", "33000000", "late-notice", shipment_month="201809"),
    ]
    evening = [ledger("契-2018-031", "113000001", "24000000", contract_date="20181126")]
    return [
        Sample(
            "month/1101_企総_10月契約分.csv",
            "enterprise",
            AOZORA,
            "2018-11-01T10:12:00",
            "CP932(㈱・①・髙を含む)、見出しは日本語。分割船積みと2回払いを含む",
            november_1,
            write=csv_bytes("cp932", japanese=True),
            remarks="10月契約分です。よろしくお願いします。",
        ),
        Sample(
            "month/1102_enterprise.xlsx",
            "enterprise",
            MIHON,
            "2018-11-02T16:40:00",
            "週の最終営業日。.xlsx の数値セルと日付セル、外貨、部門2つ(部門ごとの台帳)、割引0.9、船後非常100%",
            november_2,
            write=xlsx_bytes(),
        ),
        Sample(
            "month/1109_enterprise.csv",
            "enterprise",
            MIHON,
            "2018-11-09T17:45:00",
            "17:30を過ぎたので翌営業日11月12日の受理。UTF-8(BOM付き)、外貨",
            november_9,
            write=BOM,
            accepted_on="2018-11-12",
        ),
        Sample(
            "month/enterprise_990000001_3_1113.csv",
            "enterprise",
            AOZORA,
            "2018-11-13T14:20:00",
            "manifest なし、ファイル名で申請内容を伝える。L/C決済(保証銀行の国で船後非常)、100%前払い",
            november_13,
            write=csv_bytes("cp932", japanese=True),
            channel="drop",
            manifest=False,
        ),
        Sample(
            "month/1113_kumiai.csv",
            "enterprise",
            KUMIAI,
            "2018-11-13T14:20:00",
            "組合が組合員の契約を申し込む。全角数字の金額、桁区切り、3通りの日付",
            [Record({**r.cells}, r.finds) for r in november_13_kumiai],
            write=BOM,
            user=KUMIAI + "001",
            channel="drop",
        ),
        Sample(
            "month/1122_notice.xlsx",
            "simplified-notice",
            MIHON,
            "2018-11-22T13:00:00",
            "祝日前の週の最終営業日。10月船積み分の通知、5通貨、見出しは日本語",
            november_22,
            write=xlsx_bytes(japanese=True),
        ),
        Sample(
            "month/1130_enterprise.csv",
            "enterprise",
            MIHON,
            "2018-11-30T10:00:00",
            "枝番2つの契約(輸出分と仲介分)",
            november_30,
            write=UTF8,
        ),
        Sample(
            "month/1130_notice.csv",
            "simplified-notice",
            AOZORA,
            "2018-11-30T10:30:00",
            "11月船積み分の通知。前受は保険料なし、9月分は通知期限を過ぎた旨の注意",
            end_of_month,
            write=CP932,
        ),
        Sample(
            "month/1130_evening.csv",
            "enterprise",
            AOZORA,
            "2018-11-30T17:40:00",
            "月末の17:30過ぎ: 12月3日の受理で12月の台帳に載り、12月28日の確定には入らない",
            evening,
            write=UTF8,
            accepted_on="2018-12-03",
        ),
    ]


def findings() -> list[Sample]:
    """Uploads that are taken in and then found wanting, one file per family; all on 20 November."""
    at = "2018-11-20T11:30:00"
    china = "105000001"

    def sample(name: str, why: str, records: Sequence[Record], **changes: object) -> Sample:
        settings: dict[str, object] = {"write": CP932, "channel": "drop"} | changes
        product = str(settings.pop("product", "enterprise"))
        holder = str(settings.pop("holder", AOZORA))
        return Sample(f"findings/{name}", product, holder, at, why, records, **settings)  # type: ignore[arg-type]

    cells = [
        ledger("B01-01", china, "10000000", "invalid-code", agreement_code="88000001"),
        ledger("B01-02", china, "10000000", "invalid-character", department_code="営業"),
        ledger("B01-03-THIS-IS-TOO-LONG", china, "10000000", "too-long"),
        ledger("B01-04", china, "10000000", "invalid-date", contract_date="20181131"),
        ledger("B01-05", china, "10000000", "invalid-amount", contract_amount="1,00,000"),
        ledger("B01-06", china, "10000000", "invalid-number", branch_no="A1"),
        ledger("B01-07", china, "10000000", "invalid-flag", to_subsidiary="Y"),
        ledger("B01-08", china, "10000000", "invalid-currency", currency="円"),
        ledger("B01-09", china, "10000000", "yen-decimals", contract_amount="10000000.50"),
        ledger("B01-10", china, "10000000", "process-type", process_type="9"),
    ]
    due = {"settlement_method": "49", "usance_days": ""}
    mandatory = [
        ledger("B02-01", china, "10000000", "mandatory", goods_code=""),
        ledger("B02-02", china, "10000000", "mandatory", "mandatory", contract_date="", contract_amount=""),
        ledger("B02-03", china, "10000000", "mandatory", usance_days=""),
        ledger("B02-04", china, "10000000", "mandatory", **due),
        ledger("B02-05", china, "10000000", "mandatory", contract_form="15"),
        ledger("B02-06", china, "10000000", "mandatory", **LC_CHINA | {"guarantor_code": ""}),
        ledger("B02-07", china, "10000000", "mandatory", **LC_CHINA | {"guarantor_country": ""}),
    ]
    codes = [
        ledger("B03-01", china, "10000000", "code-unknown", settlement_method="99"),
        ledger("B03-02", china, "10000000", "code-unknown", contract_form="12"),
        ledger("B03-03", china, "10000000", "code-unknown", destination_country="999"),
        ledger("B03-04", "116000001", "10000000", "category-missing", destination_country="105"),
    ]
    one = ledger("B04-01", china)
    dated = ledger("B04-05", china)
    twice = ledger("B04-02", china)
    hierarchy = [
        one,
        also(one, "inconsistent", settlement_no="02", department_code="E02"),
        also(one, "inconsistent", shipment_no="02", goods_code="845811"),
        twice,
        also(twice, "duplicate-line"),
        ledger("B04-03", china, "10000000", "branch-missing"),
        ledger("B04-03", china, branch_no="01"),
        # An increase of a contract that is insured, but without 変更事由 01; and what only changes may tell.
        ledger(
            "①契-髙橋㈱-001",
            china,
            "10000000",
            "number-not-allowed",
            "number-not-allowed",
            application_year="18",
            application_serial="000001",
        ),
        ledger(
            "B04-04",
            china,
            "10000000",
            "number-not-allowed",
            "number-not-allowed",
            history_no="00",
            source_branch_no="00",
        ),
        dated,
        also(dated, "inconsistent", settlement_no="02", last_shipment_date="20181221"),
    ]
    agreements = [
        ledger(
            "B05-01",
            china,
            "10000000",
            "agreement-other-holder",
            "holder-unknown",
            policyholder_code="990000099",
        ),
        of_mihon(ledger("B05-02", china, "10000000", "holder-not-yours")),
        ledger("B05-03", china, "10000000", "agreement-unknown", agreement_code="889999999"),
        ledger("B05-04", china, "10000000", "agreement-not-in-force", agreement_code="880000013"),
        ledger("B05-05", china, "10000000", "agreement-other-holder", agreement_code="880000021"),
        ledger("B05-06", china, "10000000", "agreement-other-product", agreement_code="880000012"),
        ledger("B05-07", china, "10000000", "option-not-agreed", full_political_cover="1"),
        ledger("B05-08", china, "10000000", "option-not-agreed", fully_brokered="1"),
        ledger("B05-09", china, "10000000", "option-not-agreed", additional_cost_rider="1"),
        ledger("B05-10", china, "10000000", "brokered-option", brokered_amount="10000000"),
    ]
    excluded = [
        of_mihon(
            ledger(
                "B06-01",
                "304000001",
                "10000000",
                "not-covered",
                "not-covered",
                "subsidiary-excluded",
                to_subsidiary="1",
            )
        )
    ]
    buyers = [
        ledger("B07-01", china, "10000000", "buyer-unregistered", counterparty_code="105999999"),
        ledger("B07-02", "123000009", "10000000", "buyer-refused"),
        ledger("B07-03", "118000009", "10000000", "rating-unknown", "rating-unknown"),
        ledger("B07-04", "106000001", "10000000", "buyer-not-under-agreement", "buyer-not-under-agreement"),
        ledger(
            "B07-05", china, "10000000", "buyer-unregistered", **LC_CHINA | {"guarantor_code": "105999999"}
        ),
    ]
    deadlines = [
        ledger("B08-01", china, "10000000", "date-future", contract_date="20181121"),
        ledger("B08-02", china, "10000000", "shipment-before-contract", last_shipment_date="20181001"),
        ledger("B08-03", china, "10000000", "due-before-start", **due | {"due_date": "20181201"}),
        ledger("B08-05", china, "10000000", "date-future", **LC_CHINA | {"lc_receipt_date": "20181121"}),
    ]
    scope = [
        ledger("B09-01", china, "10000000", "settlement-2-years", usance_days="730"),
        ledger("B09-02", "113000001", "10000000", "not-covered", "settlement-1-year", usance_days="366"),
        ledger("B09-03", china, "10000000", "service-largest", service_amount="6000000"),
        ledger("B09-04", china, "10000000", "policy-type", policy_type_marks="3"),
        ledger("B09-05", china, "10000000", "policy-type", settlement_currency="USD"),
    ]
    money = [
        ledger(
            "B10-01",
            china,
            "10000000",
            "amount-too-large",
            currency="USD",
            contract_amount="9999999999999",
        ),
        ledger(
            "B10-02",
            china,
            "10000000",
            "rate-too-large",
            "rate-too-large",
            "settlement-2-years",
            **due | {"due_date": "29190215"},
        ),
        ledger("B10-03", "105000003", "10000000", "lc-receipt-unknown", "no-rate", **LC_CHINA),
        ledger("B10-04", china, "10000000", "no-exchange-rate", currency="SEK"),
    ]
    equipment = [
        Record(
            ledger("B12-01", "113000001", "30000000").cells
            | {"policyholder_code": TAMESHI, "agreement_code": "880000032", "department_code": "T10"},
            ("mandatory",),
        )
    ]
    usa = "304000001"
    notices = [
        notice(usa, "3", "5000000", "invalid-month", shipment_month="201813"),
        notice(usa, "7", "5000000", "code-unknown"),
        notice(usa, "3", "5000000", "code-unknown", notice_kind="3"),
        notice(usa, "3", "5000000", "month-future", shipment_month="201812"),
        notice(usa, "3", "5000000", "contract-before-policy", earliest_contract_date="20170320"),
        notice(usa, "3", "5000000", "shipment-outside-month", first_shipment_date="20180930"),
        notice(
            usa,
            "3",
            "5000000",
            "shipment-before-contract",
            earliest_contract_date="20181020",
            first_shipment_date="20181005",
        ),
        notice(
            usa,
            "3",
            "5000000",
            "shipment-1-year",
            earliest_contract_date="20170901",
            first_shipment_date="20181010",
        ),
        notice(usa, "3", "5000000", "service-included", service_flag="1"),
        notice("103000001", "3", "5000000", "limit-missing"),
        notice("113000001", "3", "5000000", "registered-late"),
        notice(usa, "3", "5000000", "mandatory", lc_flag="1"),
        notice(usa, "3", "5000000", "option-not-agreed", fully_brokered="1"),
    ]
    warnings = [
        ledger("W01-01", "105000003", "10000000", "not-covered"),
        ledger("W01-02", "118000001", "10000000", "not-covered", "not-covered"),
        ledger("W01-03", "234000001", "10000000", "not-covered", "not-covered"),
        ledger("W01-04", china, "10000000", "not-covered", "not-covered", to_subsidiary="1"),
        ledger("W01-05", china, "500000", "below-floor"),
        ledger("W01-06", china, "10000000", "shipped-before-acceptance", last_shipment_date="20181115"),
        ledger("W01-07", china, "10000000", "disclosure", disclosure_marks="2"),
    ]
    for number, record in enumerate(warnings, 1):
        record.cells["社内メモ"] = f"案件{number}"
    insured = [
        ledger("S004-105000001", china, "10000000", "already-insured", contract_date="20181101"),
        ledger("B14-02", china, "20000000", contract_date="20181119"),
    ]
    return [
        sample(
            "01_cells.csv", "項目の形式: コード、文字、長さ、日付、金額、数、フラグ、通貨、処理種別", cells
        ),
        sample("02_mandatory.csv", "必須項目と条件付き必須項目の欠落", mandatory),
        sample("03_codes.csv", "コード表にないコード、カテゴリー未設定の国", codes),
        sample(
            "04_hierarchy.csv",
            "枝番・船積No.・決済No.の矛盾と重複、新規での番号・履歴・元枝番の記入",
            hierarchy,
        ),
        sample(
            "05_agreement.csv",
            "保険利用者と特約: 未登録、他人、期間外、保険種違い、オプションなし",
            agreements,
        ),
        sample("06_subsidiary.csv", "子会社等向けの付保除外(カテゴリーA・B)", excluded, holder=MIHON),
        sample("07_buyers.csv", "バイヤー: 未登録、B格、格付不明、特約に未登録", buyers),
        sample(
            "08_deadlines.xlsx",
            "日付と申込期限: 未来日、前後の逆転、翌月末を過ぎた申込み(セル番地で知らせる)",
            deadlines,
            write=xlsx_bytes(),
        ),
        sample("09_scope.csv", "対象範囲: 2年以上、EM格の1年超、役務が最大、証券型", scope),
        sample(
            "10_money.csv",
            "金額と料率: 上限超え、決済予定日の年の誤記、料率なし、換算率なし",
            money,
        ),
        sample(
            "12_equipment.csv",
            "設備財包括: EM格の支払人に確認管理番号がない",
            equipment,
            product="equipment",
            holder=KUMIAI,
        ),
        sample(
            "13_notice.csv",
            "通知の不備: 年月、区分、期間、役務、支払限度額ほか",
            notices,
            product="simplified-notice",
        ),
        sample(
            "14_header.csv",
            "見出しと項目数: 必須の列なし、重複した列、知らない列、項目の余り",
            [Record({}), Record({}, ("field-count",))],
            file_finds=("missing-column", "duplicate-column", "unknown-column"),
            write=_header_faults,
        ),
        sample(
            "15_warnings.csv",
            "注意だけの申込み: 計上される。てん補されない危険、裾切金額未満、受理日前の船積み、告知",
            warnings,
            file_finds=("unknown-column",),
        ),
        Sample(
            "findings/16_already_insured.csv",
            "enterprise",
            AOZORA,
            "2018-11-27T09:30:00",
            "1件目の輸出契約は11月6日に付保済み。不備が1件でもあれば2件目も計上しない",
            insured,
            write=UTF8,
        ),
    ]


def _header_faults(sample: Sample) -> bytes:
    """Two good records under a header without goods_code, with 輸出契約等番号 twice and an unknown column."""
    rows = table(
        Sample(
            sample.path,
            sample.product,
            sample.holder,
            sample.sent_at,
            "",
            [ledger("B13-01", "105000001"), ledger("B13-02", "105000001")],
        )
    )
    place = rows[0].index("goods_code")
    for row in rows:
        del row[place]
    rows[0] += ["輸出契約等番号", "担当者"]
    rows[1] += ["B13-01", "山田"]
    rows[2] += ["B13-02", "山田", "余り"]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("cp932")


def refused(examples: Sequence[Sample]) -> list[Sample]:
    """Uploads that are refused at the door, and a few that come again."""
    known = {sample.path: sample for sample in examples}

    def again(path: str, sent_at: str, why: str, **changes: object) -> Sample:
        first = known[path]
        settings: dict[str, object] = {"records": first.records} | changes
        return Sample(path, first.product, first.holder, sent_at, why, **settings)  # type: ignore[arg-type]

    def sample(name: str, at: str, refusal: str, why: str, **changes: object) -> Sample:
        settings: dict[str, object] = {"write": UTF8, "records": [ledger("R-01", "105000001")]} | changes
        return Sample(f"refused/{name}", "enterprise", AOZORA, at, why, refusal=refusal, **settings)  # type: ignore[arg-type]

    three = [ledger(f"R-0{n}", "105000001") for n in range(1, 4)]
    evening = "month/1130_evening.csv"
    resent = [
        Record(r.cells, ("already-insured",)) for r in known["worked_examples/seed004_enterprise.csv"].records
    ]
    return [
        again(
            "worked_examples/matome_summed.csv",
            "2018-11-07T07:59:59",
            "8時前は受け付けない。同じファイルを11時に送れば受け付ける",
            refusal="outside-hours",
        ),
        again(
            "worked_examples/seed004_enterprise.csv",
            "2018-11-08T10:00:00",
            "受付済みと同じ内容のファイル",
            refusal="identical-upload",
        ),
        sample(
            "wrong_count.csv",
            "2018-11-13T14:20:00",
            "count-mismatch",
            "申請件数4件に対してファイルは3件",
            records=three,
            count=4,
            channel="drop",
        ),
        sample("empty.csv", "2018-11-14T10:00:00", "empty-file", "0バイト", write=fixed_bytes(b""), count=1),
        sample(
            "header_only.csv",
            "2018-11-20T11:30:00",
            "empty-file",
            "見出し行だけ",
            write=lambda s: UTF8(s).split(b"\r\n")[0] + b"\r\n",
            count=1,
            channel="drop",
        ),
        sample(
            "empty_sheet.xlsx",
            "2018-11-20T11:30:00",
            "empty-file",
            "1枚目のシートが空",
            write=lambda _: workbook([]),
            count=1,
            channel="drop",
        ),
        sample(
            "zipped.csv",
            "2018-11-14T10:03:00",
            "unreadable-file",
            ".csv の名前を付けた圧縮ファイル",
            write=zipped(UTF8),
        ),
        sample(
            "not_a_workbook.xlsx",
            "2018-11-20T11:30:00",
            "unreadable-file",
            ".xlsx の名前を付けたCSV",
            write=UTF8,
            channel="drop",
        ),
        sample(
            "utf16.csv",
            "2018-11-20T11:30:00",
            "unreadable-file",
            "UTF-16で保存したCSV",
            write=csv_bytes("utf-16-le"),
            channel="drop",
        ),
        sample(
            "open_quote.csv",
            "2018-11-20T11:30:00",
            "unreadable-file",
            "引用符が閉じていない",
            write=lambda s: UTF8(s) + b'1,"880000011\r\n',
            channel="drop",
        ),
        sample("table.txt", "2018-11-14T10:07:00", "file-type", ".csv でも .xlsx でもない", write=UTF8),
        sample(
            "long_remark.csv",
            "2018-11-14T10:08:00",
            "remarks-too-long",
            "備考が600文字(500文字まで)",
            remarks="備考" * 300,
        ),
        again(
            evening,
            "2018-11-14T20:00:00",
            "20時ちょうどは受け付けない",
            refusal="outside-hours",
        ),
        again(evening, "2018-11-23T10:00:00", "祝日(勤労感謝の日)は受け付けない", refusal="outside-hours"),
        again(
            "worked_examples/seed004_enterprise.csv",
            "2018-11-27T09:45:00",
            "再送を指定すれば受け付けるが、輸出契約はすべて付保済み",
            resend=True,
            records=resent,
        ),
    ]


def samples() -> list[Sample]:
    """All uploads in the order in which they are sent, with what each must cost."""
    good = worked_examples() + month() + findings() + changes() + findings_of_changes()
    found = sorted(good + refused(good), key=lambda s: (s.sent_at, s.channel != "cli"))
    life = Life()
    for sample in sorted(found, key=lambda s: s.booked_on):
        if sample.outcome == DONE:
            records = [record.cells for record in sample.records]
            sample.difference = life.book(sample.product, records, sample.acceptance_day)
    return found
