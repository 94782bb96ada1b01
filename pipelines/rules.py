"""How a rule is written and how findings come of it. No rule stands here, only their common form.

A rule is a Polars expression that is true for the records at fault. All rules of a stage are evaluated together
over whole columns; sentences are made only for the records that were hit.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from schemas.characters import SHOWN, visible
from schemas.findings import KINDS, SCHEMA, empty
from schemas.layouts import Layout


@dataclass(frozen=True)
class Rule:
    """``code`` fires on ``field`` for every record where ``when`` is true (null counts as false).

    ``fill`` gives the places of the sentence besides ``{label}``, ``{name}`` and ``{value}``; ``value`` is what the
    sender wrote, by default the cell itself.
    """

    code: str
    field: str
    when: pl.Expr
    fill: Mapping[str, pl.Expr | str] = dataclasses.field(default_factory=dict)
    value: pl.Expr | None = None
    among: bool = False
    """Compares a record with others of its frame, so that one alone cannot be hit."""

    def numbered(self, place: int) -> pl.Expr:
        """``when`` under a name of its own among the rules that are asked together."""
        found = self._numbered.get(place)
        if found is None:
            found = self._numbered[place] = self.when.alias(str(place))
        return found

    @cached_property
    def _numbered(self) -> dict[int, pl.Expr]:
        return {}


@dataclass(frozen=True)
class Address:
    """Where records stand in the sender's file: spreadsheet column letters by field, empty for CSV."""

    letters: Mapping[str, str] = dataclasses.field(default_factory=dict)


def findings_of(frame: pl.DataFrame, rules: Sequence[Rule], layout: Layout, address: Address) -> pl.DataFrame:
    """Findings of all rules over a frame with columns ``record``, ``line`` and ``row`` (spreadsheet row or null).

    Raises:
        KeyError: for a rule whose code has no kind, or whose sentence has a place nobody fills.
    """
    if frame.height == 1:
        rules = [rule for rule in rules if not rule.among]
    if frame.is_empty() or not rules:
        return empty()
    # One question for all rules: most of them hit nothing, and each question costs as much as a thousand records.
    hits = frame.select(rule.numbered(n) for n, rule in enumerate(rules))
    parts = [
        _told(frame[hit.arg_true()], rule, layout, address)
        for hit, rule in zip(hits.get_columns(), rules, strict=True)
        if hit.any()
    ]
    return pl.concat(parts) if parts else empty()


def _told(hit: pl.DataFrame, rule: Rule, layout: Layout, address: Address) -> pl.DataFrame:
    kind = KINDS[rule.code]
    label = layout.labels.get(rule.field, rule.field)
    if rule.value is not None:
        value = rule.value.cast(pl.String)
    elif rule.field in hit.columns:
        value = pl.col(rule.field)
    else:
        value = pl.lit(None, pl.String)
    places: dict[str, pl.Expr] = {
        "label": pl.lit(label),
        "name": pl.lit(rule.field),
        "value": value,
        **{
            name: pl.lit(expr) if isinstance(expr, str) else expr.cast(pl.String)
            for name, expr in rule.fill.items()
        },
    }
    letter = address.letters.get(rule.field, next(iter(address.letters.values()), None))
    cell = pl.format("{}{}", pl.lit(letter), pl.col("row")) if letter else pl.lit(None, pl.String)
    return hit.select(
        pl.col("record").cast(pl.Int64),
        pl.col("line").cast(pl.Int64),
        cell.alias("cell"),
        pl.lit(rule.field).alias("field"),
        pl.lit(kind.code).alias("code"),
        pl.lit(kind.severity).alias("severity"),
        sentence(kind.text, places).alias("message"),
        value.alias("value"),
    ).cast(SCHEMA)  # type: ignore[arg-type]


def sentence(text: str, places: Mapping[str, pl.Expr]) -> pl.Expr:
    """The sentence with its places filled, as an expression; what nobody would see in them is shown by code point."""
    parts: list[pl.Expr] = []
    rest = text
    while "{" in rest:
        before, _, after = rest.partition("{")
        name, _, rest = after.partition("}")
        parts += [pl.lit(before), _shown(places[name].fill_null(""))]
    return pl.concat_str(*parts, pl.lit(rest))


def _shown(place: pl.Expr) -> pl.Expr:
    if not place.meta.root_names():  # a constant, which must stay one
        return pl.lit(visible(pl.select(place).item()))
    return place.map_batches(_all_visible, return_dtype=pl.String)


def _all_visible(values: pl.Series) -> pl.Series:
    if not values.str.contains(SHOWN).any():
        return values
    return values.map_elements(visible, return_dtype=pl.String)


def in_order(*findings: pl.DataFrame) -> pl.DataFrame:
    """All findings as one frame in the order of the file, errors before warnings on the same record."""
    return (
        pl.concat([part for part in findings if part.height] or [empty()])
        .unique(["record", "line", "field", "code", "message"], keep="first", maintain_order=True)
        .sort("record", "line", "severity", nulls_last=False, maintain_order=True)
    )
