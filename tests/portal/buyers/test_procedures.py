"""海外商社登録, 海外商社変更 and スリーピング候補バイヤー解除, walked as a user does."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.accounts.models import User
from portal_stub.buyers.directory import receive
from portal_stub.buyers.models import Buyer, DocumentRule
from portal_stub.buyers.rules import set_season
from portal_stub.history.models import AccessRecord
from portal_stub.mails.models import Mail
from portal_stub.procedures import uploads
from portal_stub.procedures.deciding import decide, tidy
from portal_stub.procedures.models import Application, State
from tests.portal.conftest import Hand, World
from tests.portal.pages import Page, Part, page_of
from tests.portal.procedures.walking import begin, fill, newest, press_apply, to_check

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")
CONTACT = {
    "contact_name": "貿易 花子",
    "contact_department": "見本課",
    "contact_phone": "03-1111-2222",
    "contact_mail": "hanako@example.com",
}
ENTRY = {
    "country": "105",
    "name": "NEW TRADING CO., LTD.",
    "address": "1 Example Street, Example City",
    "phone": "+86-000-0000",
    "url": "https://buyer.example",
    "industry": "機械器具卸売業",
    "kind": "public",
    "related": "no",
    **CONTACT,
}
ENTERPRISE = ENTRY | {"kind": "enterprise"}
ORDER = {
    "report_order": "on",
    "report_agency": "insurer",
    "report_department": "経理部",
    "report_consent": "on",
}


def pdf(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.7 sample")


def pdf_words(content: bytes, folder: Path) -> str:
    """The words of a PDF, blanks away."""
    path = folder / "shown.pdf"
    path.write_bytes(content)
    done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True)
    return re.sub(r"\s", "", done.stdout.decode())


def on(client: Client, at: str, **items: Any) -> str:
    """Fills a step that must hold; the address of the next one."""
    reply = fill(client, at, **items)
    assert reply.status_code == 302, page_of(reply, reply.status_code).error_summary
    return str(reply.headers["Location"])


def registration(client: Client, **last: Any) -> Any:
    """The check page of a public buyer's registration; nothing attached where all comes by mail."""
    at = on(client, on(client, begin(client, "buyer-registration"), **ENTRY))
    return to_check(client, at, **({"separate": "yes", "separate_names": "会社案内、法令の写し"} | last))


def applied(client: Client, check: Any) -> Application:
    assert press_apply(client, check).status_code == 302
    return newest()


def logged(user: User, code: str) -> int:
    return int(AccessRecord.objects.filter(login_id=user.login_id, code=code).count())


def told(kind: str) -> list[str]:
    return sorted(Mail.objects.filter(kind=f"application-{kind}").values_list("to", flat=True))


@pytest.fixture
def client(world: World, visit: Visit) -> Client:
    return visit(world.applicant)


# ---------------------------------------------------------------------------------------------- 海外商社登録
@pytest.mark.req("K-016", "K-017", "K-020", "K-036", "K-037", "K-045")
def test_from_the_search_without_hit_to_the_completion(client: Client, world: World) -> None:
    page = page_of(client.get("/buyers/", {"country": "", "name": "new trading", "rating": ""}))
    assert page.status == (
        "条件に合う海外商社は、海外商社名簿に登録されていません。登録する場合は「海外商社登録」を押してください。"
    )
    reply = client.post("/buyers/?country=&name=new+trading&rating=", {"do": "register"}, follow=True)
    assert page_of(reply).heading == "海外商社登録　申込手続きの内容と流れ"
    assert page_of(reply).buttons["申込情報の入力へ"].action == "/procedures/buyer-registration/start/"
    at = begin(client, "buyer-registration")
    entry = page_of(client.get(at))
    steps = ["1 申込情報の入力", "2 必要書類の確認", "3 必要書類の添付", "4 申込内容の確認"]
    assert Part(entry.find("ol.steps")).lines == steps
    assert entry.step == steps[0]
    assert entry.buttons["必要書類の確認へ"].value == "next"
    must = {name for name, item in entry.fields.items() if item.mark == "必須"}
    assert must == {
        *("country", "name", "address", "industry", "kind", "related"),
        *("contact_name", "contact_phone", "contact_mail"),
    }
    filled = {name for name in must if entry.fields[name].value}
    assert filled == {"contact_name", "contact_phone", "contact_mail"}, "担当者情報 is there"
    assert {name for name, item in entry.fields.items() if item.pink} == must - filled, "mandatory and pink"
    back = fill(client, at, "back", **ENTRY)
    assert back.headers["Location"] == "/procedures/buyer-registration/"
    at = on(client, at, **ENTRY)
    assert page_of(client.get(at)).buttons["必要書類の添付へ"].value == "next"
    check = to_check(client, on(client, at), separate="yes", separate_names="会社案内")
    assert page_of(check).sentences[0] == "Web申込番号 2026-0401-0001"
    form = page_of(check).form("/apply/")
    assert list(form.buttons) == ["申込む"]
    assert list(form.links) == ["修正する", "Web申込状況一覧へ"]
    assert form.links["修正する"].endswith("/steps/entry/")
    assert (logged(world.applicant, "2-1"), logged(world.applicant, "2-2")) == (1, 0)
    done = page_of(client.get(press_apply(client, check).headers["Location"]))
    assert done.heading == "海外商社登録　申込完了"
    assert done.facts["Web申込番号"] == "2026-0401-0001"
    assert done.facts["Web申込日時"] == "2026/04/01 09:00"
    assert done.links["続けて申込みへ"] == "/buyers/"
    assert done.links["Web申込状況一覧へ"] == "/applications/"
    assert done.links["ユーザーページへ"] == "/menu/"
    assert (logged(world.applicant, "2-1"), logged(world.applicant, "2-2")) == (1, 1)


