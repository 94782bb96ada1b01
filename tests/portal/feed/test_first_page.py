"""What ユーザーページ tells of premiums and limits: right, scope, one-time password, sums, the drawing."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from portal_stub import clock
from portal_stub.accounts.models import Holder
from portal_stub.buyers.models import Buyer, Country
from portal_stub.feed import receiving
from portal_stub.feed.chart import HEIGHT, TOP, chart
from portal_stub.feed.figures import Month, months_back, months_of, total
from tests.portal.conftest import HOLDER, OTHER, World
from tests.portal.pages import Part, page_of

Visit = Callable[..., Client]
FIRST, SECOND = f"{HOLDER[:8]}1", f"{HOLDER[:8]}2"
"""特約 of the holder; the second one is not listed for ``enterer``."""


def month(
    name: str, unconfirmed: int, confirmed: int = 0, agreement: str = FIRST, holder: str = HOLDER
) -> dict[str, Any]:
    return {
        "policyholder_code": holder,
        "agreement_code": agreement,
        "product": "enterprise",
        "month": date.fromisoformat(f"{name}-01"),
        "applications": 1,
        "lines": 2,
        "insured_yen": 1_000,
        "unconfirmed_yen": unconfirmed,
        "confirmed_yen": confirmed,
    }


def limit(
    buyer: str, permille: int, state: str, agreement: str = FIRST, holder: str = HOLDER
) -> dict[str, Any]:
    return {
        "holder": holder,
        "agreement_code": agreement,
        "buyer_code": buyer,
        "limit_yen": 1_000_000,
        "used_yen": permille * 1000,
        "used_permille": permille,
        "state": state,
    }


def told(months: list[dict[str, Any]], limits: list[dict[str, Any]]) -> None:
    since = receiving.figures_position()
    receiving.receive_figures(f"{len(since)}:{since[:20]}", since, None, months, limits)


@pytest.fixture
def fed(world: World) -> World:
    told(
        [
            month("2026-04", 1_111),
            month("2026-04", 20_000, agreement=SECOND),
            month("2026-03", 300_000, 4_000_000),
            month("2025-04", 0, 50_000_000),
            month("2025-03", 0, 600_000_000),
            month("2026-04", 777_777, holder=OTHER, agreement=f"{OTHER[:8]}1"),
        ],
        [
            limit("304000001", 1_200, "exceeded"),
            limit("304000002", 800, "near", agreement=SECOND),
            limit("304000003", 799, "ok"),
            limit("304000004", 0, "ok"),
            limit("999000001", 900, "near", holder=OTHER, agreement=f"{OTHER[:8]}1"),
        ],
    )
    country = Country.objects.create(code="304", name="米国")
    Buyer.objects.create(code="304000001", name="EXAMPLE INC.", country=country, updated_at=clock.now())
    return world


TITLE = "保険料と支払限度額"
PRESENT, BEFORE = "今月（4月受理）の保険料", "その前の12か月の保険料"


def figures(client: Client, address: str = "/menu/") -> Part:
    """The part of ユーザーページ that tells figures."""
    return page_of(client.get(address)).section(TITLE)


def present(client: Client, address: str = "/menu/") -> str:
    """The premium of the present month."""
    return figures(client, address).facts[PRESENT].split("\n")[0]


def limits(part: Part) -> list[list[str]]:
    """The limits that are shown, line by line, in their order."""
    return [Part([node]).lines for node in part.find("ul.limits > li")]


def test_the_present_month_and_the_twelve_before_are_summed(fed: World, visit: Visit) -> None:
    part = figures(visit(fed.applicant))
    assert part.facts[PRESENT] == "21,111円\n申込み・通知 2件"
    assert part.facts[BEFORE] == "54,300,000円", "the one before those is left out"
    table = part.table("月ごとの保険料")
    assert len(table.rows) == 13
    assert list(table.row("2026年3月").values()) == ["2026年3月", "4,000,000", "300,000", "1,000", "1", "2"]
    assert list(table.row("2026年4月").values()) == ["2026年4月", "0", "21,111", "2,000", "2", "4"]


def test_the_limits_of_which_most_is_used_come_first_and_are_marked_by_words(
    fed: World, visit: Visit
) -> None:
    part = figures(visit(fed.applicant))
    assert part.headings[1:] == ["使用の多い支払限度額 80%以上が2件"]
    shown = limits(part)
    assert [names for names, _ in shown] == [
        "304000001 EXAMPLE INC. 限度額を超過",
        "304000002 80%以上",
        "304000003",
    ], "what nobody uses needs no place here"
    assert [used for _, used in shown] == [
        f"120%使用（1,200,000円／限度額 1,000,000円）、超過 200,000円　特約 {FIRST}",
        f"80%使用（800,000円／限度額 1,000,000円）、残り 200,000円　特約 {SECOND}",
        f"79%使用（799,000円／限度額 1,000,000円）、残り 201,000円　特約 {FIRST}",
    ]


def test_only_listed_agreements_are_counted(fed: World, visit: Visit) -> None:
    part = figures(visit(fed.enterer))
    assert part.facts[PRESENT] == "1,111円\n申込み・通知 1件"
    assert [names.split(" ")[0] for names, _ in limits(part)] == ["304000001", "304000003"]
    assert part.headings[1:] == ["使用の多い支払限度額 80%以上が1件"]
    assert part.sentences[-1] == "参照できる特約だけの集計です。"
    assert "参照できる特約だけの集計です。" not in figures(visit(fed.applicant)).sentences


@pytest.mark.req("G-015")
def test_nothing_is_there_without_the_right(fed: World, visit: Visit) -> None:
    page = page_of(visit(fed.reader).get("/menu/"))
    assert page.heading == "ユーザーページ"
    assert not {TITLE, "申請・通知の状況と締切"} & set(page.headings)
    assert {TITLE, "申請・通知の状況と締切"} <= set(page_of(visit(fed.applicant).get("/menu/")).headings)


@pytest.mark.req("G-022")
def test_a_company_reader_chooses_the_holder(fed: World, visit: Visit) -> None:
    client = visit(fed.company_reader)
    assert present(client) == "21,111円"
    assert present(client, f"/menu/?holder={OTHER}") == "777,777円"
    assert list(figures(client).fields["holder"].options.values()) == [HOLDER, OTHER]
    assert client.get("/menu/?holder=000000000").status_code == 404
    assert visit(fed.applicant).get(f"/menu/?holder={OTHER}").status_code == 404


def test_behind_the_one_time_password_only_a_line_is_there(fed: World, visit: Visit) -> None:
    Holder.objects.update(otp_required=True)
    assert figures(visit(fed.applicant)).lines == [
        TITLE,
        "ワンタイムパスワードを入力すると、月ごとの保険料と支払限度額の使用状況を表示します。",
    ]
    assert present(visit(fed.applicant, otp=True)) == "21,111円"


def test_a_new_holder_reads_what_will_come(world: World, visit: Visit) -> None:
    part = figures(visit(world.applicant))
    assert part.sentences == [
        "計上された申込み・通知は、まだありません。申請・通知が「処理完了」になると、ここに月ごとの保険料を表示します。"
    ]
    assert part.find("figure") == []


def test_what_is_too_large_to_be_known_is_no_number(world: World, visit: Visit) -> None:
    told([month("2026-04", 1) | {"unconfirmed_yen": None}], [])
    assert present(visit(world.applicant)) == "－"
    assert total([1, None]) is None
    assert total([]) == 0


# -- the drawing --------------------------------------------------------------------------------------------


def months(*pairs: tuple[int, int]) -> list[Month]:
    days = months_back(date(2026, 4, 6), len(pairs))
    return [
        Month(day, unconfirmed_yen=pair[1], confirmed_yen=pair[0])
        for day, pair in zip(days, pairs, strict=True)
    ]


def test_bars_are_as_high_as_their_premiums_and_their_parts_meet() -> None:
    drawn = chart(months((60, 40), (50, 0), (0, 0)))
    assert drawn.zero == TOP + HEIGHT
    confirmed, unconfirmed, second = drawn.rects
    assert confirmed.y + confirmed.height == drawn.zero
    assert unconfirmed.y + unconfirmed.height == confirmed.y
    assert confirmed.height + unconfirmed.height == HEIGHT
    assert second.height == HEIGHT // 2
    assert drawn.greatest_yen == 100


def test_returns_hang_below_the_line() -> None:
    drawn = chart(months((75, 0), (-25, 0)))
    assert drawn.zero == TOP + HEIGHT * 75 // 100
    above, below = drawn.rects
    assert (above.y, above.y + above.height) == (TOP, drawn.zero)
    assert (below.y, below.y + below.height) == (drawn.zero, TOP + HEIGHT)


@pytest.mark.parametrize("pairs", [[(1, 10**15)], [(0, 0)] * 13, [(-5, -5)], [(3, -2)], [(10**15, 1)] * 13])
def test_no_bar_leaves_the_drawing_and_none_vanishes(pairs: list[tuple[int, int]]) -> None:
    drawn = chart(months(*pairs))
    assert len(drawn.rects) == sum(yen != 0 for pair in pairs for yen in pair)
    for rect in drawn.rects:
        assert rect.height >= 1
        assert rect.y >= TOP - 1
        assert rect.y + rect.height <= TOP + HEIGHT + 1
        assert rect.x >= 0
        assert rect.x + rect.width <= drawn.width


def test_years_are_named_where_they_begin() -> None:
    drawn = chart(months(*[(1, 0)] * 13))
    assert [year for _, year in drawn.years] == ["2025年", "2026年"]
    assert [name for _, name in drawn.labels][:2] == ["4", "5"]


def test_months_without_anything_are_there(world: World) -> None:
    found = months_of(world.applicant, HOLDER, months_back(date(2026, 1, 31), 2))
    assert [(one.month, one.is_empty, one.premium_yen) for one in found] == [
        (date(2025, 12, 1), True, 0),
        (date(2026, 1, 1), True, 0),
    ]
