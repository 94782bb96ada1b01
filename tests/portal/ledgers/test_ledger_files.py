"""「データ作成」 and 作成済台帳ファイルリスト: of whatever was handed in, and the file can be handed in again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.feed.models import Submission
from portal_stub.jobs.models import Job
from portal_stub.jobs.worker import run_due
from portal_stub.ledgers.models import Upload
from tests import kit
from tests.homes import contracts, csv_rows, instant
from tests.portal.conftest import World
from tests.portal.ledgers.test_sent_list import statuses
from tests.portal.ledgers.test_upload_page import sends
from tests.portal.pages import Row, page_of
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = pytest.mark.slow
Visit = Callable[..., Client]
LABELS = kit.layout_of(kit.ENTERPRISE).labels
LIST, FILES = "/ledger/enterprise/sent/", "/ledger/enterprise/files/"


def uploaded(client: Client, rows: list[kit.Row], name: str, **changes: Any) -> str:
    """Sends an upload by the page; its key."""
    file = SimpleUploadedFile(name, kit.csv_bytes(rows))
    reply = sends(client, file=file, count=str(len(rows)), **changes)
    assert reply.status_code == 302, page_of(reply, reply.status_code).error_summary
    return str(reply.headers["Location"].split("/")[-3])


def listed(client: Client, address: str = FILES) -> list[Row]:
    """The rows of 作成済台帳ファイルリスト; none where it says so."""
    page = page_of(client.get(address))
    assert page.heading.endswith("　作成済台帳ファイルリスト")
    rows = [row for table in page.tables for row in table.rows]
    assert rows or "作成した台帳ファイルはありません。" in page.sentences[1]
    return rows


def made(client: Client, *keys: str) -> bytes:
    """Selects, creates and downloads."""
    reply = client.post(LIST, {"chosen": list(keys)})
    assert (reply.status_code, reply.headers["Location"]) == (302, FILES)
    run_due()
    row = Job.objects.first()
    assert row is not None
    assert row.state == "done", row.words
    return b"".join(client.get(f"{FILES}{row.pk}/").streaming_content)


@pytest.mark.req("D-032", "D-033", "D-034", "D-035", "D-036", "P-033", "P-034", "P-035")
def test_a_file_is_made_of_what_is_selected_in_any_status(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    booked = uploaded(client, contracts("EX-1", "EX-2"), "計上.csv")
    wrong = uploaded(client, [kit.enterprise_row(export_contract_no="EX-3", goods_code="", currency="？?")], "誤り.csv")  # fmt: skip
    whole.run()
    late = uploaded(client, contracts("EX-4"), "いま.csv")
    dropped = whole.home.submit(contracts("EX-5"), now=whole.now, name="SFTP.csv")["submission_id"]
    whole.collect()
    assert statuses(client.get(LIST)) == {
        "計上.csv": "処理完了", "誤り.csv": "申請内容要確認", "いま.csv": "処理中", "SFTP.csv": "処理中",
    }  # fmt: skip
    form = page_of(client.get(LIST)).form(having="chosen")
    assert (form.method, list(form.buttons)) == ("post", ["データ作成"])
    assert set(form.fields["chosen"].options.values()) == {booked, wrong, late, dropped}
    assert client.post(LIST, {"chosen": [booked, wrong, late, dropped]}).status_code == 302
    [job] = Job.objects.all()
    page = page_of(client.get(FILES))
    assert page.sentences[0].endswith("その際は、一度端末に保存してから開いてください。")
    assert page.links["リスト更新"] == FILES
    [row] = page.table("作成済台帳ファイルリスト").rows
    assert row["対象の申請"] == "計上.csv ほか（全4件）"
    assert (row["状態"], row["件数"]) == ("作成中\n順番待ち（1番目）", "－")
    assert row.part.links == {}
    assert [form.action for form in row.part.forms] == [f"{FILES}{job.pk}/drop/"]
    assert client.get(f"{FILES}{job.pk}/").status_code == 404, "not downloadable while it is made"
    run_due()
    [row] = listed(client)
    assert (row["状態"], row["件数"]) == ("作成済", "5")
    assert list(row.part.links.values()) == [f"{FILES}{job.pk}/"]
    reply = client.get(f"{FILES}{job.pk}/")
    assert "attachment" in reply.headers["Content-Disposition"]
    rows = csv_rows(b"".join(reply.streaming_content))
    assert [row[LABELS["export_contract_no"]] for row in rows] == ["EX-1", "EX-2", "EX-3", "EX-4", "EX-5"]
    assert rows[2][LABELS["currency"]] == "??", "what is wrong is told, in the one way of writing"
    assert rows[2][LABELS["goods_code"]] == ""
    assert len(rows[0]) == len(kit.layout_of(kit.ENTERPRISE).names), "the columns of an upload"


@pytest.mark.req("D-035")
def test_the_file_can_be_handed_in_again(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    rows = [
        kit.enterprise_row(export_contract_no="EX-1", goods_code="", branch_no="01"),
        kit.enterprise_row(export_contract_no="EX-1", branch_no="00"),
    ]
    key = uploaded(client, rows, "誤り.csv")
    whole.run()
    assert Submission.objects.get().verdict == "rejected"
    content = made(client, key)
    told = csv_rows(content)
    assert [row[LABELS["branch_no"]] for row in told] == ["00", "01"], "by 枝番 (D-038)"
    goods = kit.enterprise_row()["goods_code"]
    header, first, second = content.decode("cp932").splitlines()
    assert second.count('""') > first.count('""'), "the empty cell"
    for row in told:
        row[LABELS["goods_code"]] = goods
    names = list(told[0])
    lines = [header, *(",".join(f'"{row[name]}"' for name in names) for row in told)]
    again = SimpleUploadedFile("直した.csv", "\r\n".join(lines).encode("cp932"))
    reply = sends(client, file=again, count="2")
    assert reply.status_code == 302
    whole.run()
    states = {row.file_name: row.verdict for row in Submission.objects.all()}
    assert states["直した.csv"] == "booked", whole.home.findings("S00000002")


def test_unchanged_it_says_the_same_once_more(whole: Whole, world: World, visit: Visit) -> None:
    """What was booked, made a file and handed in again, is told to be insured already and not to be unreadable."""
    client = visit(world.applicant)
    key = uploaded(client, contracts("EX-1", "EX-2"), "計上.csv")
    whole.run()
    file = SimpleUploadedFile("台帳ファイル.csv", made(client, key))
    assert sends(client, file=file, count="2").status_code == 302
    whole.run()
    assert {code for _, _, code in whole.home.findings("S00000002")} == {"already-insured"}


def test_notices_have_files_too(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    file = SimpleUploadedFile("通知.csv", kit.csv_bytes([kit.notice_row()]))
    reply = sends(client, "/ledger/simplified-notice/send/", file=file)
    key = reply.headers["Location"].split("/")[-3]
    assert client.post("/ledger/simplified-notice/sent/", {"chosen": [key]}).status_code == 302
    run_due()
    [job] = Job.objects.all()
    assert job.file_name.startswith("簡易通知型包括保険_台帳ファイル_20181106")
    [row] = listed(client, "/ledger/simplified-notice/files/")
    assert list(row.part.links.values()) == [f"/ledger/simplified-notice/files/{job.pk}/"]
    assert listed(client) == [], "each function has its list"
    assert client.get(f"{FILES}{job.pk}/").status_code == 404


def test_what_was_refused_at_the_door_can_be_fetched_while_it_is_kept(
    whole: Whole, world: World, visit: Visit
) -> None:
    client = visit(world.applicant)
    key = uploaded(client, contracts("EX-1"), "一.csv")
    Upload.objects.filter(pk=key).update(count=2)  # the pipeline counts for itself
    from portal_stub.ledgers import sending

    sending.bring(Upload.objects.get(pk=key))
    whole.run()
    assert page_of(client.get(f"{LIST}{key}/")).badges == ["申請内容要確認"]
    assert [row[LABELS["export_contract_no"]] for row in csv_rows(made(client, key))] == ["EX-1"]


def test_nothing_selected_is_said(world: World, visit: Visit) -> None:
    reply = visit(world.applicant).post(LIST, {})
    assert page_of(reply, 422).alert == "台帳ファイルを作成する申請を選択してください"
    assert not Job.objects.exists()


@pytest.mark.req("C-027")
def test_files_are_there_for_30_days(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    key = uploaded(client, contracts("EX-1"), "一.csv")
    made(client, key)
    for moment, there in (("2018-12-06T23:59:59", True), ("2018-12-07T08:00:00", False)):
        whole.hand.at = instant(moment)
        names = [row["対象の申請"] for row in listed(visit(world.applicant))]
        assert names == (["一.csv"] if there else [])


@pytest.mark.req("S-024")
def test_files_of_others_do_not_exist(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    made(client, uploaded(client, contracts("EX-1"), "一.csv"))
    [job] = Job.objects.all()
    for role in ("administrator", "enterer", "stranger"):
        other = visit(getattr(world, role))
        assert other.get(f"{FILES}{job.pk}/").status_code == 404
        assert other.post(f"{FILES}{job.pk}/drop/").status_code == 404
        assert listed(other) == []
    assert visit(world.reader).get(FILES).status_code == 403
    assert client.get("/ledger/equipment/files/" + job.pk + "/").status_code == 404
    assert client.post(f"{FILES}{job.pk}/drop/").status_code == 302
    assert not Job.objects.exists()
