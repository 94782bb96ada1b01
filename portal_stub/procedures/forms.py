"""The base of every step's form: items with conditions, what is kept of them, and how they are shown again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from portal_stub.accounts.fields import within_calendar

YES_NO = [("yes", "有"), ("no", "無")]


class StepForm(forms.Form):
    """One step of a procedure. Items are Django fields (widths: ``accounts.fields``).

    ``only_when`` maps an item to (another item, values): without one of these values it is not asked, and what may
    have been typed there before is dropped. ``either`` names groups of items of which one must be filled.
    """

    pink_from_start = True
    """Empty mandatory items are pink before anything was sent (S-025)."""
    only_when: ClassVar[Mapping[str, tuple[str, frozenset[str]]]] = {}
    either: ClassVar[tuple[tuple[str, ...], ...]] = ()
    twice: ClassVar[Mapping[str, str]] = {}
    """Item → its （確認用）: both must agree, the second is not shown again."""

    def __init__(
        self, *args: Any, draft: Any, original: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.draft = draft
        """The ``Application`` to which the step belongs, with ``holder``, ``subject`` and earlier answers."""
        self.original = original or {}
        """What is in force now, for procedures that change it: other values are orange (K-047)."""
        self.prepare()

    def prepare(self) -> None:
        """Hook: choices and defaults that depend on ``self.draft``."""

    def full_clean(self) -> None:
        """Items that are not asked are neither mandatory nor judged, and what they held is dropped."""
        if self.is_bound:
            self.data: Any = self.data.copy()
            for name, (other, values) in self.only_when.items():
                if self._typed(other) not in values:
                    self.fields[name].required = False
                    self.data.pop(self.add_prefix(name), None)
        super().full_clean()

    def _typed(self, name: str) -> str:
        value = self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        return "yes" if value is True else str(value or "")

    def clean(self) -> dict[str, Any]:
        """Either-or groups and entries that are made twice."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            value = found.get(name) if isinstance(field, ChosenField) else None
            if value and field.chooser.find(self.draft, value) is None:
                self.add_error(name, f"{field.label}を選択し直してください。")
        for group in self.either:
            if not set(group) & set(self.errors) and not any(found.get(name) for name in group):
                names = "か".join(str(self.fields[name].label) for name in group)
                self.add_error(group[0], f"{names}のどちらかを入力してください。")
        for name, again in self.twice.items():
            if found.get(name) and found.get(again) and found[name] != found[again]:
                label = self.fields[name].label
                self.add_error(again, f"{label}と確認用の入力が一致しません。同じものを入力してください。")
        return found

    def kept(self) -> dict[str, Any]:
        """The judged values in kinds that JSON knows; a form given them as data judges them the same."""
        return {name: _plain(value) for name, value in self.cleaned_data.items()}

    def shown(self, answers: Mapping[str, Any]) -> list[list[Any]]:
        """Rows of label, words, whether that differs from what is in force, and the words of that, for the check page."""
        rows: list[list[Any]] = []
        for name, field in self.fields.items():
            condition = self.only_when.get(name)
            if condition and _as_word(answers.get(condition[0])) not in condition[1]:
                continue
            if name in self.twice.values():
                continue
            changed = name in self.original and (answers.get(name) or "") != (self.original[name] or "")
            before = self.words(name, self.original[name]) if changed else ""
            rows.append([str(field.label), self.words(name, answers.get(name)), changed, before])
        return rows

    def words(self, name: str, value: Any) -> str:
        """A value as people read it."""
        field = self.fields[name]
        if isinstance(field, ChosenField):
            return field.chooser.find(self.draft, str(value)) or "" if value else ""
        return words(field, value)


def words(field: forms.Field, value: Any) -> str:
    """A value as people read it."""
    if isinstance(field, forms.MultipleChoiceField):
        labels = {str(key): str(label) for key, label in field.choices}
        return "、".join(labels.get(str(each), str(each)) for each in value or [])
    if isinstance(field, forms.ChoiceField):
        labels = {str(key): str(label) for key, label in field.choices}
        return labels.get(str(value or ""), str(value or ""))
    if isinstance(field, forms.BooleanField):
        return "はい" if value else "いいえ"
    if isinstance(field, forms.DateField) and value:
        return date.fromisoformat(str(value)).strftime("%Y/%m/%d")
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, set | tuple):
        return list(value)
    return value


def _as_word(value: Any) -> str:
    return "yes" if value is True else str(value or "")


@dataclass(frozen=True)
class Chooser:
    """A page on which one of many is chosen, where typing would be error-prone or is not allowed (G-085)."""

    title: str
    headings: Sequence[str]
    search: Callable[[Any, str], Sequence[tuple[str, Sequence[str]]]]
    """(application, typed words) → value and cells of each row, at most ``MOST`` of them."""
    find: Callable[[Any, str], str | None]
    """(application, value) → how the chosen one is shown; None: there is no such one."""
    hint: str = ""
    note: str = ""

    MOST: ClassVar[int] = 100


class ChosenField(forms.CharField):
    """An item that is filled through 「選択」 only."""

    def __init__(self, *, label: str, chooser: Chooser, explanation: str = "", **kwargs: Any) -> None:
        super().__init__(label=label, widget=forms.HiddenInput, **kwargs)
        self.chooser, self.explanation = chooser, explanation
        self.error_messages["required"] = f"「選択」ボタンから{label}を選択してください。"


class TickField(forms.BooleanField):
    """A box that must be ticked, with the whole sentence beside it."""

    def __init__(self, *, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, **kwargs)
        self.error_messages["required"] = f"「{label}」を確認し、チェックしてください。"


class DayField(forms.DateField):
    """A day in 西暦 (S-036)."""

    def __init__(
        self,
        *,
        label: str,
        earliest: Any = None,
        latest: Any = None,
        explanation: str = "",
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("help_text", "西暦（例: 2026/04/01）")
        super().__init__(
            label=label,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            validators=[within_calendar(label)],
            input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"],
            **kwargs,
        )
        self.earliest, self.latest, self.explanation = earliest, latest, explanation
        self.error_messages["required"] = f"{label}を入力してください。"
        self.error_messages["invalid"] = f"{label}は西暦の年月日で入力してください（例: 2026/04/01）。"

    def clean(self, value: Any) -> date | None:
        """The day within its bounds, which are functions, since they move with today."""
        day: date | None = super().clean(value)
        if day is None:
            return None
        if self.earliest is not None and day < self.earliest():
            raise ValidationError(
                f"{self.label}は{self.earliest().strftime('%Y/%m/%d')}以降の日付を入力してください。"
            )
        if self.latest is not None and day > self.latest():
            raise ValidationError(
                f"{self.label}は{self.latest().strftime('%Y/%m/%d')}までの日付を入力してください。"
            )
        return day
