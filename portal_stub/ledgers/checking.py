"""「送る前に検査する」: beginning the check of an upload, its work, and what the page shows of it. Nothing is sent here.

What is found is ``pipeline.checking``; the page is ``check_views``. Issue "check before you send"; A-027, C-002, A-053.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.jobs import rules as jobs
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import Running, job
from portal_stub.ledgers import acceptance, sending
from portal_stub.ledgers.functions import FUNCTIONS
from portal_stub.ledgers.models import Upload
from portal_stub.pipeline import checking
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.submission import Refusal

KIND, KIND_MARKED = "check", "check-marked"
LIVES_DAYS = 2
QUICK_BYTES = 5_000_000
"""Up to this size a check goes before other work: a larger one would keep small ones waiting."""
MARKED_AT_ONCE = 20_000
"""Records up to which the marked workbook is made with the check; that of a larger file when somebody wants it."""
FIRST = 20
"""Findings on the page."""
_STEPS = {
    "decode": (5, "ファイルを読み込んでいます"),
    "assess": (20, "検査し、保険料を計算しています"),
    "post": (60, "台帳の内容と照合しています"),
    "report": (75, "検査結果をまとめています"),
}
_GONE = Refusal(
    "upload-gone",
    "検査するファイルがありません。送信されたか、削除されました。ファイルを選び直してください。",
)


# ---------------------------------------------------------------------------------------------- asking


@transaction.atomic
def begin(user: User, upload: Upload) -> Job:
    """Begins the check of a draft; while one is under way that one goes on."""
    row = Upload.objects.select_for_update().get(pk=upload.pk)
    known: Job | None = row.last_check
    if known is not None and not known.is_over and known.parameters.get("count") == row.count:
        return known
    wanted = {"upload": row.pk, "count": row.count}
    asked = jobs.ask(user, KIND, wanted, urgent=row.size <= QUICK_BYTES, lives_days=LIVES_DAYS)
    row.last_check = upload.last_check = asked
    row.save(update_fields=["last_check"])
    return asked


@transaction.atomic
def begin_marked(user: User, check: Job) -> Job:
    """Begins the marked workbook of a check whose file is large; once."""
    Job.objects.select_for_update().get(pk=check.pk)
    known = marked_job(check)
    if known is not None and known.state != Job.State.FAILED:
        return known
    return jobs.ask(user, KIND_MARKED, {"check": check.pk, **check.parameters}, lives_days=LIVES_DAYS)


def marked_job(check: Job) -> Job | None:
    """The work on the marked workbook of a check, if it was asked for."""
    found: Job | None = Job.objects.filter(
        kind=KIND_MARKED, user=check.user_id, parameters__check=check.pk
    ).first()
    return found


# ---------------------------------------------------------------------------------------------- work


def _covers(user: User, job: Job) -> bool:
    """Whether the upload is the user's own; one that is gone is told by the work itself."""
    mine = seen(Resource.OWN_UPLOAD, user).values("pk")
    return not Upload.objects.filter(pk=job.parameters["upload"]).exclude(pk__in=mine).exists()


@job(KIND, urgent=True, covers=_covers)
def work(running: Running) -> dict[str, Any]:
    """The check itself.

    Raises:
        Refusal: the upload would be refused at the door; that is what its page tells.
    """
    upload = _upload(running)
    content = _content(upload)
    done = checking.check(
        content,
        upload.file_name,
        upload.product,
        upload.holder.code,
        str(upload.count),
        clock.now(),
        lambda step: running.tell(*_STEPS[step]),
    )
    with running.write(_name(upload, "csv")) as stream:
        stream.write(done.csv)
    if same := done.result.get("identical_to"):
        done.result["identical_to"] = sending.told_to(running.job.user, str(same))
    if upload.origin == Upload.Origin.FILE:
        if done.result["records"] <= MARKED_AT_ONCE:
            with running.write(_name(upload, "xlsx"), "marked") as stream:
                stream.write(_marked(upload, content, done.kept, done.result, clock.now()))
        else:
            with running.write("findings", "kept") as stream:
                stream.write(done.kept)
    return done.result


