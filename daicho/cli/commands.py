"""One function per command: options in, result printed, exit code out. Whatever is more than that lives elsewhere."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from daicho.cli.printing import as_json, as_table, rows_out, say
from daicho.clock import ClockSettingError
from daicho.store import Store
from schemas.submission import Refusal

if TYPE_CHECKING:
    import polars as pl

__all__ = ["COMMANDS", "ClockSettingError"]

FINDINGS = {
    "record": "件",
    "line": "行",
    "cell": "セル",
    "severity": "区分",
    "code": "コード",
    "message": "内容",
}


def reference(options: argparse.Namespace) -> int:
    """``daicho reference load DIR``."""
    from daicho.references import calendar_of, calendar_warning, load_folder, reference_of

    store = Store.open()
    if options.preview:
        return _preview(store, options)
    loaded = load_folder(store, Path(options.dir), lambda sentence: say(f"注意: {sentence}"))
    reference = reference_of(store)
    calendar_of(reference)
    if warning := calendar_warning(reference, store.clock.now().date()):
        say(f"注意: {warning}")
    if options.json:
        as_json({"loaded": loaded})
    else:
        as_table(sorted(loaded.items()), ["参照表", "行数"])
    return 0


def _preview(store: Store, options: argparse.Namespace) -> int:
    """``daicho reference load DIR --preview``."""
    from daicho.references import preview_folder

    result: dict[str, Any] = preview_folder(
        store, Path(options.dir), lambda sentence: say(f"注意: {sentence}")
    )
    if options.json:
        as_json(result)
        return 0
    counts = [[name, *rows.values()] for name, rows in result["tables"].items()]
    as_table(counts, ["参照表", "新規", "変更", "同じ"])
    effects = result["effects"]
    if effects:
        print("\nこれから計上する保険料に影響する行:")
        as_table(
            [
                [
                    effect["table"],
                    " ".join(effect["key"].values()),
                    effect["valid_from"],
                    " ".join(effect["before"].values()) if effect["before"] else "(なし)",
                    " ".join(effect["after"].values()),
                    effect["current_lines"],
                ]
                for effect in effects[:20]
            ],
            ["参照表", "対象", "適用開始日", "いま", "読込後", "該当する台帳行"],
        )
    if len(effects) > 20:
        say(f"ほか{len(effects) - 20:,}行。すべては --json で確認できます。")
    print("\n計上済みの保険料は変わりません。")
    say("何も保存していません。読み込むには --preview を外してください。")
    return 0


def submit(options: argparse.Namespace) -> int:
    """``daicho submit FILE``."""
    from daicho.receiving import Upload, receive

    store = Store.open()
    content = _content(options.file)
    now = store.clock.now()  # when the whole file has arrived (C-005)
    upload = Upload(
        content=content,
        file_name=Path(options.file).name,
        product=options.product,
        holder=options.holder,
        user=options.user,
        count=options.count,
        remarks=options.remarks,
        resend=options.resend,
    )
    receipt = receive(store, upload, now)
    row = store.events.submissions(now, receipt["submission_id"])[0]
    result = {name: row[name] for name in ("submission_id", "status", "received_at", "acceptance_date")}
    if options.json:
        as_json(result)
    else:
        print(f"受付番号 {row['submission_id']}  状況 {row['status']}  受理日 {row['acceptance_date']}")
        say(
            f"{receipt['counted']:,}件を受け付けました。状況は daicho status {row['submission_id']} で確認できます。"
        )
    return 0


def check(options: argparse.Namespace) -> int:
    """``daicho check FILE``: exit 1 when errors were found."""
    from daicho.checking import check_upload

    store = Store.open()
    result = check_upload(
        store, _content(options.file), Path(options.file).name, options.product, options.holder, options.count
    )
    found, errors = result.findings, result.errors
    if options.json:
        as_json(result.told | {"findings": found.to_dicts()})
    else:
        if found.height:
            rows_out(found.head(20).to_dicts(), options, FINDINGS)
        if found.height > 20:
            say(f"ほか{found.height - 20:,}件。すべては --json で確認できます。")
        if result.identical_to:
            say(
                f"同じ内容のファイルが {result.identical_to} として受付済みです。送信には --resend が必要です。"
            )
        print(
            f"{result.decoded.count:,}件  エラー{errors:,}  警告{found.height - errors:,}  "
            f"保険料合計 {result.premium_total_yen:,}円  受理日 {result.acceptance_date}"
        )
    return 1 if errors else 0


def run(options: argparse.Namespace) -> int:
    """``daicho run [JOB]``."""
    from daicho.running import run_job

    result, success = run_job(Store.open(), options.job, say)
    if options.json:
        as_json(result)
    else:
        print(f"{result['job']}: {len(result['processed'])}件を処理しました  run {result['run_id']}")
        for name in result["processed"]:
            print(f"  {name}")
    return 0 if success else 3


def status(options: argparse.Namespace) -> int:
    """``daicho status [SUBMISSION_ID]``."""
    store = Store.open()
    rows = store.events.submissions(store.clock.now(), options.submission)
    if options.submission and not rows:
        raise _unknown(options.submission)
    columns = {
        "submission_id": "受付番号",
        "product": "保険種",
        "holder": "保険利用者",
        "file_name": "ファイル",
        "declared_count": "件数",
        "acceptance_date": "受理日",
        "status": "状況",
        "errors": "エラー",
        "warnings": "警告",
        "premium_total_yen": "保険料(円)",
    }
    rows_out(rows, options, columns)
    return 0


def findings(options: argparse.Namespace) -> int:
    """``daicho findings SUBMISSION_ID``."""
    store = Store.open()
    if store.events.receipt(options.submission) is None:
        raise _unknown(options.submission)
    frame = store.findings.read(options.submission)
    from schemas.findings import SCHEMA

    rows_out([] if frame is None else frame.to_dicts(), options, FINDINGS, list(SCHEMA))
    return 0


def decide(options: argparse.Namespace) -> int:
    """``daicho decide SUBMISSION_ID --release|--refuse``."""
    from daicho.deciding import decide_held

    store = Store.open()
    decide_held(store, options.submission, options.release, options.by, options.reason)
    row = store.events.submissions(store.clock.now(), options.submission)[0]
    if options.json:
        as_json(row)
    else:
        print(f"{row['submission_id']}  {row['status']}")
    return 0


def ledger(options: argparse.Namespace) -> int:
    """``daicho ledger``."""
    from daicho.views import ledger_columns, ledger_rows

    store = Store.open()
    rows = ledger_rows(store, options.holder, options.product, _instant(options.as_of))
    columns = {
        "application_no": "申込番号",
        "shipment_no": "船積",
        "settlement_no": "決済",
        "history_no": "履歴",
        "acceptance_date": "受理日",
        "payer_code": "支払人",
        "buyer_rating": "格付",
        "premium_a": "A",
        "premium_b": "B",
        "premium_c": "C",
        "premium_d": "D",
        "premium_total": "保険料(円)",
        "stage": "段階",
    }
    names = list(dict.fromkeys(name for row in rows for name in row)) or ledger_columns()
    rows_out(rows, options, columns, names)
    return 0


def explain(options: argparse.Namespace) -> int:
    """``daicho explain APPLICATION_NO``."""
    from daicho.explaining import explain_application, explanation_text

    document = explain_application(Store.open(), options.application_no)
    if options.json:
        as_json(document)
    else:
        print(explanation_text(document))
    return 0


def expected(options: argparse.Namespace) -> int:
    """``daicho expected [--month YYYY-MM] [--mail]``."""
    from daicho.expecting import expected_of, month_named
    from pipelines.expected import EXPECTED, MAILS, reminders

    store = Store.open()
    found = expected_of(store, month_named(options.month, store.clock.now().date()))
    if not options.mail:
        columns = {
            "holder": "保険利用者",
            "holder_name": "名称",
            "agreement_code": "特約コード",
            "month": "船積年月",
            "deadline": "通知期限",
            "days_left": "残り日数",
            "last_notice_month": "前回の通知",
        }
        rows_out(found.to_dicts(), options, columns, list(EXPECTED))
        return 0
    mails = reminders(found).to_dicts()
    if options.csv and not options.json:
        mails = [mail | {"agreements": " ".join(mail["agreements"])} for mail in mails]
    if options.json or options.csv or not mails:
        rows_out(mails, options, {}, list(MAILS))
    for mail in [] if options.json or options.csv else mails:
        print(
            f"宛先: {mail['holder']} {mail['holder_name']}\n件名: {mail['subject']}\n\n{mail['body']}\n{'-' * 72}"
        )
    return 0


def outputs(options: argparse.Namespace) -> int:
    """``daicho outputs``."""
    store = Store.open()
    day = _instant(options.date)
    filters = {
        "submission_id": options.submission,
        "holder": options.holder,
        "date": day.date() if day else None,
    }
    shown = ("document_id", "kind", "format", "path", "sha256", "holder", "created_at", "expires_at")
    rows = [{name: d[name] for name in shown} for d in store.documents.find(filters, store.clock.now())]
    rows_out(
        rows,
        options,
        {"kind": "種類", "format": "形式", "holder": "保険利用者", "created_at": "作成", "path": "場所"},
        shown,
    )
    return 0


def reissue(options: argparse.Namespace) -> int:
    """``daicho reissue DOCUMENT_ID [--out FILE]``."""
    from assets.papers_again import put_back, reissued

    store = Store.open()
    again = reissued(store, options.document)
    if options.out:
        _written(Path(options.out), again.data)
    restored = put_back(store, again)
    row = again.document
    if options.json:
        told = {name: row[name] for name in ("document_id", "kind", "format")}
        sums = {"sha256": again.sha256, "issued_sha256": row["sha256"], "identical": again.identical}
        as_json(told | sums | {"out": options.out, "restored": restored})
    else:
        print(
            f"{row['document_id']}  "
            + (
                "作成時と同一です"
                if again.identical
                else "作成時と異なります。作成時の帳票としては使わないでください"
            )
            + f"  SHA-256 {again.sha256}"
        )
        if restored:
            say(f"失われていたファイル {store.documents.path(row)} を元に戻しました。")
    return 0


def sql(options: argparse.Namespace) -> int:
    """``daicho sql QUERY``."""
    from daicho.querying import query

    columns, rows = query(Store.open(), options.query)
    rows_out(rows, options, {name: name for name in columns}, columns)
    return 0


def generate(options: argparse.Namespace) -> int:
    """``daicho generate``."""
    from daicho.checking import acceptance_day_now
    from daicho.references import reference_of
    from pipelines.generate import generate as generated
    from schemas.products import Product

    store = Store.open()
    reference = reference_of(store)
    frame = generated(
        Product(options.product),
        options.lines,
        options.seed,
        reference,
        acceptance_day_now(store),
        options.defects,
    )
    path = Path(options.out)
    _write_upload(frame, path)
    result = {"path": str(path), "count": frame.height}
    if options.json:
        as_json(result)
    else:
        print(f"{path}  {frame.height:,}件")
    return 0


def verify(options: argparse.Namespace) -> int:
    """``daicho verify``: exit 1 when something is not in order."""
    from daicho.verifying import verify_store

    result = verify_store(Store.open(), say)
    if options.json:
        as_json(result)
    else:
        as_table([[name, value] for name, value in result["checked"].items()], ["確認したこと", "数"])
        for problem in result["problems"]:
            print(f"不整合: {problem}")
        print("すべて整合しています。" if result["ok"] else "整合していないデータがあります。")
    return 0 if result["ok"] else 1


def _write_upload(frame: "pl.DataFrame", path: Path) -> None:
    """An upload file for trials: CP932 CSV with CRLF, or a workbook with text cells."""
    if path.suffix.lower() == ".xlsx":
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet("upload")
        sheet.append(frame.columns)
        for row in frame.iter_rows():
            sheet.append(row)
        book.save(path)
        return
    if path.suffix.lower() != ".csv":
        raise Refusal("file-type", f"出力先「{path.name}」は .csv または .xlsx にしてください。")
    path.write_bytes(frame.write_csv(line_terminator="\r\n").encode("cp932"))


def _written(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        from daicho.receiving import legible
        from schemas.reasons import of_system

        raise Refusal(
            "unwritable-file",
            f"「{legible(str(path))}」に書けません({of_system(error)})。場所と権限を確かめてください。",
        ) from error


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        from daicho.receiving import legible
        from schemas.reasons import of_system

        raise Refusal(
            "unreadable-file",
            f"ファイル「{legible(file)}」を読めません({of_system(error)})。場所と権限を確かめてください。",
        ) from error


def _instant(text: str | None) -> Any:
    from datetime import datetime

    from sensors.windows import TOKYO

    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=TOKYO)).astimezone(TOKYO)
    except (ValueError, OverflowError) as error:
        raise Refusal(
            "invalid-instant",
            f"日時「{text}」を読めません。2018-11-06 または 2018-11-06T17:30:00 の形で指定してください。",
        ) from error


def _unknown(submission_id: str) -> Refusal:
    return Refusal(
        "unknown-submission",
        f"受付番号「{submission_id}」はありません。daicho status で一覧を確かめてください。",
    )


def dagster(options: argparse.Namespace) -> NoReturn:
    """``daicho dagster code-server | daemon | web``; this process becomes the program."""
    from daicho import serving

    store = Store.open()
    if options.program == "code-server":
        serving.code_server(store)
    if options.program == "daemon":
        serving.daemon(store)
    serving.web(store, options.port, options.hosts, options.read_only)


def portal(options: argparse.Namespace) -> int:
    """``daicho portal serve | demo | routes | mails | feed | supervisor | lift``. Django is imported here only."""
    from portal_stub import running

    if options.action == "serve":
        running.serve(options.port, say)
        return 0
    result: Any
    if options.action == "routes":
        result = running.routes()
    elif options.action == "demo":
        result = running.demo()
    elif options.action == "mails":
        result = running.mails()
    elif options.action == "feed":
        from assets.feed import feed_by_command

        result = feed_by_command(Store.open(), options.rebuild)
    elif options.action == "supervisor":
        result = running.supervisor(options.login_id, options.name, options.mail)
    else:
        result = running.lift(options.holder, options.by, options.reason)
    if options.json:
        as_json(result)
    elif isinstance(result, list):
        shown = [
            [" ".join(cell) if isinstance(cell, list) else cell for cell in row.values()] for row in result
        ]
        as_table(shown, list(result[0]))
    else:
        as_table([list(result.values())], list(result))
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    command.__name__: command
    for command in (
        reference,
        submit,
        check,
        run,
        status,
        findings,
        decide,
        ledger,
        explain,
        expected,
        outputs,
        reissue,
        sql,
        generate,
        verify,
        dagster,
        portal,
    )
}
