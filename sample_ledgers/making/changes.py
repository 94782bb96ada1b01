"""The life of contracts after they were booked: corrections before 確定, changes after it, and what goes wrong with them.

Numbers (``YY-NNNNNN-BB``) are those that the tour's ledger gives to ``month/`` and ``worked_examples/``.
"""

from collections.abc import Sequence

from making.model import Record, Sample
from making.records import (
    AOZORA,
    MIHON,
    amounts,
    change,
    ledger,
    notice_change,
    of_mihon,
)
from making.writing import BOM, CP932, UTF8, csv_bytes, xlsx_bytes

SHIPMENT = {"shipment_no": "01", "shipment_process_type": "2"}
LINE = {**SHIPMENT, "settlement_no": "01", "settlement_process_type": "2"}
ONLY_LINE = {"shipment_no": "01", "settlement_no": "01"}
"""Keys of the only line of a branch; flags are needed in changes (2) only."""


def changes() -> list[Sample]:
    """Uploads that change what was booked in November, in the order of the calendar."""
    return [*_before_confirmation(), *_after_confirmation(), *_held(), *_corrected_again()]


def _sample(
    name: str, holder: str, at: str, why: str, records: Sequence[Record], **settings: object
) -> Sample:
    product = str(settings.pop("product", "enterprise"))
    return Sample(f"changes/{name}", product, holder, at, why, records, **({"write": CP932} | settings))  # type: ignore[arg-type]


def _before_confirmation() -> list[Sample]:
    """Until the cut-off: 4 puts an entry right, 5 takes it back."""
    corrections = [
        # Two shipments of one contract: two records, one new version.
        change("4", "18-000002-00", history_no="00", **ONLY_LINE, **_parts("8000000")),
        change(
            "4", "18-000002-00", history_no="00", shipment_no="02", settlement_no="01", **_parts("13000000")
        ),
        # Not by L/C after all: the guarantor is cleared.
        change(
            "4",
            "18-000041-00",
            history_no="00",
            guarantor_code="-",
            guarantor_country="-",
            **ONLY_LINE,
            settlement_method="41",
            usance_days="60",
        ),
        change("4", "18-000042-00", history_no="00", **ONLY_LINE, **amounts("155000")),
        change("5", "18-000051-00", history_no="00"),
    ]
    notices = [
        # FAQ of the briefing: told as 1–30 days, in truth 60.
        of_mihon(notice_change("4", "18-000057", history_no="00", period_band="3")),
        of_mihon(notice_change("4", "18-000054", history_no="00", shipped_amount="54000000")),
        of_mihon(notice_change("5", "18-000058", history_no="00")),
    ]
    return [
        _sample(
            "1226_修正と取消.csv",
            AOZORA,
            "2018-12-26T10:00:00",
            "照合台帳を見て、確定の前に直す: 船積2件の金額(2件で1つの履歴)、L/Cでない決済(保証人を「-」で消す)、金額、"
            "裾切未満の契約の取消",
            corrections,
            write=csv_bytes("cp932", japanese=True),
        ),
        _sample(
            "1226_notice.xlsx",
            MIHON,
            "2018-12-26T10:20:00",
            "通知の修正と取消: 1~30日と通知したが60日(区分3)だった、金額の誤り、取消",
            notices,
            product="simplified-notice",
            write=xlsx_bytes(japanese=True),
        ),
    ]