@pytest.mark.req("K-017", "K-018")
@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        ("country", "", "所在国を選択してください。"),
        ("name", "", "海外商社名称（英文）を入力してください。"),
        (
            "name",
            "新しい商社",
            "海外商社名称（英文）は半角の英数字と記号で入力してください（例: EXAMPLE TRADING CO., LTD.）。",
        ),
        ("address", "", "住所（英文）を入力してください。"),
        (
            "address",
            "住所",
            "住所（英文）は半角の英数字と記号で入力してください（例: 1 Example Street, Example City）。",
        ),
        (
            "phone",
            "内線1",
            "電話番号は半角の数字、+、括弧、ハイフンで入力してください（例: +1-000-000-0000）。",
        ),
        ("url", "buyer.example", "URLは http:// または https:// から入力してください。"),
        ("industry", "", "業種を入力してください。"),
        ("kind", "", "企業・公的機関・銀行の区分を選択してください。"),
        ("related", "", "特定資本関係の有無を選択してください。"),
        ("contact_name", "", "担当者 氏名を入力してください。"),
        ("contact_phone", "", "担当者 電話番号を入力してください。"),
        (
            "contact_mail",
            "x",
            "担当者 メールアドレスの形が正しくありません。nippon-taro@example.com のように入力してください。",
        ),
    ],
)
def test_items_of_step_1_are_judged(client: Client, item: str, value: str, words: str) -> None:
    reply = fill(client, begin(client, "buyer-registration"), **{**ENTRY, item: value})
    assert page_of(reply, 422).errors == {item: words}


@pytest.mark.req("K-019")
def test_the_person_to_ask_may_be_another_for_this_application(client: Client, world: World) -> None:
    at = begin(client, "buyer-registration")
    shown = page_of(client.get(at)).fields
    assert {name: shown[name].value for name in CONTACT} == CONTACT
    on(client, at, **{**ENTRY, "contact_name": "別の 担当", "contact_mail": "other@example.com"})
    again = page_of(client.get(at)).fields
    assert (again["contact_name"].value, again["contact_mail"].value) == ("別の 担当", "other@example.com")
    kept = User.objects.get(pk=world.applicant.pk)
    assert (kept.name, kept.mail) == ("貿易 花子", "hanako@example.com")


