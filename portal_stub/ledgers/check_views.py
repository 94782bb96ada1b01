"""「送る前に検査する」: the page of one kept upload with what processing would find in it. Issue "check before you send".

Beginning a check, its work and what came of it stand in ``checking``; sending is ``upload_views``.
"""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal_stub import clock
from portal_stub.access import ASK_NO_MORE, Access, page
from portal_stub.accounts.models import User
from portal_stub.feed.models import Submission
from portal_stub.jobs import rules as jobs
from portal_stub.ledgers import checking, sending
from portal_stub.ledgers.acceptance import window_at
from portal_stub.ledgers.common import function_named, once_of
from portal_stub.ledgers.models import Upload
from portal_stub.pages.answers import download
from portal_stub.visibility.judging import may_see
from portal_stub.visibility.resources import Resource

CHAPTER = "9章3-2・4-2・5-2"
_PATH = "ledger/<str:product>/check/<str:upload_id>/"


@page(
    "ledger-check",
    _PATH,
    methods=("GET", "POST"),
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_UPLOAD,
)
def check(request: HttpRequest, product: str, upload_id: str) -> HttpResponse:
    """The page; sent, it begins the check of the file (again). Nothing is sent to the insurer."""
    upload = _own(request, product)
    if request.method == "POST":
        if upload.state == Upload.State.DRAFT:
            checking.begin(request.user, upload)
        return redirect("ledger-check", product=product, upload_id=upload.pk)
    outcome = checking.outcome_of(upload)
    job = upload.last_check
    window = window_at(clock.now())
    context = {
        "function": function_named(product),
        "upload": upload,
        "is_draft": upload.state == Upload.State.DRAFT,
        "is_file": upload.origin == Upload.Origin.FILE,
        "job": job,
        "place": jobs.place(job) if job is not None else 0,
        "outcome": outcome,
        "marked_place": jobs.place(outcome.marked) if outcome and outcome.marked else 0,
        "window": window,
        "day": checking.day_words(window.day) if window else "",
        "same": _same(request.user, upload),
        "once": once_of(request),
    }
    return render(request, "ledgers/check.html", context)


@page(
    "ledger-check-progress",
    f"{_PATH}progress/",
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
    passive=True,
    shows=Resource.OWN_UPLOAD,
)
def check_progress(request: HttpRequest, product: str, upload_id: str) -> HttpResponse:
    """How far the work on this upload is; when it is over, the whole page is fetched again."""
    upload = _own(request, product)
    job = upload.last_check
    if job is not None and job.is_over:
        job = checking.marked_job(job)
    if job is None or job.is_over:
        return HttpResponse(status=ASK_NO_MORE, headers={"HX-Refresh": "true"})
    context = {"job": job, "place": jobs.place(job)}
    return render(request, "ledgers/parts/progress.html", context)


@page(
    "ledger-check-marked",
    f"{_PATH}marked/",
    methods=("POST",),
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_UPLOAD,
)
def check_marked(request: HttpRequest, product: str, upload_id: str) -> HttpResponse:
    """Has 検査結果を書き込んだExcel made, where the file is too large for making it at once."""
    upload = _own(request, product)
    outcome = checking.outcome_of(upload)
    if outcome is None:
        raise Http404
    if not outcome.marked_ready and "kept" in outcome.job.more_files:
        checking.begin_marked(request.user, outcome.job)
    return redirect("ledger-check", product=product, upload_id=upload.pk)


@page(
    "ledger-check-file",
    f"{_PATH}files/<str:check_file>/",
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_UPLOAD,
)
def check_file(request: HttpRequest, product: str, upload_id: str, check_file: str) -> FileResponse:
    """検査結果（CSV） (``csv``) or 検査結果を書き込んだExcel (``xlsx``)."""
    outcome = checking.outcome_of(_own(request, product))
    if outcome is None or check_file not in {"csv", "xlsx"}:
        raise Http404
    try:
        return download(*checking.opened(outcome, check_file))
    except jobs.NoFile as reason:
        raise Http404 from reason


def _own(request: HttpRequest, product: str) -> Upload:
    """The upload that the address names; of another function it does not exist."""
    found: Upload = request.shown[Resource.OWN_UPLOAD]
    if found.product != function_named(product).key:
        raise Http404
    return found


def _same(user: User, upload: Upload) -> dict[str, object] | None:
    """The earlier submission with the very same bytes that is booked or waiting (A-053), as far as the user may see it."""
    if upload.state != Upload.State.DRAFT:
        return None
    told = (upload.last_check.result or {}).get("identical_to") if upload.last_check else None
    number = sending.identical_to(upload) or told
    if not number:
        return None
    submission = Submission.objects.filter(pk=number).first()
    if submission is not None and not may_see(user, submission):
        return {"number": sending.OF_ANOTHER, "submission": None}
    return {"number": number, "submission": submission}
