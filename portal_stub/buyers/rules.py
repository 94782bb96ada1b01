"""What users do with buyers, and what the desk sets: each deed in one transaction with its history."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.buyers.directory import parts
from portal_stub.buyers.models import Bookmark, Buyer, Season
from portal_stub.history.recording import audit, record
from portal_stub.pages.models import Notice

MOST_BOOKMARKS = 500


class TooManyBookmarks(Exception):
    """A user has 500 already (K-064)."""


@transaction.atomic
def add_bookmark(user: User, buyer: Any) -> bool:
    """Registers a buyer among the user's bookmarks; False when it was there before (K-060, K-064, K-065).

    Raises:
        TooManyBookmarks: nothing was registered.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if user.bookmarks.filter(buyer=buyer).exists():
        return False
    if user.bookmarks.count() >= MOST_BOOKMARKS:
        raise TooManyBookmarks
    Bookmark.objects.create(user=user, buyer=buyer, at=clock.now())
    record(user, "2-5")
    return True


@transaction.atomic
def remove_bookmark(user: User, code: str) -> bool:
    """Deletes one of the user's bookmarks; False when it was not there any more (K-062, K-065)."""
    deleted, _ = user.bookmarks.filter(buyer__code=code).delete()
    if deleted:
        record(user, "2-6")
    return bool(deleted)


def season_fault(opens: date, closes: date) -> str:
    """Why a スリーピング候補バイヤー解除期間 cannot be set; empty: it can."""
    if closes < opens:
        return "終了日は開始日以後の日付にしてください。"
    if Season.objects.filter(opens__lte=closes, closes__gte=opens).exists():
        return "この期間は、登録済みのスリーピング候補バイヤー解除期間と重なっています。"
    return ""


@transaction.atomic
def set_season(actor: str, opens: date, closes: date) -> Any:
    """Sets a スリーピング候補バイヤー解除期間 and announces it in お知らせ for as long as it lasts (K-051).

    Raises:
        ValueError: see ``season_fault``.
    """
    if fault := season_fault(opens, closes):
        raise ValueError(fault)
    season = Season.objects.create(opens=opens, closes=closes)
    Notice.objects.create(
        title="スリーピング候補バイヤー解除のお手続きについて",
        body=f"{opens.year}年のスリーピング候補バイヤー解除のお手続きは、"
        f"{opens:%Y/%m/%d}から{closes:%Y/%m/%d}まで受け付けます。"
        "「海外商社登録等のお手続き」から手続きしてください。",
        shown_from=opens,
        shown_to=closes,
    )
    audit(actor, "season-set", str(season))
    return season


@transaction.atomic
def set_candidates(actor: str, codes: Collection[str]) -> None:
    """Makes these buyers the スリーピング候補, and no others."""
    now, wanted = clock.now(), set(codes)
    held = set(Buyer.objects.filter(sleeping_candidate=True).values_list("code", flat=True))
    for changed, candidate in ((wanted - held, True), (held - wanted, False)):
        for part in parts(sorted(changed)):
            Buyer.objects.filter(code__in=part).update(sleeping_candidate=candidate, updated_at=now)
    audit(actor, "candidates-set", added=len(wanted - held), removed=len(held - wanted), total=len(wanted))


def search_done(user: User) -> None:
    """A search is in the access history (K-013)."""
    record(user, "1-3")


def find(code: str) -> Any:
    """The buyer of a code, removed ones included; None if there is none."""
    return Buyer.objects.select_related("country").filter(code=code).first() if code else None
