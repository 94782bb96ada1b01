"""Tables by day: which rows are in force, what follows from them, and how records are joined with either.

Everything that is remembered of a table is remembered here, beside the table, in one memory bounded by rows. What a
table is and how it is read is ``pipelines.reference``.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cached_property
from typing import Any, TypeVar

import polars as pl

from schemas.reference import ReferenceTable

_FEW = 100
"""As many values are sorted out, or looked up, sooner by hand than by a query."""
_MOST_BY_HAND = 50_000
"""Rows of a table of which an index is kept in memory; a larger one is joined."""
_ROWS_REMEMBERED = 500_000
_THINGS_REMEMBERED = 256
_ON = "on"
_T = TypeVar("_T")


class Memory:
    """What was worked out and may be asked for again: the last of it, bounded in number and in rows.

    Two things are kept however large they are. Several threads may ask at once; at worst both work out the same.
    """

    def __init__(self) -> None:
        self._things: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._things)

    @property
    def rows(self) -> int:
        """Rows of everything that is remembered; what has no rows counts as one."""
        return sum(rows for rows, _ in list(self._things.values()))

    def of(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What ``make`` gives, which must follow from the key alone."""
        found = self._things.get(key)
        if found is None:
            made = make()
            found = self._things[key] = _rows_of(made), made
            while len(self) > 2 and (len(self) > _THINGS_REMEMBERED or self.rows > _ROWS_REMEMBERED):
                with suppress(KeyError):  # another thread was quicker
                    self._things.popitem(last=False)
        else:
            with suppress(KeyError):
                self._things.move_to_end(key)
        return found[1]


def _rows_of(thing: object) -> int:
    rows = thing.rows if isinstance(thing, Keyed) else thing
    return rows.height if isinstance(rows, pl.DataFrame) else 1


class Keyed:
    """Rows that are told apart by their key columns, to be joined on records: on a few of them by hand.

    A query costs more than looking up a hundred records in an index of the keys, and a join builds its own each time.
    With ``blank_matches`` a record whose key is blank gets the row whose key is blank, else nothing.
    """

    def __init__(self, rows: pl.DataFrame, keys: Sequence[str], *, blank_matches: bool = False) -> None:
        self.rows, self.keys, self.blank_matches = rows, list(keys), blank_matches

    @cached_property
    def _places(self) -> dict[Any, int] | None:
        """Key → place of its row; None where the keys do not tell the rows apart, or are too many."""
        if self.rows.height > _MOST_BY_HAND:
            return None
        places = {key: place for place, key in enumerate(_keys_of(self.rows, self.keys))}
        return places if len(places) == self.rows.height else None

    @cached_property
    def _values(self) -> pl.DataFrame:
        """The values, and a last row of blanks for those whom no row is for."""
        values = self.rows.drop(self.keys)
        return pl.concat([values, values.clear(1)])

    def joined(
        self, frame: pl.DataFrame, on: Sequence[str], take: Mapping[str, str] | None = None
    ) -> pl.DataFrame:
        """``frame`` with the values beside it, null where there is no row; its rows and their order stay.

        Args:
            frame: any frame.
            on: its columns that hold the keys, in the order of the keys.
            take: new column name → column of the rows; None for all values under their own names.
        """
        places = self._places if frame.height <= _FEW else None
        if places is None:
            return self.joined_by_query(frame, on, take)
        nobody = self.rows.height
        found = [
            places.get(key, nobody) if self.blank_matches or not _has_blank(key) else nobody
            for key in _keys_of(frame, on)
        ]
        values = self._values[pl.Series(found, dtype=pl.UInt32)]
        if take is None:
            return frame.hstack(values)
        return frame.hstack([values[source].alias(name) for name, source in take.items()])

    def joined_by_query(
        self, frame: pl.DataFrame, on: Sequence[str], take: Mapping[str, str] | None = None
    ) -> pl.DataFrame:
        """As :func:`joined`, for many records."""
        rows = self.rows
        if take is not None:
            rows = rows.select(*self.keys, *(pl.col(source).alias(name) for name, source in take.items()))
        return frame.join(
            rows,
            left_on=list(on),
            right_on=self.keys,
            how="left",
            nulls_equal=self.blank_matches,
            maintain_order="left",
        )


