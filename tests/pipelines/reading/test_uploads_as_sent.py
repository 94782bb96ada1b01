"""Files that people really send, each an instance of a kind: what daicho says of them (data/, one file each).

Their holders and buyers are those of ``sample_ledgers/reference``. The kinds themselves are in the modules beside this.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from daicho.views import ledger_state
from pipelines.assess import Assessment, assess_decoded
from pipelines.post import Candidate, Posted, post
from pipelines.reading.decode import decode
from schemas.journal import SCHEMA
from schemas.layouts import layout_of
from schemas.products import Product
from schemas.submission import Refusal
from tests.sample_ledgers.reference_set import calendar, reference

CASES = Path(__file__).parent / "data"
TUESDAY = date(2018, 11, 6)
HOLDER = "990000001"


def assessed(name: str) -> Assessment:
    content = (CASES / name).read_bytes()
    decoded = decode(content, name, layout_of(Product.ENTERPRISE))
    return assess_decoded(decoded, HOLDER, TUESDAY, TUESDAY, reference())


def found(name: str) -> list[tuple[int | None, str | None, str, str | None]]:
    return assessed(name).findings.select("record", "field", "code", "value").rows()


def posted(*names: str) -> list[Posted]:
    """The uploads decided one after the other on an empty ledger."""
    candidates = [
        Candidate({"receipt_no": n, "submission_id": f"S{n:08d}", "holder": HOLDER}, assessed(name))
        for n, name in enumerate(names, 1)
    ]
    state = ledger_state(pl.LazyFrame(schema=SCHEMA), candidates)
    at = datetime(2018, 11, 6, 1, tzinfo=UTC)
    return post(candidates, state, at, lambda load: reference(), calendar())


@pytest.mark.parametrize(
    ("name", "premium"),
    [
        ("amount_cents_right.csv", 7_882_761),
        ("bom_twice.csv", 9_400),
        ("ctrl_z.csv", 9_400),
        ("equals_quote.csv", 9_400),
        ("excel_midnight.csv", 9_400),
        ("mac_cr.csv", 18_800),
        ("wave_1_cp932.csv", 18_800),
        ("wave_2_utf8.csv", 18_800),
    ],
)
def test_customary_trimmings_are_taken(name: str, premium: int) -> None:
    told = assessed(name)
    assert told.errors == 0
    assert told.premium_total == premium


def test_they_are_taken_for_what_was_meant() -> None:
    assert assessed("equals_quote.csv").lines["export_contract_no"].to_list() == ["00123"]
    assert assessed("excel_midnight.csv").lines["last_shipment_date"].to_list() == ["20181206"]


@pytest.mark.parametrize(
    ("name", "findings"),
    [
        (
            "unnamed_columns.csv",
            [(1, "23列目", "untitled-value", "000"), (1, "24列目", "untitled-value", "000")],
        ),
        ("shifted_named_columns.csv", [(1, "process_type", "field-count", "26")]),
        ("contract_exponent.csv", [(1, "export_contract_no", "exponent-number", "1.23457E+19")]),
        ("nbsp_lrm.csv", [(1, "last_shipment_date", "invalid-character", "\u200e20181206")]),
        ("invisible_1.csv", [(3, "export_contract_no", "invalid-character", "A\u200bB-9")]),
    ],
)
def test_what_would_be_guessed_is_an_error(name: str, findings: list[tuple[int, str, str, str]]) -> None:
    told = found(name)
    assert [row for row in told if row in findings] == findings
    assert assessed(name).premium_total == 0
    assert "unknown-column" not in {code for _, _, code, _ in told}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("one_bad_byte.csv", ["39行目", "「87 9F」", "JIS X 0213 の「"]),
        ("cesu8.csv", ["2行目", "「ED A1 82 ED BE B7」", "CESU-8"]),
        ("tab.csv", ["区切りがタブです"]),
        ("encrypted.xlsx", ["パスワードを外し", ".xlsx"]),
    ],
)
def test_what_cannot_be_told_is_refused_with_place_and_remedy(name: str, says: list[str]) -> None:
    with pytest.raises(Refusal) as caught:
        assessed(name)
    assert caught.value.code == "unreadable-file"
    for words in says:
        assert words in caught.value.message
    assert "保存し直してください" in caught.value.message


def test_a_contract_once_with_a_wave_dash_and_once_with_a_tilde_is_one() -> None:
    first, second = posted("wave_1_cp932.csv", "wave_2_utf8.csv")
    assert (first.verdict, first.premium_total) == ("booked", 18_800)
    assert (second.verdict, second.premium_total) == ("rejected", 0)
    assert second.findings["code"].to_list() == ["already-insured"] * 2
