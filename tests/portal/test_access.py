"""Every route × every kind of user × with and without one-time password against what the route declares."""

import copy
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path, resolve, reverse

from portal_stub import access, clock
from portal_stub.access import ROUTES, Access, Right, page, undeclared
from portal_stub.accounts.models import Holder, StaffRole, User
from portal_stub.pages.menus import MENUS
from portal_stub.procedures.models import Application, State
from portal_stub.procedures.registry import PROCEDURES
from tests.portal.conftest import World
from tests.portal.pages import page_of

DESK = {"staff_reader": "reader", "staff": "operator", "staff_supervisor": "supervisor"}
ROLES = ["nobody", "administrator", "applicant", "enterer", "reader", "company_reader", *DESK]


@pytest.fixture(autouse=True)
def _pages() -> None:
    get_resolver().url_patterns  # noqa: B018 - declares all pages


def address(name: str, world: World) -> str:
    wanted = ROUTES[name].path
    values = {
        "login_id": world.applicant.login_id,
        "reason": "idle",
        "holder_code": world.holder.code,
        "staff_id": world.staff.login_id,
        "reader_id": world.company_reader.login_id,
        "notice_id": 1,
        "office_id": 1,
        "registration_id": 1,
        "topic": "login",
        "token": "00000000-0000-4000-8000-000000000000" if "<uuid:token>" in wanted else "x",
        "code": "304000001",
        "number": "2026-0401-0001",
        "document": 1,
        "step": "entry",
        "item": "branch",
        "kind": "head-office",
        "submission_id": "S00000001",
        "key": "S00000001",
        "document_id": "none",
        "procedure_key": "buyer-registration",
        "rule_id": 1,
        "request_id": "0" * 32,
        "entry_id": "0" * 32,
        "batch": "0" * 32,
        "token_id": "1",
        "check_id": "0" * 32,
        "estimate_product": "enterprise-short",
        "job_id": "0" * 32,
        "project": "PJ-1",
        "claims_id": 1,
        "bringing_id": "0" * 32,
        "product": "enterprise",
        "upload_id": "0" * 32,
        "check_file": "csv",
        "file_id": "0" * 32,
        "ledger_id": "none",
    }
    return reverse(name, kwargs={key: value for key, value in values.items() if f":{key}>" in wanted})


def expected(name: str, role: str, user: User | None, otp_asked: bool, otp_entered: bool) -> str:
    """``open``, ``login``, ``token`` or ``refused``, told from the declaration alone."""
    route = ROUTES[name]
    if route.access is Access.PUBLIC:
        return "open"
    if route.access is Access.TOKEN:
        return "token"  # whoever is logged in: tests/portal/api holds who may what with a token
    if user is None:
        return "login"
    order = list(DESK.values())
    may = {
        Access.USER: role not in DESK,
        Access.APPLICANT: role in {"administrator", "applicant", "enterer"},
        Access.ADMINISTRATOR: role == "administrator",
        Access.STAFF: role in DESK and DESK[role] in order[order.index(str(route.least or "reader")) :],
    }[route.access]
    rights = {
        Right.APPLY: {"administrator", "applicant"},
        Right.DATA: {"administrator", "applicant", "enterer", "company_reader"},
        Right.APPLICATIONS: {"administrator", "applicant", "enterer"},
    }
    if not may or (route.right and role not in rights[route.right]):
        return "refused"
    asked = otp_asked and role not in DESK  # by holders; the desk's own is a setting, asked below
    return "refused" if route.otp and asked and not otp_entered else "open"


