"""The oracle's premium of changed versions: contract §7 worked out by hand, and what must hold whatever the numbers.

``pipelines`` is not in it; that its changes cost the same is ``test_changes_agree``'s.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_ledgers.making.oracle import changed_premium, insured_shipment_after

ACCEPTED, SHIPMENT = date(2018, 11, 6), date(2018, 12, 6)
"""Thirty days before shipment; sixty after it where nothing else is said."""


def due(component: str, old: int, new: int, notice_day: date, **changes: object) -> int:
    terms = {"acceptance": ACCEPTED, "last_shipment": SHIPMENT, "days_post": 60} | changes
    return changed_premium(component, old, new, old, notice_day=notice_day, **terms)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("component", "ABCD")
@pytest.mark.parametrize("notice_day", [ACCEPTED, SHIPMENT, date(2020, 1, 1)])
def test_an_increase_is_due_in_full_whenever_it_is_told(component: str, notice_day: date) -> None:
    assert due(component, 2600, 2601, notice_day) == 1
    assert due(component, 0, 7900, notice_day) == 7900
    assert due(component, 2600, 2600, notice_day) == 0


@pytest.mark.parametrize("component", "AC")
@pytest.mark.parametrize(
    ("notice_day", "returned"),
    [
        (date(2018, 11, 6), 2600),  # 30 of 30 days
        (date(2018, 11, 16), 1733),  # 2,600 × 20 ÷ 30 = 1,733.3
        (date(2018, 12, 5), 86),  # 2,600 ÷ 30 = 86.7
        (date(2018, 12, 6), 0),
        (date(2019, 6, 1), 0),
        (date(2018, 11, 1), 2600),  # never more than there was
    ],
)
def test_before_shipment_the_days_to_shipment_are_returned(
    component: str, notice_day: date, returned: int
) -> None:
    assert due(component, 2600, 0, notice_day) == -returned


@pytest.mark.parametrize("component", "BD")
@pytest.mark.parametrize(
    ("notice_day", "returned"),
    [
        (date(2018, 11, 6), 7900),  # in full before shipment
        (date(2018, 12, 5), 7900),
        (date(2018, 12, 6), 7900),  # 60 of 60 days
        (date(2018, 12, 7), 7768),  # 7,900 × 59 ÷ 60 = 7,768.3
        (date(2019, 1, 5), 3950),
        (date(2019, 2, 3), 131),  # 7,900 ÷ 60 = 131.7
        (date(2019, 2, 4), 0),
        (date(2020, 2, 4), 0),
    ],
)
def test_after_shipment_the_days_of_the_usance_are_returned(
    component: str, notice_day: date, returned: int
) -> None:
    assert due(component, 7900, 0, notice_day) == -returned


def test_nothing_is_returned_for_a_time_that_never_was() -> None:
    assert due("A", 2600, 0, ACCEPTED, last_shipment=ACCEPTED) == 0
    assert due("C", 2600, 0, ACCEPTED, last_shipment=ACCEPTED - timedelta(days=9)) == 0
    assert due("B", 0, 0, ACCEPTED, days_post=None) == 0


def test_only_the_difference_by_rate_is_returned_and_what_was_kept_stays() -> None:
    """Down by half at half time, up again, down to nothing when all is over: 10,000 − 2,500 + 5,000 − 0."""
    half = date(2018, 11, 21)
    assert changed_premium("A", 10_000, 5_000, 10_000, ACCEPTED, SHIPMENT, 60, half) == (-2_500, 7_500)
    assert changed_premium("A", 5_000, 10_000, 7_500, ACCEPTED, SHIPMENT, 60, half) == (5_000, 12_500)
    assert changed_premium("A", 10_000, 0, 12_500, ACCEPTED, SHIPMENT, 60, SHIPMENT) == (0, 12_500)


@pytest.mark.parametrize(
    ("reason", "shipment", "pays_for"),
    [
        ("06", date(2019, 3, 6), SHIPMENT),
        ("06", date(2019, 3, 7), date(2019, 3, 7)),
        ("07", date(2018, 9, 6), SHIPMENT),
        ("07", date(2018, 9, 5), date(2018, 9, 5)),
        ("02", date(2018, 12, 7), date(2018, 12, 7)),
        ("02", SHIPMENT, SHIPMENT),
    ],
)
def test_a_shift_of_shipment_up_to_three_months_is_free(reason: str, shipment: date, pays_for: date) -> None:
    assert insured_shipment_after(reason, SHIPMENT, shipment) == pays_for


def test_three_months_are_clipped_to_the_end_of_the_month() -> None:
    insured = date(2018, 11, 30)
    assert insured_shipment_after("06", insured, date(2019, 2, 28)) == insured
    assert insured_shipment_after("06", insured, date(2019, 3, 1)) == date(2019, 3, 1)
    assert insured_shipment_after("07", date(2019, 5, 31), date(2019, 2, 28)) == date(2019, 5, 31)


# ------------------------------------------------------------------------------------ whatever the numbers


@dataclass(frozen=True)
class Step:
    """One version: the premium by rate, and when it is told."""

    new_full: int
    days_later: int


STEPS = st.lists(st.builds(Step, st.integers(0, 10**13), st.integers(0, 400)), min_size=1, max_size=6)
many = settings(max_examples=300, deadline=None, derandomize=True)


@many
@given(st.sampled_from("ABCD"), st.integers(0, 10**13), st.integers(-50, 800), st.integers(0, 730), STEPS)
def test_what_stands_is_never_less_than_the_premium_by_rate(
    component: str, first: int, days_pre: int, days_post: int, steps: list[Step]
) -> None:
    shipment, told, full, standing = ACCEPTED + timedelta(days=days_pre), ACCEPTED, first, first
    for step in steps:
        told += timedelta(days=step.days_later)
        before = standing
        yen, standing = changed_premium(
            component, full, step.new_full, standing, ACCEPTED, shipment, days_post, told
        )
        assert standing == before + yen
        assert yen == step.new_full - full if step.new_full >= full else step.new_full - full <= yen <= 0
        full = step.new_full
        assert standing >= full


@many
@given(
    st.sampled_from("ABCD"),
    st.integers(0, 10**13),
    st.integers(0, 10**13),
    st.integers(1, 800),
    st.integers(1, 730),
    st.integers(0, 1600),
)
def test_a_return_is_the_share_of_days_left_cut_below_a_yen(
    component: str, one: int, other: int, days_pre: int, days_post: int, passed: int
) -> None:
    old, new = max(one, other), min(one, other)
    shipment, told = ACCEPTED + timedelta(days=days_pre), ACCEPTED + timedelta(days=passed)
    total = days_pre if component in "AC" else days_post
    gone = passed if component in "AC" else passed - days_pre
    left = min(max(total - gone, 0), total)
    yen = due(component, old, new, told, last_shipment=shipment, days_post=days_post)
    assert yen == -((old - new) * left // total)
    later = due(component, old, new, told + timedelta(days=1), last_shipment=shipment, days_post=days_post)
    assert yen <= later <= 0
