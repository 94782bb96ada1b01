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
from tests.portal.conftest import Hand, hidden, last_mail, text
from tests.portal.registration.conftest import ADDRESS, Newcomer, ask, mailed, pdf_text

Make = Callable[..., Newcomer]
STEPS = (
    "登録用URLの受信",
    "申込情報の入力",
    "申込情報の確認",
    "規約同意・申込情報送信",
    "申込書印刷・捺印・送付",
)


def source(reply: Any) -> str:
    return str(reply.content.decode())


def current_step(reply: Any) -> str:
    found = re.search(r'aria-current="step">(.*?)</li>', source(reply))
    assert found
    return re.sub(r"<[^>]+>", "", found[1])


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
        link = re.search(rf'<a class="button[^"]*" href="([^"]+)">{words}</a>', source(client.get(address)))
        assert link, words
        address = link[1]
    assert address == "/registration/mail/"


@pytest.mark.req("F-001", "F-002", "F-003", "F-004", "F-006", "F-008", "F-009", "F-010")
def test_the_first_page_tells_content_and_steps(db: None) -> None:
    reply = Client().get("/registration/")
    words = text(reply)
    assert "申込手続きの内容と流れ" in words
    assert source(reply).count("<h3>") == len(STEPS) + 1
    places = [words.index(step) for step in STEPS]
    assert places == sorted(places)
    for part in (
        "保険利用者コードは、保険のご利用単位ごとに1つ発行します。本店（本社）、支店（支社）のほか、部門や事業所",
        "1つの保険利用者コードにつき1つだけ発行",
        "管理権限を有する方の登録を推奨",
        "過去に貿易保険の保険利用者登録をしたことがない場合",
        "支店（支社）・部門・事業所などを追加したい場合",
        "WebユーザーIDをお持ちでない場合",
        "通常5営業日程度",
    ):
        assert part in words
    for kind in ("保険利用者登録（本店）", "保険利用者登録（支店）", "Webユーザー登録"):
        assert kind in words
    assert ">閉じる</a>" in source(reply)


@pytest.mark.req("F-007")
def test_the_steps_are_named_on_every_page(newcomer: Make) -> None:
    person = newcomer()
    assert current_step(person.client.get("/registration/mail/")) == "1 登録用URLの受信"
    person.confirm()
    pages = {
        "kind": "2 申込情報の入力",
        "entry": "2 申込情報の入力",
        "check": "3 申込情報の確認",
        "terms": "4 規約同意・申込情報送信",
    }
    for page, step in pages.items():
        assert current_step(person.client.get(f"/registration/{page}/")) == step
    person.agree()
    reply = person.client.get("/registration/print/")
    assert current_step(reply) == "5 申込書印刷・捺印・送付"
    names = re.findall(r"<li[^>]*>(.*?)</li>", source(reply).partition('class="steps"')[2])
    assert re.sub(r"<[^>]+>", "", names[5]) == "Webサービス利用開始"


@pytest.mark.req("F-011", "F-013", "F-014", "F-015")
def test_step_1_asks_twice_and_advises(db: None, settings: Any) -> None:
    from dataclasses import replace

    settings.PORTAL = replace(settings.PORTAL, mail_sender="sender@insurer.example")
    reply = Client().get("/registration/mail/")
    advice = source(reply).partition('<ul class="remarks">')[2].partition("</ul>")[0]
    assert re.findall(r"<li>(.*?)</li>", advice) == [
        "情報漏えいなどのおそれがあるため、フリーメール（無料で取得できるメールアドレス）は推奨しません。",
        "登録の画面はパソコンでの表示を前提としているため、携帯電話・スマートフォンのメールアドレスは推奨しません。",
        "受信拒否などの設定を行っている場合は、sender@insurer.example からのメールが届くように設定を変更してください。",
    ]
    controls = re.findall(
        r'<(?:input|button|a)[^>]*(?:name="mail\w*"|class="button[^"]*")[^>]*>([^<]*)', source(reply)
    )
    assert [word for word in controls if word.strip()] == ["送信する", "戻る"]
    assert set(re.findall(r'name="(mail\w*)"', source(reply))) == {"mail", "mail_again"}
    for address in ("somebody@gmail.com", "somebody@docomo.ne.jp"):
        assert ask(Client(), address).status_code == 302, "advice does not block"
        assert last_mail("registration-url").to == address


@pytest.mark.req("F-012")
@pytest.mark.parametrize(
    ("mail", "again", "message"),
    [
        ("one@new.example", "two@new.example", "確認用の入力が一致しません"),
        ("", "", "メールアドレスを入力してください"),
        ("not-an-address", "not-an-address", "形が正しくありません"),
        ("a" * 40 + "@new.example", "a" * 40 + "@new.example", "50文字以内"),
    ],
)
def test_addresses_that_are_refused(db: None, mail: str, again: str, message: str) -> None:
    reply = Client().post("/registration/mail/", {"mail": mail, "mail_again": again})
    assert message in text(reply)
    typed = dict(re.findall(r'<input[^>]*name="(mail|mail_again)"[^>]*?(?:value="([^"]*)"|>)', source(reply)))
    assert typed == {"mail": mail, "mail_again": again}, "what was typed stays"
    assert not Registration.objects.exists()
    assert not Mail.objects.exists()


