"""The 海外商社名簿 is taken in by portions: whatever interrupts it, the next run ends where one run would have ended."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from portal_stub.buyers import directory as receiving
from portal_stub.buyers.directory import receive
from portal_stub.buyers.models import Bookmark, Buyer, DirectoryChange
from portal_stub.buyers.rules import add_bookmark
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.buyers.conftest import ROWS
from tests.portal.conftest import World

Rows = Callable[..., list[dict[str, str]]]
NEW = {"buyer_code": "105000009", "name": "NEW CO., LTD.", "country": "105", "rating": "EA"}


class Interrupted(Exception):
    """Somebody pulled the plug."""


@pytest.fixture
def watched(world: World, directory: Rows, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three users with bookmarks; the list to come changes two ratings, removes one buyer and brings one."""
    monkeypatch.setattr(receiving, "_CHUNK", 1)
    monkeypatch.setattr(receiving, "_MAILS_AT_ONCE", 2)
    for user in (world.administrator, world.applicant, world.reader):
        for code in ("105000001", "304000001", "304000002"):
            add_bookmark(user, Buyer.objects.get(code=code))
    return [*directory(b105000001="EM", b304000001="", b304000002="EA"), NEW]


def mails() -> Counter[tuple[str, str, str]]:
    codes = list(Buyer.objects.values_list("code", flat=True))
    return Counter(
        (mail.kind, mail.to, next(code for code in codes if code in mail.body)) for mail in Mail.objects.all()
    )


def state() -> tuple[list[Any], list[Any]]:
    buyers = Buyer.objects.order_by("code").values_list("code", "name", "rating", "country", "removed_at")
    changes = DirectoryChange.objects.order_by("buyer").values_list("buyer__code", "before", "after", "told")
    return list(buyers), list(changes)


def all_nine(world: World) -> Counter[tuple[str, str, str]]:
    return Counter(
        (kind, user.mail, code)
        for user in (world.administrator, world.applicant, world.reader)
        for kind, code in (
            ("bookmark-rating", "105000001"),
            ("bookmark-removed", "304000001"),
            ("bookmark-rating", "304000002"),
        )
    )


@pytest.mark.req("K-063")
@pytest.mark.parametrize(
    ("where", "call"),
    [
        *(("_take_over", call) for call in (1, 2, 4)),
        *(("_keep", call) for call in (1, 2, 3)),
        *(("_tell_some", call) for call in (1, 2, 4)),
        *(("post", call) for call in (1, 2, 3, 4, 9)),
    ],
)
def test_an_interrupted_list_ends_in_the_same_state(
    world: World, watched: Any, monkeypatch: pytest.MonkeyPatch, where: str, call: int
) -> None:
    whole, calls = getattr(receiving, where), 0

    def faulty(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise Interrupted
        return whole(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(receiving, where, faulty)
        with pytest.raises(Interrupted):
            receive(watched)
    assert mails() <= all_nine(world)
    receive(watched)
    assert mails() == all_nine(world), "none lost, none twice"
    told = state()
    assert [row[0] for row in told[0] if row[-1] is not None] == ["304000001"]
    assert told[1] == [
        ("105000001", "EA", "EM", True),
        ("304000001", "EA", "", True),
        ("304000002", "EF", "EA", True),
    ]
    assert receive(watched) == set()
    assert (state(), mails()) == (told, all_nine(world))


@pytest.mark.req("K-063")
def test_what_was_written_and_not_told_is_told_by_the_same_list_again(
    world: World, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(receiving, "_tell_some", lambda: False)
        assert receive(watched) == {"105000001", "304000001", "304000002", "105000009"}
    assert not mails()
    Bookmark.objects.filter(user=world.reader).delete()
    assert receive(watched) == set()
    expected = all_nine(world)
    expected.subtract(key for key in all_nine(world) if key[1] == world.reader.mail)
    assert mails() == +expected


def test_a_portion_judges_again_what_it_writes(directory: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lists at once: the second one finds done what the first one did after it looked."""
    whole, first = receiving._take_over, True

    def overtaken(codes: Any, given: Any) -> Any:
        nonlocal first
        if first:
            first = False
            receive(directory(b105000001="EM"))
        return whole(codes, given)

    monkeypatch.setattr(receiving, "_take_over", overtaken)
    assert receive(directory(b105000001="EM")) == set()
    assert DirectoryChange.objects.count() == 1
    assert AuditEvent.objects.filter(event="buyers-received", detail__changed=1).count() == 1


def test_portions_are_not_larger_than_told(directory: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    whole = receiving._take_over

    def counted(codes: Any, given: Any) -> Any:
        sizes.append(len(codes))
        return whole(codes, given)

    monkeypatch.setattr(receiving, "_take_over", counted)
    many = [
        {"buyer_code": f"9{number:08}", "name": f"BUYER {number}", "country": "105", "rating": "EA"}
        for number in range(2500)
    ]
    receive([*ROWS, *many])
    assert sizes == [500] * 5
