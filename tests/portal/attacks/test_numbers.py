"""Numbers that are none: where a page reads one out of what was sent, any text may stand there."""

import re
from itertools import product
from typing import Any

import pytest

from portal_stub.procedures.models import Document
from tests.portal.attacks.conftest import Scene
from tests.portal.pages import page_of

pytestmark = pytest.mark.night

NUMBERS = ["²", "٣", "１", "-1", "9" * 30, "9" * 5_000, "1e3", "0x1", "", " 1"]


def errors_of(reply: Any) -> list[str]:
    """The sentences of the error summary."""
    summary = reply.content.decode().partition('class="summary"')[2].partition("</div>")[0]
    return [re.sub(r"<[^>]+>", "", item) for item in re.findall(r"<li>(.*?)</li>", summary)]


@pytest.mark.req("S-016")
def test_a_file_to_remove(scene: Scene) -> None:
    client, route = scene.browsers["administrator"], "/procedures/buyer-registration/"
    address = f"{route}{scene.drafts['buyer-registration'].token}/steps/attachments/"
    for number in NUMBERS:
        assert client.post(address, {"go": f"remove-{number}"}).status_code == 200, number
    assert Document.objects.filter(pk=scene.documents["buyer-registration"].pk).exists()


@pytest.mark.req("S-016")
@pytest.mark.parametrize("number", [*NUMBERS[:1], *NUMBERS[4:6]])
def test_the_state_that_a_page_showed(scene: Scene, number: str) -> None:
    draft = scene.drafts["account-deletion"]
    client = scene.browsers["administrator"]
    client.get(f"/procedures/account-deletion/{draft.token}/check/")
    reply = client.post(
        f"/procedures/account-deletion/{draft.token}/apply/", {"revision": number, "tick": "seen"}
    )
    assert reply.status_code == 409
    terms: dict[str, Any] = {"agreed": "1", "edition": "x", "version": number}
    page = scene.browsers["newcomer"].get("/registration/terms/")
    terms["edition"] = page.context["terms"].EDITION
    reply = scene.browsers["newcomer"].post("/registration/terms/", terms)
    assert reply.headers["Location"] == "/registration/check/", "not sent: that is not what was shown"


@pytest.mark.req("S-016")
def test_a_page_of_a_list(scene: Scene) -> None:
    lists = (
        ("applicant", "/applications/"),
        ("applicant", "/bookmarks/"),
        ("staff", "/desk/uploads/"),
        ("staff", "/desk/uploads/S00000001/"),
        ("staff", "/desk/notices/"),
        ("staff", "/desk/log/"),
    )
    for number, (who, address) in product([*NUMBERS, "last", "None"], lists):
        assert scene.browsers[who].get(address, {"page": number[:1000]}).status_code == 200, number
    for number in NUMBERS:
        reply = scene.browsers["applicant"].get("/buyers/", {"name": "EXAMPLE", "page": number[:1000]})
        assert page_of(reply).table().column("バイヤーコード") == ["105000001", "304000001"], (
            "the nearest page"
        )


@pytest.mark.req("S-036")
@pytest.mark.parametrize("day", ["0000-00-00", "2026-02-30", "10000-01-01", "令和8年4月1日", "9" * 400])
def test_days_that_no_calendar_has(scene: Scene, day: str) -> None:
    said = "は 2026-04-01 の形の暦にある日付で入力してください。"
    at_the_desk = "は 2026-04-01 の形の、暦にある日付で入力してください。"
    for who, address, query, errors in (
        (
            "administrator",
            "/access-history/",
            {"start": day, "end": "2026-04-01", "order": "user"},
            [f"対象期間（開始日）{said}"],
        ),
        (
            "administrator",
            "/access-history/file/",
            {"start": "2026-04-01", "end": day, "order": "user"},
            [f"対象期間（終了日）{said}"],
        ),
        (
            "administrator",
            "/applications/",
            {"since": day},
            ["Web申込日（から）は西暦の年月日で入力してください（例: 2026/04/01）。"],
        ),
        ("staff", "/desk/uploads/", {"start": day}, [f"受理日（から）{said}"]),
        (
            "staff",
            "/desk/log/",
            {"start": day, "end": day},
            [f"期間（開始日）{at_the_desk}", f"期間（終了日）{at_the_desk}"],
        ),
    ):
        reply = scene.browsers[who].get(address, query)
        assert (reply.status_code, errors_of(reply)) == (422, errors), address


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_all(scene: Scene, day: str) -> None:
    for who, address, query in (
        ("administrator", "/access-history/", {"start": "0001-01-01", "end": day, "order": "user"}),
        ("administrator", "/access-history/file/", {"start": "0001-01-01", "end": day, "order": "user"}),
        ("administrator", "/applications/", {"since": day}),
        ("administrator", "/applications/", {"until": day}),
        ("staff", "/desk/uploads/", {"start": day, "end": day}),
        ("staff", "/desk/log/", {"start": day, "end": day}),
    ):
        reply = scene.browsers[who].get(address, query)
        assert reply.status_code in {200, 422}, address
        if reply.streaming:
            assert b"".join(reply.streaming_content)
