"""What the pipeline's reference knows of countries and buyers comes in here, and bookmarks are told (Seed 000 ch. 7 §6).

Addresses, phones and the like are not in the reference; what stands there is left alone. The 名簿 is taken in by short
transactions, since each holds up everybody who writes to the portal. Each of them compares again what it writes, so
whoever is interrupted or comes twice goes on where the work stands; a change and the duty to tell of it are one of them.
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction

from portal_stub import clock
from portal_stub.buyers.models import DETAILS, AwaitedBuyer, Bookmark, Buyer, Country, DirectoryChange
from portal_stub.history.recording import audit
from portal_stub.mails.sending import post

ACTOR = "buyer-directory"
_CHUNK = 500
_MAILS_AT_ONCE = 300
_NAME = 200


def normalised(text: str) -> str:
    """Text as names are compared: width and case do not matter, nor how many blanks (K-014)."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@transaction.atomic
def receive_countries(rows: Iterable[Mapping[str, str]]) -> None:
    """The countries of today (keys ``country``, ``name``, ``category``); what did not change is not written.

    One that is missing goes; one that buyers are of stays, without its category.
    """
    known = {row[0]: row[1:] for row in Country.objects.values_list("code", "name", "category")}
    found = {row["country"]: (row["name"][:60], row["category"]) for row in rows}
    missing = known.keys() - found.keys()
    for codes in parts(sorted(missing)):
        unused = Country.objects.filter(code__in=codes).exclude(code__in=Buyer.objects.values("country_id"))
        unused.delete()
        Country.objects.filter(code__in=codes).exclude(category="").update(category="")
    Country.objects.bulk_create(
        [
            Country(code=code, name=name, category=category)
            # In one order, whoever writes: two feeds at once would wait for each other.
            for code, (name, category) in sorted(found.items())
            if known.get(code) != (name, category)
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "category"],
        batch_size=_CHUNK,
    )


def receive(rows: Iterable[Mapping[str, str]]) -> set[str]:
    """Takes over the whole current 海外商社名簿 and tells the users whose bookmarks it concerns (K-063).

    Keys: ``buyer_code``, ``name``, ``country``, ``rating``. A known code that is missing has been removed from the
    list. An empty list changes nothing: it tells of a fault on the way, not of a world without buyers.

    Returns:
        The codes that are new, changed, removed or there again. The same list a second time changes nothing, but
        tells what an interrupted one left untold.
    """
    given = {row["buyer_code"]: (row["name"][:_NAME], row["country"], row["rating"]) for row in rows}
    if not given:
        audit(ACTOR, "buyers-empty-list")
        return set()
    known = _known()
    differing = [code for code, values in given.items() if known.get(code) != (*values, False)]
    differing += [code for code, (*_, removed) in known.items() if not removed and code not in given]
    del known
    changed: set[str] = set()
    for codes in parts(differing):
        changed |= _take_over(codes, given)
    while _tell_some():
        pass
    if changed:
        removed = len(changed - given.keys())
        audit(ACTOR, "buyers-received", given=len(given), changed=len(changed) - removed, removed=removed)
    return changed


def _known(codes: Collection[str] | None = None) -> dict[str, tuple[str, str, str, bool]]:
    """Name, country, rating and whether removed, of these buyers or all."""
    rows = Buyer.objects.all() if codes is None else Buyer.objects.filter(code__in=codes)
    columns = ("code", "name", "country_id", "rating", "removed_at")
    return {
        code: (name, country, rating, removed is not None)
        for code, name, country, rating, removed in rows.order_by().values_list(*columns)
    }


@transaction.atomic
def _take_over(codes: Collection[str], given: Mapping[str, tuple[str, str, str]]) -> set[str]:
    """Makes these buyers be what the list says, and keeps whom to tell; the codes that were others until now."""
    _lock()
    now, known = clock.now(), _known(codes)
    fresh = {
        code: given[code] for code in codes if code in given and known.get(code) != (*given[code], False)
    }
    gone = [code for code, (*_, removed) in known.items() if code not in given and not removed]
    Country.objects.bulk_create(
        [Country(code=code) for code in sorted({country for _, country, _ in fresh.values()})],
        ignore_conflicts=True,
    )
    Buyer.objects.bulk_create(
        [
            Buyer(
                code=code,
                name=name,
                search_name=searched(name),
                country_id=country,
                rating=rating,
                updated_at=now,
            )
            for code, (name, country, rating) in fresh.items()
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "search_name", "country", "rating", "removed_at", "updated_at"],
        batch_size=_CHUNK,
    )
    Buyer.objects.filter(code__in=gone).update(removed_at=now, updated_at=now)
    changes = [(code, known[code][2], "", True) for code in gone]
    changes += [
        (code, known[code][2], rating, False)
        for code, (_, _, rating) in fresh.items()
        if code in known and known[code][2] != rating
    ]
    _keep(changes)
    _give_details([code for code in fresh if code not in known])
    return {*fresh, *gone}


