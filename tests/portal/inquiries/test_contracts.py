"""保険契約情報: search, creation, content of the files, and whose contracts they tell of (I-005 to I-018, G-015, G-021)."""

import hashlib
from datetime import date, datetime
from pathlib import Path

import pytest
from django.test import Client

from portal_stub.accounts.models import Agreement, Holder
from portal_stub.history.models import AccessRecord
from portal_stub.inquiries.layouts import CONTRACT_VERSION, LOSS_COLUMNS, contract_columns
from portal_stub.jobs.models import Job
from portal_stub.jobs.worker import run_due
from portal_stub.pages.help import TOPICS
from sensors.windows import TOKYO
from tests import kit
from tests.homes import WEEK_OVER, Home, contracts
from tests.portal.conftest import HOLDER, OTHER, Hand, World, hidden
from tests.portal.inquiries.conftest import (
    AGREEMENT,
    Visit,
    a_loss,
    downloaded,
    made,
    made_files,
    newest,
    offered,
    paper,
    rows_of,
    searched,
)
from tests.portal.pages import page_of, part_of


# ---------------------------------------------------------------------------------------------- the way
@pytest.mark.req("I-006", "I-007", "I-008", "I-010")
@pytest.mark.usefixtures("directory", "no_ledgers")
def test_from_the_search_over_the_kind_to_the_file(world: World, visit: Visit) -> None:
    paper()
    paper("P-0002")
    paper("L-0001", kind="loan")
    client = visit(world.applicant)
    first = page_of(client.get("/contract-data/"))
    items = {item.label for item in first.section("検索条件").fields.values()}
    assert {
        "保険契約締結日（から）",
        "保険種",
        "証券番号・台帳番号",
        "所在国名または国コード",
        "バイヤーコード",
        "特約コード",
    } <= items
    assert made_files(first) == []
    address, page = searched(client, country="アメリカ")
    assert offered(page) == {
        "individual": "貿易一般保険（個別）（2契約・2行）",
        "loan": "貿易代金貸付保険（1契約・1行）",
    }
    assert not Job.objects.filter(kind="contract-data").exists(), "the search makes no file"
    none = page_of(client.post(address, hidden(page)), 422)
    assert none.errors == {"kind": "保険種を1つ選択してから、「データ作成」を押してください。"}
    reply = client.post(address, hidden(page) | {"kind": "loan"})
    assert reply.headers["Location"] == f"/contract-data/?holder={HOLDER}&done=asked#files"
    listed = page_of(client.get("/contract-data/?done=asked"))
    assert listed.status == ("データの作成を受け付けました。作成が終わると「ダウンロード」が表示されます。")
    [row] = made_files(listed)
    assert row["状態・ダウンロード"] == "作成中"
    assert row["条件"] == "保険種: 貿易代金貸付保険\n国: アメリカ"
    run_due()
    [row] = made_files(page_of(client.get("/contract-data/")))
    assert row["状態・ダウンロード"].split("\n")[0] == "作成済み"
    assert (row["件数"], row["削除予定日"]) == ("1", "2026/04/09")
    assert list(row.part.links.values()) == [f"/contract-data/files/{newest('contract-data').pk}/"]


@pytest.mark.req("I-007")
@pytest.mark.usefixtures("directory", "no_ledgers")
def test_the_page_of_a_search_follows_by_itself(world: World, visit: Visit) -> None:
    paper()
    client = visit(world.applicant)
    address = str(client.post("/contract-data/", {}).headers["Location"])
    waiting = page_of(client.get(address)).section("検索結果")
    assert waiting.sentences[0] == "検索しています。しばらくお待ちください。"
    [follows] = waiting.find("[hx-get]")
    part = follows.get("hx-get")
    assert part.startswith(f"{address}part/?was=")
    assert client.get(part).status_code == 204
    run_due()
    found = part_of(client.get(part))
    assert list(found.fields["kind"].options) == ["貿易一般保険（個別）（1契約・1行）"]
    assert found.find("[hx-get]") == []
    assert visit(world.administrator).get(f"{address}part/").status_code == 404


@pytest.mark.req("I-007")
@pytest.mark.usefixtures("directory", "no_ledgers")
def test_only_what_was_found_can_be_chosen(world: World, visit: Visit) -> None:
    paper()
    client = visit(world.applicant)
    address, page = searched(client)
    assert client.post(address, hidden(page) | {"kind": "loan"}).status_code == 422
    assert not Job.objects.filter(kind="contract-data").exists()
    _, nothing = searched(client, buyer="105000001")
    assert page_of(nothing).section("検索結果").sentences == [
        "条件に合う保険契約はありません。条件を変更し、再度「検索」ボタンを押してください。"
    ]
    assert offered(nothing) == {}


