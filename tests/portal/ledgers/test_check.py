"""「送る前に検査する」: what the page says is what ``daicho check`` says, nothing is sent, and nobody sees another's."""

import csv
import io
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from daicho.checking import check_upload
from portal_stub.accounts.models import User
from portal_stub.jobs import rules as jobs
from portal_stub.jobs.models import Job
from portal_stub.jobs.worker import run_due
from portal_stub.ledgers import checking
from portal_stub.ledgers.models import Upload
from portal_stub.ledgers.sending import keep, opened, send
from schemas.layouts import layout_of
from schemas.products import Product
from tests import kit
from tests.homes import contracts
from tests.portal.conftest import World
from tests.portal.pages import page_of, part_of
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = pytest.mark.slow
Visit = Callable[..., Client]
BAD = [
    *contracts("EX-1"),
    *contracts("EX-2", currency=""),
    *contracts("EX-3", process_type="9"),
]


def draft(user: User, rows: list[kit.Row], name: str = "11月分.csv", count: str = "", **more: Any) -> Upload:
    content = (
        kit.xlsx_bytes(rows, layout_of(Product.ENTERPRISE)) if name.endswith(".xlsx") else kit.csv_bytes(rows)
    )
    return keep(user, "enterprise", name, [content], count or str(len(rows)), **more)


def checked(upload: Upload) -> Job:
    """The check of an upload, done."""
    job = checking.begin(upload.user, upload)
    assert run_due() == 1
    job.refresh_from_db()
    return job


def path(upload: Upload, page: str = "ledger-check", **more: str) -> str:
    return reverse(page, kwargs={"product": upload.product, "upload_id": upload.pk, **more})


@pytest.mark.parametrize("rows", [contracts("EX-1", "EX-2"), BAD], ids=["good", "bad"])
@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_it_finds_what_the_command_finds(whole: Whole, world: World, rows: list[kit.Row], name: str) -> None:
    upload = draft(world.applicant, rows, name)
    result = checked(upload).result
    with opened(upload) as stream:
        content = stream.read()
    told = check_upload(
        whole.home.at(whole.now), content, name, "enterprise", world.holder.code, str(len(rows))
    )
    assert result["findings"] == told.findings.to_dicts()
    assert result["premium_total_yen"] == told.premium_total_yen
    assert (result["records"], result["errors"]) == (len(rows), told.errors)
    assert result["acceptance_date"] == told.acceptance_date.isoformat()
    file = whole.home.path / name
    file.write_bytes(content)
    flags = ("--product", "enterprise", "--holder", world.holder.code, "--count", str(len(rows)), "--json")
    command = whole.home.cli("check", str(file), *flags, now=whole.now).json
    assert result["findings"] == command["findings"]
    assert result["premium_total_yen"] == command["premium_total_yen"]


@pytest.mark.req("A-027")
def test_the_page_shows_place_item_and_remedy_of_each_finding(
    whole: Whole, world: World, visit: Visit
) -> None:
    upload = draft(world.applicant, BAD, "11月分.xlsx")
    page = visit(world.applicant)
    fresh = page_of(page.get(path(upload)))
    assert fresh.tools.links["ヘルプ（別ウィンドウ）"] == "/help/ledger-check/"
    assert fresh.sentences == ["まだ検査していません。検査しても、何も送られず、何も計上されません。"]
    assert "検査する" in fresh.buttons
    assert page.post(path(upload)).url == path(upload)
    waiting = page_of(page.get(path(upload))).section("検査しています")
    assert waiting.sentences[0] == "順番待ち（1番目）"
    [following] = waiting.find("[aria-live=polite]")
    assert following.get("hx-get") == path(upload, "ledger-check-progress")
    assert run_due() == 1
    shown = page_of(page.get(path(upload)))
    assert shown.status == (
        "エラーが2件あります。このまま申請すると、1件も受け付けられません。直してから申請してください。"
    )
    assert shown.facts["受理日"] == "この時刻に申請すると 2018年11月6日（火） の受理になります。"
    assert shown.facts["エラー／警告"] == "2件／0件"
    findings = shown.table("ファイルの順").rows
    assert [
        (row["レコード"], row["項目"], row["区分"], row["内容と直し方"], row["入力値"]) for row in findings
    ] == [
        ("2", "表示通貨", "エラー", "「表示通貨」は必須です。値を入力してください。", ""),
        (
            "3",
            "処理種別",
            "エラー",
            "処理種別「9」は使えません。1:新規、2:変更、3:訂正内変、4:修正、5:取消のいずれかにしてください。",
            "9",
        ),
    ]
    assert [row["場所"].partition("セル ")[0] for row in findings] == ["3行目\n", "4行目\n"]
    assert Upload.objects.get().state == "draft", "nothing is sent"
    assert whole.collect() == []


