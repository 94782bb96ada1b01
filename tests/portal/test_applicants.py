"""What a 管理者 does with 申込者: list, 照会, 新規登録, 変更, パスワードリセット (Seed 003 ch. 3 §4-4 to §4-7)."""

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
from tests.portal.conftest import HOLDER, OTHER, World, applicant, hidden, last_mail
from tests.portal.pages import Part, page_of

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
    assert "確定する" in page_of(check).buttons
    return client.post("/applicant-new/", {**hidden(check), "step": "confirm"})


@pytest.mark.req("G-001", "G-002", "G-003", "G-019", "G-055", "G-066", "G-067")
def test_registration_from_entry_to_the_new_id(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/applicant-new/", {**TYPED, "step": "check"})
    page = page_of(check)
    assert page.heading == "Webユーザー（申込者）登録確認"
    assert list(page.buttons) == ["確定する", "修正する"]
    assert page.facts == {
        "メールアドレス": "new@example.com",
        "氏名": "新規 五郎",
        "電話番号": "03-1234-5678",
        "所属名": "見本課",
        "役職名": "課長",
        "入力/申込権限": "入力権限のみ",
        "情報データ参照範囲": "情報データ参照不可",
        "申込データ参照範囲": "ログインユーザーによる申込みのみ参照可能",
    }, "labels of the entry form, as in Seed 003 ch. 3 §4-6"
    assert User.objects.filter(name="新規 五郎").count() == 0
    done = client.post("/applicant-new/", {**hidden(check), "step": "confirm"}, follow=True)
    assert page_of(done).heading == "Webユーザー（申込者）登録完了"
    assert page_of(done).facts == {"WebユーザーID（申込者用）": f"{HOLDER}004"}
    assert page_of(done).links == {"Webユーザー（申込者）情報一覧へ": "/applicants/"}
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
    assert page_of(reply, 409).sentences[0].startswith("登録できるWebユーザー（申込者）は99件までです。")
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
        (
            "mail",
            "no-address",
            "メールアドレスの形が正しくありません。nippon-taro@example.com のように入力してください。",
        ),
        ("mail", "a@example.com\nBcc: b@example.com", "メールアドレスは半角英数字で入力してください。"),
        ("name", "", "氏名を入力してください。"),
        ("name", "名" * 51, "氏名は50文字以内で入力してください（入力された文字数: 51）。"),
        ("department", "所" * 26, "所属名は25文字以内で入力してください（入力された文字数: 26）。"),
        ("title", "役" * 51, "役職名は50文字以内で入力してください（入力された文字数: 51）。"),
        ("phone", "1" * 21, "電話番号は20文字以内で入力してください（入力された文字数: 21）。"),
        ("phone", "03(1234)5678", "電話番号は半角の数字とハイフンで入力してください（例: 03-1234-5678）。"),
        (
            "name",
            "絵文字😀",
            "氏名に使えない文字（機種依存文字・絵文字・改行など）があります。別の文字に直してください。",
        ),
        (
            "name",
            "裏返し\u202eです",
            "氏名に使えない文字（機種依存文字・絵文字・改行など）があります。別の文字に直してください。",
        ),
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
    page = page_of(reply, 422)
    assert page.errors == {field: message}
    assert page.error_summary == [message]
    assert page.alert == "入力内容を確認してください（1件）"
    kept = {name: page.fields[name].value for name in TYPED if name != field}
    assert kept == {name: value for name, value in TYPED.items() if name != field}
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
    fresh = page_of(client.get("/applicant-new/"))
    assert fresh.fields["mail"].required
    assert not [name for name, item in fresh.fields.items() if item.pink]
    page = page_of(client.post("/applicant-new/", {**TYPED, "mail": "", "step": "check"}), 422)
    assert [name for name, item in page.fields.items() if item.pink] == ["mail"]
    assert page.fields["mail"].attributes["aria-invalid"] == "true"


@pytest.mark.req("G-053", "G-054")
def test_the_list_acts_on_the_chosen_one(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    User.objects.filter(pk=world.reader.pk).update(active=False)
    page = page_of(client.get("/applicants/"))
    table = page.table()
    assert table.columns[0] == "選択"
    assert [(row["WebユーザーID"], row["氏名"], row["使用状態"]) for row in table.rows] == [
        (world.applicant.login_id, world.applicant.name, "有効"),
        (world.enterer.login_id, world.enterer.name, "有効"),
        (world.reader.login_id, world.reader.name, "無効"),
    ]
    for row in table.rows:
        [choice] = row.cells[0].fields["login_id"].options.values()
        assert choice == row["WebユーザーID"]
    assert page.fields["login_id"].values == []
    assert {name: (button.name, button.value) for name, button in page.buttons.items()} == {
        "照会": ("do", "show"),
        "変更": ("do", "change"),
        "パスワードリセット": ("do", "reset"),
    }
    assert page.links["新規登録"] == "/applicant-new/"
    for do, goal in (("show", ""), ("change", "change/"), ("reset", "reset/")):
        unchosen = client.get("/applicants/", {"do": do})
        assert (
            page_of(unchosen, 422).alert
            == "Webユーザー（申込者）を「選択」欄で1人選んでから、ボタンを押してください。"
        )
        reply = client.get("/applicants/", {"do": do, "login_id": world.applicant.login_id})
        assert reply.headers["Location"] == f"/applicants/{world.applicant.login_id}/{goal}"


@pytest.mark.req("G-068")
def test_the_detail_offers_change_and_reset(world: World, visit: Callable[..., Client]) -> None:
    address = f"/applicants/{world.enterer.login_id}/"
    page = page_of(visit(world.administrator).get(address))
    assert page.facts["氏名"] == "入力 次郎"
    assert page.facts["入力/申込権限"] == "入力権限のみ"
    assert page.facts["情報データ参照範囲"] == f"対象特約のみ参照可能\n参照可能な特約コード:\n{CODE}"
    assert page.links["変更する"] == f"{address}change/"
    assert page.links["パスワードリセットする"] == f"{address}reset/"


@pytest.mark.req("G-059", "G-069")
def test_a_change_from_entry_to_completion(world: World, visit: Callable[..., Client]) -> None:
    client, address = visit(world.administrator), f"/applicants/{world.applicant.login_id}/change/"
    page = page_of(client.get(address))
    assert page.fields["active"].label == "使用状態"
    assert page.fields["active"].chosen == ["有効"]
    assert page.facts["WebユーザーID（申込者用）"] == world.applicant.login_id
    assert "login_id" not in page.fields, "the ID is read-only"
    check = client.post(address, {**TYPED, "active": "0", "step": "check"})
    assert page_of(check).heading == "Webユーザー（申込者）情報変更確認"
    assert page_of(check).facts["使用状態"] == "無効"
    assert User.objects.get(pk=world.applicant.pk).active, "nothing happened yet"
    done = client.post(address, {**hidden(check), "step": "confirm"}, follow=True)
    assert page_of(done).heading == "Webユーザー（申込者）情報変更完了"
    user = User.objects.get(pk=world.applicant.pk)
    assert (user.active, user.name, user.entry_right) == (False, "新規 五郎", "enter")
    assert AuditEvent.objects.filter(event="applicant-changed", subject=user.login_id).count() == 1


def test_correcting_keeps_what_was_typed(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/applicant-new/", {**TYPED, "step": "check"})
    page = page_of(client.post("/applicant-new/", {**hidden(check), "step": "edit"}))
    assert {name: page.fields[name].value for name in TYPED} == TYPED


@pytest.mark.req("G-014")
def test_only_users_of_enterprise_choose_listed_agreements(
    world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.administrator)
    offered = page_of(client.get("/applicant-new/")).fields["data_scope"].options
    assert list(offered) == ["情報データ参照不可", "情報データ参照制限なし", "対象特約のみ参照可能"]
    world.holder.agreements.filter(product="enterprise").delete()
    offered = page_of(client.get("/applicant-new/")).fields["data_scope"].options
    assert list(offered) == ["情報データ参照不可", "情報データ参照制限なし"]
    reply = client.post(
        "/applicant-new/", {**TYPED, "data_scope": "listed", "codes": [f"{HOLDER[:8]}2"], "step": "check"}
    )
    assert page_of(reply, 422).errors["data_scope"] == "情報データ参照範囲を選び直してください。"


@pytest.mark.req("G-064")
def test_listed_without_code_is_refused(world: World, visit: Callable[..., Client]) -> None:
    reply = visit(world.administrator).post(
        "/applicant-new/", {**TYPED, "data_scope": "listed", "step": "confirm", "once": "x"}
    )
    assert page_of(reply, 422).errors == {
        "data_scope": "対象特約のみ参照可能を選ぶときは、「特約コードの追加／削除」で特約コードを1つ以上選択してください。"
    }
    assert not User.objects.filter(name="新規 五郎").exists()


@pytest.mark.req("G-062", "G-063", "G-065")
def test_choosing_the_codes(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    typed = {**TYPED, "data_scope": "listed"}
    early = client.post("/applicant-new/", {**TYPED, "step": "codes"})
    assert page_of(early).alert == "特約コードを選ぶには、先に「対象特約のみ参照可能」を選択してください。"
    choice = client.post("/applicant-new/", {**typed, "step": "codes"})
    assert list(page_of(choice).buttons) == ["反映", "キャンセル"]
    codes = [f"{HOLDER[:8]}{number}" for number in (1, 2)]
    assert page_of(choice).fields["chosen"].options == {code: code for code in codes}
    form = client.post("/applicant-new/", {**hidden(choice), "chosen": [CODE], "step": "codes-set"})
    assert page_of(form).hidden["codes"] == [CODE]
    assert Part(page_of(form).find(".codes")).sentences == ["参照可能な特約コード:", CODE]
    assert page_of(form).fields["name"].value == "新規 五郎"
    again = client.post("/applicant-new/", {**hidden(form), **typed, "step": "codes"})
    kept = client.post(
        "/applicant-new/", {**hidden(again), "chosen": [f"{HOLDER[:8]}2"], "step": "codes-keep"}
    )
    assert page_of(kept).hidden["codes"] == [CODE]
    register(client, data_scope="listed", codes=[CODE])
    assert User.objects.get(login_id=f"{HOLDER}004").seen_agreements() == {CODE}


def test_agreements_of_others_cannot_be_listed(world: World, visit: Callable[..., Client]) -> None:
    reply = visit(world.administrator).post(
        "/applicant-new/", {**TYPED, "data_scope": "listed", "codes": [f"{OTHER[:8]}1"], "step": "check"}
    )
    assert page_of(reply, 422).errors == {}
    assert not User.objects.filter(name=TYPED["name"]).exists()


@pytest.mark.req("G-070")
def test_reset_asks_and_mails_the_administrator(world: World, visit: Callable[..., Client]) -> None:
    running = visit(world.applicant)
    client, address = visit(world.administrator), f"/applicants/{world.applicant.login_id}/reset/"
    page = page_of(client.get(address))
    assert page.headings == ["パスワードをリセットします。よろしいですか？"]
    assert page.facts == {"WebユーザーID": world.applicant.login_id, "氏名": world.applicant.name}
    assert list(page.buttons) == ["OK"]
    assert page.links == {"キャンセル": "/applicants/"}
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
    page = page_of(visit(world.enterer).get("/user/"))
    assert page.facts["氏名"] == "入力 次郎"
    assert page.facts["WebユーザーID"] == world.enterer.login_id
    assert page.fields == {}
    assert page.forms == []
    assert visit(world.enterer).get(f"/applicants/{world.enterer.login_id}/change/").status_code == 403


@pytest.mark.req("G-038", "G-039")
def test_a_branch_shows_fewer_items(world: World, visit: Callable[..., Client]) -> None:
    head = page_of(visit(world.reader).get("/holder/")).facts
    assert head["登記所在地"] == "東京都架空区登記1-1"
    assert head["代表者 氏名"] == "代表 一郎"
    Holder.objects.update(is_branch=True)
    branch = page_of(visit(world.reader).get("/holder/")).facts
    assert set(head) - set(branch) == {"登記所在地", "代表者 役職名", "代表者 氏名"}
    assert branch == {term: value for term, value in head.items() if term in branch}
    assert branch["所在地"] == "東京都架空区1-1"


def test_hostile_words_in_addresses_and_hidden_fields_do_no_harm(
    world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.administrator)
    assert client.get("/applicants/%00/").status_code == 404
    assert client.get("/applicants/", {"do": "show", "login_id": "\0"}).status_code == 400
    assert client.get("/applicants/", {"do": "show", "login_id": "x" * 12}).status_code == 422
    for once in ("?", "x" * 44, ""):
        reply = client.post("/applicant-new/", {**TYPED, "step": "confirm", "once": once})
        assert page_of(reply).heading == "Webユーザー（申込者）登録確認", "checked again"
    for unreadable in ({"name": "a\0b", "step": "check"}, {"once": "\0", "step": "confirm"}):
        assert client.post("/applicant-new/", {**TYPED, **unreadable}).status_code == 400
    assert User.objects.filter(holder=world.holder, kind="applicant").count() == 3


def test_what_was_typed_is_shown_as_text(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/applicant-new/", {**TYPED, "name": "<script>alert(1)</script>", "step": "check"})
    assert page_of(check).facts["氏名"] == "<script>alert(1)</script>"
    assert page_of(check).hidden["name"] == ["<script>alert(1)</script>"]


@pytest.mark.req("G-061")
def test_no_applicant_is_ever_deleted(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    for path in ("/applicants/", f"/applicants/{world.applicant.login_id}/"):
        page = page_of(client.get(path))
        assert [name for name in (*page.buttons, *page.links) if "削除" in name] == []
        assert page.facts or page.table().rows
    about = [
        route for route in ROUTES.values() if "applicants/" in route.path or route.name == "applicant-new"
    ]
    assert about
    assert not [route.name for route in about if "delete" in route.name or "DELETE" in route.methods]
