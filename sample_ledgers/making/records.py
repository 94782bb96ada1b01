"""Good records of the fictitious holders, to be changed: a 企総 line, a 簡易 notice, and what changes a booked one."""

from making.model import Record

AOZORA, MIHON, TAMESHI, KUMIAI = "990000001", "990000002", "990000003", "990000009"
"""Fictitious holders: two exporters, one exporter that applies through its association, and that association."""


def ledger(
    contract_no: str, buyer: str, amount: object = "10000000", *finds: str, **changes: object
) -> Record:
    """A 企総 line: one branch, shipment and settlement of 60 days after B/L, unless changed."""
    country = buyer[:3]
    cells: dict[str, object] = {
        "process_type": "1",
        "agreement_code": "880000011",
        "policyholder_code": AOZORA,
        "department_code": "E01",
        "contract_form": "11",
        "export_contract_no": contract_no,
        "contract_date": "20181029",
        "counterparty_code": buyer,
        "payer_code": buyer,
        "destination_country": country,
        "payer_country": country,
        "goods_code": "845710",
        "currency": "JPY",
        "contract_amount": amount,
        "shipment_no": "01",
        "last_shipment_date": "20181220",
        "pre_shipment_amount": amount,
        "post_shipment_amount": amount,
        "settlement_no": "01",
        "settlement_method": "41",
        "usance_days": "60",
        "settlement_principal": amount,
    }
    return Record(cells | changes, finds)


def also(record: Record, *finds: str, **changes: object) -> Record:
    """Another line of the same contract."""
    return Record(record.cells | changes, finds)


def notice(buyer: str, band: str, amount: object, *finds: str, **changes: object) -> Record:
    """A 簡易通知 of October 2018."""
    country = buyer[:3]
    cells: dict[str, object] = {
        "process_type": "1",
        "agreement_code": "880000012",
        "policyholder_code": AOZORA,
        "notice_kind": "1",
        "shipment_month": "201810",
        "counterparty_code": buyer,
        "payer_code": buyer,
        "destination_country": country,
        "payer_country": country,
        "currency": "JPY",
        "period_band": band,
        "shipped_amount": amount,
    }
    return Record(cells | changes, finds)


def change(kind: str, number: str, *finds: str, **changes: object) -> Record:
    """A partial record of 企総 about a branch ``YY-NNNNNN-BB``: what is not given stays as it is."""
    year, serial, branch = number.split("-")
    cells: dict[str, object] = {
        "process_type": kind,
        "application_year": year,
        "application_serial": serial,
        "branch_no": branch,
        "agreement_code": "880000011",
        "policyholder_code": AOZORA,
    }
    return Record(cells | changes, finds)


def notice_change(kind: str, number: str, *finds: str, **changes: object) -> Record:
    """A partial record of 簡易 about a notice ``YY-NNNNNN``."""
    year, serial = number.split("-")
    cells: dict[str, object] = {
        "process_type": kind,
        "notice_year": year,
        "notice_serial": serial,
        "branch_no": "00",
        "agreement_code": "880000012",
        "policyholder_code": AOZORA,
    }
    return Record(cells | changes, finds)


def amounts(contract: object, shipped: object | None = None) -> dict[str, object]:
    """All four amounts of a line with one shipment and one settlement, or of one shipment of several."""
    part = contract if shipped is None else shipped
    return {
        "contract_amount": contract,
        "pre_shipment_amount": part,
        "post_shipment_amount": part,
        "settlement_principal": part,
    }


def of_mihon(record: Record, department: str = "KIKAI") -> Record:
    """The same record under みほん商事's agreement."""
    mine = {"policyholder_code": MIHON, "agreement_code": "880000021"}
    if "notice_kind" in record.cells or "notice_serial" in record.cells:
        mine["agreement_code"] = "880000022"
    if record.cells["process_type"] == "1":
        mine["department_code"] = department
    return Record({**record.cells, **mine}, record.finds)


def of_tameshi(record: Record) -> Record:
    """The same record under ためし繊維機械's agreement."""
    mine = {"policyholder_code": TAMESHI, "agreement_code": "880000031", "department_code": "T10"}
    return Record({**record.cells, **mine}, record.finds)


LC_CHINA = {
    "settlement_method": "10",
    "usance_days": "",
    "guarantor_code": "105900001",
    "guarantor_country": "105",
}
"""L/C at sight of a Chinese bank rated SA."""
LC_GERMANY = {
    "settlement_method": "11",
    "usance_days": "90",
    "guarantor_code": "213900001",
    "guarantor_country": "213",
    "lc_receipt_date": "20181031",
}
"""L/C 90 days after B/L, confirmed by a German bank rated SA."""
