"""全社閲覧用ID: what it may see, and what the database keeps of it."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from portal_stub.accounts import readers
from portal_stub.accounts.models import Holder, User
from portal_stub.history.models import AuditEvent
from tests.portal.conftest import HOLDER, OTHER, World, applicant, last_mail
from tests.portal.pages import page_of

PERSON = {"mail": "all@example.com", "name": "全社 花子", "phone": "", "department": "", "title": ""}


@pytest.mark.req("G-022")
def test_it_reads_the_data_of_several_holders(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.company_reader)
    first = page_of(client.get("/holder/"))
    assert first.facts["保険利用者名"] == "見本商事"
    assert first.fields["holder"].options == {f"{HOLDER} 見本商事": HOLDER, f"{OTHER} 他社": OTHER}
    second = page_of(client.get(f"/holder/?holder={OTHER}"))
    assert second.facts["保険利用者名"] == "他社"
    assert second.fields["holder"].value == OTHER
    assert [one.code for one in world.company_reader.seen_holders()] == [HOLDER, OTHER]
    assert world.company_reader.seen_agreements() is None
    listed = page_of(client.get("/user/")).section("参照できる保険利用者").sentences
    assert listed[:2] == [f"{HOLDER} 見本商事", f"{OTHER} 他社"]


@pytest.mark.req("G-022", "S-024")
@pytest.mark.parametrize("code", ["111111111", "", "x"])
def test_holders_that_are_not_linked_do_not_exist(
    world: World, visit: Callable[..., Client], code: str
) -> None:
    Holder.objects.create(code="111111111", name="第三者")
    assert visit(world.company_reader).get(f"/holder/?holder={code}").status_code == 404


def test_other_users_see_their_own_holder_and_have_no_choice(
    world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.applicant)
    page = page_of(client.get("/holder/"))
    assert page.facts["保険利用者コード"] == HOLDER
    assert page.forms == []
    assert client.get(f"/holder/?holder={OTHER}").status_code == 404
    assert [one.code for one in world.applicant.seen_holders()] == [HOLDER]
    assert list(world.staff.seen_holders()) == []


@pytest.mark.req("G-023")
def test_it_enters_nothing_and_manages_nothing(world: World, visit: Callable[..., Client]) -> None:
    user = world.company_reader
    assert user.may_see_data
    assert not any((user.may_enter, user.may_apply, user.may_see_applications, user.is_administrator))
    client = visit(user)
    menu, whole = page_of(client.get("/menu/")), page_of(visit(world.administrator).get("/menu/"))
    assert "保険契約情報" in menu.links
    assert "Web申込状況一覧" in set(whole.links) - set(menu.links)
    assert "管理項目" in whole.menus
    assert "管理項目" not in menu.menus
    entries = {entry for titles in menu.menus.values() for entry in titles}
    assert "貿易一般保険（個別）" not in entries
    assert entries < {entry for titles in whole.menus.values() for entry in titles}
    for path in ("/applicants/", "/administrator/", "/addresses/", "/access-history/"):
        assert client.get(path).status_code == 403


@pytest.mark.req("G-023")
@pytest.mark.parametrize(
    "change",
    [
        {"entry_right": "enter"},
        {"data_scope": "listed"},
        {"application_scope": "own"},
        {"login_id": f"{HOLDER}001"},
        {"holder": None},
    ],
)
def test_the_database_keeps_it_a_reader(world: World, change: dict[str, object]) -> None:
    user = User.objects.get(pk=world.company_reader.pk)
    for name, value in change.items():
        setattr(user, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        user.save()


@pytest.mark.req("G-005", "G-022")
def test_numbers_of_their_own_never_taken_from_users(world: World) -> None:
    home = world.holder
    assert world.company_reader.login_id == f"{HOLDER}901"
    User.objects.filter(pk=world.company_reader.pk).update(active=False)
    second = readers.issue_reader(world.staff, home, PERSON, [OTHER], "依頼", once="second")
    assert second.login_id == f"{HOLDER}902"
    assert applicant(world.administrator).login_id == f"{HOLDER}004"
    taken = User.objects.get(pk=world.applicant.pk)
    taken.login_id = f"{HOLDER}950"
    with pytest.raises(IntegrityError), transaction.atomic():
        taken.save()
    User.objects.filter(pk=second.pk).update(login_id=f"{HOLDER}999")
    with pytest.raises(readers.TooManyReaders):
        readers.issue_reader(world.staff, home, PERSON, [OTHER], "依頼", once="third")


def test_one_check_page_issues_one_id(world: World) -> None:
    made = [
        readers.issue_reader(world.staff, world.holder, PERSON, [OTHER], "依頼", once="same")
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert made[0].must_change_password
    mail = last_mail("reader-issued")
    assert (mail.to, mail.secret != "") == ("all@example.com", True)
    event = AuditEvent.objects.get(event="reader-issued", subject=made[0].login_id)
    assert (event.actor, event.detail) == (
        world.staff.login_id,
        {"holders": [HOLDER, OTHER], "reason": "依頼"},
    )


@pytest.mark.req("G-113", "G-131")
def test_protection_of_any_of_its_holders_binds_it(world: World, visit: Callable[..., Client]) -> None:
    other = Holder.objects.get(code=OTHER)
    other.otp_required = True
    other.save()
    client = visit(world.company_reader)
    assert client.get("/holder/").status_code == 403
    page = page_of(client.get("/holder/"), 403)
    assert page.heading == "ワンタイムパスワードにより保護されています"
    other.otp_required, other.addresses_restricted = False, True
    other.save()
    other.address_entries.create(network="192.0.2.1")
    assert client.get("/holder/").status_code == 302, "a running session ends"
    reply = Client().post("/login/", {"login_id": world.company_reader.login_id, "password": "Right-horse.1"})
    assert page_of(reply).error_summary == [
        "この場所からはログインできません。貴社のWebユーザー（管理者）にお問い合わせください。"
    ]


def test_switched_off_it_is_out_at_once(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.company_reader)
    readers.change_reader(world.staff, world.company_reader, PERSON, [], active=False, reason="退職")
    assert client.get("/menu/").headers["Location"] == "/session-ended/refused/"
    assert [one.code for one in world.company_reader.seen_holders()] == [HOLDER]
