"""Copies the design tokens out of ``node_modules`` into the portal's static files (``make tokens``).

The result is committed: neither set-up nor a running portal needs npm or a foreign server.
"""

import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "node_modules" / "@digital-go-jp" / "design-tokens"
TARGET = HERE.parent / "pages" / "static" / "pages" / "tokens.css"


def main() -> None:
    """Writes ``tokens.css`` with origin and licence on top."""
    version = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["version"]
    licence = (PACKAGE / "LICENSE").read_text(encoding="utf-8").strip()
    tokens = (PACKAGE / "dist" / "tokens.css").read_text(encoding="utf-8")
    head = f"/*! @digital-go-jp/design-tokens {version}\n\n{licence}\n*/\n"
    TARGET.write_text(head + tokens, encoding="utf-8")


if __name__ == "__main__":
    main()
