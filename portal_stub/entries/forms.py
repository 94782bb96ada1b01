"""The items of one node of an entry as a form of the page. Values are the tree's, faults the judgement's: nothing is cleaned.

What a cell must be is ``cells``, which items there are is ``offer``, how they are asked for ``items``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.utils import ErrorDict, ErrorList
from django.utils.html import format_html

from portal_stub.entries import items
from portal_stub.entries.items import Offers
from portal_stub.pages.widgets import LongSelect
from schemas.layouts import LayoutField

_WIDTHS = {"date": "12", "month": "10", "number2": "6", "days": "6", "currency": "6"}


class NodeForm(forms.Form):
    """The items of a node with what was typed; ``prefix`` tells nodes apart, ``number`` names it to who cannot see."""

    def __init__(
        self,
        offered: Iterable[LayoutField],
        values: Mapping[str, str],
        offers: Offers,
        process_type: str,
        *,
        prefix: str,
        number: str = "",
        faults: Mapping[str, list[str]] | None = None,
    ) -> None:
        data = {f"{prefix}-{name}": value for name, value in values.items()}
        super().__init__(data, prefix=prefix)
        offered = tuple(offered)
        for item in offered:
            value = values.get(item.field, "")
            self.fields[item.field] = _field(item, value, offers, process_type, number)
        self.rare = {item.field for item in offered if _is_rare(item, process_type)}
        told = {name: ErrorList(lines) for name, lines in (faults or {}).items() if name in self.fields}
        self._errors = ErrorDict(told)

    @property
    def common_items(self) -> list[Any]:
        """The items that are asked of most contracts."""
        return [self[name] for name in self.fields if name not in self.rare]

    @property
    def rare_items(self) -> list[Any]:
        """The others, which stand below, folded while nothing is in them."""
        return [self[name] for name in self.fields if name in self.rare]

    @property
    def rare_in_use(self) -> bool:
        """Whether one of the rare items is filled or at fault."""
        return any(bound.value() or bound.errors for bound in self.rare_items)


_OF_INCREASES = ("application_year", "application_serial", "change_date", "change_reason")


def _is_rare(item: LayoutField, process_type: str) -> bool:
    """Optional columns and flags; in 新規 what only 増額新規 needs, too."""
    return (
        item.optional_column or item.kind == "flag" or (process_type == "1" and item.field in _OF_INCREASES)
    )


def _field(item: LayoutField, value: str, offers: Offers, process_type: str, number: str) -> Any:
    starred = items.is_starred(offers.layout, process_type, item.field)
    label: Any = item.name_ja
    if number:
        label = format_html('{}<span class="unseen">（{}）</span>', item.name_ja, number)
    options = items.select_options(item, offers, process_type, value)
    note = items.how_written(item, process_type) if options is None else ""
    widget: Any
    if options is not None:
        widget = LongSelect(choices=options)
    else:
        attrs = {"autocomplete": "off", "size": _WIDTHS.get(item.kind, "24")}
        if item.field in items.BUYERS:
            attrs["list"] = "bookmarked"
            if value:
                note = offers.names.get(value, f"「{value}」は海外商社名簿にありません")
        elif item.kind == "currency":
            attrs["list"] = "currencies"
        elif item.kind not in ("text", "identifier"):
            attrs["inputmode"] = "decimal" if item.kind == "amount" else "numeric"
        widget = forms.TextInput(attrs=attrs)
    made: Any = forms.CharField(label=label, required=starred, help_text=note, widget=widget)
    made.explanation = items.explanation(item, offers.layout, process_type)
    if starred:
        made.mark = "＊"
    return made