@pytest.mark.req("K-021", "K-026")
def test_documents_depend_on_the_entries_by_a_table(client: Client) -> None:
    def documents(**changes: str) -> list[str]:
        at = on(client, begin(client, "buyer-registration"), **{**ENTRY, **changes})
        page = page_of(client.get(at))
        assert page.step == "2 必要書類の確認"
        return Part(page.find("section.panel")).sentences

    identity = "海外商社の名称・所在地を確認できる資料（必須） 登記簿の写し、会社案内、契約書の写しなど"
    foundation = "公的機関であることを確認できる資料（必須） 設立の根拠となる法令の写しなど"
    capital = "特定資本関係を確認できる資料（必須） 資本関係図など"
    assert documents() == [identity, foundation]
    assert documents(related="yes") == [identity, foundation, capital]
    assert documents(kind="enterprise") == [identity, "信用調査報告書（信用調書）（必須）"]
    assert documents(kind="bank") == [identity, "直近の決算資料（任意）"]
    DocumentRule.objects.create(
        procedure="buyer-registration", item="country", value="105", document="own", title="国別の資料"
    )
    assert documents() == ["国別の資料（必須）"], "own rows replace the built-in ones"
    assert documents(country="304") == ["入力した内容では、必要な書類はありません。次へ進んでください。"]


@pytest.mark.req("K-022", "K-023", "K-024")
@pytest.mark.parametrize(
    ("typed", "item", "words"),
    [
        (
            {},
            "report_own",
            "信用調査報告書をお持ちか、取得を申し込むか、どちらかをチェックしてください。",
        ),
        (
            {"report_own": "on", **ORDER},
            "report_order",
            "両方はチェックできません。どちらか一方のチェックを外してください。",
        ),
        (
            {**ORDER, "report_department": ""},
            "report_department",
            "取得費用の請求先（部署名）を入力してください。",
        ),
        ({**ORDER, "report_agency": ""}, "report_agency", "取得する調査機関を選択してください。"),
        (
            {**ORDER, "report_agency": "stated"},
            "report_agency_name",
            "指定する調査機関名を入力してください。",
        ),
        (
            {**ORDER, "report_consent": ""},
            "report_consent",
            "「取得にかかる費用を負担することに同意します」を確認し、チェックしてください。",
        ),
    ],
)
def test_a_credit_report_is_own_or_ordered(
    client: Client, typed: dict[str, str], item: str, words: str
) -> None:
    at = on(client, begin(client, "buyer-registration"), **ENTERPRISE)
    boxes = page_of(client.get(at)).fields
    assert boxes["report_own"].label == (
        "「信用調査報告書（信用調書）をお持ちの場合」はこちらをチェックしてください"
    )
    assert boxes["report_order"].label == (
        "「信用調査報告書（信用調書）の取得を保険者に申込む場合」はこちらをチェックしてください"
    )
    reply = fill(client, at, **typed)
    assert page_of(reply, 422).errors == {item: words}


@pytest.mark.req("K-022")
def test_an_own_report_must_be_attached_and_an_ordered_one_need_not(client: Client) -> None:
    at = on(client, begin(client, "buyer-registration"), **ENTERPRISE)
    own = on(client, at, report_own="on")
    assert page_of(client.get(own)).fields["file-credit-report"].required
    missing = fill(client, own, separate="no", **{"file-identity": pdf("a.pdf")})
    assert page_of(missing, 422).error_summary == ["信用調査報告書（信用調書）を添付してください。"]
    ordered = on(client, at, **ORDER)
    files = [item.name for item in page_of(client.get(ordered)).fields.values() if item.kind == "file"]
    assert files == ["file-identity", "file-other"]
    check = page_of(to_check(client, ordered, separate="no"))
    assert check.facts["信用調査報告書（信用調書）"] == "取得を保険者に申込む"
    assert check.facts["取得費用の請求先（部署名）"] == "経理部"


@pytest.mark.req("K-025")
def test_the_state_tells_of_the_acquisition(client: Client, world: World) -> None:
    at = on(client, on(client, begin(client, "buyer-registration"), **ENTERPRISE), **ORDER)
    row = applied(client, to_check(client, at, separate="yes", separate_names="会社案内"))
    assert decide(world.staff, row, "order-report", "").state == State.REPORT
    assert page_of(client.get("/applications/")).table().column("手続状況") == ["調書取得中"]
    assert decide(world.staff, row, "report-here", "").state == State.PROCESSING
    assert page_of(client.get("/applications/")).table().column("手続状況") == ["手続中"]


