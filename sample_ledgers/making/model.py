"""One sample: what a user sends, and what must come of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.findings import KINDS

DONE, CHECK, REFUSED = "処理完了", "申請内容要確認", "拒否"


@dataclass
class Record:
    """One line of an upload and the codes of what must be found in it."""

    cells: dict[str, object]
    finds: tuple[str, ...] = ()


@dataclass
class Sample:
    """One upload as a user sends it, and what must come of it."""

    path: str
    product: str
    holder: str
    sent_at: str
    why: str
    records: Sequence[Record] = ()
    channel: str = "cli"
    user: str = ""
    count: int | None = None
    remarks: str = ""
    resend: bool = False
    refusal: str = ""
    accepted_on: str = ""
    """Acceptance day when it is not the day of sending."""
    file_finds: tuple[str, ...] = ()
    decision: str = ""
    """``release`` or ``refuse`` when the upload is held until somebody decides."""
    decided_at: str = ""
    manifest: bool = True
    write: Callable[["Sample"], bytes] | None = None
    """Makes the bytes; None for an upload of a file that another sample has written."""
    difference: int = 0
    """Yen by which the upload changes what its holder owes, once it is booked (``making/life.py``)."""

    @property
    def codes(self) -> list[str]:
        """``record:code`` of every finding, 0 for the whole file."""
        own = [f"{n}:{code}" for n, record in enumerate(self.records, 1) for code in record.finds]
        whole = [*self.file_finds, *(["refused-by-desk"] if self.decision == "refuse" else [])]
        return sorted([f"0:{code}" for code in whole] + own, key=lambda f: (int(f.split(":")[0]), f))

    def of_severity(self, severity: str) -> int:
        """Number of findings of that severity."""
        return sum(KINDS[found.split(":")[1]].severity == severity for found in self.codes)

    @property
    def outcome(self) -> str:
        """The final status, or 拒否."""
        return REFUSED if self.refusal else CHECK if self.of_severity("error") else DONE

    @property
    def premium(self) -> str:
        """Premium in yen; 0 when nothing is booked, blank when nothing is taken in."""
        if self.refusal:
            return ""
        return str(self.difference) if self.outcome == DONE else "0"

    @property
    def booked_on(self) -> str:
        """When it is booked: when it was sent, or decided."""
        return self.decided_at or self.sent_at

    @property
    def acceptance_day(self) -> date:
        """The day for which it counts."""
        return date.fromisoformat(self.accepted_on or self.sent_at[:10])
