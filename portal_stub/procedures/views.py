"""The pages of a procedure from 申込手続きの内容と流れ to 申込完了. One view per kind of page, for all procedures.

Every page is made of rows: reload, back, a second window or a new login find what was saved (ADR on drafts). A page made
of an older state is noticed by its revision and shown again with what was typed.
"""

from copy import copy
from typing import Any
from urllib.parse import quote

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub.accounts.fields import number_of
from portal_stub.pages.answers import download
from portal_stub.procedures import files, rules
from portal_stub.procedures.declaration import NotEligible, Procedure, Step
from portal_stub.procedures.forms import ChosenField
from portal_stub.procedures.journey import Journey, missing
from portal_stub.procedures.models import Application, State
from portal_stub.procedures.uploads import ACCEPTED, ADVICE, MOST_BYTES
from portal_stub.visibility.resources import Resource


# ---------------------------------------------------------------------------------------------- beginning
def introduction(request: HttpRequest, procedure: Procedure) -> HttpResponse:
    """申込手続きの内容と流れ, with what the user left unsaved."""
    key = request.GET.get("subject", "")
    try:
        subject = procedure.subject(request.user, key)
    except NotEligible as reason:
        return _not_eligible(request, procedure, reason)
    drafts = Application.objects.filter(
        procedure=procedure.key, subject=key, entered_by=request.user, state=State.DRAFT
    ).order_by("-saved_at")
    context = {"procedure": procedure, "subject": subject, "key": key, "drafts": list(drafts[:3])}
    return render(request, "procedures/introduction.html", context)


def start(request: HttpRequest, procedure: Procedure) -> HttpResponse:
    """「申込情報の入力へ」: a draft is begun."""
    try:
        application = rules.start(request.user, procedure, request.POST.get("subject", ""))
    except NotEligible as reason:
        return _not_eligible(request, procedure, reason)
    return _to(application, _first(rules.journey_of(application, request.user)))


def _not_eligible(request: HttpRequest, procedure: Procedure, reason: NotEligible) -> HttpResponse:
    return render(
        request, "procedures/not_eligible.html", {"procedure": procedure, "reason": str(reason)}, status=409
    )


def _first(journey: Journey) -> str:
    """Where a draft goes on: the first step without answers, or the check page."""
    gap = journey.unanswered()
    return gap[0].key if gap else ""


def _to(application: Application, step: str = "") -> HttpResponse:
    """The way to a step, or to the check page."""
    if step:
        return redirect(f"{application.procedure}-step", token=application.token, step=step)
    return redirect(f"{application.procedure}-check", token=application.token)


def _found(request: HttpRequest, procedure: Procedure) -> Application:
    """The application that the address names; of another procedure it does not exist.

    These pages are for who may enter, and ``visibility`` shows him an open one only if he may go on with it.
    """
    application: Application = request.shown[Resource.APPLICATION]
    if application.procedure != procedure.key:
        raise Http404
    return application


# ---------------------------------------------------------------------------------------------- steps
def step(request: HttpRequest, procedure: Procedure, token: Any, step: str) -> HttpResponse:
    """One step of entry: shows it, attaches files, saves it and goes on."""
    application = _found(request, procedure)
    if not application.is_open:
        return redirect(f"{procedure.key}-done", token=token)
    try:
        journey = rules.journey_of(application, request.user)
    except NotEligible as reason:
        return _not_eligible(request, procedure, reason)
    current = next((each for each in journey.steps if each.key == step), None)
    if current is None:
        raise Http404
    earlier = [
        each for each in journey.steps[: journey.position(step) - 1] if each.key not in application.answers
    ]
    if earlier:
        return _to(application, earlier[0].key)
    if request.method == "POST":
        return _posted(request, journey, current)
    return _step_page(request, journey, current, journey.form(current))


