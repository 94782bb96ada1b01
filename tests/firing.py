"""Tests that show a finding (不備・注意) firing, and that they do: the marker ``fires``.

``@pytest.mark.fires("limit-near")`` says that the code comes out while the test runs; a test in which it does not fails,
whatever it asserts. Without codes the parameter ``code`` names it. ``shown_in`` tells which codes the tests of a package
promise, so that none is forgotten (``pipelines/test_findings``).
"""

import importlib
import pkgutil
from collections.abc import Generator, Iterator
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from schemas.findings import KINDS


class FiringPlugin:
    """Looks over the shoulder of marked tests: at the common form of all rules, and at what is written for a submission."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        promised = promises(item)
        if not promised:
            return (yield)
        came_out: set[str] = set()
        with pytest.MonkeyPatch.context() as patch:
            _watch(patch, came_out)
            yield
        silent = promised - came_out
        assert not silent, f"marked to fire and did not: {sorted(silent)}; fired: {sorted(came_out)}"
        return None


def promises(item: pytest.Item) -> set[str]:
    """Codes that have to come out while this test runs."""
    codes: set[str] = set()
    for marker in item.iter_markers("fires"):
        codes |= set(marker.args or [item.callspec.params["code"]])  # type: ignore[attr-defined]
    assert codes <= KINDS.keys(), codes - KINDS.keys()
    return codes


def _watch(patch: pytest.MonkeyPatch, came_out: set[str]) -> None:
    from daicho.store.findings import FindingsStore
    from pipelines import rules

    told, write = rules._told, FindingsStore.write

    def watched_rule(hit: pl.DataFrame, rule: rules.Rule, *more: Any) -> pl.DataFrame:
        findings = told(hit, rule, *more)
        came_out.update(findings["code"])
        return findings

    def watched_write(self: FindingsStore, submission_id: str, frame: pl.DataFrame) -> None:
        came_out.update(frame["code"])
        write(self, submission_id, frame)

    patch.setattr(rules, "_told", watched_rule)
    patch.setattr(FindingsStore, "write", watched_write)


def shown_in(*packages: ModuleType) -> set[str]:
    """Codes that marked tests in these packages promise to show."""
    return {code for package in packages for module in _modules(package) for code in _marked(module)}


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if found.name.rpartition(".")[2].startswith("test_"):
            yield importlib.import_module(found.name)


def _marked(module: ModuleType) -> Iterator[str]:
    for name, test in vars(module).items():
        marks = getattr(test, "pytestmark", []) if name.startswith("test_") else []
        for mark in marks:
            if mark.name == "fires":
                yield from mark.args or _values_of_code(marks)
            elif mark.name == "parametrize":
                single = [one for values in mark.args[1] for one in getattr(values, "marks", ())]
                yield from (code for one in single if one.name == "fires" for code in one.args)


def _values_of_code(marks: list[pytest.Mark]) -> Iterator[str]:
    for mark in marks:
        names = mark.args[0] if mark.name == "parametrize" else ()
        names = names.split(",") if isinstance(names, str) else list(names)
        if "code" in names:
            place = names.index("code")
            for values in mark.args[1]:
                yield (getattr(values, "values", values) if len(names) > 1 else [values])[place]