def _after_confirmation() -> list[Sample]:
    """From January: 2 tells what changed in the contract, 3 puts a confirmed entry right, 1 with a number adds."""
    aozora = [
        change(
            "2",
            "18-000003-00",
            "not-substantial",
            change_date="20190109",
            change_reason="06",
            **SHIPMENT,
            last_shipment_date="20190318",
        ),
        change(
            "2",
            "18-000002-00",
            "not-substantial",
            change_date="20190110",
            change_reason="02",
            contract_amount="8000000",
            shipment_no="02",
            shipment_process_type="5",
        ),
        change(
            "2",
            "18-000012-00",
            "not-substantial",
            change_date="20190111",
            change_reason="02",
            **LINE,
            **amounts("9000000"),
        ),
    ]
    mihon = [
        of_mihon(
            change(
                "2",
                "18-000005-00",
                change_date="20190107",
                change_reason="03",
                currency="USD",
                **LINE,
                **amounts("400000"),
            )
        ),
        # Part of the goods leaves three weeks later: shipment 01 becomes smaller, 02 is new.
        of_mihon(
            change(
                "2",
                "18-000059-00",
                "not-substantial",
                change_date="20190110",
                change_reason="06",
                **LINE,
                **_parts("10000000"),
            )
        ),
        of_mihon(
            change(
                "2",
                "18-000059-00",
                change_date="20190110",
                change_reason="06",
                shipment_no="02",
                shipment_process_type="1",
                last_shipment_date="20190215",
                settlement_no="01",
                settlement_process_type="1",
                settlement_method="41",
                usance_days="60",
                **_parts("6000000"),
            )
        ),
        of_mihon(
            change(
                "2",
                "18-000059-01",
                "not-substantial",
                change_date="20190111",
                change_reason="02",
                **LINE,
                **amounts("0"),
            )
        ),
    ]
    notices = [
        notice_change(
            "2",
            "18-000062",
            change_date="20190104",
            change_reason="10",
            period_band="4",
            lc_flag="1",
            guarantor_code="105900001",
            guarantor_country="105",
        ),
        notice_change("3", "18-000061", history_no="00", shipped_amount="18500000"),
    ]
    more = ledger(
        "①契-髙橋㈱-001",
        "105000001",
        "5000000",
        application_year="18",
        application_serial="000001",
        change_reason="01",
        contract_date="20181220",
        last_shipment_date="20190329",
    )
    corrections = [
        change("3", "18-000001-00", history_no="00", **ONLY_LINE, **amounts("12000000")),
        change("3", "18-000013-00", history_no="00", **ONLY_LINE, usance_days="90"),
        more,
    ]
    return [
        _sample(
            "0115_変更.csv",
            AOZORA,
            "2019-01-15T10:00:00",
            "契約の変更: 船積みを2か月延期(事由06、3か月まで保険料は同じ)、船積02の取りやめ(削除5、返還)、"
            "船積み後の値引き(残り日数分の返還)",
            aozora,
            write=csv_bytes("cp932", japanese=True),
        ),
        _sample(
            "0115_mihon.xlsx",
            MIHON,
            "2019-01-15T10:30:00",
            "通貨の変更(事由03、重大な内容変更)、船積みの分割(船積01を変更2、02を追加1)、枝番01の契約の解除"
            "(事由02、金額0、返還)",
            mihon,
            write=xlsx_bytes(),
        ),
        _sample(
            "0115_notice.csv",
            AOZORA,
            "2019-01-15T11:00:00",
            "通知の変更: 31~60日から91日までのL/C決済へ(区分3から4、事由10)。確定した金額の訂正内変",
            notices,
            product="simplified-notice",
            write=BOM,
        ),
        _sample(
            "0116_訂正内変と増額.csv",
            AOZORA,
            "2019-01-16T10:00:00",
            "確定した内容の訂正(処理種別3、差額をそのまま返還・追加)と、同じ契約の増額新規(処理種別1、事由01、枝番01)",
            corrections,
        ),
    ]


def _parts(amount: str) -> dict[str, object]:
    """The amounts of one shipment; the contract's stays."""
    return {name: cell for name, cell in amounts("", amount).items() if name != "contract_amount"}


def _held() -> list[Sample]:
    """Uploads that come late and wait for somebody's decision."""
    late = [
        change(
            "2",
            "18-000008-00",
            "late-change",
            change_date="20181130",
            change_reason="10",
            counterparty_code="304000002",
            payer_code="304000002",
        )
    ]
    after_limit = [
        change(
            "2",
            "18-000043-00",
            "after-notice-limit",
            change_date="20190110",
            change_reason="10",
            **LINE,
            settlement_method="41",
            usance_days="60",
        )
    ]
    refused = [
        of_mihon(
            notice_change(
                "2",
                "18-000028",
                "after-notice-limit",
                change_date="20181210",
                change_reason="10",
                period_band="3",
            )
        )
    ]
    application = [
        ledger(
            "契-2018-019",
            "304000001",
            "7500000",
            "late-application",
            contract_date="20181105",
            last_shipment_date="20190331",
        )
    ]
    at, decided = "2019-01-16T14:00:00", "2019-01-17T10:00:00"
    release = {"channel": "drop", "decision": "release", "decided_at": decided, "write": UTF8}
    return [
        _sample(
            "0116_late.csv",
            AOZORA,
            at,
            "重大な内容変更(支払人)の通知が1か月の期限を過ぎた: 保留し、担当者が認めて計上",
            late,
            **release,
        ),
        _sample(
            "0116_after_limit.csv",
            AOZORA,
            at,
            "内容変更等通知期限2018年12月20日の後の変更: 保留し、担当者が承認。12月21日から受理日まではてん補なし、"
            "案件は証券型へ移る",
            after_limit,
            **release,
        ),
        _sample(
            "0116_late_application.csv",
            AOZORA,
            at,
            "申込期限(契約の翌月末)を過ぎた新規: 保留し、担当者が認めて計上",
            application,
            **release,
        ),
        _sample(
            "0116_notice_after_limit.csv",
            MIHON,
            at,
            "通知期限2018年12月1日の後の区分の変更: 保留し、担当者が受け付けないと決定",
            refused,
            product="simplified-notice",
            **(release | {"decision": "refuse"}),
        ),
    ]