def _posted(request: HttpRequest, journey: Journey, current: Step) -> HttpResponse:
    """What a step page sent: files first, they stay whatever else is wrong (departure from S-027, K-034)."""
    application, faults = journey.application, []
    form = journey.form(current, request.POST)
    try:
        for slot in current.slots(application):
            uploads = request.FILES.getlist(f"file-{slot.key}")
            if uploads:
                faults += rules.attach(request.user, application, slot.key, uploads)
        goal = request.POST.get("go", "next")
        if goal.startswith("remove-") and (removed := number_of(goal[7:])) is not None:
            rules.detach(application, removed)
        if goal.startswith("choose-") and goal[7:] in form.fields:
            rules.leave_step(application, current, _typed(request, form))
            return redirect(
                f"{journey.procedure.key}-choose", token=application.token, step=current.key, item=goal[7:]
            )
        if goal == "back":
            # What was typed is kept, and files stay (departure from K-035).
            rules.leave_step(application, current, _typed(request, form))
            previous = journey.before(current)
            if previous is None:
                address = reverse(journey.procedure.key)
                return redirect(
                    f"{address}?subject={quote(application.subject)}" if application.subject else address
                )
            return _to(application, previous.key)
        if goal != "next" or faults:
            kept = journey.form(current)
            kept.initial = {**kept.initial, **_typed(request, kept)}
            return _step_page(request, journey, current, kept, faults)
        if form.is_valid():
            # Which documents are needed may depend on what was just typed, such as 別送資料の有無.
            typed = copy(application)
            typed.answers = {**application.answers, current.key: form.kept()}
            gaps = missing(current.slots(typed), application)
            if gaps:
                return _step_page(request, journey, current, form, gaps)
            saved = rules.save_step(request.user, application, current, form.kept(), _revision(request))
            after = Journey(journey.procedure, saved, journey.subject).next_of(current)
            return _to(saved, after.key if after else "")
    except rules.Stale as stale:
        journey = Journey(journey.procedure, stale.application, journey.subject)
        return _step_page(request, journey, current, form, changed=True)
    except rules.Closed as closed:
        return redirect("application", number=closed.application.number)
    return _step_page(request, journey, current, form)


def choose(request: HttpRequest, procedure: Procedure, token: Any, step: str, item: str) -> HttpResponse:
    """The page behind 「選択」: search, one of the rows, back to the step."""
    application = _found(request, procedure)
    current = procedure.step(step)
    if not application.is_open or current is None:
        raise Http404
    field = current.form.base_fields.get(item)
    if not isinstance(field, ChosenField):
        raise Http404
    if request.method == "POST":
        chosen = request.POST.get("chosen", "")
        if field.chooser.find(application, chosen) is not None:
            typed = {**application.answers.get(step, {}), **application.typed.get(step, {}), item: chosen}
            rules.leave_step(application, current, typed)
            return redirect(f"{procedure.key}-step", token=token, step=step)
    words = request.GET.get("q", "").strip()[:60]
    rows = field.chooser.search(application, words)
    context = {
        "procedure": procedure,
        "application": application,
        "step": current,
        "label": field.label,
        "chooser": field.chooser,
        "rows": rows,
        "words": words,
        "full": len(rows) >= field.chooser.MOST,
        "unchosen": request.method == "POST",
    }
    return render(request, "procedures/choose.html", context, status=422 if request.method == "POST" else 200)


def _typed(request: HttpRequest, form: Any) -> dict[str, Any]:
    """What stands in a form as it was typed, for a page that judges nothing."""
    return {
        name: field.widget.value_from_datadict(request.POST, request.FILES, name)
        for name, field in form.fields.items()
    }


def _revision(request: HttpRequest) -> int:
    value = number_of(request.POST.get("revision", ""))
    return -1 if value is None else value


def _step_page(
    request: HttpRequest,
    journey: Journey,
    current: Step,
    form: Any,
    faults: Any = (),
    *,
    changed: bool = False,
) -> HttpResponse:
    application = journey.application
    held = list(application.documents.filter(by_insurer=False))
    slots = [
        (slot, [document for document in held if document.slot == slot.key])
        for slot in current.slots(application)
    ]
    context = {
        "journey": journey,
        "procedure": journey.procedure,
        "application": application,
        "step": current,
        "position": journey.position(current.key),
        "titles": ",".join(journey.titles),
        "form": form,
        "faults": faults,
        "changed": changed,
        "tells": current.tells(application),
        "slots": slots,
        "used": sum(document.size for document in held),
        "most": MOST_BYTES,
        "accepted": ACCEPTED,
        "advice": ADVICE,
    }
    return render(
        request, current.template, context, status=422 if form.errors or faults else 409 if changed else 200
    )


