"""Asks what a user may see: as a query, of one thing, and of what an address names. The answers are ``rules``."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from portal_stub.accounts.models import User
from portal_stub.visibility.resources import NAMED_BY, Resource

Rows = Callable[[User], Any]
"""The rows of a resource that exist for a user, as a query."""
Finder = Callable[[User, str], Any]
"""The row that the parameter of an address names, of those; None: there is none."""
Whole = Callable[[User, Any], bool]
"""Whether the user may see all that a row was made of, beyond what the query can tell."""


@dataclass(frozen=True)
class Rule:
    """One resource as ``rules`` declares it."""

    rows: Rows
    model: type
    find: Finder
    whole: Whole | None
    main: bool
    """Whether ``may_see`` of a row of this model asks this resource."""


RULES: dict[Resource, Rule] = {}


def rule(
    resource: Resource,
    model: type,
    *,
    by: str = "pk",
    find: Finder | None = None,
    whole: Whole | None = None,
    main: bool = False,
) -> Callable[[Rows], Rows]:
    """Declares which rows of a resource exist for a user.

    Args:
        resource: what is declared.
        model: of its rows.
        by: the column that the parameter of an address gives, letter by letter.
        find: how the row of a parameter is found, where a column does not say it.
        whole: judges one row further; such a row is left out of everything.
        main: ``may_see`` asks this one for rows of the model.

    Raises:
        ValueError: it is declared already.
    """

    def declare(rows: Rows) -> Rows:
        def column(user: User, value: str) -> Any:
            if "\0" in value or len(value) > 200:
                return None
            row = rows(user).filter(**{by: value}).first()
            # A database that compares loosely must not widen what an address names.
            return row if row is not None and str(getattr(row, by)) == value else None

        if resource in RULES:
            raise ValueError(f"{resource} is declared twice")
        RULES[resource] = Rule(rows, model, find or column, whole, main)
        return rows

    return declare


@cache
def _loaded() -> dict[Resource, Rule]:
    import_module("portal_stub.visibility.rules")
    return RULES


def seen(resource: Resource, user: User) -> Any:
    """All rows of a resource that exist for a user, as a query; the insurer's desk looks at its own pages instead."""
    found = _loaded()[resource]
    return found.model.objects.none() if user.is_staff_member else found.rows(user)  # type: ignore[attr-defined]


def may_see(user: User, thing: Any) -> bool:
    """Whether a thing exists for a user: the same question as ``seen``, asked of one row.

    Raises:
        KeyError: nothing is declared of its model.
    """
    found = next((each for each in _loaded().values() if each.main and each.model is type(thing)), None)
    if found is None:
        raise KeyError(type(thing))
    if user.is_staff_member or not found.rows(user).filter(pk=thing.pk).exists():
        return False
    return found.whole is None or found.whole(user, thing)


def whole(resource: Resource, user: User, rows: Iterable[Any]) -> list[Any]:
    """Of rows that ``seen`` gave those that the user may see whole, as ``may_see`` says of each."""
    judge = _loaded()[resource].whole
    return [row for row in rows if judge is None or judge(user, row)]


def find(resource: Resource, user: User, parameters: Mapping[str, Any]) -> Any:
    """What the parameters of an address name, if it exists for the user; else None."""
    found = _loaded()[resource]
    name = next(name for name in NAMED_BY[resource] if name in parameters)
    row = None if user.is_staff_member else found.find(user, str(parameters[name]))
    return None if row is None or (found.whole is not None and not found.whole(user, row)) else row


def exists(resource: Resource, parameters: Mapping[str, Any]) -> bool:
    """Whether what the parameters name is there for anybody."""
    found = _loaded()[resource]
    name = next(name for name in NAMED_BY[resource] if name in parameters)
    value = str(parameters[name])
    return "\0" not in value and found.model.objects.filter(pk=value[:200]).exists()  # type: ignore[attr-defined]
