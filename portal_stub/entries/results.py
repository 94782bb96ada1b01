"""What the check of an entry found, at the items where it stands: record of the file → 枝番, 船積, 決済 and item.

The check itself is ``ledgers.jobs``; it speaks of records of the file that the entry makes.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from portal_stub.entries import tree as trees
from portal_stub.entries.judging import Fault, level_of
from portal_stub.entries.models import Entry
from portal_stub.entries.tree import Place
from portal_stub.jobs.models import Job
from portal_stub.jobs.rules import place as place_in_queue
from portal_stub.ledgers.functions import FUNCTIONS


@dataclass(frozen=True)
class Result:
    """How the last check of an entry stands, and what it said."""

    job: Job
    current: bool
    """Whether it was of what stands there now."""
    place: int
    """In the queue of jobs."""
    errors: int = 0
    warnings: int = 0
    premium_total_yen: int | None = None
    acceptance_date: date | None = None
    faults: tuple[Fault, ...] = ()
    more: int = 0
    """Findings beside those."""
    identical_to: str = ""
    """What has the very same content and is booked or waiting."""

    @property
    def done(self) -> bool:
        """Whether it came to its end and said something."""
        return self.job.state == Job.State.DONE

    @property
    def clean(self) -> bool:
        """Whether what stands there now was found without errors."""
        return self.done and self.current and self.errors == 0


def result_of(entry: Entry) -> Result | None:
    """The last check; None when there was none (or it is forgotten)."""
    job = entry.check_job
    if job is None:
        return None
    current = entry.check_is_current
    if job.state != Job.State.DONE:
        return Result(job, current, place_in_queue(job))
    told: dict[str, Any] = job.result
    day = told.get("acceptance_date")
    return Result(
        job,
        current,
        0,
        int(told.get("errors") or 0),
        int(told.get("warnings") or 0),
        told.get("premium_total_yen"),
        date.fromisoformat(day) if day else None,
        tuple(_faults(entry, told.get("findings") or [])) if current else (),
        int(told.get("findings_total") or 0) - len(told.get("findings") or []),
        str(told.get("identical_to") or ""),
    )


def _faults(entry: Entry, findings: list[dict[str, Any]]) -> list[Fault]:
    layout = FUNCTIONS[entry.product].layout
    places = [record.place for record in trees.records(entry.typed, layout)]
    found = []
    for finding in findings:
        number, name = finding.get("record"), finding.get("field") or ""
        known = isinstance(number, int) and 1 <= number <= len(places)
        place = places[number - 1] if known and number is not None else Place()
        level = level_of(layout, name)
        found.append(
            Fault(
                _cut(place, level),
                level,
                name,
                str(finding.get("message")),
                finding.get("severity") == "warning",
            )
        )
    return found


def _cut(place: Place, level: str) -> Place:
    """The node of a level on the way to a record."""
    match level:
        case "branch":
            return Place(place.branch)
        case "shipment":
            return Place(place.branch, place.shipment)
        case "settlement":
            return place
    return Place()
