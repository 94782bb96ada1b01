"""Idempotency-Key: the same request again, another one under its key, several at once, and crashes in between."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from portal_stub.api import handing_in, repeating, rules
from portal_stub.api.models import KeyedRequest
from portal_stub.history.models import AccessRecord
from portal_stub.ledgers import sending
from portal_stub.ledgers.models import Upload
from schemas.submission import Refusal
from tests.portal.api.conftest import Program, a_token, code
from tests.portal.conftest import World
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = [pytest.mark.slow, pytest.mark.dialect]
Made = Callable[..., Program]


def test_the_same_again_gets_the_same_answer_and_sends_nothing(
    whole: Whole, world: World, program: Made
) -> None:
    caller = program(world.applicant)
    first = caller.submit("EX-1", key="2018-11-06-1")
    whole.hand.on(hours=9)  # past the window of the same day
    again = caller.submit("EX-1", key="2018-11-06-1")
    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Upload.objects.count() == 1
    assert AccessRecord.objects.filter(code="5-2").count() == 1
    # Another token of the same user is the same sender; another user is not.
    assert program(world.applicant).submit("EX-1", key="2018-11-06-1").content == first.content
    whole.hand.on(hours=-9)
    other = program(world.administrator).submit("EX-2", key="2018-11-06-1")
    assert other.status_code == 202
    assert other.content != first.content


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "別の名前.csv"},
        {"remarks": "別の備考"},
        {"resend": "true"},
        {"count": 2},
        {"content": b"other"},
        {"product": "equipment"},
    ],
)
def test_another_content_under_the_key_is_refused(
    whole: Whole, world: World, program: Made, changes: dict[str, Any]
) -> None:
    caller = program(world.applicant)
    assert caller.submit("EX-1", key="k").status_code == 202
    assert code(caller.submit("EX-1", key="k", **changes), 409) == "idempotency-key-reused"
    assert Upload.objects.count() == 1


def test_what_was_refused_leaves_the_key_free(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    assert code(caller.submit("EX-1", key="k", count=7), 422) == "count-mismatch"
    assert not KeyedRequest.objects.exists()
    assert caller.submit("EX-1", key="k").status_code == 202


def test_a_key_is_known_for_a_week(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    first = caller.submit("EX-1", key="k").json()["dispatch_id"]
    whole.hand.on(days=6)
    rules.tidy()
    assert caller.submit("EX-1", key="k").json()["dispatch_id"] == first
    whole.hand.on(days=2)
    rules.tidy()
    assert caller.submit("EX-2", key="k").json()["dispatch_id"] != first


@pytest.mark.parametrize("key", ["x" * 201, "a b", "あ", "\x7f"])
def test_keys_that_are_none(world: World, program: Made, key: str) -> None:
    reply = program(world.applicant).submit("EX-1", key=key)
    assert code(reply, 422) == "invalid-request"
    assert "Idempotency-Key" in reply.json()["errors"][0]["place"]


@pytest.mark.parametrize("broken", ["before keeping", "before deciding", "after deciding"])
def test_after_a_crash_the_same_request_goes_on(
    whole: Whole, world: World, program: Made, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    caller = program(world.applicant)

    def breaks(*_: Any, **__: Any) -> Any:
        raise OSError("disk full")

    with monkeypatch.context() as broke:
        place = {"before keeping": "keep", "before deciding": "_decided", "after deciding": "bring"}[broken]
        broke.setattr(sending, place, breaks)
        assert code(caller.submit("EX-1", key="k"), 500) == "internal-error"
        assert code(caller.submit("EX-2", key="k"), 409) == "idempotency-key-reused"
    reply = caller.submit("EX-1", key="k")
    assert reply.status_code == 202, reply.content
    [row] = Upload.objects.exclude(state="draft")
    assert row.pk == reply.json()["dispatch_id"]
    assert Upload.objects.count() == 1
    assert AccessRecord.objects.filter(code="5-2").count() == 1
    sending.bring_pending()


def test_a_killed_process_leaves_a_claim_that_runs_out(
    whole: Whole, world: World, program: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = program(world.applicant)

    class Killed(BaseException):
        """A process that ends has no time for anything."""

    def dies(*_: Any, **__: Any) -> Any:
        raise Killed

    with monkeypatch.context() as broke:
        broke.setattr(handing_in, "sent", dies)
        with pytest.raises(Killed):
            caller.submit("EX-1", key="k")
    reply = caller.submit("EX-1", key="k")
    assert code(reply, 409) == "idempotency-in-progress"
    assert reply.headers["Retry-After"] == "2"
    KeyedRequest.objects.update(claimed_until=0)
    reply = caller.submit("EX-1", key="k")
    assert reply.status_code == 202
    assert Upload.objects.get().pk == reply.json()["dispatch_id"]
    assert AccessRecord.objects.filter(code="5-2").count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_at_once_send_one(whole: Whole, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, shown = a_token(world.applicant)
    together = threading.Barrier(4)

    def sends(_: int) -> Any:
        try:
            together.wait(20)
            return Program(shown).submit("EX-1", key="k")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(sends, range(4)))
    good = [reply for reply in replies if reply.status_code == 202]
    assert good
    assert len({reply.content for reply in good}) == 1
    for reply in replies:
        if reply.status_code != 202:
            assert code(reply, 409) == "idempotency-in-progress"
    assert Upload.objects.count() == 1
    assert AccessRecord.objects.filter(code="5-2").count() == 1
    assert Program(shown).submit("EX-1", key="k").content == good[0].content


def test_a_claim_is_taken_over_by_one(world: World) -> None:
    def work(_: repeating.Keyed) -> tuple[int, dict[str, Any]]:
        raise AssertionError("worked")

    def refuses(_: repeating.Keyed) -> tuple[int, dict[str, Any]]:
        raise Refusal("x", "却下")

    with pytest.raises(AssertionError):
        repeating.answered_once(world.applicant, "k", "content", work)
    row = KeyedRequest.objects.get()
    assert row.claimed_until == 0
    with pytest.raises(Refusal):
        repeating.answered_once(world.applicant, "k", "content", refuses)
    assert not KeyedRequest.objects.exists()
