"""Several presses at the same moment, each with a connection of its own: applied once, every number once. S-017."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal_stub.procedures import rules
from portal_stub.procedures.deciding import NotPossible, decide
from portal_stub.procedures.models import Application, State
from tests.portal.conftest import World
from tests.portal.procedures.test_flow import ITEMS, KEY
from tests.portal.procedures.walking import begin, fill, newest, press_apply, to_check

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.dialect]


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Runs all works at the same moment, each in a thread; what they return, or why they could not."""
    gate = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait(10)
        try:
            return work()
        except NotPossible as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.req("S-017")
def test_a_double_press_applies_once(
    transactional_db: None, world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.administrator)
    check = to_check(client, begin(client, KEY), **ITEMS)
    replies = at_once([lambda: press_apply(client, check)] * 4)
    assert {reply.headers["Location"] for reply in replies} == {f"/procedures/{KEY}/{newest().token}/done/"}
    assert newest().state == State.PROCESSING
    assert newest().acts.filter(what="applied").count() == 1


def test_numbers_are_given_once(transactional_db: None, world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    for _ in range(8):
        fill(client, begin(client, KEY), **ITEMS)
    drafts = list(Application.objects.all())
    saved = at_once([lambda draft=draft: rules.save(world.administrator, draft) for draft in drafts])
    numbers = sorted(str(row.number) for row in saved)
    assert numbers == [f"2026-0401-{serial:04}" for serial in range(1, 9)]


def test_the_desk_and_the_user_do_not_both_win(
    transactional_db: None, world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.administrator)
    press_apply(client, to_check(client, begin(client, KEY), **ITEMS))
    row = newest()
    results = at_once(
        [
            lambda: decide(world.staff, row, "complete", ""),
            lambda: decide(world.staff, row, "cancel", "理由"),
            lambda: decide(world.staff, row, "ask-again", "理由"),
        ]
    )
    assert sum(isinstance(result, NotPossible) for result in results) == 2
    assert sum(isinstance(result, Application) for result in results) == 1
    assert row.acts.exclude(what__in=["saved", "applied"]).count() == 1


def test_a_file_that_goes_while_it_is_handed_in_stops_it(
    transactional_db: None, world: World, visit: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal_stub.procedures.models import Document

    client = visit(world.administrator)
    check = to_check(client, begin(client, KEY), **ITEMS)
    row = newest()
    Document.objects.create(
        application=row, slot="x", name="a.pdf", size=1, sha256="0" * 64, added_by=world.administrator,
        added_at=row.saved_at,
    )  # fmt: skip
    whole = rules._whole

    def meanwhile(seen: Application, user: Any) -> Any:
        journey = whole(seen, user)
        row.documents.all().delete()
        return journey

    monkeypatch.setattr(rules, "_whole", meanwhile)
    with pytest.raises(rules.Stale):
        rules.apply(world.administrator, row, row.revision, ())
    assert newest().state == State.ENTERING
    monkeypatch.undo()
    assert press_apply(client, check).status_code == 302
