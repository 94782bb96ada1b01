"""モニタリスト, 提供データ, 台帳・請求書 and the confirmations of 企業総合保険: who gets which, by which conditions."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal_stub.access import ROUTES
from portal_stub.accounts.models import Agreement, Holder
from portal_stub.feed.models import AgreementPeriod, Policyholder
from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.ledgers.models import LedgerCheck
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.feed.conftest import UNDECIDED, paper, portrait, tell
from tests.portal.ledgers.test_sent_list import handed_in, told
from tests.portal.pages import page_of

Visit = Callable[..., Client]
LISTS = "/ledger-papers/monitor-lists/"
DATA = "/ledger-papers/provided-data/"
PAPERS = "/ledger-papers/"
CHECKS = "/ledger-papers/reconciliation/"
CONFIRMED = "/ledger-papers/confirmed-data/"
ENTERPRISE, NOTICE = f"{HOLDER[:8]}1", f"{HOLDER[:8]}2"
FOREIGN = f"{OTHER[:8]}1"


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Path) -> Path:
    """A file behind every paper."""
    settings.PIPELINE_FILES = str(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 paper")
    (tmp_path / "a.csv").write_bytes(b"a,b\r\n")
    return tmp_path


def unit_papers(
    agreement: str, month: str, ledger: str, *kinds: str, department: str = "-", **changes: Any
) -> list[dict[str, Any]]:
    """Papers of one ledger as the pipeline issues them."""
    unit = f"{agreement}_{department}_{month}"
    rows = []
    for kind in kinds:
        for form in ("csv",) if kind == "provided_data" else ("pdf", "csv"):
            name = f"{kind}-{unit}_{ledger}" + ("" if kind == "provided_data" else f"-{form}")
            rows.append(paper(name, kind=kind, format=form, path=f"a.{form}", unit=unit) | changes)
    return rows


@pytest.fixture
def issued(world: World) -> None:
    """A month of papers for both holders; only the first asked for 提供データ."""
    for code, holder, product in (
        (ENTERPRISE, HOLDER, "enterprise"),
        (NOTICE, HOLDER, "simplified-notice"),
        (FOREIGN, OTHER, "enterprise"),
    ):
        AgreementPeriod.objects.create(code=code, valid_from=date(2026, 1, 1), holder=holder, product=product)
    Policyholder.objects.create(code=HOLDER, name="見本商事", provided_data=True)
    Policyholder.objects.create(code=OTHER, name="他社", provided_data=False)
    until = "2026-05-02T00:00:00+09:00"
    tell(
        documents=[
            *unit_papers(ENTERPRISE, "2026-03", "2026W13_1", "reconciliation_ledger"),
            *unit_papers(ENTERPRISE, "2026-03", "2026W13_1", "provided_data", expires_at=until),
            *unit_papers(
                ENTERPRISE, "2026-02", "C_1", "confirmed_ledger", "premium_statement", "invoice", "difference_list",
                created_at="2026-03-31T20:30:00+09:00",
            ),
            *unit_papers(ENTERPRISE, "2026-02", "C_1", "provided_data", expires_at="2026-05-01T00:00:00+09:00",
                         created_at="2026-03-31T20:30:00+09:00"),
            *unit_papers(NOTICE, "2026-03", "2026W13_1", "shipment_statement_check", department="D1"),
            *unit_papers(NOTICE, "2026-03", "2026W13_1", "provided_data", department="D1", expires_at=until),
            *unit_papers(FOREIGN, "2026-03", "2026W13_1", "reconciliation_ledger", holder=OTHER),
            *unit_papers(FOREIGN, "2026-03", "2026W13_1", "provided_data", holder=OTHER, expires_at=until),
        ]
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- モニタリスト
def monitor_lists(client: Client, **query: str) -> list[str]:
    """File names that 「検索」 finds."""
    result = page_of(client.get(LISTS, {"search": "1", **query})).section("検索結果")
    return [row.head.split("\n")[0] for table in result.tables for row in table.rows]


@pytest.mark.req("D-003", "D-004", "D-005", "D-006", "D-045", "P-040")
def test_monitor_lists_are_searched_and_stored_or_shown(world: World, visit: Visit) -> None:
    rows = [
        told(handed_in(world.applicant, "四月.csv"), 1),
        told(handed_in(world.applicant, "誤り.csv"), 2, verdict="rejected", premium_total=None),
        portrait(3, file_name="SFTP.csv", received_at="2026-03-30T10:00:00+09:00", product="equipment"),
        portrait(4, file_name="まだ.csv", **UNDECIDED),
        portrait(5, file_name="期限切れ.csv"),
    ]
    tell(
        *rows,
        documents=[
            *(paper(f"monitor_list-S0000000{n}", submission_id=f"S0000000{n}", path="a.pdf") for n in (1, 2, 3)),
            paper("monitor_list-S00000005", submission_id="S00000005", path="a.pdf",
                  expires_at="2026-04-01T00:00:00+09:00"),
        ],
    )  # fmt: skip
    client = visit(world.applicant)
    first = page_of(client.get(LISTS))
    assert first.headings == ["検索条件"], "conditions first"
    assert first.sentences[0].endswith(
        "受理が翌営業日となった場合は、翌営業日に再度ログインのうえ、ダウンロードしてください。"
    )

    def found(**query: str) -> set[str]:
        return set(monitor_lists(client, **query))

    assert found() == {"四月.csv", "誤り.csv", "SFTP.csv"}
    assert found(product="equipment") == {"SFTP.csv"}
    assert found(since="2026-04-01") == {"四月.csv", "誤り.csv"}
    assert found(until="2026-03-31") == {"SFTP.csv"}
    assert found(status="申請内容要確認") == {"誤り.csv"}
    assert found(name="四月") == found(name="S00000001") == {"四月.csv"}
    [row] = page_of(client.get(LISTS, {"search": "1", "name": "四月"})).table("検索結果").rows
    assert row["操作"] == "表示 リスト出力"
    address = f"{LISTS}monitor_list-S00000001/"
    assert list(row.part.links.values()) == [f"{address}?show=1", address]
    stored = client.get(address)
    assert stored.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(stored.streaming_content).startswith(b"%PDF-")
    shown = client.get(f"{address}?show=1")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert shown.headers["Content-Type"] == "application/pdf"
    assert client.get(f"{LISTS}monitor_list-S00000005/").status_code == 404
    assert list(page_of(client.get(LISTS, {"search": "1", "since": "x"}), 422).errors) == ["since"]


@pytest.mark.req("D-003", "D-001")
def test_a_monitor_list_of_the_next_day_is_there_after_a_new_login(
    world: World, visit: Visit, hand: Hand
) -> None:
    hand.at = hand.at.replace(hour=18)
    upload = handed_in(world.applicant, "夕方.csv", expected_on=date(2026, 4, 2))
    tell(told(upload, 1, **UNDECIDED | {"acceptance_date": "2026-04-02"}))
    client = visit(world.applicant)
    standing = page_of(client.get(f"/ledger/enterprise/sent/{upload.pk}/"))
    assert standing.facts["ステータス"].split("\n")[0] == "受付前"
    assert monitor_lists(client) == []
    hand.at = hand.at.replace(day=2, hour=9)
    tell(
        told(upload, 1, acceptance_date="2026-04-02"),
        documents=[paper("monitor_list-S00000001", submission_id="S00000001", path="a.pdf")],
    )
    assert client.get(LISTS).status_code == 302, "the evening's session is over"
    assert monitor_lists(visit(world.applicant)) == ["夕方.csv"]


@pytest.mark.req("G-017", "G-018", "G-021")
def test_monitor_lists_follow_scope_and_agreements(world: World, visit: Visit) -> None:
    own, others = handed_in(world.enterer, "自分.csv"), handed_in(world.applicant, "同僚.csv")
    beyond = handed_in(world.enterer, "対象外.csv")
    foreign = handed_in(world.stranger, "他社.csv")
    tell(
        told(own, 1), told(others, 2), told(beyond, 3), told(foreign, 4, holder=OTHER),
        documents=[
            paper(f"monitor_list-S0000000{n}", submission_id=f"S0000000{n}", path="a.pdf",
                  holder=OTHER if n == 4 else HOLDER)
            for n in (1, 2, 3, 4)
        ],
        agreements={"S00000001": [ENTERPRISE], "S00000002": [ENTERPRISE], "S00000003": [ENTERPRISE, NOTICE]},
    )  # fmt: skip

    def seen(role: str) -> set[str]:
        client = visit(getattr(world, role))
        rows = monitor_lists(client)
        opened = {
            n for n in (1, 2, 3, 4) if client.get(f"{LISTS}monitor_list-S0000000{n}/").status_code == 200
        }
        assert len(opened) == len(rows), "what is not listed is not to be had"
        return set(rows)

    assert seen("enterer") == {"自分.csv"}
    assert seen("applicant") == seen("administrator") == {"自分.csv", "同僚.csv", "対象外.csv"}
    assert seen("stranger") == {"他社.csv"}
    assert visit(world.reader).get(LISTS).status_code == 403


# ---------------------------------------------------------------------------------------------- 提供データ
def data_rows(reply: Any) -> list[tuple[str, str, str]]:
    result = page_of(reply).section("照会")
    rows = [row for table in result.tables for row in table.rows]
    return [(row["特約コード"], row["受理月"], row["台帳区分"]) for row in rows]


@pytest.mark.req("D-025", "D-026", "D-027", "P-041")
def test_provided_data_are_searched_looked_up_and_stored(issued: None, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    first = page_of(client.get(DATA))
    assert first.headings == ["検索条件"], "conditions first"
    assert (first.buttons["検索"].name, first.buttons["検索"].value) == ("search", "1")
    reply = client.get(DATA, {"search": "1"})
    assert page_of(reply).headings == ["検索条件", "照会（3件）"]
    assert page_of(reply).table("照会").column("操作") == ["ダウンロード"] * 3
    reconciled, confirmed = (ENTERPRISE, "2026-03", "照合"), (ENTERPRISE, "2026-02", "確定")
    notice = (NOTICE, "2026-03", "照合")
    assert set(data_rows(reply)) == {reconciled, confirmed, notice}
    for query, rows in (
        ({"product": "enterprise"}, {reconciled, confirmed}),
        ({"product": "consumer-goods"}, set()),
        ({"stage": "reconciliation"}, {reconciled, notice}),
        ({"stage": "confirmation"}, {confirmed}),
        ({"since": "2026-04-01"}, {reconciled, notice}),
        ({"until": "2026-03-31"}, {confirmed}),
        ({"agreement": NOTICE}, {notice}),
        ({"department": "D1"}, {notice}),
        ({"department": "D1", "product": "enterprise"}, set()),
    ):
        assert set(data_rows(client.get(DATA, {"search": "1", **query}))) == rows, query
    assert not AccessRecord.objects.filter(code="8-1").exists()
    name = f"provided_data-{ENTERPRISE}_-_2026-03_2026W13_1"
    stored = client.get(f"{DATA}{name}/")
    assert stored.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(stored.streaming_content) == b"a,b\r\n"
    [row] = AccessRecord.objects.filter(code="8-1")
    assert row.login_id == world.applicant.login_id
    assert client.get(f"{DATA}{name}x/").status_code == 404


@pytest.mark.req("C-025", "C-026")
def test_provided_data_can_be_had_until_the_end_of_the_30th_day(
    issued: None, world: World, visit: Visit, hand: Hand
) -> None:
    name = f"provided_data-{ENTERPRISE}_-_2026-03_2026W13_1"
    shown = page_of(visit(world.applicant).get(DATA, {"search": "1"})).table("照会")
    [row] = [row for row in shown.rows if f"{DATA}{name}/" in row.part.links.values()]
    assert row["提供期限"] == "2026/05/01まで"
    hand.at = hand.at.replace(month=5, day=1, hour=23, minute=59)
    assert visit(world.applicant).get(f"{DATA}{name}/").status_code == 200
    hand.on(minutes=1)
    client = visit(world.applicant)
    assert client.get(f"{DATA}{name}/").status_code == 404
    assert data_rows(client.get(DATA, {"search": "1"})) == []


def not_offered(name: str, code: str) -> str:
    """What stands there instead."""
    return (
        f"提供データは、事前にご要望をいただいたお客様にのみ提供しています。{name}（{code}）には提供していません。"
        "ご希望の場合は、お問い合わせ窓口にお申し出ください。"
    )


@pytest.mark.req("P-042", "D-023")
def test_without_agreement_there_is_a_notice_instead_of_hits(
    issued: None, world: World, visit: Visit
) -> None:
    client = visit(world.stranger)
    page = page_of(client.get(DATA, {"search": "1"}))
    notice = not_offered("他社", OTHER)
    assert page.callouts == [notice]
    assert page.headings == [], "neither conditions nor hits"
    assert page_of(visit(world.applicant).get(DATA, {"search": "1"})).callouts == []
    assert page_of(client.get(CONFIRMED)).callouts == [notice]


@pytest.mark.req("G-015", "G-021", "G-022")
def test_papers_of_units_follow_data_rights(issued: None, world: World, visit: Visit) -> None:
    listed = visit(world.enterer)
    assert {row[0] for row in data_rows(listed.get(DATA, {"search": "1"}))} == {ENTERPRISE}
    assert set(page_of(listed.get(PAPERS)).table("台帳・請求書").column("特約コード")) == {ENTERPRISE}
    beyond = f"{NOTICE}_D1_2026-03_2026W13_1"
    assert listed.get(f"{DATA}provided_data-{beyond}/").status_code == 404
    assert listed.get(f"{PAPERS}documents/shipment_statement_check-{beyond}-pdf/").status_code == 404
    wide = visit(world.applicant)
    assert wide.get(f"{DATA}provided_data-{beyond}/").status_code == 200
    foreign = f"{FOREIGN}_-_2026-03_2026W13_1"
    for address in (
        f"{DATA}provided_data-{foreign}/",
        f"{PAPERS}documents/reconciliation_ledger-{foreign}-pdf/",
    ):
        assert wide.get(address).status_code == 404
        assert visit(world.company_reader).get(address).status_code == 200
    for address in (DATA, PAPERS, CHECKS, CONFIRMED):
        assert visit(world.reader).get(address).status_code == 403
        assert wide.get(address, {"holder": OTHER}).status_code == 404
    company = visit(world.company_reader)
    theirs = page_of(company.get(PAPERS, {"holder": OTHER}))
    assert set(theirs.table("台帳・請求書").column("特約コード")) == {FOREIGN}
    assert theirs.fields["holder"].chosen == [f"{OTHER} 他社"]
    assert list(page_of(company.get(PAPERS)).fields["holder"].options.values()) == [HOLDER, OTHER]
    without = page_of(company.get(DATA, {"holder": OTHER, "search": "1"}))
    assert without.callouts == [not_offered("他社", OTHER)]
    assert len(data_rows(company.get(DATA, {"holder": HOLDER, "search": "1"}))) == 3


# ---------------------------------------------------------------------------------------------- 台帳・請求書
@pytest.mark.req("D-045")
def test_ledgers_and_invoices_are_found_shown_and_stored(issued: None, world: World, visit: Visit) -> None:
    client = visit(world.applicant)

    def found(**query: str) -> list[str]:
        return page_of(client.get(PAPERS, query)).table("台帳・請求書").column("種類")

    assert found()[0] in {"照合台帳", "船積通知明細書（照合用）"}, "newest first"
    assert sorted(found()) == sorted(
        [
            "照合台帳",
            "確定台帳",
            "保険料計算書",
            "保険料請求書",
            "照合・確定差異一覧",
            "船積通知明細書（照合用）",
        ]
    )
    assert found(kind="invoice") == ["保険料請求書"]
    assert (
        found(month="202603", product="enterprise")
        == found(month="2026/3", agreement=ENTERPRISE)
        == ["照合台帳"]
    )
    assert found(department="D1") == ["船積通知明細書（照合用）"]
    assert list(page_of(client.get(PAPERS, {"month": "2026-13"}), 422).errors) == ["month"]
    [row] = page_of(client.get(PAPERS, {"kind": "invoice"})).table("台帳・請求書").rows
    name = f"invoice-{ENTERPRISE}_-_2026-02_C_1"
    for form in ("pdf", "csv"):
        assert f"{PAPERS}documents/{name}-{form}/" in row.part.links.values()
        reply = client.get(f"{PAPERS}documents/{name}-{form}/")
        assert reply.headers["Content-Disposition"].startswith("attachment")
    shown = client.get(f"{PAPERS}documents/{name}-pdf/?show=1")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert (
        client.get(f"{PAPERS}documents/{name}-csv/?show=1").headers["Content-Type"]
        == "application/octet-stream"
    )
    assert AuditEvent.objects.filter(event="document-read").count() == 4
    other_kind = f"provided_data-{ENTERPRISE}_-_2026-03_2026W13_1"
    assert client.get(f"{PAPERS}documents/{other_kind}/").status_code == 404, "those have a page that records"


# ---------------------------------------------------------------------------------------------- 企業総合保険
@pytest.mark.req("P-047", "D-030")
def test_reconciliation_ledgers_are_confirmed_once(
    issued: None, world: World, visit: Visit, hand: Hand
) -> None:
    client = visit(world.applicant)
    [row] = page_of(client.get(CHECKS)).table("照合台帳").rows
    ledger = f"{ENTERPRISE}_-_2026-03_2026W13_1"
    assert row["特約コード"] == ENTERPRISE, "企業総合保険 only"
    assert row["照合期限"] == "2026/04/30 20:00"
    stored = f"{PAPERS}documents/reconciliation_ledger-{ledger}"
    assert list(row.part.links.values()) == [
        f"{stored}-pdf/?show=1",
        f"{stored}-pdf/",
        f"{stored}-csv/",
        f"{DATA}provided_data-{ledger}/",
    ]
    assert list(row.part.buttons) == [f"{ledger} を確認済にする"]
    address = f"{CHECKS}{ledger}/checked/"
    assert client.post(address).status_code == 302
    hand.on(minutes=5)
    assert visit(world.administrator).post(address).status_code == 302
    [check] = LedgerCheck.objects.all()
    assert (check.user, check.holder, check.at.minute) == (world.applicant, world.holder, 0)
    assert AuditEvent.objects.filter(event="ledger-checked", subject=ledger[:40]).count() == 1
    [row] = page_of(client.get(CHECKS)).table("照合台帳").rows
    assert row["確認"] == f"確認済\n2026/04/01 09:00 {world.applicant.name}"
    assert row.part.buttons == {}
    assert visit(world.stranger).post(address).status_code == 404
    assert visit(world.company_reader).post(address).status_code == 403, "it only reads"
    notice = f"{NOTICE}_D1_2026-03_2026W13_1"
    assert client.post(f"{CHECKS}{notice}/checked/").status_code == 404
    assert client.post(f"{CHECKS}{ENTERPRISE}_-_2026-02_C_1/checked/").status_code == 404
    hand.at = hand.at.replace(month=4, day=30, hour=20, minute=0)
    [row] = page_of(visit(world.applicant).get(CHECKS)).table("照合台帳").rows
    assert row["照合期限"] == "2026/04/30 20:00\n終了"


@pytest.mark.req("P-048", "D-030")
def test_confirmed_data_are_of_enterprise_and_of_confirmed_ledgers_only(
    issued: None, world: World, visit: Visit
) -> None:
    [row] = page_of(visit(world.applicant).get(CONFIRMED)).table("確定提供データ").rows
    ledger = f"{ENTERPRISE}_-_2026-02_C_1"
    assert list(row.part.links.values()) == [f"{DATA}provided_data-{ledger}/"]
    assert row["提供期限"] == "2026/04/30まで"


# ---------------------------------------------------------------------------------------------- doors
@pytest.mark.req("A-003", "A-004", "B-001", "S-051")
def test_the_doors_of_each_function(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    menu = page_of(client.get("/menu/"))
    assert menu.links["設備財包括保険／消費財包括保険／企業総合保険"] == "/ledger/"
    assert menu.links["簡易通知型包括保険"] == "/simplified-notice/"
    doors = page_of(client.get("/ledger/")).cards
    assert {title: card.href for title, card in doors.items()} == {
        "設備財包括保険": "/ledger/equipment/",
        "消費財包括保険": "/ledger/consumer-goods/",
        "企業総合保険": "/ledger/enterprise/",
    }
    common = {"アップロード", "申請済一覧（アップロード）", "作成済台帳ファイルリスト", "モニタリストダウンロード", "提供データダウンロード", "台帳・請求書"}  # fmt: skip
    typed = {"申請済一覧（個別入力）"}
    confirmed = {"照合台帳・照合用提供データの確認", "確定提供データの確認"}
    for product, chapter, more in (
        ("equipment", "9章4", typed),
        ("consumer-goods", "9章4", set()),
        ("enterprise", "9章3", typed | confirmed),
    ):
        page = page_of(client.get(f"/ledger/{product}/"))
        assert page.sentences[0].split("。")[0] == f"操作マニュアル {chapter}"
        cards = set(page.cards)
        assert common <= cards, product
        assert (typed | confirmed) & cards == more, product
    notice = page_of(client.get("/simplified-notice/"))
    assert notice.sentences[0] == "操作マニュアル 9章5"
    assert {"通知済一覧（アップロード）", "通知済一覧（個別入力）", "モニタリストダウンロード", "提供データダウンロード"} <= set(notice.cards)  # fmt: skip
    assert client.get("/ledger/unknown/").status_code == 404


@pytest.mark.req("S-051")
def test_chapters_are_those_of_the_present_manual() -> None:
    """企総 has moved to chapter 9-3 with its own confirmations; 台帳型 is 9-4, 簡易 9-5 as before."""
    ours = {name: route.chapter for name, route in ROUTES.items() if route.path.startswith("ledger")}
    assert ours["ledger-reconciliation"] == "9章3-3"
    assert ours["ledger-confirmed-data"] == "9章3-4"
    assert all(chapter.startswith("9章") for chapter in ours.values())
    assert ROUTES["simplified"].chapter == "9章5"


@pytest.mark.req("S-008", "G-013")
def test_doors_follow_rights(world: World, visit: Visit) -> None:
    door = "設備財包括保険／消費財包括保険／企業総合保険"
    assert door not in page_of(visit(world.reader).get("/menu/")).links
    nothing = page_of(visit(world.reader).get("/ledger/enterprise/"))
    assert nothing.cards == {}
    assert nothing.sentences[1:] == [
        "ご利用いただける機能がありません。入力や参照の権限については、管理者の方にご確認ください。"
    ]
    company = visit(world.company_reader)
    assert page_of(company.get("/menu/")).links[door] == "/ledger/"
    assert list(page_of(company.get("/ledger/enterprise/")).cards) == [
        "提供データダウンロード",
        "台帳・請求書",
        "照合台帳・照合用提供データの確認",
        "確定提供データの確認",
    ]


@pytest.mark.req("S-010", "P-043")
@pytest.mark.parametrize(
    "address", ["/ledger/", "/simplified-notice/", "/ledger/enterprise/upload/", "/ledger/enterprise/sent/",
                "/ledger/enterprise/files/", LISTS, DATA, PAPERS, CHECKS, CONFIRMED],
)  # fmt: skip
def test_menu_and_end_on_every_screen(world: World, visit: Visit, address: str) -> None:
    client = visit(world.applicant)
    page = page_of(client.get(address))
    assert page.links["メニュー"] == "/menu/"
    assert page.buttons["終了"].action == "/logout/"
    client.post("/logout/")
    assert client.get(address).status_code == 302


def test_a_listed_agreement_of_another_holder_opens_nothing(issued: None, world: World, visit: Visit) -> None:
    """Codes are of a holder: the same code named by another one shows nothing of it."""
    foreign = Agreement.objects.get(holder=Holder.objects.get(code=OTHER), code=FOREIGN)
    world.enterer.listed_agreements.add(foreign)
    client = visit(world.enterer)
    assert set(page_of(client.get(PAPERS)).table("台帳・請求書").column("特約コード")) == {ENTERPRISE}
    name = f"reconciliation_ledger-{FOREIGN}_-_2026-03_2026W13_1-pdf"
    assert client.get(f"{PAPERS}documents/{name}/").status_code == 404
