"""The 海外商社名簿 as the pipeline hands it over, and what bookmarks tell of it."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal_stub.accounts.models import User
from portal_stub.buyers.directory import normalised, receive, receive_countries
from portal_stub.buyers.models import RATINGS, Buyer, Country, DirectoryChange
from portal_stub.buyers.rules import add_bookmark
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.buyers.conftest import COUNTRIES, ROWS
from tests.portal.conftest import World

pytestmark = pytest.mark.dialect

ROOT = Path(__file__).resolve().parents[3]
Rows = Callable[..., list[dict[str, str]]]


def bookmarked(world: World, *codes: str) -> None:
    for code in codes:
        for user in (world.applicant, world.reader):
            add_bookmark(user, Buyer.objects.get(code=code))


def told() -> list[tuple[str, str]]:
    return list(Mail.objects.order_by("id").values_list("kind", "to"))


def test_ratings_are_those_of_the_reference() -> None:
    with (ROOT / "schemas" / "tables" / "buyer_ratings.csv").open(encoding="utf-8", newline="") as stream:
        assert {code for code, _ in RATINGS} == {row["rating"] for row in csv.DictReader(stream)}


def test_only_what_changed_is_returned(directory: Rows) -> None:
    assert receive(ROWS) == set()
    assert receive(directory(b105000001="EM", b304000001="")) == {"105000001", "304000001"}
    assert Buyer.objects.get(code="105000001").rating == "EM"
    assert Buyer.objects.get(code="304000001").remark == "名簿から削除"
    assert receive(directory(b105000001="EM")) == {"304000001"}
    assert Buyer.objects.get(code="304000001").removed_at is None


def test_what_the_list_does_not_know_is_left_alone(directory: Rows) -> None:
    Buyer.objects.filter(code="105000001").update(address="1 Road", sleeping_candidate=True)
    receive(directory(b105000001="EM"))
    kept = Buyer.objects.get(code="105000001")
    assert (kept.address, kept.sleeping_candidate) == ("1 Road", True)


def test_a_country_without_name_gets_one_later(directory: Rows) -> None:
    receive([*ROWS, {"buyer_code": "213000001", "name": "MUSTER GMBH", "country": "213", "rating": "EA"}])
    assert Country.objects.get(code="213").name == ""
    receive_countries([{"country": "213", "name": "ドイツ", "category": "A"}])
    assert Buyer.objects.get(code="213000001").country.name == "ドイツ"
    receive([*ROWS, {"buyer_code": "213000001", "name": "MUSTER", "country": "213", "rating": "EA"}])
    assert Country.objects.get(code="213").name == "ドイツ"


def test_an_empty_list_changes_nothing(directory: Rows) -> None:
    assert receive([]) == set()
    assert Buyer.objects.filter(removed_at=None).count() == len(ROWS)
    assert AuditEvent.objects.filter(event="buyers-empty-list").exists()


@pytest.mark.req("K-063", "S-039")
def test_a_change_of_rating_mails_every_registering_user_once(world: World, directory: Rows) -> None:
    bookmarked(world, "105000001", "304000001")
    User.objects.filter(pk=world.applicant.pk).update(mail="moved@example.com")
    receive(directory(b105000001="EM"))
    assert told() == [("bookmark-rating", "moved@example.com"), ("bookmark-rating", world.reader.mail)]
    assert "105000001" in Mail.objects.earliest("id").body
    receive(directory(b105000001="EM"))
    assert len(told()) == 2, "the same list again tells nothing"
    receive(directory(b105000001="EF"))
    assert len(told()) == 4, "another change is told"


@pytest.mark.req("K-063")
def test_a_removal_mails_and_a_change_of_name_does_not(world: World, directory: Rows) -> None:
    bookmarked(world, "105000001", "304000001")
    receive([{**row, "name": f"NEW {row['name']}"} for row in ROWS])
    assert told() == []
    receive(directory(b304000001=""))
    assert [kind for kind, _ in told()] == ["bookmark-removed", "bookmark-removed"]
    receive(directory(b304000001=""))
    assert len(told()) == 2
    assert [(row.buyer.code, row.removed) for row in DirectoryChange.objects.all()] == [("304000001", True)]


def test_who_may_not_log_in_any_more_is_not_told(world: World, directory: Rows) -> None:
    bookmarked(world, "105000001")
    User.objects.filter(pk=world.reader.pk).update(active=False)
    receive(directory(b105000001="EM"))
    assert told() == [("bookmark-rating", world.applicant.mail)]


def test_many_rows_take_few_queries(directory: Rows, django_assert_max_num_queries: Any) -> None:
    many = [
        {"buyer_code": f"9{number:08}", "name": f"BUYER {number}", "country": "105", "rating": "EA"}
        for number in range(5000)
    ]
    with django_assert_max_num_queries(180):
        assert len(receive([*ROWS, *many])) == 5000
    with django_assert_max_num_queries(6):
        assert receive([*ROWS, *many]) == set()


@pytest.mark.parametrize("typed", ["ｅｘａｍｐｌｅ　Ａ", "Example  a", " EXAMPLE A "])
def test_width_case_and_blanks_do_not_matter(typed: str) -> None:
    assert normalised(typed) == "example a"


def test_a_country_that_goes_stays_for_its_buyers(directory: Rows) -> None:
    receive_countries([{"country": "304", "name": "アメリカ合衆国", "category": "B"}])
    assert list(Country.objects.values_list("code", "category")) == [("105", ""), ("304", "B")]
    assert Country.objects.get(code="105").name == "中華人民共和国"


def test_countries_that_did_not_change_are_not_written(
    directory: Rows, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):  # savepoint, one look, release
        receive_countries(COUNTRIES)
