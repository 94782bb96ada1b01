"""The words of the command line: commands, options and their help. What they do is ``commands``."""

import argparse
from collections.abc import Callable

from daicho.cli.usage import Parser

PRODUCTS = ("enterprise", "equipment", "consumer-goods", "simplified-notice")
JOBS = ("nightly", "intake", "reconcile", "confirm")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(
        prog="daicho",
        description="台帳: 貿易保険の台帳アップロードと船積通知を受け付け、審査し、保険料を計算し、帳票を作成します。",
        epilog="データは $DAICHO_HOME(既定 ./var)に保存します。終了コード: 0 完了、1 check/verify で不備、2 拒否・使い方の誤り、3 内部エラー。",
    )
    top.add_argument("--json", action="store_true", help="結果をJSON文書1つで標準出力に書く")
    commands = top.add_subparsers(dest="command", metavar="コマンド", required=True, parser_class=Parser)

    def command(name: str, help_text: str, csv: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text)
        # Suppressed, so that the option before the command is not undone by the command's own default.
        sub.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="結果をJSON文書1つで標準出力に書く"
        )
        if csv:
            sub.add_argument("--csv", action="store_true", help="結果をCSVで標準出力に書く")
        return sub

    reference = command("reference", "参照表を読み込む (reference load DIR)")
    reference.add_argument("action", choices=["load"], help="load: フォルダの参照表をまとめて読み込む")
    reference.add_argument("dir", metavar="DIR", help="<表名>.csv を置いたフォルダ")
    reference.add_argument(
        "--preview", action="store_true", help="読み込まずに、何が変わるかを見る。何も保存しない"
    )

    submit = command("submit", "アップロードを1件申請する")
    _upload_options(submit)
    submit.add_argument("--user", required=True, metavar="ID", help="WebユーザーID(12桁)")
    submit.add_argument("--remarks", default="", metavar="文", help="備考情報(500文字以内)")
    submit.add_argument("--resend", action="store_true", help="同じ内容でも再送する")

    check = command("check", "申請前に確認する。何も保存しない")
    _upload_options(check)

    run = command("run", "期日の来た処理を行う")
    run.add_argument("job", nargs="?", choices=JOBS, default="nightly", help="既定 nightly")

    status = command("status", "申請の状況を見る")
    status.add_argument("submission", nargs="?", metavar="受付番号")

    findings = command("findings", "申請の検出事項を見る", csv=True)
    findings.add_argument("submission", metavar="受付番号")

    decide = command("decide", "保留中の申請を決定する")
    decide.add_argument("submission", metavar="受付番号")
    either = decide.add_mutually_exclusive_group(required=True)
    either.add_argument("--release", action="store_true", help="保留を解いて処理する")
    either.add_argument("--refuse", action="store_true", help="申請内容要確認とする")
    decide.add_argument("--by", required=True, metavar="氏名", help="決定した人")
    decide.add_argument("--reason", required=True, metavar="理由", help="決定の理由")

    ledger = command("ledger", "台帳の現在(または過去の時点)の全行を見る", csv=True)
    ledger.add_argument("--holder", metavar="コード")
    ledger.add_argument("--product", choices=PRODUCTS)
    ledger.add_argument("--as-of", metavar="日時", help="この日時までに計上された版")

    explain = command("explain", "保険料の計算根拠を見る")
    explain.add_argument("application_no", metavar="申込番号", help="YY-NNNNNN または YY-NNNNNN-BB")

    expected = command("expected", "まだ届いていない船積確定通知(簡易)を見る", csv=True)
    expected.add_argument("--month", metavar="YYYY-MM", help="船積年月(既定は先月)")
    expected.add_argument("--mail", action="store_true", help="保険利用者ごとの依頼文を作る(送信はしない)")

    outputs = command("outputs", "作成した帳票の一覧を見る", csv=True)
    outputs.add_argument("--submission", metavar="受付番号")
    outputs.add_argument("--holder", metavar="コード")
    outputs.add_argument("--date", metavar="日付", help="作成日 YYYY-MM-DD")

    reissue = command("reissue", "作成済みの帳票をもう一度作り、作成時と1バイトも違わないことを確かめる")
    reissue.add_argument("document", metavar="帳票番号", help="daicho outputs の document_id")
    reissue.add_argument("--out", metavar="FILE", help="作った帳票の書き先")

    sql = command("sql", "読取り専用のSQL(DuckDB)で調べる", csv=True)
    sql.add_argument("query", metavar="SQL")

    generate = command("generate", "試行用のもっともらしいアップロードを作る")
    generate.add_argument("--product", required=True, choices=PRODUCTS)
    generate.add_argument("--lines", required=True, type=_positive(int), metavar="N")
    generate.add_argument("--out", required=True, metavar="FILE", help=".csv または .xlsx")
    generate.add_argument("--seed", type=int, default=1, metavar="S")
    generate.add_argument("--defects", type=_share, default=0.0, metavar="割合", help="不備を入れる割合 0~1")

    command("verify", "保存されたすべてのデータの整合を確かめる")

    _dagster(command("dagster", "Dagster のコードサーバ・daemon・画面を動かす"))
    _portal(command("portal", "ポータル(画面)を動かす"))
    return top


