"""The records of uploads as they were submitted, as one file in the layout of the upload. D-035 to D-038.

Whether and how an upload was processed makes no difference: the archive has its bytes from the receipt on, and before
that the portal has. Every cell is written as the pipeline writes it, or as it was typed where it is not in form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from schemas.submission import Refusal

if TYPE_CHECKING:
    import polars as pl

    from daicho.store import Store
    from schemas.products import Product


@dataclass(frozen=True)
class Source:
    """Where the bytes of an upload are: with the portal (``path``), or in the archive, by their hash."""

    file_name: str
    sha256: str
    path: Path | None
    submission_id: str
    """Empty while the pipeline did not tell it."""


def write_ledger_file(
    stream: BinaryIO, product: str, sources: Sequence[Source], say: Callable[[int], None] = lambda _: None
) -> int:
    """Writes 台帳ファイル of these uploads of one product, in their order; the number of its records.

    ``say`` is told after each how many were read.

    Raises:
        Refusal: ``too-many-records`` for more than one upload may have, ``records-gone`` when nobody has the bytes.
    """
    import polars as pl

    from daicho.store import Store
    from outputs.documents import ledger_file_csv
    from schemas.layouts import layout_of
    from schemas.products import Product

    store = Store.open()
    layout = layout_of(Product(product))
    frames: list[pl.DataFrame] = []
    total = 0
    for done, source in enumerate(sources, start=1):
        frame = _records(store, source, Product(product))
        total += frame.height
        if total > store.settings.max_records:
            raise Refusal(
                "too-many-records",
                f"選んだ申請の件数の合計が{store.settings.max_records:,}件を超えます。数回に分けて作成してください。",
            )
        frames.append(frame)
        say(done)
    stream.write(ledger_file_csv(pl.concat(frames, how="diagonal"), layout.labels))
    return total


def _records(store: "Store", source: Source, product: "Product") -> "pl.DataFrame":
    """The cells of one upload, by 枝番 and 船積No. within its application, else as entered (D-038)."""
    import polars as pl

    from daicho.reading.uploads import Wanted, read
    from pipelines.judge import judge
    from schemas.layouts import CURRENT_VERSION
    from schemas.products import is_notice
    from schemas.reading import CURRENT_READING

    known = store.events.portraits([source.submission_id]) if source.submission_id else []
    version = known[0]["layout_version"] if known else CURRENT_VERSION
    reading = known[0]["reading_version"] if known else CURRENT_READING
    decoded = read(
        Wanted(_bytes(store, source), source.file_name, product, version, reading, apart=True, patient=True)
    )
    names = decoded.layout.names
    raw = decoded.records.select("record", *(pl.col(name).alias(f"raw_{name}") for name in names))
    frame = (
        judge(decoded)
        .records.select("record", *names)
        .join(raw, on="record", how="left", maintain_order="left")
        .select("record", *(pl.coalesce(name, f"raw_{name}").alias(name) for name in names))
    )
    if is_notice(product):
        application = pl.format("{}-{}", "notice_year", "notice_serial")
    else:
        application = pl.coalesce(
            pl.format("{}-{}", "application_year", "application_serial"),
            pl.format("{} {}", "agreement_code", "export_contract_no"),
        )
    keys = [name for name in ("branch_no", "shipment_no") if name in names]
    return (
        frame.with_columns(pl.coalesce(application, pl.format("#{}", "record")).alias("application"))
        .with_columns(pl.col("record").min().over("application").alias("place"))
        .sort("place", *keys, "record", nulls_last=False)
        .select(*names)
    )


def _bytes(store: "Store", source: Source) -> bytes:
    try:
        if source.path is not None:
            return source.path.read_bytes()
    except FileNotFoundError:
        pass  # the portal's copy is gone; the archive keeps what was taken
    try:
        return store.archive.get_bytes(source.sha256)
    except FileNotFoundError as error:
        raise Refusal(
            "records-gone",
            f"「{source.file_name}」は受け付けられず、保存期間が過ぎたため、台帳ファイルを作成できません。選択から外してください。",
        ) from error
