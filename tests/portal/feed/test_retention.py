"""How long pages show what the pipeline told, and what the portal itself throws away (table C-T3)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portal_stub import background, clock
from portal_stub.accounts.models import User
from portal_stub.feed import asking
from portal_stub.feed.models import DeskRequest, Document, Submission, shown_since
from portal_stub.ledgers import sending
from portal_stub.ledgers.models import Upload
from schemas.submission import dispatch_source
from sensors.windows import TOKYO, provided_until
from tests.portal.conftest import HOLDER, Hand, World
from tests.portal.feed.conftest import UNDECIDED, paper, portrait, tell

ID, OTHER_ID, THIRD = ("1" * 32, "2" * 32, "3" * 32)


@pytest.mark.django_db
@pytest.mark.req("C-025", "C-026", "C-027")
def test_papers_are_obtainable_up_to_the_end_of_day_thirty(hand: Hand) -> None:
    made = datetime(2026, 4, 1, 8, 32, tzinfo=TOKYO)
    until = provided_until(made, 30).isoformat()
    kinds = ("monitor_list", "findings_report", "ledger_file", "provided_data")
    tell(
        documents=[
            *(paper(kind, kind=kind, expires_at=until) for kind in kinds),
            paper("invoice", kind="invoice"),
            paper("gone", kind="invoice", removed_at=made.isoformat()),
        ]
    )

    def there() -> set[str]:
        return set(Document.objects.obtainable_at(clock.now()).values_list("pk", flat=True))

    hand.at = datetime(2026, 5, 1, 23, 59, 59, tzinfo=TOKYO)
    assert there() == {*kinds, "invoice"}
    hand.on(seconds=1)
    assert there() == {"invoice"}


@pytest.mark.django_db
@pytest.mark.req("C-027")
def test_submissions_are_shown_for_two_years_and_undecided_ones_always() -> None:
    tell(
        portrait(1, received_at="2024-04-01T08:00:00+09:00"),
        portrait(2, received_at="2024-03-31T19:59:00+09:00"),
        portrait(3, **UNDECIDED, received_at="2024-01-04T10:00:00+09:00"),
    )
    now = datetime(2026, 4, 1, 23, 0, tzinfo=TOKYO)
    assert set(Submission.objects.shown_at(now).values_list("receipt_no", flat=True)) == {1, 3}
    after = now + timedelta(hours=2)
    assert set(Submission.objects.shown_at(after).values_list("receipt_no", flat=True)) == {3}


@pytest.mark.parametrize(
    ("today", "first"),
    [("2026-04-01", "2024-04-01"), ("2028-02-29", "2026-03-01"), ("2026-03-01", "2024-03-01")],
)
def test_the_anniversary_is_the_last_day(today: str, first: str) -> None:
    for hour in (0, 23):
        now = datetime.fromisoformat(today).replace(hour=hour, tzinfo=TOKYO)
        assert shown_since(now) == datetime.fromisoformat(first).replace(tzinfo=TOKYO)


def upload(world: World, number: str, state: str, at: datetime) -> None:
    Upload.objects.create(
        id=number,
        product="enterprise",
        holder=world.holder,
        user=world.applicant,
        origin="file",
        file_name="a.csv",
        size=1,
        sha256="0" * 64,
        count=1,
        state=state,
        kept_at=at,
        sent_at=at,
    )


def test_the_portal_forgets_what_no_list_shows_any_more(world: World, hand: Hand) -> None:
    old = clock.now() - timedelta(days=731)
    for number in (ID, OTHER_ID):
        upload(world, number, "sent", old)
    upload(world, THIRD, "sending", old)
    tell(portrait(1, **UNDECIDED, source=dispatch_source(HOLDER, OTHER_ID)))
    assert sending.tidy() == 1
    assert set(Upload.objects.values_list("pk", flat=True)) == {OTHER_ID, THIRD}, (
        "what is undecided or still on its way stays"
    )


def test_housekeeping_clears_tables_that_nobody_sent(
    world: World, desk: Path, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_last", [])
    user = User.objects.get(pk=world.staff_supervisor.pk)
    asking.keep_draft(user, {"buyers": [b"buyer_code\n"]}, [])
    [draft] = desk.glob(".draft-*")
    hand.on(hours=25)
    assert background.keep_house()
    assert not draft.exists()
    assert not DeskRequest.objects.exists()
