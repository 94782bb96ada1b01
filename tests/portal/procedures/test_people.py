"""Several users of one holder and one application: who may go on, who is shown, who may apply. H-013, H-028, G-012, G-020."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.models import User
from portal_stub.mails.models import Mail
from portal_stub.procedures.models import Application, State
from tests.portal.buyers.test_procedures import ENTRY, registration
from tests.portal.conftest import World, applicant
from tests.portal.pages import page_of
from tests.portal.procedures.walking import begin, newest, press_apply, to_check

pytestmark = pytest.mark.usefixtures("directory")
Visit = Callable[..., Client]


@pytest.fixture
def saved(world: World, visit: Visit) -> Application:
    """Entered and saved by who may enter only."""
    registration(visit(world.enterer))
    return newest()


@pytest.mark.req("H-028", "H-013", "H-014", "H-029")
def test_whoever_sees_the_row_may_resume_it_and_is_shown(
    world: World, visit: Visit, saved: Application
) -> None:
    assert saved.shown_user == world.enterer
    client = visit(world.applicant)
    page = page_of(client.get(f"/applications/{saved.number}/", follow=True))
    assert list(page.form("/apply/").buttons) == ["申込む"]
    assert newest().shown_user == world.enterer, "looking at it is no saving"
    last = f"/procedures/buyer-registration/{saved.token}/steps/attachments/"
    check = to_check(client, last, separate="yes", separate_names="別の資料")
    assert newest().shown_user == world.applicant, "who saved it again"
    assert newest().number == saved.number
    press_apply(visit(world.administrator), check)
    done = newest()
    assert (done.state, done.shown_user) == (State.PROCESSING, world.administrator)
    assert done.entered_by == world.enterer


@pytest.mark.req("H-029")
def test_who_may_enter_only_saves_and_cannot_apply(world: World, visit: Visit) -> None:
    client = visit(world.enterer)
    check = registration(client)
    form = page_of(check).form("/apply/")
    assert form.buttons == {}
    assert form.sentences == [
        "入力権限のみのため、「申込む」は入力・申込権限のある方が行います。入力内容は保存されています。"
    ]
    assert press_apply(client, check).status_code == 403
    assert newest().state == State.ENTERING


@pytest.mark.req("G-013")
def test_who_has_no_right_to_enter_finds_no_input_page(
    world: World, visit: Visit, saved: Application
) -> None:
    client = visit(world.reader)
    for path in (
        "/procedures/buyer-registration/",
        f"/procedures/buyer-registration/{saved.token}/steps/entry/",
        f"/procedures/buyer-registration/{saved.token}/check/",
    ):
        assert client.get(path).status_code == 403
    assert client.post("/procedures/buyer-registration/start/").status_code == 403
    assert Application.objects.count() == 1


@pytest.mark.req("G-020")
def test_without_the_right_to_look_saved_work_is_finished_in_the_same_login_only(
    world: World, visit: Visit
) -> None:
    blind = applicant(world.administrator, name="入力 四郎", application_scope="none")
    first = visit(blind)
    check = registration(first)
    saved = newest()
    assert visit(blind).get(f"/procedures/buyer-registration/{saved.token}/check/").status_code == 404
    again = registration(visit(blind))
    assert again.status_code == 200
    assert saved.number != newest().number
    assert press_apply(first, check).headers["Location"].startswith("/session-ended/"), (
        "a newer login ended it"
    )


def test_a_draft_is_nobody_elses(world: World, visit: Visit) -> None:
    address = begin(visit(world.applicant), "buyer-registration")
    for other in (world.administrator, world.enterer):
        assert visit(other).get(address).status_code == 404


@pytest.mark.req("K-041", "K-043", "S-038")
def test_mails_reach_each_person_once(world: World, visit: Visit, saved: Application) -> None:
    User.objects.filter(pk=world.enterer.pk).update(mail="jiro@example.com")
    client = visit(world.administrator)
    press_apply(client, client.get(f"/applications/{saved.number}/", follow=True))
    assert sorted(Mail.objects.filter(kind="application-receipt").values_list("to", flat=True)) == sorted(
        [world.administrator.mail, "jiro@example.com"]
    )


def test_two_users_at_once_do_not_overwrite_each_other(
    world: World, visit: Visit, saved: Application
) -> None:
    entry = f"/procedures/buyer-registration/{saved.token}/steps/entry/"
    mine, theirs = visit(world.applicant), visit(world.administrator)
    old = mine.get(entry)
    fresh = theirs.get(entry)
    values: dict[str, Any] = {**ENTRY, "go": "next"}
    assert theirs.post(entry, {**values, "revision": _revision(fresh), "industry": "先"}).status_code == 302
    reply = mine.post(entry, {**values, "revision": _revision(old), "industry": "後"})
    assert page_of(reply, 409).alert == (
        "この申込みは、別の画面または別の利用者が先に更新しました"
        f"（2026/04/01 09:00、{world.administrator.login_id}）"
    )
    assert newest().answers["entry"]["industry"] == "先"


def _revision(page: Any) -> str:
    return str(page_of(page).hidden["revision"][0])
