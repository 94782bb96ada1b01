"""The assets of the Dagster graph: from the drop to finance, one asset per stage.

Stages of submissions are partitioned by acceptance day (受理日); the papers of units and months are not, since what is
due is a query. A run for a day decides everything that is due up to it; materialising a day again makes its papers
again and books nothing twice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from daicho.store import Store
from sensors.partitions import ACCEPTANCE_DAYS, ensure_partitions

if TYPE_CHECKING:
    from daicho.drop import DropOutcome

SUBMISSIONS, LEDGERS, FINANCE, PORTAL = "submissions", "ledgers", "finance", "portal"
FAULT = "fault"
"""Kind of the events that tell what a stage could not do."""
DUE_TAG = "daicho/due"
"""Tag of runs that do what is due; without it (an operator materialises a day by hand) papers are made again."""


class StoreResource(dg.ConfigurableResource):
    """The store of the home that the environment names."""

    def open(self) -> Store:
        """The store; a fresh one for each run, so that clock and settings are those of now."""
        return Store.open()


@dg.asset(
    group_name=PORTAL,
    kinds={"file"},
    description="**デスクの依頼**: ポータルのデスクで決めた保留の解除・申請内容要確認と参照表の読込を行い、回答を返します。",
)
def desk_requests(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """What the insurer's desk asked for is done and answered, before anything is judged."""
    from daicho.desk import given_up, take

    kept = store.open()
    outcomes = take(kept)
    if outcomes:
        _announce(context, kept)
    _tell_faults(
        context, kept, [(f"desk/{o.name}", o.fault) for o in outcomes if o.fault is not None and o.is_news]
    )
    for outcome in outcomes:
        if outcome.fault is None:
            context.log.info(f"デスクの依頼 {outcome.name}: {outcome.message}")
        elif not outcome.is_news:
            context.log.warning(f"desk/{outcome.name}({outcome.attempt}回目): {outcome.fault!r}")
    for name in given_up(kept):
        context.log.warning(f"desk/{name}: 処理できなかったため、試すのをやめました")
    return dg.MaterializeResult(
        metadata={
            "反映": sum(o.done for o in outcomes),
            "却下": sum(not o.done and o.fault is None for o in outcomes),
            "回答": table(["依頼", "回答"], [[o.name, o.message] for o in outcomes]),
        }
    )