@job(KIND_MARKED, urgent=True, covers=_covers)
def work_marked(running: Running) -> dict[str, Any]:
    """The marked workbook of a large file, of what its check found."""
    upload = _upload(running)
    check = Job.objects.filter(pk=running.parameters["check"]).first()
    if check is None:
        raise _GONE
    running.tell(10, "Excelに書き込んでいます")
    with jobs.opened(check, "kept") as stream:
        kept = stream.read()
    with running.write(_name(upload, "xlsx")) as stream:
        stream.write(_marked(upload, _content(upload), kept, check.result, check.ended_at))
    return {}


def _upload(running: Running) -> Upload:
    found = Upload.objects.filter(pk=running.parameters["upload"]).first()
    if found is None:
        raise _GONE
    return found


def _content(upload: Upload) -> bytes:
    try:
        with sending.opened(upload) as stream:
            return stream.read()
    except FileNotFoundError as error:
        raise _GONE from error


def _name(upload: Upload, ending: str) -> str:
    return f"{PurePosixPath(upload.file_name).stem[:180]}_検査結果.{ending}"


def _marked(upload: Upload, content: bytes, kept: bytes, result: dict[str, Any], at: datetime) -> bytes:
    function = FUNCTIONS[upload.product]
    facts = {
        "ファイル": upload.file_name,
        "保険種": function.title,
        function.count_label: f"{result['records']:,}件",
        "エラー": f"{result['errors']:,}件",
        "警告": f"{result['warnings']:,}件",
        "保険料合計": "エラーがあるため計算されません"
        if result["errors"]
        else f"{result['premium_total_yen']:,}円",
        "受理日": f"{day_words(date.fromisoformat(result['acceptance_date']))}（検査した時刻に{function.act}した場合）",
        "検査日時": f"{at.astimezone(clock.now().tzinfo):%Y/%m/%d %H:%M}",
    }
    return checking.marked(content, upload.file_name, upload.product, kept, facts)


# ---------------------------------------------------------------------------------------------- showing


@dataclass(frozen=True)
class Outcome:
    """A finished check as its page tells it."""

    job: Job
    records: int
    errors: int
    warnings: int
    premium_total_yen: int
    acceptance_date: date
    findings: list[dict[str, Any]]
    """The first of them, with ``label``: the item's Japanese name."""
    more: int
    """How many there are beside them."""
    by_code: list[dict[str, Any]]
    """When there are more than fit on the page."""
    marked: Job | None
    """The work on the marked workbook, where it is made apart."""
    marked_ready: bool
    is_current: bool
    """Whether it is about the count that the upload has now, and the day on which it would be accepted now."""


def outcome_of(upload: Upload) -> Outcome | None:
    """What the last check found; None while there is none that came to its end."""
    done: Job | None = upload.last_check
    if done is None or done.state != Job.State.DONE:
        return None
    told = done.result
    day = date.fromisoformat(told["acceptance_date"])
    marked = None if "marked" in done.more_files else marked_job(done)
    return Outcome(
        done,
        told["records"],
        told["errors"],
        told["warnings"],
        told["premium_total_yen"],
        day,
        with_labels(told["findings"][:FIRST], upload.product),
        told["findings_total"] - len(told["findings"][:FIRST]),
        told["by_code"] if told["findings_total"] > FIRST else [],
        marked,
        "marked" in done.more_files or (marked is not None and marked.state == Job.State.DONE),
        upload.state != Upload.State.DRAFT
        or (done.parameters.get("count") == upload.count and day == sending.acceptance_if_sent()),
    )


def with_labels(findings: list[dict[str, Any]], product: str) -> list[dict[str, Any]]:
    """Findings with ``label``: the Japanese name of their item, for ``ledgers/parts/findings.html``."""
    labels = FUNCTIONS[product].layout.labels
    return [finding | {"label": labels.get(finding["field"], finding["field"])} for finding in findings]


def opened(outcome: Outcome, form: str) -> tuple[BinaryIO, str]:
    """A file of a check, ``csv`` or ``xlsx``, and its name.

    Raises:
        NoFile: it is not there.
    """
    done = outcome.job
    if form == "csv":
        return jobs.opened(done), done.file_name
    if "marked" in done.more_files:
        return jobs.opened(done, "marked"), done.more_files["marked"]["file_name"]
    if outcome.marked is None:
        raise jobs.NoFile(done.pk)
    return jobs.opened(outcome.marked), outcome.marked.file_name


def day_words(day: date) -> str:
    """A day with its year and its day of the week.

    >>> day_words(date(2018, 11, 6))
    '2018年11月6日（火）'
    """
    return f"{day.year}年{acceptance.day_words(day)}"
