"""Web申込状況一覧. Seed 000 ch. 4; group H."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_stub.accounts.models import User
from portal_stub.history.models import AccessRecord
from portal_stub.procedures import deciding
from portal_stub.procedures.models import Application, State
from portal_stub.procedures.registry import PROCEDURES
from sensors.windows import TOKYO
from tests.portal.conftest import Hand, World
from tests.portal.pages import page_of

pytestmark = pytest.mark.dialect

NOON = datetime(2026, 4, 1, 9, 0, tzinfo=TOKYO)


def row(world: World, number: str, user: User | None = None, **values: Any) -> Application:
    """An application as it stands in the list."""
    user = user or world.applicant
    at = values.pop("at", NOON)
    first: dict[str, Any] = {
        "procedure": "holder-change",
        "version": 1,
        "holder": world.holder,
        "number": number,
        "state": State.PROCESSING,
        "entered_by": user,
        "saved_by": user,
        "shown_user": user,
        "created_at": at,
        "saved_at": at,
        "listed_at": at,
        "applied_at": at,
    }
    made = Application(**{**first, **values})
    if made.closed_at is not None:
        made.close(made.closed_at)
    made.save()
    return made


def numbers(reply: Any) -> list[str]:
    """Numbers of the applications that the list shows."""
    page = page_of(reply)
    rows = [row for table in page.tables for row in table.rows]
    assert rows or page.status == "0件"
    for row in rows:
        assert row.part.links[row["Web申込番号"]] == f"/applications/{row['Web申込番号']}/"
    return [row["Web申込番号"] for row in rows]


@pytest.mark.req("H-001", "H-006", "H-037", "G-025", "G-017")
def test_the_list_shows_the_columns_of_the_manual(world: World, visit: Callable[..., Client]) -> None:
    row(world, "2026-0401-0001", reference="新見本商事")
    client = visit(world.applicant)
    assert page_of(client.get("/menu/")).links["Web申込状況一覧"] == "/applications/"
    page = page_of(client.get("/applications/"))
    assert page.heading == "Web申込状況一覧"
    [shown] = page.table().rows
    assert shown == {
        "Web申込日時": "2026/04/01 09:00",
        "Web申込番号": "2026-0401-0001",
        "ユーザーID": "123456789001",
        "申込種類": "保険利用者情報変更",
        "手続状況": "手続中",
        "参考情報": "新見本商事",
        "通知書": "",
        "削除": "",
    }
    assert page.links["ユーザーページへ"] == "/menu/"
    assert visit(world.reader).get("/applications/").status_code == 403


@pytest.mark.req("G-018", "G-016")
def test_own_applications_only_means_the_displayed_user(world: World, visit: Callable[..., Client]) -> None:
    row(world, "2026-0401-0001", world.applicant)
    row(world, "2026-0401-0002", world.enterer)
    own = row(world, "2026-0401-0003", world.applicant, shown_user=world.enterer)
    narrow, wide = visit(world.enterer), visit(world.administrator)
    assert numbers(narrow.get("/applications/")) == ["2026-0401-0003", "2026-0401-0002"]
    assert len(numbers(wide.get("/applications/"))) == 3
    assert narrow.get("/applications/2026-0401-0001/").status_code == 404
    assert narrow.get(f"/applications/{own.number}/").status_code == 200
    assert numbers(visit(world.stranger).get("/applications/")) == []


@pytest.mark.req("H-002", "H-023", "H-024", "H-025", "H-026", "C-031", "G-017")
def test_rows_vanish_after_the_second_anniversary(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    for number, state in enumerate(
        (State.COMPLETE, State.CANCELLED, State.ENTERING, State.AGAIN, State.PROCESSING), 1
    ):
        closed = NOON if state in {State.COMPLETE, State.CANCELLED} else None
        row(world, f"2026-0401-{number:04}", state=state, closed_at=closed)
    hand.at = datetime(2028, 4, 1, 20, 30, tzinfo=TOKYO)
    deciding.tidy()
    assert len(numbers(visit(world.administrator).get("/applications/"))) == 5, "the anniversary itself"
    hand.at = datetime(2028, 4, 2, 9, 0, tzinfo=TOKYO)
    client = visit(world.administrator)
    kept = ["2026-0401-0005", "2026-0401-0004", "2026-0401-0003"]
    assert sorted(numbers(client.get("/applications/"))) == sorted(kept), "gone before the housekeeping came"
    hand.at = datetime(2028, 4, 3, 9, 0, tzinfo=TOKYO)
    assert visit(world.administrator).get("/applications/2026-0401-0001/").status_code == 404
    assert Application.objects.count() == 5
    assert deciding.tidy()["removed"] == 2
    assert set(Application.objects.values_list("number", flat=True)) == set(kept)


@pytest.mark.req("H-004", "H-005", "S-036")
@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"since": "2026-04-02"}, "23"),
        ({"since": "2026/04/02", "until": "2026/04/02"}, "2"),
        ({"until": "2026-04-01"}, "1"),
        ({"number": "2026-0401"}, "1"),
        ({"user": "123456789002"}, "2"),
        ({"user": "123456789"}, "123"),
        ({"kind": "account-registration"}, "3"),
        ({"state": "cancelled"}, "3"),
        ({"reference": "ドイツ"}, "2"),
        ({"reference": "ドイツ", "state": "cancelled"}, ""),
        ({"number": "", "user": ""}, "123"),
    ],
)
def test_conditions_are_joined(
    world: World, visit: Callable[..., Client], conditions: dict[str, str], found: str
) -> None:
    row(world, "2026-0401-0001", at=NOON)
    row(world, "2026-0402-0002", world.enterer, at=NOON + timedelta(days=1), reference="ドイツ Muster GmbH")
    row(
        world,
        "2026-0403-0003",
        at=NOON + timedelta(days=2),
        procedure="account-registration",
        state=State.CANCELLED,
        closed_at=NOON,
    )
    reply = visit(world.administrator).get("/applications/", conditions)
    assert "".join(sorted(number[-1] for number in numbers(reply))) == found


def test_a_range_that_runs_backwards_is_told(world: World, visit: Callable[..., Client]) -> None:
    reply = visit(world.administrator).get("/applications/", {"since": "2026-04-02", "until": "2026-04-01"})
    assert page_of(reply, 422).error_summary == ["Web申込日の範囲の前後を確認してください。"]


@pytest.mark.req("H-007", "H-008", "S-033")
def test_sorting_by_time_and_user(world: World, visit: Callable[..., Client]) -> None:
    row(world, "2026-0401-0001", world.enterer)
    row(world, "2026-0401-0002", world.applicant, at=NOON + timedelta(hours=1))
    row(
        world,
        "2026-0401-0003",
        world.applicant,
        at=NOON + timedelta(hours=2),
        applied_at=None,
        state=State.ENTERING,
    )
    client = visit(world.administrator)

    def order(sort: str = "") -> str:
        return "".join(
            number[-1] for number in numbers(client.get("/applications/", {"sort": sort} if sort else {}))
        )

    assert order() == "321", "the newest first, one in input by its last save"
    assert order("at") == "123"
    assert order("user") == "321"
    assert order("-user") == "132"
    page = page_of(client.get("/applications/", {"sort": "user", "state": "processing"}))
    [active] = page.find(".sorts .active")
    assert (active.text, active.get("aria-label")) == ("▲", "昇順で表示中")
    [title] = active.iterancestors("th")
    assert title.text.strip() == "ユーザーID"
    [other] = title.xpath(".//a")
    turned = page_of(client.get("/applications/" + other.get("href")))
    assert turned.fields["state"].value == "processing", "the conditions stay"
    assert [node.text for node in turned.find(".sorts .active")] == ["▼"]


@pytest.mark.req("H-009", "H-010", "S-031", "S-032")
def test_long_lists_are_paged_below_the_table(world: World, visit: Callable[..., Client]) -> None:
    for number in range(45):
        row(world, f"2026-0401-{number:04}", at=NOON + timedelta(minutes=number))
    client = visit(world.administrator)
    pages = [numbers(client.get("/applications/", {"page": page})) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 5]
    second = page_of(client.get("/applications/", {"page": 2}))
    assert second.pager == "2／3ページ（21～40件目）"
    below = second.find("nav.pager")[-1]
    assert below.xpath("preceding::table"), "below the table"
    goals = {"≪": 0, "＜": 0, "＞": 2, "≫": 2}
    ways = {node.text: node.get("href") for node in below.xpath(".//a")}
    assert list(ways) == list(goals)
    for mark, goal in goals.items():
        assert numbers(client.get(ways[mark])) == pages[goal], mark


@pytest.mark.req("H-022")
def test_opening_the_list_is_recorded_once(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    client.get("/applications/")
    assert AccessRecord.objects.filter(code="1-4").count() == 1
    client.get("/applications/", {"page": 2})
    client.get("/applications/", {"sort": "at"})
    assert AccessRecord.objects.filter(code="1-4").count() == 1


@pytest.mark.req("H-012")
def test_the_user_id_opens_the_user(world: World, visit: Callable[..., Client]) -> None:
    row(world, "2026-0401-0001")
    client = visit(world.administrator)
    [shown] = page_of(client.get("/applications/")).table().rows
    user = page_of(client.get(shown.part.links[world.applicant.login_id]))
    assert user.facts["WebユーザーID"] == world.applicant.login_id
    assert user.facts["氏名"] == "貿易 花子"
    assert client.get(f"/applications/users/{world.stranger.login_id}/").status_code == 404


@pytest.mark.req("H-034", "H-035")
def test_deleting_is_for_the_administrator_and_the_last_updater(
    world: World, visit: Callable[..., Client]
) -> None:
    mine = row(world, "2026-0401-0001", world.applicant, state=State.ENTERING)
    row(world, "2026-0401-0002", world.applicant, state=State.PROCESSING)
    row(world, "2026-0401-0003", world.administrator, state=State.AGAIN)

    def offered(client: Client) -> set[str]:
        rows = page_of(client.get("/applications/")).table().rows
        wanted = [row for row in rows if row["削除"]]
        for row in wanted:
            number = row["Web申込番号"]
            assert row.part.links[f"削除（{number}）"] == f"/applications/{number}/delete/"
        return {row["Web申込番号"] for row in wanted}

    assert offered(visit(world.applicant)) == {"2026-0401-0001"}
    administrator = visit(world.administrator)
    assert offered(administrator) == {"2026-0401-0001", "2026-0401-0003"}
    assert visit(world.applicant).post("/applications/2026-0401-0003/delete/").status_code == 404
    assert administrator.post("/applications/2026-0401-0002/delete/").status_code == 404
    question = page_of(administrator.get("/applications/2026-0401-0001/delete/"))
    assert question.heading == "本当に削除しますか？"
    assert question.facts["Web申込番号"] == "2026-0401-0001"
    assert (list(question.buttons), question.links["キャンセル"]) == (["ＯＫ"], "/applications/")
    assert Application.objects.filter(pk=mine.pk).exists(), "the question alone deletes nothing"
    administrator.post("/applications/2026-0401-0001/delete/")
    assert not Application.objects.filter(pk=mine.pk).exists()


@pytest.mark.req("H-036")
def test_what_the_insurer_has_is_shown_to_read(world: World, visit: Callable[..., Client]) -> None:
    told = [
        {
            "step": "entry",
            "title": "変更内容の入力",
            "rows": [["保険利用者名 漢字", "新見本商事", True, "見本商事"]],
        }
    ]
    client = visit(world.administrator)
    for number, state in enumerate((State.PROCESSING, State.REPORT, State.COMPLETE), 1):
        closed = NOON if state == State.COMPLETE else None
        found = row(world, f"2026-0401-{number:04}", state=state, told=told, closed_at=closed)
        page = page_of(client.get(f"/applications/{found.number}/"))
        assert page.facts["保険利用者名 漢字 変更"] == "新見本商事\n現在: 見本商事"
        assert page.fields == {}
        assert page.buttons == {}
    pdf = client.get("/applications/2026-0401-0001/content.pdf")
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")


@pytest.mark.req("H-011", "C-039", "C-040")
def test_list_and_details_keep_different_hours(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    row(world, "2026-0401-0001")
    for at, opens in (
        (datetime(2026, 4, 1, 19, 59, tzinfo=TOKYO), True),
        (datetime(2026, 4, 1, 20, 0, tzinfo=TOKYO), False),
        (datetime(2026, 4, 4, 12, 0, tzinfo=TOKYO), False),
    ):
        hand.at = at
        client = visit(world.administrator)
        assert numbers(client.get("/applications/")) == ["2026-0401-0001"]
        reply = client.get("/applications/2026-0401-0001/")
        page = page_of(reply, reply.status_code)
        if opens:
            assert page.facts["Web申込番号"] == "2026-0401-0001", at
        else:
            assert page.heading == "ただいまの時間はご利用いただけません", at
            assert page.sentences[0].startswith("この画面のご利用時間は、平日（営業日）8:00～20:00です。")


def test_the_number_of_queries_does_not_grow_with_the_rows(
    world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.administrator)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            client.get("/applications/")
        return len(counted)

    row(world, "2026-0401-0000")
    few = queries()
    for number in range(1, 60):
        row(world, f"2026-0401-{number:04}", at=NOON + timedelta(minutes=number))
    assert queries() == few


@pytest.mark.req("H-015")
def test_the_kinds_are_all_procedures_of_the_portal_and_no_open_cover(
    world: World, visit: Callable[..., Client]
) -> None:
    options = set(page_of(visit(world.administrator).get("/applications/")).fields["kind"].options)
    assert options == {"すべて", *(procedure.title for procedure in PROCEDURES.values())}
    assert not [title for title in options if "包括" in title or "企業総合保険" in title]


@pytest.mark.req("H-016", "H-017")
def test_the_reference_tells_part_of_the_content(
    world: World, visit: Callable[..., Client], directory: Any
) -> None:
    from tests.portal.buyers.test_procedures import registration
    from tests.portal.procedures.test_flow import ITEMS, KEY
    from tests.portal.procedures.walking import begin, to_check

    client = visit(world.administrator)
    registration(client)
    reference = "中華人民共和国 NEW TRADING CO., LTD."
    assert Application.objects.latest("id").reference == reference
    to_check(client, begin(client, KEY), **ITEMS)
    assert Application.objects.latest("id").reference == "新見本商事"
    assert page_of(client.get("/applications/")).table().column("参考情報") == ["新見本商事", reference]
    assert numbers(client.get("/applications/", {"reference": "trading"})) == ["2026-0401-0001"]


@pytest.mark.req("H-020", "H-021")
def test_a_notice_is_there_for_completed_buyer_procedures_as_long_as_the_row(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    assert {key for key, procedure in PROCEDURES.items() if procedure.notice} == {
        *("buyer-registration", "buyer-change"),
    }
    client = visit(world.administrator)
    pdf = {"state": State.COMPLETE, "closed_at": NOON, "notice": b"%PDF-1.7 notice"}
    row(world, "2026-0401-0001", procedure="buyer-registration", **pdf)
    row(world, "2026-0401-0002", procedure="buyer-change", **pdf)
    row(world, "2026-0401-0003", procedure="buyer-registration")
    row(world, "2026-0401-0004", procedure="sleeping-release", state=State.COMPLETE, closed_at=NOON)
    listed = page_of(client.get("/applications/")).table()
    offered = {row["Web申込番号"]: list(row.cells[6].links.values()) for row in listed.rows}
    assert offered == {
        "2026-0401-0004": [],
        "2026-0401-0003": [],
        "2026-0401-0002": ["/applications/2026-0401-0002/notice.pdf"],
        "2026-0401-0001": ["/applications/2026-0401-0001/notice.pdf"],
    }
    for _ in range(3):
        assert client.get("/applications/2026-0401-0001/notice.pdf").content == b"%PDF-1.7 notice"
    for number in (3, 4):
        assert client.get(f"/applications/2026-0401-{number:04}/notice.pdf").status_code == 404
    hand.at = datetime(2028, 4, 3, 9, 0, tzinfo=TOKYO)
    again = visit(world.administrator)
    assert again.get("/applications/2026-0401-0001/notice.pdf").status_code == 404
