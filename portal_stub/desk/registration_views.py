"""保険利用者・Webユーザー登録 at the desk: arrival of the form, completion, restart. F-045 to F-049, table F-T2."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import Access, has_role, page
from portal_stub.accounts.models import StaffRole
from portal_stub.desk.forms import ArrivalForm, CompletionForm, NoQuestionForm, ReasonForm
from portal_stub.desk.steps import done, question, told
from portal_stub.pages.answers import pdf
from portal_stub.pages.paging import paged
from portal_stub.registration import rules
from portal_stub.registration.forms import FORMS
from portal_stub.registration.models import Kind, Registration, State

BOTH = ("GET", "POST")
LONGEST_QUERY = 60
_STATES = [(value, label) for value, label in State.choices if value != State.EXPIRED]


@page("desk-registrations", "desk/registrations/", chapter="2章", access=Access.STAFF, otp=False)
def registrations(request: HttpRequest) -> HttpResponse:
    """By state, by 受付番号, or by a part of name or address; without a state, those that wait for the desk."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    state = request.GET.get("state", "" if query else "waiting")
    rows = Registration.objects.all()
    if state == "waiting":
        rows = rows.filter(state__in=[State.SENT, State.IN_PROCESS])
    elif state in dict(_STATES):
        rows = rows.filter(state=state)
    if query:
        number = query.upper().removeprefix("R").lstrip("0")
        found = Q(answers__name__icontains=query) | Q(mail__icontains=query)
        if number.isascii() and number.isdigit() and len(number) < 10:
            found |= Q(pk=int(number))
        rows = rows.filter(found)
    context = {
        "rows": paged(rows, request.GET.get("page")),
        "states": [
            ("waiting", "処理を待っているもの"),
            ("", "すべて"),
            *_STATES,
        ],
        "state": state,
        "query": query,
        "longest": LONGEST_QUERY,
        "url": request.get_full_path(),
    }
    return render(request, "desk/registrations.html", context)


@page(
    "desk-registration",
    "desk/registrations/<int:registration_id>/",
    chapter="2章",
    access=Access.STAFF,
    otp=False,
)
def registration(request: HttpRequest, registration_id: int) -> HttpResponse:
    """What was applied for, where it is, and what can be done."""
    found = get_object_or_404(Registration, pk=registration_id)
    context = {
        "registration": found,
        "sections": FORMS[Kind(found.kind)].told(found.answers) if found.kind and found.answers else [],
        "may_act": has_role(request.user, StaffRole.OPERATOR),
        "told": told(request),
    }
    return render(request, "desk/registration.html", context)


def _deed(
    request: HttpRequest,
    registration_id: int,
    title: str,
    sentence: str,
    form_class: type[forms.Form],
    deed: Callable[[Registration, dict[str, Any]], HttpResponse],
) -> HttpResponse:
    """A question, then the deed; what the rules refuse is told where it was asked."""
    found = get_object_or_404(Registration, pk=registration_id)
    facts = [
        ("受付番号", found.number),
        ("申込種類", found.get_kind_display()),
        ("保険利用者名", found.applicant_name),
        ("状況", found.shown_state.label),
    ]
    if found.form_valid_until:
        facts.append(("申込書の有効期限", f"{found.form_valid_until:%Y/%m/%d}"))
    back = reverse("desk-registration", args=[found.pk])
    answer = question(request, title, facts, sentence, back, form_class=form_class)
    if isinstance(answer, HttpResponse):
        return answer
    try:
        return deed(found, answer)
    except rules.NotPossible as error:
        again = question(request, title, facts, sentence, back, str(error), form_class)
        assert isinstance(again, HttpResponse)
        return again


@page(
    "desk-registration-start",
    "desk/registrations/<int:registration_id>/start/",
    methods=BOTH,
    chapter="2章",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def registration_start(request: HttpRequest, registration_id: int) -> HttpResponse:
    """The sealed form arrived: 手続開始 (F-045, F-047)."""

    def deed(found: Registration, answer: dict[str, Any]) -> HttpResponse:
        rules.start_processing(found, request.user.login_id, answer["arrived_on"])
        return done("registration-started", "desk-registration", found.pk)

    sentence = "捺印された申込書の到着を記録し、手続きを開始します。申込者に手続開始のメールを送信します。"
    return _deed(request, registration_id, "申込書の到着・手続開始", sentence, ArrivalForm, deed)


@page(
    "desk-registration-complete",
    "desk/registrations/<int:registration_id>/complete/",
    methods=BOTH,
    chapter="2章",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def registration_complete(request: HttpRequest, registration_id: int) -> HttpResponse:
    """手続完了: the answer is the 登録完了通知書, which is kept nowhere (F-048, F-049)."""
    found = get_object_or_404(Registration, pk=registration_id)
    new_code = found.kind != Kind.WEB_USER

    def deed(found: Registration, answer: dict[str, Any]) -> HttpResponse:
        completed = rules.complete(found, request.user.login_id, answer.get("code", ""))
        return _pdf(completed.notice, found)

    sentence = (
        "保険利用者とWebユーザー（管理者）を登録し、申込者に手続完了のメールを送信します。"
        "登録完了通知書（PDF）が一度だけダウンロードされます。初期パスワードはこのPDFにしかありません。印刷して郵送し、ファイルは削除してください。"
    )
    form_class = CompletionForm if new_code else NoQuestionForm
    return _deed(request, registration_id, "手続完了", sentence, form_class, deed)


@page(
    "desk-registration-restart",
    "desk/registrations/<int:registration_id>/restart/",
    methods=BOTH,
    chapter="2章",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def registration_restart(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Mails a URL that opens the input with the stored data (F-046)."""

    def deed(found: Registration, answer: dict[str, Any]) -> HttpResponse:
        rules.restart(found, request.user.login_id, answer["reason"])
        return done("registration-restarted", "desk-registration", found.pk)

    sentence = "申込情報を訂正できるように、手続き再開用のURLを申込者にメールで送信します。送信済みの申込みは取り下げになり、印刷済みの申込書は使えなくなります。"
    return _deed(request, registration_id, "手続きの再開", sentence, ReasonForm, deed)


@page(
    "desk-registration-renew",
    "desk/registrations/<int:registration_id>/renew/",
    methods=BOTH,
    chapter="2章",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def registration_renew(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Another 登録完了通知書, with another first password, for one that got lost."""

    def deed(found: Registration, answer: dict[str, Any]) -> HttpResponse:
        return _pdf(rules.renew_notice(found, request.user.login_id, answer["reason"]), found)

    sentence = (
        "新しい初期パスワードで登録完了通知書（PDF）を作り直し、一度だけダウンロードします。"
        "前の通知書の初期パスワードは使えなくなります。Webユーザー（管理者）がログインした後はできません。"
    )
    return _deed(request, registration_id, "登録完了通知書の再作成", sentence, ReasonForm, deed)


def _pdf(notice: bytes, found: Registration) -> HttpResponse:
    return pdf(notice, f"registration_{found.number}_{clock.today():%Y%m%d}", kept=True)
