"""The records of a small CSV for the screens of entries, by the very reading of uploads. Contract §5."""

from collections.abc import Sequence

from schemas.products import Product
from schemas.submission import Refusal

_OF_THE_TABLE = ("field-count", "untitled-value", "invalid-character", "exponent-number", "lost-zero")


def records_of(
    content: bytes, product: Product, file_name: str
) -> tuple[Sequence[str], list[dict[str, str]]]:
    """The fields that the header names once, and the records as text by field.

    Raises:
        Refusal: what would be refused at the door, or a cell of which nobody can tell what was seen.
    """
    from daicho.reading.uploads import Wanted, read

    decoded = read(Wanted(content, file_name, product, apart=True))
    for finding in decoded.findings.iter_rows(named=True):
        if finding["code"] in _OF_THE_TABLE:
            raise Refusal("unreadable-file", f"{finding['line']}行目: {finding['message']}")
    twice = set(decoded.findings.filter(code="duplicate-column")["field"])
    fields = [name for name in decoded.layout.names if name in decoded.present - twice]
    rows = decoded.records.select(fields).to_dicts() if fields else []
    return fields, [{name: text or "" for name, text in row.items()} for row in rows]
