"""The feed: what the store knows is told to the portal's read model. The only way from the pipeline to the portal.

Incremental by the event log, from zero on demand; interrupted, it goes on where it stopped. Every job ends with all of
it; in between, the stages that users wait for tell events by an ``Announcer``. What the portal makes of the rows is
``portal_stub.feed.receiving``; Django is set up in here, where a portal is.
"""

import time
from collections.abc import Callable, Iterable
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Any

from daicho.references import reference_of
from daicho.store import Store
from schemas.desk import ANSWERED
from schemas.submission import Refusal

if TYPE_CHECKING:
    import polars as pl

EVENTS_AT_ONCE = 2000
_JUDGED = {"booked", "rejected", "held", "hold-release", "hold-refuse"}
"""Events after which the findings of a submission may be others."""
_TRIES = 5


class Announcer:
    """Tells the portal in between what a stage has done so far. Stages get it as a plain callable.

    The first call tells at once. After it telling takes a tenth of the time at most and comes at most once a second, so
    that a stage of many small steps is not slowed down; whatever was left out is told when the block ends. A portal
    that fails is warned of once and left alone for the rest of the block: the next stage tries again.
    """

    SHARE = 10
    LEAST_PAUSE_SECONDS = 1.0

    def __init__(self, store: Store, warn: Callable[[str], None]) -> None:
        self._store, self._warn = store, warn
        self._not_before = 0.0
        self._owed = self._failed = False

    def __enter__(self) -> "Announcer":
        return self

    def __call__(self) -> None:
        """Something has happened that users may see."""
        self._owed = True
        if time.monotonic() >= self._not_before:
            self._tell()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tell()

    def _tell(self) -> None:
        if self._failed or not self._owed:
            return
        self._owed = False
        began = time.monotonic()
        feed_if_reachable(self._store, self._fail, events_only=True)
        ended = time.monotonic()
        self._not_before = ended + max(self.LEAST_PAUSE_SECONDS, (ended - began) * self.SHARE)

    def _fail(self, sentence: str) -> None:
        self._failed = True
        self._warn(sentence)


def feed_if_reachable(store: Store, warn: Callable[[str], None], events_only: bool = False) -> dict[str, int]:
    """Tells the portal what is new; nothing where there is none. A run never fails of it: the next one catches up.

    Nothing is made here either: a portal begins with ``daicho portal serve``, ``demo`` or ``feed``. ``events_only``:
    submissions and papers, and nothing for which tables or the journal must be read.
    """
    if store.settings.uses_sqlite and not (store.settings.home / "portal.db").exists():
        return {}
    try:
        from portal_stub.running import set_up

        set_up(secret="the feed signs nothing", quiet=True)
        from portal_stub.feed import receiving

        receiving.refresh()  # a process that feeds several times must not stay with a connection that broke
        if not receiving.is_prepared():
            return {}
        return feed_events(store) if events_only else feed_portal(store)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the portal, the ledgers go on
        warn(f"ポータルに反映できませんでした。次の処理で追いつきます: {error!r}")
        return {}


def feed_by_command(store: Store, rebuild: bool) -> dict[str, int]:
    """Makes the portal's database where there is none, and feeds it.

    Raises:
        Refusal: ``portal-busy`` while somebody else holds that database.
    """
    from portal_stub import running

    running.set_up()
    from portal_stub.feed import receiving

    try:
        running.prepare()
        return feed_portal(store, rebuild)
    except Exception as error:
        if not receiving.is_held(error):
            raise
        raise Refusal(
            "portal-busy",
            "ポータルのデータベースが、ほかの処理で使われています。その処理(バックアップ、ほかの daicho portal など)が"
            "終わってから、もう一度実行してください。途中まで伝えた分は、続きから再開します。",
        ) from error


def feed_portal(store: Store, rebuild: bool = False) -> dict[str, int]:
    """Brings the read model up to date, with ``rebuild`` from zero; how much was told."""
    told = feed_events(store, rebuild)
    today = store.clock.now().date()
    return told | _tell_tables(store, today) | {"集計": _tell_figures(store, today)}


def feed_events(store: Store, rebuild: bool = False) -> dict[str, int]:
    """Tells what the events since the last time were about; how much."""
    from portal_stub.running import set_up

    set_up(secret="the feed signs nothing", quiet=True)
    from portal_stub.feed import receiving

    if (
        rebuild or receiving.position() > store.events.last_event()
    ):  # a log that is younger: another home's, restored
        receiving.start_over()
    told = {"申請": 0, "検出事項": 0, "帳票": 0, "回答": 0}
    tries = 0
    while True:
        since = receiving.position()
        events = store.events.since(since, EVENTS_AT_ONCE)
        if not events:
            receiving.finish()
            return told
        news = _news(store, events)
        try:
            receiving.receive(news, since)
        except receiving.MovedOn:
            tries += 1
            if tries >= _TRIES:
                return told  # another feed is at work, and as quick; it finishes as well
            continue
        told["申請"] += len(news.submissions)
        told["検出事項"] += sum(len(rows) for rows in news.findings.values())
        told["帳票"] += len(news.documents)
        told["回答"] += len(news.answers)


