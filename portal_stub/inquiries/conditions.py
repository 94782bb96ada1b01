"""What is asked of 保険契約情報 and 事故概要情報 (I-017), as it travels with a job; judged by ``forms``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal_stub.inquiries.kinds import KINDS


@dataclass(frozen=True)
class Conditions:
    """All of them must be met; an empty one is none."""

    since: date | None = None
    """The first day on which the contract was concluded, or the accident happened."""
    until: date | None = None
    kind: str = ""
    """保険種."""
    number: str = ""
    """The beginning of the 証券番号 or 台帳番号."""
    country: str = ""
    """As it was typed; ``countries`` are the codes that it means."""
    countries: Sequence[str] = ()
    buyer: str = ""
    agreement: str = ""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Conditions":
        """What a form found, or a job kept."""
        days = {
            name: date.fromisoformat(str(found[name])) if found.get(name) else None
            for name in ("since", "until")
        }
        words = {
            name: str(found.get(name) or "") for name in ("kind", "number", "country", "buyer", "agreement")
        }
        return cls(**days, **words, countries=tuple(found.get("countries") or ()))  # type: ignore[arg-type]

    def kept(self) -> dict[str, Any]:
        """As JSON, for ``of``."""
        return {
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "kind": self.kind,
            "number": self.number,
            "country": self.country,
            "countries": list(self.countries),
            "buyer": self.buyer,
            "agreement": self.agreement,
        }

    def told(self, day: str) -> list[tuple[str, str]]:
        """Items and values in words, those that are asked for; ``day`` is the name of the days."""
        period = "～".join(f"{one:%Y/%m/%d}" if one else "" for one in (self.since, self.until))
        rows = [
            (day, period if self.since or self.until else ""),
            ("保険種", KINDS.get(self.kind, "")),
            ("証券番号・台帳番号", self.number),
            ("国", self.country),
            ("バイヤーコード", self.buyer),
            ("特約コード", self.agreement),
        ]
        return [row for row in rows if row[1]]
