"""申請済一覧・通知済一覧: what stands in it for whom, by which conditions, how quickly, and the page of one hand-in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.feed.models import Submission
from portal_stub.history.models import AuditEvent
from portal_stub.ledgers import listing
from portal_stub.ledgers.functions import FUNCTIONS
from portal_stub.ledgers.models import Upload
from schemas.submission import dispatch_source
from sensors.windows import TOKYO
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.feed.conftest import HELD, UNDECIDED, found, paper, portrait, tell
from tests.portal.pages import Row, page_of

pytestmark = pytest.mark.dialect

Visit = Callable[..., Client]
LIST = "/ledger/enterprise/sent/"
ENTRIES = "/ledger/enterprise/sent-entries/"


def handed_in(user: User, name: str = "upload.csv", **changes: Any) -> Upload:
    """Something that the portal sent."""
    now = clock.now()
    values = {
        "id": uuid4().hex,
        "product": "enterprise",
        "holder": user.holder,
        "user": user,
        "origin": "file",
        "file_name": name,
        "size": 10,
        "sha256": "0" * 64,
        "count": 7,
        "state": "sent",
        "kept_at": now,
        "sent_at": now,
        "expected_on": now.date(),
    }
    return Upload.objects.create(**values | changes)


def told(upload: Upload, number: int, **changes: Any) -> dict[str, Any]:
    """The submission that the pipeline made of it."""
    source = dispatch_source(upload.holder.code, upload.pk)
    return portrait(
        number,
        source=source,
        channel="portal",
        file_name=upload.file_name,
        user=upload.user.login_id,
        received_at=upload.sent_at.astimezone(TOKYO).isoformat(),
        **changes,
    )


def refusal(upload: Upload, message: str = "件数が違います。直して送り直してください。") -> dict[str, Any]:
    source = dispatch_source(upload.holder.code, upload.pk)
    return {
        "code": "count-mismatch", "message": message, "at": "2026-04-01T09:01:00+09:00", "source": source,
    }  # fmt: skip


def rows_of(reply: Any) -> list[Row]:
    """The rows of a list of hand-ins; none where it says so."""
    page = page_of(reply)
    rows = [row for table in page.tables for row in table.rows]
    assert rows or page.status == "0件"
    return rows


def names(reply: Any) -> list[str]:
    """File names of a list of hand-ins."""
    return [row["ファイル名"].split("\n")[0] for row in rows_of(reply)]


def statuses(reply: Any) -> dict[str, str]:
    """Statuses that a list of hand-ins shows, by file name."""
    return {row["ファイル名"].split("\n")[0]: row["ステータス"].split("\n")[0] for row in rows_of(reply)}


@pytest.mark.req("P-032", "P-036", "P-037", "C-018", "A-014", "B-007")
def test_uploads_and_entries_each_have_their_list(world: World, visit: Visit, hand: Hand) -> None:
    sent = handed_in(world.applicant, "画面から.csv")
    hand.on(minutes=1)
    entry = handed_in(world.applicant, "個別入力.csv", origin="entry")
    hand.on(minutes=1)
    program = handed_in(world.applicant, "API.csv", origin="api")
    handed_in(world.applicant, "下書き.csv", state="draft", sent_at=None)
    notice = handed_in(world.applicant, "通知.csv", product="simplified-notice")
    tell(
        told(sent, 1),
        told(entry, 2, **UNDECIDED),
        portrait(3, file_name="SFTP.csv", received_at="2026-04-01T08:00:00+09:00", verdict="rejected"),
        portrait(4, file_name="コマンド.csv", channel="cli", received_at="2026-04-01T08:01:00+09:00"),
    )
    client = visit(world.applicant)
    reply = client.get(LIST)
    assert names(reply) == ["API.csv", "画面から.csv", "コマンド.csv", "SFTP.csv"], "newest first, each once"
    assert list(statuses(reply).values()) == ["受付前", "処理完了", "処理完了", "申請内容要確認"]
    assert page_of(reply).heading == "企業総合保険　申請済一覧（アップロード）"
    waits, booked, *_, wrong = rows_of(reply)
    ways = [row["ファイル名"].split("\n")[1] for row in rows_of(reply)]
    assert ways == ["API", "S00000001　ポータル", "S00000004　コマンド", "S00000003　受付フォルダ"]
    assert (booked["受理日"], booked["申請件数"]) == ("2026/04/01", "7")
    assert (booked["エラー／警告"], booked["保険料（円）"]) == ("0／2", "9,876,543,210")
    assert (waits["エラー／警告"], waits["保険料（円）"]) == ("－", "－")
    assert wrong["申請件数"] == "1,234"
    assert waits.part.links["API.csv"] == f"{LIST}{program.pk}/"
    typed = client.get(ENTRIES)
    assert page_of(typed).heading == "企業総合保険　申請済一覧（個別入力）"
    assert statuses(typed) == {"個別入力.csv": "処理中"}
    notices = client.get("/ledger/simplified-notice/sent/")
    assert page_of(notices).heading == "簡易通知型包括保険　通知済一覧（アップロード）"
    assert names(notices) == [notice.file_name]
    assert names(client.get("/ledger/equipment/sent/")) == []


@pytest.mark.req("A-003")
def test_consumer_goods_have_no_entries(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    assert client.get("/ledger/consumer-goods/sent-entries/").status_code == 404
    assert page_of(client.get("/ledger/consumer-goods/sent/")).sentences[-1] == "該当する申請はありません。"
    door = "個別入力した申請の一覧へ"
    assert page_of(client.get(LIST)).links[door] == ENTRIES
    assert door not in page_of(client.get("/ledger/consumer-goods/sent/")).links
    assert client.get("/ledger/unknown/sent/").status_code == 404


@pytest.mark.req("C-018", "P-037")
def test_every_status_is_told_and_found_alike(world: World, visit: Visit, hand: Hand) -> None:
    """What a row says and what the condition finds must be the same, whatever way it came."""
    ways: list[tuple[str, dict[str, Any]]] = [
        ("booked", {}),
        ("rejected", {"verdict": "rejected", "premium_total": None}),
        ("held", HELD),
        ("undecided", UNDECIDED),
        ("tomorrow", UNDECIDED | {"acceptance_date": "2026-04-02"}),
    ]
    rows = []
    for number, (name, changes) in enumerate(ways, start=1):
        rows.append(told(handed_in(world.applicant, f"portal-{name}"), number, **changes))
        rows.append(portrait(10 + number, file_name=f"drop-{name}", **changes))
    handed_in(world.applicant, "portal-untold")
    door = handed_in(world.applicant, "portal-refused")
    tell(*rows, refusals=[refusal(door)])
    client = visit(world.applicant)
    everything = client.get(LIST)
    assert page_of(everything).status == "12件"
    wanted = {
        "受付前": {"portal-tomorrow", "drop-tomorrow", "portal-untold"},
        "処理中": {"portal-held", "drop-held", "portal-undecided", "drop-undecided"},
        "処理完了": {"portal-booked", "drop-booked"},
        "申請内容要確認": {"portal-rejected", "drop-rejected", "portal-refused"},
    }
    for status, expected in wanted.items():
        reply = client.get(LIST, {"status": status})
        assert set(names(reply)) == expected, status
        assert {name for name, shown in statuses(everything).items() if shown == status} == expected
    reasons = {
        row["ファイル名"].split("\n")[0]: row["ステータス"].split("\n")[1:] for row in rows_of(everything)
    }
    held = ["保留中: 担当者の決定を待っています。", "モニタリスト: 決定の後"]
    assert {name for name, words in reasons.items() if words == held} == {"portal-held", "drop-held"}
    assert reasons["portal-refused"] == [
        "受け付けられませんでした。",
        "件数が違います。直して送り直してください。",
    ]
    hand.on(days=1)
    client = visit(world.applicant)
    assert set(names(client.get(LIST, {"status": "受付前"}))) == {"portal-untold"}, "statuses are live"


def test_the_list_is_searched_by_day_and_name(world: World, visit: Visit, hand: Hand) -> None:
    first = handed_in(world.applicant, "EXPORT-三月.csv", sent_at=clock.now() - timedelta(days=1))
    handed_in(world.applicant, "export-四月.csv")
    tell(told(first, 1), portrait(2, file_name="export-SFTP.csv"))
    client = visit(world.applicant)
    for query, found_names in (
        ({"name": "export"}, {"EXPORT-三月.csv", "export-四月.csv", "export-SFTP.csv"}),
        ({"name": "三月"}, {"EXPORT-三月.csv"}),
        ({"name": "S00000001"}, {"EXPORT-三月.csv"}),
        ({"name": "s00000002"}, {"export-SFTP.csv"}),
        ({"until": "2026-03-31"}, {"EXPORT-三月.csv"}),
        ({"since": "2026-04-01"}, {"export-四月.csv", "export-SFTP.csv"}),
        ({"since": "2026-04-01", "name": "SFTP", "status": "処理完了"}, {"export-SFTP.csv"}),
        ({"name": "100%_"}, set()),
    ):
        assert set(names(client.get(LIST, query))) == found_names, query
    wrong = client.get(LIST, {"since": "2026-04-02", "until": "2026-04-01"})
    assert page_of(wrong, 422).error_summary == ["申請日の範囲の前後を確認してください。"]
    assert list(page_of(client.get(LIST, {"status": "x"}), 422).errors) == ["status"]


@pytest.mark.req("G-017", "G-018")
def test_who_sees_what(world: World, visit: Visit) -> None:
    own = handed_in(world.enterer, "入力者.csv")
    other = handed_in(world.applicant, "申込者.csv")
    foreign = handed_in(world.stranger, "他社.csv")
    tell(
        portrait(1, file_name="SFTP申込者.csv", user=world.applicant.login_id),
        portrait(2, file_name="SFTP入力者.csv", user=world.enterer.login_id),
        portrait(3, file_name="SFTP他社.csv", holder=OTHER, user=world.stranger.login_id),
    )
    ours = {"入力者.csv", "申込者.csv", "SFTP申込者.csv", "SFTP入力者.csv"}
    assert set(names(visit(world.administrator).get(LIST))) == ours
    assert set(names(visit(world.applicant).get(LIST))) == ours
    assert set(names(visit(world.enterer).get(LIST))) == {"入力者.csv", "SFTP入力者.csv"}
    assert set(names(visit(world.stranger).get(LIST))) == {"他社.csv", "SFTP他社.csv"}
    for role in ("reader", "company_reader"):
        assert visit(getattr(world, role)).get(LIST).status_code == 403
    enterer = visit(world.enterer)
    for key in (other.pk, foreign.pk, "S00000001", "S00000003", "S00000009", "x" * 300, own.pk + "0"):
        for more in ("", "findings.csv", "documents/m/"):
            assert enterer.get(f"{LIST}{key}/{more}").status_code == 404, (key, more)
        assert enterer.post(f"{LIST}{key}/").status_code == 404
        assert enterer.post(LIST, {"chosen": [key]}).status_code == 422
    assert enterer.get(f"{LIST}{own.pk}/").status_code == 200
    assert enterer.get(f"/ledger/equipment/sent/{own.pk}/").status_code == 404, "of another function"


@pytest.mark.req("P-039")
def test_twenty_rows_a_page_and_no_more_queries_for_more_rows(world: World, visit: Visit, hand: Hand) -> None:
    tell(told(handed_in(world.applicant, "0"), 1))
    tell(portrait(2))
    hand.on(hours=2)  # nobody waits for a モニタリスト of theirs any more
    client = visit(world.applicant)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number in range(1, 31):
        at = clock.now() - timedelta(seconds=100 - number)
        tell(told(handed_in(world.applicant, str(number), sent_at=at), 100 + number))
        tell(portrait(200 + number, file_name=f"SFTP{number}"))
    with CaptureQueriesContext(connection) as many:
        reply = client.get(LIST)
    assert len(many) == len(few)
    assert names(reply) == [str(number) for number in range(30, 10, -1)]
    last = client.get(LIST, {"page": "4"})
    assert len(names(last)) == 2
    assert page_of(last).pager == "4／4ページ（61～62件目）"


@pytest.mark.req("C-027")
def test_what_is_older_than_two_years_is_not_listed(world: World, visit: Visit, hand: Hand) -> None:
    old = handed_in(world.applicant, "古い.csv")
    tell(told(old, 1), portrait(2, file_name="SFTP.csv"))
    hand.at = hand.at.replace(year=2028, day=1)
    assert set(names(visit(world.applicant).get(LIST))) == {"古い.csv", "SFTP.csv"}
    hand.on(days=1)
    client = visit(world.applicant)
    assert names(client.get(LIST)) == []
    assert client.get(f"{LIST}{old.pk}/").status_code == 404
    tell(told(old, 1, **HELD), portrait(2, file_name="SFTP.csv", **HELD))
    assert set(names(client.get(LIST))) == {"古い.csv", "SFTP.csv"}, "what waits is never lost from sight"


# ---------------------------------------------------------------------------------------------- one of them
@pytest.mark.req("P-038", "C-018")
def test_the_page_of_one_tells_findings_papers_and_no_ledger_data(
    world: World, visit: Visit, settings: Any, tmp_path: Any
) -> None:
    settings.PIPELINE_FILES = str(tmp_path)
    (tmp_path / "m.pdf").write_bytes(b"%PDF-1.7 monitor list")
    upload = handed_in(world.applicant, "<b>台帳</b>.csv", remarks="<i>急ぎ</i>")
    tell(
        told(upload, 1, verdict="rejected", premium_total=None, errors=25, warnings=0),
        findings={"S00000001": [found(number, value=f"値{number}") for number in range(1, 26)]},
        totals={"S00000001": 25},
        documents=[
            paper("m", submission_id="S00000001", path="m.pdf", expires_at="2026-05-02T00:00:00+09:00"),
            paper("gone", submission_id="S00000001", kind="receipt", removed_at="2026-04-01T09:00:00+09:00"),
            paper("other", submission_id="S00000002"),
        ],
    )
    client = visit(world.applicant)
    page = page_of(client.get(f"{LIST}{upload.pk}/"))
    assert page.badges[0] == "申請内容要確認"
    assert page.facts["ファイル名"] == "<b>台帳</b>.csv"
    assert page.facts["備考情報"] == "<i>急ぎ</i>"
    assert page.facts["エラー／警告"] == "25件／0件"
    assert page.facts["保険料合計"] == "－"
    assert page.headings == ["検出事項（25件）", "帳票（1件）", "申請したデータ"]
    findings = page.section("検出事項")
    assert findings.sentences[0] == "先頭の20件を表示しています。すべてはCSVで確認できます。"
    told_of = [(row["レコード"], row["内容と直し方"], row["入力値"]) for row in findings.table().rows]
    assert told_of == [
        (f"{number}", f"「貨物コード」は必須です。{number}", f"値{number}") for number in range(1, 21)
    ]
    [document] = page.section("帳票").table().rows
    assert document["提供期限"] == "2026/05/01まで"
    assert list(document.part.links.values()) == [
        f"{LIST}{upload.pk}/documents/m/?show=1",
        f"{LIST}{upload.pk}/documents/m/",
    ]
    assert list(page.section("申請したデータ").buttons) == ["台帳ファイルを作成する"]
    csv = b"".join(client.get(f"{LIST}{upload.pk}/findings.csv").streaming_content).decode("utf-8-sig")
    assert csv.count("mandatory") == 25
    stored = client.get(f"{LIST}{upload.pk}/documents/m/")
    assert stored.headers["Content-Disposition"].startswith("attachment")
    shown = client.get(f"{LIST}{upload.pk}/documents/m/?show=1")
    assert shown.headers["Content-Type"] == "application/pdf"
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert b"".join(shown.streaming_content) == b"%PDF-1.7 monitor list"
    assert AuditEvent.objects.filter(event="document-read", subject="m").count() == 2
    for other in ("gone", "other", "nothing", "x" * 300):
        assert client.get(f"{LIST}{upload.pk}/documents/{other}/").status_code == 404
    assert client.get(f"{LIST}S00000001/").status_code == 404, "one key for one hand-in"


def test_a_refused_one_and_a_held_one_say_why(world: World, visit: Visit) -> None:
    door, held = handed_in(world.applicant, "扉.csv"), handed_in(world.applicant, "保留.csv")
    tell(told(held, 1, **HELD), refusals=[refusal(door)])
    client = visit(world.applicant)
    page = page_of(client.get(f"{LIST}{door.pk}/"))
    assert page.section("受け付けられませんでした").sentences == [
        "件数が違います。直して送り直してください。"
    ]
    assert page.facts["ステータス"].split("\n")[0] == "申請内容要確認"
    page = page_of(client.get(f"{LIST}{held.pk}/"))
    assert page.section("保留中です").sentences[1:] == ["申込みの期限を過ぎています。"]
    assert page.facts["ステータス"].split("\n")[0] == "処理中"


@pytest.mark.req("G-021")
def test_papers_of_other_agreements_are_not_for_listed_scopes(
    world: World, visit: Visit, settings: Any, tmp_path: Any
) -> None:
    settings.PIPELINE_FILES = str(tmp_path)
    (tmp_path / "m.pdf").write_bytes(b"%PDF-")
    listed, beyond = f"{HOLDER[:8]}1", f"{HOLDER[:8]}2"
    named = {1: [listed], 2: [beyond], 3: [listed, beyond], 4: []}
    rows = {number: handed_in(world.enterer, f"{number}.csv") for number in named}
    tell(
        *(told(row, number) for number, row in rows.items()),
        documents=[paper(f"m{n}", submission_id=f"S{n:08d}", path="m.pdf") for n in rows],
        agreements={f"S{number:08d}": codes for number, codes in named.items()},
    )
    client = visit(world.enterer)
    seen = {
        number
        for number, row in rows.items()
        if client.get(f"{LIST}{row.pk}/documents/m{number}/").status_code == 200
    }
    assert seen == {1}
    wide = visit(world.applicant)
    assert all(wide.get(f"{LIST}{row.pk}/documents/m{n}/").status_code == 200 for n, row in rows.items())


# ---------------------------------------------------------------------------------------------- many
@pytest.fixture
def crowd(world: World) -> int:
    """Submissions of one holder on many pages, half of them sent by the portal."""
    many = 2_000
    now = clock.now()
    Upload.objects.bulk_create(
        [
            Upload(
                id=f"{number:032x}", product="enterprise", holder=world.holder, user=world.applicant,
                origin="file", file_name=f"upload{number}.csv", size=1, sha256=f"{number:064x}", count=1,
                state="sent", kept_at=now, sent_at=now - timedelta(minutes=number), expected_on=now.date(),
            )
            for number in range(many // 2)
        ],
        batch_size=5000,
    )  # fmt: skip
    Submission.objects.bulk_create(
        [
            Submission(
                submission_id=f"S{number:08d}", receipt_no=number, product="enterprise", holder=HOLDER,
                user=world.applicant.login_id, file_name=f"upload{number}.csv", sha256=f"{number:064x}",
                dispatch=f"{number:032x}" if number < many // 2 else "", declared_count=1, channel="drop",
                received_at=now - timedelta(minutes=number), acceptance_date=now.date(), verdict="booked",
                errors=0, warnings=0, premium_total_yen=1, decided_at=now,
            )
            for number in range(many)
        ],
        batch_size=5000,
    )  # fmt: skip
    return many


def test_many_submissions_are_put_together_by_the_database(
    crowd: int, world: World, django_assert_max_num_queries: Any
) -> None:
    now = clock.now()
    for wanted, many in (
        ({}, crowd),
        ({"status": "処理完了"}, crowd),
        ({"status": "受付前"}, 0),
        ({"name": "upload199"}, 11),
    ):
        with django_assert_max_num_queries(6):
            keys = listing.sent(
                world.applicant, FUNCTIONS["enterprise"], entries=False, now=now, wanted=wanted
            )
            assert keys.count() == many
            first = [key for key, _ in keys[:20]]
            assert len(listing.rows_of(first, now)) == min(many, 20)