@pytest.mark.req("K-027", "K-028", "K-030", "K-032", "K-033")
def test_files_and_separate_documents(client: Client) -> None:
    at = on(client, on(client, begin(client, "buyer-registration"), **ENTRY))
    several = page_of(fill(client, at, "attach", **{"file-identity": [pdf("a.pdf"), pdf("b.pdf")]}))
    assert list(Part(several.find("#slot-identity")).links) == ["a.pdf", "b.pdf"]
    same = page_of(fill(client, at, "attach", **{"file-foundation": pdf("a.pdf")}), 422)
    assert same.error_summary == [
        "「a.pdf」は添付できませんでした。同じ名前のファイルが添付されています。名前を変えるか、先に添付したものを削除してください。"
    ]
    long = page_of(fill(client, at, "attach", **{"file-foundation": pdf("あ" * 97 + ".pdf")}), 422)
    assert long.error_summary == [
        f"「{'あ' * 97}.pd」は添付できませんでした。ファイル名は100文字以内にしてください（現在101文字）。"
    ]
    half = page_of(fill(client, at, "attach", **{"file-foundation": pdf("a" * 97 + ".pdf")}), 422)
    assert half.error_summary == [
        f"「{'a' * 97}.pd」は添付できませんでした。ファイル名は100文字以内にしてください（現在101文字）。"
    ], "counted alike"
    gap = page_of(fill(client, at, separate="no"), 422)
    assert gap.error_summary == ["公的機関であることを確認できる資料を添付してください。"]
    unnamed = page_of(fill(client, at, separate="yes"), 422)
    assert unnamed.errors == {"separate_names": "別送する資料名を入力してください。"}
    check = page_of(to_check(client, at, separate="yes", separate_names="法令の写し"))
    assert check.facts["海外商社の名称・所在地を確認できる資料"] == "a.pdf、b.pdf"
    assert check.facts["別送する資料名"] == "法令の写し"


@pytest.mark.req("K-038", "K-039", "C-037")
def test_the_cover_sheet_names_destination_and_last_day(client: Client, tmp_path: Path) -> None:
    done = page_of(client.get(press_apply(client, registration(client)).headers["Location"]))
    separate = done.section("別送資料があります")
    assert separate.sentences[:3] == [
        "送付状を印刷して資料に添え、Web申込日から15日以内に届くように送付してください。",
        "会社案内",
        "法令の写し",
    ]
    sheet = pdf_words(b"".join(client.get(separate.links["送付状を印刷する"])), tmp_path)
    for word in (
        "東京都架空区",
        "海外商社登録係　御中",
        "見本です",
        "2026/04/16まで",
        "会社案内",
        "法令の写し",
        "2026-0401-0001",
    ):
        assert re.sub(r"\s", "", word) in sheet, word


