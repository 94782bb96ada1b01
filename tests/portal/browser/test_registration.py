"""保険利用者・Webユーザー登録 in a browser: from the mailed URL to the first login, and what restarts it."""

import re
from collections.abc import Callable

import pytest

from tests.portal.browser.person import Person, pdf_text

TITLE = "保険利用者・Webユーザー登録："
NEW = "Neues-Kennwort.7"


def _asks_for_the_url(person: Person) -> tuple[str, str]:
    """Step 1: the address of 登録用URL and 登録用パスワード, as mailed."""
    person.goes_to("/")
    person.presses("保険手続のステップ")
    person.presses("①保険利用者・Webユーザー登録")
    person.presses("Webサービスのご利用登録はこちら")
    person.is_on(f"{TITLE}申込手続きの内容と流れ")
    person.presses("申込手続きへ")
    person.fills("メールアドレス", "shinki@new.example")
    person.fills("メールアドレス（確認用）", "shinki@new.example")
    person.presses("送信する")
    person.sees("shinki@new.example", "手続きは終わっていません。")
    return _mailed(person, "登録用URL")


def _mailed(person: Person, subject: str) -> tuple[str, str]:
    mail = person.mail(subject)
    address, password = (
        re.search(r"http\S+/registration/url/\S+", mail),
        re.search(r"登録用パスワード: (\S+)", mail),
    )
    assert address
    assert password
    return address[0], password[1]


def _authenticates(person: Person, mailed: tuple[str, str]) -> None:
    person.goes_to(mailed[0])
    person.fills("登録用パスワード", mailed[1])
    person.presses("認証する")


def _fills_the_form(person: Person) -> None:
    """Step 2 for a 本店."""
    for label, typed in (
        ("保険利用者名 漢字", "株式会社新規商事"),
        ("保険利用者名 カナ", "カブシキガイシャシンキショウジ"),
        ("所在地 郵便番号", "1000001"),
        ("所在地", "東京都架空区新規1-2-3"),
        ("代表電話番号", "03-1111-2222"),
        ("代表者 役職名", "代表取締役社長"),
        ("代表者 氏名", "新規 一郎"),
        ("所属名", "総務部"),
        ("氏名", "新規 太郎"),
        ("電話番号", "03-1234-5678"),
        ("メールアドレス", "kanri@new.example"),
        ("メールアドレス（確認用）", "kanri@new.example"),
    ):
        person.fills(label, typed)
    person.presses("申込情報の確認へ")


def _sends(person: Person) -> None:
    """Steps 3 and 4."""
    person.is_on(f"{TITLE}ステップ3 申込情報の確認")
    person.presses("Webサービス利用規約の同意へ")
    person.ticks("Webサービス利用規約に同意して、申込情報を送信する")
    person.presses("申込書印刷へ")
    person.is_on(f"{TITLE}ステップ5 申込書印刷・捺印・送付")


@pytest.mark.night
def test_the_way_from_the_top_page_to_the_form(person: Person) -> None:
    mailed = _asks_for_the_url(person)
    person.looks_right()
    person.goes_to("/registration/")
    person.looks_right()
    person.presses("申込手続きへ")
    person.presses("送信する")
    person.sees("入力内容を確認してください")
    person.looks_right()
    person.goes_to(mailed[0])
    person.fills("登録用パスワード", "wrong")
    person.presses("認証する")
    person.sees("登録用パスワードが正しくありません。")
    person.looks_right()
    _authenticates(person, mailed)
    person.is_on(f"{TITLE}申込情報の入力（申込みの流れ）")
    person.looks_right()
    person.presses("保険利用者登録（本店）")
    person.is_on(f"{TITLE}ステップ2 申込情報の入力")
    person.looks_right()
    person.presses("申込情報の確認へ")
    person.sees("入力内容を確認してください")
    person.looks_right()


