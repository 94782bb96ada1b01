"""What the pipeline would refuse at its door, told before anything is sent. Contract §5; A-006 to A-011, A-057."""

from pathlib import Path

from daicho.settings import Settings


def judge(path: Path, file_name: str, product: str, count: str) -> int:
    """The declared count as a number, when the file has as many records.

    Raises:
        Refusal: ``unknown-product``, ``invalid-count``, ``file-too-large``, ``too-many-records``,
            ``count-mismatch``, or why the file cannot be read.
    """
    from daicho.reading.uploads import Wanted
    from daicho.receiving import checked_count, checked_product, checked_size, read_as_declared

    settings = Settings.from_env()
    kind, declared = checked_product(product), checked_count(count)
    checked_size(settings, path.stat().st_size)
    read_as_declared(settings, Wanted(path.read_bytes(), file_name, kind, apart=True), declared)
    return declared


def judge_count(count: str) -> int:
    """申請件数 as typed, as a number.

    Raises:
        Refusal: ``invalid-count``.
    """
    from daicho.receiving import checked_count

    return checked_count(count)


def judge_name(file_name: str) -> str:
    """The name of a file, if it can be written in papers and lists as it is.

    Raises:
        Refusal: ``invalid-file-name``; it shows what nobody would see.
    """
    from daicho.receiving import checked_file_name

    return checked_file_name(file_name)


def judge_remarks(remarks: str) -> str:
    """備考情報, if it is short enough.

    Raises:
        Refusal: ``remarks-too-long``.
    """
    from daicho.receiving import checked_remarks

    return checked_remarks(remarks)