@pytest.mark.req("K-038")
def test_the_destination_is_the_one_of_the_settings(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.PORTAL = replace(settings.PORTAL, documents_destination="〒111-1111 実在市1\n保険者ビル")
    done = page_of(client.get(press_apply(client, registration(client)).headers["Location"]))
    sheet = pdf_words(b"".join(client.get(done.links["送付状を印刷する"])), tmp_path)
    assert "〒111-1111実在市1保険者ビル海外商社登録係御中" in sheet
    assert "見本" not in sheet.replace("見本商事", "").replace("見本課", "")


def test_without_separate_documents_there_is_no_cover_sheet(client: Client) -> None:
    files = {"file-identity": pdf("a.pdf"), "file-foundation": pdf("b.pdf")}
    check = registration(client, separate="no", separate_names="", **files)
    done = page_of(client.get(press_apply(client, check).headers["Location"]))
    assert done.heading == "海外商社登録　申込完了"
    assert "送付状を印刷する" not in done.links
    assert done.callouts == []


@pytest.mark.req("K-040")
def test_a_reminder_on_the_sixteenth_day_and_no_cancellation(client: Client, hand: Hand) -> None:
    row = applied(client, registration(client))
    hand.on(days=15)
    tidy()
    assert told("reminder") == []
    hand.on(days=1)
    tidy()
    tidy()
    assert told("reminder") == ["admin@123456789.example", "hanako@example.com"]
    row.refresh_from_db()
    assert row.state == State.PROCESSING


@pytest.mark.req("K-041", "K-042", "K-043", "K-044")
def test_mails_at_receipt_start_and_completion_and_the_notice(
    world: World, visit: Visit, tmp_path: Path
) -> None:
    User.objects.filter(pk=world.enterer.pk).update(mail="jiro@example.com")
    enterer = visit(world.enterer)
    registration(enterer)
    client = visit(world.applicant)
    check = client.get(f"/procedures/buyer-registration/{newest().token}/check/")
    row = applied(client, check)
    three = ["admin@123456789.example", "hanako@example.com", "jiro@example.com"]
    assert told("receipt") == three
    User.objects.filter(pk=world.applicant.pk).update(mail="moved@example.com")
    decide(world.staff, row, "review", "")
    assert told("start") == three, "addresses are those of the application's day"

    def listed() -> Part:
        [found] = page_of(client.get("/applications/")).table().rows
        return found.cells[6]

    assert listed().text == ""
    assert client.get(f"/applications/{row.number}/notice.pdf").status_code == 404
    decide(world.staff, row, "complete", "")
    assert told("completion") == three
    notice = client.get(listed().links[f"PDF（{row.number}の通知書）"])
    assert notice.headers["Content-Disposition"] == f'inline; filename="{row.number}_notice.pdf"'
    assert notice.headers["Content-Type"] == "application/pdf"
    assert "海外商社登録手続完了のお知らせ" in pdf_words(b"".join(notice), tmp_path)
    Mail.objects.all().delete()
    alone = visit(world.administrator)
    applied(alone, registration(alone))
    assert told("receipt") == ["admin@123456789.example"], "one person, one mail"


def test_a_buyer_of_the_same_name_is_pointed_out(client: Client) -> None:
    at = on(client, begin(client, "buyer-registration"), **{**ENTRY, "name": "Example Shanghai CO., LTD."})
    check = to_check(client, on(client, at), separate="yes", separate_names="会社案内")
    assert page_of(check).callouts == [
        "同じ国に同じ名称の海外商社が登録されています（105000001 EXAMPLE SHANGHAI CO., LTD.）。登録が必要か確認してください。"
    ]


def test_a_registration_is_about_nobody_yet(client: Client) -> None:
    reply = client.get("/procedures/buyer-registration/?subject=105000001")
    assert page_of(reply, 409).callouts == ["海外商社登録は、海外商社を選択せずに始めてください。"]


# ---------------------------------------------------------------------------------------------- 海外商社変更
UNCHANGED = "変更された項目がありません。変更する項目を入力してください。"
CHANGE = {"country": "105", "name": "EXAMPLE SHANGHAI CO., LTD.", **CONTACT}


@pytest.mark.req("K-046")
def test_a_change_begins_with_the_selected_buyer(client: Client) -> None:
    reply = client.post("/buyers/", {"do": "change", "code": "105000001"}, follow=True)
    assert page_of(reply).heading == "海外商社変更　申込手続きの内容と流れ"
    assert page_of(reply).facts["バイヤーコード"] == "105000001"
    assert page_of(reply).facts["バイヤー名称"] == "EXAMPLE SHANGHAI CO., LTD."


def orange(page: Page) -> list[str]:
    """Items that are marked as changed."""
    return list(Part(page.find(".item.changed")).fields)


@pytest.mark.req("K-047")
def test_present_data_are_shown_and_changed_ones_are_orange(client: Client) -> None:
    at = begin(client, "buyer-change", "105000001")
    page = page_of(client.get(at))
    assert page.fields["name"].value == "EXAMPLE SHANGHAI CO., LTD."
    assert page.fields["country"].value == "105"
    assert orange(page) == []
    on(client, at, **{**CHANGE, "industry": "卸売業", "contact_department": "別の課"})
    assert orange(page_of(client.get(at))) == ["industry"], "担当者情報 is no change of the buyer"


@pytest.mark.req("K-050")
def test_a_change_changes_something(client: Client) -> None:
    reply = fill(client, begin(client, "buyer-change", "105000001"), **CHANGE)
    assert page_of(reply, 422).error_summary == [UNCHANGED]
    contact = fill(
        client, begin(client, "buyer-change", "105000001"), **{**CHANGE, "contact_name": "別の 担当"}
    )
    assert page_of(contact, 422).error_summary == [UNCHANGED]


def test_what_stays_in_force_is_not_judged_anew(client: Client) -> None:
    Buyer.objects.filter(code="105000001").update(name="ÖRNEK  A.S.")
    at = begin(client, "buyer-change", "105000001")
    on(client, at, **{**CHANGE, "name": "ÖRNEK  A.S.", "phone": "+86-1"})
    refused = fill(client, at, **{**CHANGE, "name": "ÖRNEK TRADING", "phone": "+86-1"})
    assert page_of(refused, 422).errors == {
        "name": "海外商社名称（英文）は半角の英数字と記号で入力してください（例: EXAMPLE TRADING CO., LTD.）。"
    }
    same = fill(client, at, **{**CHANGE, "name": "ÖRNEK  A.S."})
    assert page_of(same, 422).error_summary == [UNCHANGED]


@pytest.mark.req("H-017", "K-045", "K-048", "K-049")
def test_the_way_of_a_change(client: Client, world: World, visit: Visit) -> None:
    at = on(client, begin(client, "buyer-change", "105000001"), **{**CHANGE, "name": "RENAMED CO., LTD."})
    page = page_of(client.get(at))
    assert page.heading == "海外商社変更　必要書類の確認"
    assert page.step == "2 必要書類の確認"
    assert Part(page.find("section.panel")).sentences == [
        "名称の変更を確認できる資料（必須） 変更後の登記簿の写しなど",
        "信用調査報告書（信用調書）（必須）",
    ]
    at = on(client, at, **ORDER)
    assert (
        page_of(client.get(at))
        .form(having="separate")
        .sentences[0]
        .endswith("1回の申込みで合計30MBまで、ファイル名は拡張子を含めて100文字以内です。")
    )
    check = to_check(client, at, separate="yes", separate_names="登記簿")
    assert page_of(check).step == "4 申込内容の確認"
    goal = str(check.request["PATH_INFO"]).replace("/check/", "/done/")
    assert client.get(goal).headers["Location"] == check.request["PATH_INFO"], "nothing is complete yet"
    assert press_apply(client, check).headers["Location"] == goal
    done = page_of(client.get(goal))
    assert done.heading == "海外商社変更　申込完了"
    assert done.links["送付状を印刷する"] == f"/applications/{newest().number}/cover.pdf"
    other = visit(world.administrator).get(goal)
    assert other.headers["Location"] == f"/applications/{newest().number}/", "who did not apply looks at it"
    assert (logged(world.applicant, "2-1"), logged(world.applicant, "2-2")) == (1, 1)
    listed = page_of(client.get("/applications/")).table()
    assert listed.column("参考情報") == ["中華人民共和国 EXAMPLE SHANGHAI CO., LTD."]
    decide(world.staff, newest(), "complete", "")
    assert client.get(f"/applications/{newest().number}/notice.pdf").status_code == 200


def test_a_completed_change_is_in_force_as_far_as_the_list_does_not_tell(
    client: Client, world: World
) -> None:
    at = on(client, begin(client, "buyer-change", "105000001"), **CHANGE, phone="+86-1", kind="enterprise")
    check = to_check(client, on(client, at), separate="yes", separate_names="会社案内")
    row = applied(client, check)
    assert Buyer.objects.get(code="105000001").phone == ""
    decide(world.staff, row, "complete", "")
    changed = Buyer.objects.get(code="105000001")
    assert (changed.phone, changed.kind, changed.name) == (
        "+86-1",
        "enterprise",
        "EXAMPLE SHANGHAI CO., LTD.",
    )


def test_a_removed_buyer_cannot_be_changed(client: Client, directory: Any) -> None:
    at = begin(client, "buyer-change", "105000001")
    receive(directory(b105000001=""))
    assert client.get(at).status_code == 409
    assert client.get("/procedures/buyer-change/?subject=105000001").status_code == 409
    assert client.get("/procedures/buyer-change/").status_code == 409


# ---------------------------------------------------------------------------------------------- スリーピング候補バイヤー解除
@pytest.fixture
def season(db: None) -> None:
    set_season("desk-1", date(2026, 4, 1), date(2026, 4, 30))


@pytest.mark.req("K-055", "K-056", "K-057", "K-058", "K-059")
def test_the_way_of_a_release(client: Client, world: World, visit: Visit, season: None) -> None:
    reply = client.post("/buyers/", {"do": "release", "code": "105000002"}, follow=True)
    assert list(page_of(reply).buttons) == ["解除内容の入力へ"]
    at = begin(client, "sleeping-release", "105000002")
    page = page_of(client.get(at))
    assert page.heading == "スリーピング候補バイヤー解除　解除内容の入力"
    assert page.buttons["申込内容の確認へ"].value == "next"
    assert [item.name for item in page.fields.values() if item.kind == "file"] == []
    assert "reason" in page.fields
    check = to_check(client, at, reason="trade", **CONTACT)
    assert page_of(check).sentences[0] == "Web申込番号 2026-0401-0001"
    form = page_of(check).form("/apply/")
    assert (list(form.buttons), list(form.links)) == (["申込む"], ["修正する", "Web申込状況一覧へ"])
    assert newest().state == State.ENTERING
    [left] = page_of(client.get(form.links["Web申込状況一覧へ"])).table().rows
    assert (left["Web申込番号"], left["手続状況"]) == ("2026-0401-0001", "入力中")
    back = client.get(left.part.links["2026-0401-0001"], follow=True)
    assert back.request["PATH_INFO"] == check.request["PATH_INFO"]
    assert page_of(back).sentences[0] == "Web申込番号 2026-0401-0001"
    assert visit(world.stranger).post(form.action, form.values).status_code == 404
    assert newest().state == State.ENTERING
    assert (logged(world.applicant, "2-3"), logged(world.applicant, "2-4")) == (1, 0)
    row = applied(client, check)
    assert (logged(world.applicant, "2-3"), logged(world.applicant, "2-4")) == (1, 1)
    assert Mail.objects.count() == 0, "no 申込受付メール"
    assert Buyer.objects.get(code="105000002").sleeping_candidate
    decide(world.staff, row, "complete", "")
    assert told("completion") == ["admin@123456789.example", "hanako@example.com"]
    assert Mail.objects.count() == 2
    assert client.get(f"/applications/{row.number}/notice.pdf").status_code == 404
    assert not Buyer.objects.get(code="105000002").sleeping_candidate


def test_another_reason_is_told(client: Client, season: None) -> None:
    at = begin(client, "sleeping-release", "105000002")
    unsaid = page_of(fill(client, at, reason="other", **CONTACT), 422)
    assert unsaid.errors == {"reason_words": "その他の理由を入力してください。"}
    assert page_of(fill(client, at, **CONTACT), 422).errors == {"reason": "解除の理由を選択してください。"}


@pytest.mark.req("K-051", "K-054")
def test_only_a_candidate_in_the_season(world: World, visit: Visit, hand: Hand) -> None:
    set_season("desk-1", date(2026, 4, 1), date(2026, 4, 1))
    client = visit(world.applicant)
    awake = client.get("/procedures/sleeping-release/?subject=105000001")
    assert page_of(awake, 409).callouts[0].startswith("選択した海外商社はスリーピング候補ではありません。")
    check = to_check(client, begin(client, "sleeping-release", "105000002"), reason="trade", **CONTACT)
    hand.on(days=1)
    client = visit(world.applicant)
    late = client.get("/procedures/sleeping-release/?subject=105000002")
    assert page_of(late, 409).callouts == [
        "現在は、スリーピング候補バイヤー解除期間ではありません。期間はお知らせでご案内します。"
    ]
    assert press_apply(client, check).status_code == 409
    assert newest().applied_at is None


# ---------------------------------------------------------------------------------------------- files
@pytest.mark.req("K-029", "K-031")
def test_size_and_kind_of_files(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    at = on(client, on(client, begin(client, "buyer-registration"), **ENTRY))
    assert uploads.MOST_BYTES == 30 * 1024 * 1024
    program = SimpleUploadedFile("a.exe", b"MZ")
    refused = page_of(fill(client, at, "attach", **{"file-other": program}), 422)
    assert refused.error_summary == [
        "「a.exe」は添付できませんでした。この種類のファイルは使えません。PDFなどに変換してください。"
    ]
    fits = page_of(fill(client, at, "attach", **{"file-other": pdf("あ" * 96 + ".pdf")}))
    attached = list(Part(fits.find("#slot-other")).links)
    assert attached == [f"{'あ' * 96}.pdf"], "100 characters with the extension"
    monkeypatch.setattr(uploads, "MOST_BYTES", 2 * len(b"%PDF-1.7 sample"))
    fill(client, at, "attach", **{"file-identity": pdf("b.pdf")})
    reply = fill(client, at, "attach", **{"file-foundation": pdf("c.pdf")})
    assert page_of(reply, 422).error_summary == [
        (
            "「c.pdf」は添付できませんでした。添付の合計が0MBを超えます（現在 0.0MB、このファイル 0.0MB）。"
            "別送資料として送ることもできます。"
        )
    ]
    assert newest().documents.count() == 2