@pytest.mark.req("F-016", "F-017", "S-038")
def test_the_mail_goes_to_the_typed_address(db: None) -> None:
    client = Client()
    reply = ask(client)
    page = client.get(reply.headers["Location"])
    for part in (
        f"{ADDRESS} あてにメールを送りました",
        "手続きは終わっていません",
        "受信拒否",
        "間違っている",
        "閉じる",
    ):
        assert part in text(page)
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
    assert "1時間後にやり直してください" in text(ask(Client()))
    assert Mail.objects.count() == 5
    assert ask(Client(), "other@new.example").status_code == 302
    hand.on(hours=1)
    assert ask(Client()).status_code == 302


def test_the_completion_page_alone_names_nobody(db: None) -> None:
    assert Client().get("/registration/mail/done/").headers["Location"] == "/registration/mail/"


# ---------------------------------------------------------------------------------------------- authentication
@pytest.mark.req("F-020")
def test_the_url_asks_for_the_password(db: None) -> None:
    client = Client()
    ask(client)
    path, password = mailed()
    page = client.get(path)
    for part in ("登録用パスワード", "認証する", "閉じる"):
        assert part in text(page)
    wrong = client.post(path, {"password": "Wrong-one.1"})
    assert "登録用パスワードが正しくありません" in text(wrong)
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
    page = person.client.post(path, {"password": password})
    assert page.status_code == 410
    assert "有効期限が切れています" in text(page)
    assert 'href="/registration/mail/"' in source(page)
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
    assert "前回確認した入力内容が保存されています" in text(person.client.get("/registration/kind/"))
    assert person.client.get("/registration/check/").status_code == 200
    assert person.agree().headers["Location"] == "/registration/print/"
    page = Client().post(path, {"password": password})
    assert page.status_code == 410
    assert "申込情報は送信されています" in text(page)


@pytest.mark.req("F-021")
def test_five_wrong_passwords_block_for_thirty_minutes(db: None, hand: Hand) -> None:
    client = Client()
    ask(client)
    path, password = mailed()
    for _ in range(4):
        assert "正しくありません" in text(client.post(path, {"password": "Wrong-one.1"}))
    assert "30分間は認証できません" in text(client.post(path, {"password": "Wrong-one.1"}))
    assert "30分間は認証できません" in text(client.post(path, {"password": password})), "even the right one"
    hand.on(minutes=30, seconds=-1)
    assert "30分間は認証できません" in text(client.get(path))
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
    assert reply.status_code == 404
    assert "登録用URLを確認できません" in text(reply)


def test_without_authentication_no_step_opens(newcomer: Make) -> None:
    newcomer().send()
    for page in ("kind/", "entry/", "check/", "terms/", "print/", "form.pdf"):
        assert Client().get(f"/registration/{page}").headers["Location"] == "/registration/ended/"
    assert "認証が必要です" in text(Client().get("/registration/ended/"))


def test_each_browser_sees_its_own_registration(newcomer: Make) -> None:
    first = newcomer(name="株式会社一番").confirm()
    second = newcomer(name="株式会社二番").confirm()
    assert "株式会社一番" in text(first.client.get("/registration/check/"))
    assert "株式会社二番" in text(second.client.get("/registration/check/"))


def test_close_ends_the_proof(newcomer: Make) -> None:
    person = newcomer().confirm()
    assert person.client.post("/registration/close/").headers["Location"] == "/"
    assert person.client.get("/registration/check/").headers["Location"] == "/registration/ended/"