@pytest.mark.req("F-037", "F-042")
def test_a_head_office_agrees_sends_and_prints(person: Person) -> None:
    mailed = _asks_for_the_url(person)
    _authenticates(person, mailed)
    person.presses("保険利用者登録（本店）")
    _fills_the_form(person)
    person.is_on(f"{TITLE}ステップ3 申込情報の確認")
    person.sees("株式会社新規商事", "kanri@new.example")
    person.looks_right()
    person.presses("Webサービス利用規約の同意へ")
    person.presses("申込書印刷へ")
    person.sees("Webサービス利用規約に同意しないと")
    person.looks_right()
    person.ticks("Webサービス利用規約に同意して、申込情報を送信する")
    person.presses("申込書印刷へ")
    person.sees("申込手続きはまだ完了していません", "R0000001")
    person.looks_right()
    form = person.reads("申込書を印刷する")
    assert "株式会社新規商事" in form
    assert "R0000001" in form
    person.presses("閉じる")
    person.goes_to("/registration/print/")
    person.is_on("認証が必要です")
    person.looks_right()
    person.goes_to(mailed[0])
    person.is_on("申込情報は送信されています")
    person.looks_right()


def _sent(person: Person) -> None:
    _authenticates(person, _asks_for_the_url(person))
    person.presses("保険利用者登録（本店）")
    _fills_the_form(person)
    _sends(person)


@pytest.mark.night
@pytest.mark.req("F-049")
def test_the_desk_completes_and_the_new_administrator_logs_in(people: Callable[..., Person]) -> None:
    newcomer, desk = people(), people()
    _sent(newcomer)
    desk.logs_in("desk-1")
    desk.presses("登録の申込み")
    desk.looks_right()
    desk.presses("R0000001")
    desk.looks_right()
    desk.presses("申込書の到着・手続開始")
    desk.fills("申込書の到着日", "2026-04-06")
    desk.looks_right()
    desk.presses("OK")
    desk.sees("手続きを開始しました。")
    desk.presses("手続完了")
    desk.presses("OK")
    desk.sees("保険利用者コードを入力してください")
    desk.fills("保険利用者コード", "990000077")
    desk.looks_right()
    notice = pdf_text(desk.downloads("OK")[1])
    assert "990000077000" in notice
    first = re.search(r"初期パスワード[:：]?([!-~]+)", notice)
    assert first
    desk.goes_to("/desk/registrations/?state=complete")
    desk.sees("株式会社新規商事", "登録完了")
    assert first[1] not in desk.mail("手続完了"), "it comes by post only"

    newcomer.logs_in("990000077000", first[1])
    newcomer.is_on("パスワード変更")
    newcomer.fills("現在のパスワード", first[1])
    newcomer.fills("新しいパスワード", NEW)
    newcomer.fills("新しいパスワード（確認用）", NEW)
    newcomer.presses("パスワードを変更する")
    newcomer.sees("パスワードを変更しました")
    newcomer.goes_to("/menu/")
    newcomer.sees("株式会社新規商事", "990000077000")
    newcomer.looks_right()


@pytest.mark.night
@pytest.mark.req("F-046")
def test_a_restart_opens_the_form_again_with_what_was_typed(people: Callable[..., Person]) -> None:
    newcomer, desk = people(), people()
    _sent(newcomer)
    newcomer.presses("閉じる")
    desk.logs_in("desk-1")
    desk.goes_to("/desk/registrations/1/")
    desk.presses("手続きの再開")
    desk.presses("OK")
    desk.sees("理由を入力してください")
    desk.fills("理由", "代表者名の訂正の依頼")
    desk.looks_right()
    desk.presses("OK")
    desk.sees("手続き再開用のURLを、申込者にメールで送信しました。")
    desk.looks_right()
    _authenticates(newcomer, _mailed(newcomer, "手続き再開用URL"))
    newcomer.is_on(f"{TITLE}ステップ2 申込情報の入力")
    newcomer.sees_typed("保険利用者名 漢字", "株式会社新規商事")
    newcomer.fills("代表者 氏名", "新規 二郎")
    newcomer.fills("メールアドレス（確認用）", "kanri@new.example")
    newcomer.presses("申込情報の確認へ")
    newcomer.sees("新規 二郎")
    _sends(newcomer)
    assert "新規二郎" in newcomer.reads("申込書を印刷する")
    newcomer.looks_right()