def document(request: HttpRequest, procedure: Procedure, token: Any, document: int) -> HttpResponse:
    """Gives back a file that was attached, by the user or by the insurer."""
    row = _found(request, procedure).documents.filter(pk=document).first()
    if row is None:
        raise Http404
    return sent_file(row)


def sent_file(row: Any) -> FileResponse:
    """A stored file as it was attached."""
    return download(files.read(row.sha256), row.name)


# ---------------------------------------------------------------------------------------------- check, 申込む, completion
def check(request: HttpRequest, procedure: Procedure, token: Any) -> HttpResponse:
    """申込内容の確認: saves, gives the Web申込番号, shows everything with ways to change it (S-020)."""
    application = _found(request, procedure)
    if not application.is_open:
        return redirect(f"{procedure.key}-done", token=token)
    try:
        application = rules.save(request.user, application)
    except rules.Incomplete as gap:
        return _incomplete(request, procedure, application, gap)
    except rules.Stale as moved:
        return _check_page(request, moved.application, changed=True)
    except rules.Closed as closed:
        return redirect("application", number=closed.application.number)
    except NotEligible as reason:
        return _not_eligible(request, procedure, reason)
    return _check_page(request, application)


def _check_page(
    request: HttpRequest,
    application: Application,
    faults: Any = (),
    *,
    changed: bool = False,
    ticks: Any = (),
) -> HttpResponse:
    journey = rules.journey_of(application, request.user)
    context = {
        "journey": journey,
        "procedure": journey.procedure,
        "application": application,
        "position": len(journey.titles),
        "titles": ",".join(journey.titles),
        "first": journey.steps[0].key if journey.steps else "",
        "warnings": journey.procedure.warn(application),
        "faults": faults,
        "changed": changed,
        "ticks": ticks,
        "act": application.acts.filter(what="ask-again").last(),
    }
    return render(
        request, "procedures/check.html", context, status=422 if faults else 409 if changed else 200
    )


def _incomplete(
    request: HttpRequest, procedure: Procedure, application: Application, gap: rules.Incomplete
) -> HttpResponse:
    """Leads to the step that does not hold; faults of the whole are told on the last step."""
    journey = rules.journey_of(application, request.user)
    steps = journey.steps
    current = gap.step or (steps[-1] if steps else None)
    if current is None:
        return _not_eligible(request, procedure, NotEligible("\n".join(gap.faults)))
    if gap.step is not None and current.key not in application.answers:
        return _to(application, current.key)
    judged = journey.form(current, application.answers.get(current.key, {}))
    return _step_page(request, journey, current, judged, [] if judged.errors else gap.faults)


def apply(request: HttpRequest, procedure: Procedure, token: Any) -> HttpResponse:
    """「申込む」 (G-012: the right is asked for by the page's declaration)."""
    application = _found(request, procedure)
    ticks = request.POST.getlist("tick")
    try:
        rules.apply(request.user, application, _revision(request), ticks)
    except rules.Incomplete as gap:
        if gap.step is None:
            return _check_page(request, application, gap.faults, ticks=ticks)
        return _incomplete(request, procedure, application, gap)
    except rules.Stale:
        try:
            return _check_page(request, rules.save(request.user, application), changed=True)
        except rules.Incomplete as gap:
            return _incomplete(request, procedure, application, gap)
        except rules.Stale as moved:
            return _check_page(request, moved.application, changed=True)
    except rules.Closed as closed:
        return redirect("application", number=closed.application.number)
    except NotEligible as reason:
        return _not_eligible(request, procedure, reason)
    return redirect(f"{procedure.key}-done", token=token)


def done(request: HttpRequest, procedure: Procedure, token: Any) -> HttpResponse:
    """申込完了, with the number needed for inquiries (S-021, S-022, K-037)."""
    application = _found(request, procedure)
    if application.is_open:
        return redirect(f"{procedure.key}-check", token=token)
    if application.shown_user_id != request.user.pk:
        return redirect("application", number=application.number)
    separate = procedure.separate.said(application) if procedure.separate else ()
    context = {
        "procedure": procedure,
        "application": application,
        "separate": separate,
    }
    return render(request, "procedures/done.html", context)
