"""An AST checker for what would make money inexact or a rule impure.

In ``pipelines``: no float literal, no true division, no mean, no float type (they are not exact).
In ``pipelines`` and ``schemas``: no clock, no environment, no opened file (same input, same output).

Import directions are import-linter's; style is ruff's. Run as ``python -m tests.lint.money_lint [ROOT]``: it
prints ``path:line:column: rule message`` per violation and exits 1 when there is one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EXACT_ROOMS = ("pipelines",)
BINARY = frozenset({"pipelines/reading/kept_number.py"})
"""Where the binary number of a spreadsheet becomes the decimal that was typed; exact from there on."""
PURE_ROOMS = ("pipelines", "schemas")

CLOCK = frozenset(
    {
        "datetime.now",
        "datetime.today",
        "datetime.utcnow",
        "date.today",
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.perf_counter",
    }
)
ENVIRONMENT = frozenset({"os.environ", "os.environb", "os.getenv"})
FILES = frozenset({"open", "io.open"})

MESSAGES = {
    "float-literal": "float literal: write an integer or a scaled integer",
    "true-division": "true division: multiply scaled integers and use the one rounding function, or //",
    "mean": "mean(): an average of money is a float; sum and divide where the tariff says",
    "float-type": "binary floating point type: use Int64, Int128 or decimals",
    "clock": "reads the clock: take the instant as an argument",
    "environment": "reads the environment: take the setting as an argument",
    "file": "opens a file: take bytes or a frame as an argument",
}


@dataclass(frozen=True, order=True)
class Violation:
    """One place where a rule is broken; ``line`` and ``column`` count from 1."""

    path: str
    line: int
    column: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.rule} {MESSAGES[self.rule]}"


def check_source(source: str, path: str, *, exact: bool, pure: bool) -> list[Violation]:
    """All violations in one module's source, in the order of the file.

    ``exact`` asks for the rules about floating point, ``pure`` for those about clock, environment and files.
    """
    found = set()
    for node in ast.walk(ast.parse(source, filename=path)):
        rules = [*(_inexact(node) if exact else ()), *(_impure(node) if pure else ())]
        for rule in rules:
            found.add(Violation(path, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1, rule))
    return sorted(found)


def check_rooms(root: Path) -> list[Violation]:
    """All violations in the rooms below ``root``."""
    found: list[Violation] = []
    for room in sorted({*EXACT_ROOMS, *PURE_ROOMS}):
        for file in sorted((root / room).rglob("*.py")):
            found += check_source(
                file.read_text(encoding="utf-8"),
                file.relative_to(root).as_posix(),
                exact=room in EXACT_ROOMS and file.relative_to(root).as_posix() not in BINARY,
                pure=room in PURE_ROOMS,
            )
    return found


def _inexact(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=float() | complex()):
            yield "float-literal"
        case (
            ast.BinOp(op=ast.Div())
            | ast.AugAssign(op=ast.Div())
            | ast.Attribute(attr="truediv" | "__truediv__")
        ):
            yield "true-division"
        case ast.Call(func=ast.Attribute(attr="mean") | ast.Name(id="mean")):
            yield "mean"
        case ast.Call(func=ast.Name(id="float")) | ast.Attribute(attr="Float32" | "Float64"):
            yield "float-type"
        case ast.ImportFrom(names=names) if any(name.name in ("Float32", "Float64") for name in names):
            yield "float-type"


def _impure(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute() | ast.Name():
            names = [_last_two(_dotted(node))]
        case ast.ImportFrom(module=str() as module, names=aliases):
            names = [f"{module}.{alias.name}" for alias in aliases]
        case _:
            return
    for name in names:
        if name in CLOCK:
            yield "clock"
        if name in ENVIRONMENT:
            yield "environment"
        if name in FILES:
            yield "file"


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` for names and attributes of names; a call in between keeps only what follows it."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{_dotted(value)}.{attr}"
    return ""


def _last_two(dotted: str) -> str:
    return ".".join(dotted.split(".")[-2:])


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    violations = check_rooms(root)
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