@pytest.mark.req("F-053")
def test_idle_time_ends_the_authentication(newcomer: Make, hand: Hand) -> None:
    person = newcomer().choose()
    words = text(person.client.get("/registration/entry/"))
    assert "30分を経過すると、再度認証が必要となり、入力された内容は破棄されます" in words
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
    page = person.client.get("/registration/kind/")
    for value, label in (
        ("head-office", "保険利用者登録（本店）"),
        ("branch", "保険利用者登録（支店）"),
        ("web-user", "Webユーザー登録"),
    ):
        assert f'name="kind" value="{value}">{label}</button>' in source(page)
        person.client.post("/registration/kind/", {"kind": value})
        entry = person.client.get("/registration/entry/")
        assert f"<dt>申込種類</dt><dd>{label}</dd>" in source(entry)
    assert "自社の登録状態を保険者に確認してください" in text(page)
    assert "閉じる" in text(page)
    assert "申込みの種類のボタンを押してください" in text(
        person.client.post("/registration/kind/", {"kind": "none"})
    )


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
    assert "申込手続きの内容と流れへ" in text(person.client.get("/registration/entry/"))
    reply = person.enter(step="discard")
    assert reply.headers["Location"] == "/registration/kind/"
    assert (person.row.kind, person.row.answers, person.row.state) == ("", {}, "authenticated")
    person.client.post("/registration/kind/", {"kind": "head-office"})
    assert "株式会社新規商事" not in source(person.client.get("/registration/entry/"))


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
    page = person.client.get("/registration/check/")
    shown = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", source(page)))
    assert shown == {
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
    assert re.search(r'href="/registration/entry/">修正する<', source(page))
    assert re.search(r'href="/registration/terms/">Webサービス利用規約の同意へ<', source(page))
    entry = source(person.client.get("/registration/entry/"))
    for value in ("架空銀行", "株式会社新規商事", "kanri@new.example"):
        assert f'value="{value}"' in entry
    person.enter(name="株式会社改名")
    assert "株式会社改名" in text(person.client.get("/registration/check/"))


@pytest.mark.req("F-038")
def test_the_terms_and_their_pdf(newcomer: Make, tmp_path: Path) -> None:
    person = newcomer().confirm()
    page = person.client.get("/registration/terms/")
    assert "これは試用のための例文です" in text(page)
    link = re.search(r'href="([^"]+\.pdf)"', source(page))
    assert link
    reply = Client().get(link[1])
    assert reply.headers["Content-Type"] == "application/pdf"
    printed = pdf_text(reply.content, tmp_path)
    articles = re.findall(r"<h3>(.*?)</h3>", source(page))
    clauses = re.findall(r"<li>([^<]{15,})</li>", source(page).partition('id="terms"')[2])
    assert len(articles) >= 5
    for part in [*articles, *clauses, "これは試用のための例文です"]:
        assert part in printed


@pytest.mark.req("F-039")
def test_without_the_tick_nothing_is_sent(newcomer: Make) -> None:
    person = newcomer().confirm()
    page = person.client.get("/registration/terms/")
    assert "Webサービス利用規約に同意して、申込情報を送信する" in text(page)
    reply = person.client.post("/registration/terms/", hidden(page))
    assert "Webサービス利用規約に同意しないと、次のステップへ進むことはできません" in text(reply)
    assert (person.row.state, person.row.sent_at) == ("confirmed", None)


@pytest.mark.req("F-040")
def test_back_from_step_4_leads_to_step_3(newcomer: Make) -> None:
    person = newcomer().confirm()
    page = source(person.client.get("/registration/terms/"))
    assert '<a class="button secondary" href="/registration/check/">戻る</a>' in page
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


def test_only_what_was_shown_is_sent(newcomer: Make) -> None:
    person = newcomer().confirm()
    shown = {**hidden(person.client.get("/registration/terms/")), "agreed": "1"}
    person.enter(name="株式会社別画面")
    reply = person.client.post("/registration/terms/", shown, follow=True)
    assert "別の画面で内容が変更されました" in text(reply)
    assert "株式会社別画面" in text(reply)
    assert person.row.state == "confirmed"
    old = {**hidden(person.client.get("/registration/terms/")), "agreed": "1", "edition": "2020-01-01"}
    assert "規約が改定されました" in text(person.client.post("/registration/terms/", old))


def test_a_form_of_another_kind_is_not_taken(newcomer: Make) -> None:
    person = newcomer().choose()
    person.client.post("/registration/kind/", {"kind": "branch"})
    reply = person.client.post(
        "/registration/entry/", {**person.answers, "kind": "head-office", "step": "check"}, follow=True
    )
    assert "別の画面で内容が変更されました" in text(reply)
    assert (person.row.kind, person.row.answers) == ("branch", {})


@pytest.mark.req("F-042", "F-045")
def test_step_5_says_that_it_is_not_complete(newcomer: Make) -> None:
    person = newcomer().send()
    page = person.client.get("/registration/print/")
    for part in (
        "申込情報は送信されましたが、申込手続きはまだ完了していません",
        "申込書を印刷する",
        "代表者印を捺印して、有効期限までに届くように郵送",
        "申込書が届くと、登録の手続きを開始します",
        "閉じる",
    ):
        assert part in text(page)


@pytest.mark.req("F-043", "F-044", "F-045")
@pytest.mark.parametrize("kind", ["head-office", "branch", "web-user"])
def test_the_form_carries_what_was_sent(newcomer: Make, hand: Hand, tmp_path: Path, kind: str) -> None:
    person = newcomer(kind).send()
    link = re.search(r'href="(/registration/form\.pdf)"', source(person.client.get("/registration/print/")))
    assert link
    reply = person.client.get(link[1])
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
    assert person.client.get(link[1]).content == reply.content


@pytest.mark.req("F-025")
def test_help_opens_in_a_window_of_its_own(newcomer: Make) -> None:
    person = newcomer().choose()
    page = source(person.client.get("/registration/entry/"))
    links = re.findall(r'<a class="help" href="([^"#]+)#([^"]+)" target="_blank" data-popup>？', page)
    assert len(links) > 10
    help_page = source(Client().get(links[0][0]))
    for _, name in links:
        assert f'id="{name}"' in help_page
    assert re.search(rf'<a href="{links[0][0]}" target="_blank" data-popup>ヘルプ', page)
    assert Client().get("/registration/help/nothing/").status_code == 404


@pytest.mark.req("F-052")
def test_the_login_button_is_called_login(db: None) -> None:
    assert '<button class="button">ログイン</button>' in source(Client().get("/login/"))
