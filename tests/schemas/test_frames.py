"""The contracts at the borders of the stages: what keeps them passes, what breaks one is named by column and check.

``validated`` asks all checks of a model in one plan and must judge like pandera itself.
"""

from datetime import date
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from pandera.errors import SchemaError

from schemas import frames
from schemas.findings import SCHEMA
from schemas.frames import BookedLines, Findings, validated
from schemas.journal import SCHEMA as JOURNAL

GOOD: dict[str, Any] = {
    "submission_id": "S00000001",
    "receipt_no": 1,
    "record": 1,
    "product": "enterprise",
    **dict.fromkeys(["submitter", "policyholder_code", "agreement_code"], "123456789"),
    "application_no": "18-000001-00",
    "line_id": "18-000001-00/01/01",
    "history_no": "00",
    "process_type": "1",
    "unit": "123456789_-_2018-11",
    **dict.fromkeys(["acceptance_date", "notice_date", "counts_from"], date(2018, 11, 6)),
    "reference_load": 1,
    **{name: 0 for name in BookedLines.to_schema().columns if name.endswith(("_yen", "records"))},
    **{f"{kind}_{c}": 100 for kind in ("rate", "insured_amount", "premium", "due") for c in "abcd"},
    "premium_total": 400,
    "due_total": 400,
    "difference_total": 400,
    "acts_as": "1",
    "base_history_no": None,
    "replaced_history_no": None,
    "removed": False,
}
"""A journal row that keeps every check."""
FINDING: dict[str, Any] = {
    "record": 1,
    "line": 2,
    "cell": "F2",
    "field": "currency",
    "code": "mandatory",
    "severity": "error",
    "message": "「通貨」を入力してください。",
    "value": None,
}


def lines(*changes: dict[str, Any]) -> pl.DataFrame:
    types = {name: JOURNAL[name] for name in BookedLines.to_schema().columns}
    return pl.DataFrame([GOOD | change for change in changes or ({},)], schema=types)


def findings(**changes: Any) -> pl.DataFrame:
    return pl.DataFrame([FINDING | changes], schema=SCHEMA)


def test_what_keeps_the_contract_passes_as_it_is_and_pandera_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for model, frame in ((BookedLines, lines({}, {"line_id": "18-000001-00/01/02"})), (Findings, findings())):
        assert model.validate(frame).equals(frame)
        with monkeypatch.context() as patched:
            patched.setattr(model, "validate", lambda _: pytest.fail("pandera was asked"))
            assert validated(model, frame) is frame
            assert validated(model, frame.clear()).is_empty()


@pytest.mark.parametrize(
    "change",
    [
        {"submission_id": "X1"},
        {"submission_id": None},
        {"product": "other"},
        {"rate_a": 100_000},
        {"rate_a": -1},
        {"insured_amount_b": 10**13},
        {"premium_a": -100, "premium_total": 200},
        {"premium_total": 401},
        {"due_total": 401},
        {"rate_c": None},
        {"base_history_no": "0"},
        {"line_id": "18-000001-00/01"},
        {"receipt_no": 0},
        {"removed": None},
    ],
)
def test_one_broken_check_is_told_as_pandera_tells_it(change: dict[str, Any]) -> None:
    frame = lines({}, {"line_id": "18-000001-00/01/02"} | change)
    with pytest.raises(SchemaError) as direct:
        BookedLines.validate(frame)
    with pytest.raises(SchemaError) as told:
        validated(BookedLines, frame)
    assert str(told.value) == str(direct.value)


@pytest.mark.parametrize(
    "change",
    [{"record": 0}, {"cell": "2F"}, {"code": "unheard-of"}, {"severity": "note"}, {"message": "短い"}],
)
def test_a_finding_out_of_form_is_a_fault_of_ours(change: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        validated(Findings, findings(**change))


def test_a_line_booked_twice_a_missing_column_another_type_and_one_too_many_are_told() -> None:
    with pytest.raises(SchemaError, match="booked_once"):
        validated(BookedLines, lines({}, {}))
    with pytest.raises(SchemaError, match="unit"):
        validated(BookedLines, lines().drop("unit"))
    with pytest.raises(SchemaError, match="record"):
        validated(BookedLines, lines().cast({"record": pl.String}))
    with pytest.raises(SchemaError, match="more"):
        validated(Findings, findings().with_columns(more=1))
    assert validated(BookedLines, lines().with_columns(more=1)).width == lines().width + 1


def test_every_check_of_our_models_is_asked_in_the_plan_and_of_others_pandera_decides() -> None:
    for model in (BookedLines, Findings):
        assert frames._conditions(model) is not None

    class Other(pa.DataFrameModel):
        name: pl.String = pa.Field(str_endswith="x")

    assert frames._conditions(Other) is None
    assert validated(Other, pl.DataFrame({"name": ["ax"]})).height == 1
    with pytest.raises(SchemaError):
        validated(Other, pl.DataFrame({"name": ["a"]}))
