"""How a hand-in stands while its sender waits: status, queue, expected time, and the part of pages that follows it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.feed.models import Refused, Submission
from portal_stub.feed.standing import LATER, SELDOM, SOON, Pace, Standing, Waiting, standing
from portal_stub.ledgers.models import Upload
from schemas.submission import dispatch_source
from sensors.windows import TOKYO
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.feed.conftest import HELD, UNDECIDED, paper, portrait, tell
from tests.portal.pages import Part, part_of, read

Visit = Callable[..., Client]
NINE = datetime(2026, 4, 1, 9, 0, tzinfo=TOKYO)
ID = "0" * 31 + "1"


def at(minutes: float) -> str:
    return (NINE + timedelta(minutes=minutes)).isoformat()


def decided(number: int, minutes: float, count: int = 10) -> dict[str, Any]:
    """Booked so many minutes after its receipt at 8:00, its モニタリスト there at once."""
    received = NINE - timedelta(hours=1)
    return portrait(
        number,
        declared_count=count,
        received_at=received.isoformat(),
        decided_at=(received + timedelta(minutes=minutes)).isoformat(),
    )


def with_papers(*rows: dict[str, Any]) -> None:
    papers = [
        paper(f"P{row['receipt_no']}", submission_id=row["submission_id"], created_at=row["decided_at"])
        for row in rows
    ]
    tell(*rows, documents=papers)


def seen(number: int, now: datetime = NINE) -> Standing:
    row = Submission.objects.get(receipt_no=number)
    return standing(row.pk, row, "", Waiting(now))


def uploaded(world: World, **changes: Any) -> Upload:
    values = {
        "id": ID,
        "product": "enterprise",
        "holder": world.holder,
        "user": world.applicant,
        "origin": "file",
        "file_name": "四月.csv",
        "size": 10,
        "sha256": "0" * 64,
        "count": 10,
        "state": Upload.State.SENT,
        "kept_at": NINE,
        "sent_at": NINE,
        "expected_on": date(2026, 4, 1),
    } | changes
    return Upload.objects.create(**values)


# -- words --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.req("C-018")
def test_each_state_is_told_with_what_comes_next() -> None:
    tell(
        portrait(1, **UNDECIDED, acceptance_date="2026-04-02", received_at="2026-04-01T18:00:00+09:00"),
        portrait(2, **HELD),
        portrait(3, **UNDECIDED, waits_for="S00000002"),
        portrait(4, **UNDECIDED, received_at=at(-0.5)),
        portrait(5, decided_at=at(-1)),
    )
    tomorrow = seen(1)
    assert (str(tomorrow.status), tomorrow.pause) == ("受付前", SELDOM)
    assert tomorrow.words[1] == "モニタリスト: 4月2日 8:00 以降"
    held, behind = seen(2), seen(3)
    assert (str(held.status), held.pause, behind.pause) == ("処理中", SELDOM, SELDOM)
    assert held.words[0] == "保留中: 担当者の決定を待っています。"
    assert behind.words[0] == "同じ申込みの S00000002 が保留中のため、その決定を待っています。"
    now = seen(4)
    assert (str(now.status), now.pause) == ("処理中", SOON)
    assert now.words == ("順番: 次に処理します。", "モニタリスト: 数分かかることがあります")
    done = seen(5)
    assert (str(done.status), done.words, done.pause) == (
        "処理完了",
        ("モニタリストを作成しています。",),
        SOON,
    )
    tell(documents=[paper("P5", submission_id="S00000005", created_at=at(0))])
    assert (seen(5).words, seen(5).is_final) == (("モニタリストができました。",), True)


@pytest.mark.django_db
def test_the_queue_counts_what_is_decided_before() -> None:
    tell(
        portrait(1, decided_at=at(-300)),
        portrait(2, **HELD),
        portrait(3, **UNDECIDED, waits_for="S00000002"),
        portrait(4, **UNDECIDED, acceptance_date="2026-04-02"),
        *(portrait(number, **UNDECIDED) for number in range(5, 30)),
    )
    assert seen(5).words[0] == "順番: 次に処理します。", "held, waiting and tomorrow's ones are not before it"
    assert seen(6).words[0] == "順番: 2番目（前に1件）"
    assert (seen(24).pause, seen(29).pause) == (SOON, LATER)
    tell(portrait(5))
    assert seen(6).words[0] == "順番: 次に処理します。"
    tell(portrait(2, **UNDECIDED))
    assert seen(6).words[0] == "順番: 3番目（前に2件）", "once released, both are decided before it"


@pytest.mark.django_db
def test_the_expected_time_follows_from_how_long_the_last_ones_took() -> None:
    small = [decided(number, 1) for number in range(1, 7)]
    big = [decided(number, 41, count=4000) for number in (7, 8)]
    with_papers(*small, *big)
    tell(portrait(20, **UNDECIDED, declared_count=2000, received_at=at(0)))
    assert seen(20).words[1] == "モニタリスト: およそ21分後", "a minute to begin, and 0.01 minutes per record"
    tell(portrait(21, **UNDECIDED, declared_count=1, received_at=at(0)))
    assert seen(21).words[1] == "モニタリスト: およそ21分後", "behind the records of the one before"
    tell(portrait(20))
    assert seen(21).words[1] == "モニタリスト: およそ2分後"
    assert seen(21, NINE + timedelta(minutes=1)).words[1] == "モニタリスト: 1分以内"
    assert seen(21, NINE + timedelta(minutes=9)).words[1] == "モニタリスト: 通常より時間がかかっています"


def test_nothing_is_promised_from_nothing() -> None:
    assert Pace.of([]) is None
    assert Pace.of([(1.0, 10), (1.0, 10)]) is None
    assert Pace.of([(0.0, 0)] * 3) == Pace(0.0, 0.0)


@pytest.mark.django_db
def test_what_waited_for_its_opening_was_not_slow() -> None:
    rows = [
        portrait(
            number,
            received_at="2026-03-31T18:00:00+09:00",
            acceptance_date="2026-04-01",
            decided_at="2026-04-01T08:00:30+09:00",
        )
        for number in range(1, 5)
    ]
    with_papers(*rows)
    assert Pace.lately() == Pace(30.0, 0.0)


@pytest.mark.django_db
def test_a_page_of_many_rows_asks_for_the_pace_once(django_assert_max_num_queries: Any) -> None:
    with_papers(*(decided(number, 1) for number in range(1, 10)))
    tell(*(portrait(number, **UNDECIDED, received_at=at(0)) for number in range(20, 40)))
    template = Template(
        '{% for row in rows %}{% include "feed/parts/standing.html" with upload=row %}{% endfor %}'
    )
    rows = list(Submission.objects.filter(verdict=""))
    with django_assert_max_num_queries(2 + len(rows)):
        page = template.render(Context({"rows": rows, "request": HttpRequest()}))
    assert len(read(page).find("[hx-get]")) == 20


# -- the part of the page -----------------------------------------------------------------------------------


@pytest.mark.req("C-018")
def test_the_part_follows_and_stops_by_itself(world: World, visit: Visit, hand: Hand) -> None:
    upload, client = uploaded(world), visit(world.applicant)
    hand.at = NINE

    def asked(was: str = "") -> Any:
        return client.get(f"/ledger-standing/{ID}/", {"was": was}, headers={"HX-Request": "true"})

    def drawn() -> Part:
        page = Template('{% include "feed/parts/standing.html" with upload=upload %}')
        return read(page.render(Context({"upload": upload})))

    first = part_of(asked())
    assert first.lines == ["受付前", "送信しました。受付の処理を待っています。"]
    [follows] = first.find("[hx-get]")
    assert follows.get("hx-trigger") == "every 3s"
    page = drawn()
    assert page.lines == first.lines
    assert [node.get("class") for node in page.find("[aria-live=polite]")] == ["standing"]
    assert page.nodes[0].xpath(".//noscript//a/text()") == ["更新"], "a link for browsers without scripts"
    [follows] = page.find("[hx-get]")
    was = follows.get("hx-get").partition("?was=")[2]
    assert asked(was).status_code == 204, "nothing new is not read aloud again"
    tell(portrait(1, **UNDECIDED, source=dispatch_source(HOLDER, ID), received_at=at(0)))
    assert part_of(asked(was)).badges == ["処理中"]
    tell(
        portrait(1, source=dispatch_source(HOLDER, ID), decided_at=at(0)),
        documents=[paper("P1", submission_id="S00000001")],
    )
    last = part_of(asked(was))
    assert last.badges == ["処理完了"]
    assert list(last.links) == ["画面を更新"], "the rest of the page does not know it yet"
    assert last.find("[hx-get]") == []
    assert (drawn().badges, drawn().links) == (["処理完了"], {})
    assert part_of(client.get("/ledger-standing/S00000001/")).badges == ["処理完了"], "by 受付番号 as well"


def test_a_refusal_at_the_door_is_told_and_final(world: World, visit: Visit) -> None:
    uploaded(world)
    Refused.objects.create(dispatch=ID, code="count-mismatch", message="件数が<違います>。", at=NINE)
    part = part_of(visit(world.applicant).get(f"/ledger-standing/{ID}/"))
    assert part.badges == ["申請内容要確認"]
    assert part.lines[1:3] == ["受け付けられませんでした。", "件数が<違います>。"]
    assert part.find("[hx-get]") == []


@pytest.mark.req("S-024")
def test_only_what_the_user_may_see_exists(world: World, visit: Visit) -> None:
    uploaded(world)
    tell(portrait(1), portrait(2, holder=OTHER), portrait(3, user=world.enterer.login_id))
    open_to = {
        key: {
            role
            for role in ("administrator", "applicant", "enterer", "reader", "stranger", "company_reader")
            if visit(getattr(world, role)).get(f"/ledger-standing/{key}/").status_code == 200
        }
        for key in (ID, "S00000001", "S00000002", "S00000003")
    }
    assert open_to == {
        ID: {"administrator", "applicant"},
        "S00000001": {"administrator", "applicant"},
        "S00000002": {"stranger"},
        "S00000003": {"administrator", "applicant", "enterer"},
    }
    client = visit(world.applicant)
    for key in ("S00000001x", f"{ID}0", "none"):
        assert client.get(f"/ledger-standing/{key}/").status_code == 404
    Upload.objects.update(state=Upload.State.DRAFT)
    assert client.get(f"/ledger-standing/{ID}/").status_code == 404, "what was not sent stands nowhere"


# -- sessions -----------------------------------------------------------------------------------------------


@pytest.mark.req("S-012")
def test_asking_again_keeps_no_session_alive_and_the_next_click_tells_why_it_ended(
    world: World, visit: Visit, hand: Hand
) -> None:
    uploaded(world)
    client = visit(world.applicant)

    def asked() -> Any:
        return client.get(f"/ledger-standing/{ID}/", headers={"HX-Request": "true"})

    for _ in range(3):
        hand.on(minutes=10)
        assert asked().status_code == 200
    hand.on(seconds=1)
    ended = part_of(asked(), 286)  # htmx asks no more
    assert ended.lines == ["表示の更新を終了しました。ページを開き直す"]
    assert client.get("/menu/").headers["Location"] == "/session-ended/idle/"
    assert asked().status_code == 286


def test_a_closed_one_time_password_ends_the_asking(world: World, visit: Visit) -> None:
    uploaded(world)
    Holder.objects.update(otp_required=True)
    reply = visit(world.applicant).get(f"/ledger-standing/{ID}/", headers={"HX-Request": "true"})
    assert part_of(reply, 286).lines == ["表示の更新を終了しました。ページを開き直す"]
