"""What is typed in and what is sent as a file lead to the same ledger: all process types, both layouts, field by field."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from django.test import Client

from assets.ledgers import confirm_due
from portal_stub.entries.models import Entry
from schemas.journal import RATED, TEXT, VERSION
from sensors.windows import TOKYO
from tests import kit
from tests.homes import CUT_OFF, TUESDAY, Home
from tests.portal.conftest import World
from tests.portal.entries.walking import type_in, waiting_form
from tests.portal.pages import page_of
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
ENTERPRISE, NOTICE = "enterprise", "simplified-notice"
Rows = Sequence[kit.Row]

NEW: Rows = [
    kit.enterprise_row(export_contract_no="EX-1"),
    # Two branches, two shipments, two settlements, dollars, everything that may stand in a line.
    *(
        kit.enterprise_row(
            export_contract_no="①契-髙橋㈱-2",
            branch_no=branch,
            currency="USD",
            contract_amount="300000.50",
            shipment_no=shipment,
            last_shipment_date=day,
            pre_shipment_amount="100,000.5",
            post_shipment_amount="100000.50",
            settlement_no=settlement,
            settlement_principal="50000.25",
            settlement_interest="12.5",
            usance_days=usance,
            currency_rider="1",
            settlement_currency="USD",
        )
        for branch, shipment, day, settlement, usance in (
            ("00", "01", "20181206", "01", "60"),
            ("00", "01", "20181206", "02", "90"),
            ("00", "02", "20190120", "01", "120"),
            ("01", "01", "20190201", "01", "30"),
        )
    ),
    kit.enterprise_row(export_contract_no="EX-LC", **kit.lc()),
    kit.enterprise_row(
        export_contract_no="EX-GONE", settlement_method="49", usance_days="", due_date="2019/03/01"
    ),
]
NOTICES: Rows = [
    kit.notice_row(period_band="5"),
    kit.notice_row(period_band="4", shipped_amount="2500000", department_code="D9", **kit.notice_lc()),
    kit.notice_row(shipped_amount="777777", destination_country="111", first_shipment_date="20181003"),
]


def change(kind: str, serial: str, product: str = ENTERPRISE, **changes: str) -> kit.Row:
    """A partial record."""
    name = "notice" if product == NOTICE else "application"
    agreement = kit.NOTICE_AGREEMENT if product == NOTICE else kit.AGREEMENT
    return dict.fromkeys(kit.row_of(kit.NOTICE if product == NOTICE else kit.ENTERPRISE), "") | {
        "process_type": kind,
        f"{name}_year": "18",
        f"{name}_serial": serial,
        "branch_no": "00",
        "agreement_code": agreement,
        "policyholder_code": kit.HOLDER,
        **changes,
    }


AMOUNTS = {
    "contract_amount": "9000000",
    "shipment_no": "01",
    "pre_shipment_amount": "9000000",
    "post_shipment_amount": "9000000",
    "settlement_no": "01",
    "settlement_principal": "9000000",
}
UNCONFIRMED: Rows = [
    change("4", "000001", history_no="00", **AMOUNTS),
    change("4", "000003", history_no="00", guarantor_code="-", guarantor_country="-", lc_receipt_date="-",
           shipment_no="01", settlement_no="01", settlement_method="41"),
    change("5", "000004", history_no="00"),
]  # fmt: skip
NOTICES_UNCONFIRMED: Rows = [
    change("4", "000005", NOTICE, history_no="00", shipped_amount="9000000"),
    change("5", "000007", NOTICE, history_no="00"),
]
CONFIRMED: Rows = [
    # A shipment goes, another comes with two settlements, a third one changes.
    change("2", "000002", change_date="20190105", change_reason="02", shipment_no="02", shipment_process_type="5"),
    *(
        change("2", "000002", change_date="20190105", change_reason="02", shipment_no="03",
               shipment_process_type="1", last_shipment_date="20190215", pre_shipment_amount="80000",
               post_shipment_amount="80000", settlement_no=number, settlement_method="41", usance_days="60",
               settlement_principal="40000")
        for number in ("01", "02")
    ),
    change("2", "000002", change_date="20190105", change_reason="02", contract_amount="280000.50", shipment_no="01",
           settlement_no="01", settlement_process_type="2", usance_days="75"),
    change("3", "000001", history_no="01", shipment_no="01", settlement_no="01", usance_days="90"),
    kit.enterprise_row(application_year="18", application_serial="000001", export_contract_no="EX-1",
                       change_reason="01", contract_date="20181220", contract_amount="5000000",
                       last_shipment_date="20190329", pre_shipment_amount="5000000",
                       post_shipment_amount="5000000", settlement_principal="5000000"),
]  # fmt: skip
NOTICES_CONFIRMED: Rows = [
    change("2", "000006", NOTICE, change_date="20190104", change_reason="10", period_band="5"),
    change("3", "000005", NOTICE, history_no="01", shipped_amount="8500000"),
]
LIFE = [
    (TUESDAY, NEW, NOTICES),
    ("2018-11-08T11:00:00", UNCONFIRMED, NOTICES_UNCONFIRMED),
    (CUT_OFF, [], []),
    ("2019-01-10T10:00:00", CONFIRMED, NOTICES_CONFIRMED),
]


def told(home: Home) -> pl.DataFrame:
    """The bookings as they speak of insurance: what was typed, rated and settled; not how they came."""
    columns = ["application_no", "line_id", "product", "submitter", "unit", "acceptance_date"]
    keys = ["application_no", "history_no", "process_type", "shipment_no", "settlement_no"]
    return home.journal().select(*columns, *TEXT, *RATED, *VERSION).sort(keys)


def sends(client: Client, product: str, rows: Rows) -> None:
    """Types the rows in and presses 一括申請 / 一括通知."""
    saved = type_in(client, product, rows)
    reply = client.post(
        f"/ledger/{product}/entries/waiting/send/", waiting_form(client, product), follow=True
    )
    assert page_of(reply).status.startswith(f"{len(saved)}件の")
    assert not Entry.objects.filter(place="waiting").exists()


@pytest.mark.slow
@pytest.mark.req("A-030", "A-056", "A-058", "P-015")
def test_typed_and_uploaded_records_are_booked_alike(
    whole: Whole, loaded: Path, tmp_path: Path, world: World, visit: Callable[..., Client]
) -> None:
    shutil.copytree(loaded, tmp_path / "file-home")
    filed = Home(tmp_path / "file-home")
    kinds: set[tuple[str, str]] = set()
    for at, ledger, notices in LIFE:
        whole.hand.at = datetime.fromisoformat(at).replace(tzinfo=TOKYO)
        if not ledger:
            assert confirm_due(filed.at(at)).failed == []
            assert confirm_due(whole.home.at(at)).failed == []
            continue
        client = visit(world.applicant)
        for product, rows in ((ENTERPRISE, ledger), (NOTICE, notices)):
            sends(client, product, rows)
            whole.run()
            filed.booked(rows, at, product=product)
            kinds |= {(product, row["process_type"]) for row in rows}
            mine, theirs = told(whole.home), told(filed)
            assert mine.height == theirs.height
            for name in mine.columns:
                assert mine[name].to_list() == theirs[name].to_list(), (at, product, name)
    assert kinds == {(product, kind) for product in (ENTERPRISE, NOTICE) for kind in "12345"}
    assert told(filed).height > 15
    assert whole.home.verify("2019-01-10T12:00:00") == []
