"""債権一覧表ダウンロード: projects, files, rights, the switch, and what the desk does (I-023 to I-028)."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.inquiries import rules
from portal_stub.inquiries.models import ClaimsFile
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.inquiries.conftest import AGREEMENT, Visit, claims
from tests.portal.pages import page_of

FORM = {
    "holder": HOLDER,
    "project": "pj-1",
    "project_name": "発電所",
    "agreement": "",
    "reason": "月次の公開",
}


def projects(reply: Any) -> list[str]:
    return [code for code, _ in reply.context["page"]]


def names(reply: Any) -> list[str]:
    return [row.name for row in reply.context["files"]]


# ---------------------------------------------------------------------------------------------- users
@pytest.mark.req("I-023", "I-024")
def test_projects_and_files_stand_in_descending_order(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    nothing = page_of(client.get("/claims-lists/"))
    assert nothing.sentences[0] == "現在、ダウンロードできる債権一覧表はありません。"
    for project in ("PJ-2", "PJ-10", "PJ-3"):
        claims(world, project=project)
    for name in ("2026-01.xlsx", "2026-03.pdf", "2026-02.xlsx"):
        claims(world, name, "PJ-2")
    page = client.get("/claims-lists/")
    assert projects(page) == ["PJ-3", "PJ-2", "PJ-10"]
    links = [node.get("href") for node in page_of(page).find("a[target=_blank][data-popup]")]
    assert f"/claims-lists/PJ-2/?holder={HOLDER}" in links, "it opens a window of its own"
    window = client.get(f"/claims-lists/PJ-2/?holder={HOLDER}")
    assert names(window) == ["2026-03.xlsx", "2026-03.pdf", "2026-02.xlsx", "2026-01.xlsx"]
    assert page_of(window).facts == {"プロジェクトコード": "PJ-2", "プロジェクト名": "発電所 PJ-2"}


@pytest.mark.req("I-025")
def test_a_file_is_downloaded_and_the_window_can_be_closed(world: World, visit: Visit) -> None:
    row = claims(world)
    client = visit(world.applicant)
    window = client.get("/claims-lists/PJ-1/")
    [close] = page_of(window).find("a[data-close]")
    assert close.text == "閉じる"
    assert not AccessRecord.objects.filter(code="8-4").exists(), "looking is no download"
    reply = client.get(f"/claims-lists/PJ-1/{row.pk}/")
    assert b"".join(reply.streaming_content) == b"claims 2026-03.xlsx"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="2026-03.xlsx"'
    [record] = AccessRecord.objects.filter(code="8-4")
    assert record.login_id == world.applicant.login_id


@pytest.mark.req("I-023")
def test_a_withdrawn_file_is_gone_at_once_and_a_project_with_its_last_one(world: World, visit: Visit) -> None:
    first, second = claims(world), claims(world, "2026-04.xlsx")
    client = visit(world.applicant)
    rules.withdraw_claims_file(world.staff, first, "誤り")
    assert names(client.get("/claims-lists/PJ-1/")) == ["2026-04.xlsx"]
    assert client.get(f"/claims-lists/PJ-1/{first.pk}/").status_code == 404
    rules.withdraw_claims_file(world.staff, second, "誤り")
    assert projects(client.get("/claims-lists/")) == []
    assert client.get("/claims-lists/PJ-1/").status_code == 404


@pytest.mark.req("I-026", "S-024")
def test_only_the_own_company_sees_a_project(world: World, visit: Visit) -> None:
    row = claims(world)
    client = visit(world.stranger)
    assert projects(client.get("/claims-lists/")) == []
    for address in ("/claims-lists/PJ-1/", f"/claims-lists/PJ-1/{row.pk}/"):
        assert client.get(address).status_code == 404
        assert client.get(f"{address}?holder={HOLDER}").status_code == 404
    assert visit(world.applicant).get(f"/claims-lists/PJ-2/{row.pk}/").status_code == 404
    reader = visit(world.company_reader)
    assert projects(reader.get(f"/claims-lists/?holder={OTHER}")) == []
    assert projects(reader.get(f"/claims-lists/?holder={HOLDER}")) == ["PJ-1"]
    assert reader.get(f"/claims-lists/PJ-1/{row.pk}/?holder={HOLDER}").status_code == 200


@pytest.mark.req("G-021")
def test_listed_agreements_limit_what_is_seen(world: World, visit: Visit) -> None:
    claims(world, project="PJ-1")
    row = claims(world, project="PJ-2", agreement=AGREEMENT)
    client = visit(world.enterer)
    assert projects(client.get("/claims-lists/")) == ["PJ-2"]
    assert client.get("/claims-lists/PJ-1/").status_code == 404
    assert client.get(f"/claims-lists/PJ-2/{row.pk}/").status_code == 200


@pytest.mark.req("I-027")
def test_a_switch_takes_the_function_away(world: World, visit: Visit, settings: Any) -> None:
    row = claims(world)
    client = visit(world.applicant)
    assert page_of(client.get("/menu/")).links["回収情報（債権一覧表）"] == "/claims-lists/"
    settings.PORTAL = replace(settings.PORTAL, claims_lists=False)
    without = page_of(client.get("/menu/"))
    assert without.heading == "ユーザーページ"
    assert "回収情報（債権一覧表）" not in without.links
    assert "/claims-lists/" not in without.links.values()
    for address in ("/claims-lists/", "/claims-lists/PJ-1/", f"/claims-lists/PJ-1/{row.pk}/"):
        assert client.get(address).status_code == 404


@pytest.mark.req("I-028")
def test_the_list_of_projects_leads_back_to_the_user_page(world: World, visit: Visit) -> None:
    page = page_of(visit(world.applicant).get("/claims-lists/"))
    assert page.links["ユーザーページへ"] == "/menu/"
    assert page.buttons == {}


# ---------------------------------------------------------------------------------------------- the desk
def test_a_file_is_checked_published_and_withdrawn_by_the_desk(world: World, visit: Visit) -> None:
    client, user = visit(world.staff), visit(world.applicant)
    reply = client.post("/desk/claims-lists/", FORM | {"file": SimpleUploadedFile("表.csv", b"a,b\r\n")})
    address = str(reply.headers["Location"])
    check = page_of(client.get(address)).facts
    assert check["保険利用者"] == f"{HOLDER} 見本商事"
    assert check["プロジェクト"] == "PJ-1 発電所"
    assert check["ファイル名"].startswith("表.csv（")
    assert check["理由"] == "月次の公開"

    def state() -> str:
        [row] = page_of(client.get("/desk/claims-lists/")).table("登録した債権一覧表").rows
        return row["状態"]

    assert projects(user.get("/claims-lists/")) == [], "nobody sees it before it is published"
    assert state() == "確認待ち"
    for _ in range(2):
        assert client.post(address, {"step": "confirm"}).status_code == 302
    assert projects(user.get("/claims-lists/")) == ["PJ-1"]
    row = ClaimsFile.objects.get()
    event = AuditEvent.objects.get(event="claims-file-published")
    assert (event.actor, event.subject, event.detail["file"]) == ("desk-1", HOLDER, "表.csv")
    assert state() == "公開中"
    told = page_of(client.get("/desk/claims-lists/?done=claims-published"))
    assert told.status == "債権一覧表を公開しました。保険利用者の画面に表示されます。"
    question = f"/desk/claims-lists/{row.pk}/withdraw/"
    assert client.post(question, {"reason": ""}).status_code == 422
    assert projects(user.get("/claims-lists/")) == ["PJ-1"]
    assert client.post(question, {"reason": "宛先の誤り"}).status_code == 302
    assert projects(user.get("/claims-lists/")) == []
    assert AuditEvent.objects.get(event="claims-file-withdrawn").detail["reason"] == "宛先の誤り"
    assert state() == "取下げ（2026/04/01）\n宛先の誤り"
    assert client.post(question, {"reason": "もう一度"}).status_code == 302
    assert AuditEvent.objects.filter(event="claims-file-withdrawn").count() == 1


def test_a_draft_can_be_dropped_and_never_comes_back(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    upload = SimpleUploadedFile("表.pdf", b"%PDF-1.7")
    address = str(client.post("/desk/claims-lists/", FORM | {"file": upload}).headers["Location"])
    client.post(address, {"step": "drop"})
    client.post(address, {"step": "confirm"})
    row = ClaimsFile.objects.get()
    assert (row.published_at, row.withdrawn_at is None) == (None, False)
    assert projects(visit(world.applicant).get("/claims-lists/")) == []


FOREIGN = f"特約コード「{{}}」は、保険利用者 {HOLDER} の特約ではありません。確かめて入力し直してください。"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"holder": "000000000"},
            "保険利用者コード「000000000」は登録されていません。コードを確かめて入力し直してください。",
        ),
        ({"project": "あ"}, "プロジェクトコードは半角の英数字とハイフンで入力してください。"),
        ({"project_name": ""}, "プロジェクト名を入力してください。"),
        ({"agreement": "999999999"}, FOREIGN.format("999999999")),
        ({"agreement": f"{OTHER[:8]}1"}, FOREIGN.format(f"{OTHER[:8]}1")),
        ({"reason": ""}, "理由を入力してください。"),
        (
            {"file": SimpleUploadedFile("a.exe", b"MZ")},
            "「a.exe」は添付できませんでした。この種類のファイルは使えません。PDFなどに変換してください。",
        ),
        (
            {"file": SimpleUploadedFile("a.pdf", b"no pdf")},
            "「a.pdf」は添付できませんでした。中身がPDF形式ではありません。元のファイルを確認してください。",
        ),
        (
            {"file": SimpleUploadedFile("2026-03.xlsx", b"PK\x03\x04")},
            "「2026-03.xlsx」は、このプロジェクトで公開されています。先に取り下げるか、ファイル名を変えてください。",
        ),
    ],
)
def test_what_cannot_be_put_in_is_told(
    world: World, visit: Visit, changes: dict[str, Any], words: str
) -> None:
    claims(world)
    sent = FORM | {"file": SimpleUploadedFile("表.pdf", b"%PDF-1.7")} | changes
    reply = visit(world.staff).post("/desk/claims-lists/", sent)
    [item] = changes
    assert page_of(reply, 422).errors == {item: words}
    assert ClaimsFile.objects.count() == 1


def test_two_of_one_name_are_not_published(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    addresses = []
    for content in (b"%PDF-1", b"%PDF-2"):
        upload = SimpleUploadedFile("表.pdf", content)
        addresses.append(str(client.post("/desk/claims-lists/", FORM | {"file": upload}).headers["Location"]))
    assert client.post(addresses[0], {"step": "confirm"}).status_code == 302
    reply = client.post(addresses[1], {"step": "confirm"})
    assert page_of(reply, 422).alert == (
        "「表.pdf」は、このプロジェクトで公開されています。この登録を取りやめるか、公開中のものを先に取り下げてください。"
    )
    assert ClaimsFile.objects.of(world.holder, None).count() == 1


def test_bytes_that_nobody_can_fetch_any_more_are_swept(
    world: World, visit: Visit, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = claims(world), claims(world, "old.pdf")
    rules.withdraw_claims_file(world.staff, gone, "古い")
    monkeypatch.setattr("portal_stub.shelves._HOUR", -10)
    assert rules.tidy() == 1
    with rules.SHELF.read(kept.sha256) as stream:
        assert stream.read() == b"claims 2026-03.xlsx"
    with pytest.raises(FileNotFoundError):
        rules.SHELF.read(gone.sha256)
