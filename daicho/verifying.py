"""Does everything that is kept fit together? (``daicho verify``)

Hash chain, archive, counts, sums, no double booking, papers, and every premium recomputed with the tables that
priced it. Nothing is changed.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from daicho.conserving import conserved
from daicho.references import reference_of
from daicho.settings import SettingsError
from daicho.store import Store
from pipelines.ledger import bookings, listings, standing_versions
from pipelines.money import yen_sum
from pipelines.rerate import rerated
from pipelines.yearly import RECOMPUTED, recomputed
from schemas.journal import CONFIRMATION, RATED, RECONCILIATION, YEARLY
from schemas.money import COMPONENTS
from schemas.products import Product
from schemas.reasons import of_fault


def verify_store(store: Store, say: Callable[[str], None]) -> dict[str, Any]:
    """``{"ok", "checked": counts by what was checked, "problems": Japanese sentences}``.

    What cannot be read at all is a problem like any other: the other steps go on.
    """
    problems: list[str] = []
    checked: dict[str, int] = {}
    for title, step in (
        ("台帳の連鎖", _chain),
        ("原本と受付", _archive),
        ("判定", _verdicts),
        ("件数の保存", _counts),
        ("二重計上", _twice),
        ("照合・確定", _listings),
        ("保険料の再計算", _premiums),
        ("年額保険料の再計算", _yearly_premiums),
        ("帳票", _papers),
        ("金額の保存", conserved),
    ):
        say(f"{title}を確認しています")
        found, counts = _looked(title, step, store)
        if found:  # while others work, two places may be read at two moments; what is wrong stays wrong
            again, counts = _looked(title, step, store)
            still = {_about(problem) for problem in again}
            found = [problem for problem in found if _about(problem) in still]
        problems += found
        checked.update(counts)
    return {"ok": not problems, "checked": checked, "problems": problems}


_LEDGER_KINDS = {
    "reconciliation_ledger": (RECONCILIATION,),
    "shipment_statement_check": (RECONCILIATION,),
    "confirmed_ledger": (CONFIRMATION,),
    "shipment_statement": (CONFIRMATION,),
    "difference_list": (CONFIRMATION,),
    "premium_statement": (CONFIRMATION, YEARLY),
    "invoice": (CONFIRMATION, YEARLY),
}
"""Which papers stand for which entries of the journal; their ids are ``<kind>-<ledger id>-<format>``."""

_Step = tuple[list[str], dict[str, int]]


def _about(problem: str) -> str:
    """A problem without its details, which may read differently each time."""
    return problem.partition(": ")[0]


def _looked(title: str, step: Callable[[Store], _Step], store: Store) -> _Step:
    try:
        return step(store)
    except SettingsError:
        raise  # a place that cannot be used is no damage
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - damage has any form
        return [f"{title}を確認できません: {of_fault(error)}"], {}


def _chain(store: Store) -> _Step:
    snapshot = store.journal.open()
    found = [problem.message for problem in store.journal.verify_chain()]
    commits, rows, _ = snapshot.last()
    return found, {"commits": commits, "journal_rows": rows}


def _archive(store: Store) -> _Step:
    from daicho.store.archive import ArchiveDamaged

    problems, known = [], {r["submission_id"] for r in store.events.submissions(store.clock.now())}
    receipts = 0
    for number in store.archive.receipt_numbers():
        try:
            receipt = store.archive.read_receipt(number)
            if receipt is None:
                continue
            receipts += 1
            store.archive.get_bytes(receipt["sha256"])
        except (ArchiveDamaged, FileNotFoundError) as error:
            problems.append(
                f"受付番号 {number} の原本を確認できません: {error if isinstance(error, ArchiveDamaged) else of_fault(error)}"
            )
            continue
        kept = store.events.receipt(receipt["submission_id"])
        if kept is not None and kept != receipt:
            problems.append(f"{receipt['submission_id']} の受付票が受付の記録と違います。")
        # One receipt may be ahead of its record: being handed in right now, or to be taken in by the next run.
        if receipt["submission_id"] not in known and number != len(known) + 1:
            problems.append(f"{receipt['submission_id']} の受付票はありますが記録がありません。")
    if receipts < len(known):
        problems.append(f"受付票が{len(known) - receipts}件足りません。")
    return problems, {"receipts": receipts}


def _verdicts(store: Store) -> _Step:
    """Every verdict stands as its event and its findings tell it."""
    told = {
        event["submission_id"]: event["details"]
        for kind in ("booked", "rejected")
        for event in store.events.events(kind=kind)
    }
    for event in store.events.events(kind="hold-refuse"):
        told[event["submission_id"]] = {**event["details"], "premium_total": None}
    problems = []
    for row in store.events.submissions(store.clock.now()):
        name, event = row["submission_id"], told.pop(row["submission_id"], None)
        if event is None and row["errors"] is None:
            continue
        stands = {
            "errors": row["errors"],
            "warnings": row["warnings"],
            "premium_total": row["premium_total_yen"],
        }
        if event is None or any(event[key] != value for key, value in stands.items()):
            problems.append(f"{name} の判定が判定時の記録と違います。")
            continue
        findings = store.findings.read(name)
        errors = 0 if findings is None else int((findings["severity"] == "error").sum())
        if findings is None or (errors, findings.height - errors) != (row["errors"], row["warnings"]):
            problems.append(
                f"{name} の検出事項が判定(エラー{row['errors']} 警告{row['warnings']})と一致しません。"
            )
    problems += [f"{name} の判定は記録されていますが、申請がありません。" for name in told]
    return problems, {}


def _counts(store: Store) -> _Step:
    counts = store.events.accounting()
    problems = []
    if counts["received"] != counts["booked"] + counts["rejected"] + counts["held"] + counts["waiting"]:
        problems.append(f"受付 {counts['received']} が 計上+要確認+保留+処理待ち と一致しません: {counts}")
    lines = (
        bookings(store.journal.open().scan())
        .group_by("submission_id")
        .agg(pl.col("records").sum(), pl.col("difference_total").sum().alias("yen"))
        .collect()
    )
    journal = {name: (records, yen) for name, records, yen in lines.iter_rows()}
    for row in store.events.submissions(store.clock.now()):
        name = row["submission_id"]
        booked = journal.pop(name, None)
        if row["premium_total_yen"] is None:
            if booked and row["errors"] is not None:
                problems.append(f"{name} は計上されていないはずですが、台帳に{booked[0]}件あります。")
        elif booked != (row["declared_count"], row["premium_total_yen"]):
            problems.append(
                f"{name} の件数・保険料({row['declared_count']}件、{row['premium_total_yen']}円)が台帳 {booked} と一致しません。"
            )
    problems += [f"{name} は受付の記録がないのに台帳にあります。" for name in journal]
    return problems, {f"submissions_{name}": n for name, n in counts.items()}


def _twice(store: Store) -> _Step:
    booked = bookings(store.journal.open().scan())
    problems = []
    key = ["line_id", "history_no", pl.col("process_type") == "5"]
    for row in booked.group_by(key).len().filter(pl.col("len") > 1).collect().iter_rows():
        problems.append(f"{row[0]} 履歴 {row[1]} が{row[3]}回計上されています。")
    standing = standing_versions(store.journal.open().scan())
    owed = standing.group_by("line_id").agg(pl.col("premium_total").sort_by("history_no").last())
    acts = booked.group_by("line_id").agg(pl.col("difference_total").sum())
    differs = acts.join(owed, on="line_id", how="left").filter(
        pl.col("difference_total") != pl.col("premium_total").fill_null(0)
    )
    problems += [
        f"{name} の保険料が変更の積み重ねと一致しません。"
        for name in differs.select("line_id").collect().to_series()
    ]
    return problems, {}


def _listings(store: Store) -> _Step:
    journal = store.journal.open().scan()
    problems, counts = [], {}
    known = bookings(journal).select("journal_no")
    for entry in (RECONCILIATION, CONFIRMATION):
        listed = listings(journal, entry)
        for number, _ in (
            listed.group_by("listed_journal_no").len().filter(pl.col("len") > 1).collect().iter_rows()
        ):
            problems.append(f"台帳行 {number} が{entry}に二度載っています。")
        strays = listed.join(known, left_on="listed_journal_no", right_on="journal_no", how="anti").collect()
        problems += [f"{entry} の行 {n} は台帳にありません。" for n in strays["listed_journal_no"]]
        counts[f"{entry}_lines"] = listed.select(pl.len()).collect().item()
    return problems, counts


def _premiums(store: Store) -> _Step:
    booked = bookings(store.journal.open().scan()).collect().sort("journal_no")
    lines = booked.filter(pl.col("process_type") != "5")
    problems = []
    dues = [f"due_{c}" for c in (*COMPONENTS, "total")]
    for (product, load), part in lines.partition_by(["product", "reference_load"], as_dict=True).items():
        again = rerated(part, booked, Product(str(product)), reference_of(store, int(str(load))))
        names = [*(name for name in RATED if not name.startswith("cover_")), *dues]
        differs = pl.any_horizontal(part[name].ne_missing(again[name]) for name in names)
        wrong = part.select("line_id", "history_no").filter(pl.select(differs).to_series())
        problems += [
            f"{line} 履歴{no} の保険料を再計算すると計上と一致しません。" for line, no in wrong.iter_rows()
        ]
    return problems, {
        "premiums_recomputed": lines.height,
        "premium_total_yen": yen_sum(booked["difference_total"]),
    }


def _yearly_premiums(store: Store) -> _Step:
    """Every yearly premium before shipment (簡易) comes out again from the tables that priced it."""
    rows = store.journal.open().scan().filter(pl.col("entry") == YEARLY).collect().sort("journal_no")
    problems = []
    for (load,), part in rows.partition_by(["reference_load"], as_dict=True).items():
        again = recomputed(part, reference_of(store, int(str(load))))
        differs = pl.any_horizontal(part[name].ne_missing(again[name]) for name in RECOMPUTED)
        wrong = part.select("agreement_code", "payer_code", "acceptance_date").filter(
            pl.select(differs).to_series()
        )
        problems += [
            f"特約 {agreement} バイヤー {buyer} の年額保険料({day})を再計算すると計上と一致しません。"
            for agreement, buyer, day in wrong.iter_rows()
        ]
    return problems, {"yearly_premiums_recomputed": rows.height}


def _papers(store: Store) -> _Step:
    problems = []
    documents = store.documents.find({}, store.clock.now())
    for document in documents:
        try:
            data = Path(document["path"]).read_bytes()
        except OSError:
            problems.append(f"帳票 {document['document_id']} のファイルがありません。")
            continue
        if hashlib.sha256(data).hexdigest() != document["sha256"]:
            problems.append(f"帳票 {document['document_id']} の内容が作成時と違います。")
    journal = store.journal.open().scan()
    ledgers = {
        entry: set(listings(journal, entry).select("ledger_id").collect().to_series().to_list())
        for entry in (RECONCILIATION, CONFIRMATION, YEARLY)
    }
    for kind, entries in _LEDGER_KINDS.items():
        issued = {name.removeprefix(f"{kind}-").rsplit("-", 1)[0] for name in store.events.issued_ids(kind)}
        problems += [
            f"{kind} {name} は作成済みですが、台帳にその記載がありません。"
            for name in sorted(issued.difference(*(ledgers[entry] for entry in entries)))
        ]
    return problems, {"documents": len(documents)}
