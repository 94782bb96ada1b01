"""The item of a 試算: its name opens its explanation (J-006)."""

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("estimates/parts_item.html")
def item(bound: Any) -> dict[str, Any]:
    """Name (which opens the explanation), mark of 必須, note, faults, and the control tied to all of them."""
    described = [f"{bound.auto_id}_note"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attrs = {"aria-labelledby": f"{bound.auto_id}_name", "class": "control"}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if bound.field.required:
        attrs["aria-required"] = "true"
    if bound.field.required and bound.errors and not bound.value():
        attrs["class"] = "missing"
    return {
        "bound": bound,
        "tick": bound.widget_type == "checkbox",
        "control": bound.as_widget(attrs=attrs),
        "explanation": bound.field.explanation,
        "words": getattr(bound.field, "words", ""),
    }
