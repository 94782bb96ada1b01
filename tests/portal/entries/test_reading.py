"""A file's contracts on the screen: what a sample says, both encodings, both names, and what cannot be loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.entries.models import Entry
from portal_stub.ledgers.functions import FUNCTIONS
from tests import kit
from tests.portal.conftest import World
from tests.portal.entries.walking import Screen
from tests.portal.pages import page_of

SAMPLES = Path(__file__).resolve().parents[3] / "sample_ledgers"
PAGE = "/ledger/{}/entries/from-file/"


@pytest.fixture
def client(world: World, visit: Callable[..., Client]) -> Client:
    return visit(world.applicant)


def loads(client: Client, content: bytes, product: str = "enterprise") -> Any:
    file = SimpleUploadedFile("契約.csv", content, "text/csv")
    return client.post(PAGE.format(product), {"file": file}, follow=True)


@pytest.mark.req("A-058")
def test_a_contract_of_a_file_is_on_the_screen(client: Client) -> None:
    row = kit.enterprise_row(contract_amount="1,000", export_contract_no="①髙橋㈱")
    labels = FUNCTIONS["enterprise"].layout.labels
    for content in (
        kit.csv_bytes([row]),
        kit.csv_bytes([row], "cp932", header=labels),
        kit.csv_bytes([row], "utf-8-sig"),
    ):
        screen = Screen(client).sees(loads(client, content))
        form = screen.form.values
        assert (form["b-contract_amount"], form["b-export_contract_no"]) == ("1,000", "①髙橋㈱")
        assert form[f"{screen.settlements[0]}-usance_days"] == "60"
        assert screen.entry.place == "editing"
        assert [record.values for record in _records(screen)] == [{k: v for k, v in row.items() if v}]


def _records(screen: Screen) -> Any:
    from portal_stub.entries.tree import records

    return records(screen.tree, FUNCTIONS["enterprise"].layout)


def test_the_contracts_of_a_sample_are_screens_of_their_own(client: Client) -> None:
    content = (SAMPLES / "changes" / "0115_notice.csv").read_bytes()
    page = page_of(loads(client, content, "simplified-notice"))
    assert page.status == "2件を読み込みました。下の「入力の途中のもの」から1件ずつ確認し、保存してください。"
    assert {row.about for row in Entry.objects.all()} == {"18-000061", "18-000062"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空です"),
        (b"\xff\xfe\x00\x01", "UTF-16"),
        (b"a,b\n1,2\n", "見出しを読めません"),
        (b"process_type,process_type\n1,1\n", "見出しを読めません"),
        (b"process_type,goods_code\n9,84\n", "処理種別が1～5でない"),
        (b"process_type,export_contract_no\n" + b"".join(b"1,%d\n" % n for n in range(11)), "11件あります"),
        (b"process_type,shipment_no\n" + b"1,01\n" * 501, "レコードが多すぎます"),
        (b"process_type\n" + b"1" * 1_000_001, "ファイルが大きすぎます"),
        (b'process_type,goods_code\n1,"' + b"x" * 200_000 + b'"\n', "32,767文字を超える値"),
        (b"process_type,export_contract_no\n1,A,\n", "2行目: 項目の数が見出し(2個)と合いません(3個)"),
        ("process_type,export_contract_no\n1,A\u200bB\n".encode(), "A[U+200B]B"),
        ("process_type,export_contract_no\n1,見積\n1,".encode() + "見積".encode("cp932"), "行目のバイト列「"),
    ],
)
def test_what_cannot_be_loaded_is_told(client: Client, content: bytes, words: str) -> None:
    reply = loads(client, content)
    assert words in page_of(reply, 422).alert
    assert not Entry.objects.exists()


def test_a_file_must_be_chosen(client: Client) -> None:
    reply = client.post(PAGE.format("enterprise"))
    assert page_of(reply, 422).alert == "読み込むCSVファイルを選択してください。"
