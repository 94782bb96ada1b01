"""An AST checker for tests of the portal that look for a word somewhere in a page.

Such a test passes when a wrong page happens to say the word, and ``not in`` passes on an error page. Tests say what stands
where: ``tests/portal/pages.py``. What is careless: in an ``assert``, ``in``, ``not in``, ``count``, ``index`` or a regular
expression over the whole text of an answer, and Django's ``assertContains``.

``careless_pages.csv`` names how many a file still has. It only shrinks: one more is a fault, and so is a number that is
higher than what is there. Run as ``python -m tests.lint.page_lint [ROOT]``; ``--shrink`` writes smaller numbers down.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOM = Path("tests/portal")
ALLOWED = Path("tests/lint/careless_pages.csv")
MESSAGE = "a word somewhere in the page: say what stands where (tests/portal/pages.py)"

_SAME_TEXT = frozenset(
    {"split", "rsplit", "partition", "replace", "strip", "splitlines", "lower", "removesuffix"}
)
_LOOKED_FOR = frozenset({"count", "index", "find"})
_DJANGO = frozenset({"assertContains", "assertNotContains", "assertInHTML"})


@dataclass(frozen=True, order=True)
class Careless:
    """One assertion about a whole page; ``line`` and ``column`` count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {MESSAGE}"


def check_source(source: str, path: str) -> list[Careless]:
    """All careless assertions of one module's source, in the order of the file."""
    tree = ast.parse(source, filename=path)
    givers = _functions_of_text(tree)
    found = set()
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for scope in (tree, *functions):
        names = _Names(givers)
        names.learn(scope)
        for node in ast.walk(scope):
            places = _in_assert(node, names) if isinstance(node, ast.Assert) else _django(node)
            found |= {Careless(path, place.lineno, place.col_offset + 1) for place in places}
    return sorted(found)


def check_room(root: Path) -> dict[str, list[Careless]]:
    """Careless assertions by file."""
    found = {}
    for file in sorted((root / ROOM).rglob("*.py")):
        path = file.relative_to(root).as_posix()
        if careless := check_source(file.read_text(encoding="utf-8"), path):
            found[path] = careless
    return found


def allowed(root: Path) -> dict[str, int]:
    """How many each file may still have."""
    with (root / ALLOWED).open(encoding="utf-8", newline="") as stream:
        return {row["path"]: int(row["careless"]) for row in csv.DictReader(stream)}


def faults(found: Mapping[str, list[Careless]], limits: Mapping[str, int]) -> Iterator[str]:
    """What is more than allowed, and what is allowed and not there any more."""
    for path in sorted({*found, *limits}):
        there, limit = found.get(path, []), limits.get(path, 0)
        if len(there) > limit:
            yield from map(str, there)
            yield f"{path}: {len(there)} of them, {limit} allowed"
        elif len(there) < limit:
            yield f"{path}: {len(there)} careless assertions, {limit} allowed: run with --shrink"


class _Names:
    """Names that hold the text of a page, within a function."""

    def __init__(self, givers: frozenset[str]) -> None:
        self.texts: set[str] = set()
        self.pages: set[str] = set()
        self.givers = givers

    def learn(self, scope: ast.AST) -> None:
        """Follows assignments and loops until nothing new is learnt."""
        bound = list(_bindings(scope))
        while True:
            before = len(self.texts) + len(self.pages)
            for target, value in bound:
                names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
                if self.is_text(value):
                    self.texts |= names
                if _calls(value, {"page_of"}):
                    self.pages |= names
            if len(self.texts) + len(self.pages) == before:
                return

    def is_text(self, node: ast.AST) -> bool:
        """Whether an expression is the text of a page, a cut of it, or a collection of such."""
        match node:
            case ast.Name(id=name):
                return name in self.texts
            case ast.Call(func=ast.Name(id=name)) if name in self.givers:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="content"), attr="decode")):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _SAME_TEXT:
                return self.is_text(value)
            case ast.Call(func=ast.Name(id="str" | "list" | "tuple" | "sorted"), args=[value]):
                return self.is_text(value)
            case ast.Attribute(value=value, attr="text" | "lines"):
                return self.is_page(value)
            case ast.Subscript(value=value) | ast.NamedExpr(value=value):
                return self.is_text(value)
            case ast.BinOp(left=left, right=right):
                return self.is_text(left) or self.is_text(right)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
                return any(map(self.is_text, parts))
            case ast.GeneratorExp(elt=part) | ast.ListComp(elt=part) | ast.DictComp(value=part):
                return self.is_text(part)
        return False

    def is_page(self, node: ast.AST) -> bool:
        """Whether an expression is a whole page, with or without what stands around ``main``."""
        match node:
            case ast.Name(id=name):
                return name in self.pages
            case ast.Attribute(value=value, attr="whole"):
                return self.is_page(value)
        return _calls(node, {"page_of"})


def _bindings(scope: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((target, value) for target in targets)
            case (
                ast.AnnAssign(target=target, value=ast.AST() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                yield target, value
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                yield target, value


def _functions_of_text(tree: ast.Module) -> frozenset[str]:
    """Functions of a module that give back the text of a page; ``text`` of the conftest is one."""
    known = frozenset({"text"})
    while True:
        names = _Names(known)
        more = set(known)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = _Names(known)
                names.learn(node)
                returns = [
                    each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value
                ]
                if any(map(names.is_text, returns)):
                    more.add(node.name)
        if more == known:
            return known
        known = frozenset(more)


def _in_assert(statement: ast.Assert, names: _Names) -> Iterator[ast.expr]:
    for node in ast.walk(statement.test):
        match node:
            case ast.Compare(ops=ops, comparators=sides):
                pairs = zip(ops, sides, strict=True)
                if any(isinstance(op, ast.In | ast.NotIn) and names.is_text(side) for op, side in pairs):
                    yield node
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=args):
                if any(map(names.is_text, args)):
                    yield node
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _LOOKED_FOR:
                if names.is_text(value):
                    yield node


def _django(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and _calls(node, _DJANGO):
        yield node


def _calls(node: ast.AST, wanted: Iterable[str]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in wanted
    return False


def _write(root: Path, counts: Mapping[str, int]) -> None:
    lines = ["path,careless", *(f"{path},{count}" for path, count in sorted(counts.items()) if count)]
    (root / ALLOWED).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Judges the room, or with ``--shrink`` writes down what is fewer than allowed."""
    places = [argument for argument in arguments if argument != "--shrink"]
    root = Path(places[0]) if places else Path(__file__).resolve().parents[2]
    found, limits = check_room(root), allowed(root)
    if "--shrink" in arguments:
        _write(root, {path: min(limit, len(found.get(path, []))) for path, limit in limits.items()})
        limits = allowed(root)
    told = list(faults(found, limits))
    for line in told:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
