"""What the pipeline's reference knows of countries and buyers comes in here, and bookmarks are told (Seed 000 ch. 7 §6).

Addresses, phones and the like are not in the reference; what stands there is left alone.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from portal_stub import clock
from portal_stub.buyers.models import Bookmark, Buyer, Country, DirectoryChange
from portal_stub.history.recording import audit
from portal_stub.mails.sending import post

ACTOR = "buyer-directory"
_CHUNK = 1000
_NAME = 200


def normalised(text: str) -> str:
    """Text as names are compared: width and case do not matter, nor how many blanks (K-014)."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@transaction.atomic
def receive_countries(rows: Iterable[dict[str, str]]) -> None:
    """Names of countries (keys ``country``, ``name``); one that is missing stays as it is."""
    found = {row["country"]: Country(code=row["country"], name=row["name"][:60]) for row in rows}
    Country.objects.bulk_create(
        found.values(),
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name"],
        batch_size=_CHUNK,
    )


@transaction.atomic
def receive(rows: Iterable[dict[str, str]]) -> set[str]:
    """Takes over the whole current 海外商社名簿 and tells the users whose bookmarks it concerns (K-063).

    Keys: ``buyer_code``, ``name``, ``country``, ``rating``. A known code that is missing has been removed from the
    list. An empty list changes nothing: it tells of a fault on the way, not of a world without buyers.

    Returns:
        The codes that are new, changed, removed or there again. The same list a second time changes nothing.
    """
    given = {row["buyer_code"]: {**row, "name": row["name"][:_NAME]} for row in rows}
    if not given:
        audit(ACTOR, "buyers-empty-list")
        return set()
    _lock()
    now = clock.now()
    known = {
        code: (name, country, rating, removed is not None)
        for code, name, country, rating, removed in Buyer.objects.values_list(
            "code", "name", "country_id", "rating", "removed_at"
        ).iterator(chunk_size=5000)
    }
    fresh = [
        row
        for code, row in given.items()
        if known.get(code) != (row["name"], row["country"], row["rating"], False)
    ]
    gone = [code for code, (*_, removed) in known.items() if not removed and code not in given]
    Country.objects.bulk_create(
        [Country(code=code) for code in sorted({row["country"] for row in fresh})], ignore_conflicts=True
    )
    Buyer.objects.bulk_create(
        [
            Buyer(
                code=row["buyer_code"],
                name=row["name"],
                search_name=normalised(row["name"])[: 2 * _NAME],
                country_id=row["country"],
                rating=row["rating"],
                updated_at=now,
            )
            for row in fresh
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "search_name", "country", "rating", "removed_at", "updated_at"],
        batch_size=_CHUNK,
    )
    for codes in parts(gone):
        Buyer.objects.filter(code__in=codes).update(removed_at=now, updated_at=now)
    changes = [(code, known[code][2], "", True) for code in gone]
    changes += [
        (code, known[code][2], row["rating"], False)
        for row in fresh
        if (code := row["buyer_code"]) in known and known[code][2] != row["rating"]
    ]
    _tell(changes, now.date())
    changed = {row["buyer_code"] for row in fresh} | set(gone)
    if changed:
        audit(ACTOR, "buyers-received", given=len(given), changed=len(fresh), removed=len(gone))
    return changed


def parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The items in portions that a database takes as parameters."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _lock() -> None:
    """One list at a time: two at once would both see the old state and tell of it twice."""
    list(Country.objects.select_for_update().values_list("code", flat=True))


def _tell(changes: list[tuple[str, str, str, bool]], day: date) -> None:
    """Keeps changes of rating and removals, and mails who bookmarked these buyers, at the address valid now."""
    for part in parts(changes):
        by_code = {code: (before, after, removed) for code, before, after, removed in part}
        ids = dict(Buyer.objects.filter(code__in=by_code).values_list("code", "pk"))
        DirectoryChange.objects.bulk_create(
            DirectoryChange(buyer_id=ids[code], day=day, before=before, after=after, removed=removed)
            for code, (before, after, removed) in by_code.items()
        )
        for bookmark in _bookmarks(by_code):
            removed = by_code[bookmark.buyer.code][2]
            post(
                "bookmark-removed" if removed else "bookmark-rating",
                bookmark.user.mail,
                user=bookmark.user,
                buyer_code=bookmark.buyer.code,
                buyer_name=bookmark.buyer.name,
            )


def _bookmarks(codes: Iterable[str]) -> Iterator[Any]:
    """Bookmarks of these buyers; nobody who may not log in any more is told."""
    found = Bookmark.objects.filter(buyer__code__in=list(codes), user__active=True)
    yield from found.select_related("user__holder", "buyer").order_by("buyer__code", "user_id")
