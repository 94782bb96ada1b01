"""Rows, fields and sites that are somebody else's. S-024."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml.html import fromstring

from portal_stub.access import Access
from portal_stub.accounts.models import Holder, User
from portal_stub.feed.models import DeskRequest
from portal_stub.holders.models import Account
from portal_stub.mails.models import Mail
from portal_stub.procedures.models import Application, Document, State
from portal_stub.registration.models import Registration
from tests.portal.attacks.conftest import Scene, _opened, routes, undone
from tests.portal.attacks.test_forgery import ALWAYS, written
from tests.portal.attacks.test_garbage import filled, known_items
from tests.portal.conftest import PASSWORD, World, hidden, last_mail
from tests.portal.pages import page_without

Visit = Callable[..., Client]
REFUSALS = ("accounts_attempts", "history_accessrecord")
"""That somebody asked for what is not his is kept."""
OURS = {"code", "topic", "reason", "kind", "estimate_product", "product"}
"""Parameters that name nothing of a holder."""


@pytest.mark.req("S-024")
def test_every_address_of_another_holder_leads_nowhere(scene: Scene, visit: Visit) -> None:
    stranger = visit(scene.world.stranger)
    walked = 0
    for method in ("GET", "POST"):
        for route in routes(method):
            names = {
                part.rpartition(":")[2] for part in route.path.split("<")[1:] for part in [part.split(">")[0]]
            }
            if route.access in {Access.STAFF, Access.PUBLIC} or not names - OURS:
                continue
            for address in scene.addresses(route):
                sent = {"step": "confirm", "once": "x" * 43, "go": "next", "chosen": "105", "tick": "seen"}
                with undone(stranger), CaptureQueriesContext(connection) as queries:
                    reply = (
                        stranger.generic(method, address) if method == "GET" else stranger.post(address, sent)
                    )
                assert reply.status_code in {403, 404}, address
                page_without(reply, "見本商事", status=reply.status_code)
                assert written(queries) <= {*ALWAYS, *REFUSALS}, address
                walked += 1
    assert walked > 80


@pytest.mark.req("S-024")
def test_documents_of_another_application_by_their_number(scene: Scene, visit: Visit) -> None:
    own, _ = _opened(scene.world.stranger, "buyer-registration", "")
    foreign = scene.documents["buyer-registration"]
    client = visit(scene.world.stranger)
    base = f"/procedures/buyer-registration/{own.token}/"
    assert client.get(f"{base}documents/{foreign.pk}/").status_code == 404
    client.post(f"{base}steps/attachments/", {"go": f"remove-{foreign.pk}"})
    assert Document.objects.filter(pk=foreign.pk).exists()
    # The procedure in the address must be the one of the application.
    other = scene.drafts["holder-change"]
    mixed = f"/procedures/buyer-registration/{other.token}/steps/entry/"
    assert scene.browsers["administrator"].get(mixed).status_code == 404
    desk = f"/desk/applications/{scene.values['number']}/documents/{foreign.pk}/"
    assert scene.browsers["staff"].get(desk).status_code == 404, "of another application"


@pytest.mark.req("S-024")
def test_accounts_users_and_holders_of_others_in_what_is_sent(scene: Scene, visit: Visit) -> None:
    account, client = Account.objects.get(), visit(scene.world.stranger)
    for procedure in ("account-change", "account-deletion"):
        reply = client.post(f"/procedures/{procedure}/start/", {"subject": str(account.pk)})
        page_without(reply, "0001234", status=409)
        assert client.get(f"/procedures/{procedure}/", {"subject": str(account.pk)}).status_code == 409
    login_id = scene.world.applicant.login_id
    query = {"start": "2026-04-01", "end": "2026-04-01", "order": "user", "login_id": login_id}
    assert client.get("/access-history/", query).status_code == 422
    assert client.get("/access-history/file/", query).status_code == 422
    query |= {"login_id": "", "holder": scene.world.holder.code, "holder_code": scene.world.holder.code}
    page = b"".join(client.get("/access-history/file/", query).streaming_content).decode()
    assert scene.world.stranger.login_id in page
    assert login_id not in page
    for name in ("holder", "holder_code", "code", "h"):
        for address, secret, heading in (
            ("/holder/", "見本商事", "保険利用者情報の詳細"),
            ("/accounts/", "0001234", "口座情報照会"),
        ):
            reply = client.get(address, {name: scene.world.holder.code})
            chosen = (address, name) == ("/holder/", "holder")  # how a 全社閲覧用ID chooses
            shown = page_without(reply, secret, status=404 if chosen else 200)
            assert shown.heading == ("ページが見つかりません" if chosen else heading)
    assert client.get("/applicants/", {"do": "reset", "login_id": login_id}).status_code == 422


# ---------------------------------------------------------------------------------------------- more than a form asks
MORE: dict[str, Any] = {
    "id": "1",
    "pk": "1",
    "login_id": "desk-9",
    "kind": "staff",
    "role": "supervisor",
    "holder": "2",
    "holder_id": "2",
    "entry_right": "apply",
    "data_scope": "all",
    "application_scope": "all",
    "active": "1",
    "is_staff": "1",
    "must_change_password": "",
    "password": "x",
    "locked": "",
    "failures": "0",
    "session_token": "x",
    "code": "000000001",
    "last_number": "1",
    "state": "complete",
    "number": "2026-0401-9999",
    "version": "9",
    "revision": "0",
    "told": "[]",
    "answers": "{}",
    "entered_by": "1",
    "shown_user": "1",
    "closed_at": "2026-04-01",
    "addresses_restricted": "",
}


@pytest.mark.req("S-024")
def test_fields_that_a_form_does_not_show_change_nothing(world: World, visit: Visit) -> None:
    weak = visit(world.enterer)
    kept = User.objects.filter(pk=world.enterer.pk).values()[0]
    fresh = {"current": PASSWORD, "new": "Other-horse.2", "again": "Other-horse.2"}
    assert weak.post("/password/", MORE | fresh).status_code == 302
    after = User.objects.filter(pk=world.enterer.pk).values()[0]
    assert {name for name in kept if kept[name] != after[name]} == {"password", "password_changed_at"}
    client = visit(world.administrator)
    person = {"name": "新人", "mail": "new@example.com", "phone": "", "department": "", "title": ""}
    person |= {"entry_right": "none", "data_scope": "none", "application_scope": "none"}
    page = client.post("/applicant-new/", MORE | person | {"step": "check"})
    once = hidden(page)["once"][0]
    assert (
        client.post("/applicant-new/", MORE | person | {"step": "confirm", "once": once}).status_code == 302
    )
    made = User.objects.get(name="新人")
    assert (made.kind, made.role, made.holder_id) == ("applicant", "", world.holder.pk)
    assert (made.entry_right, made.must_change_password) == ("none", True)
    own = {"name": "日本 次郎", "phone": "03-1", "department": "総務部", "title": "", "otp_required": "0"}
    own |= {"mail": world.administrator.mail, "mail_again": world.administrator.mail}
    assert client.post("/administrator/", MORE | own | {"step": "confirm"}).status_code == 302
    chief = User.objects.get(pk=world.administrator.pk)
    assert (chief.name, chief.kind, chief.role, chief.holder_id) == (
        "日本 次郎",
        "administrator",
        "",
        world.holder.pk,
    )
    assert chief.login_id == world.administrator.login_id


@pytest.mark.req("S-024")
def test_fields_of_applications_and_registrations_that_no_form_shows(scene: Scene) -> None:
    draft, client = scene.drafts["buyer-registration"], scene.browsers["administrator"]
    address = f"/procedures/buyer-registration/{draft.token}/steps/entry/"
    sent = filled(known_items(scene, client, _route("buyer-registration-step"), address)[0])
    client.post(address, MORE | sent | {"go": "next"})
    client.post(address.replace("steps/entry", "apply"), MORE)
    row = Application.objects.get(pk=draft.pk)
    assert (row.state, row.number, row.holder_id) == (State.DRAFT, None, scene.world.holder.pk)
    assert row.entered_by_id == scene.world.administrator.pk
    assert set(row.answers["entry"]) <= {"kind", *sent}
    before = Registration.objects.order_by("id")[0]
    newcomer = scene.browsers["newcomer"]
    page = newcomer.get("/registration/entry/")
    newcomer.post(
        "/registration/entry/", MORE | {k: v[0] for k, v in hidden(page).items()} | dict(before.answers)
    )
    after = Registration.objects.get(pk=before.pk)
    assert (after.state, after.pk, after.mail) == (before.state, before.pk, before.mail)
    assert set(after.answers) == set(before.answers)


def _route(name: str) -> Any:
    return next(route for route in routes("POST") if route.name == name)


def test_a_member_of_the_desk_cannot_be_made_a_user_or_widen_himself(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    for address in ("/desk/staff-new/", f"/desk/staff/{world.staff.login_id}/"):
        reply = client.post(address, MORE | {"step": "confirm", "once": "x", "reason": "x", "name": "x"})
        assert reply.status_code == 403
    chief = visit(world.staff_supervisor)
    chief.post(f"/desk/staff/{world.administrator.login_id}/", MORE | {"step": "confirm", "once": "x" * 43})
    assert User.objects.get(pk=world.administrator.pk).kind == "administrator"
    member = f"/desk/staff/{world.staff_reader.login_id}/"
    chief.post(member, MORE | {"role": "reader", "reason": "x", "step": "confirm", "once": "x" * 43})
    after = User.objects.get(pk=world.staff_reader.pk)
    assert (after.login_id, after.kind, after.role, after.holder_id) == ("desk-2", "staff", "reader", None)


# ---------------------------------------------------------------------------------------------- other sites
@pytest.mark.night
@pytest.mark.parametrize("goal", ["//evil.example/", "javascript:x"])
def test_no_page_leads_to_another_site(scene: Scene, goal: str) -> None:
    names = ("next", "url", "to", "back", "return", "goto", "redirect", "continue", "from", "subject", "q")
    aims = dict.fromkeys(names, goal)
    for method in ("GET", "POST"):
        for route in routes(method):
            if route.path.endswith(".pdf"):
                continue
            client, address = scene.browsers[scene.who(route)], scene.address(route)
            with undone(client):
                if method == "GET":
                    reply = client.get(address, aims)
                else:
                    sent = filled(known_items(scene, client, route, address)[0])
                    reply = client.post(f"{address}?next={goal}", sent | aims)
            where = reply.headers.get("Location", "/")
            assert where.startswith("/"), address
            assert not where.startswith(("//", "/\\")), address
            html = not reply.streaming and reply.headers.get("Content-Type", "").startswith("text/html")
            if html and reply.content:
                whole = fromstring(reply.content.decode())
                goals = whole.xpath("//@href | //@action | //@formaction | //@src")
                assert [one for one in goals if one.startswith(goal)] == [], address


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver:x", "a b", "testserver@evil"]
)
def test_other_names_of_the_host_are_refused(world: World, host: str) -> None:
    pair = {"login_id": world.administrator.login_id, "mail": world.administrator.mail, "step": "send"}
    for reply in (Client().get("/", HTTP_HOST=host), Client().post("/reissue/", pair, HTTP_HOST=host)):
        assert page_without(reply, "evil", status=400).heading == "要求を処理できませんでした"
    assert not Mail.objects.exists()


def test_links_in_mails_are_of_the_portal_whatever_the_request_says(world: World) -> None:
    client = Client(headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    mail = {"mail": "x@example.com", "mail_again": "x@example.com"}
    client.post("/registration/mail/", mail, HTTP_ORIGIN="http://testserver")
    assert "https://portal.example/registration/url/" in last_mail("registration-url").secret
    assert "evil" not in last_mail("registration-url").secret


# ---------------------------------------------------------------------------------------------- tables of the desk
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../../buyers.csv", b"PK\x03\x04" + b"\x00" * 100),
        ("..\\..\\evil.csv", b"a,b\n1,2\n"),
        ("/etc/cron.d/x.csv", b"a\n1\n"),
        ("buyers.csv/../../x.csv", b"a\n1\n"),
        ("buyers.csv", b"PK\x03\x04" + b"\x00\xff" * 1000),
        ("buyers.csv", b"buyer_code,valid_from,rating\n" + b'"' + b"x" * 300_000 + b'"\n'),
        ("buyers.csv", b"," * 200_000 + b"\n"),
        ("buyers.csv", b"\x00" * 1000),
        ("buyers.csv", b"\n" * 200_000),
        ("buyers.csv", b'"><img src=x onerror=al()>,b\n1,2\n'),
        ("buyers.csv.zip", b"PK\x03\x04"),
    ],
)
def test_bad_files_for_the_tables(world: World, visit: Visit, desk: Path, name: str, content: bytes) -> None:
    upload = SimpleUploadedFile("x.csv", content)
    upload.__dict__["_name"] = name
    reply = visit(world.staff_supervisor).post("/desk/tables/", {"files": [upload]})
    assert reply.status_code == 422
    assert len(reply.content) < 100_000, "bounded, whatever was sent"
    assert b"<img" not in reply.content
    assert not DeskRequest.objects.exists()
    assert not desk.exists()


def test_a_name_with_folders_is_the_table_and_stays_in_the_desk_folder(
    world: World, visit: Visit, desk: Path
) -> None:
    from tests.portal.feed.test_pages import BUYERS

    upload = SimpleUploadedFile("x.csv", BUYERS.encode())
    upload.__dict__["_name"] = "../../../buyers.csv"
    visit(world.staff_supervisor).post("/desk/tables/", {"files": [upload]})
    row = DeskRequest.objects.get()
    assert [path.name for path in desk.rglob("*.csv")] == ["buyers.csv"]
    assert (desk / f".draft-{row.pk}" / "buyers.csv").read_text() == BUYERS
    assert not [path for path in desk.parent.parent.rglob("buyers.csv") if desk not in path.parents]


def test_a_holder_that_is_not_there(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    assert client.get("/desk/holders/000000000/").status_code == 404
    assert client.post("/desk/holders/000000000/reissue/", {"reason": "x"}).status_code == 404
    assert Holder.objects.count() == 2
