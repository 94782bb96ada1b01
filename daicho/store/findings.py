"""Findings of every submission as Parquet: derived from the archive, may be rebuilt at any time.

What a finding is and how it is worded is ``schemas``; how many there are is in the verdict of ``eventlog``.
"""

import io

import polars as pl

from daicho.store.files import Files


class FindingsStore:
    """One frame per submission under ``findings/<submission_id>.parquet``."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def write(self, submission_id: str, frame: pl.DataFrame) -> None:
        """Stores the findings of a submission, replacing those of an earlier run."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        self._files.write(_key(submission_id), buffer.getvalue())

    def read(self, submission_id: str) -> pl.DataFrame | None:
        """The findings of a submission, or None when it was not processed yet."""
        try:
            return pl.read_parquet(io.BytesIO(self._files.read(_key(submission_id))))
        except FileNotFoundError:
            return None

    def submissions(self) -> list[str]:
        """The submissions whose findings are kept."""
        return [key.rsplit("/", 1)[1].removesuffix(".parquet") for key in self._files.keys("findings")]


def _key(submission_id: str) -> str:
    return f"findings/{submission_id}.parquet"
