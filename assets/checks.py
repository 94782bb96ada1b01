"""Asset checks: alarms over what is already written. They stop nothing; the quarantine is before the booking."""

from datetime import timedelta

import dagster as dg
import polars as pl

from assets.graph import (
    FAULT,
    StoreResource,
    confirmed_ledgers,
    deliveries,
    desk_requests,
    monitor_lists,
    reconciliation_ledgers,
    retention,
    run_name,
    uploads,
    verdicts,
    yearly_premiums,
)
from daicho.expecting import expected_of, overdue_month
from daicho.references import calendar_of, calendar_warning, reference_of
from daicho.store import Store
from pipelines.expected import month_before
from pipelines.ledger import bookings, listings
from schemas.journal import BOOKING, RECONCILIATION


def _booked_lines(store: Store) -> pl.DataFrame:
    return (
        store.journal.open()
        .scan()
        .filter(pl.col("entry") == BOOKING)
        .group_by("submission_id")
        .agg(pl.col("records").sum(), pl.col("difference_total").sum().alias("premium"))
        .collect()
    )


@dg.asset_check(
    asset=verdicts,
    description="受付 = 計上 + 要確認 + 保留 + 処理待ち。計上した申請の件数と台帳に計上した件数が一致すること。",
)
def records_are_conserved(store: StoreResource) -> dg.AssetCheckResult:
    """Counts of receipts, verdicts and journal agree."""
    kept = store.open()
    counts = kept.events.accounting()
    lines = {name: n for name, n, _ in _booked_lines(kept).iter_rows()}
    receipts = {r["submission_id"]: r for r in kept.events.submissions(kept.clock.now())}
    wrong = [
        name
        for name, r in receipts.items()
        if r["status"] == "処理完了" and lines.get(name, 0) != r["declared_count"]
    ]
    total = counts["booked"] + counts["rejected"] + counts["held"] + counts["waiting"]
    return dg.AssetCheckResult(
        passed=counts["received"] == total and not wrong,
        metadata={**counts, "不一致": ", ".join(wrong) or "なし"},
    )


@dg.asset_check(
    asset=verdicts,
    description="判定に記録した保険料合計と、台帳の保険料合計が申請ごとに円単位で一致すること。",
)
def premiums_are_conserved(store: StoreResource) -> dg.AssetCheckResult:
    """Premium totals of verdicts and journal agree to the yen."""
    kept = store.open()
    sums = {name: yen for name, _, yen in _booked_lines(kept).iter_rows()}
    told = {
        r["submission_id"]: r["premium_total_yen"]
        for r in kept.events.submissions(kept.clock.now())
        if r["premium_total_yen"] is not None
    }
    wrong = sorted(name for name in told.keys() | sums.keys() if told.get(name) != sums.get(name))
    return dg.AssetCheckResult(
        passed=not wrong, metadata={"合計(円)": sum(told.values()), "不一致": ", ".join(wrong) or "なし"}
    )


@dg.asset_check(
    asset=verdicts, description="同じ台帳行の同じ履歴(または同じ取消)が二度計上されていないこと。"
)
def nothing_booked_twice(store: StoreResource) -> dg.AssetCheckResult:
    """Every version of every ledger line stands once, and so does its withdrawal."""
    booked = store.open().journal.open().scan().filter(pl.col("entry") == BOOKING)
    withdrawal = pl.col("process_type") == "5"
    twice = booked.group_by("line_id", "history_no", withdrawal).len().filter(pl.col("len") > 1).collect()
    return dg.AssetCheckResult(passed=twice.is_empty(), metadata={"重複行": twice.height})


@dg.asset_check(asset=uploads, description="営業日カレンダーが1年以上先まであること。")
def calendar_reaches_a_year(store: StoreResource) -> dg.AssetCheckResult:
    """Warns the operator a year before the calendar ends."""
    kept = store.open()
    reference, today = reference_of(kept), kept.clock.now().date()
    warning = calendar_warning(reference, today)
    return dg.AssetCheckResult(
        passed=warning is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"残り日数": calendar_of(reference).days_left(today), "注意": warning or "なし"},
    )


@dg.asset_check(asset=deliveries, description="届けるべき提供データと経理データがすべて届いていること。")
def everything_is_delivered(store: StoreResource) -> dg.AssetCheckResult:
    """No delivery of the last run failed."""
    kept = store.open()
    done = {e["details"].get("document_id") for e in kept.events.events(kind="delivered")}
    failed = {
        e["details"].get("document_id"): e["reason"] for e in kept.events.events(kind="delivery-failed")
    }
    open_ = {str(name): str(why) for name, why in failed.items() if name not in done}
    return dg.AssetCheckResult(
        passed=not open_, severity=dg.AssetCheckSeverity.WARN, metadata={"未配送": len(open_), **open_}
    )


