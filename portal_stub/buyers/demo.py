"""Buyers for a demo home: the sample's 海外商社名簿, some of them スリーピング候補, and an open season."""

from datetime import timedelta

from portal_stub import clock
from portal_stub.buyers.directory import receive, receive_countries
from portal_stub.buyers.models import Buyer, Season
from portal_stub.buyers.rules import set_season

_SLEEPING = ("105000002", "111000002", "213000001")
_DETAILS: dict[str, dict[str, object]] = {
    "304000001": {
        "address": "1 Example Plaza, Fictional City, NY 00000, U.S.A.",
        "phone": "+1-000-000-0000",
        "url": "https://buyer.example",
        "industry": "機械器具卸売業",
        "kind": "enterprise",
        "limit_balance": 120_000_000,
    },
    "105000004": {
        "address": "1 Sample Road, Fictional City, China",
        "industry": "公務",
        "kind": "public",
        "limit_balance": 0,
    },
    "213900001": {"address": "Musterstrasse 1, Musterstadt, Germany", "kind": "bank"},
}


def load(buyers: list[dict[str, str]], countries: list[dict[str, str]]) -> None:
    """Loads rows of the samples' ``buyers.csv`` and ``country_categories.csv``. Again: nothing new."""
    receive_countries(countries)
    receive(buyers)
    Buyer.objects.filter(code__in=_SLEEPING).update(sleeping_candidate=True)
    for code, values in _DETAILS.items():
        Buyer.objects.filter(code=code).update(**values)
    today = clock.today()
    if Season.on(today) is None:
        set_season("demo", today, today + timedelta(days=90))
