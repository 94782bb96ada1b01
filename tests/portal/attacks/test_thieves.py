"""Cookies that were stolen, planted or taken to the wrong door."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts import rules, staffing
from portal_stub.accounts.models import Holder, User
from tests.portal.conftest import PASSWORD, World, last_mail

Visit = Callable[..., Client]


def copied(client: Client) -> Client:
    """The same cookies in the hands of somebody else."""
    thief = Client()
    for name, morsel in client.cookies.items():
        thief.cookies[name] = morsel.value
    return thief


def gone(reply: Any) -> bool:
    """Whether an answer is the way to the login."""
    where = reply.headers.get("Location", "")
    return reply.status_code == 302 and (where.endswith("login/") or where.startswith("/session-ended/"))


@pytest.mark.req("S-023")
@pytest.mark.parametrize(
    ("who", "out", "page"), [("applicant", "/logout/", "/user/"), ("staff", "/desk/logout/", "/desk/")]
)
def test_after_logout_the_cookie_opens_nothing(
    world: World, visit: Visit, who: str, out: str, page: str
) -> None:
    client = visit(getattr(world, who))
    thief = copied(client)
    assert thief.get(page).status_code == 200, "before, a copy is as good as the cookie"
    client.post(out)
    assert gone(thief.get(page))


@pytest.mark.parametrize(
    ("who", "path", "page"), [("applicant", "/password/", "/user/"), ("staff", "/desk/password/", "/desk/")]
)
def test_a_new_password_takes_the_session_from_whoever_copied_it(
    world: World, visit: Visit, who: str, path: str, page: str
) -> None:
    client = visit(getattr(world, who))
    thief = copied(client)
    fresh = "Other-horse.2"
    assert client.post(path, {"current": PASSWORD, "new": fresh, "again": fresh}).status_code == 302
    assert client.get(page).status_code == 200
    assert gone(thief.get(page))


@pytest.mark.req("G-122")
def test_a_one_time_password_opens_nothing_for_whoever_copied_the_session(world: World, visit: Visit) -> None:
    Holder.objects.update(otp_required=True)
    client = visit(world.applicant)
    thief = copied(client)
    client.post("/otp/issue/")
    key = client.cookies["daicho_session"].value
    client.post("/otp/", {"code": last_mail("one-time-password").secret})
    assert client.get("/user/").status_code == 200
    assert client.cookies["daicho_session"].value != key
    assert gone(thief.get("/user/"))


def test_resets_and_ends_by_others_end_running_sessions(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    rules.reset_applicant(world.administrator, User.objects.get(pk=world.applicant.pk))
    assert gone(client.get("/user/"))
    client = visit(world.administrator)
    rules.reissue_by_desk(User.objects.get(pk=world.administrator.pk), "desk-1", "依頼")
    assert gone(client.get("/user/"))
    client = visit(world.staff)
    staffing.reset_staff(world.staff_supervisor, User.objects.get(pk=world.staff.pk), "依頼")
    assert gone(client.get("/desk/"))
    client = visit(world.staff_reader)
    member = User.objects.get(pk=world.staff_reader.pk)
    staffing.change_staff(world.staff_supervisor, member, role="reader", active=False, reason="異動")
    assert gone(client.get("/desk/"))


def test_a_narrower_role_counts_with_the_next_request(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    assert client.get("/desk/notice-new/").status_code == 200
    member = User.objects.get(pk=world.staff.pk)
    staffing.change_staff(world.staff_supervisor, member, role="reader", active=True, reason="異動")
    reply = client.get("/desk/notice-new/")
    assert reply.headers["Location"] == "/session-ended/refused/"


def test_a_cookie_at_the_wrong_door(world: World, visit: Visit) -> None:
    user, desk = visit(world.administrator), visit(world.staff_supervisor)
    assert user.get("/desk/").status_code == 403
    assert user.post("/desk/logout/").status_code == 403
    assert desk.get("/menu/").status_code == 403
    assert desk.post("/logout/").status_code == 403
    assert user.get("/menu/").status_code == 200
    assert desk.get("/desk/").status_code == 200


def test_a_login_over_another_one_takes_nothing_along(world: World, visit: Visit) -> None:
    """Somebody logs in where another person forgot to log out."""
    Holder.objects.filter(pk=world.holder.pk).update(otp_required=True)
    client = visit(world.administrator, otp=True)
    assert client.get("/applicants/").status_code == 200
    first = copied(client)
    client.post("/login/", {"login_id": world.applicant.login_id, "password": PASSWORD})
    assert gone(first.get("/menu/"))
    assert client.get("/user/").status_code == 403, "the one-time password was another person's"
    assert client.get("/applicants/").status_code == 403


@pytest.mark.parametrize(("who", "path"), [("applicant", "/login/"), ("staff", "/desk/login/")])
def test_a_planted_key_is_replaced_at_login(world: World, who: str, path: str) -> None:
    client = Client()
    session = client.session
    session.save()
    planted = session.session_key
    client.cookies["daicho_session"] = planted
    client.post(path, {"login_id": getattr(world, who).login_id, "password": PASSWORD})
    assert client.cookies["daicho_session"].value != planted
    thief = Client()
    thief.cookies["daicho_session"] = planted
    assert gone(thief.get("/menu/"))
