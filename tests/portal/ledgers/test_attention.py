"""What an exporter has to look at: held and rejected hand-ins, and the times that come next."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from portal_stub import clock
from portal_stub.feed.models import Refused
from portal_stub.ledgers.attention import cases, deadlines
from portal_stub.ledgers.models import Upload
from schemas.submission import dispatch_source
from sensors.windows import TOKYO
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.feed.conftest import HELD, UNDECIDED, portrait, tell
from tests.portal.pages import Part, page_of

Visit = Callable[..., Client]
REJECTED: dict[str, Any] = {"verdict": "rejected", "errors": 3, "premium_total": None}
ID, SECOND = "1" * 32, "2" * 32


def names(user: Any, most: int = 10) -> list[tuple[str, bool]]:
    return [(case.file_name, case.held) for case in cases(user, clock.now(), most)[0]]


def uploaded(world: World, number: str, name: str) -> Upload:
    return Upload.objects.create(
        id=number,
        product="enterprise",
        holder=world.holder,
        user=world.enterer,
        origin="file",
        file_name=name,
        size=1,
        sha256="0" * 64,
        count=1,
        state=Upload.State.SENT,
        kept_at=clock.now(),
        sent_at=clock.now(),
    )


def test_held_and_rejected_hand_ins_are_told_newest_first(world: World) -> None:
    tell(
        portrait(1, **REJECTED),
        portrait(2, **HELD),
        portrait(3),
        portrait(4, **UNDECIDED),
        portrait(5, **REJECTED, holder=OTHER),
        portrait(6, **REJECTED, decided_at="2026-04-01T08:59:00+09:00"),
    )
    assert names(world.applicant) == [("upload6.csv", False), ("upload2.csv", True), ("upload1.csv", False)]
    shown, number = cases(world.applicant, clock.now(), 1)
    assert (len(shown), number) == (1, 3)


def test_a_rejected_one_is_over_once_it_was_handed_in_again(world: World) -> None:
    tell(portrait(1, **REJECTED, file_name="a.csv"))
    assert names(world.applicant) == [("a.csv", False)]
    tell(portrait(2, **UNDECIDED, file_name="a.csv", product="equipment"))
    assert names(world.applicant) == [("a.csv", False)], "another product is another matter"
    tell(portrait(3, **UNDECIDED, file_name="a.csv"))
    assert names(world.applicant) == []


def test_it_is_told_for_thirty_days(world: World, hand: Hand) -> None:
    tell(portrait(1, **REJECTED), portrait(2, **HELD))
    hand.on(days=29)
    assert len(names(world.applicant)) == 2
    hand.on(days=2)
    assert names(world.applicant) == [("upload2.csv", True)], "a held one as long as it is held"


def test_what_was_refused_at_the_door_is_told_with_its_reason(world: World, hand: Hand) -> None:
    uploaded(world, ID, "refused.csv")
    Refused.objects.create(dispatch=ID, code="count-mismatch", message="件数が違います。", at=clock.now())
    [case] = cases(world.applicant, clock.now(), 5)[0]
    assert (case.key, case.file_name, case.words) == (ID, "refused.csv", "件数が違います。")
    tell(portrait(1, file_name="refused.csv", received_at="2026-04-01T10:00:00+09:00"))
    assert names(world.applicant) == []


@pytest.mark.req("G-018")
def test_own_ones_only_for_who_sees_only_own_ones(world: World) -> None:
    uploaded(world, ID, "own.csv")
    tell(
        portrait(1, **REJECTED),
        portrait(2, **REJECTED, user=world.enterer.login_id, source=dispatch_source(HOLDER, ID)),
        portrait(3, **REJECTED, user=world.enterer.login_id, source=dispatch_source(HOLDER, SECOND)),
    )
    assert [case.key for case in cases(world.enterer, clock.now(), 5)[0]] == ["S00000003", ID]
    assert cases(world.reader, clock.now(), 5) == ([], 0)
    assert len(names(world.applicant)) == 3


@pytest.mark.parametrize(
    ("now", "when", "what"),
    [
        ("2018-11-06T07:59:59", "11月6日（火）08:00から", "次の受付"),
        ("2018-11-06T08:00:00", "本日17:30まで", "本日受理の申請・通知"),
        ("2018-11-06T17:29:59", "本日17:30まで", "本日受理の申請・通知"),
        ("2018-11-06T17:30:00", "本日20:00まで", "11月7日受理の申請・通知"),
        ("2018-11-06T20:00:00", "11月7日（水）08:00から", "次の受付"),
        ("2018-11-22T19:59:59", "本日20:00まで", "11月26日受理の申請・通知"),
        ("2018-11-10T10:00:00", "11月12日（月）08:00から", "次の受付"),
    ],
)
@pytest.mark.django_db
def test_the_window_that_ends_next(now: str, when: str, what: str) -> None:
    told = deadlines(datetime.fromisoformat(now).replace(tzinfo=TOKYO))
    assert (told[0].when, told[0].what) == (when, what)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "reconciled", "closed"),
    [
        ("2018-11-06T10:00:00", "11月9日（金）20:00", "11月30日（金）20:00まで10月"),
        ("2018-11-09T19:00:00", "11月16日（金）20:00", "11月30日（金）20:00まで10月"),
        ("2018-11-30T20:00:00", "12月7日（金）20:00", "12月28日（金）20:00まで11月"),
    ],
)
def test_the_next_reconciliation_and_confirmation(now: str, reconciled: str, closed: str) -> None:
    _, first, second = deadlines(datetime.fromisoformat(now).replace(tzinfo=TOKYO))
    assert first.when == reconciled
    assert f"{second.when}{second.what}".startswith(closed)


@pytest.mark.django_db
def test_beyond_the_calendar_nothing_is_promised() -> None:
    assert deadlines(datetime(2090, 1, 10, 10, tzinfo=TOKYO)) == []


def test_the_first_page_shows_them(world: World, visit: Visit, hand: Hand) -> None:
    tell(portrait(1, **REJECTED, file_name="四月.csv"), portrait(2, **HELD))
    part = page_of(visit(world.applicant).get("/menu/")).section("申請・通知の状況と締切")
    held, rejected = [Part([node]) for node in part.find("ul.cases > li")]
    assert (rejected.badges, held.badges) == (["申請内容要確認"], ["保留中"])
    assert rejected.links == {"四月.csv": "/ledger/enterprise/sent/S00000001/"}
    assert rejected.lines[1].split("　")[-1] == "エラー 3件"
    assert held.lines[1].split("　")[-1] == "担当者の決定を待っています"
    assert part.facts["本日17:30まで"] == "本日受理の申請・通知"
    part = page_of(visit(world.company_reader).get("/menu/")).section("申請・通知の状況と締切")
    assert part.headings == ["申請・通知の状況と締切", "締切と予定"], "申込データ参照不可"
    assert part.facts["本日17:30まで"] == "本日受理の申請・通知"
