"""Every place where the product touches files, processes, SQL, markup or the network stands in a table with its guard.

``python -m tests.lint.sinks`` reads the product and ``sinks.csv``: a place that is not in the table fails, and so does one
that vanished, a call more or less, and a guard without words. A new place asks its author what protects it; most of the
time the answer is one of the doors that are there (``daicho.folders``, ``portal_stub.csv_rows``, the store).
"""

import ast
import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("schemas", "pipelines", "sensors", "outputs", "daicho", "assets", "portal_stub")
PURE = ("schemas", "pipelines")
PROJECT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("sinks.csv")
COLUMNS = ["kind", "place", "calls", "guard"]

_MODE = re.compile(r"[rwax]b?\+?|[rwax]\+?b?")
_OS = {
    *("open", "rename", "replace", "remove", "unlink", "link", "symlink", "mkdir", "makedirs", "rmdir", "chmod", "chown"),
    *("truncate", "mknod", "mkfifo", "utime", "scandir", "listdir", "removedirs"),
}  # fmt: skip
_PATH = {
    *("write_text", "write_bytes", "read_text", "read_bytes", "unlink", "mkdir", "rmdir", "touch", "chmod"),
    *("symlink_to", "hardlink_to", "iterdir", "glob", "rglob"),
}  # fmt: skip
_PROCESS = {"system", "popen", "fork", "kill", "killpg", "posix_spawn"}
_MODULES = {
    "shutil": "file",
    "tempfile": "file",
    "subprocess": "process",
    "csv": "csv",
    "pickle": "code",
    "marshal": "code",
    "socket": "network",
    "paramiko": "network",
}
_NAMES = {
    **dict.fromkeys(("ZipFile", "ParserCreate", "load_workbook", "fromstring", "iterparse"), "markup"),
    **dict.fromkeys(("mark_safe", "SafeString", "format_html", "format_html_join"), "markup"),
    **dict.fromkeys(("RawSQL", "extract_statements", "executescript"), "sql"),
    **dict.fromkeys(("urlopen", "create_connection"), "network"),
    "write_csv": "csv",
}
_UNTOUCHED = {
    "csv.reader",
    "csv.DictReader",
    "csv.field_size_limit",
    "csv.Error",
    "shutil.which",
    "subprocess.CalledProcessError",
}


def sinks(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Kind, function and call of every sink of a module."""
    yield from _within(tree, "")


def _within(node: ast.AST, place: str) -> Iterator[tuple[str, str, str]]:
    for child in ast.iter_child_nodes(node):
        inner = place
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{place}.{child.name}" if place else child.name
        elif isinstance(child, ast.Call) and (found := _kind(child)):
            yield found[0], place, found[1]
        elif isinstance(child, ast.Assign) and (header := _header(child)):
            yield "header", place, header
        yield from _within(child, inner)


def _kind(call: ast.Call) -> tuple[str, str] | None:
    name = _dotted(call.func)
    module, _, last = name.rpartition(".")
    if name in _UNTOUCHED:
        return None
    first = call.args[0] if call.args else None
    if name == "open":
        return "file", name
    if module == "os" and (last in _OS or last in _PROCESS or last.startswith(("exec", "spawn"))):
        return ("file" if last in _OS else "process"), name
    if module in _MODULES:
        return _MODULES[module], name
    if name in ("eval", "exec", "compile", "__import__"):
        return "code", name
    if last in _PATH and module:
        return "file", f".{last}"
    if last == "open" and module and _is_mode(call):
        return "file", ".open"
    if last in ("rename", "replace") and module and len(call.args) == 1 and not call.keywords:
        of_frames = isinstance(first, ast.Dict | ast.Lambda) or "pl.col" in ast.unparse(call.func)
        return None if of_frames else ("file", f".{last}")
    if last in _NAMES:
        return _NAMES[last], last
    if last == "cursor" and module:
        return "sql", ".cursor"
    if last in ("execute", "raw", "extra") and module and not isinstance(first, ast.Constant):
        return ("sql", f".{last}") if first is not None else None
    if module == "re" and isinstance(first, ast.Constant) and isinstance(first.value, bytes):
        return "pattern", name
    told = [keyword.value for keyword in call.keywords if keyword.arg == "headers"]
    return ("header", "headers=") if any(_is_made(value) for value in told) else None


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return "…"


def _is_mode(call: ast.Call) -> bool:
    if any(keyword.arg in ("mode", "encoding", "newline") for keyword in call.keywords):
        return True
    return any(
        isinstance(each, ast.Constant) and isinstance(each.value, str) and _MODE.fullmatch(each.value)
        for each in call.args[:2]
    )


def _header(node: ast.Assign) -> str:
    for target in node.targets:
        if isinstance(target, ast.Subscript) and _dotted(target.value).endswith("headers"):
            return "headers[]" if not isinstance(node.value, ast.Constant) else ""
    return ""


def _is_made(node: ast.expr) -> bool:
    """Whether a header's value is put together."""
    return any(isinstance(each, ast.JoinedStr | ast.Call | ast.BinOp) for each in ast.walk(node))


def found() -> dict[tuple[str, str], str]:
    """Kind and place of every sink of the product, with its calls."""
    calls: dict[tuple[str, str], Counter[str]] = {}
    for room in ROOMS:
        for path in sorted((PROJECT / room).rglob("*.py")):
            if "migrations" in path.parts or "design" in path.parts:
                continue
            module = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
            for kind, place, call in sinks(ast.parse(path.read_text(encoding="utf-8"))):
                if room in PURE and kind == "file" and not call.startswith(".read"):
                    continue  # frames have such methods, too; import-linter keeps files out of there
                where = "" if kind == "pattern" else place
                calls.setdefault((kind, f"{module}:{where or '-'}"), Counter())[call] += 1
    return {
        key: " ".join(f"{call}×{times}" if times > 1 else call for call, times in sorted(counted.items()))
        for key, counted in calls.items()
    }


def faults(there: dict[tuple[str, str], str], table: list[dict[str, str]]) -> list[str]:
    """What table and product do not agree in."""
    told = {(row["kind"], row["place"]): row for row in table}
    return [
        *(
            f"{kind} {place}: {calls} – not in the table: what guards it?"
            for (kind, place), calls in there.items()
            if (kind, place) not in told
        ),
        *(
            f"{kind} {place}: {there[kind, place]} – the table says {row['calls']}"
            for (kind, place), row in told.items()
            if (kind, place) in there and there[kind, place] != row["calls"]
        ),
        *(f"{kind} {place}: vanished" for kind, place in told if (kind, place) not in there),
        *(f"{row['kind']} {row['place']}: no guard" for row in table if not row["guard"].strip()),
    ]


def main() -> int:
    """1 when they do not agree."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    wrong = faults(found(), table)
    for line in sorted(wrong):
        print(f"sinks: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
