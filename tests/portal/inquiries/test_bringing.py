"""The desk's CSV files of contracts and losses: layout, problems all at once, check, reason, upsert (I-005, I-021)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.accounts.models import Agreement
from portal_stub.history.models import AuditEvent
from portal_stub.inquiries import rules
from portal_stub.inquiries.bringing import LAYOUTS
from portal_stub.inquiries.models import Bringing, Loss, PaperContract
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.inquiries.conftest import AGREEMENT, CONTRACT, LOSS, Visit, a_file
from tests.portal.pages import page_of

pytestmark = [pytest.mark.usefixtures("directory"), pytest.mark.dialect]
PAGES = {"contracts": "/desk/paper-contracts/", "losses": "/desk/losses/"}


def brought(client: Client, kind: str, *rows: dict[str, str], encoding: str = "utf-8") -> str:
    """Uploads a good file; the address of its check page."""
    reply = client.post(PAGES[kind], {"file": a_file(kind, *rows, encoding=encoding)})
    assert reply.status_code == 302, page_of(reply, reply.status_code).error_summary
    return str(reply.headers["Location"])


def taken(client: Client, kind: str, *rows: dict[str, str], encoding: str = "utf-8") -> None:
    """Uploads and confirms a file."""
    address = brought(client, kind, *rows, encoding=encoding)
    reply = client.post(address, {"step": "confirm", "reason": "契約部の月次報告"})
    assert reply.headers["Location"] == f"{PAGES[kind]}?done=inquiry-taken"


def refused(client: Client, kind: str, upload: Any) -> list[str]:
    """The problems of a bad file."""
    reply = client.post(PAGES[kind], {"file": upload})
    page = page_of(reply, 422)
    assert not Bringing.objects.exists()
    assert not PaperContract.objects.exists()
    problems = page.error_summary
    assert page.alert == f"このファイルは取り込めません（問題 {len(problems)}件）"
    return problems


@pytest.mark.req("I-005")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_contract_is_brought_in_after_check_and_reason(world: World, visit: Visit, encoding: str) -> None:
    client = visit(world.staff)
    address = brought(client, "contracts", CONTRACT, encoding=encoding)
    check = page_of(client.get(address))
    assert check.facts["行数"] == "1行（追加 1、変更 0）"
    [holder] = check.table("保険利用者ごとの行数").rows
    assert list(holder.values()) == [HOLDER, "見本商事", "1"]
    [content] = check.table("ファイルの内容").rows
    assert content["保険種"] == "貿易一般保険（個別）"
    assert content["保険契約締結日"] == "2025/06/01"
    assert content["保険金額（円）"] == "170,000,000"
    assert not PaperContract.objects.exists(), "nothing before it is confirmed"
    without = client.post(address, {"step": "confirm", "reason": " "})
    assert page_of(without, 422).errors == {"reason": "理由を入力してください。"}
    assert not PaperContract.objects.exists()
    client.post(address, {"step": "confirm", "reason": "契約部の月次報告"})
    row = PaperContract.objects.get()
    assert (row.holder, row.kind, row.number, row.amount) == (
        HOLDER,
        "individual",
        "P-0001",
        Decimal("1234567.50"),
    )
    assert (row.concluded_on, row.ends_on) == (date(2025, 6, 1), date(2026, 5, 31))
    assert (row.insured_yen, row.premium_yen, row.long_term) == (170_000_000, 850_000, False)
    event = AuditEvent.objects.get(event="inquiry-data-taken")
    assert (event.actor, event.detail["reason"], event.detail["added"]) == ("desk-1", "契約部の月次報告", 1)
    [listed] = page_of(client.get(PAGES["contracts"])).table("これまでの取込").rows
    assert (listed["状態"], listed["理由"]) == ("反映済み", "契約部の月次報告")


@pytest.mark.req("I-021")
def test_a_loss_is_brought_in_the_same_way(world: World, visit: Visit) -> None:
    taken(visit(world.staff), "losses", LOSS)
    row = Loss.objects.get()
    assert (row.loss_no, row.stage, row.loss_yen, row.claimed_yen, row.paid_on) == (
        "A-0001",
        "loss",
        100_000_000,
        None,
        None,
    )


def test_the_same_key_again_changes_and_what_is_absent_stays(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    taken(client, "contracts", CONTRACT, CONTRACT | {"number": "P-0002"})
    address = brought(
        client,
        "contracts",
        CONTRACT,
        CONTRACT | {"number": "P-0002", "premium_yen": "900000"},
        CONTRACT | {"number": "P-0003"},
    )
    assert page_of(client.get(address)).facts["行数"] == "3行（追加 1、変更 1）"
    client.post(address, {"step": "confirm", "reason": "訂正"})
    assert dict(PaperContract.objects.values_list("number", "premium_yen")) == {
        "P-0001": 850_000,
        "P-0002": 900_000,
        "P-0003": 850_000,
    }
    taken(client, "contracts", CONTRACT | {"number": "P-0003", "cancelled": "1"})
    assert PaperContract.objects.get(number="P-0003").cancelled
    assert PaperContract.objects.count() == 3


def test_confirmed_twice_it_is_taken_once_and_a_dropped_one_never(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    address = brought(client, "contracts", CONTRACT)
    for _ in range(2):
        client.post(address, {"step": "confirm", "reason": "報告"})
    assert AuditEvent.objects.filter(event="inquiry-data-taken").count() == 1
    dropped = brought(client, "contracts", CONTRACT | {"number": "P-0009"})
    client.post(dropped, {"step": "drop"})
    client.post(dropped, {"step": "confirm", "reason": "報告"})
    assert not PaperContract.objects.filter(number="P-0009").exists()
    assert page_of(client.get(dropped)).facts["状態"].startswith("取りやめ")


def test_all_problems_of_a_file_are_told_at_once(world: World, visit: Visit) -> None:
    bad = {
        "holder": "12345678",
        "kind": "火災保険",
        "number": "ああ",
        "country": "30",
        "buyer": "x",
        "concluded_on": "2025-02-30",
        "ends_on": "",
        "currency": "円",
        "amount": "1,23",
        "insured_yen": "1.5",
        "premium_yen": "-1",
        "long_term": "はい",
        "subject": "あ" * 61,
    }
    problems = refused(
        visit(world.staff),
        "contracts",
        a_file("contracts", CONTRACT | bad, CONTRACT | {"country": "999", "buyer": "999999999"}, CONTRACT),
    )
    second = [problem for problem in problems if problem.startswith("2行目")]
    labels = {column.name: column.label for column in LAYOUTS["contracts"]}
    assert len(second) == len(bad)
    for name in bad:
        assert any(f"「{labels[name]}」" in problem for problem in second), name
    assert problems[len(second) :] == [
        "3行目「国コード」: 「999」はありません。コードを確かめてください。",
        "3行目「バイヤーコード」: 「999999999」は海外商社名簿にありません。コードを確かめてください。",
        "4行目: 3行目と同じ保険利用者コード・保険種・証券番号です。1行にしてください。",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"holder": "000000001"}, "「000000001」は登録されていません"),
        ({"agreement": f"{OTHER[:8]}1"}, f"保険利用者 {HOLDER} の特約ではありません"),
        ({"kind": "企業総合保険"}, "企業総合保険では、特約コードを記入してください"),
        ({"ends_on": "20250531"}, "保険契約締結日より前です"),
        ({"concluded_on": "18991231"}, "暦にある日付"),
        ({"amount": "12345678901234"}, "整数13桁・小数2桁以内"),
        ({"insured_yen": "99999999999999"}, "13桁以内"),
        ({"remarks": "絵文字👨‍👩‍👧"}, "使えない文字"),
    ],
)
def test_a_row_that_cannot_be_is_told(
    world: World, visit: Visit, changes: dict[str, str], words: str
) -> None:
    [problem] = refused(visit(world.staff), "contracts", a_file("contracts", CONTRACT | changes))
    assert words in problem


def test_codes_of_a_loss_are_judged_and_its_days_have_an_order(world: World, visit: Visit) -> None:
    problems = refused(
        visit(world.staff),
        "losses",
        a_file("losses", LOSS | {"told_on": "20260114", "stage": "事故"}, LOSS | {"told_on": "20260114"}),
    )
    assert problems == [
        "2行目「区分」: 「事故」。「危険発生」「損失発生」のどれかを記入してください。",
        "3行目「損失等発生通知日」: 発生日より前です。日付を確かめてください。",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\x00\x00", "CSVファイルではありません"),
        (b"\xff\xfe\x82", "文字コードがUTF-8でもShift_JIS"),
        (b"\n\n", "がありません。見出しを確かめてください"),
        ("保険種,備考\n".encode(), "見出し「保険利用者コード」「証券番号」"),
        (b'"' + b"x" * 300_000 + b'"\n', "CSVとして読めません"),
    ],
)
def test_what_is_no_such_file_is_refused(world: World, visit: Visit, content: bytes, words: str) -> None:
    problems = refused(visit(world.staff), "contracts", SimpleUploadedFile("x.csv", content))
    assert words in problems[0]


def test_headings_and_shapes_are_judged(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    heading_only = a_file("contracts")
    assert refused(client, "contracts", heading_only) == [
        "データの行がありません。見出しの下に行のあるファイルを選んでください。"
    ]
    [unknown] = refused(client, "contracts", a_file("contracts", CONTRACT | {"色": "赤"}))
    assert unknown.startswith("1行目: 見出し「色」は使えません")
    good = a_file("contracts", CONTRACT).read()
    [short] = refused(client, "contracts", SimpleUploadedFile("x.csv", good + b"a,b\r\n"))
    assert short.startswith("3行目: 列の数が見出し（16）と違います（2）")
    shuffled = dict(reversed([*CONTRACT.items()]))
    taken(client, "contracts", shuffled)
    assert PaperContract.objects.get().number == "P-0001"


def test_a_flood_of_problems_is_cut_and_counted(world: World, visit: Visit) -> None:
    rows = [CONTRACT | {"number": f"P-{number}", "country": "999"} for number in range(250)]
    reply = visit(world.staff).post(PAGES["contracts"], {"file": a_file("contracts", *rows)})
    page = page_of(reply, 422)
    assert page.alert == "このファイルは取り込めません（問題 100件のほか150件）"
    assert len(page.error_summary) == 100
    assert len(reply.content) < 100_000


def test_what_became_wrong_since_the_upload_is_not_taken(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    address = brought(client, "contracts", CONTRACT | {"kind": "企業総合保険", "agreement": AGREEMENT})
    Agreement.objects.filter(code=AGREEMENT).delete()
    reply = client.post(address, {"step": "confirm", "reason": "報告"})
    assert page_of(reply, 422).error_summary == [
        "アップロードの後に登録内容が変わり、反映できなくなりました。取りやめて、もう一度アップロードしてください。"
    ]
    assert not PaperContract.objects.exists()


def test_an_upload_that_nobody_confirms_is_dropped_after_a_day(
    world: World, visit: Visit, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_stub.shelves._HOUR", -10)
    client = visit(world.staff)
    address = brought(client, "contracts", CONTRACT)
    assert rules.tidy() == 0
    hand.on(days=1, minutes=1)
    assert rules.tidy() == 1
    client = visit(world.staff)
    client.post(address, {"step": "confirm", "reason": "報告"})
    assert not PaperContract.objects.exists()
    assert page_of(client.get(address)).facts["状態"].startswith("取りやめ")


@pytest.mark.parametrize("kind", ["contracts", "losses"])
def test_readers_of_the_desk_bring_nothing(world: World, visit: Visit, kind: str) -> None:
    client = visit(world.staff_reader)
    assert client.get(PAGES[kind]).status_code == 403
    assert client.post(PAGES[kind], {"file": a_file(kind, CONTRACT)}).status_code == 403