def test_the_part_that_follows_fetches_the_page_when_the_check_is_over(
    whole: Whole, world: World, visit: Visit
) -> None:
    upload = draft(world.applicant, BAD)
    page = visit(world.applicant)
    page.post(path(upload))
    part = page.get(path(upload, "ledger-check-progress"))
    assert part_of(part).text == "順番待ち（1番目）"
    Job.objects.update(state="running", progress=20, words="検査し、保険料を計算しています")
    part = part_of(page.get(path(upload, "ledger-check-progress")))
    assert part.sentences == ["検査し、保険料を計算しています　20%"]
    assert [bar.get("value") for bar in part.find("progress")] == ["20"]
    Job.objects.update(state="waiting", progress=0, words="")
    run_due()
    part = page.get(path(upload, "ledger-check-progress"))
    assert (part.status_code, part["HX-Refresh"]) == (286, "true")


def test_the_work_tells_its_steps(whole: Whole, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[int, str]] = []
    monkeypatch.setattr("portal_stub.jobs.registry.Running.tell", lambda _, *step: steps.append(step))
    checked(draft(world.applicant, BAD))
    assert [words for _, words in steps] == [
        "ファイルを読み込んでいます",
        "検査し、保険料を計算しています",
        "台帳の内容と照合しています",
        "検査結果をまとめています",
    ]
    assert sorted(steps) == steps


def test_a_good_file_is_told_its_premium(whole: Whole, world: World, visit: Visit) -> None:
    upload = draft(world.applicant, contracts("EX-1"))
    told = checked(upload).result
    assert told["premium_total_yen"] > 0
    shown = page_of(visit(world.applicant).get(path(upload)))
    assert shown.status == "エラーも警告もありません。"
    assert shown.facts["保険料合計（見込み）"] == (
        f"{told['premium_total_yen']:,}円\n2018/11/06 の受理として計算しました"
    )
    assert shown.headings == ["検査結果", "申請"], "no findings, and nothing to fetch"
    assert "検査結果（CSV）" not in shown.links


def test_in_the_evening_it_reckons_with_the_next_business_day(
    whole: Whole, world: World, visit: Visit
) -> None:
    whole.hand.at = whole.hand.at.replace(hour=17, minute=40)
    upload = draft(world.applicant, contracts("EX-1"))
    assert checked(upload).result["acceptance_date"] == "2018-11-07"
    shown = page_of(visit(world.applicant).get(path(upload)))
    assert shown.facts["受理日"] == "この時刻に申請すると 2018年11月7日（水） の受理になります。"
    whole.hand.at = whole.hand.at.replace(hour=20, minute=30)
    shown = page_of(visit(world.applicant).get(path(upload)))
    assert shown.facts["受理日"] == (
        "いまは受付時間外です。次の受付時間（8:00から）に申請すると 2018年11月7日（水） の受理になります。"
    )


def test_what_was_checked_for_another_day_or_count_is_not_taken_for_new(
    whole: Whole, world: World, visit: Visit
) -> None:
    upload = draft(world.applicant, contracts("EX-1"))
    first = checked(upload)
    stale = "検査した後に、件数または受理日が変わりました。もう一度検査してください。"
    assert page_of(visit(world.applicant).get(path(upload))).callouts == []
    whole.hand.at = whole.hand.at.replace(hour=18)
    page = visit(world.applicant)
    assert page_of(page.get(path(upload))).callouts == [stale]
    page.post(path(upload))
    run_due()
    assert page_of(page.get(path(upload))).callouts == []
    assert Upload.objects.get().last_check_id != first.pk
    Upload.objects.update(count=2)
    assert page_of(page.get(path(upload))).callouts == [stale]


