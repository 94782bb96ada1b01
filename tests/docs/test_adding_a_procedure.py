"""What docs/adding-a-procedure.md shows is what the code has: every declaration in it, name by name."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest
from django.urls import get_resolver

from portal_stub.procedures import declaration
from portal_stub.procedures.registry import PROCEDURES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-procedure.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def calls(block: str, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


@pytest.mark.parametrize("block", BLOCKS)
def test_declarations_name_what_there_is(block: str) -> None:
    get_resolver().url_patterns  # noqa: B018 - declares all procedures
    for kind in ("Procedure", "Step", "Introduction", "Notice"):
        known = {field.name for field in dataclasses.fields(getattr(declaration, kind))}
        for call in calls(block, kind):
            assert {keyword.arg for keyword in call.keywords} <= known
    for call in calls(block, "Procedure"):
        said = {keyword.arg: keyword.value for keyword in call.keywords}
        plain = {name: node.value for name, node in said.items() if isinstance(node, ast.Constant)}
        real = PROCEDURES[str(plain["key"])]
        for name, value in plain.items():
            assert getattr(real, str(name)) == value, (real.key, name)
        steps = [ast.literal_eval(step.args[0]) for step in calls(block, "Step")]
        assert steps == [step.key for step in real.steps]


def test_every_kind_is_shown() -> None:
    assert len(BLOCKS) == 3
    text = PAGE.read_text(encoding="utf-8")
    assert not [key for key in PROCEDURES if key not in text and not key.startswith("account-")]