def _ready_days(store: Store) -> pl.DataFrame:
    """From which day each submission could be processed: its acceptance day (受理日), or that of its release when people
    held it. The day on a journal line will not do: a change carries on that of the line that it changes.
    """
    released = {e["submission_id"]: e["at"] for e in store.events.events(kind="hold-release")}
    days = [
        (name, max(str(r["acceptance_date"]), str(released.get(name, ""))[:10]))
        for r in store.events.submissions(store.clock.now())
        for name in (r["submission_id"],)
    ]
    frame = pl.DataFrame(days, schema={"submission_id": pl.String, "ready": pl.String}, orient="row")
    return frame.with_columns(pl.col("ready").str.to_date())


@dg.asset_check(
    asset=reconciliation_ledgers,
    description="計上した行が受理(保留した申請は解除)から7日以内に照合台帳に載っていること(直近31日)。",
)
def reconciled_within_a_week(store: StoreResource) -> dg.AssetCheckResult:
    """The control report of D-010: how many days reconciliation took lately, and what is overdue."""
    kept = store.open()
    today = kept.clock.now().date()
    journal = kept.journal.open().scan()
    took = (
        bookings(journal)
        .join(
            listings(journal, RECONCILIATION), left_on="journal_no", right_on="listed_journal_no", how="left"
        )
        .join(_ready_days(kept).lazy(), on="submission_id", how="left")
        .select(
            (pl.col("listed_at").dt.date().fill_null(today) - pl.col("ready")).dt.total_days().alias("days"),
            pl.col("listed_at").is_null().alias("open"),
            pl.col("listed_at").dt.date().alias("on"),
        )
        .filter(pl.col("open") | (pl.col("on") > today - timedelta(days=31)))
        .collect()
    )
    late = took.filter(pl.col("days") > 7)
    return dg.AssetCheckResult(
        passed=late.is_empty(),
        description=None
        if late.is_empty()
        else "7日より遅れて照合した行があります。未照合の行があれば daicho run reconcile で進めてください。"
        "照合してから31日たつと緑に戻ります。",
        metadata={
            "最長日数": int(took.select(pl.col("days").max().fill_null(0)).item()),
            "7日超の行": late.height,
            "うち未照合": int(late["open"].sum()),
        },
    )


@dg.asset_check(
    asset=yearly_premiums,
    description="船前支払限度額のあるすべてのバイヤーに、簡易の年額保険料を請求できていること。",
)
def yearly_premiums_are_billed(store: StoreResource) -> dg.AssetCheckResult:
    """Warns of buyers for whom no rate was found, or whose limit changed behind a billing."""
    from assets.yearly import unbilled

    left = unbilled(store.open())
    rows = left.select("agreement_code", "buyer_code", "day", "reason").head(50).iter_rows()
    return dg.AssetCheckResult(
        passed=left.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"未請求": left.height, **{f"{a} {buyer} {day}": reason for a, buyer, day, reason in rows}},
    )


@dg.asset_check(
    asset=retention,  # of the nightly run only
    description="期限を過ぎた船積月の船積確定通知が、簡易のすべての特約から届いていること。",
)
def expected_notices_are_in(store: StoreResource) -> dg.AssetCheckResult:
    """Warns of 簡易 agreements without a notice of the newest month whose deadline is over."""
    kept = store.open()
    today = kept.clock.now().date()
    month = overdue_month(today)
    missing = expected_of(kept, month)
    rows = missing.select("agreement_code", "holder", "holder_name").head(50).iter_rows()
    return dg.AssetCheckResult(
        passed=missing.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=None
        if missing.is_empty()
        else "下の特約から船積確定通知が届いていません。故障ではなく、船積がなければ正常です。保険利用者に確かめ(依頼文は "
        "daicho expected --mail)、その通知が届くか、次に期限を迎える月の通知がすべてそろうと、夜間処理で緑に戻ります。",
        metadata={
            f"期限を過ぎた未通知({month:%Y-%m})": missing.height,
            f"今月末が期限の未通知({month_before(today):%Y-%m})": expected_of(
                kept, month_before(today)
            ).height,
            **{code: f"{holder} {name}" for code, holder, name in rows},
        },
    )


def _nothing_failed(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    stage = asset.key.to_user_string()

    @dg.asset_check(
        asset=asset, name="nothing_failed", description="予期しないエラーで処理できなかったものがないこと。"
    )
    def check(context: dg.AssetCheckExecutionContext, store: StoreResource) -> dg.AssetCheckResult:
        """Fails the run, and only the run: the stages themselves went on with everything else."""
        faults = {
            event["details"]["about"]: str(event["reason"])
            for event in store.open().events.events(kind=FAULT)
            if event["actor"] == run_name(context.run) and event["details"]["stage"] == stage
        }
        if faults:
            raise dg.Failure(f"{len(faults)}件を処理できませんでした。ほかは処理済みです。", metadata=faults)
        return dg.AssetCheckResult(passed=True)

    return check


CHECKS = [
    *map(_nothing_failed, (uploads, verdicts, monitor_lists, reconciliation_ledgers, confirmed_ledgers)),
    *map(_nothing_failed, (yearly_premiums, desk_requests)),
    records_are_conserved,
    premiums_are_conserved,
    nothing_booked_twice,
    calendar_reaches_a_year,
    everything_is_delivered,
    reconciled_within_a_week,
    yearly_premiums_are_billed,
    expected_notices_are_in,
]