def _keys_of(frame: pl.DataFrame, columns: Sequence[str]) -> list[Any]:
    if len(columns) == 1:
        return frame[columns[0]].to_list()
    return list(zip(*(frame[column].to_list() for column in columns), strict=True))


def _has_blank(key: Any) -> bool:
    return None in key if isinstance(key, tuple) else key is None


def joined_by_day(
    frame: pl.DataFrame,
    on: Sequence[str],
    day: str,
    of_day: Callable[[date], Keyed],
    take: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """``frame`` with what counts for each record on its own day, null where nothing does; rows and order stay.

    Args:
        frame: any frame.
        on: its columns that hold the keys, in the order of the keys.
        day: its column (Date) with the day; a record without one gets nothing.
        of_day: what counts on a day.
        take: new column name → column of what counts; None for all values under their own names.
    """
    days = different(frame[day])
    if len(days) == 1 and not frame[day].null_count():
        return of_day(days[0]).joined(frame, on, take)
    parts = [of_day(one) for one in days or [date.min]]
    rows = pl.concat(
        part.rows.with_columns(pl.lit(one, pl.Date).alias(_ON))
        for one, part in zip(days or [date.min], parts, strict=True)
    )
    several = Keyed(rows, [*parts[0].keys, _ON], blank_matches=parts[0].blank_matches)
    return several.joined_by_query(frame, [*on, day], take)


class DatedTable:
    """One typed table, which of its rows are in force on a day, and what follows from it.

    Tables are shared by content: every load that left a table as it was, and every store that is open, has the same
    object, so that what follows from tables can be kept beside them (``remembered``).
    """

    def __init__(self, spec: ReferenceTable, rows: pl.DataFrame) -> None:
        self.rows = rows
        """All periods."""
        self._spec = spec
        self.remembered = Memory()
        """What follows from the table; the key names what it is, and everything else that it follows from."""

    @cached_property
    def _changes(self) -> list[date]:
        """Days on which other rows come into force than the day before."""
        days: set[date] = set()
        if self._spec.effective_dated:
            days.update(self.rows["valid_from"].unique().to_list())
        if "valid_to" in self.rows.columns:
            ends = self.rows["valid_to"].unique().drop_nulls()
            days.update(end + timedelta(days=1) for end in ends.to_list() if end < date.max)
        return sorted(days)

    def since(self, day: date) -> date:
        """The first day of the stretch around ``day`` in which the same rows are in force."""
        place = bisect_right(self._changes, day)
        return self._changes[place - 1] if place else date.min

    def in_force(self, day: date) -> pl.DataFrame:
        """The rows in force on the day."""
        since = self.since(day)
        return self.remembered.of(("in force", since), lambda: self._filtered(since))

    def keyed(self, day: date, keys: Sequence[str]) -> Keyed:
        """The rows in force on the day, by these columns."""
        since = self.since(day)
        what = ("keyed", since, *keys)
        return self.remembered.of(what, lambda: Keyed(self.in_force(since), keys))

    def _filtered(self, day: date) -> pl.DataFrame:
        rows = self.rows.lazy()
        if self._spec.effective_dated:
            key = [column for column in self._spec.key if column != "valid_from"]
            rows = rows.filter(pl.col("valid_from") <= day).sort("valid_from").unique(key, keep="last")
        if "valid_to" in self.rows.columns:
            rows = rows.filter(pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
        return rows.collect()


def different(days: pl.Series) -> list[date]:
    """The different days, in the order in which they come."""
    if len(days) > _FEW:
        days = days.unique(maintain_order=True)
    return [day for day in dict.fromkeys(days.to_list()) if day is not None]


def different_rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """The different rows, in the order in which they come."""
    return list(
        dict.fromkeys(frame.rows() if frame.height <= _FEW else frame.unique(maintain_order=True).rows())
    )
