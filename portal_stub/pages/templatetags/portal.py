"""Tags of the components; known to every template without loading."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal_stub.pages.help import TOPICS
from sensors.windows import TOKYO

register = template.Library()


@register.inclusion_tag("pages/parts/field.html")
def field(bound: Any) -> dict[str, Any]:
    """One item of a form: label, mark of 必須, help, errors, and the control tied to all of them.

    A form may say more of its items: ``pink_from_start`` (S-025), ``only_when`` (items that are asked only with some
    answer to another one) and ``original`` (values in force; other ones are orange, K-047).
    """
    form, value = bound.form, bound.value()
    attrs = _tied(bound)
    many = bound.widget_type in {"radioselect", "checkboxselectmultiple"}
    tick = bound.widget_type == "checkbox"
    chosen = hasattr(bound.field, "chooser")
    if bound.field.required and not many:
        attrs["aria-required"] = "true"
    pink = bound.field.required and not value and (bound.errors or getattr(form, "pink_from_start", False))
    original = getattr(form, "original", {})
    changed = bound.name in original and (value or "") != (original[bound.name] or "")
    attrs["class"] = "missing" if pink else "control"
    if bound.name in original and not many:
        attrs["data-original"] = _in_force(original[bound.name], tick)
    if chosen:
        attrs["id"] = (
            False  # The value is hidden; labels, faults and focus lead to 「選択」, which has the id.
        )
    condition = getattr(form, "only_when", {}).get(bound.name)
    return {
        "bound": bound,
        "many": many,
        "tick": tick,
        "pink": pink,
        "changed": changed,
        "chosen": chosen,
        "chosen_words": form.words(bound.name, value) if chosen else "",
        "original": _in_force(original[bound.name], tick) if many and bound.name in original else None,
        "control": None if many else bound.as_widget(attrs=attrs),
        "described": attrs.get("aria-describedby", ""),
        "explanation": getattr(bound.field, "explanation", ""),
        "when": condition and condition[0],
        "values": condition and " ".join(sorted(condition[1])),
    }


def _tied(bound: Any) -> dict[str, Any]:
    """What ties a control to its note and its errors, for who hears the page."""
    described = [f"{bound.auto_id}_note"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attrs: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return attrs


@register.simple_tag
def control(bound: Any) -> Any:
    """The control alone, tied to note and errors (``_note``, ``_error``) that the template writes around it."""
    return bound.as_widget(attrs=_tied(bound))


def _in_force(value: Any, tick: bool) -> str:
    """A value in force as the script compares it with what stands in the controls."""
    if tick:
        return "on" if value else ""
    return " ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value or "")


@register.inclusion_tag("pages/parts/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """All faults of a form on top, in the order of its items, each leading to its item."""
    items = [(form[name], form.errors[name]) for name in form.fields if name in form.errors]
    return {"form": form, "items": items, "count": sum(len(errors) for errors in form.errors.values())}


@register.inclusion_tag("pages/parts/step_bar.html")
def step_bar(steps: str, current: int) -> dict[str, Any]:
    """The steps of a procedure, the current one on orange (S-019); ``steps`` separated by commas."""
    names = steps.split(",")
    return {"steps": [(n, name, n == current) for n, name in enumerate(names, start=1)]}


@register.inclusion_tag("pages/parts/sort_links.html", takes_context=True)
def sort_links(context: Any, key: str, order: str) -> dict[str, Any]:
    """△▽ of a column; the active one is a blue ▲ or ▼ (H-007, S-033). Other conditions of the list are kept."""
    query = context["request"].GET.copy()
    query.pop("page", None)

    def address(value: str) -> str:
        query["sort"] = value
        return f"?{query.urlencode()}"

    return {
        "up": address(key),
        "down": address(f"-{key}"),
        "active": {key: "up", f"-{key}": "down"}.get(order),
    }


@register.simple_tag
def help_link(topic: str) -> SafeString:
    """「ヘルプ」 at the upper right, to a topic of ``pages.help``, in a window of its own (S-003, S-026).

    Raises:
        KeyError: for a topic that is not there.
    """
    if topic not in TOPICS:
        raise KeyError(topic)
    return format_html(
        '<a href="{}" target="_blank" rel="noopener" data-popup>ヘルプ<span class="unseen">（別ウィンドウ）</span></a>',
        reverse("help", args=[topic]),
    )


@register.simple_tag
def carry(form: Any) -> SafeString:
    """Everything that was typed, as hidden inputs without id or description: a check page hands it on."""
    hidden = (bound.field.hidden_widget().render(bound.html_name, bound.value()) for bound in form)
    return format_html_join("", "{}", ((one,) for one in hidden))


@register.simple_tag
def chosen(bound: Any) -> str:
    """The words of what was chosen."""
    words = {str(value): label for value, label in bound.field.choices}
    return str(words.get(str(bound.value()), ""))


@register.inclusion_tag("pages/parts/pager.html")
def pager(
    page: Any, url: str, where: str = "上", name: str = "一覧", parameter: str = "page"
) -> dict[str, Any]:
    """≪ ＜ ＞ ≫ of a long list (K-008); ``url`` keeps its other conditions. Nothing where one page is enough.

    Used above (``where`` 上) and below (下) the list; ``page`` comes of ``pages.paging.paged``.
    """

    def link(number: int) -> str:
        return _with(url, {parameter: str(number)})

    return {
        "page": page,
        "where": where,
        "name": name,
        "first": link(1),
        "previous": link(page.number - 1),
        "next": link(page.number + 1),
        "last": link(page.paginator.num_pages),
    }


def _with(url: str, values: dict[str, str]) -> str:
    """The address with these values in its query, and without those that are empty."""
    address = urlsplit(url)
    kept = [pair for pair in parse_qsl(address.query, keep_blank_values=True) if pair[0] not in values]
    return f"{address.path}?{urlencode([*kept, *((key, value) for key, value in values.items() if value)])}"


@register.filter
def grouped(number: int) -> str:
    """A number with a comma per thousand."""
    return f"{number:,}"


@register.filter
def last_day(ends: datetime) -> date:
    """The last day of what ends with a midnight: people read days, not the instant after them."""
    return (ends.astimezone(TOKYO) - timedelta(microseconds=1)).date()
