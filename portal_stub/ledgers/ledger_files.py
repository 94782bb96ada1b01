"""「データ作成」: the records of chosen hand-ins as one 台帳ファイル, made beside the pages. Seed 000 ch. 9 §4-1 (2) D, §4-3, §5-3.

It can be made of every row of the list in any status, also of what was not accepted: the records are those that were
submitted, in the layout of the upload, so that it can be handed in again (D-035, D-037).
"""

from collections.abc import Sequence
from typing import Any

from portal_stub.accounts.models import User
from portal_stub.feed.models import Submission
from portal_stub.jobs import rules as jobs
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import Running, job
from portal_stub.ledgers import sending
from portal_stub.ledgers.functions import FUNCTIONS, LedgerFunction
from portal_stub.ledgers.listing import Row
from portal_stub.ledgers.models import Upload
from portal_stub.pipeline import records
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.submission import Refusal
from sensors.windows import TOKYO

KIND = "ledger-file"
LIVES_DAYS = 31
"""The day of the request and 30 more (C-027)."""
MOST_CHOSEN = 100


def ask(user: User, function: LedgerFunction, rows: Sequence[Row]) -> Job:
    """Asks for one file of these rows, in this order."""
    parameters = {
        "product": function.key,
        "sources": [
            {"upload": row.upload.pk if row.upload else "", "submission": row.submission_id} for row in rows
        ],
        "names": [row.file_name for row in rows],
    }
    return jobs.ask(user, KIND, parameters, lives_days=LIVES_DAYS)


def made(user: User, function: LedgerFunction) -> Any:
    """作成済台帳ファイルリスト of a user: files that are there and that are being made, newest first."""
    return jobs.shown(user, KIND).filter(parameters__product=function.key)


def _covers(user: User, job: Job) -> bool:
    """Whether every hand-in of the file exists for the user (still)."""
    told = job.parameters["sources"]
    wanted = {one["upload"] for one in told if one["upload"]}
    other = {one["submission"] for one in told if not one["upload"]}
    uploads, submissions = seen(Resource.SENT_UPLOAD, user), seen(Resource.SUBMISSION, user)
    return (not wanted or uploads.filter(pk__in=wanted).count() == len(wanted)) and (
        not other or submissions.filter(pk__in=other).count() == len(other)
    )


@job(KIND, covers=_covers)
def make(running: Running) -> dict[str, Any]:
    """Writes the file; its result says how many records it has."""
    function = FUNCTIONS[running.parameters["product"]]
    sources = [_source(told) for told in running.parameters["sources"]]

    def say(done: int) -> None:
        running.tell(100 * done // len(sources), f"{len(sources)}件のうち{done}件を読み込みました")

    asked = running.job.asked_at.astimezone(TOKYO)
    name = f"{function.title}_台帳ファイル_{asked:%Y%m%d_%H%M%S}.csv"
    with running.write(name) as stream:
        count = records.write_ledger_file(stream, function.key, sources, say)
    return {"records": count}


def _source(told: dict[str, str]) -> records.Source:
    """Where the records of a hand-in are: the portal's own copy while it has one, then the archive."""
    upload = Upload.objects.filter(pk=told["upload"]).first() if told["upload"] else None
    found = (
        Submission.objects.filter(dispatch=upload.pk)
        if upload
        else Submission.objects.filter(pk=told["submission"])
    )
    row = found.first()
    if upload is not None:
        path = sending.SHELF.path(upload.sha256)
        return records.Source(upload.file_name, upload.sha256, path, row.pk if row else "")
    if row is None:
        raise Refusal(
            "records-gone", "選んだ申請が見つかりません。一覧を開き直して、もう一度作成してください。"
        )
    return records.Source(row.file_name, row.sha256, None, row.pk)