def test_only_the_first_twenty_are_on_the_page_and_all_in_the_files(
    whole: Whole, world: World, visit: Visit
) -> None:
    rows = contracts(*(f"EX-{n}" for n in range(30)), currency="")
    upload = draft(world.applicant, rows, "11月分.xlsx")
    checked(upload)
    page = visit(world.applicant)
    shown = page_of(page.get(path(upload)))
    total = Job.objects.get().result["findings_total"]
    assert total >= 30
    assert len(shown.table("ファイルの順（先頭の20件）").rows) == 20
    assert shown.section("検出事項").sentences[-1] == (
        f"ほか {total - 20:,}件。すべては「検査結果（CSV）」または「検査結果を書き込んだExcel」で確認できます。"
    )
    [kind] = shown.table("種類ごとの件数").rows
    assert (kind["区分"], kind["件数"], kind["コード"]) == ("エラー", f"{total}", "mandatory")
    assert kind["例"].startswith("「表示通貨」は必須です。")
    report = page.get(path(upload, "ledger-check-file", check_file="csv"))
    assert (
        unquote(report.headers["Content-Disposition"]) == "attachment; filename*=utf-8''11月分_検査結果.csv"
    )
    told = list(csv.DictReader(io.StringIO(b"".join(report.streaming_content).decode("cp932"), newline="")))
    assert len(told) == total
    assert (told[0]["データ番号"], told[0]["行"], told[0]["コード"], told[0]["項目名"]) == (
        "1", "2", "mandatory", "表示通貨",
    )  # fmt: skip
    assert told[0]["船積No."] == rows[0]["shipment_no"]
    book = marked(page, upload)
    assert book.worksheets[0].max_row == 31
    assert sum(1 for row in book.worksheets[0].iter_rows() for cell in row if cell.comment) == total


def marked(page: Client, upload: Upload) -> openpyxl.Workbook:
    reply = page.get(path(upload, "ledger-check-file", check_file="xlsx"))
    assert reply.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(b"".join(reply.streaming_content)))


def test_a_csv_comes_back_as_a_workbook_with_the_same_cells(whole: Whole, world: World, visit: Visit) -> None:
    upload = draft(world.applicant, BAD)
    checked(upload)
    sheet = marked(visit(world.applicant), upload).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == list(BAD[0])
    for row, sent in zip(rows[1:], BAD, strict=True):
        assert [value or "" for value in row] == list(sent.values())
    texts = {
        (rows[0][cell.column - 1], cell.row): cell.comment.text
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    }
    assert "「表示通貨」は必須です。" in texts["currency", 3]
    assert "処理種別「9」は使えません。" in texts["process_type", 4]


def test_columns_that_are_missing_or_unknown_are_marked_at_the_header(
    whole: Whole, world: World, visit: Visit
) -> None:
    header, *lines = kit.csv_bytes(contracts("EX-1")).decode().splitlines()
    names = header.split(",")
    place = names.index("goods_code")
    cut = [
        ",".join(cell for n, cell in enumerate(line.split(",")) if n != place) for line in (header, *lines)
    ]
    content = "\r\n".join([f"{cut[0]},謎の列", *(f"{line}," for line in cut[1:])]).encode()
    upload = keep(world.applicant, "enterprise", "x.csv", [content], "1")
    checked(upload)
    sheet = marked(visit(world.applicant), upload).worksheets[0]
    assert "必須の列" in sheet["A1"].comment.text
    assert "列「謎の列」は使われません" in sheet.cell(1, sheet.max_column).comment.text
    assert sheet.cell(1, sheet.max_column).value == "謎の列"


