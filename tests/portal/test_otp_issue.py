"""How often one-time passwords are issued."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.conftest import Hand, World, last_mail
from tests.portal.pages import page_of


@pytest.mark.req("G-117")
def test_five_issues_in_ten_minutes_then_the_page_says_from_when(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    Holder.objects.update(otp_required=True)
    client = visit(world.applicant)
    for _ in range(5):
        assert client.post("/otp/issue/").headers["Location"] == "/otp/"
        hand.on(minutes=1)
    fifth = last_mail("one-time-password").secret
    reply = client.post("/otp/issue/")
    assert page_of(reply, 429).sentences[0] == (
        "ワンタイムパスワードの発行は、10分間に5回までです。9:10:00以降に、もう一度発行してください。"
    )
    assert Mail.objects.filter(kind="one-time-password").count() == 5
    assert AuditEvent.objects.filter(event="otp-issue-refused", actor=world.applicant.login_id).exists()
    assert client.post("/otp/", {"code": fifth}).headers["Location"] == "/menu/", "the fifth one still counts"


@pytest.mark.req("G-117", "G-121")
def test_the_limit_is_per_user_and_ends_after_ten_minutes(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    Holder.objects.update(otp_required=True)
    client = visit(world.applicant)
    for _ in range(5):
        client.post("/otp/issue/")
    assert client.post("/otp/issue/").status_code == 429
    assert visit(world.reader).post("/otp/issue/").status_code == 302
    hand.on(minutes=9, seconds=59)
    assert client.post("/otp/issue/").status_code == 429
    hand.on(seconds=1)
    assert client.post("/otp/issue/").status_code == 302
    assert visit(world.applicant).post("/otp/issue/").status_code == 302, "a new login counts on"
