"""A small 海外商社名簿."""

from collections.abc import Callable

import pytest

from portal_stub.buyers.directory import receive, receive_countries
from portal_stub.buyers.models import Buyer

ROWS = [
    {"buyer_code": "105000001", "name": "EXAMPLE SHANGHAI CO., LTD.", "country": "105", "rating": "EA"},
    {"buyer_code": "105000002", "name": "Sample Dalian Co., Ltd.", "country": "105", "rating": "EF"},
    {"buyer_code": "304000001", "name": "EXAMPLE AMERICA INC.", "country": "304", "rating": "EA"},
    {"buyer_code": "304000002", "name": "ＳＡＭＰＬＥ　MIDWEST LLC", "country": "304", "rating": "EF"},
]
COUNTRIES = [
    {"country": "105", "name": "中華人民共和国", "category": "C"},
    {"country": "304", "name": "アメリカ合衆国", "category": "A"},
    {"country": "513", "name": "ギニア", "category": "H"},
    {"country": "518", "name": "赤道ギニア", "category": "H"},
]


def rows(**ratings: str) -> list[dict[str, str]]:
    """The list with other ratings; an empty one takes the buyer away."""
    changed = [{**row, "rating": ratings.get(f"b{row['buyer_code']}", row["rating"])} for row in ROWS]
    return [row for row in changed if row["rating"]]


@pytest.fixture
def directory(db: None) -> Callable[..., list[dict[str, str]]]:
    receive_countries(COUNTRIES)
    receive(ROWS)
    Buyer.objects.filter(code="105000002").update(sleeping_candidate=True, limit_balance=1_234_567)
    return rows
