"""The CSV files that users get: one layout per 保険種, with a version that rises when a column changes (I-022).

Labels and order only; the rows come from ``jobs``, the bytes are made in ``writing``. The ledgers' own fields are those
of version 1 of the upload layouts, whatever version uploads have by then.
"""

from dataclasses import dataclass

from portal_stub.inquiries.kinds import LEDGER_KINDS
from schemas.layouts import layout_of
from schemas.products import Product

CONTRACT_VERSION = 1
LOSS_VERSION = 1
_UPLOAD_VERSION = 1


@dataclass(frozen=True)
class Column:
    """A column: the name of the value, its heading, and whether it holds words (which no spreadsheet may run)."""

    name: str
    label: str
    words: bool = False


_CONTRACT = (
    Column("kind_words", "保険種"),
    Column("way", "手続方法"),
    Column("number", "証券番号・申込番号", True),
    Column("holder", "保険利用者コード"),
    Column("agreement", "特約コード", True),
    Column("concluded_on", "保険契約締結日"),
    Column("ends_on", "保険責任終了日"),
    Column("country", "国コード", True),
    Column("country_name", "国名", True),
    Column("buyer", "バイヤーコード", True),
    Column("buyer_name", "バイヤー名称", True),
    Column("subject", "貨物・案件", True),
    Column("currency", "通貨", True),
    Column("amount", "契約金額"),
    Column("insured_yen", "保険金額（円）"),
    Column("premium_yen", "保険料（円）"),
    Column("long_term", "中長期"),
    Column("has_loss", "危険・損失発生"),
    Column("remarks", "備考", True),
)
"""What is told of every contract, on paper or not."""
_DONE_BEFORE = {
    *("process_type", "application_year", "application_serial", "notice_year", "notice_serial"),
    *("branch_no", "agreement_code", "policyholder_code", "source_branch_no", "change_date", "change_reason"),
    *("shipment_process_type", "settlement_process_type", "payer_code", "payer_country", "currency"),
    "contract_amount",
}
"""Fields of uploads that say how a record is to be processed, or that stand among the columns before."""
_RATED = (
    Column("stage_words", "確定状況"),
    Column("ledger_id", "台帳番号", True),
    Column("country_category", "国カテゴリー"),
    Column("buyer_rating", "格付"),
    *(Column(f"insured_amount_{one}", f"保険金額{one.upper()}（円）") for one in "abcd"),
    *(Column(f"rate_{one}", f"料率{one.upper()}（％）") for one in "abcd"),
    *(Column(f"premium_{one}", f"保険料{one.upper()}（円）") for one in "abcd"),
    Column("change_notice_limit", "内容変更等通知期限"),
)
"""What the insurer added to a line of a ledger."""
LOSS_COLUMNS = (
    Column("loss_no", "事故番号", True),
    Column("kind_words", "保険種"),
    Column("number", "証券番号・申込番号", True),
    Column("holder", "保険利用者コード"),
    Column("agreement", "特約コード", True),
    Column("country", "国コード", True),
    Column("country_name", "国名", True),
    Column("buyer", "バイヤーコード", True),
    Column("buyer_name", "バイヤー名称", True),
    Column("stage_words", "区分"),
    Column("cause", "事由", True),
    Column("happened_on", "発生日"),
    Column("told_on", "損失等発生通知日"),
    Column("loss_yen", "損失額（円）"),
    Column("claimed_yen", "保険金請求額（円）"),
    Column("paid_on", "保険金支払日"),
    Column("paid_yen", "支払保険金（円）"),
    Column("recovered_yen", "回収額（円）"),
    Column("remarks", "備考", True),
)
"""事故概要情報: the same for every 保険種."""


def contract_columns(kind: str) -> tuple[Column, ...]:
    """保険契約情報 of a 保険種: a row per contract, of the ledgers a row per line (決済)."""
    if kind not in LEDGER_KINDS:
        return _CONTRACT
    layout = layout_of(Product(kind), _UPLOAD_VERSION)
    fields = [field for field in layout.fields if field.field not in _DONE_BEFORE]
    return (*_CONTRACT, *(Column(field.field, field.name_ja, True) for field in fields), *_RATED)
