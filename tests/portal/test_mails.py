"""The outbox against a real SMTP server on loopback: what arrives, once, whatever breaks in between."""

import email
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection

from portal_stub.mails.models import Mail, State
from portal_stub.mails.sending import post, send_due
from tests.portal.conftest import Hand, World
from tests.portal.pages import page_of

pytestmark = pytest.mark.dialect


class Postbox:
    """What a mail server took in, and what it answers to whom."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], EmailMessage]] = []
        self.answers: dict[str, str] = {}
        """Recipient → refusal of RCPT."""
        self.before_taking: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.before_taking()
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        self.taken.append((str(envelope.mail_from), envelope.rcpt_tos, message))
        return "250 taken"

    @property
    def ids(self) -> list[str]:
        """The Message-ID of everything taken."""
        return [message["Message-ID"] for _, _, message in self.taken]


class Server:
    """A mail server at one address that can be switched on and off."""

    def __init__(self) -> None:
        self.box = Postbox()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller: Controller | None = None

    def on(self) -> None:
        self._controller = Controller(self.box, "127.0.0.1", self.port)
        self._controller.start()

    def off(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    """A running mail server, told to Django as ``portal.toml`` tells it."""
    one = Server()
    # pytest-django puts mails into a list, the settings of tests too.
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", one.port, 20
    one.on()
    yield one
    one.off()


def posted(world: World, to: str = "hanako@example.com", secret: str = "Geheim-1.aa") -> Mail:
    return post("applicant-reset", to, user=world.applicant, secret=secret)


@pytest.mark.req("S-037")
def test_a_mail_arrives_in_japanese_from_the_one_sender(world: World, server: Server) -> None:
    mail = posted(world)
    posted(world, "other@example.com")
    assert send_due() == (2, 0)
    (sender, recipients, message), (second_sender, second_recipients, _) = server.box.taken
    assert (sender, recipients) == ("web_info@daicho.invalid", ["hanako@example.com"])
    assert (second_sender, second_recipients) == (sender, ["other@example.com"])
    assert (message["From"], message["To"]) == (sender, "hanako@example.com")
    assert message["Subject"].strip() == "【Webサービス】パスワードリセットのお知らせ"
    assert message["Message-ID"] == mail.message_id
    body = message.get_content()
    assert "見本商事" in body
    assert f"WebユーザーID: {world.applicant.login_id}" in body
    assert "新しいパスワード: Geheim-1.aa" in body
    assert message.get_content_charset() == "utf-8"


@pytest.mark.req("S-038")
def test_a_server_that_is_down_gets_it_later_and_once(
    world: World, server: Server, hand: Hand, visit: Callable[..., Any]
) -> None:
    server.off()
    client = visit(world.administrator)
    reply = client.post(f"/applicants/{world.applicant.login_id}/reset/", follow=True)
    assert (
        page_of(reply).sentences[0].startswith(f"{world.applicant.login_id} のパスワードをリセットしました。")
    ), "the procedure does not wait for its mail"
    assert send_due() == (0, 2), "to the 管理者, and to whom it is about"
    mail = Mail.objects.get(kind="applicant-reset")
    assert (mail.state, mail.attempts) == (State.WAITING, 1)
    assert mail.fault.startswith("ConnectionRefusedError")
    server.on()
    assert send_due() == (0, 0), "not at once"
    hand.on(minutes=1)
    assert send_due() == (2, 0)
    hand.on(days=1)
    assert send_due() == (0, 0)
    assert sorted(server.box.ids) == sorted(one.message_id for one in Mail.objects.all())


@pytest.mark.req("S-038")
@pytest.mark.parametrize("answer", ["450 mailbox busy", "550 no such user"])
def test_one_refused_recipient_delays_nobody_else(
    world: World, server: Server, hand: Hand, answer: str
) -> None:
    server.box.answers["hanako@example.com"] = answer
    refused, fine = posted(world), posted(world, "other@example.com")
    assert send_due() == (1, 1)
    assert server.box.ids == [fine.message_id]
    for _ in range(8):
        hand.on(hours=3)
        assert send_due() == (0, 1)
    refused.refresh_from_db()
    assert (refused.state, refused.attempts) == (State.WAITING, 9)
    assert answer[:3] in refused.fault
    hand.on(hours=3)
    assert send_due() == (0, 1)
    refused.refresh_from_db()
    assert (refused.state, refused.secret) == (State.GIVEN_UP, "")
    hand.on(days=1)
    assert send_due() == (0, 0)
    assert server.box.ids == [fine.message_id]


def test_a_recipient_who_was_busy_gets_it_once(world: World, server: Server, hand: Hand) -> None:
    server.box.answers["hanako@example.com"] = "451 greylisted, come again"
    mail = posted(world)
    assert send_due() == (0, 1)
    server.box.answers.clear()
    hand.on(minutes=1)
    assert send_due() == (1, 0)
    assert send_due() == (0, 0)
    assert server.box.ids == [mail.message_id]


class Crash(BaseException):
    """The process is gone: nothing catches it."""


def test_after_a_crash_between_sending_and_marking_the_same_id_goes_out_again(
    world: World, server: Server, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = posted(world)
    real = smtp_send()

    def dies_after(self: Any, *args: Any, **kwargs: Any) -> int:
        real(self, *args, **kwargs)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", dies_after)
        with pytest.raises(Crash):
            send_due()
    mail.refresh_from_db()
    assert mail.state == State.SENDING
    assert send_due() == (0, 0), "it may still be on its way in other hands"
    hand.on(minutes=11)
    assert send_due() == (1, 0)
    assert server.box.ids == [mail.message_id] * 2
    hand.on(days=1)
    assert send_due() == (0, 0)


def smtp_send() -> Callable[..., int]:
    from django.core.mail import EmailMessage as Message

    return Message.send


@pytest.mark.req("S-038")
@pytest.mark.django_db(transaction=True)
def test_two_senders_at_the_same_time_send_every_mail_once(world: World, server: Server) -> None:
    """Both see the same due rows before either claims one; on PostgreSQL and on SQLite."""
    mails = [posted(world, f"person{number}@example.com") for number in range(12)]
    together = threading.Barrier(2)

    def sender() -> tuple[int, int]:
        try:
            together.wait(10)
            return send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(sender) for _ in range(2)]
        sent = [one.result(60) for one in both]
    assert sum(done for done, _ in sent) == len(mails)
    assert [failed for _, failed in sent] == [0, 0]
    assert sorted(server.box.ids) == sorted(mail.message_id for mail in mails)
    assert set(Mail.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


@pytest.mark.django_db(transaction=True)
def test_a_second_sender_leaves_alone_what_the_first_is_sending(world: World, server: Server) -> None:
    """The second looks while the server still holds the first one's mail."""
    mail, second = posted(world), []

    def looks() -> None:
        server.box.before_taking = lambda: None
        try:
            second.append(send_due())
        finally:
            connection.close()

    def in_between() -> None:
        other = threading.Thread(target=looks)
        other.start()
        other.join(30)

    server.box.before_taking = in_between
    assert send_due() == (1, 0)
    assert second == [(0, 0)]
    assert server.box.ids == [mail.message_id]
