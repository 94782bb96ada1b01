"""What changes of insured contracts must cost: a ledger of the samples' own, kept in plain Python.

It books every sample in order, gives the numbers that the ledger gives, merges partial records as the exporter's guide
says them, and lets ``making/oracle.py`` price each version (contract §5–§7). It shares no code with the rules and knows
only what the samples do: one record names one branch, at most one shipment and one settlement; dates move by shipment.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from making import oracle
from making.cost import plain, tables

Cells = Mapping[str, object]
Row = dict[str, str]
Yen = dict[str, int]
Key = tuple[str, str]
"""Shipment and settlement; both empty in a notice."""

NOTICE = "simplified-notice"
_KEYS = {
    *("process_type", "application_year", "application_serial", "notice_year", "notice_serial", "branch_no"),
    *("history_no", "agreement_code", "policyholder_code", "change_date", "change_reason"),
    *("shipment_no", "settlement_no", "shipment_process_type", "settlement_process_type"),
}
_SHIPMENT = ("shipment_country", "last_shipment_date", "pre_shipment_amount", "post_shipment_amount")
_SETTLEMENT = ("settlement_method", "usance_days", "due_date", "settlement_principal", "inspection_date")


@dataclass
class Version:
    """A branch as it stands after one act."""

    number: str
    rows: dict[Key, Row]
    priced: dict[Key, Row]
    """The same with the shipment dates that the premium pays for."""
    full: dict[str, Yen]
    """Shipment → premium by rate per danger."""
    standing: dict[str, Yen]
    """Shipment → what it costs altogether, earlier returns deducted."""
    base: "Version | None" = None
    """Against which version it was reckoned; a correction keeps that of the version it replaces."""
    act: str = "1"
    reason: str = ""
    noticed: date = date.min
    withdrawn: bool = False

    @property
    def total(self) -> int:
        return sum(sum(yen.values()) for yen in self.standing.values())


@dataclass
class Branch:
    """All versions of one branch."""

    product: str
    accepted: date
    versions: list[Version] = field(default_factory=list)

    @property
    def current(self) -> Version | None:
        return next((v for v in reversed(self.versions) if not v.withdrawn), None)


class Life:
    """The samples' ledger: numbers, branches, versions."""

    def __init__(self) -> None:
        self.branches: dict[str, Branch] = {}
        self._serials: dict[str, int] = defaultdict(int)

    def book(self, product: str, records: Sequence[Cells], accepted: date) -> int:
        """Books an upload without errors; the yen by which it changed what its holder owes."""
        lines = [_line(record) for record in records]
        difference = self._changes(product, [line for line in lines if line["process_type"] != "1"], accepted)
        return difference + self._new(
            product, [line for line in lines if line["process_type"] == "1"], accepted
        )

    # ---------------------------------------------------------------------------------------- new ones
    def _new(self, product: str, lines: Sequence[Row], accepted: date) -> int:
        year = f"{accepted.year % 100:02d}"
        numbers: dict[object, str] = {}
        branches: dict[str, list[Row]] = defaultdict(list)
        for place, line in enumerate(lines):
            branch = line["branch_no"] or "00"
            if line["application_year"]:
                application = f"{line['application_year']}-{int(line['application_serial']):06d}"
                branch = line["branch_no"] or self._next_branch(application)
            else:
                contract = (
                    place if product == NOTICE else (line["agreement_code"], line["export_contract_no"])
                )
                if contract not in numbers:
                    self._serials[year] += 1
                    numbers[contract] = f"{year}-{self._serials[year]:06d}"
                application = numbers[contract]
            branches[f"{application}-{branch:0>2}"].append(line)
        for number, rows in branches.items():
            keyed = {_key(row): row for row in rows}
            full = _by_rate(product, keyed, accepted)
            version = Version("00", keyed, keyed, full, full, noticed=accepted)
            self.branches[number] = Branch(product, accepted, [version])
        return sum(self.branches[number].versions[0].total for number in branches)

    def _next_branch(self, application: str) -> str:
        taken = [int(number[-2:]) for number in self.branches if number.startswith(f"{application}-")]
        return f"{max(taken) + 1:02d}"

    # ----------------------------------------------------------------------------------------- changes
    def _changes(self, product: str, lines: Sequence[Row], told: date) -> int:
        """Records in file order; those of one branch that tell the same act make one version."""
        acts: dict[tuple[str, ...], list[Row]] = {}
        for line in lines:
            kind = "notice" if product == NOTICE else "application"
            number = f"{line[f'{kind}_year']}-{int(line[f'{kind}_serial']):06d}-{line['branch_no']}"
            act = (
                number,
                line["process_type"],
                line["history_no"],
                line["change_date"],
                line["change_reason"],
            )
            acts.setdefault(act, []).append(line)
        return sum(self._act(self.branches[act[0]], records, told) for act, records in acts.items())

    def _act(self, branch: Branch, records: Sequence[Row], told: date) -> int:
        kind, now = records[0]["process_type"], branch.current
        assert now is not None
        assert records[0]["history_no"] in ("", now.number), f"samples name a stale history: {records[0]}"
        if kind == "5":
            now.withdrawn = True
            return (branch.current.total if branch.current else 0) - now.total
        made = Version(f"{len(branch.versions):02d}", _merged(now.rows, records), {}, {}, {})
        corrects = kind == "4"
        made.base = now.base if corrects else now
        made.act = now.act if corrects else kind
        made.noticed = now.noticed if corrects else told
        made.reason = records[0]["change_reason"] or (now.reason if corrects else "")
        made.priced = _priced(made)
        made.full = _by_rate(branch.product, made.priced, branch.accepted)
        made.standing = _standing(made, branch)
        branch.versions.append(made)
        return made.total - now.total


