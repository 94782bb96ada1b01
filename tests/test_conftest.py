"""What ``tests/conftest.py`` gives to every test."""

import time

from hypothesis import given
from hypothesis import strategies as st


@given(st.just(0.25))
def test_an_example_may_take_its_time(seconds: float) -> None:
    """Longer than the 200 ms that Hypothesis allows by itself: a busy machine makes no property false."""
    time.sleep(seconds)