@pytest.mark.req("I-017")
@pytest.mark.usefixtures("directory", "no_ledgers")
@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        ({}, {"P-0001", "P-0002", "Q-0001"}),
        ({"since": "2025-06-02"}, {"P-0002", "Q-0001"}),
        ({"until": "2025-06-02"}, {"P-0001", "P-0002"}),
        ({"number": "P-"}, {"P-0001", "P-0002"}),
        ({"number": "p-0002"}, {"P-0002"}),
        ({"country": "105"}, {"Q-0001"}),
        ({"buyer": "304000001"}, {"P-0001", "P-0002"}),
        ({"agreement": AGREEMENT}, {"P-0002"}),
        ({"kind": "individual", "since": "2025-06-02", "country": "304"}, {"P-0002"}),
    ],
)
def test_every_condition_narrows(
    world: World, visit: Visit, conditions: dict[str, str], numbers: set[str]
) -> None:
    paper()
    paper("P-0002", concluded_on=date(2025, 6, 2), agreement=AGREEMENT)
    paper("Q-0001", concluded_on=date(2025, 6, 3), country="105", buyer="105000001")
    client = visit(world.applicant)
    rows = rows_of(downloaded(client, made(client, "individual", conditions)))
    assert {row["証券番号・申込番号"] for row in rows} == numbers


