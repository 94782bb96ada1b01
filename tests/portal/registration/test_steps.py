"""The way of an applicant, from the top page to the printed form."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from portal_stub.registration import rules
from portal_stub.registration.models import Registration
from tests.portal.conftest import Hand, hidden, last_mail
from tests.portal.pages import Button, Part, page_of
from tests.portal.registration.conftest import ADDRESS, Newcomer, ask, mailed, pdf_text

Make = Callable[..., Newcomer]
STEPS = (
    "登録用URLの受信",
    "申込情報の入力",
    "申込情報の確認",
    "規約同意・申込情報送信",
    "申込書印刷・捺印・送付",
)


# ---------------------------------------------------------------------------------------------- before the mail
@pytest.mark.req("F-005")
def test_the_way_from_the_top_page(db: None) -> None:
    client, address = Client(), "/"
    for words in (
        "保険手続のステップ",
        "①保険利用者・Webユーザー登録",
        "Webサービスのご利用登録はこちら",
        "申込手続きへ",
    ):
        address = page_of(client.get(address)).links[words]
    assert address == "/registration/mail/"


@pytest.mark.req("F-001", "F-002", "F-003", "F-004", "F-006", "F-008", "F-009", "F-010")
def test_the_first_page_tells_content_and_steps(db: None) -> None:
    page = page_of(Client().get("/registration/"))
    assert page.heading == "保険利用者・Webユーザー登録：申込手続きの内容と流れ"
    assert page.headings == ["申込手続きの内容", "申込手続きの流れ", *STEPS, "Webサービス利用開始"]
    content = page.section("申込手続きの内容")
    assert content.sentences[1:] == [
        "保険利用者コードは、保険のご利用単位ごとに1つ発行します。本店（本社）、支店（支社）のほか、部門や事業所ごとに登録することもできます。",
        "WebユーザーID（管理者用）は、1つの保険利用者コードにつき1つだけ発行します。",
        "WebユーザーID（管理者用）でログインすると、WebユーザーID（申込者用）を最大99件まで登録できます。",
        "WebユーザーID（管理者用）では保険契約情報を扱います。管理権限を有する方の登録を推奨します。",
    ]
    kinds = {row["種類"]: row["対象となる方"] for row in content.table("申込みの種類").rows}
    assert list(kinds) == ["保険利用者登録（本店）", "保険利用者登録（支店）", "Webユーザー登録"]
    for kind, words in {
        "保険利用者登録（本店）": "（過去に貿易保険の保険利用者登録をしたことがない場合）",
        "保険利用者登録（支店）": "支店（支社）・部門・事業所などを追加したい場合",
        "Webユーザー登録": "WebユーザーIDをお持ちでない場合",
    }.items():
        assert words in kinds[kind]
    assert page.callouts == [
        (
            "Webサービス利用開始\n「登録完了通知書」で、WebユーザーID（管理者用）と初期パスワードを書面でお知らせします。"
            "申込書を受領してから、通常5営業日程度で発送します。届きましたら、ログインして各種設定を行ってください。"
        )
    ]
    assert page.links == {"申込手続きへ": "/registration/mail/", "閉じる": "/"}


@pytest.mark.req("F-007")
def test_the_steps_are_named_on_every_page(newcomer: Make) -> None:
    person = newcomer()
    assert page_of(person.client.get("/registration/mail/")).step == "1 登録用URLの受信"
    person.confirm()
    pages = {
        "kind": "2 申込情報の入力",
        "entry": "2 申込情報の入力",
        "check": "3 申込情報の確認",
        "terms": "4 規約同意・申込情報送信",
    }
    for page, step in pages.items():
        assert page_of(person.client.get(f"/registration/{page}/")).step == step
    person.agree()
    last = page_of(person.client.get("/registration/print/"))
    assert last.step == "5 申込書印刷・捺印・送付"
    numbered = [f"{number} {name}" for number, name in enumerate(STEPS, start=1)]
    assert Part(last.find("ol.steps")).lines == [*numbered, "Webサービス利用開始"]


@pytest.mark.req("F-011", "F-013", "F-014", "F-015")
def test_step_1_asks_twice_and_advises(db: None, settings: Any) -> None:
    from dataclasses import replace

    settings.PORTAL = replace(settings.PORTAL, mail_sender="sender@insurer.example")
    form = page_of(Client().get("/registration/mail/")).form(having="mail")
    assert Part(form.find("ul.remarks")).sentences == [
        "情報漏えいなどのおそれがあるため、フリーメール（無料で取得できるメールアドレス）は推奨しません。",
        "登録の画面はパソコンでの表示を前提としているため、携帯電話・スマートフォンのメールアドレスは推奨しません。",
        "受信拒否などの設定を行っている場合は、sender@insurer.example からのメールが届くように設定を変更してください。",
    ]
    assert {name: item.label for name, item in form.fields.items()} == {
        "mail": "メールアドレス",
        "mail_again": "メールアドレス（確認用）",
    }
    assert (list(form.buttons), form.links) == (["送信する"], {"戻る": "/registration/"})
    for address in ("somebody@gmail.com", "somebody@docomo.ne.jp"):
        assert ask(Client(), address).status_code == 302, "advice does not block"
        assert last_mail("registration-url").to == address


@pytest.mark.req("F-012")
@pytest.mark.parametrize(
    ("mail", "again", "item", "message"),
    [
        (
            "one@new.example",
            "two@new.example",
            "mail_again",
            "メールアドレスと確認用の入力が一致しません。同じものを入力してください。",
        ),
        ("", "", "mail", "メールアドレスを入力してください。"),
        (
            "not-an-address",
            "not-an-address",
            "mail",
            "メールアドレスの形が正しくありません。nippon-taro@example.com のように入力してください。",
        ),
        (
            "a" * 40 + "@new.example",
            "a" * 40 + "@new.example",
            "mail",
            "メールアドレスは50文字以内で入力してください（入力された文字数: 52）。",
        ),
    ],
)
def test_addresses_that_are_refused(db: None, mail: str, again: str, item: str, message: str) -> None:
    page = page_of(Client().post("/registration/mail/", {"mail": mail, "mail_again": again}), 422)
    assert page.errors[item] == message
    typed = (page.fields["mail"].value, page.fields["mail_again"].value)
    assert typed == (mail, again), "what was typed stays"
    assert not Registration.objects.exists()
    assert not Mail.objects.exists()


@pytest.mark.req("F-016", "F-017", "S-038")
def test_the_mail_goes_to_the_typed_address(db: None) -> None:
    client = Client()
    reply = ask(client)
    page = page_of(client.get(reply.headers["Location"]))
    assert page.sentences[0].startswith(f"{ADDRESS} あてにメールを送りました。")
    assert page.headings == ["手続きは終わっていません。"]
    assert page.sentences[-3:-1] == [
        "受信拒否の設定を行っている。",
        "入力したメールアドレスが間違っている。",
    ]
    assert page.links == {"閉じる": "/"}
    mail = last_mail("registration-url")
    assert (Mail.objects.count(), mail.to) == (1, ADDRESS)
    path, password = mailed()
    assert path.startswith("/registration/url/")
    row = Registration.objects.get()
    kept = [str(getattr(row, field.attname)) for field in Registration._meta.concrete_fields]
    token = path.split("/")[-2]
    assert not any(token in value or password in value for value in kept), "kept as hashes only"


def test_sending_twice_is_one_registration(db: None) -> None:
    client = Client()
    typed = {"mail": ADDRESS, "mail_again": ADDRESS, **hidden(client.get("/registration/mail/"))}
    for _ in range(2):
        assert client.post("/registration/mail/", typed).status_code == 302
    assert (Registration.objects.count(), Mail.objects.count()) == (1, 1)
    other = {**typed, "mail": "other@new.example", "mail_again": "other@new.example"}
    client.post("/registration/mail/", other)
    assert last_mail("registration-url").to == "other@new.example"


def test_nobody_is_flooded_with_mails(db: None, hand: Hand) -> None:
    for _ in range(5):
        assert ask(Client()).status_code == 302
    flooded = page_of(ask(Client()), 422)
    assert flooded.error_summary == [
        (
            "このメールアドレスには、短い時間に何度も登録用URLを送信しています。"
            "届いているメールを確認し、届かない場合は1時間後にやり直してください。"
        )
    ]
    assert Mail.objects.count() == 5
    assert ask(Client(), "other@new.example").status_code == 302
    hand.on(hours=1)
    assert ask(Client()).status_code == 302


def test_the_completion_page_alone_names_nobody(db: None) -> None:
    assert Client().get("/registration/mail/done/").headers["Location"] == "/registration/mail/"


# ---------------------------------------------------------------------------------------------- authentication
WRONG = "登録用パスワードが正しくありません。メールに記載されたパスワードを確認して、入力し直してください。"


@pytest.mark.req("F-020")
def test_the_url_asks_for_the_password(db: None) -> None:
    client = Client()
    ask(client)
    path, password = mailed()
    page = page_of(client.get(path))
    assert page.fields["password"].label == "登録用パスワード"
    assert page.fields["password"].kind == "password"
    assert (list(page.buttons), page.links) == (["認証する"], {"閉じる": "/"})
    wrong = page_of(client.post(path, {"password": "Wrong-one.1"}), 422)
    assert wrong.errors == {"password": WRONG}
    assert client.get("/registration/kind/").headers["Location"] == "/registration/ended/"
    assert Registration.objects.get().state == "url-sent"
    key = client.session.session_key
    assert client.post(path, {"password": password}).headers["Location"] == "/registration/kind/"
    assert client.session.session_key != key, "a session that was fixed before is worth nothing"
    assert Registration.objects.get().state == "authenticated"


@pytest.mark.req("C-033", "F-018")
def test_the_url_lives_sixty_days(newcomer: Make, hand: Hand) -> None:
    person = newcomer()
    ask(person.client)
    path, password = mailed()
    hand.on(days=60)
    assert person.client.get(path).status_code == 200
    hand.on(seconds=1)
    page = page_of(person.client.post(path, {"password": password}), 410)
    assert page.heading == "登録用URLの有効期限が切れています"
    assert page.links["登録用URLの受信へ"] == "/registration/mail/"
    assert person.row.shown_state.label == "登録用URLの期限切れ"


def test_who_is_inside_when_the_url_ends_is_out(newcomer: Make, hand: Hand) -> None:
    person = newcomer()
    ask(person.client)
    path, password = mailed()
    hand.on(days=60, minutes=-5)
    person.client.post(path, {"password": password})
    hand.on(minutes=6)
    assert person.client.get("/registration/kind/").headers["Location"] == "/registration/ended/"


@pytest.mark.req("F-019")
def test_the_url_can_be_used_again_until_the_sending(newcomer: Make, hand: Hand) -> None:
    person = newcomer().confirm()
    path, password = mailed()
    hand.on(days=30)
    assert person.client.get("/registration/check/").headers["Location"] == "/registration/ended/"
    assert person.client.post(path, {"password": password}).headers["Location"] == "/registration/kind/"
    kinds = Part(page_of(person.client.get("/registration/kind/")).find("ol.kinds li"))
    assert kinds.sentences[1] == "前回確認した入力内容が保存されています。", "by 本店, that was chosen"
    assert person.client.get("/registration/check/").status_code == 200
    assert person.agree().headers["Location"] == "/registration/print/"
    page = page_of(Client().post(path, {"password": password}), 410)
    assert page.heading == "申込情報は送信されています"


@pytest.mark.req("F-021")
def test_five_wrong_passwords_block_for_thirty_minutes(db: None, hand: Hand) -> None:
    client = Client()
    ask(client)
    path, password = mailed()
    for _ in range(4):
        assert page_of(client.post(path, {"password": "Wrong-one.1"}), 422).errors == {"password": WRONG}
    blocked = "登録用URLを一時的に利用できません"
    fifth = page_of(client.post(path, {"password": "Wrong-one.1"}), 403)
    assert fifth.heading == blocked
    assert fifth.sentences[0].startswith(
        "登録用パスワードが5回続けて間違っていたため、30分間は認証できません。"
    )
    assert page_of(client.post(path, {"password": password}), 403).heading == blocked, "even the right one"
    hand.on(minutes=30, seconds=-1)
    assert page_of(client.get(path), 403).heading == blocked
    hand.on(seconds=1)
    assert client.post(path, {"password": password}).status_code == 302


def test_a_right_password_starts_the_count_anew(db: None) -> None:
    client = Client()
    ask(client)
    path, password = mailed()
    for typed in [*["Wrong-one.1"] * 4, password, *["Wrong-one.1"] * 4]:
        client.post(path, {"password": typed})
    assert client.post(path, {"password": password}).status_code == 302


def test_an_unknown_url_is_told_kindly(db: None) -> None:
    reply = Client().get("/registration/url/unknown/")
    page = page_of(reply, 404)
    assert page.heading == "登録用URLを確認できません"
    assert page.links["登録用URLの受信へ"] == "/registration/mail/"


def test_without_authentication_no_step_opens(newcomer: Make) -> None:
    newcomer().send()
    for page in ("kind/", "entry/", "check/", "terms/", "print/", "form.pdf"):
        assert Client().get(f"/registration/{page}").headers["Location"] == "/registration/ended/"
    assert page_of(Client().get("/registration/ended/")).heading == "認証が必要です"


def test_each_browser_sees_its_own_registration(newcomer: Make) -> None:
    first = newcomer(name="株式会社一番").confirm()
    second = newcomer(name="株式会社二番").confirm()
    for person, name in ((first, "株式会社一番"), (second, "株式会社二番")):
        assert page_of(person.client.get("/registration/check/")).facts["保険利用者名 漢字"] == name


def test_close_ends_the_proof(newcomer: Make) -> None:
    person = newcomer().confirm()
    assert person.client.post("/registration/close/").headers["Location"] == "/"
    assert person.client.get("/registration/check/").headers["Location"] == "/registration/ended/"


@pytest.mark.req("F-053")
def test_idle_time_ends_the_authentication(newcomer: Make, hand: Hand) -> None:
    person = newcomer().choose()
    page = page_of(person.client.get("/registration/entry/"))
    assert Part(page.find("ul.remarks")).sentences[0] == (
        "画面操作を行わないまま30分を経過すると、再度認証が必要となり、入力された内容は破棄されます。"
    )
    hand.on(minutes=30)
    assert person.client.get("/registration/entry/").status_code == 200, "each request counts"
    hand.on(minutes=30, seconds=1)
    assert person.enter().headers["Location"] == "/registration/ended/"
    assert person.row.answers == {}
    path, password = mailed()
    assert person.client.post(path, {"password": password}).status_code == 302


# ---------------------------------------------------------------------------------------------- the kinds
@pytest.mark.req("F-001", "F-022", "F-023")
def test_one_button_per_kind(newcomer: Make) -> None:
    person = newcomer().authenticate()
    page = page_of(person.client.get("/registration/kind/"))
    kinds = {
        "head-office": "保険利用者登録（本店）",
        "branch": "保険利用者登録（支店）",
        "web-user": "Webユーザー登録",
    }
    assert list(page.buttons) == [*kinds.values(), "閉じる"]
    for value, label in kinds.items():
        assert page.buttons[label] == Button("kind", value, disabled=False, action="")
        person.client.post("/registration/kind/", {"kind": value})
        assert page_of(person.client.get("/registration/entry/")).facts["申込種類"] == label
    assert page.headings == ["先に登録状態を確認してください"]
    assert page.callouts[0].endswith(
        "申込手続きを開始する前に、自社の登録状態を保険者に確認してください。（お問い合わせ）"
    )
    assert page.buttons["閉じる"].action == "/registration/close/"
    none = page_of(person.client.post("/registration/kind/", {"kind": "none"}), 422)
    assert none.alert == "申込みの種類のボタンを押してください。"


def test_no_step_can_be_skipped(newcomer: Make) -> None:
    person = newcomer().authenticate()
    for page in ("entry/", "check/", "terms/", "print/", "form.pdf"):
        assert person.client.get(f"/registration/{page}").headers["Location"] == "/registration/kind/"
    person.client.post("/registration/kind/", {"kind": "head-office"})
    for page in ("check/", "terms/"):
        assert person.client.get(f"/registration/{page}").headers["Location"] == "/registration/entry/"
    typed = {"agreed": "1", "version": "1", "edition": "2026-04-01"}
    person.client.post("/registration/terms/", typed)
    assert person.row.state == "authenticated"


@pytest.mark.req("F-026")
def test_back_to_the_choice_discards(newcomer: Make) -> None:
    person = newcomer().confirm()
    page = page_of(person.client.get("/registration/entry/"))
    assert page.buttons["申込手続きの内容と流れへ"].value == "discard"
    assert page.fields["name"].value == "株式会社新規商事"
    reply = person.enter(step="discard")
    assert reply.headers["Location"] == "/registration/kind/"
    assert (person.row.kind, person.row.answers, person.row.state) == ("", {}, "authenticated")
    person.client.post("/registration/kind/", {"kind": "head-office"})
    assert page_of(person.client.get("/registration/entry/")).fields["name"].value == ""


def test_another_kind_discards_and_the_same_keeps(newcomer: Make) -> None:
    person = newcomer().confirm()
    person.client.post("/registration/kind/", {"kind": "head-office"})
    assert person.row.answers["name"] == "株式会社新規商事"
    person.client.post("/registration/kind/", {"kind": "branch"})
    assert (person.row.answers, person.row.state) == ({}, "authenticated")


# ---------------------------------------------------------------------------------------------- steps 3 to 5
@pytest.mark.req("F-037")
def test_step_3_shows_all_and_can_be_mended(newcomer: Make) -> None:
    person = newcomer(introducer="架空銀行", title="部長").confirm()
    page = page_of(person.client.get("/registration/check/"))
    assert page.facts == {
        "申込種類": "保険利用者登録（本店）",
        "企業・金融機関区分": "企業",
        "紹介元金融機関名": "架空銀行",
        "保険利用者名 漢字": "株式会社新規商事",
        "保険利用者名 カナ": "カブシキガイシャシンキショウジ",
        "所在地 郵便番号": "100-0001",
        "所在地": "東京都架空区新規1-2-3",
        "代表電話番号": "03-1111-2222",
        "登記所在地": "保険利用者所在地と同じ",
        "代表者 役職名": "代表取締役社長",
        "代表者 氏名": "新規 一郎",
        "ホームページアドレス": "https://new.example/",
        "所属名": "総務部",
        "役職名": "部長",
        "氏名": "新規 太郎",
        "電話番号": "03-1234-5678",
        "メールアドレス": "kanri@new.example",
        "ワンタイムパスワード希望": "希望しない",
    }
    assert page.links == {
        "Webサービス利用規約の同意へ": "/registration/terms/",
        "修正する": "/registration/entry/",
    }
    entry = page_of(person.client.get("/registration/entry/")).fields
    kept = {"introducer": "架空銀行", "name": "株式会社新規商事", "mail": "kanri@new.example"}
    assert {name: entry[name].value for name in kept} == kept
    person.enter(name="株式会社改名")
    assert page_of(person.client.get("/registration/check/")).facts["保険利用者名 漢字"] == "株式会社改名"


@pytest.mark.req("F-038")
def test_the_terms_and_their_pdf(newcomer: Make, tmp_path: Path) -> None:
    person = newcomer().confirm()
    page = page_of(person.client.get("/registration/terms/"))
    terms = page.section("Webサービス利用規約")
    (mark,) = terms.callouts
    assert mark.startswith("これは試用のための例文です")
    reply = Client().get(page.links["Webサービス利用規約（PDF）（別ウィンドウ）"])
    assert reply.headers["Content-Type"] == "application/pdf"
    printed = pdf_text(reply.content, tmp_path)
    assert len(terms.headings) > 5
    assert len(terms.sentences) > 10
    for line in [*terms.headings, *terms.sentences[1:]]:
        assert re.sub(r"\s", "", line) in printed


@pytest.mark.req("F-039")
def test_without_the_tick_nothing_is_sent(newcomer: Make) -> None:
    person = newcomer().confirm()
    page = person.client.get("/registration/terms/")
    tick = page_of(page).fields["agreed"]
    assert (tick.kind, tick.values) == ("checkbox", [])
    assert tick.label == "Webサービス利用規約に同意して、申込情報を送信する"
    refused = page_of(person.client.post("/registration/terms/", hidden(page)), 422)
    assert refused.alert == (
        "Webサービス利用規約に同意しないと、次のステップへ進むことはできません。"
        "「Webサービス利用規約に同意して、申込情報を送信する」にチェックを入れてください。"
    )
    assert (person.row.state, person.row.sent_at) == ("confirmed", None)


@pytest.mark.req("F-040")
def test_back_from_step_4_leads_to_step_3(newcomer: Make) -> None:
    person = newcomer().confirm()
    form = page_of(person.client.get("/registration/terms/")).form(having="agreed")
    assert form.links == {"戻る": "/registration/check/"}
    assert person.client.get("/registration/check/").status_code == 200


@pytest.mark.req("F-041")
def test_sent_once_and_no_way_back(newcomer: Make, hand: Hand) -> None:
    person = newcomer().confirm()
    form = {**hidden(person.client.get("/registration/terms/")), "agreed": "1"}
    assert person.client.post("/registration/terms/", form).headers["Location"] == "/registration/print/"
    before = person.row
    assert (before.state, before.sent_at, before.terms_edition) == ("sent", hand.at, "2026-04-01")
    hand.on(minutes=1)
    assert person.client.post("/registration/terms/", form).headers["Location"] == "/registration/print/"
    for page in ("kind/", "entry/", "check/", "terms/"):
        assert person.client.get(f"/registration/{page}").headers["Location"] == "/registration/print/"
    assert person.enter(name="株式会社改名").headers["Location"] == "/registration/print/"
    assert person.enter(step="discard").headers["Location"] == "/registration/print/"
    after = person.row
    assert (after.sent_at, after.answers, after.version) == (before.sent_at, before.answers, before.version)
    assert AuditEvent.objects.filter(event="registration-sent").count() == 1


@pytest.mark.req("F-041")
def test_two_windows_at_once_send_once(newcomer: Make, hand: Hand) -> None:
    row = newcomer().confirm().row
    rules.send(row, row.version, "2026-04-01")
    before = Registration.objects.values().get()
    hand.on(seconds=1)
    rules.send(row, row.version, "2026-04-01")
    assert Registration.objects.values().get() == before


CHANGED = "別の画面で内容が変更されました。現在の内容を確認してください。"


def test_only_what_was_shown_is_sent(newcomer: Make) -> None:
    person = newcomer().confirm()
    shown = {**hidden(person.client.get("/registration/terms/")), "agreed": "1"}
    person.enter(name="株式会社別画面")
    reply = person.client.post("/registration/terms/", shown, follow=True)
    assert page_of(reply).alert == CHANGED
    assert page_of(reply).facts["保険利用者名 漢字"] == "株式会社別画面"
    assert person.row.state == "confirmed"
    old = {**hidden(person.client.get("/registration/terms/")), "agreed": "1", "edition": "2020-01-01"}
    revised = page_of(person.client.post("/registration/terms/", old), 422)
    assert revised.alert == "規約が改定されました。内容を確認して、もう一度チェックを入れてください。"


def test_a_form_of_another_kind_is_not_taken(newcomer: Make) -> None:
    person = newcomer().choose()
    person.client.post("/registration/kind/", {"kind": "branch"})
    reply = person.client.post(
        "/registration/entry/", {**person.answers, "kind": "head-office", "step": "check"}, follow=True
    )
    assert page_of(reply).alert == CHANGED
    assert (person.row.kind, person.row.answers) == ("branch", {})


@pytest.mark.req("F-042", "F-045")
def test_step_5_says_that_it_is_not_complete(newcomer: Make) -> None:
    person = newcomer().send()
    page = page_of(person.client.get("/registration/print/"))
    assert page.headings == [
        "申込情報は送信されましたが、申込手続きはまだ完了していません。",
        "手続完了までの流れ",
    ]
    assert page.links["申込書を印刷する（PDF、別ウィンドウ）"] == "/registration/form.pdf"
    steps = Part(page.find("ol.stages")).sentences
    assert steps[0] == (
        "申込書を印刷し、商業・法人登記所に届け出た代表者印を捺印して、有効期限までに届くように郵送してください。"
    )
    assert steps[1].startswith("申込書が届くと、登録の手続きを開始します。")
    assert page.buttons["閉じる"].action == "/registration/close/"


@pytest.mark.req("F-043", "F-044", "F-045")
@pytest.mark.parametrize("kind", ["head-office", "branch", "web-user"])
def test_the_form_carries_what_was_sent(newcomer: Make, hand: Hand, tmp_path: Path, kind: str) -> None:
    person = newcomer(kind).send()
    page = page_of(person.client.get("/registration/print/"))
    address = page.links["申込書を印刷する（PDF、別ウィンドウ）"]
    reply = person.client.get(address)
    assert reply.headers["Content-Type"] == "application/pdf"
    printed = pdf_text(reply.content, tmp_path)
    told = {**person.answers, "postal_code": "100-0001", "company_kind": "企業", "otp_wish": "希望しない"}
    told["registered_same"] = "保険利用者所在地と同じ"
    for name, value in told.items():
        if name in person.answers:
            assert re.sub(r"\s", "", value) in printed, name
    assert person.row.number in printed
    assert "申込書の有効期限2026年5月31日" in printed, "60 days"
    assert "代表者印" in printed
    assert ("Webユーザー登録申込書" if kind == "web-user" else "保険利用者登録申込書") in printed
    hand.on(minutes=5)
    assert person.client.get(address).content == reply.content


@pytest.mark.req("F-025")
def test_help_opens_in_a_window_of_its_own(newcomer: Make) -> None:
    person = newcomer().choose()
    page = page_of(person.client.get("/registration/entry/"))
    marks = page.find("a.help[target=_blank][data-popup]")
    assert len(marks) > 10
    address = page.tools.links["ヘルプ（別ウィンドウ）"]
    explained = page_of(Client().get(address))
    for mark in marks:
        where, _, name = mark.get("href").partition("#")
        assert where == address
        assert Part(explained.find(f"#{name}")).facts, name
    assert Client().get("/registration/help/nothing/").status_code == 404


@pytest.mark.req("F-052")
def test_the_login_button_is_called_login(db: None) -> None:
    form = page_of(Client().get("/login/")).form(having="login_id")
    assert list(form.buttons) == ["ログイン"]
