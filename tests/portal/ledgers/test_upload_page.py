"""「アップロード」 and 「申請完了」 as an exporter uses them: the file stays, the window is judged at the click, once only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.feed.models import Submission
from portal_stub.history.models import AccessRecord
from portal_stub.ledgers.models import Upload
from portal_stub.mails.models import Mail
from tests import kit
from tests.homes import contracts, instant
from tests.portal.conftest import World, hidden
from tests.portal.pages import Page, Part, page_of
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
Visit = Callable[..., Client]
PAGE, SEND = "/ledger/enterprise/upload/", "/ledger/enterprise/send/"


def a_file(*numbers: str, name: str = "11月分.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, kit.csv_bytes(contracts(*(numbers or ("EX-1",)))))


def listed(client: Client, product: str = "enterprise") -> list[str]:
    """File names of 申請済一覧 or 通知済一覧."""
    page = page_of(client.get(f"/ledger/{product}/sent/"))
    assert page.status == f"{len(page.tables and page.table().rows)}件"
    return [row.head.split("\n")[0] for table in page.tables for row in table.rows]


def kept_files(page: Page) -> list[str]:
    """What 「送っていないファイル」 offers; nothing where there is no such part."""
    return [row.head for table in page.tables for row in table.rows]


def window(page: Page) -> str:
    """What the page says of acceptance, which is nothing beyond the calendar."""
    return Part(page.find("[role=note]")).text


def once_of(client: Client, page: str = PAGE) -> str:
    return str(hidden(client.get(page))["once"][0])


def sends(client: Client, page: str = SEND, **sent: Any) -> Any:
    return client.post(page, {"once": once_of(client), "count": "1", "remarks": "", "file": a_file()} | sent)


@pytest.mark.req("A-005", "B-002")
@pytest.mark.parametrize(
    ("product", "act"),
    [
        ("enterprise", "申請"),
        ("equipment", "申請"),
        ("consumer-goods", "申請"),
        ("simplified-notice", "通知"),
    ],
)
def test_the_page_asks_for_three_things_and_has_its_buttons(
    world: World, visit: Visit, product: str, act: str
) -> None:
    page = page_of(visit(world.applicant).get(f"/ledger/{product}/upload/"))
    form = page.form(having="file")
    asked = {name: (item.kind, item.label, item.mark) for name, item in form.fields.items()}
    assert asked == {
        "file": ("file", f"{act}ファイル", "必須"),
        "count": ("text", f"{act}件数", "必須"),
        "remarks": ("textarea", "備考情報", "任意"),
    }
    assert form.fields["remarks"].note == ("500文字以内。保険者への連絡欄です。例: 契約発効日 2026年4月1日")
    buttons = {name: (button.value, button.action) for name, button in form.buttons.items()}
    assert buttons == {
        "検査する": ("check", f"/ledger/{product}/upload/"),
        act: ("", f"/ledger/{product}/send/"),
    }
    assert form.links == {f"{act}済一覧": f"/ledger/{product}/sent/"}


@pytest.mark.req("A-015", "B-008", "G-012")
@pytest.mark.parametrize(("product", "act"), [("enterprise", "申請"), ("simplified-notice", "通知")])
def test_who_may_only_enter_has_no_button_and_is_refused(
    whole: Whole, world: World, visit: Visit, product: str, act: str
) -> None:
    client = visit(world.enterer)
    form = page_of(client.get(f"/ledger/{product}/upload/")).form(having="file")
    assert [button.action for button in form.buttons.values()] == [f"/ledger/{product}/upload/"]
    assert list(form.buttons) == ["検査する"]
    sent = {"count": "1", "remarks": "", "once": "x" * 43}
    assert client.post(f"/ledger/{product}/send/", sent | {"file": a_file()}).status_code == 403
    assert not Upload.objects.exists()
    kept = client.post(f"/ledger/{product}/upload/", sent | {"file": a_file()})
    assert kept.status_code == 302, "keeping is not sending"
    assert [row.state for row in Upload.objects.all()] == ["draft"]
    wider = page_of(visit(world.applicant).get(f"/ledger/{product}/upload/")).form(having="file")
    assert list(wider.buttons) == ["検査する", act]


def stays(page: Page, act: str = "申請") -> bool:
    """Whether the page tells that it holds the file."""
    return f"このファイルを{act}します。選び直す必要はありません。" in page.form(having="count").sentences


@pytest.mark.req("A-006", "B-003")
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
def test_without_file_or_count_nothing_is_sent_and_the_file_stays(
    whole: Whole, world: World, visit: Visit, product: str
) -> None:
    client, page, send = (
        visit(world.applicant),
        f"/ledger/{product}/upload/",
        f"/ledger/{product}/send/",
    )
    reply = sends(client, send, file="", remarks="急ぎ")
    act = "通知" if product == "simplified-notice" else "申請"
    page_back = page_of(reply, 422)
    assert page_back.errors == {"file": f"{act}ファイルを選択してください。"}
    assert page_back.fields["remarks"].value == "急ぎ"
    assert page_back.fields["count"].value == "1"
    assert not Upload.objects.exists()
    reply = sends(client, send, count="")
    assert page_of(reply, 422).errors == {"count": f"{act}件数を入力してください。"}
    [kept] = Upload.objects.all()
    assert (kept.state, kept.count, kept.file_name) == ("draft", 0, "11月分.csv")
    assert hidden(reply)["draft"] == [kept.pk]
    assert stays(page_of(reply, 422), act)
    for count in ("0", "-1", "1.5", "x", "１２３４５６７８９０"):
        again = page_of(sends(client, send, file="", draft=kept.pk, count=count), 422)
        assert list(again.errors) == ["count"], count
    assert not AccessRecord.objects.filter(code="5-2").exists()
    assert stays(page_of(client.get(f"{page}{kept.pk}/")), act)
    assert kept_files(page_of(client.get(page))) == ["11月分.csv"], "it is offered on the empty page, too"
    assert not whole.collect()


@pytest.mark.req("A-013", "A-014", "A-016", "P-043")
def test_an_upload_is_sent_once_and_said_to_be_complete(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    once = once_of(client)
    sent = {"once": once, "count": "２", "remarks": "契約発効日\n11月1日"}
    first = client.post(SEND, sent | {"file": a_file("EX-1", "EX-2")})
    again = client.post(SEND, sent | {"file": a_file("EX-1", "EX-2")})
    assert first.status_code == again.status_code == 302
    assert first.headers["Location"] == again.headers["Location"]
    [row] = Upload.objects.all()
    assert (row.state, row.count, row.user) == ("sent", 2, world.applicant)
    assert AccessRecord.objects.filter(code="5-2", login_id=world.applicant.login_id).count() == 1
    done = page_of(client.get(first.headers["Location"]))
    assert done.heading == "企業総合保険　申請完了"
    assert done.status == "「11月分.csv」の申請が完了しました。受理日は 2018年11月6日 です。"
    assert done.badges == ["受付前"]
    assert done.links["申請済一覧"] == "/ledger/enterprise/sent/"
    assert done.links["メニュー"] == "/menu/"
    assert done.buttons["終了"].action == "/logout/"
    assert listed(client) == ["11月分.csv"]
    whole.run()
    assert Submission.objects.count() == 1
    assert Submission.objects.get().remarks == "契約発効日\n11月1日"
    later = page_of(client.get(first.headers["Location"]))
    assert later.badges == ["処理完了"]
    assert (later.facts["受付番号"], later.facts["保険料合計"]) == ("S00000001", "36,800円")
    assert client.post("/logout/").status_code == 302
    assert client.get(PAGE).status_code == 302
    assert visit(world.administrator).get(first.headers["Location"]).status_code == 404, "of the sender only"


@pytest.mark.req("B-006", "B-007")
def test_a_notice_is_said_to_be_complete(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    rows = SimpleUploadedFile("船積10月.csv", kit.csv_bytes([kit.notice_row()]))
    reply = sends(client, "/ledger/simplified-notice/send/", file=rows)
    page = page_of(client.get(reply.headers["Location"]))
    assert page.heading.endswith("　通知完了")
    assert page.status.startswith("「船積10月.csv」の通知が完了しました。")
    assert page.links["通知済一覧"] == "/ledger/simplified-notice/sent/"
    assert listed(client, "simplified-notice") == ["船積10月.csv"]
    assert listed(client) == []


@pytest.mark.req("A-006", "A-007")
def test_a_wrong_count_tells_both_numbers_and_keeps_the_file(
    whole: Whole, world: World, visit: Visit
) -> None:
    client = visit(world.applicant)
    reply = sends(client, file=a_file("EX-1", "EX-2"), count="3")
    page = page_of(reply, 422)
    assert page.errors == {
        "count": "申請件数(3件)とファイルの件数(2件)が一致しません。件数またはファイルを確かめて送り直してください。"
    }
    assert page.fields["count"].value == "3"
    [kept] = Upload.objects.all()
    assert kept.state == "draft"
    assert not whole.collect()
    again = sends(client, file="", draft=kept.pk, count="2")
    assert again.status_code == 302
    assert [row.pk for row in Upload.objects.filter(state="sent")] == [kept.pk]


@pytest.mark.req("C-008", "C-009")
def test_the_window_is_judged_at_the_click_and_the_draft_stays(
    whole: Whole, world: World, visit: Visit
) -> None:
    whole.hand.at = instant("2018-11-06T19:59:58")
    client = visit(world.applicant)
    assert window(page_of(client.get(PAGE))) == (
        "いま申請すると 11月7日（水） の受理です（17:30を過ぎているため、翌営業日の受理となります）。"
        "20:00を過ぎると申請できません。"
    )
    whole.hand.at = instant("2018-11-06T20:00:00")
    reply = sends(client)
    page = page_of(reply, 422)
    assert page.error_summary == [
        "受付時間は営業日の8:00~20:00です(20:00:00に受信)。2018年11月07日 8:00以降に送ってください。"
    ]
    assert stays(page)
    [kept] = Upload.objects.all()
    assert kept.state == "draft"
    closed = "ただいまは受付時間外のため、申請できません。次の受付は {} 8:00 からです。保存と検査は、いまでもできます。"
    assert window(page_of(client.get(f"{PAGE}{kept.pk}/"))) == closed.format("11月7日（水）")
    whole.hand.at = instant("2018-11-07T08:00:00")
    client = visit(world.applicant)
    assert window(page_of(client.get(f"{PAGE}{kept.pk}/"))) == (
        "いま申請すると 11月7日（水） の受理です。17:30を過ぎると、11月8日（木） の受理となります。"
    )
    assert sends(client, file="", draft=kept.pk).status_code == 302
    assert Upload.objects.get().expected_on.isoformat() == "2018-11-07"
    whole.hand.at = instant("2018-11-03T10:00:00")  # 文化の日, a Saturday
    client = visit(world.applicant)
    assert window(page_of(client.get(PAGE))) == closed.format("11月5日（月）")


def test_beyond_the_calendar_the_page_promises_nothing_and_sending_is_refused(
    whole: Whole, world: World, visit: Visit
) -> None:
    whole.hand.at = instant("2199-04-01T10:00:00")
    client = visit(world.applicant)
    page = page_of(client.get(PAGE))
    assert page.heading == "企業総合保険　アップロード"
    assert window(page) == ""
    assert len(page_of(sends(client), 422).error_summary) == 1
    [kept] = Upload.objects.all()
    assert kept.state == "draft"
    assert client.get(f"/ledger/enterprise/check/{kept.pk}/").status_code == 200


def test_identical_bytes_are_shown_and_need_a_tick(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    assert sends(client).status_code == 302
    page = page_of(sends(client, file=a_file(name="別の名前.csv")), 422)
    assert page.facts["受付番号・ファイル名"] == "11月分.csv"
    whole.run()
    reply = sends(client, file=a_file(name="別の名前.csv"))
    page = page_of(reply, 422)
    assert page.facts == {
        "受付番号・ファイル名": "S00000001",
        "申請日時": "2018/11/06 10:00",
        "受理日": "2018/11/06",
    }
    assert (page.fields["resend"].label, page.fields["resend"].values) == ("同じ内容をもう一度送る", [])
    draft = hidden(reply)["draft"][0]
    assert sends(client, file="", draft=draft).status_code == 422
    assert sends(client, file="", draft=draft, resend="on").status_code == 302
    assert Upload.objects.filter(state="sent").count() == 2


@pytest.mark.parametrize("name", ["台帳.pdf", "台帳", "台帳.csv.exe"])
def test_other_files_are_not_kept(world: World, visit: Visit, name: str) -> None:
    reply = sends(visit(world.applicant), file=SimpleUploadedFile(name, b"x"))
    assert page_of(reply, 422).errors == {
        "file": "CSV（.csv）または Excel（.xlsx）のファイルを選択してください。"
    }
    assert not Upload.objects.exists()


def test_remarks_of_500_characters_pass_and_501_do_not(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    reply = sends(client, remarks="あ" * 501)
    assert page_of(reply, 422).errors == {
        "remarks": "備考情報は500文字以内で入力してください（入力された文字数: 501）。"
    }
    [kept] = Upload.objects.all()
    assert sends(client, file="", draft=kept.pk, remarks="あ" * 499 + "\r\n").status_code == 302


def test_a_kept_file_is_replaced_or_dropped(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    sends(client, count="")
    [first] = Upload.objects.all()
    sends(client, PAGE, file=a_file("EX-9", name="正しい方.csv"), draft=first.pk)
    [second] = Upload.objects.all()
    assert second.file_name == "正しい方.csv"
    assert client.post(f"{PAGE}{second.pk}/drop/").status_code == 302
    assert not Upload.objects.exists()


@pytest.mark.req("S-024")
@pytest.mark.parametrize("role", ["administrator", "stranger"])
def test_drafts_of_others_do_not_exist(whole: Whole, world: World, visit: Visit, role: str) -> None:
    sends(visit(world.applicant), count="")
    [kept] = Upload.objects.all()
    client = visit(getattr(world, role))
    for address in (f"{PAGE}{kept.pk}/", f"{PAGE}{kept.pk}/done/", f"/ledger/equipment/upload/{kept.pk}/"):
        assert client.get(address).status_code == 404
    assert client.post(f"{PAGE}{kept.pk}/drop/").status_code == 404
    reply = sends(client, file="", draft=kept.pk)
    assert page_of(reply, 422).errors == {"file": "申請ファイルを選択してください。"}
    kept.refresh_from_db()
    assert kept.state == "draft"
    assert kept_files(page_of(client.get(PAGE))) == []


def test_an_upload_larger_than_other_pages_take_reaches_its_page(
    whole: Whole, world: World, visit: Visit
) -> None:
    line = kit.csv_bytes(contracts("EX-1"))
    blank = b" " * 1000 + b"\r\n"
    large = line + blank * (42 * 1024 * 1024 // len(blank))
    reply = sends(visit(world.applicant), file=SimpleUploadedFile("大きい.csv", large))
    assert reply.status_code == 302
    assert Upload.objects.get().size == len(large)
    assert not Mail.objects.exists()


@pytest.mark.req("A-061")
def test_submissions_are_not_in_the_list_of_applications(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    sends(client)
    whole.run()
    assert listed(client) == ["11月分.csv"]
    page = page_of(client.get("/applications/"))
    assert page.heading == "Web申込状況一覧"
    assert page.status == "0件"
    assert page.tables == []


def test_a_name_that_is_read_otherwise_than_it_is_is_kept_as_it_is_read(world: World, visit: Visit) -> None:
    sends(visit(world.applicant), file=a_file(name="請求\u202evsc.csv"))
    assert Upload.objects.get().file_name == "請求vsc.csv"


def test_who_asks_for_more_than_is_done_is_told_so(
    whole: Whole, world: World, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_stub.jobs.rules.MOST_WAITING_OF_HOLDER", 0)
    client = visit(world.applicant)
    form = {"once": once_of(client), "count": "1", "remarks": "", "file": a_file()}
    reply = client.post(PAGE, form | {"do": "check"})
    page = page_of(reply, 429)
    assert page.heading == "受け付けられませんでした"
    assert reply.headers["Retry-After"] == "60"
