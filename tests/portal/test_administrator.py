"""Own data of the 管理者, one-time passwords, and the restriction of addresses."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.addresses import contains, network_of
from portal_stub.accounts.models import Holder, OneTimePassword, User
from portal_stub.accounts.rules import lift_addresses
from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.conftest import PASSWORD, Hand, World, hidden, last_mail
from tests.portal.pages import page_of


def typed(world: World, **changes: Any) -> dict[str, Any]:
    mail = changes.get("mail", world.administrator.mail)
    return {
        "department": "総務部",
        "title": "",
        "name": "日本 太郎",
        "phone": "03-1111-2222",
        "mail": mail,
        "mail_again": mail,
        "otp_required": "0",
    } | changes


def change(client: Client, data: dict[str, Any]) -> Any:
    check = client.post("/administrator/", {**data, "step": "check"})
    assert page_of(check).heading == "Webユーザー（管理者）情報変更確認"
    confirm = {**hidden(check), "step": "confirm", "current": PASSWORD}
    return client.post("/administrator/", confirm, follow=True)


@pytest.mark.req("G-024", "G-040", "G-041", "G-045")
def test_a_change_without_new_address(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    check = client.post("/administrator/", {**typed(world, title="部長"), "step": "check"})
    again = client.post("/administrator/", {**hidden(check), "step": "edit"})
    assert page_of(again).fields["title"].value == "部長"
    done = page_of(change(client, typed(world, title="部長")))
    assert done.heading == "Webユーザー（管理者）情報変更完了"
    assert done.sentences == ["Webユーザー（管理者）情報を変更しました。", "ユーザーページへ"]
    assert User.objects.get(pk=world.administrator.pk).title == "部長"
    assert Mail.objects.count() == 0


@pytest.mark.req("G-042", "G-043", "G-044", "G-045", "G-046")
def test_a_new_address_waits_for_its_url(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    client, old = visit(world.administrator), world.administrator.mail
    [advice] = page_of(client.get("/administrator/")).callouts
    assert advice.startswith("フリーメールや携帯電話・スマートフォンのメールアドレスは推奨しません。")
    done = page_of(change(client, typed(world, mail="new@example.com")))
    assert done.sentences[0] == (
        "Webユーザー（管理者）情報を変更しました。ただし、メールアドレスの変更はまだ完了していません。"
    )
    assert done.callouts == [
        (
            "new@example.com に確認用メールを送信しました。24時間以内に、メールに記載されたURLを開いてください。"
            "開かない場合、メールアドレスは変更されません。"
        )
    ]
    mail = last_mail("address-confirmation")
    assert mail.to == "new@example.com"
    assert User.objects.get(pk=world.administrator.pk).mail == old
    path = mail.secret.removeprefix("https://portal.example")
    Client().get(path)
    assert User.objects.get(pk=world.administrator.pk).mail == old, "looking alone does nothing"
    hand.on(hours=24)
    assert page_of(Client().post(path)).heading == "メールアドレスを変更しました"
    assert User.objects.get(pk=world.administrator.pk).mail == "new@example.com"
    assert Client().post(path).status_code == 410, "once only"


@pytest.mark.req("G-044", "C-034")
def test_after_a_day_the_old_address_stays(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    change(visit(world.administrator), typed(world, mail="new@example.com"))
    path = last_mail("address-confirmation").secret.removeprefix("https://portal.example")
    hand.on(hours=24, seconds=1)
    reply = Client().post(path)
    assert page_of(reply, 410).heading == "メールアドレスは変更されていません"
    assert User.objects.get(pk=world.administrator.pk).mail == world.administrator.mail


@pytest.mark.parametrize(
    ("changes", "item", "message"),
    [
        (
            {"mail_again": "other@example.com"},
            "mail_again",
            "メールアドレスと確認用の入力が一致しません。同じものを入力してください。",
        ),
        ({"department": "", "title": ""}, "department", "所属名か役職名のどちらかを入力してください。"),
        ({"phone": ""}, "phone", "電話番号を入力してください。"),
        ({"otp_required": ""}, "otp_required", "ワンタイムパスワード利用を選択してください。"),
    ],
)
def test_refused_changes_change_nothing(
    world: World, visit: Callable[..., Client], changes: dict[str, str], item: str, message: str
) -> None:
    reply = visit(world.administrator).post(
        "/administrator/", {**typed(world, name="別人"), **changes, "step": "confirm"}
    )
    assert page_of(reply).errors == {item: message}
    assert User.objects.get(pk=world.administrator.pk).name == "日本 太郎"


# ---------------------------------------------------------------------------------------------- one-time password
@pytest.mark.req("G-047", "G-113", "G-126")
def test_the_administrator_switches_it_on_for_all(world: World, visit: Callable[..., Client]) -> None:
    applicant = visit(world.applicant)
    assert applicant.get("/user/").status_code == 200
    administrator = visit(world.administrator)
    page = page_of(administrator.get("/administrator/"))
    assert [item.label for item in page.fields.values()] == [
        "所属名",
        "役職名",
        "氏名",
        "電話番号",
        "メールアドレス",
        "メールアドレス（確認用）",
        "ワンタイムパスワード利用",
    ]
    change(administrator, typed(world, otp_required="1"))
    assert applicant.get("/user/").status_code == 403
    asked = page_of(applicant.get("/menu/")).section("ワンタイムパスワードの入力")
    assert asked.buttons["ワンタイムパスワードの発行"].action == "/otp/issue/"


@pytest.fixture
def guarded(world: World) -> World:
    Holder.objects.update(otp_required=True)
    return world


@pytest.mark.req("G-115")
def test_a_protected_menu_says_so(guarded: World, visit: Callable[..., Client]) -> None:
    reply = visit(guarded.applicant).get("/holder/")
    page = page_of(reply, 403)
    assert page.heading == "ワンタイムパスワードにより保護されています"
    assert page.buttons["ワンタイムパスワードの発行"].action == "/otp/issue/"


@pytest.mark.req("G-117", "G-118", "G-122", "G-124")
def test_issue_and_entry_open_everything_until_the_end(guarded: World, visit: Callable[..., Client]) -> None:
    client = visit(guarded.applicant)
    assert client.post("/otp/issue/").headers["Location"] == "/otp/"
    mail = last_mail("one-time-password")
    assert mail.to == guarded.applicant.mail
    assert len(mail.secret) == 6
    assert mail.secret.isdecimal()
    assert client.post("/otp/", {"code": mail.secret}).headers["Location"] == "/menu/"
    for _ in range(2):
        assert client.get("/holder/").status_code == 200
    client.post("/logout/")
    assert visit(guarded.applicant).get("/holder/").status_code == 403, "once per login"


EXPIRED = "ワンタイムパスワードは失効しています。ユーザーページで再度発行してください。"


@pytest.mark.req("G-119", "C-035")
def test_ten_minutes_and_no_longer(guarded: World, visit: Callable[..., Client], hand: Hand) -> None:
    client = visit(guarded.applicant)
    client.post("/otp/issue/")
    hand.on(minutes=9, seconds=59)
    in_time = last_mail("one-time-password").secret
    assert client.post("/otp/", {"code": in_time}).status_code == 302
    client = visit(guarded.enterer)
    client.post("/otp/issue/")
    hand.on(minutes=10)
    reply = client.post("/otp/", {"code": last_mail("one-time-password").secret})
    assert page_of(reply).error_summary == [EXPIRED]
    assert client.get("/holder/").status_code == 403


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@pytest.mark.req("G-120", "G-121")
def test_the_second_wrong_entry_ends_it(guarded: World, visit: Callable[..., Client]) -> None:
    client = visit(guarded.applicant)
    client.post("/otp/issue/")
    code = last_mail("one-time-password").secret
    first = page_of(client.post("/otp/", {"code": wrong(code)}))
    assert first.error_summary == [
        "ワンタイムパスワードが正しくありません。メールを確認して入力し直してください。もう一度間違えると失効します。"
    ]
    assert page_of(client.post("/otp/", {"code": wrong(code)})).error_summary == [EXPIRED]
    late = page_of(client.post("/otp/", {"code": code}))
    assert late.error_summary == [EXPIRED], "the right one comes too late"
    client.post("/otp/issue/")
    assert client.post("/otp/", {"code": last_mail("one-time-password").secret}).status_code == 302


@pytest.mark.req("G-123")
def test_a_new_issue_ends_the_former(guarded: World, visit: Callable[..., Client]) -> None:
    client = visit(guarded.applicant)
    client.post("/otp/issue/")
    former = last_mail("one-time-password").secret
    client.post("/otp/issue/")
    assert OneTimePassword.objects.filter(closed=False).count() == 1
    if former != last_mail("one-time-password").secret:
        client.post("/otp/", {"code": former})
        assert client.get("/holder/").status_code == 403


def test_somebody_elses_one_time_password_opens_nothing(guarded: World, visit: Callable[..., Client]) -> None:
    visit(guarded.administrator).post("/otp/issue/")
    foreign = last_mail("one-time-password").secret
    client = visit(guarded.applicant)
    client.post("/otp/", {"code": foreign})
    assert client.get("/holder/").status_code == 403


# ---------------------------------------------------------------------------------------------- IP addresses
def restrict(client: Client, entries: str, restricted: str = "1") -> Any:
    data = {"restricted": restricted, "entries": entries}
    check = client.post("/addresses/", {**data, "step": "check"})
    if page_of(check, check.status_code).heading != "IPアドレス制限の設定確認":
        return check
    return client.post("/addresses/", {**hidden(check), "step": "confirm"}, follow=True)


@pytest.mark.req("G-112", "G-127", "G-128", "G-131", "G-132")
def test_only_listed_addresses_get_in(world: World, visit: Callable[..., Client]) -> None:
    elsewhere = visit(world.applicant, REMOTE_ADDR="198.51.100.7")
    done = restrict(visit(world.administrator), "127.0.0.1 本社\n192.0.2.0/24 支店\n2001:db8::/32")
    assert page_of(done).heading == "IPアドレス制限の設定完了"
    assert page_of(done).sentences[0] == "IPアドレス制限の設定を変更しました。現在の設定: 利用する"
    assert list(Holder.objects.get(pk=world.holder.pk).address_entries.values_list("network", "memo")) == [
        ("127.0.0.1", "本社"),
        ("192.0.2.0/24", "支店"),
        ("2001:db8::/32", ""),
    ]
    assert last_mail("addresses-changed").to == world.administrator.mail
    assert AccessRecord.objects.filter(code="10-1", login_id=world.administrator.login_id).count() == 1
    assert elsewhere.get("/menu/").headers["Location"] == "/session-ended/refused/"
    login = {"login_id": world.applicant.login_id, "password": PASSWORD}
    refused = Client(REMOTE_ADDR="198.51.100.7").post("/login/", login)
    assert page_of(refused).error_summary == [
        "この場所からはログインできません。貴社のWebユーザー（管理者）にお問い合わせください。"
    ]
    assert AuditEvent.objects.filter(event="login-failed", detail__why="address").count() == 1
    assert Client(REMOTE_ADDR="192.0.2.200").post("/login/", login).status_code == 302
    assert visit(world.stranger, REMOTE_ADDR="198.51.100.7").get("/menu/").status_code == 200


NOT_INCLUDED = (
    "現在ご利用中のアドレス 127.0.0.1 が含まれていません。含む行を加えてから「利用する」にしてください。"
)


@pytest.mark.req("G-129", "G-130")
@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("192.0.2.1", NOT_INCLUDED),
        ("", NOT_INCLUDED),
        (
            "127.0.0.1\n300.1.1.1",
            "2行目「300.1.1.1」はIPアドレスとして読めません。192.0.2.1 や 192.0.2.0/24 のように入力してください。",
        ),
        ("127.0.0.1 " + "メ" * 41, "1行目: メモは40文字以内で入力してください（入力された文字数: 41）。"),
        (
            "\n".join(f"127.0.0.{n}" for n in range(1, 22)),
            "登録できるのは20件までです（入力: 21件）。件数を減らしてください。",
        ),
        ("0.0.0.0/0", "1行目: すべてのアドレスを含む範囲は登録できません。範囲を狭めてください。"),
    ],
)
def test_lists_that_are_refused(
    world: World, visit: Callable[..., Client], entries: str, message: str
) -> None:
    assert page_of(restrict(visit(world.administrator), entries)).errors == {"entries": message}
    assert not Holder.objects.get(pk=world.holder.pk).addresses_restricted


@pytest.mark.req("G-133", "G-134")
def test_locked_out_reissue_is_refused_and_an_operator_helps(
    world: World, visit: Callable[..., Client]
) -> None:
    restrict(visit(world.administrator), "127.0.0.1")
    Mail.objects.all().delete()
    away = Client(REMOTE_ADDR="198.51.100.7")
    pair = {"login_id": world.administrator.login_id, "mail": world.administrator.mail, "step": "send"}
    away.post("/reissue/", pair)
    assert Mail.objects.count() == 0
    lift_addresses(Holder.objects.get(pk=world.holder.pk), "審査 一郎", "電話で本人を確認")
    event = AuditEvent.objects.get(event="addresses-lifted")
    assert (event.actor, event.detail) == ("審査 一郎", {"reason": "電話で本人を確認"})
    away.post("/reissue/", pair)
    assert Mail.objects.filter(kind="reissue-confirmation").count() == 1


def test_networks() -> None:
    assert contains(["192.0.2.0/24"], "::ffff:192.0.2.9")
    assert not contains(["192.0.2.0/24"], "192.0.3.1")
    assert not contains(["192.0.2.0/24"], "")
    assert network_of("192.0.2.77/24") == "192.0.2.0/24"
    assert network_of("nowhere") is None
