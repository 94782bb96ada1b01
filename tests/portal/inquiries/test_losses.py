"""事故概要情報: conditions, creation, content, download (I-019, I-021)."""

from datetime import date

import pytest

from portal_stub.history.models import AccessRecord
from portal_stub.jobs.models import Job
from tests.portal.conftest import HOLDER, OTHER, World, hidden
from tests.portal.inquiries.conftest import (
    AGREEMENT,
    Visit,
    a_loss,
    downloaded,
    losses_made,
    made_files,
    paper,
    rows_of,
)
from tests.portal.pages import page_of

pytestmark = pytest.mark.usefixtures("directory", "no_ledgers")


@pytest.mark.req("I-019", "I-021")
def test_contracts_with_an_accident_are_told_with_what_is_known(world: World, visit: Visit) -> None:
    paper()
    paper("P-0002")
    a_loss(remarks="=1+1")
    client = visit(world.applicant)
    page = page_of(client.get("/loss-data/"))
    assert page.heading == "事故概要情報検索"
    assert made_files(page) == []
    row = losses_made(client)
    assert row.file_name == f"loss_data_all_v1_{HOLDER}_20260401_090000.csv"
    [listed] = made_files(page_of(client.get("/loss-data/")))
    assert (listed["条件"], listed["件数"], listed["削除予定日"]) == ("指定なし", "1", "2026/04/09")
    assert list(listed.part.links.values()) == [f"/loss-data/files/{row.pk}/"]
    assert rows_of(downloaded(client, row)) == [
        {
            "事故番号": "A-0001",
            "保険種": "貿易一般保険（個別）",
            "証券番号・申込番号": "P-0001",
            "保険利用者コード": HOLDER,
            "特約コード": "",
            "国コード": "304",
            "国名": "アメリカ合衆国",
            "バイヤーコード": "304000001",
            "バイヤー名称": "EXAMPLE AMERICA INC.",
            "区分": "損失発生",
            "事由": "支払人の破産",
            "発生日": "20260115",
            "損失等発生通知日": "20260201",
            "損失額（円）": "100000000",
            "保険金請求額（円）": "",
            "保険金支払日": "",
            "支払保険金（円）": "",
            "回収額（円）": "",
            "備考": "'=1+1",
        }
    ]
    [record] = AccessRecord.objects.filter(code="8-3")
    assert record.login_id == world.applicant.login_id


@pytest.mark.req("I-019")
def test_every_condition_narrows(world: World, visit: Visit) -> None:
    a_loss()
    a_loss("A-0002", happened_on=date(2026, 2, 1), country="105", buyer="105000001", number="Q-1")
    a_loss("A-0003", kind="enterprise", agreement=AGREEMENT, number="18-000001-00")
    a_loss("A-0004", cancelled=True)
    client = visit(world.applicant)
    for conditions, numbers in (
        ({}, ["A-0001", "A-0002", "A-0003"]),
        ({"since": "2026-01-16"}, ["A-0002"]),
        ({"until": "2026-01-15"}, ["A-0001", "A-0003"]),
        ({"kind": "enterprise"}, ["A-0003"]),
        ({"number": "18-000001"}, ["A-0003"]),
        ({"country": "中華"}, ["A-0002"]),
        ({"buyer": "105000001"}, ["A-0002"]),
        ({"agreement": AGREEMENT}, ["A-0003"]),
    ):
        rows = rows_of(downloaded(client, losses_made(client, **conditions)))
        assert [row["事故番号"] for row in rows] == numbers, conditions


def test_where_nothing_is_found_there_is_no_file(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    row = losses_made(client)
    assert (row.state, row.sha256) == ("failed", "")
    [listed] = made_files(page_of(client.get("/loss-data/")))
    assert listed["状態・ダウンロード"] == (
        "作成できませんでした。条件に合うデータがありません。条件を変更して、もう一度作成してください。"
    )
    assert listed.part.links == {}
    assert client.get(f"/loss-data/files/{row.pk}/").status_code == 404
    assert not AccessRecord.objects.filter(code="8-3").exists()


@pytest.mark.req("S-024", "G-021")
def test_losses_of_others_and_of_other_agreements_are_not_told(world: World, visit: Visit) -> None:
    a_loss("A-0001", agreement=AGREEMENT)
    a_loss("A-0002")
    a_loss("A-0003", holder=OTHER)
    client = visit(world.enterer)
    rows = rows_of(downloaded(client, losses_made(client)))
    assert [row["事故番号"] for row in rows] == ["A-0001"]
    wide = visit(world.applicant)
    row = losses_made(wide)
    assert [one["事故番号"] for one in rows_of(downloaded(wide, row))] == ["A-0001", "A-0002"]
    assert client.get(f"/loss-data/files/{row.pk}/").status_code == 404
    foreign = visit(world.stranger)
    assert [one["事故番号"] for one in rows_of(downloaded(foreign, losses_made(foreign)))] == ["A-0003"]


@pytest.mark.req("S-017")
def test_a_page_that_is_sent_twice_asks_once(world: World, visit: Visit) -> None:
    a_loss()
    client = visit(world.applicant)
    sent = hidden(client.get("/loss-data/"))
    for _ in range(2):
        assert client.post("/loss-data/", sent).status_code == 302
    assert Job.objects.filter(kind="loss-data").count() == 1
    bad = client.post("/loss-data/", sent | {"since": "x"})
    page = page_of(bad, 422)
    assert list(page.errors) == ["since"]
    assert page.fields["since"].value == "x"