@pytest.mark.usefixtures("directory", "no_ledgers")
def test_wrong_conditions_are_told_and_what_was_typed_stays(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    reply = client.post(
        "/contract-data/",
        {"since": "2026-02-30", "country": "火星", "number": "ああ", "buyer": "x", "kind": "x"},
    )
    page = page_of(reply, 422)
    assert set(page.errors) == {"since", "country", "number", "buyer", "kind"}
    assert page.fields["country"].value == "火星"
    turned = client.post("/contract-data/", {"since": "2026-02-02", "until": "2026-02-01"})
    assert list(page_of(turned, 422).errors) == ["until"]
    assert page_of(turned, 422).errors["until"].endswith("は、開始の日以後の日付にしてください。")
    assert not Job.objects.exists()
    address, _ = searched(client, number="P-9", country="304")
    back = client.get(f"/contract-data/?search={address.rstrip('/').rpartition('/')[2]}")
    kept = page_of(back).section("検索条件").fields
    assert (kept["number"].value, kept["country"].value) == ("P-9", "304")


# ---------------------------------------------------------------------------------------------- content
@pytest.mark.req("I-005", "I-009")
@pytest.mark.usefixtures("directory", "no_ledgers")
def test_a_contract_on_paper_is_told_as_it_was_brought(world: World, visit: Visit, hand: Hand) -> None:
    paper()
    a_loss()
    client = visit(world.applicant)
    hand.on(minutes=5, seconds=7)
    row = made(client, "individual")
    assert row.file_name == f"contract_data_individual_v1_{HOLDER}_20260401_090507.csv"
    content = downloaded(client, row)
    assert content.startswith('"保険種","手続方法"'.encode("cp932"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert rows_of(content) == [
        {
            "保険種": "貿易一般保険（個別）",
            "手続方法": "書面",
            "証券番号・申込番号": "P-0001",
            "保険利用者コード": HOLDER,
            "特約コード": "",
            "保険契約締結日": "20250601",
            "保険責任終了日": "20260531",
            "国コード": "304",
            "国名": "アメリカ合衆国",
            "バイヤーコード": "304000001",
            "バイヤー名称": "EXAMPLE AMERICA INC.",
            "貨物・案件": "工作機械",
            "通貨": "USD",
            "契約金額": "1234567.50",
            "保険金額（円）": "170000000",
            "保険料（円）": "850000",
            "中長期": "0",
            "危険・損失発生": "1",
            "備考": "",
        }
    ]
    [record] = AccessRecord.objects.filter(code="8-2")
    assert record.login_id == world.applicant.login_id


@pytest.mark.usefixtures("directory", "no_ledgers")
def test_words_run_in_no_spreadsheet_and_no_character_is_lost(world: World, visit: Visit) -> None:
    paper(subject="=cmd|'/C calc'!A0", remarks="＋1")
    client = visit(world.applicant)
    [row] = rows_of(downloaded(client, made(client, "individual")))
    assert (row["貨物・案件"], row["備考"]) == ("'=cmd|'/C calc'!A0", "'＋1")
    paper("P-0002", remarks="\u9ad9\U00020b9f")  # 叱's variant is in JIS X 0213, not in CP932
    content = downloaded(client, made(client, "individual"))
    assert content.startswith(b"\xef\xbb\xbf")
    rows = rows_of(content, "utf-8-sig")
    assert [row["備考"] for row in rows] == ["'＋1", "\u9ad9\U00020b9f"]


@pytest.mark.req("I-022")
@pytest.mark.parametrize(
    ("kind", "columns", "digest"),
    [
        ("individual", 19, "bb6e5fc9a03e"),
        ("loan", 19, "bb6e5fc9a03e"),
        ("enterprise", 70, "4d5b89f304d2"),
        ("simplified-notice", 54, "ab6c106070ad"),
    ],
)
def test_the_first_version_of_a_layout_stays_as_it_is(kind: str, columns: int, digest: str) -> None:
    """Who changes a column raises the version, and the help tells it."""
    labels = [column.label for column in contract_columns(kind)]
    assert (CONTRACT_VERSION, len(labels)) == (1, columns)
    assert len(set(labels)) == len(labels)
    assert hashlib.sha256("\n".join(labels).encode()).hexdigest()[:12] == digest, labels


@pytest.mark.req("I-022")
def test_the_help_tells_the_columns() -> None:
    for topic, columns in (("contract-data", contract_columns("individual")), ("loss-data", LOSS_COLUMNS)):
        [layout] = [section for section in TOPICS[topic].sections if section.key == "layout"]
        told = "\n".join(layout.lines)
        assert f": {'、'.join(column.label for column in columns)}。" in told
    added = [column.label for column in contract_columns("enterprise")[-17:]]
    assert added[:4] == ["確定状況", "台帳番号", "国カテゴリー", "格付"]
    assert (
        "確定状況、台帳番号、国カテゴリー、格付、保険金額A～D、料率A～D、保険料A～D、内容変更等通知期限"
        in ("\n".join(line for section in TOPICS["contract-data"].sections for line in section.lines))
    )


@pytest.mark.req("I-005", "I-015")
def test_contracts_of_the_ledgers_and_on_paper_stand_in_one_file(
    ledgers: Home, world: World, visit: Visit
) -> None:
    paper(
        "P-0001",
        kind="enterprise",
        agreement=kit.AGREEMENT,
        concluded_on=date(2018, 6, 1),
        ends_on=date(2019, 5, 31),
    )
    client = visit(world.applicant)
    _, page = searched(client)
    assert offered(page) == {
        "enterprise": "企業総合保険（4契約・4行）",
        "simplified-notice": "簡易通知型包括保険（1契約・1行）",
    }
    rows = rows_of(downloaded(client, made(client, "enterprise")))
    assert [(row["手続方法"], row["証券番号・申込番号"]) for row in rows] == [
        ("台帳・通知", "18-000001-00"),
        ("台帳・通知", "18-000002-00"),
        ("台帳・通知", "18-000003-00"),
        ("書面", "P-0001"),
    ]
    booked = rows[1]
    told = {
        "保険利用者コード": HOLDER,
        "特約コード": kit.AGREEMENT,
        "保険契約締結日": "20181106",
        "保険責任終了日": "20190204",
        "国コード": "105",
        "バイヤーコード": kit.buyer("EA"),
        "通貨": "JPY",
        "契約金額": "10000000",
        "保険料（円）": "18400",
        "中長期": "0",
        "危険・損失発生": "0",
        "輸出契約等番号": "EX-2",
        "最終船積期日": "20181206",
        "確定状況": "未確定",
        "格付": "EA",
        "料率A（％）": "0.026",
    }
    assert {name: booked[name] for name in told} == told
    assert sum(int(booked[f"保険料{one}（円）"]) for one in "ABCD") == 18_400
    [notice] = rows_of(downloaded(client, made(client, "simplified-notice")))
    assert (notice["契約金額"], notice["船積年月"], notice["保険責任終了日"]) == (
        "10000000",
        "201810",
        "20181230",
    )


@pytest.mark.req("I-017")
@pytest.mark.usefixtures("directory")
def test_every_condition_narrows_the_ledgers(ledgers: Home, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    every = ["18-000001-00", "18-000002-00", "18-000003-00"]
    for conditions, numbers in (
        ({"number": "18-000002"}, ["18-000002-00"]),
        ({"country": "304"}, ["18-000001-00"]),
        ({"buyer": kit.buyer("EE")}, ["18-000003-00"]),
        ({"buyer": kit.buyer("EA")}, every),
        ({"agreement": kit.DISCOUNT_AGREEMENT}, ["18-000003-00"]),
        ({"since": "2018-11-06", "until": "2018-11-06"}, every),
        ({"until": "2018-11-05"}, []),
        ({"since": "2018-11-07"}, []),
        ({"kind": "simplified-notice"}, []),
    ):
        address, page = searched(client, **conditions)
        assert ("enterprise" in offered(page)) is bool(numbers), conditions
        if numbers:
            client.post(address, hidden(page) | {"kind": "enterprise"})
            run_due()
            rows = rows_of(downloaded(client, newest("contract-data")))
            assert [row["証券番号・申込番号"] for row in rows] == numbers, conditions


@pytest.mark.req("I-017")
def test_a_line_is_found_by_the_number_of_the_ledger_that_it_stands_on(
    ledgers: Home, world: World, visit: Visit, hand: Hand
) -> None:
    assert ledgers.cli("run", "reconcile", now=WEEK_OVER).code == 0
    hand.at = datetime.fromisoformat(WEEK_OVER).replace(tzinfo=TOKYO)
    client = visit(world.applicant)
    rows = rows_of(downloaded(client, made(client, "enterprise")))
    ledger_ids = {row["台帳番号"] for row in rows}
    assert len(ledger_ids) == 2, "one per agreement"
    wanted = next(row for row in rows if row["特約コード"] == kit.DISCOUNT_AGREEMENT)
    found = rows_of(downloaded(client, made(client, "enterprise", {"number": wanted["台帳番号"]})))
    assert [row["証券番号・申込番号"] for row in found] == [wanted["証券番号・申込番号"]]


@pytest.mark.req("I-015", "I-016")
def test_the_ledgers_keep_the_scope_of_any_of_four(
    ledgers: Home, world: World, visit: Visit, hand: Hand
) -> None:
    ledgers.booked(contracts("LONG", last_shipment_date="20201206"), name="long.csv")
    hand.at = datetime(2022, 3, 31, 9, 0, tzinfo=TOKYO)
    _, page = searched(visit(world.applicant))
    assert offered(page)["enterprise"].endswith("（4契約・4行）"), "concluded in the third year before"
    hand.at = datetime(2022, 4, 1, 9, 0, tzinfo=TOKYO)
    client = visit(world.applicant)
    rows = rows_of(downloaded(client, made(client, "enterprise")))
    assert [(row["輸出契約等番号"], row["中長期"]) for row in rows] == [("LONG", "1")]
    a_loss(kind="enterprise", number="18-000002-00")
    a_loss("A-0002", kind="enterprise", number="18-000001")
    rows = rows_of(downloaded(client, made(client, "enterprise")))
    assert [(row["輸出契約等番号"], row["危険・損失発生"]) for row in rows] == [
        ("EX-1", "1"),
        ("EX-2", "1"),
        ("LONG", "0"),
    ]


# ---------------------------------------------------------------------------------------------- whose
@pytest.mark.req("I-018", "G-015")
@pytest.mark.usefixtures("no_ledgers")
def test_without_the_right_to_data_no_page_opens(world: World, visit: Visit) -> None:
    paper()
    row = made(visit(world.applicant), "individual")
    client = visit(world.reader)
    assert "保険契約情報" in page_of(visit(world.applicant).get("/menu/")).links
    assert "保険契約情報" not in page_of(client.get("/menu/")).links
    for address in (
        *("/contract-data/", f"/contract-data/files/{row.pk}/", "/loss-data/", f"/loss-data/files/{row.pk}/"),
        *("/claims-lists/", "/claims-lists/PJ-1/", "/claims-lists/PJ-1/1/"),
    ):
        assert client.get(address).status_code == 403, address
    assert client.post("/contract-data/", {}).status_code == 403


@pytest.mark.req("G-021")
def test_listed_agreements_limit_search_and_files(ledgers: Home, world: World, visit: Visit) -> None:
    Agreement.objects.create(holder=world.holder, code=kit.DISCOUNT_AGREEMENT, product="enterprise")
    world.enterer.listed_agreements.set(Agreement.objects.filter(code=kit.DISCOUNT_AGREEMENT))
    for number, agreement in (("P-1", ""), ("P-2", kit.AGREEMENT), ("P-3", kit.DISCOUNT_AGREEMENT)):
        paper(number, kind="enterprise", agreement=agreement, ends_on=date(2030, 1, 1))
    client = visit(world.enterer)
    _, page = searched(client)
    assert offered(page) == {"enterprise": "企業総合保険（2契約・2行）"}
    rows = rows_of(downloaded(client, made(client, "enterprise")))
    assert [row["証券番号・申込番号"] for row in rows] == ["18-000003-00", "P-3"]
    wide = visit(world.applicant)
    assert len(rows_of(downloaded(wide, made(wide, "enterprise")))) == 6


@pytest.mark.req("G-021")
@pytest.mark.usefixtures("no_ledgers")
def test_a_file_made_with_wider_rights_is_not_given_any_more(world: World, visit: Visit) -> None:
    paper()
    paper("P-0002", agreement=AGREEMENT)
    user = world.applicant
    wide = made(visit(user), "individual")
    user.data_scope = "listed"
    user.save()
    user.listed_agreements.set(Agreement.objects.filter(code=AGREEMENT))
    client = visit(user)
    assert client.get(f"/contract-data/files/{wide.pk}/").status_code == 404
    assert made_files(page_of(client.get("/contract-data/"))) == []
    narrow = made(client, "individual")
    assert [row["証券番号・申込番号"] for row in rows_of(downloaded(client, narrow))] == ["P-0002"]
    user.data_scope = "all"
    user.save()
    assert visit(user).get(f"/contract-data/files/{wide.pk}/").status_code == 200


@pytest.mark.req("G-021")
@pytest.mark.usefixtures("no_ledgers")
def test_rights_that_are_narrowed_while_a_file_is_made_count(world: World, visit: Visit) -> None:
    paper()
    client = visit(world.applicant)
    address, page = searched(client)
    client.post(address, hidden(page) | {"kind": "individual"})
    world.applicant.data_scope = "none"
    world.applicant.save()
    run_due()
    row = newest("contract-data")
    assert (row.state, row.sha256) == ("failed", "")


@pytest.mark.req("S-024")
@pytest.mark.usefixtures("directory", "no_ledgers")
def test_searches_and_files_of_others_do_not_exist(world: World, visit: Visit) -> None:
    paper()
    client = visit(world.applicant)
    address, _ = searched(client)
    row = made(client, "individual")
    for other in (world.administrator, world.stranger):
        foreign = visit(other)
        assert foreign.get(address).status_code == 404
        assert foreign.post(address, {"kind": "individual", "once": "x"}).status_code == 404
        assert foreign.get(f"/contract-data/files/{row.pk}/").status_code == 404
    assert client.get(f"/loss-data/files/{row.pk}/").status_code == 404, "of another kind"
    assert visit(world.stranger).get(f"/contract-data/?holder={HOLDER}").status_code == 404
    assert offered(searched(visit(world.stranger))[1]) == {}


@pytest.mark.req("G-022")
@pytest.mark.usefixtures("directory", "no_ledgers")
def test_a_reader_of_the_whole_company_chooses_the_holder(world: World, visit: Visit) -> None:
    paper()
    paper("P-0009", holder=OTHER)
    client = visit(world.company_reader)
    page = page_of(client.get(f"/contract-data/?holder={OTHER}"))
    assert f"参照中の保険利用者: {OTHER} 他社" in page.sentences
    assert page.fields["holder"].value == OTHER
    address = str(client.post(f"/contract-data/?holder={OTHER}", {}).headers["Location"])
    run_due()
    found = client.get(address)
    reply = client.post(address, hidden(found) | {"kind": "individual"})
    assert reply.headers["Location"] == f"/contract-data/?holder={OTHER}&done=asked#files"
    run_due()
    row = newest("contract-data")
    assert [one["証券番号・申込番号"] for one in rows_of(downloaded(client, row))] == ["P-0009"]
    assert made_files(page_of(client.get("/contract-data/"))) == [], "of the other holder"
    world.company_reader.read_holders.set(Holder.objects.filter(code=HOLDER))
    assert visit(world.company_reader).get(f"/contract-data/files/{row.pk}/").status_code == 404


@pytest.mark.req("I-028")
@pytest.mark.usefixtures("directory", "no_ledgers")
def test_menu_and_end_stand_on_every_page(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    address, page = searched(client)
    for reply in (client.get("/contract-data/"), page, client.get("/loss-data/")):
        assert page_of(reply).links["メニュー"] == "/menu/"
        assert page_of(reply).buttons["終了"].action == "/logout/"
    assert client.post("/logout/").status_code == 302
    assert client.get(address).headers["Location"].startswith("/login/")


def test_a_search_is_forgotten_on_the_next_day(
    world: World, visit: Visit, hand: Hand, no_ledgers: Path, client: Client
) -> None:
    address, _ = searched(visit(world.applicant))
    hand.on(days=1)
    assert visit(world.applicant).get(address).status_code == 404