def _merged(before: Mapping[Key, Row], records: Sequence[Row]) -> dict[Key, Row]:
    """The lines after partial records: blank stays, ``-`` clears, flags 1 add, 5 remove."""
    rows = {key: defaultdict(str, row) for key, row in before.items()}
    for record in records:
        shipment, settlement = record["shipment_no"], record["settlement_no"]
        flags = record["shipment_process_type"], record["settlement_process_type"]
        told = {
            name: "" if text == "-" else text for name, text in record.items() if text and name not in _KEYS
        }
        if "1" in flags:
            like = next(row for key, row in before.items() if flags[0] == "1" or key[0] == shipment)
            own = _SETTLEMENT if flags[0] != "1" else (*_SHIPMENT, *_SETTLEMENT)
            shared = {name: text for name, text in like.items() if name not in own}
            new = shared | {"shipment_no": shipment, "settlement_no": settlement} | told
            rows[shipment, settlement] = defaultdict(str, new)
        for key in list(rows):
            of_shipment, of_line = key[0] == shipment, key == (shipment, settlement)
            if (of_shipment and flags[0] == "5") or (of_line and flags[1] == "5"):
                del rows[key]
                continue
            for name, text in told.items():
                level = of_shipment if name in _SHIPMENT else of_line if name in _SETTLEMENT else True
                if level:
                    rows[key][name] = text
    return rows


def _priced(made: Version) -> dict[Key, Row]:
    """A change with reason 06 or 07 of up to three months leaves the dates that the premium pays for (§7)."""
    if made.base is None:
        return made.rows
    priced = {}
    for key, row in made.rows.items():
        old = made.base.priced.get(key)
        if old is None or not row["last_shipment_date"]:
            priced[key] = row
            continue
        was_told, was_priced = made.base.rows[key]["last_shipment_date"], old["last_shipment_date"]
        if row["last_shipment_date"] == was_told:
            pays_for = was_priced
        elif made.act == "2":
            day = oracle.day(row["last_shipment_date"])
            pays_for = f"{oracle.insured_shipment_after(made.reason, oracle.day(was_priced), day):%Y%m%d}"
        else:
            pays_for = row["last_shipment_date"]
        priced[key] = defaultdict(str, row | {"last_shipment_date": pays_for})
    return priced


def _standing(made: Version, branch: Branch) -> dict[str, Yen]:
    """What every shipment costs after the act: an increase in full, a return for the time left, 訂正 exactly."""
    if made.base is None:
        return made.full
    base, none = made.base, dict.fromkeys(oracle.DANGERS, 0)
    result = {}
    for shipment in {**base.standing, **made.full}:  # what was taken out keeps its cost
        old, new = base.full.get(shipment, none), made.full.get(shipment, none)
        stood = base.standing.get(shipment, none)
        result[shipment] = {
            danger: _stands(made, branch, shipment, danger, old[danger], new[danger], stood[danger])
            for danger in oracle.DANGERS
        }
    return result


def _stands(made: Version, branch: Branch, shipment: str, danger: str, old: int, new: int, stood: int) -> int:
    if made.act == "3" or old <= new:
        return stood + new - old
    assert made.base is not None
    # The time left runs to the shipment as the ledger told it before the notice, not to the one that is paid for.
    rows = [row for key, row in made.base.rows.items() if key[0] == shipment]
    if branch.product == NOTICE:
        start = oracle.plus_months(oracle.day(rows[0]["shipment_month"] + "01"), 1)
        usance = oracle.BAND_END[rows[0]["period_band"]]
    else:
        start = oracle.day(rows[0]["last_shipment_date"])
        usance = max(30, *(oracle.usance(row) or 0 for row in rows), 0)
    return oracle.changed_premium(danger, old, new, stood, branch.accepted, start, usance, made.noticed)[1]


def _by_rate(product: str, rows: Mapping[Key, Row], accepted: date) -> dict[str, Yen]:
    """Premium by rate per shipment and danger."""
    sums: dict[str, Yen] = {}
    keys = sorted(rows)
    lines = [rows[key] for key in keys]
    for key, line in zip(keys, oracle.reckon(product, lines, tables(), accepted), strict=True):
        yen = sums.setdefault(key[0], dict.fromkeys(oracle.DANGERS, 0))
        for danger in oracle.DANGERS:
            yen[danger] += line.premium[danger]
    return sums


def _key(row: Row) -> Key:
    return row["shipment_no"], row["settlement_no"]


def _line(record: Cells) -> Row:
    return defaultdict(str, {name: plain(name, cell) for name, cell in record.items()})
