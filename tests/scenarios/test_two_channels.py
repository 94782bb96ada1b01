"""What is typed in and what is uploaded end in the same records (A-030, A-056, A-058).

Typed-in entries reach the pipeline as a 台帳ファイル; a spreadsheet of the same records is the other channel.
"""

import shutil
from pathlib import Path

import polars as pl
import pytest

from outputs.documents import ledger_file_csv
from schemas.journal import RATED, TEXT, VERSION
from schemas.layouts import layout_of
from schemas.products import Product
from tests import kit
from tests.homes import Home

TYPED = [
    kit.enterprise_row(export_contract_no="EX-0001"),
    kit.enterprise_row(export_contract_no="EX-0001", shipment_no="02", last_shipment_date="20190131"),
    kit.enterprise_row(
        export_contract_no="0EX-2", disclosure_marks="2", currency="USD", contract_amount="1234567.89"
    ),
]


@pytest.mark.req("A-030", "A-056", "A-058")
def test_typed_in_records_and_a_spreadsheet_are_one_in_the_ledger(loaded: Path, tmp_path: Path) -> None:
    layout = layout_of(Product.ENTERPRISE)
    entries = pl.DataFrame(TYPED, schema=dict.fromkeys(layout.names, pl.String))
    channels = {
        "entered.csv": ledger_file_csv(entries, layout.labels),
        "uploaded.xlsx": kit.xlsx_bytes(TYPED, layout, header=layout.labels),
    }
    ledgers = []
    for name, content in channels.items():
        home = Home(tmp_path / name.partition(".")[0])
        shutil.copytree(loaded, home.path)
        submission = home.submit(content, name=name, count=len(TYPED))["submission_id"]
        home.decide()
        assert home.status(submission)["status"] == "処理完了", home.findings(submission)
        ledgers.append(home.journal().select("line_id", "unit", "acceptance_date", *TEXT, *RATED, *VERSION))
    assert ledgers[0].rows() == ledgers[1].rows()
    assert ledgers[0].height == len(TYPED)
