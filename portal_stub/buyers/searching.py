"""Search of the 海外商社名簿: conditions, how names match, at most 500 hits. Seed 000 ch. 7 §1, §2."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from portal_stub.buyers.directory import normalised
from portal_stub.buyers.models import Buyer, Country

MOST_HITS = 500
SHORTEST_NAME = 2
_CODE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Search:
    """What is asked for; ``countries`` None means any."""

    countries: Sequence[str] | None
    name: str
    rating: str
    sleeping: bool

    def hits(self) -> tuple[list[Any], bool]:
        """The first 500 buyers by code, and whether there are more (K-005, K-006)."""
        found = Buyer.objects.filter(removed_at__isnull=True).select_related("country").order_by("code")
        if self.countries is not None:
            found = found.filter(country__in=self.countries)
        if self.name:
            by_name = Q(search_name__contains=self.name)
            found = found.filter(
                by_name | Q(code__startswith=self.name) if _CODE.fullmatch(self.name) else by_name
            )
        if self.rating:
            found = found.filter(rating=self.rating)
        if self.sleeping:
            found = found.filter(sleeping_candidate=True)
        rows = list(found[: MOST_HITS + 1])
        return rows[:MOST_HITS], len(rows) > MOST_HITS


def countries_of(text: str) -> list[str]:
    """Codes of the countries meant: a code, else a whole name, else every name that contains the text."""
    wanted = normalised(text)
    named = [(country.code, normalised(country.name)) for country in Country.objects.all()]
    return (
        [code for code, _ in named if code == wanted]
        or [code for code, name in named if name == wanted]
        or [code for code, name in named if wanted and wanted in name]
    )