def test_a_large_file_gets_its_workbook_when_it_is_wanted(
    whole: Whole, world: World, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MARKED_AT_ONCE", 2)
    upload = draft(world.applicant, BAD, "11月分.xlsx")
    checked(upload)
    page = visit(world.applicant)
    shown = page_of(page.get(path(upload)))
    assert shown.buttons["検査結果を書き込んだExcelを作成する"].action == path(upload, "ledger-check-marked")
    assert "検査結果を書き込んだExcel" not in shown.links
    assert page.get(path(upload, "ledger-check-file", check_file="xlsx")).status_code == 404
    for _ in range(2):  # twice is once
        assert page.post(path(upload, "ledger-check-marked")).status_code == 302
    assert Job.objects.filter(kind="check-marked").count() == 1
    made = page_of(page.get(path(upload))).section("検出事項")
    assert made.sentences[1] == "検査結果を書き込んだExcelを作成しています。"
    part = part_of(page.get(path(upload, "ledger-check-progress")))
    assert part.sentences == ["順番待ち（1番目）"]
    assert run_due() == 1
    assert page.get(path(upload, "ledger-check-progress"))["HX-Refresh"] == "true"
    book = marked(page, upload)
    assert book.sheetnames[-1] == "検査結果"
    assert any(cell.comment for row in book.worksheets[0].iter_rows() for cell in row)


@pytest.mark.parametrize(
    ("name", "count", "words"),
    [
        ("11月分.csv", "4", "申請件数(4件)とファイルの件数(3件)が一致しません"),
        ("11月分.xlsx", "3", "ファイル「11月分.xlsx」を読めません"),
    ],
)
def test_what_would_be_refused_is_told_and_nothing_breaks(
    whole: Whole, world: World, visit: Visit, name: str, count: str, words: str
) -> None:
    upload = (
        draft(world.applicant, BAD, name, count)
        if name.endswith(".csv")
        else keep(world.applicant, "enterprise", name, [b"PK\x03\x04 no workbook"], count)
    )
    job = checked(upload)
    assert (job.state, job.attempts) == ("failed", 1)
    page = visit(world.applicant)
    shown = page_of(page.get(path(upload)))
    [sentence] = shown.section("申請しても受け付けられません").sentences
    assert sentence.startswith(words)
    assert "もう一度検査する" in shown.buttons
    assert "申請" not in shown.buttons
    assert page.get(path(upload, "ledger-check-file", check_file="csv")).status_code == 404
    assert page.post(path(upload, "ledger-check-marked")).status_code == 404


def test_too_large_a_file_is_a_result_too(whole: Whole, world: World, visit: Visit) -> None:
    whole.home.settings(max_bytes=10, drop_settle_seconds=0)
    upload = draft(world.applicant, BAD)
    job = checked(upload)
    assert (job.state, job.result) == ("failed", {"refused": "file-too-large"})
    shown = page_of(visit(world.applicant).get(path(upload)))
    [sentence] = shown.section("申請しても受け付けられません").sentences
    assert sentence.startswith("ファイルが大きすぎます")


@pytest.mark.req("G-016")
def test_an_identical_upload_of_somebody_else_is_told_without_its_number(
    whole: Whole, world: World, visit: Visit
) -> None:
    """Who sees the own hand-ins alone learns that there is one, which he must know to send, and no more of it."""
    rows = contracts("EX-1")
    send(world.applicant, [draft(world.applicant, rows)], "once")
    whole.collect()
    upload = draft(world.enterer, rows, "同じ.csv")
    page = visit(world.enterer)
    same = page_of(page.get(path(upload))).section("同じ内容のファイルが申請済みです")
    assert same.sentences[0].startswith("別の利用者の申請")
    assert checked(upload).result["identical_to"] == "別の利用者の申請"


@pytest.mark.req("A-053")
def test_an_identical_earlier_upload_is_shown(whole: Whole, world: World, visit: Visit) -> None:
    rows = contracts("EX-1")
    send(world.applicant, [draft(world.applicant, rows)], "once")
    whole.collect()
    upload = draft(world.applicant, rows, "同じ.csv")
    page = visit(world.applicant)
    same = "同じ内容のファイルが申請済みです"
    before = page_of(page.get(path(upload))).section(same)
    [sentence] = before.sentences
    assert sentence.startswith("受付番号 S00000001（2018/11/06"), "without any check"
    assert checked(upload).result["identical_to"] == "S00000001"
    assert page_of(page.get(path(upload))).section(same).sentences == [sentence]
    other = page_of(page.get(path(draft(world.applicant, contracts("EX-2")))))
    assert (other.headings, other.callouts) == ([], [])


@pytest.mark.req("P-045")
def test_what_was_checked_is_sent_from_the_page(whole: Whole, world: World, visit: Visit) -> None:
    """Upload → what is wrong → 申請 for all of it; an identical one only with the tick."""
    page = visit(world.applicant)
    file = SimpleUploadedFile("11月分.csv", kit.csv_bytes(contracts("EX-1")))
    sent = {"count": "1", "remarks": "契約発効日", "file": file, "do": "check"}
    there = page.post("/ledger/enterprise/upload/", sent)
    upload = Upload.objects.get()
    assert there.url == path(upload)
    assert run_due() == 1, "the click began the check"
    form = page_of(page.get(path(upload))).form("/ledger/enterprise/send/")
    assert form.fields == {}, "no tick for what was never sent"
    reply = page.post(form.action, form.values)
    assert reply.url == f"/ledger/enterprise/upload/{upload.pk}/done/"
    whole.run()
    upload.refresh_from_db()
    assert (upload.state, upload.remarks) == ("sent", "契約発効日")
    assert page_of(page.get(path(upload))).facts["受理日"] == "申請済みです"
    page.post(path(upload))
    assert run_due() == 0, "what is sent is not checked again"

    again = draft(world.applicant, contracts("EX-1"))
    checked(again)
    shown = page_of(page.get(path(again))).section("エラーがあるまま申請する")
    form = shown.form("/ledger/enterprise/send/")
    assert form.fields["resend"].values == [], "already insured: a tick is asked for"
    assert page.post(form.action, form.values).status_code == 422
    assert page.post(form.action, form.values | {"resend": "on"}).status_code == 302


def test_who_may_only_enter_checks_and_does_not_send(whole: Whole, world: World, visit: Visit) -> None:
    upload = draft(world.enterer, contracts("EX-1"))
    checked(upload)
    shown = page_of(visit(world.enterer).get(path(upload)))
    assert shown.status == "エラーも警告もありません。"
    assert [form.action for form in shown.forms] == [""], "only 「もう一度検査する」"


def test_it_belongs_to_who_kept_the_file(whole: Whole, world: World, visit: Visit) -> None:
    upload = draft(world.applicant, BAD)
    checked(upload)
    for user in (world.administrator, world.enterer, world.stranger):
        page = visit(user)
        assert page.get(path(upload)).status_code == 404
        assert page.post(path(upload)).status_code == 404
        assert page.get(path(upload, "ledger-check-progress")).status_code == 404
        assert page.post(path(upload, "ledger-check-marked")).status_code == 404
        for form in ("csv", "xlsx"):
            assert page.get(path(upload, "ledger-check-file", check_file=form)).status_code == 404
    mine = visit(world.applicant)
    assert mine.get(path(upload)).status_code == 200
    assert mine.get(path(upload, "ledger-check-file", check_file="pdf")).status_code == 404
    assert mine.get(path(upload).replace("enterprise", "equipment")).status_code == 404
    assert mine.get(path(upload).replace("enterprise", "textiles")).status_code == 404


def test_a_second_click_goes_on_with_the_check_that_is_under_way(whole: Whole, world: World) -> None:
    upload = draft(world.applicant, BAD)
    first = checking.begin(world.applicant, upload)
    assert checking.begin(world.applicant, upload).pk == first.pk
    run_due()
    assert checking.begin(world.applicant, upload).pk != first.pk


def test_a_large_file_does_not_go_before_other_work(
    whole: Whole, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = draft(world.applicant, BAD)
    assert checking.begin(world.applicant, small).urgent
    monkeypatch.setattr(checking, "QUICK_BYTES", small.size - 1)
    assert not checking.begin(world.applicant, draft(world.applicant, BAD)).urgent


def test_a_file_that_is_gone_is_told(whole: Whole, world: World) -> None:
    upload = draft(world.applicant, BAD)
    job = checking.begin(world.applicant, upload)
    upload.delete()
    run_due()
    job.refresh_from_db()
    assert (job.state, job.result) == ("failed", {"refused": "upload-gone"})


def test_checks_of_typed_entries_and_of_programs_make_no_workbook(whole: Whole, world: World) -> None:
    for origin in ("entry", "api"):
        job = checked(draft(world.applicant, BAD, origin=origin))
        assert job.more_files == {}
        assert len(job.result["findings"]) == job.result["findings_total"]


def test_further_files_of_a_job_live_as_long_as_it(whole: Whole, world: World) -> None:
    upload = draft(world.applicant, BAD, "a.xlsx")
    job = checked(upload)
    shelf = jobs.SHELF
    for path_ in shelf._folder().glob("*/*"):
        os.utime(path_, (time.time() - 7200,) * 2)
    jobs.tidy()
    with jobs.opened(job, "marked") as stream:
        assert stream.read(2) == b"PK"
    with pytest.raises(jobs.NoFile):
        jobs.opened(job, "other")
    jobs.remove(job)
    jobs.tidy()
    assert list(shelf._folder().glob("*/*")) == []
