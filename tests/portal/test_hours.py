"""The hours of service: nightly stop, contract system on business days, notices instead of errors."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import clear_url_caches, get_resolver

from portal_stub import clock
from portal_stub.access import ROUTES, Access, page, patterns
from portal_stub.accounts.models import User
from portal_stub.hours import Hours, is_business_day, is_open, last_stop, opens_next
from portal_stub.pages import menus
from sensors.windows import TOKYO
from tests.portal.conftest import PASSWORD, Hand, World
from tests.portal.pages import Page, Part, page_of


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=TOKYO)


@pytest.mark.req("C-039", "C-041", "S-046")
@pytest.mark.parametrize(
    ("when", "open_"),
    [
        ("2026-04-01 06:59:59", True),
        ("2026-04-01 07:00:00", False),
        ("2026-04-01 07:59:59", False),
        ("2026-04-01 08:00:00", True),
        ("2026-04-01 23:00:00", True),
        ("2026-04-05 12:00:00", True),  # Sunday
        ("2026-01-01 12:00:00", True),
    ],
)
def test_displays_and_inputs_rest_from_seven_to_eight_every_day(when: str, open_: bool) -> None:
    assert is_open(Hours.LIST, at(when)) is open_


@pytest.mark.req("C-040", "C-041", "C-042", "S-045")
@pytest.mark.parametrize(
    ("when", "open_", "next_"),
    [
        ("2026-04-01 07:59:59", False, "2026-04-01 08:00:00"),
        ("2026-04-01 08:00:00", True, None),
        ("2026-04-01 19:59:59", True, None),
        ("2026-04-01 20:00:00", False, "2026-04-02 08:00:00"),
        ("2026-04-03 20:00:00", False, "2026-04-06 08:00:00"),  # Friday evening
        ("2026-04-04 12:00:00", False, "2026-04-06 08:00:00"),  # Saturday
        ("2026-04-29 12:00:00", False, "2026-04-30 08:00:00"),  # a national holiday on a Wednesday
        ("2026-12-29 12:00:00", False, "2027-01-04 08:00:00"),  # the turn of the year
    ],
)
def test_the_contract_system_is_open_on_business_days(when: str, open_: bool, next_: str | None) -> None:
    assert is_open(Hours.CONTRACT, at(when)) is open_
    if next_ is not None:
        assert opens_next(Hours.CONTRACT, at(when)) == at(next_)


def test_after_the_table_of_holidays_ended_weekdays_are_open() -> None:
    assert is_business_day(at("2099-11-03 12:00").date())  # a holiday that the table does not know
    assert not is_business_day(at("2099-12-30 12:00").date())


def test_the_latest_stop() -> None:
    assert last_stop(at("2026-04-01 06:59")) == at("2026-03-31 07:00")
    assert last_stop(at("2026-04-01 07:00")) == at("2026-04-01 07:00")


NOT_TAKEN = "送信した内容は処理されていません。ご利用時間内に、もう一度操作してください。"


def closed(page: Page) -> tuple[str, str]:
    """The hours that a page outside them tells, and when it opens next."""
    assert page.heading == "ただいまの時間はご利用いただけません"
    hours, opens = page.find("p strong, p time")
    return str(hours.text), str(opens.text)


@pytest.mark.req("S-046", "C-043")
def test_nobody_logs_in_between_seven_and_eight(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    hand.at = at("2026-04-02 07:30")
    client = visit()
    for path in ("/login/", "/reissue/"):
        reply = client.get(path)
        page = page_of(reply, 403)
        assert closed(page) == ("毎日 8:00～翌7:00", "2026年4月2日 8:00")
        assert NOT_TAKEN not in page.sentences, "nothing was sent"
    reply = client.post("/login/", {"login_id": world.applicant.login_id, "password": PASSWORD})
    assert page_of(reply, 403).sentences[1] == NOT_TAKEN
    assert User.objects.get(pk=world.applicant.pk).session_token == ""
    assert client.get("/").status_code == client.get("/contact/").status_code == 200
    assert visit(world.staff).get("/desk/").status_code == 200, "the desk keeps no hours"
    hand.at = at("2026-04-02 08:00")
    assert visit(world.applicant).get("/menu/").status_code == 200


@pytest.mark.req("S-047")
@pytest.mark.parametrize("back", ["2026-04-02 07:00", "2026-04-02 07:20"])
def test_sessions_alive_at_seven_are_closed_with_a_notice(
    world: World, visit: Callable[..., Client], hand: Hand, back: str
) -> None:
    hand.at = at("2026-04-02 06:50")
    client, desk = visit(world.applicant), visit(world.staff)
    hand.at = at("2026-04-02 06:59")
    assert client.get("/menu/").status_code == 200
    hand.at = at(back)
    reply = client.get("/menu/", follow=True)
    assert reply.redirect_chain[-1][0] == "/session-ended/hours/"
    assert page_of(reply).sentences[0] == (
        "毎日7:00から8:00まではご利用いただけないため、ログアウトしました。保存していない入力内容は破棄されました。"
        "8:00以降に、もう一度ログインしてください。"
    )
    assert desk.get("/desk/").status_code == 200
    hand.at = at("2026-04-02 08:00")
    assert client.get("/menu/").status_code == 302


def test_without_service_hours_everything_is_open(
    world: World, visit: Callable[..., Client], hand: Hand, settings: Any
) -> None:
    settings.PORTAL = replace(settings.PORTAL, service_hours=False)
    hand.at = at("2026-04-02 07:10")
    client = visit(world.applicant)
    hand.at = at("2026-04-02 07:30")
    assert client.get("/menu/").status_code == visit().get("/login/").status_code == 200


@pytest.fixture
def contract_page(settings: Any) -> Iterator[list[str]]:
    """A page that calls the contract system, in a menu; collects what was done."""
    get_resolver().url_patterns  # noqa: B018 - declares all pages
    done: list[str] = []

    @page(
        "contract-page",
        "contract-page/",
        methods=("GET", "POST"),
        chapter="-",
        access=Access.USER,
        otp=True,
        hours=Hours.CONTRACT,
    )
    def view(request: Any) -> HttpResponse:
        done.append(request.method)
        return HttpResponse("done")

    urls = ModuleType("urls_with_contract_page")
    urls.urlpatterns = patterns()  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = urls
    clear_url_caches()
    yield done
    del ROUTES["contract-page"]
    clear_url_caches()


@pytest.mark.req("C-040", "C-043")
def test_outside_its_hours_a_page_says_them_and_so_does_its_menu_entry(
    world: World,
    visit: Callable[..., Client],
    hand: Hand,
    contract_page: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(menus, "MENUS", (("手続き", (menus.Entry("契約の画面", "contract-page"),)),))
    client = visit(world.applicant)
    assert client.get("/contract-page/").content == b"done"
    open_entry = page_of(client.get("/menu/"))
    assert open_entry.menus == {"手続き": ["契約の画面"]}
    assert open_entry.chips == []
    hand.at = at("2026-04-01 19:59:59")
    client = visit(world.applicant)
    assert client.post("/contract-page/").content == b"done"
    hand.at = at("2026-04-01 20:00:00")
    [entry] = page_of(client.get("/menu/")).find("section.menu li")
    assert Part([entry]).lines == ["契約の画面 時間外", "ご利用時間: 平日（営業日）8:00～20:00"]
    page = page_of(client.post("/contract-page/"), 403)
    assert closed(page) == ("平日（営業日）8:00～20:00", "2026年4月2日 8:00")
    assert page.sentences[1] == NOT_TAKEN
    assert contract_page == ["GET", "POST"]
    assert clock.now() == hand.at


@pytest.mark.req("C-039")
def test_pages_of_the_desk_keep_no_hours_and_pages_of_users_at_least_those_of_displays() -> None:
    get_resolver().url_patterns  # noqa: B018 - declares all pages
    for name, route in ROUTES.items():
        if route.access is Access.STAFF:
            assert route.hours is None, name
        elif route.access is not Access.PUBLIC:
            assert route.hours is not None, name
    with pytest.raises(ValueError, match="no hours"):
        page("new", "new/", chapter="-", access=Access.STAFF, otp=False, hours=Hours.LIST)(
            lambda request: HttpResponse()
        )
