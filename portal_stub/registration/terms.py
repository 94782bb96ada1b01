"""The Webサービス利用規約 as this product prints it: an example text of its own, to be replaced before real use (F-038)."""

from datetime import datetime

from outputs.letters import letter
from sensors.windows import TOKYO

EDITION = "2026-04-01"
TITLE = "Webサービス利用規約"
MARK = "これは試用のための例文です。実際に運用する前に、保険者の規約に差し替えてください。"
PREAMBLE = (
    "この規約は、保険者が提供する貿易保険Webサービス（以下「本サービス」といいます。）の利用条件を定めます。"
)
ARTICLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "第1条（利用登録）",
        (
            "本サービスは、この規約に同意して利用登録を申し込み、保険者からWebユーザーIDの発行を受けた方だけが利用できます。",
            "保険者は、申込内容に誤りがあるときや、申込書が有効期限までに届かないときは、登録を行わないことがあります。",
        ),
    ),
    (
        "第2条（IDとパスワードの管理）",
        (
            "利用者は、WebユーザーIDとパスワードを自ら管理し、利用を認めていない人に使わせてはなりません。",
            "利用者のIDとパスワードによる操作は、その利用者が行ったものとして扱います。",
            "パスワードが他人に知られたおそれがあるときは、速やかにパスワードを変更し、保険者に連絡してください。",
        ),
    ),
    (
        "第3条（手続きの効力）",
        (
            "本サービスによる申込みや通知は、保険者のシステムに記録された時に、保険者に届いたものとします。",
            "申込みの内容、引受けおよび保険金の支払いには、この規約のほか、それぞれの約款と特約を適用します。",
        ),
    ),
    (
        "第4条（情報の取扱い）",
        (
            "保険者は、利用者が入力した情報を、貿易保険の引受けと本サービスの提供に必要な範囲で使います。",
            "保険者は、操作の記録を保存し、利用者の管理者の求めに応じて提供します。",
        ),
    ),
    (
        "第5条（サービスの停止）",
        (
            "保険者は、点検、障害、災害その他やむを得ない事情があるときは、予告なく本サービスを止めることがあります。",
            "停止によって手続きができないときは、保険者が案内する別の方法で手続きをしてください。",
        ),
    ),
    (
        "第6条（禁止事項）",
        (
            "利用者は、事実と異なる内容の入力、本サービスの運営を妨げる行為、法令に反する行為をしてはなりません。",
            "保険者は、利用者がこの規約に反したときは、その利用者による利用を止めることがあります。",
        ),
    ),
    (
        "第7条（規約の変更）",
        (
            "保険者は、この規約を変更するときは、変更の内容と適用する日を、あらかじめ本サービスの画面で知らせます。",
        ),
    ),
)


def terms_pdf() -> bytes:
    """The same text as PDF."""
    numbered = [
        (heading, [(f"第{number}項", text) for number, text in enumerate(clauses, start=1)])
        for heading, clauses in ARTICLES
    ]
    return letter(
        TITLE,
        created_at=datetime.fromisoformat(EDITION).replace(tzinfo=TOKYO),
        paragraphs=[f"【例文】{MARK}", PREAMBLE],
        sections=numbered,
        footer="貿易保険Webサービス",
    )
