"""Contracts on paper, losses and lists of claims, a shelf of the test's own, and a home with contracts on a ledger."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub import clock
from portal_stub.inquiries import rules
from portal_stub.inquiries.bringing import LAYOUTS
from portal_stub.inquiries.models import ClaimsFile, Loss, PaperContract
from portal_stub.jobs.models import Job
from portal_stub.jobs.worker import run_due
from sensors.windows import TOKYO
from tests import kit
from tests.homes import TUESDAY, Home, contracts, lived, loaded
from tests.portal.buyers.conftest import directory
from tests.portal.conftest import HOLDER, Hand, World, hidden
from tests.portal.pages import Page, Row

__all__ = ["directory", "lived", "loaded"]
Visit = Callable[..., Client]
AGREEMENT = f"{HOLDER[:8]}1"
"""The 企総 agreement of the first holder."""


@pytest.fixture
def no_ledgers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose ledgers are empty."""
    monkeypatch.setenv("DAICHO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAICHO_NOW", raising=False)
    return tmp_path / "home"


def _five_contracts(home: Home) -> None:
    home.booked(
        [
            *contracts("EX-1", destination_country="304", payer_country="304"),
            *contracts("EX-2"),
            *contracts("EX-3", agreement_code=kit.DISCOUNT_AGREEMENT, payer_code=kit.buyer("EE")),
        ]
    )
    home.booked([kit.notice_row()], product="simplified-notice", name="notice.csv")
    home.booked(
        [kit.enterprise_row(policyholder_code=kit.MEMBER, agreement_code=kit.MEMBER_AGREEMENT)],
        holder=kit.MEMBER,
        name="others.csv",
    )


@pytest.fixture
def ledgers(
    lived: Callable[[Callable[[Home], object]], Home],
    monkeypatch: pytest.MonkeyPatch,
    hand: Hand,
    world: World,
) -> Home:
    """A home in which the first holder has three contracts under two 企総 agreements and a notice of 簡易."""
    home = lived(_five_contracts)
    monkeypatch.setenv("DAICHO_HOME", str(home.path))
    monkeypatch.delenv("DAICHO_NOW", raising=False)
    hand.at = datetime.fromisoformat(TUESDAY).replace(tzinfo=TOKYO)
    return home


def paper(number: str = "P-0001", **changes: Any) -> PaperContract:
    """A contract on paper of the first holder."""
    values: dict[str, Any] = {
        "holder": HOLDER,
        "kind": "individual",
        "number": number,
        "agreement": "",
        "country": "304",
        "buyer": "304000001",
        "subject": "工作機械",
        "concluded_on": date(2025, 6, 1),
        "ends_on": date(2026, 5, 31),
        "currency": "USD",
        "amount": Decimal("1234567.50"),
        "insured_yen": 170_000_000,
        "premium_yen": 850_000,
        "brought_at": clock.now(),
    } | changes
    return PaperContract.objects.create(**values)


def a_loss(loss_no: str = "A-0001", **changes: Any) -> Loss:
    """A loss of the contract on paper."""
    values: dict[str, Any] = {
        "holder": HOLDER,
        "loss_no": loss_no,
        "kind": "individual",
        "number": "P-0001",
        "agreement": "",
        "country": "304",
        "buyer": "304000001",
        "stage": "loss",
        "cause": "支払人の破産",
        "happened_on": date(2026, 1, 15),
        "told_on": date(2026, 2, 1),
        "loss_yen": 100_000_000,
        "brought_at": clock.now(),
    } | changes
    return Loss.objects.create(**values)


def claims(world: World, name: str = "2026-03.xlsx", project: str = "PJ-1", **changes: Any) -> ClaimsFile:
    """A published list of claims of the first holder."""
    values: dict[str, Any] = {
        "holder": world.holder,
        "project": project,
        "project_name": f"発電所 {project}",
        "agreement": "",
        "name": name,
        "reason": "月次の公開",
    } | changes
    row = rules.add_claims_file(world.staff, values, SimpleUploadedFile(name, f"claims {name}".encode()))
    rules.publish_claims_file(world.staff, row)
    return ClaimsFile.objects.get(pk=row.pk)


def searched(client: Client, **conditions: str) -> tuple[str, Any]:
    """「検索」 and its result: the address of the page, and the page."""
    address = str(client.post("/contract-data/", conditions).headers["Location"])
    run_due()
    return address, client.get(address)


def offered(reply: Any) -> dict[str, str]:
    """The 保険種 that a search offers, with their words."""
    return dict(reply.context["form"].fields["kind"].choices)


def made(client: Client, kind: str, conditions: Mapping[str, str] = MappingProxyType({})) -> Job:
    """「検索」, a 保険種, 「データ作成」, and the work done: the newest file."""
    address, page = searched(client, **conditions)
    reply = client.post(address, hidden(page) | {"kind": kind})
    assert reply.status_code == 302, reply.content.decode()
    run_due()
    return newest("contract-data")


def losses_made(client: Client, **conditions: str) -> Job:
    """「データ作成」 of losses, and the work done: the newest file."""
    reply = client.post("/loss-data/", hidden(client.get("/loss-data/")) | conditions)
    assert reply.status_code == 302, reply.content.decode()
    run_due()
    return newest("loss-data")


def made_files(page: Page) -> list[Row]:
    """The rows of 作成データ一覧; none where it says so."""
    part = page.section("作成データ一覧")
    rows = [row for table in part.tables for row in table.rows]
    assert rows or part.sentences[-1] == "作成したデータはありません。"
    return rows


def newest(kind: str) -> Job:
    found = Job.objects.filter(kind=kind).first()
    assert found is not None
    return found


def downloaded(client: Client, row: Job) -> bytes:
    reply = client.get(f"/{row.kind}/files/{row.pk}/")
    assert reply.status_code == 200
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{row.file_name}"'
    return b"".join(reply.streaming_content)


def rows_of(content: bytes, encoding: str = "cp932") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline="")))


CONTRACT = {
    "holder": HOLDER,
    "kind": "貿易一般保険（個別）",
    "number": "P-0001",
    "agreement": "",
    "country": "304",
    "buyer": "304000001",
    "subject": "工作機械",
    "concluded_on": "20250601",
    "ends_on": "2026-05-31",
    "currency": "USD",
    "amount": "1,234,567.50",
    "insured_yen": "170000000",
    "premium_yen": "850000",
    "long_term": "0",
    "remarks": "",
    "cancelled": "",
}
LOSS = {
    "loss_no": "A-0001",
    "holder": HOLDER,
    "kind": "貿易一般保険（個別）",
    "number": "P-0001",
    "agreement": "",
    "country": "304",
    "buyer": "304000001",
    "stage": "損失発生",
    "cause": "支払人の破産",
    "happened_on": "20260115",
    "told_on": "20260201",
    "loss_yen": "100000000",
}


def a_file(kind: str, *rows: dict[str, str], encoding: str = "utf-8") -> SimpleUploadedFile:
    """The rows as a CSV of the desk, under the headings of the layout."""
    labels = {column.name: column.label for column in LAYOUTS[kind]}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = list(rows[0]) if rows else list(labels)
    writer.writerow([labels.get(name, name) for name in names])
    writer.writerows([[row[name] for name in names] for row in rows])
    return SimpleUploadedFile(f"{kind}.csv", out.getvalue().encode(encoding), "text/csv")
