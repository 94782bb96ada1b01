"""The text lint fires on each planted fault and is silent on the house."""

from pathlib import Path

import pytest

from tests.lint.text_lint import ORACLE, OWN, TOKENS, check_tree, main

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "portal_stub/pages/templates/a.html"
CLEAN = {
    TEMPLATE: '<p class="a"><script src="x.js" defer></script></p>',
    str(TOKENS): ":root { --known: #fff; }",
    str(OWN): "p { color: var(--known); }",
    str(ORACLE): "from fractions import Fraction\n\nx = Fraction(1, 3)\n",
    "docs/deviations.md": "照会台帳 is called 照合台帳",
    "docs/a.md": "照合台帳",
}


def tree(root: Path, **changes: str) -> Path:
    """A small house with these files instead."""
    for name, text in {**CLEAN, **changes}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def test_the_house_is_clean() -> None:
    assert check_tree(ROOT) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (TEMPLATE, '\n<p style="color: red">'),
        (TEMPLATE, '\n<p onclick="go()">'),
        (TEMPLATE, "\n<style>p {}</style>"),
        (TEMPLATE, "\n<script>go()</script>"),
        (TEMPLATE, '\n<a href="https://elsewhere.example/">'),
        (str(OWN), "p {\ncolor: #ff0000;}"),
        (str(OWN), "p {\ncolor: var(--unknown);}"),
        (str(ORACLE), "\nimport polars"),
        (str(ORACLE), "\nfrom pipelines.rate import rate"),
        (str(ORACLE), "\nx = 0.5"),
        ("docs/a.md", "\n照会・契約台帳"),
        ("outputs/a.py", '\nTITLE = "照会台帳"'),
    ],
)
def test_each_fault_is_told_at_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, text: str
) -> None:
    assert main([str(tree(tmp_path))]) == 0
    assert main([str(tree(tmp_path, **{path: text}))]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{path}:2: ")


def test_a_rule_without_files_is_no_rule(tmp_path: Path) -> None:
    (tree(tmp_path) / TEMPLATE).unlink()
    with pytest.raises(ValueError, match="no file of"):
        check_tree(tmp_path)
