"""Copies what the portal serves of other people's work, design tokens and htmx, out of ``node_modules`` (``make static``).

The result is committed: neither set-up nor a running portal needs npm or a foreign server.
"""

import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "pages" / "static" / "pages"
FILES = {
    "tokens.css": ("@digital-go-jp/design-tokens", "dist/tokens.css"),
    "htmx.js": ("htmx.org", "dist/htmx.min.js"),
}


def main() -> None:
    """Writes each file with its origin and licence on top."""
    for name, (package, file) in FILES.items():
        folder = HERE / "node_modules" / package
        version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
        licence = (folder / "LICENSE").read_text(encoding="utf-8").strip()
        content = (folder / file).read_text(encoding="utf-8")
        (TARGET / name).write_text(f"/*! {package} {version}\n\n{licence}\n*/\n{content}", encoding="utf-8")


if __name__ == "__main__":
    main()