def searched(name: str) -> str:
    """A name as it stands in ``search_name``."""
    return normalised(name)[: 2 * _NAME]


def parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The items in portions that a database takes as parameters."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _lock() -> None:
    """One list at a time: two at once would both see the old state and tell of it twice."""
    list(Country.objects.select_for_update().values_list("code", flat=True))


def _keep(changes: list[tuple[str, str, str, bool]]) -> None:
    """Keeps changes of rating and removals; those that somebody bookmarked wait for ``_tell_some``."""
    ids = dict(Buyer.objects.filter(code__in=[code for code, *_ in changes]).values_list("code", "pk"))
    wanted = set(Bookmark.objects.filter(buyer__in=ids.values()).values_list("buyer_id", flat=True))
    today = clock.today()
    DirectoryChange.objects.bulk_create(
        DirectoryChange(
            buyer_id=ids[code],
            day=today,
            before=before,
            after=after,
            removed=removed,
            told=ids[code] not in wanted,
        )
        for code, before, after, removed in changes
    )


@transaction.atomic
def _tell_some() -> bool:
    """Mails some of those who wait to be told, at the address valid now; False when nobody waits any more.

    Nobody who may not log in any more is told.
    """
    waiting = DirectoryChange.objects.select_for_update(of=("self",)).filter(told=False).order_by("id")
    left, found = _MAILS_AT_ONCE, False
    for change in waiting.select_related("buyer")[:_MAILS_AT_ONCE]:
        found = True
        bookmarks = change.buyer.bookmarks.filter(pk__gt=change.told_upto, user__active=True)
        for bookmark in bookmarks.select_related("user__holder").order_by("pk")[:left]:
            post(
                "bookmark-removed" if change.removed else "bookmark-rating",
                bookmark.user.mail,
                user=bookmark.user,
                buyer_code=change.buyer.code,
                buyer_name=change.buyer.name,
            )
            change.told_upto, left = bookmark.pk, left - 1
        change.told = left > 0
        change.save(update_fields=["told", "told_upto"])
        if not left:
            break
    return found


# ---------------------------------------------------------------------------------------------- what was typed of new ones
@transaction.atomic
def await_buyer(application: str, country: str, name: str, details: Mapping[str, str]) -> None:
    """Keeps what was typed in a complete 海外商社登録 until the buyer comes; one that came before gets it at once."""
    _lock()
    row = AwaitedBuyer.objects.create(
        application=application,
        country=country,
        search_name=searched(name),
        details={field: details.get(field) or "" for field in DETAILS},
        since=clock.now(),
    )
    here = Buyer.objects.filter(country_id=country, search_name=row.search_name, removed_at__isnull=True)
    buyer = here.filter(**dict.fromkeys(DETAILS, "")).first()
    if buyer is not None:
        _give(row, buyer)


def _give_details(codes: list[str]) -> None:
    """Gives new buyers what was typed in the 海外商社登録 of a buyer of their country and name, once."""
    waiting: dict[tuple[str, str], Any] = {}
    for row in AwaitedBuyer.objects.filter(buyer_code="") if codes else ():
        waiting.setdefault((row.country, row.search_name), row)
    for buyer in Buyer.objects.filter(code__in=codes) if waiting else ():
        row = waiting.pop((buyer.country_id, buyer.search_name), None)
        if row is not None:
            _give(row, buyer)


def _give(row: Any, buyer: Any) -> None:
    Buyer.objects.filter(pk=buyer.pk).update(**row.details, updated_at=clock.now())
    row.buyer_code = buyer.code
    row.save(update_fields=["buyer_code"])
    audit(ACTOR, "buyer-details-taken", buyer.code, application=row.application)
