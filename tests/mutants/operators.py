"""How a line of the product can be broken: small changes of its source text, found in its syntax tree.

What is left out is left out by principle, since breaking it changes nothing that a test could see or should hold:
annotations and casts, ``assert``, log lines, ``__repr__`` and ``__str__``, words of sentences, closing and flushing, and
keyword arguments that only decide speed, waiting or tolerance (``NEUTRAL``). Which mutants are tried belongs in ``sampling``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
}
TWINS = {
    twin: other
    for pair in (
        ("is_null", "is_not_null"),
        ("any_horizontal", "all_horizontal"),
        ("min_horizontal", "max_horizontal"),
        ("any", "all"),
        ("min", "max"),
        ("first", "last"),
        ("filter", "exclude"),
    )
    for twin, other in (pair, pair[::-1])
}
"""Functions and methods whose twin takes the same arguments. ``filter`` has its twin in Django only."""
NEUTRAL = {
    *(
        "strict",
        "exist_ok",
        "missing_ok",
        "parents",
        "encoding",
        "ensure_ascii",
        "indent",
        "stacklevel",
        "daemon",
    ),
    *(
        "timeout",
        "interval",
        "batch_size",
        "chunk_size",
        "buffering",
        "maxsize",
        "update_fields",
        "maintain_order",
    ),
}
SILENT = {
    "close",
    "flush",
    "fsync",
    "collect_garbage",
    "sleep",
    "debug",
    "info",
    "warning",
    "exception",
    "print",
}
"""Calls whose loss no test can or should see: releasing, waiting, what is written for people who watch."""
SILENT_OBJECTS = {"log", "logger", "logging", "warnings"}
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]*")


@dataclass(frozen=True)
class Mutation:
    """One change of one file: the bytes from ``start`` to ``end`` become ``after``; ``line`` is where it begins."""

    path: str
    line: int
    kind: str
    start: int
    end: int
    before: str
    after: str

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.after.encode() + source[self.end :]


def mutations(path: str, source: bytes) -> list[Mutation]:
    """All changes of the functions of a module, in the order of the text."""
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return sorted(set(finder.found), key=lambda change: (change.start, change.end, change.after))


class _Finder(ast.NodeVisitor):
    def __init__(self, path: str, source: bytes) -> None:
        self.path, self.source = path, source
        self.found: list[Mutation] = []
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._depth = 0  # of functions: what stands outside of them runs once, at import
        self._returns_nothing = [True]

    # ------------------------------------------------------------------------------------------ places
    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def _add(self, kind: str, start: int, end: int, after: str) -> None:
        if not self._depth:
            return
        before = self.source[start:end].decode()
        if before != after:
            line = self.source.count(b"\n", 0, start) + 1
            self.found.append(Mutation(self.path, line, kind, start, end, before, after))

    def _replace(self, kind: str, node: ast.expr | ast.stmt, after: str) -> None:
        self._add(kind, self._start(node), self._end(node), after)

    def _between(self, kind: str, left: ast.expr, right: ast.expr, sign: str, other: str) -> None:
        """Changes the sign that stands between two operands."""
        start, end = self._end(left), self._start(right)
        text = self.source[start:end]
        word = sign.replace(" ", r"\s+")
        found = re.search((rf"\b{word}\b" if sign[0].isalpha() else re.escape(sign)).encode(), text)
        if found and b"#" not in text:
            self._add(kind, start + found.start(), start + found.end(), other)

    # ------------------------------------------------------------------------------------------ what is walked
    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name in {"__repr__", "__str__"}:
            return
        self._depth += 1
        returns = node.returns
        self._returns_nothing.append(isinstance(returns, ast.Constant) and returns.value is None)
        for statement in node.body:
            self.visit(statement)
        self._returns_nothing.pop()
        self._depth -= 1

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assert(self, node: ast.Assert) -> None:
        pass

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in NEUTRAL:
            self.visit(node.value)

    # ------------------------------------------------------------------------------------------ statements
    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant) or _is_silent(node.value):
            return
        if isinstance(node.value, ast.Call):
            self._replace("statement removed", node, "pass")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace("statement removed", node, "pass")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace("statement removed", node, "pass")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._replace("statement removed", node, "pass")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        value = node.value
        if value is None:
            return
        if not self._returns_nothing[-1] and not (isinstance(value, ast.Constant) and value.value is None):
            self._replace("returns nothing", value, "None")
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._replace("condition", test, "True")
        self.generic_visit(node)

    def _condition(self, test: ast.expr) -> None:
        self._replace("condition", test, "True")
        self._replace("condition", test, "False")

    # ------------------------------------------------------------------------------------------ expressions
    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, sign, right in zip(operands, node.ops, operands[1:], strict=False):
            self._between("comparison", left, right, *COMPARISONS[type(sign)])
            for side in (left, right):
                self._codes(side)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        signs = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._between("and/or", left, right, *signs)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        signs = ARITHMETIC.get(type(node.op))
        if signs and not any(_is_text_or_many(side) for side in (node.left, node.right)):
            self._between("arithmetic", node.left, node.right, *signs)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not | ast.Invert | ast.USub):
            self._add("sign removed", self._start(node), self._start(node.operand), "")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace("constant", node, str(not node.value))
        elif isinstance(node.value, int):
            self._replace("constant", node, str(node.value + 1))
            if node.value > 0:
                self._replace("constant", node, str(node.value - 1))

    def visit_Call(self, node: ast.Call) -> None:
        if _is_silent(node):
            return
        name = _name(node.func)
        twin = TWINS.get(name)
        own = isinstance(node.func, ast.Attribute) or name in {"any", "all", "min", "max"}
        if twin and own and (twin not in {"filter", "exclude"} or self.path.startswith("portal_stub/")):
            self._add("twin", self._end(node.func) - len(name), self._end(node.func), twin)
        if name == "is_in":
            for argument in node.args:
                self._codes(argument)
        first, second = (*node.args[:2], None, None)[:2]
        if isinstance(first, ast.Name | ast.Attribute) and isinstance(second, ast.Name | ast.Attribute):
            one, two = (self.source[self._start(side) : self._end(side)].decode() for side in (first, second))
            between = self.source[self._end(first) : self._start(second)].decode()
            if name not in {"isinstance", "cast", "issubclass", "getattr", "zip"}:
                self._add("arguments swapped", self._start(first), self._end(second), f"{two}{between}{one}")
        if name == "cast":
            self.visit(node.func)
            for argument in node.args[1:]:
                self.visit(argument)
            return
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        pass  # Python 3.11 gives no true places inside f-strings

    def _codes(self, node: ast.expr) -> None:
        """Codes in a comparison, by themselves or listed, become codes that nobody writes."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            for element in node.elts:
                self._codes(element)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            quote = self.source[self._start(node) : self._start(node) + 1].decode()
            if quote in "\"'":
                self._replace("code", node, f"{quote}{node.value}~{quote}")


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_silent(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    owner: ast.expr = node.func
    while isinstance(owner, ast.Attribute):
        owner = owner.value
        if _name(owner) in SILENT_OBJECTS:
            return True
    return _name(node.func) in SILENT


def _is_text_or_many(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    return isinstance(
        node,
        ast.JoinedStr | ast.List | ast.Tuple | ast.Set | ast.Dict | ast.ListComp | ast.DictComp | ast.SetComp,
    )


def mutations_by_line(path: str, source: bytes) -> dict[int, list[Mutation]]:
    found: dict[int, list[Mutation]] = {}
    for change in mutations(path, source):
        found.setdefault(change.line, []).append(change)
    return found


def shown(change: Mutation, source: bytes) -> Iterator[str]:
    """The line before and after, as a difference shows it; what is more than a line is cut."""
    for sign, text in (("-", source), ("+", change.applied(source))):
        yield f"{sign} {text.decode().splitlines()[change.line - 1].strip()}"
