"""A checker for rules about text that neither ruff nor import-linter knows: templates, style sheets, words, the oracle.

In templates: no inline script or style and no address of elsewhere (the content security policy forbids them, S-042). In the
portal's own style sheet: colours and sizes are tokens that exist. In code, docs and tables: a ledger has one name
throughout. In the oracle: standard library only and no floating point, or it would not be a second reckoning.

What a page or a program does belongs in tests; a test that reads source is a rule, and belongs here. Run as
``python -m tests.lint.text_lint [ROOT]``: it prints ``path:line: message`` per violation and exits 1 when there is one.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

STATIC = Path("portal_stub/pages/static/pages")
TOKENS, OWN = STATIC / "tokens.css", STATIC / "portal.css"
ORACLE = Path("sample_ledgers/making/oracle.py")
LIBRARY = frozenset(
    {"calendar", "collections.abc", "dataclasses", "datetime", "fractions", "functools", "math"}
)


@dataclass(frozen=True)
class Rule:
    """No line of these files has this; ``but`` names files that may."""

    files: tuple[str, ...]
    pattern: re.Pattern[str]
    message: str
    but: frozenset[str] = field(default_factory=frozenset)


RULES = (
    Rule(
        ("portal_stub/**/templates/**/*.html",),
        re.compile(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)|https?://"),
        "inline script or style, or an address of elsewhere: static files, and settings for addresses",
    ),
    Rule((str(OWN),), re.compile(r"#[0-9a-fA-F]{3,8}\b"), "a colour of its own: take a token"),
    Rule(
        tuple(
            f"{room}/**/*.{kind}"
            for room in (
                "assets",
                "daicho",
                "outputs",
                "pipelines",
                "portal_stub",
                "schemas",
                "sensors",
                "docs",
            )
            for kind in ("py", "md", "csv", "html")
        ),
        re.compile("照会台帳|照会・契約台帳"),
        "the ledgers are 照合台帳 and 確定台帳 (docs/deviations.md)",
        # The second holds the operations of table G-T3 in its own words.
        frozenset({"docs/deviations.md", "portal_stub/history/codes.py"}),
    ),
)


@dataclass(frozen=True, order=True)
class Violation:
    """One place where a rule is broken; ``line`` counts from 1."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def check_tree(root: Path) -> list[Violation]:
    """All violations below ``root``.

    Raises:
        ValueError: a rule finds no file at all, so that it would hold nothing.
    """
    found = [violation for rule in RULES for violation in _lines(root, rule)]
    found += _tokens(root)
    found += _oracle(root)
    return sorted(found)


def _lines(root: Path, rule: Rule) -> Iterator[Violation]:
    files = [file for pattern in rule.files for file in sorted(root.glob(pattern))]
    if not files:
        raise ValueError(f"no file of {rule.files}")
    for file in files:
        path = file.relative_to(root).as_posix()
        if path not in rule.but:
            yield from _hits(path, file.read_text(encoding="utf-8"), rule.pattern, rule.message)


def _hits(path: str, text: str, pattern: re.Pattern[str], message: str) -> Iterator[Violation]:
    for number, line in enumerate(text.split("\n"), start=1):
        if pattern.search(line):
            yield Violation(path, number, message)


def _tokens(root: Path) -> Iterator[Violation]:
    """Uses of tokens that neither the design system nor the portal's own style sheet has."""
    own = (root / OWN).read_text(encoding="utf-8")
    known = set(re.findall(r"(--[\w-]+):", (root / TOKENS).read_text(encoding="utf-8") + own))
    for number, line in enumerate(own.split("\n"), start=1):
        for name in re.findall(r"var\((--[\w-]+)", line):
            if name not in known:
                yield Violation(OWN.as_posix(), number, f"{name} is no token")


def _oracle(root: Path) -> Iterator[Violation]:
    tree = ast.parse((root / ORACLE).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules: Iterable[str] = [name.name for name in names]
            case ast.ImportFrom(module=module):
                modules = [module or "."]
            case ast.Constant(value=float()):
                yield Violation(ORACLE.as_posix(), node.lineno, "floating point in the oracle")
                continue
            case _:
                continue
        for module in modules:
            if module not in LIBRARY:
                yield Violation(ORACLE.as_posix(), node.lineno, f"the oracle imports {module}")


def main(arguments: list[str]) -> int:
    """Judges the tree."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    found = check_tree(root)
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