def _dagster(dagster: argparse.ArgumentParser) -> None:
    programs = dagster.add_subparsers(
        dest="program", metavar="プログラム", required=True, parser_class=Parser
    )
    for name, help_text in (
        ("code-server", "コードを読み込み、処理を起動する。ほかの2つより先に動かす"),
        ("daemon", "受付フォルダ、期日、時刻を見て処理を始める"),
        ("web", "画面をこのコンピュータ(127.0.0.1)で動かす"),
    ):
        program = programs.add_parser(name, help=help_text, description=f"{help_text}。終了は Ctrl-C")
        if name == "web":
            program.add_argument("--port", type=_port, default=3000, metavar="N", help="既定 3000")
            program.add_argument(
                "--host", dest="hosts", action="append", default=[], metavar="名前",
                help="応答するホスト名を加える(リバースプロキシを通すとき)",
            )  # fmt: skip
            program.add_argument(
                "--read-only", action="store_true", help="見るだけ。処理の起動や設定の変更はできない"
            )


def _portal(portal: argparse.ArgumentParser) -> None:
    actions = portal.add_subparsers(dest="action", metavar="操作", required=True, parser_class=Parser)

    def action(name: str, help_text: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=help_text, description=help_text)
        sub.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="結果をJSON文書1つで標準出力に書く"
        )
        return sub

    serve = action("serve", "このコンピュータ(127.0.0.1)でポータルを動かす。終了は Ctrl-C")
    serve.add_argument("--port", type=_port, default=8000, metavar="N", help="既定 8000")
    action("demo", "見本の保険利用者とユーザーを登録し、すべてのログインを表示する")
    action("routes", "すべての画面と、開ける人の一覧")
    action("mails", "送信待ちのメールを1回送信する(serve は自動で送信する)")
    feed = action("feed", "処理の結果をポータルに反映する(daicho run は終わりに自動で反映する)")
    feed.add_argument("--rebuild", action="store_true", help="はじめからすべて反映し直す")
    supervisor = action("supervisor", "保険者デスクの最初の「決裁」の担当者を登録する")
    supervisor.add_argument("login_id", metavar="担当者ID", help="英小文字で始まる英小文字・数字・ハイフン")
    supervisor.add_argument("--name", required=True, metavar="氏名", help="担当者の氏名")
    supervisor.add_argument("--mail", required=True, metavar="アドレス", help="担当者のメールアドレス")
    lift = action("lift", "管理者自身が入れなくなったときに、IPアドレス制限を解除する")
    lift.add_argument("holder", metavar="コード", help="保険利用者コード(9桁)")
    lift.add_argument("--by", required=True, metavar="氏名", help="解除した人")
    lift.add_argument("--reason", required=True, metavar="理由", help="解除の理由")


def _upload_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", metavar="FILE", help=".csv または .xlsx")
    sub.add_argument("--product", required=True, metavar="保険種", help=" | ".join(PRODUCTS))
    sub.add_argument("--holder", required=True, metavar="コード", help="保険利用者コード(9桁)")
    sub.add_argument("--count", required=True, metavar="N", help="申請件数")


def _positive(kind: Callable[[str], int]) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = kind(text)
        if value < 1:
            raise argparse.ArgumentTypeError("1以上の整数で指定してください")
        return value

    return number


def _port(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65535:
        raise argparse.ArgumentTypeError("1から65535の番号で指定してください")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("0から1の割合で指定してください")
    return value