def behind_the_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every declared view answers 200 without doing anything; what its guard refuses is not rendered either."""

    def entered(*_: Any, **__: Any) -> HttpResponse:
        return HttpResponse()

    def unrendered(*_: Any, status: int = 200, **__: Any) -> HttpResponse:
        return HttpResponse(status=status)

    monkeypatch.setattr(access, "render", unrendered)
    monkeypatch.setattr(access, "things_of", lambda *_, **__: {})  # ``test_rights`` walks those
    for route in ROUTES.values():
        guard = inspect.unwrap(route.view, stop=lambda view: "view" in view.__code__.co_freevars)
        cell = dict(zip(guard.__code__.co_freevars, guard.__closure__ or (), strict=True))["view"]
        monkeypatch.setattr(cell, "cell_contents", entered)


def answered(ask: Callable[[], HttpResponse]) -> tuple[str, int]:
    """``open``, ``login``, ``token`` or ``refused``, and the status."""
    try:
        reply = ask()
    except PermissionDenied:  # what programs get of it is rendered by their middleware
        return "token", 401
    if reply.status_code == 401:
        return "token", 401
    if reply.status_code == 403:
        return "refused", 403
    if reply.status_code == 302 and reply.headers["Location"] in {"/login/", "/desk/login/"}:
        return "login", 302
    return "open", reply.status_code


@pytest.mark.req("G-116")
@pytest.mark.parametrize("otp", ["unused", "asked", "entered"])
@pytest.mark.parametrize("role", ROLES)
def test_the_guard_of_every_route_lets_in_whom_it_declares(
    world: World, visit: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, role: str, otp: str
) -> None:
    """By day: the guards alone are asked, with the session of a real login."""
    Holder.objects.update(otp_required=otp != "unused")
    user = None if role == "nobody" else getattr(world, role)
    otp_entered = otp == "entered" and user is not None and not user.is_staff_member
    seen = visit(user, otp=otp_entered).get("/login/").wsgi_request  # type: ignore[attr-defined]
    assert seen.user.is_authenticated == (user is not None)
    behind_the_guards(monkeypatch)
    wrong, entered = {}, 0
    for name, route in ROUTES.items():
        values = resolve(address(name, world)).kwargs
        for method in route.methods:
            request = copy.copy(seen)
            request.method = method
            found = answered(lambda: route.view(request, **values))  # noqa: B023 - called at once
            if found[0] != expected(name, role, user, otp != "unused", otp_entered):
                wrong[name, method] = found
            if found[0] == "open":
                assert found == ("open", 200), (name, method)
                entered += 1
    assert not wrong
    assert entered > 10


@pytest.mark.night
@pytest.mark.req("G-116")
@pytest.mark.parametrize("otp", ["unused", "asked", "entered"])
@pytest.mark.parametrize("role", ROLES)
def test_every_route_is_open_to_whom_it_declares(
    world: World, visit: Callable[..., Client], role: str, otp: str
) -> None:
    Holder.objects.update(otp_required=otp != "unused")
    user = None if role == "nobody" else getattr(world, role)
    wrong = {}
    otp_entered = otp == "entered" and user is not None and not user.is_staff_member
    client = visit(user, otp=otp_entered)
    for name, route in ROUTES.items():
        for method in route.methods:
            found = answered(lambda: client.generic(method, address(name, world)))  # noqa: B023 - called at once
            if found[0] != expected(name, role, user, otp != "unused", otp_entered):
                wrong[name, method] = found
            if name in {"logout", "desk-logout"}:
                client = visit(user, otp=otp_entered)
    assert not wrong


@pytest.mark.req("F-050", "G-052")
@pytest.mark.parametrize("role", ROLES[1:])
def test_before_the_forced_change_of_the_password_every_route_leads_to_it(
    world: World, visit: Callable[..., Client], role: str
) -> None:
    """What anybody may open, and leaving, stays; of the rest the change of the password alone."""
    user = getattr(world, role)
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    change, leave = ("desk-password", "desk-logout") if role in DESK else ("password-change", "logout")
    client, opened = visit(user), set()
    for name, route in ROUTES.items():
        if name in {leave, "desk-otp"} or route.access in {Access.PUBLIC, Access.TOKEN}:
            continue
        for method in route.methods:
            reply = client.generic(method, address(name, world))
            if (route.access is Access.STAFF) != (role in DESK):
                assert reply.status_code == 403, (name, method)
            elif reply.status_code == 302 and name != change:
                assert reply.headers["Location"] == reverse(change), (name, method)
            else:
                opened.add(name)
    assert opened == {change}


@pytest.mark.parametrize("role", DESK)
def test_every_page_of_the_desk_asks_for_the_second_factor(
    world: World, visit: Callable[..., Client], settings: Any, role: str
) -> None:
    settings.PORTAL = replace(settings.PORTAL, staff_otp=True)
    client, open_, asked = visit(getattr(world, role)), set(), 0
    for name, route in ROUTES.items():
        if route.access is not Access.STAFF or name == "desk-logout":
            continue
        for method in route.methods:
            reply = client.generic(method, address(name, world))
            if reply.status_code == 302 and reply.headers["Location"] == "/desk/otp/":
                asked += 1
            else:
                open_.add(name)
    assert open_ == {"desk-otp"}
    assert asked > 50
    User.objects.filter(pk=getattr(world, role).pk).update(must_change_password=True)
    assert client.get("/desk/password/").headers["Location"] == "/desk/otp/", "also before the first change"


def test_other_methods_are_refused(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    for name, route in ROUTES.items():
        for method in {"GET", "POST", "PUT", "DELETE"} - set(route.methods):
            assert client.generic(method, address(name, world)).status_code == 405, (name, method)


def test_no_view_without_declaration() -> None:
    assert not run_checks(tags=None)
    assert undeclared(get_resolver().url_patterns) == []


def test_a_view_without_declaration_is_found(settings: Any) -> None:
    urls = ModuleType("bare_urls")
    urls.urlpatterns = [path("bare/", lambda request: None)]  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = urls
    assert [error.id for error in run_checks()] == ["portal.E001"]


def test_a_page_cannot_be_declared_twice_or_public_and_protected() -> None:
    with pytest.raises(ValueError, match="twice"):
        page("login", "elsewhere/", chapter="-", access=Access.PUBLIC, otp=False)(lambda request: None)
    with pytest.raises(ValueError, match="public and protected"):
        page("new", "new/", chapter="-", access=Access.PUBLIC, otp=True)(lambda request: None)
    with pytest.raises(ValueError, match="role of the desk"):
        page("new", "new/", chapter="-", access=Access.USER, otp=True, least=StaffRole.OPERATOR)(
            lambda request: None
        )
    with pytest.raises(ValueError, match="passive but does something"):
        page("new", "new/", chapter="-", access=Access.USER, otp=True, methods=("POST",), passive=True)(
            lambda request: None
        )
    assert "new" not in ROUTES


def test_a_wider_role_of_the_desk_includes_the_narrower_ones() -> None:
    assert [[str(one) for one in StaffRole if role.includes(one)] for role in StaffRole] == [
        ["reader"],
        ["reader", "operator"],
        ["reader", "operator", "supervisor"],
    ]


def test_menu_entries_say_what_their_pages_declare() -> None:
    built = [entry for _, entries in MENUS for entry in entries if entry.built]
    assert len(built) > 5
    for entry in built:
        route = ROUTES[entry.route]
        assert (entry.access, entry.right, entry.otp) == (route.access, route.right, route.otp), entry.route


@pytest.mark.req("G-007")
def test_only_the_administrator_sees_the_menu_of_administration(
    world: World, visit: Callable[..., Client]
) -> None:
    full, less = (page_of(visit(user).get("/menu/")) for user in (world.administrator, world.applicant))
    assert set(full.menus) - set(less.menus) == {"管理項目"}
    assert set(less.menus) <= set(full.menus)


@pytest.mark.req("S-008")
def test_menus_without_right_are_not_offered(world: World, visit: Callable[..., Client]) -> None:
    def offered(user: User) -> dict[str, list[str]]:
        menus = page_of(visit(user).get("/menu/")).menus
        return {name: [words.removesuffix("準備中") for words in entries] for name, entries in menus.items()}

    wide, narrow = offered(world.applicant), offered(world.reader)
    lost = {
        name: [entry for entry in entries if entry not in narrow.get(name, [])]
        for name, entries in wide.items()
    }
    assert {name: entries for name, entries in lost.items() if entries} == {
        "Web申込状況一覧": ["Web申込状況一覧"],
        "海外商社登録等のお手続き": ["海外商社（バイヤー）の検索・登録・変更"],
        "保険申込み・変更のお手続き": [
            *("貿易一般保険（個別）", "中小企業・農林水産業輸出代金保険"),
            *("設備財包括保険／消費財包括保険／企業総合保険", "簡易通知型包括保険"),
        ],
        "個別保証枠のお手続き": ["個別保証枠の確認・決済通知・枠戻通知"],
        "企業総合保険特約のお手続き": ["企業総合保険特約の手続き"],
        "事故に関するお手続き": ["損失等発生通知・入金通知・猶予期間設定申請"],
        "各種情報照会": [
            *("保険契約情報", "事故情報", "回収情報（債権一覧表）", "台帳・請求書", "契約台帳・提供データ"),
        ],
    }
    assert {name for name, entries in narrow.items() if set(entries) - set(wide[name])} == set()


@pytest.mark.req("S-024")
def test_users_of_another_holder_do_not_exist(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.stranger)
    before = User.objects.get(pk=world.applicant.pk).password
    for action in ("", "change/", "reset/", "registered/", "changed/", "reset/done/"):
        assert client.get(f"/applicants/{world.applicant.login_id}/{action}").status_code == 404
    assert client.post(f"/applicants/{world.applicant.login_id}/reset/").status_code == 404
    assert User.objects.get(pk=world.applicant.pk).password == before


@pytest.mark.req("S-024")
@pytest.mark.parametrize("role", ["stranger", "staff_supervisor"])
def test_no_page_about_an_application_opens_for_others(
    world: World, visit: Callable[..., Client], role: str
) -> None:
    """Every page of every procedure and of the list, with a real application of another holder."""
    client, walked = visit(getattr(world, role)), 0
    for procedure in PROCEDURES.values():
        application = Application.objects.create(
            procedure=procedure.key,
            version=1,
            holder=world.holder,
            number=f"2026-0401-{walked:04}",
            state=State.ENTERING,
            entered_by=world.administrator,
            saved_by=world.administrator,
            shown_user=world.administrator,
            created_at=clock.now(),
            saved_at=clock.now(),
            listed_at=clock.now(),
        )
        values = {
            "token": application.token,
            "number": application.number,
            "step": next((step.key for step in procedure.steps), "entry"),
            "item": "x",
            "document": 1,
        }
        for name, route in ROUTES.items():
            ours = f"procedures/{procedure.key}/<uuid:token>" in route.path
            if not ours and "applications/<str:number>" not in route.path:
                continue
            if route.access is Access.STAFF:
                continue
            kwargs = {key: value for key, value in values.items() if f":{key}>" in route.path}
            for method in route.methods:
                reply = client.generic(method, reverse(name, kwargs=kwargs))
                assert reply.status_code in {403, 404}, (name, method, reply.status_code)
                walked += 1
        application.refresh_from_db()
        assert (application.state, application.revision) == (State.ENTERING, 0)
    assert walked > 50


def test_routes_on_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from daicho.cli import main; sys.exit(main())",
            "portal",
            "routes",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={"DAICHO_HOME": str(tmp_path), "PATH": ""},
    )
    rows = json.loads(done.stdout)
    assert {row["name"] for row in rows} == set(ROUTES)
    assert all(set(row) == {"name", "path", "methods", "chapter", "access", "otp"} for row in rows)
    assert not list(tmp_path.iterdir()), "listing pages leaves nothing behind"


def test_help_does_not_import_django() -> None:
    code = (
        "import sys; from daicho.cli.parser import parser; parser().format_help(); import daicho.cli.commands;"
        "print(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_telling_the_portal_does_not_load_what_only_its_addresses_need() -> None:
    """A run of the pipeline sets the portal up to tell it; what programs call takes a third of a second to declare."""
    code = (
        "import sys; from portal_stub import running; running.set_up(secret='x'); import portal_stub.background;"
        "print(any(name.split('.')[0] in {'ninja', 'pydantic'} for name in sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
