"""A home that daicho made before its reading had versions: what was read once is read the same for ever.

``tests/data/home_of_the_first_reading.tar.xz`` was made by the commit before the reading became stricter: five uploads
that it would read otherwise today (characters unfolded, blanks that nobody sees, cells too many, a hidden sheet, merged
cells), booked, with their papers. Only the documents themselves were left out; the event log knows their hashes.
"""

import tarfile
from pathlib import Path

import pytest

from assets.papers_again import reissued
from pipelines.reading.decode import decode
from schemas.layouts import layout_of
from schemas.products import Product
from schemas.reading import CURRENT_READING
from schemas.submission import Refusal
from tests.homes import Home

DATA = Path(__file__).resolve().parents[1] / "data" / "home_of_the_first_reading.tar.xz"
UPLOADS = Path(__file__).resolve().parents[1] / "pipelines" / "reading" / "data"
HOLDER = "990000001"


@pytest.fixture
def old(tmp_path: Path) -> Home:
    with tarfile.open(DATA) as archive:
        archive.extractall(tmp_path / "home", filter="data")
    return Home(tmp_path / "home")


def papers(home: Home, form: str) -> list[str]:
    documents = home.at().events.list_documents({}, home.at().clock.now())
    return [row["document_id"] for row in documents if row["format"] == form]


def test_its_papers_are_made_again_byte_for_byte(old: Home) -> None:
    store = old.at()
    made = {name: reissued(store, name) for form in ("csv", "pdf") for name in papers(old, form)}
    assert len(made) == 10 + 15
    assert [name for name, again in made.items() if not again.identical] == []
    assert "見積～01".encode("cp932") in made["ledger_file-S00000001"].data


def test_all_of_it_is_of_the_first_reading_and_new_uploads_are_not(old: Home) -> None:
    store = old.at()
    receipts = [store.events.receipt(f"S{n:08d}") for n in range(1, 6)]
    assert [receipt and receipt["reading_version"] for receipt in receipts] == [1] * 5
    assert [store.archive.read_receipt(n) for n in range(1, 6)] == receipts
    done = old.cli("submit", str(UPLOADS / "ctrl_z.csv"), "--product", "enterprise", "--holder", HOLDER, "--user",
                   f"{HOLDER}000", "--count", "1", "--json")  # fmt: skip
    assert done.code == 0, done.err
    new = old.at().events.receipt(done.json["submission_id"])
    assert new is not None
    assert new["reading_version"] == CURRENT_READING


def test_today_each_of_them_would_be_read_otherwise(old: Home) -> None:
    """Else the test above would prove nothing."""
    store = old.at()
    layout = layout_of(Product.ENTERPRISE)
    for number in range(1, 6):
        receipt = store.archive.read_receipt(number)
        assert receipt is not None
        content = store.archive.get_bytes(receipt["sha256"])
        first = decode(content, receipt["file_name"], layout, 1)
        assert first.findings.is_empty()
        try:
            now = decode(content, receipt["file_name"], layout)
        except Refusal:
            continue
        assert now.findings.height or not now.records.equals(first.records), receipt["file_name"]


def test_what_it_booked_unfolded_is_known(old: Home) -> None:
    done = old.cli("check", str(UPLOADS / "wave_1_cp932.csv"), "--product", "enterprise", "--holder", HOLDER,
                   "--count", "2", "--json")  # fmt: skip
    assert [finding["code"] for finding in done.json["findings"]] == ["already-insured"] * 2
