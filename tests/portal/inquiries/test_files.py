"""作成データ一覧: background, at most five, eight days (C-028 to C-030, I-011 to I-014, I-020)."""

import pytest
from django.test import Client

from portal_stub.history.models import AccessRecord
from portal_stub.jobs.models import Job
from portal_stub.jobs.rules import tidy
from portal_stub.jobs.worker import run_due
from tests.portal.conftest import Hand, World, hidden
from tests.portal.inquiries.conftest import (
    Visit,
    a_loss,
    losses_made,
    made,
    made_files,
    newest,
    paper,
    searched,
)
from tests.portal.pages import page_of, part_of

pytestmark = pytest.mark.usefixtures("directory", "no_ledgers")
KINDS = ["contract-data", "loss-data"]


@pytest.fixture(autouse=True)
def _something(world: World) -> None:
    paper()
    a_loss()


def one(client: Client, kind: str) -> Job:
    return made(client, "individual") if kind == "contract-data" else losses_made(client)


def asked(client: Client, kind: str) -> Job:
    """Asks for a file and leaves it unfinished."""
    if kind == "contract-data":
        address, page = searched(client)
    else:
        address = "/loss-data/"
        page = client.get(address)
    client.post(address, hidden(page) | {"kind": "individual"})
    return newest(kind)


@pytest.mark.req("I-011")
@pytest.mark.parametrize("kind", KINDS)
def test_an_unfinished_file_is_marked_and_cannot_be_fetched(world: World, visit: Visit, kind: str) -> None:
    client = visit(world.applicant)
    row = asked(client, kind)
    address = f"/{kind}/files/{row.pk}/"
    page = page_of(client.get(f"/{kind}/"))
    [listed] = made_files(page)
    assert (listed["状態・ダウンロード"], listed.part.links) == ("作成中", {})
    assert [node.get("hx-trigger") for node in page.find("[hx-get]")] == ["every 2s"]
    assert client.get(address).status_code == 404
    run_due()
    page = page_of(client.get(f"/{kind}/"))
    [listed] = made_files(page)
    assert list(listed.part.links.values()) == [address]
    assert page.find("[hx-get]") == []
    assert client.get(address).status_code == 200
    assert AccessRecord.objects.filter(code__startswith="8-").count() == 1


@pytest.mark.req("I-011", "S-012")
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_waits_follows_by_itself_and_keeps_no_session_alive(
    world: World, visit: Visit, hand: Hand, kind: str
) -> None:
    client = visit(world.applicant)
    asked(client, kind)
    [follows] = page_of(client.get(f"/{kind}/")).find("[hx-get]")
    address = follows.get("hx-get")
    assert client.get(address).status_code == 204, "nothing new"
    run_due()
    part = part_of(client.get(address))
    assert part.table().column("状態・ダウンロード")[0].split("\n")[0] == "作成済み"
    assert part.find("[hx-get]") == [], "it asks no more"
    for _ in range(4):
        hand.on(minutes=9)
        client.get(address)
    assert client.get(f"/{kind}/").status_code == 302, "half an hour without a click"


@pytest.mark.req("C-028", "I-012", "I-020")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_disappears_eight_days_after_its_request(
    world: World, visit: Visit, hand: Hand, kind: str
) -> None:
    client = visit(world.applicant)
    hand.at = hand.at.replace(hour=23, minute=59)
    client = visit(world.applicant)
    row = one(client, kind)
    address = f"/{kind}/files/{row.pk}/"
    hand.on(days=7)  # the evening of the seventh day after
    client = visit(world.applicant)
    [listed] = made_files(page_of(client.get(f"/{kind}/")))
    assert listed["削除予定日"] == "2026/04/09"
    assert client.get(address).status_code == 200
    hand.on(minutes=1)  # the eighth day has begun
    assert made_files(page_of(client.get(f"/{kind}/"))) == []
    assert client.get(address).status_code == 404
    tidy()
    assert not Job.objects.filter(pk=row.pk).exists()


@pytest.mark.req("C-029", "I-013")
def test_the_sixth_request_removes_the_oldest_unfinished_ones_counted(world: World, visit: Visit) -> None:
    _at_most_five(world, visit, "contract-data")


@pytest.mark.req("C-030", "I-020")
def test_the_same_of_losses(world: World, visit: Visit) -> None:
    _at_most_five(world, visit, "loss-data")


def _at_most_five(world: World, visit: Visit, kind: str) -> None:
    client = visit(world.applicant)
    other = "loss-data" if kind == "contract-data" else "contract-data"
    beside = one(client, other)
    rows = [one(client, kind) for _ in range(3)] + [asked(client, kind) for _ in range(2)]
    assert Job.objects.filter(kind=kind).count() == 5
    sixth = asked(client, kind)
    left = list(Job.objects.filter(kind=kind).order_by("number").values_list("pk", flat=True))
    assert left == [row.pk for row in [*rows[1:], sixth]]
    assert client.get(f"/{kind}/files/{rows[0].pk}/").status_code == 404
    assert client.get(f"/{kind}/files/{rows[1].pk}/").status_code == 200
    assert Job.objects.filter(pk=beside.pk).exists(), "each kind has its own five"


@pytest.mark.req("I-014")
def test_five_are_of_each_user(world: World, visit: Visit) -> None:
    for user in (world.applicant, world.administrator):
        client = visit(user)
        for _ in range(5):
            asked(client, "loss-data")
    assert Job.objects.filter(kind="loss-data").count() == 10
    listed = made_files(page_of(visit(world.applicant).get("/loss-data/")))
    assert [row["状態・ダウンロード"].split("（")[0] for row in listed] == ["作成中"] * 5


def test_the_page_asks_the_database_no_more_for_more_files(world: World, visit: Visit) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visit(world.applicant)
    one(client, "loss-data")
    with CaptureQueriesContext(connection) as few:
        client.get("/loss-data/")
    for _ in range(4):
        one(client, "loss-data")
    with CaptureQueriesContext(connection) as many:
        client.get("/loss-data/")
    assert len(many) == len(few)
