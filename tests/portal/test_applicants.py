"""What a 管理者 does with 申込者: list, 照会, 新規登録, 変更, パスワードリセット (Seed 003 ch. 3 §4-4 to §4-7)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from portal_stub.access import ROUTES
from portal_stub.accounts import rules
from portal_stub.accounts.models import Holder, User
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.conftest import HOLDER, OTHER, World, applicant, hidden, last_mail, text

TYPED = {
    "mail": "new@example.com",
    "name": "新規 五郎",
    "phone": "03-1234-5678",
    "department": "見本課",
    "title": "課長",
    "entry_right": "enter",
    "data_scope": "none",
    "application_scope": "own",
}
CODE = f"{HOLDER[:8]}1"


def register(client: Client, **changes: Any) -> Any:
    check = client.post("/applicant-new/", {**TYPED, **changes, "step": "check"})
    assert check.status_code == 200, text(check)
    return client.post("/applicant-new/", {**hidden(check), "step": "confirm"})


@pytest.mark.req("G-001", "G-002", "G-003", "G-019", "G-055", "G-066", "G-067")
def test_registration_from_entry_to_the_new_id(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/applicant-new/", {**TYPED, "step": "check"})
    assert "確定する" in text(check)
    assert "新規 五郎" in text(check)
    for label in ("役職名", "入力/申込権限", "入力権限のみ", "情報データ参照不可", "申込データ参照範囲"):
        assert label in text(check), "labels of the entry form, as in Seed 003 ch. 3 §4-6"
    assert "支店名" not in text(check)
    assert User.objects.filter(name="新規 五郎").count() == 0
    done = client.post("/applicant-new/", {**hidden(check), "step": "confirm"}, follow=True)
    assert "Webユーザー（申込者）登録完了" in text(done)
    assert f"{HOLDER}004" in text(done)
    assert "Webユーザー（申込者）情報一覧へ" in text(done)
    user = User.objects.get(login_id=f"{HOLDER}004")
    assert {name: getattr(user, name) for name in TYPED} == TYPED
    assert user.must_change_password
    mail = last_mail("applicant-registered")
    assert mail.to == world.administrator.mail, "to the 管理者, not to the 申込者"
    assert user.check_password(mail.secret)
    assert Mail.objects.filter(to=TYPED["mail"]).count() == 0


def test_the_same_confirmation_twice_registers_once(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/applicant-new/", {**TYPED, "step": "check"})
    replies = [client.post("/applicant-new/", {**hidden(check), "step": "confirm"}) for _ in range(2)]
    assert replies[0].headers["Location"] == replies[1].headers["Location"]
    assert User.objects.filter(name="新規 五郎").count() == 1
    assert Mail.objects.filter(kind="applicant-registered").count() == 1


@pytest.mark.req("G-004", "G-005")
def test_the_hundredth_is_refused_and_no_number_comes_back(
    world: World, visit: Callable[..., Client]
) -> None:
    Holder.objects.filter(pk=world.holder.pk).update(last_number=98)
    User.objects.filter(pk=world.reader.pk).update(active=False)  # still counts
    client = visit(world.administrator)
    register(client)
    assert User.objects.filter(login_id=f"{HOLDER}099").exists()
    reply = client.post("/applicant-new/", {**TYPED, "step": "check"})
    assert reply.status_code == 409
    assert "99件まで" in text(reply)
    with pytest.raises(rules.TooManyApplicants):
        applicant(world.administrator, name="百人目")
    assert not User.objects.filter(name="百人目").exists()


@pytest.mark.req("G-010")
@pytest.mark.parametrize(
    "change",
    [{"entry_right": "none"}, {"data_scope": "none"}, {"application_scope": "own"}, {"active": False}],
)
def test_the_administrator_cannot_be_restricted(
    world: World, visit: Callable[..., Client], change: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=world.administrator.pk).update(**change)
    client = visit(world.administrator)
    assert client.get(f"/applicants/{world.administrator.login_id}/change/").status_code == 404


def test_one_administrator_per_holder(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=world.applicant.pk).update(
            kind="administrator", login_id=f"{HOLDER[:-1]}0000", entry_right="apply"
        )


@pytest.mark.req("G-057", "S-027", "S-035")
@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("mail", "", "メールアドレスを入力してください。"),
        (
            "mail",
            "a" * 39 + "@example.com",
            "メールアドレスは50文字以内で入力してください（入力された文字数: 51）。",
        ),
        ("mail", "花子@example.com", "メールアドレスは半角英数字で入力してください。"),
        ("mail", "no-address", "メールアドレスの形が正しくありません。"),
        ("mail", "a@example.com\nBcc: b@example.com", "メールアドレスは半角英数字で入力してください。"),
        ("name", "", "氏名を入力してください。"),
        ("name", "名" * 51, "氏名は50文字以内で入力してください（入力された文字数: 51）。"),
        ("department", "所" * 26, "所属名は25文字以内で入力してください（入力された文字数: 26）。"),
        ("title", "役" * 51, "役職名は50文字以内で入力してください（入力された文字数: 51）。"),
        ("phone", "1" * 21, "電話番号は20文字以内で入力してください（入力された文字数: 21）。"),
        ("phone", "03(1234)5678", "電話番号は半角の数字とハイフンで入力してください"),
        ("name", "絵文字😀", "氏名に使えない文字"),
        ("name", "裏返し\u202eです", "氏名に使えない文字"),
        ("entry_right", "everything", "入力/申込権限を選び直してください。"),
        ("data_scope", "", "情報データ参照範囲を選択してください。"),
    ],
)
def test_what_does_not_fit_is_told_and_everything_stays_typed(
    world: World, visit: Callable[..., Client], field: str, typed: str, message: str
) -> None:
    reply = visit(world.administrator).post(
        "/applicant-new/", {**TYPED, field: typed, "step": "confirm", "once": "x"}
    )
    assert message in text(reply)
    assert reply.status_code == 422
    page = reply.content.decode()
    assert all(f'value="{TYPED[name]}"' in page for name in {"mail", "name", "department", "title"} - {field})
    assert User.objects.filter(holder=world.holder, kind="applicant").count() == 3
    assert Mail.objects.count() == 0


def test_the_longest_that_fits(world: World, visit: Callable[..., Client]) -> None:
    longest = {
        "mail": "a" * 38 + "@example.com",
        "name": "名" * 50,
        "department": "所" * 25,
        "title": "役" * 50,
    }
    register(visit(world.administrator), **longest, phone="1" * 20)
    user = User.objects.get(login_id=f"{HOLDER}004")
    assert {name: getattr(user, name) for name in longest} == longest


@pytest.mark.req("S-034", "G-058")
def test_widths_are_made_right(world: World, visit: Callable[..., Client]) -> None:
    register(visit(world.administrator), name="ﾆｯﾎﾟﾝ 太郎", phone="０３-１２３４", mail="ａ@example.com")
    user = User.objects.get(login_id=f"{HOLDER}004")
    assert (user.name, user.phone, user.mail) == ("ニッポン 太郎", "03-1234", "a@example.com")


@pytest.mark.req("G-056")
def test_empty_mandatory_items_turn_pink_after_a_missing_entry(
    world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.administrator)
    assert 'class="missing"' not in client.get("/applicant-new/").content.decode()
    page = client.post("/applicant-new/", {**TYPED, "mail": "", "step": "check"}).content.decode()
    assert page.count('class="missing"') == 1
    assert 'aria-invalid="true"' in page


@pytest.mark.req("G-053", "G-054")
def test_the_list_acts_on_the_chosen_one(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    User.objects.filter(pk=world.reader.pk).update(active=False)
    page = client.get("/applicants/").content.decode()
    head, body = (page.partition(f"<{part}>")[2].partition(f"</{part}>")[0] for part in ("thead", "tbody"))
    assert re.findall(r"<th[^>]*>(.*?)</th>", head)[0] == "選択"
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
    own = [world.applicant, world.enterer, world.reader]
    for user, row in zip(own, rows, strict=True):
        assert re.match(rf'<input type="radio" name="login_id" value="{user.login_id}"', row[0])
        assert (row[2], row[5]) == (user.name, "無効" if user == world.reader else "有効")
    assert re.findall(r'<button[^>]*name="do" value="(\w+)">(.*?)</button>', page) == [
        ("show", "照会"),
        ("change", "変更"),
        ("reset", "パスワードリセット"),
    ]
    assert '<a class="button" href="/applicant-new/">新規登録</a>' in page
    for do, goal in (("show", ""), ("change", "change/"), ("reset", "reset/")):
        unchosen = client.get("/applicants/", {"do": do})
        assert unchosen.status_code == 422
        assert "選んでから" in text(unchosen)
        reply = client.get("/applicants/", {"do": do, "login_id": world.applicant.login_id})
        assert reply.headers["Location"] == f"/applicants/{world.applicant.login_id}/{goal}"


@pytest.mark.req("G-068")
def test_the_detail_offers_change_and_reset(world: World, visit: Callable[..., Client]) -> None:
    words = text(visit(world.administrator).get(f"/applicants/{world.enterer.login_id}/"))
    for word in (
        "入力 次郎",
        "入力権限のみ",
        "対象特約のみ参照可能",
        CODE,
        "変更する",
        "パスワードリセットする",
    ):
        assert word in words


@pytest.mark.req("G-059", "G-069")
def test_a_change_from_entry_to_completion(world: World, visit: Callable[..., Client]) -> None:
    client, address = visit(world.administrator), f"/applicants/{world.applicant.login_id}/change/"
    page = client.get(address)
    assert "使用状態" in text(page)
    assert 'name="login_id"' not in page.content.decode(), "the ID is read-only"
    check = client.post(address, {**TYPED, "active": "0", "step": "check"})
    assert "Webユーザー（申込者）情報変更確認" in text(check)
    assert User.objects.get(pk=world.applicant.pk).active, "nothing happened yet"
    done = client.post(address, {**hidden(check), "step": "confirm"}, follow=True)
    assert "Webユーザー（申込者）情報変更完了" in text(done)
    user = User.objects.get(pk=world.applicant.pk)
    assert (user.active, user.name, user.entry_right) == (False, "新規 五郎", "enter")
    assert AuditEvent.objects.filter(event="applicant-changed", subject=user.login_id).count() == 1


def test_correcting_keeps_what_was_typed(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/applicant-new/", {**TYPED, "step": "check"})
    page = client.post("/applicant-new/", {**hidden(check), "step": "edit"}).content.decode()
    assert all(f'value="{TYPED[name]}"' in page for name in ("mail", "name", "phone", "department", "title"))
    chosen = re.findall(r'name="(\w+)" value="(\w+)"[^>]*checked', page)
    assert chosen == [("entry_right", "enter"), ("data_scope", "none"), ("application_scope", "own")]


@pytest.mark.req("G-014")
def test_only_users_of_enterprise_choose_listed_agreements(
    world: World, visit: Callable[..., Client]
) -> None:
    assert "対象特約のみ参照可能" in text(visit(world.administrator).get("/applicant-new/"))
    world.holder.agreements.filter(product="enterprise").delete()
    client = visit(world.administrator)
    assert "対象特約のみ参照可能" not in text(client.get("/applicant-new/"))
    reply = client.post(
        "/applicant-new/", {**TYPED, "data_scope": "listed", "codes": [f"{HOLDER[:8]}2"], "step": "check"}
    )
    assert "情報データ参照範囲を選び直してください。" in text(reply)


@pytest.mark.req("G-064")
def test_listed_without_code_is_refused(world: World, visit: Callable[..., Client]) -> None:
    reply = visit(world.administrator).post(
        "/applicant-new/", {**TYPED, "data_scope": "listed", "step": "confirm", "once": "x"}
    )
    assert "特約コードを1つ以上選択してください" in text(reply)
    assert not User.objects.filter(name="新規 五郎").exists()


@pytest.mark.req("G-062", "G-063", "G-065")
def test_choosing_the_codes(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    typed = {**TYPED, "data_scope": "listed"}
    early = client.post("/applicant-new/", {**TYPED, "step": "codes"})
    assert "先に「対象特約のみ参照可能」を選択してください" in text(early)
    choice = client.post("/applicant-new/", {**typed, "step": "codes"})
    assert "反映" in text(choice)
    assert "キャンセル" in text(choice)
    assert choice.content.decode().count('type="checkbox"') == 2
    form = client.post("/applicant-new/", {**hidden(choice), "chosen": [CODE], "step": "codes-set"})
    assert f"<li>{CODE}</li>" in form.content.decode()
    assert 'value="新規 五郎"' in form.content.decode()
    again = client.post("/applicant-new/", {**hidden(form), **typed, "step": "codes"})
    kept = client.post(
        "/applicant-new/", {**hidden(again), "chosen": [f"{HOLDER[:8]}2"], "step": "codes-keep"}
    )
    assert f"<li>{CODE}</li>" in kept.content.decode()
    assert f"<li>{HOLDER[:8]}2</li>" not in kept.content.decode()
    register(client, data_scope="listed", codes=[CODE])
    assert User.objects.get(login_id=f"{HOLDER}004").seen_agreements() == {CODE}


def test_agreements_of_others_cannot_be_listed(world: World, visit: Callable[..., Client]) -> None:
    reply = visit(world.administrator).post(
        "/applicant-new/", {**TYPED, "data_scope": "listed", "codes": [f"{OTHER[:8]}1"], "step": "check"}
    )
    assert reply.status_code == 422


@pytest.mark.req("G-070")
def test_reset_asks_and_mails_the_administrator(world: World, visit: Callable[..., Client]) -> None:
    running = visit(world.applicant)
    client, address = visit(world.administrator), f"/applicants/{world.applicant.login_id}/reset/"
    assert "パスワードをリセットします。よろしいですか？" in text(client.get(address))
    before = world.applicant.password
    assert User.objects.get(pk=world.applicant.pk).password == before
    client.post(address)
    mail = last_mail("applicant-reset")
    assert mail.to == world.administrator.mail
    user = User.objects.get(pk=world.applicant.pk)
    assert user.check_password(mail.secret)
    assert user.must_change_password
    assert running.get("/menu/").status_code == 302


@pytest.mark.req("G-011")
def test_what_each_width_lets_through(world: World) -> None:
    wide, middle, small = world.applicant, world.enterer, world.reader
    assert [user.may_enter for user in (wide, middle, small)] == [True, True, False]
    assert [user.may_apply for user in (wide, middle, small)] == [True, False, False]
    assert [user.seen_agreements() for user in (wide, middle, small)] == [None, {CODE}, set()]
    assert not world.staff.may_enter


@pytest.mark.req("G-034", "G-024")
def test_users_see_their_own_data_and_cannot_change_it(world: World, visit: Callable[..., Client]) -> None:
    page = visit(world.enterer).get("/user/")
    assert "入力 次郎" in text(page)
    assert "<input" not in page.content.decode().split("<main")[1]
    assert visit(world.enterer).get(f"/applicants/{world.enterer.login_id}/change/").status_code == 403


@pytest.mark.req("G-038", "G-039")
def test_a_branch_shows_fewer_items(world: World, visit: Callable[..., Client]) -> None:
    head = text(visit(world.reader).get("/holder/"))
    assert "東京都架空区登記1-1" in head
    assert "代表 一郎" in head
    Holder.objects.update(is_branch=True)
    branch = text(visit(world.reader).get("/holder/"))
    assert "登記" not in branch
    assert "代表 一郎" not in branch
    assert "東京都架空区1-1" in branch


def test_hostile_words_in_addresses_and_hidden_fields_do_no_harm(
    world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.administrator)
    assert client.get("/applicants/%00/").status_code == 404
    assert client.get("/applicants/", {"do": "show", "login_id": "\0"}).status_code == 400
    assert client.get("/applicants/", {"do": "show", "login_id": "x" * 12}).status_code == 422
    for once in ("?", "x" * 44, ""):
        reply = client.post("/applicant-new/", {**TYPED, "step": "confirm", "once": once})
        assert "確定する" in text(reply), "checked again"
    for unreadable in ({"name": "a\0b", "step": "check"}, {"once": "\0", "step": "confirm"}):
        assert client.post("/applicant-new/", {**TYPED, **unreadable}).status_code == 400
    assert User.objects.filter(holder=world.holder, kind="applicant").count() == 3


def test_what_was_typed_is_shown_as_text(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/applicant-new/", {**TYPED, "name": "<script>alert(1)</script>", "step": "check"})
    assert "<script>alert" not in check.content.decode()


@pytest.mark.req("G-061")
def test_no_applicant_is_ever_deleted(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    for path in ("/applicants/", f"/applicants/{world.applicant.login_id}/"):
        assert "削除" not in text(client.get(path))
    about = [
        route for route in ROUTES.values() if "applicants/" in route.path or route.name == "applicant-new"
    ]
    assert about
    assert not [route.name for route in about if "delete" in route.name or "DELETE" in route.methods]
