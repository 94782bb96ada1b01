"""The marker ``fires`` notices a test in which its finding does not come out."""

from collections.abc import Iterator

import pytest

from tests import kit
from tests.firing import FiringPlugin


class Marked:
    """A test that promises ``mandatory``."""

    def iter_markers(self, name: str) -> Iterator[pytest.Mark]:
        yield pytest.mark.fires("mandatory").mark


def run(**changes: str) -> None:
    """The body of such a test: one record is judged."""
    step = FiringPlugin().pytest_runtest_call(Marked())  # type: ignore[arg-type]
    next(step)
    kit.assess_rows([kit.enterprise_row(**changes)])
    with pytest.raises(StopIteration):
        next(step)


def test_what_fires_is_seen() -> None:
    run(currency="")


def test_what_does_not_fire_fails_the_test() -> None:
    with pytest.raises(AssertionError, match=r"did not: \['mandatory'\]"):
        run(currency="XXX")


def test_only_findings_are_promised() -> None:
    class Wrong(Marked):
        def iter_markers(self, name: str) -> Iterator[pytest.Mark]:
            yield pytest.mark.fires("mandatroy").mark

    with pytest.raises(AssertionError, match="mandatroy"):
        next(FiringPlugin().pytest_runtest_call(Wrong()))  # type: ignore[arg-type]