def _corrected_again() -> list[Sample]:
    """A change that is not confirmed yet takes 4 and 5 like a new application."""
    records = [
        change("4", "18-000012-00", history_no="01", **ONLY_LINE, **amounts("9200000")),
        change("5", "18-000003-00", history_no="01"),
    ]
    return [
        _sample(
            "0130_変更の修正と取消.csv",
            AOZORA,
            "2019-01-30T15:00:00",
            "まだ確定していない変更を直す: 値引きの額を修正(4)、船積延期の通知を取消(5、延期前の履歴に戻る)",
            records,
        )
    ]


def findings_of_changes() -> list[Sample]:
    """Changes that cannot be taken, one record per reason."""
    told = {"change_date": "20190110", "change_reason": "04"}
    goods = {**told, "goods_code": "845811"}
    more = {"application_year": "18", "change_reason": "01", "contract_date": "20181220"}
    records = [
        change("2", "18-099999-00", "application-unknown", **goods),
        change("2", "18-000014-00", "application-other-product", **goods),
        change("2", "18-000009-00", "application-other-agreement", **goods | {"agreement_code": "880000013"}),
        change("2", "18-000051-00", "application-withdrawn", **goods),
        change("2", "18-000043-00", "left-ledger", **goods),
        change("2", "18-000065-00", "not-yet-confirmed", **goods),
        change("4", "18-000010-00", "already-confirmed", history_no="00", goods_code="845811"),
        change("3", "18-000002-00", "stale-history", history_no="01", goods_code="845811"),
        change("2", "18-000011-00", "nothing-changed", **told),
        change("2", "18-000042-00", "change-before-contract", **goods | {"change_date": "20181001"}),
        change(
            "2",
            "18-000013-00",
            "increase-needs-branch",
            **told | {"change_reason": "01", "contract_amount": "15000000"},
        ),
        ledger(
            "契-2018-999",
            "105000001",
            "5000000",
            "increase-other-contract",
            **more,
            application_serial="000010",
            last_shipment_date="20190329",
        ),
        ledger(
            "①契-髙橋㈱-001",
            "105000001",
            "5000000",
            "branch-taken",
            **more,
            application_serial="000001",
            branch_no="01",
            last_shipment_date="20190329",
        ),
        change("2", "18-000041-00", "branch-split", **goods, source_branch_no="00"),
        change("2", "18-000047-00", "flag-missing", **told, shipment_no="01", last_shipment_date="20190220"),
        change(
            "2",
            "18-000048-00",
            "line-exists",
            **told,
            shipment_no="01",
            shipment_process_type="1",
            settlement_no="01",
            settlement_process_type="1",
            last_shipment_date="20190220",
        ),
        change(
            "2",
            "18-000049-00",
            "line-unknown",
            **told,
            shipment_no="05",
            shipment_process_type="2",
            last_shipment_date="20190220",
        ),
        change(
            "2",
            "18-000050-00",
            "all-removed",
            "not-substantial",
            **told,
            shipment_no="01",
            shipment_process_type="5",
        ),
    ]
    closed = [change("4", "18-000065-00", "correction-closed", history_no="00", goods_code="845811")]
    return [
        Sample(
            "findings/17_changes.csv",
            "enterprise",
            AOZORA,
            "2019-01-18T11:30:00",
            "変更・訂正の不備: 番号、段階、履歴、変更内容、増額の枝、船積・決済の情報処理種別",
            records,
            write=CP932,
        ),
        Sample(
            "findings/18_closed.csv",
            "enterprise",
            AOZORA,
            "2019-02-01T10:00:00",
            "12月受理分の修正を締切(1月31日)の翌日に送った",
            closed,
            write=CP932,
        ),
    ]
