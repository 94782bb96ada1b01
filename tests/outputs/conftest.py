"""Reading back what the documents say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.outputs.samples import Pdf


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], Pdf]:
    """Bytes of a PDF → :class:`Pdf`."""

    def reader(content: bytes) -> Pdf:
        path = tmp_path / "document.pdf"
        path.write_bytes(content)
        return Pdf(path)

    return reader