def _news(store: Store, events: list[dict[str, Any]]) -> Any:
    """What these events were about, as it stands now."""
    from portal_stub.feed.receiving import MOST_FINDINGS, Told

    ids = dict.fromkeys(e["submission_id"] for e in events if e["submission_id"])
    papers = dict.fromkeys(e["details"]["document_id"] for e in events if e["kind"].startswith("document-"))
    findings: dict[str, list[dict[str, Any]]] = {}
    totals: dict[str, int] = {}
    for name in dict.fromkeys(e["submission_id"] for e in events if e["kind"] in _JUDGED):
        frame = store.findings.read(name)
        findings[name] = [] if frame is None else frame.head(MOST_FINDINGS).to_dicts()
        totals[name] = 0 if frame is None else frame.height
    documents = list(store.events.documents_named(papers))
    answers = [
        e["details"] | {"kind": e["details"]["wish"], "by": e["actor"], "reason": e["reason"], "at": e["at"]}
        for e in events
        if e["kind"] == ANSWERED
    ]
    refusals = [
        {
            "code": e["details"]["code"],
            "message": e["reason"],
            "at": e["at"],
            "source": e["details"].get("source"),
        }
        for e in events
        if e["kind"] == "refused"
    ]
    agreements = {
        e["submission_id"]: e["details"].get("agreements", [])
        for e in events
        if e["kind"] in {"booked", "rejected"}
    }
    submissions = store.events.portraits(ids)
    return Told(submissions, findings, totals, documents, answers, refusals, events[-1]["id"], agreements)


def _tell_tables(store: Store, today: date) -> dict[str, int]:
    """Reference tables when they were loaded anew or another day began: what is in force may be another row."""
    import polars as pl

    from portal_stub.feed import receiving

    reference = reference_of(store)
    mark = f"{reference.load_no}:{today}"
    told: dict[str, int] = {}
    if receiving.tables_position() != mark:
        day = pl.Series([today])
        holders = _texts(
            reference.table("policyholders")
            .select("holder", "name", "association", pl.col("provided_data").cast(pl.Int8))
            .iter_rows(named=True)
        )
        agreements = _texts(
            reference.table("agreements")
            .select("agreement_code", "valid_from", "valid_to", "holder", "product")
            .iter_rows(named=True)
        )
        countries = _texts(
            reference.in_force("country_categories", day)
            .select("country", "name", "category")
            .iter_rows(named=True)
        )
        buyers = _texts(
            reference.in_force("buyers", day)
            .select("buyer_code", "name", "country", "rating")
            .sort("buyer_code")
            .iter_rows(named=True)
        )
        changes = _texts(_rating_changes(reference.table("buyers")).iter_rows(named=True))
        closed = sorted(reference.holidays)
        receiving.receive_tables(mark, holders, agreements, countries, buyers, changes, closed)
        told = {
            "保険利用者": len(holders),
            "特約期間": len(agreements),
            "国": len(countries),
            "バイヤー": len(buyers),
            "格付変更": len(changes),
        }
    return told | {"新しい特約": receiving.grant_agreements()}


def _tell_figures(store: Store, today: date) -> int:
    """Figures of the holders about whom the journal says something new; of all after a load and on another day, since
    limits, ratings and what is still at stake may be others. How many differed.
    """
    import polars as pl

    from pipelines import figures, limits
    from portal_stub.feed import receiving

    journal, reference = store.journal.open(), reference_of(store)
    since = receiving.figures_position()
    last = journal.last()[0]
    mark = f"{last}:{reference.load_no}:{today}"
    if since == mark:
        return 0
    told, _, state = since.partition(":")
    rows = journal.scan()
    holders: list[str] | None = None
    if state == mark.partition(":")[2] and int(told) < last:
        new = rows.filter(pl.col("commit_no") > int(told)).select(pl.col("policyholder_code").unique())
        holders = new.drop_nulls().collect().to_series().sort().to_list()
        rows = rows.filter(pl.col("policyholder_code").is_in(holders))
    # One reading of the journal for all of it.
    kept = rows.select(*dict.fromkeys([*figures.COLUMNS, *limits.COLUMNS])).collect().lazy()
    owners = (
        reference.table("agreements")
        .sort("valid_from")
        .group_by("agreement_code", maintain_order=True)
        .agg(pl.col("holder").last())
    )
    if holders is not None:
        owners = owners.filter(pl.col("holder").is_in(holders))
    use = limits.limit_use(figures.insured_lines(kept).collect(), reference, today).join(
        owners, on="agreement_code"
    )
    try:
        return receiving.receive_figures(
            mark,
            since,
            holders,
            figures.month_figures(kept).iter_rows(named=True),
            use.iter_rows(named=True),
        )
    except receiving.MovedOn:
        return 0  # another feed told them


def _rating_changes(buyers: "pl.DataFrame") -> "pl.DataFrame":
    """The rows of ``buyers`` from which on a buyer has another rating than until then, with the ``former`` one.

    The first row of a buyer is its registration, and one with the rating of the row before changes something else.
    """
    import polars as pl

    rating, former = pl.col("rating").fill_null(""), pl.col("former")
    return (
        buyers.sort("buyer_code", "valid_from")
        .with_columns(rating.shift().over("buyer_code").alias("former"))
        .filter(former.is_not_null() & (former != rating))
        .select("buyer_code", "valid_from", "former", "rating")
    )


def _texts(rows: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Rows as texts, blanks for what is not there."""
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