@dg.asset(
    group_name=SUBMISSIONS,
    partitions_def=ACCEPTANCE_DAYS,
    kinds={"file"},
    description="**受付**: 受付フォルダ(drop)のファイルを受け取り、原本をSHA-256で保管し、受付票を作成します。",
)
def uploads(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """Dropped files become receipts; every receipt gets its 受付票."""
    from assets.papers import issue_receipt
    from daicho.drop import collect, left_lying

    kept = store.open()
    kept.events.recover()
    outcomes = collect(kept)
    if outcomes:
        _announce(context, kept)  # whoever sent it sees that it arrived; printing takes a while
    refused = [o for o in outcomes if o.refusal is not None]
    failed = _faults(context, outcomes)
    new = kept.events.without_document("receipt", decided=False)
    for receipt in new:
        try:
            issue_receipt(kept, receipt)
        except Exception as error:  # noqa: BLE001 - one receipt must not keep the others waiting
            failed.append((receipt["submission_id"], error))
    if new:
        _announce(context, kept)
    _tell_faults(context, kept, failed)
    _tell_other_days(context, new)
    received = kept.events.accepted_on(date.fromisoformat(context.partition_key))
    rows = [
        [r["submission_id"], r["file_name"], r["product"], r["holder"], r["counted"], r["received_at"]]
        for r in received
    ]
    return dg.MaterializeResult(
        metadata={
            "受付件数": len(received),
            "レコード数": sum(r["counted"] for r in received),
            "今回dropから受付": sum(o.receipt is not None for o in outcomes),
            "今回dropで拒否": dg.MetadataValue.md(
                "\n".join(f"- {o.name}: {o.refusal.message}" for o in refused if o.refusal) or "なし"
            ),
            "受付フォルダに残るもの": table(["場所", "理由"], [list(each) for each in left_lying(kept)]),
            "受付一覧": table(["受付番号", "ファイル", "保険種", "保険利用者", "件数", "受付時刻"], rows),
        }
    )


@dg.asset(
    group_name=SUBMISSIONS,
    partitions_def=ACCEPTANCE_DAYS,
    deps=[uploads, desk_requests],
    kinds={"polars", "deltalake"},
    description=(
        "**審査・計上**: 期日の来た申請を受付順に審査し、誤りがなければ保険料を計算して台帳(journal)へ一度だけ計上します。"
        "誤りが1つでもあれば何も計上せず「申請内容要確認」とします。"
    ),
)
def verdicts(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """Every due submission gets its verdict: booked whole, or rejected with all findings."""
    from assets.booking import decide_due
    from assets.feed import Announcer

    kept = store.open()
    missed: list[tuple[str, Exception]] = []
    with Announcer(kept, context.log.warning) as announce:

        def after_batch() -> None:
            # What was dropped since this run began is taken now: its sender need not wait for the end of a long run to
            # learn that it arrived, and its turn comes in this very run.
            missed.extend(_taken_meanwhile(context, kept))
            announce()

        decided = decide_due(kept, run_name(context.run), context.log.info, after_batch)
    counts = Counter(p.verdict for p in decided.posted)
    rows = [
        [
            p.receipt["submission_id"],
            p.receipt["file_name"],
            "処理完了" if p.verdict == "booked" else "申請内容要確認",
            p.errors,
            p.warnings,
            f"{p.premium_total:,}",
        ]
        for p in decided.posted
    ]
    _tell_other_days(context, [p.receipt for p in decided.posted])
    _tell_faults(context, kept, [*decided.failed, *missed])
    return dg.MaterializeResult(
        metadata={
            "処理完了": counts["booked"],
            "申請内容要確認": counts["rejected"],
            "保留(決定待ち)": len(decided.held),
            "計上行数": sum(p.rows.height for p in decided.posted),
            "保険料合計(円)": sum(p.premium_total for p in decided.posted),
            "結果": table(["受付番号", "ファイル", "結果", "エラー", "警告", "保険料(円)"], rows),
            "processed": dg.MetadataValue.json(decided.submissions),
        }
    )


@dg.asset(
    group_name=SUBMISSIONS,
    partitions_def=ACCEPTANCE_DAYS,
    deps=[verdicts],
    kinds={"pdf"},
    description=(
        "**モニタリスト**: 審査結果を申請ごとにPDFで、検出事項と台帳ファイルをCSVで、件数と保険料の照合を処理結果受付票で作成します。"
        "受理日を指定して再実行すると作り直します。"
    ),
)
def monitor_lists(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """モニタリスト, findings report, ledger file and result of each decided submission."""
    from assets.feed import Announcer
    from assets.papers import issue_monitor_list, issue_receipt

    kept = store.open()
    owed = {r["receipt_no"]: r for r in kept.events.without_document("monitor_list", decided=True)}
    if DUE_TAG not in context.run.tags:
        for receipt in kept.events.accepted_on(date.fromisoformat(context.partition_key)):
            if kept.events.verdict(receipt["receipt_no"]):
                owed[receipt["receipt_no"]] = receipt
    ids: list[str] = []
    failed: list[tuple[str, Exception]] = []
    with Announcer(kept, context.log.warning) as announce:
        for receipt in kept.events.without_document("receipt", decided=False):  # taken during the verdicts
            try:
                issue_receipt(kept, receipt)
            except Exception as error:  # noqa: BLE001 - one paper must not keep the others waiting
                failed.append((receipt["submission_id"], error))
        for n, (_, receipt) in enumerate(sorted(owed.items()), start=1):
            try:
                ids.append(issue_monitor_list(kept, receipt))
            except Exception as error:  # noqa: BLE001 - one paper must not keep the others waiting
                failed.append((receipt["submission_id"], error))
                continue
            context.log.info(f"{receipt['submission_id']} のモニタリストを作成しました({n}/{len(owed)})")
            announce()
    _tell_faults(context, kept, failed)
    _tell_other_days(context, list(owed.values()))
    return dg.MaterializeResult(metadata={"作成": len(ids), **links(kept, ids)})


@dg.asset(
    group_name=LEDGERS,
    deps=[verdicts],
    kinds={"deltalake", "pdf"},
    description=(
        "**照合台帳・船積通知明細書(照合用)**: 週の最終営業日20:00に、まだ照合台帳に載っていない計上行を特約・部門・月ごとに載せます。"
    ),
)
def reconciliation_ledgers(
    context: dg.AssetExecutionContext, store: StoreResource
) -> dg.MaterializeResult[None]:
    """Due lines on 照合台帳, with PDF, CSV and 提供データ."""
    from assets.ledgers import reconcile_due

    kept = store.open()
    return _listed(context, kept, reconcile_due(kept, context.log.info))


@dg.asset(
    group_name=LEDGERS,
    deps=[reconciliation_ledgers],
    kinds={"deltalake", "pdf"},
    description=(
        "**確定台帳・船積通知明細書、差異一覧、保険料計算書、保険料請求書**: 受理月の翌月の最終営業日20:00を過ぎた単位を確定し、"
        "40日後を期日に請求します。返還が上回る単位の請求額は0円です。"
    ),
)
def confirmed_ledgers(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """Units past their cut-off are confirmed, stated and invoiced."""
    from assets.ledgers import confirm_due

    kept = store.open()
    return _listed(context, kept, confirm_due(kept, context.log.info))


@dg.asset(
    group_name=LEDGERS,
    kinds={"deltalake", "pdf"},
    description=(
        "**船積前保険料(簡易・年額)**: 船積前危険オプションのある特約に、保険年度が始まった日と限度額が増えた日から、"
        "バイヤーごとの年額保険料を一度だけ請求します。料率のないバイヤーは請求せず、ログとチェックで知らせます。"
    ),
)
def yearly_premiums(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """Yearly premiums before shipment that are due are billed, stated and invoiced."""
    from assets.yearly import bill_yearly_due, unbilled

    kept = store.open()
    result = _listed(context, kept, bill_yearly_due(kept, context.log.info))
    left = unbilled(kept)
    columns = ("agreement_code", "buyer_code", "day", "country_category", "buyer_rating", "reason")
    rows = [list(row) for row in left.select(columns).iter_rows()]
    for agreement, buyer, day, category, rating, reason in rows:
        context.log.warning(
            f"{agreement} バイヤー {buyer} の {day} からの船積前保険料を請求していません"
            f"(国カテゴリー {category or 'なし'}、格付 {rating or 'なし'}): {reason}"
        )
    titles = ["特約コード", "バイヤー", "計算開始日", "国カテゴリー", "格付", "理由"]
    return dg.MaterializeResult(
        metadata={**(result.metadata or {}), "未請求": len(rows), "未請求一覧": table(titles, rows)}
    )


@dg.asset(
    group_name=FINANCE,
    deps=[confirmed_ledgers, yearly_premiums],
    kinds={"csv"},
    description="**経理データ**: 月の最終営業日20:00以降、その月に請求した保険料を請求書ごとにCSVにします。内容が変わったときだけ新しい版を作ります。",
)
def finance_premiums(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """Finance's extract of each month."""
    from assets.ledgers import extract_due

    kept = store.open()
    issued = extract_due(kept, context.log.info)
    return dg.MaterializeResult(metadata={"作成": len(issued), **links(kept, issued)})


@dg.asset(
    group_name=FINANCE,
    deps=[finance_premiums, reconciliation_ledgers, confirmed_ledgers],
    kinds={"sftp"},
    description="**配送**: 提供データを希望した保険利用者へ、経理データを経理へ、フォルダまたはSFTPで一度だけ届けます。",
)
def deliveries(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """Provided data and extracts brought to their receivers."""
    from assets.deliveries import deliver_owed

    done = deliver_owed(store.open())
    for document_id, reason in done.failed.items():
        context.log.error(f"{document_id}: {reason}")
    return dg.MaterializeResult(
        metadata={
            "配送": len(done.delivered),
            "失敗": dg.MetadataValue.md("\n".join(f"- {k}: {v}" for k, v in done.failed.items()) or "なし"),
            "failed": len(done.failed),
        }
    )


@dg.asset(
    group_name=FINANCE,
    deps=[deliveries],
    kinds={"file"},
    description="**保存期間**: 提供期間(モニタリスト・検出事項一覧・台帳ファイル・提供データは30日)を過ぎた帳票ファイルを片付けます。原本と台帳は消しません。",
)
def retention(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """Papers whose time is over are removed; archive and journal stay for ever."""
    kept = store.open()
    removed = kept.documents.remove_expired(kept.clock.now())
    for document_id in removed:
        context.log.info(f"{document_id} の提供期間が終わりました")
    return dg.MaterializeResult(metadata={"片付け": len(removed)})


@dg.asset(
    group_name=PORTAL,
    deps=[desk_requests, monitor_lists, reconciliation_ledgers, deliveries, retention],
    kinds={"django"},
    description="**ポータルへの反映**: 申請の状況、検出事項、帳票、参照表、デスクの依頼への回答をポータルに伝えます。伝えられないときは次の処理で追いつきます。",
)
def portal_feed(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult[None]:
    """The portal's read model catches up with the store; a portal that cannot be reached stops nothing."""
    from assets.feed import feed_if_reachable

    told = feed_if_reachable(store.open(), context.log.warning)
    return dg.MaterializeResult(metadata=told if told else {"反映": "なし(ポータルがないか、届きません)"})


def _taken_meanwhile(context: dg.AssetExecutionContext, store: Store) -> list[tuple[str, Exception]]:
    """Takes what lies complete in the drop; what could not be taken, which the next run tries again."""
    from daicho.drop import collect

    try:
        return _faults(context, collect(store))
    except OSError as error:
        return [("drop", error)]


def _faults(
    context: dg.AssetExecutionContext, outcomes: Iterable["DropOutcome"]
) -> list[tuple[str, Exception]]:
    """Files of the drop whose fault is to fail this run. One that fails again is only told: a run fails once for it."""
    failed = []
    for outcome in outcomes:
        if outcome.fault is not None:
            about = f"drop/{outcome.holder}/{outcome.name}"
            if outcome.is_news:
                failed.append((about, outcome.fault))
            else:
                context.log.warning(f"{about}({outcome.attempt}回目): {outcome.fault!r}")
    return failed


def _announce(context: dg.AssetExecutionContext, store: Store) -> None:
    """Tells the portal what has happened so far."""
    from assets.feed import Announcer

    Announcer(store, context.log.warning)()


def _tell_other_days(context: dg.AssetExecutionContext, receipts: Iterable[Mapping[str, Any]]) -> None:
    """A run that reaches beyond its own day (after downtime, after 17:30) is told at those days as well."""
    days = sorted({str(receipt["acceptance_date"]) for receipt in receipts} - {context.partition_key})
    ensure_partitions(context.instance, *days)
    for day in days:
        context.log_event(
            dg.AssetMaterialization(
                context.asset_key, partition=day, metadata={"まとめて処理": context.partition_key}
            )
        )


def _tell_faults(
    context: dg.AssetExecutionContext, store: Store, failed: Iterable[tuple[str, Exception]]
) -> None:
    """Keeps what a stage could not do. The stage goes on, and so do those after it: one upload or ledger must not stop
    the others. The check ``nothing_failed`` turns the run red.
    """
    for about, error in failed:
        context.log.error(f"{about}: {error!r}")
        store.events.record(
            FAULT,
            run_name(context.run),
            reason=repr(error),
            stage=context.asset_key.to_user_string(),
            about=about,
        )


def run_name(run: dg.DagsterRun) -> str:
    """Under which name a run claims and records."""
    return f"run:{run.run_id}"


def _listed(context: dg.AssetExecutionContext, store: Store, listed: Any) -> dg.MaterializeResult[None]:
    if listed.documents:
        _announce(context, store)
    _tell_faults(context, store, listed.failed)
    return dg.MaterializeResult(
        metadata={
            "台帳": len(listed.ledgers),
            "単位": dg.MetadataValue.md("\n".join(f"- {unit}" for unit in listed.units) or "なし"),
            **links(store, listed.documents),
            "processed": dg.MetadataValue.json(listed.units),
        }
    )


def table(titles: list[str], rows: Iterable[list[Any]]) -> dg.MetadataValue[Any]:
    """A preview table of the first fifty rows in Markdown, which every Dagster page shows."""
    shown = list(rows)
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    lines += ["| " + " | ".join(str(cell).replace("|", "¦") for cell in row) + " |" for row in shown[:50]]
    if len(shown) > 50:
        lines.append(f"\n(ほか{len(shown) - 50}件)")
    return dg.MetadataValue.md("\n".join(lines))


def links(store: Store, document_ids: list[str]) -> Mapping[str, Any]:
    """Where the papers lie, as metadata; an empty mapping without papers."""
    if not document_ids:
        return {}
    found = {document_id: store.events.document(document_id) for document_id in document_ids[:50]}
    lines = [f"- {name}: `{store.documents.path(row)}`" for name, row in found.items() if row]
    return {"帳票": dg.MetadataValue.md("\n".join(lines))}
