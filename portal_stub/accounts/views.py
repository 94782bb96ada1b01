"""Pages of chapter 3 and of login: each reads a form, calls one deed of ``rules``, shows a page.

Entry → check → completion: the check page carries what was typed as hidden fields and is judged again when it comes
back; completion is a page of its own, so that reload and back do nothing twice (S-017).
"""

import re
import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from portal_stub.access import Access, otp_open, page
from portal_stub.accounts import otp, rules
from portal_stub.accounts.addresses import address_of, admitted
from portal_stub.accounts.choosing import holder_choice
from portal_stub.accounts.forms import (
    MAIL_ADVICE,
    AddressesForm,
    AdministratorForm,
    ApplicantChangeForm,
    ApplicantForm,
    LoginForm,
    OtpForm,
    PasswordChangeForm,
    PresentPasswordForm,
    ReissueForm,
    StaffLoginForm,
)
from portal_stub.accounts.models import DataScope
from portal_stub.accounts.sessions import Ended, Locked, Verdict, knows_password, log_in, log_out
from portal_stub.hours import Hours
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

BOTH = ("GET", "POST")
_LOGIN_ID = re.compile(r"[0-9]{12}")
_ONCE = re.compile(r"[\w-]{1,43}", re.ASCII)


# ---------------------------------------------------------------------------------------------- login
@page(
    "login",
    "login/",
    methods=BOTH,
    chapter="1章2-2",
    access=Access.PUBLIC,
    otp=False,
    hours=Hours.LIST,
)
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """ログイン (G-135, G-136)."""
    return _login(request, LoginForm, staff=False)


@page("desk-login", "desk/login/", methods=BOTH, chapter="-", access=Access.PUBLIC, otp=False)
@sensitive_post_parameters("password")
def desk_login(request: HttpRequest) -> HttpResponse:
    """Login of the insurer's desk."""
    return _login(request, StaffLoginForm, staff=True)


def _login(request: HttpRequest, form_class: type[forms.Form], *, staff: bool) -> HttpResponse:
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        login_id = form.cleaned_data["login_id"].strip()
        verdict = log_in(request, login_id, form.cleaned_data["password"], staff=staff)
        if verdict is Verdict.DONE:
            if staff and not otp_open(request):
                otp.issue(request)
            return redirect("desk" if staff else "user-page")
        if verdict is Verdict.LOCKED:
            return _password_error(request, staff=staff)
        if verdict is Verdict.ADDRESS:
            form.add_error(
                None, "この場所からはログインできません。貴社のWebユーザー（管理者）にお問い合わせください。"
            )
        else:
            word = form.fields["login_id"].label
            form.add_error(
                None,
                f"ログインできませんでした。{word}とパスワードが正しく入力されているか確認してください。",
            )
    return render(request, "accounts/login.html", {"form": form, "staff": staff})


def _password_error(request: HttpRequest, *, staff: bool) -> HttpResponse:
    """パスワードエラー画面 (G-137)."""
    context = {"staff": staff, "minutes": settings.PORTAL.lock_minutes}
    answer = render(request, "accounts/password_error.html", context, status=403)
    answer.for_now = True
    return answer


@page(
    "logout",
    "logout/",
    methods=("POST",),
    chapter="1章2-2",
    access=Access.USER,
    otp=False,
    before_change=True,
)
def logout(request: HttpRequest) -> HttpResponse:
    """ログアウト."""
    log_out(request)
    return redirect("logged-out")


@page(
    "desk-logout",
    "desk/logout/",
    methods=("POST",),
    chapter="-",
    access=Access.STAFF,
    otp=False,
    before_change=True,
    first_factor=True,
)
def desk_logout(request: HttpRequest) -> HttpResponse:
    """ログアウト of the desk."""
    log_out(request)
    return redirect("logged-out")


@page("logged-out", "logged-out/", chapter="1章2-2", access=Access.PUBLIC, otp=False)
def logged_out(request: HttpRequest) -> HttpResponse:
    """After ログアウト."""
    return render(request, "accounts/logged_out.html")


@page("session-ended", "session-ended/<str:reason>/", chapter="1章2-2", access=Access.PUBLIC, otp=False)
def session_ended(request: HttpRequest, reason: str) -> HttpResponse:
    """Why a session ended, and the way back (S-012)."""
    if reason not in set(Ended):
        raise Http404
    minutes = settings.PORTAL.idle_minutes
    return render(request, "accounts/session_ended.html", {"reason": reason, "minutes": minutes})


# ---------------------------------------------------------------------------------------------- own password
@page(
    "password-change",
    "password/",
    methods=BOTH,
    chapter="3章3-2",
    access=Access.USER,
    otp=True,
    before_change=True,
)
@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponse:
    """パスワード変更 (G-027); forced at first login, after reissue and reset (F-050, G-052)."""
    return _password_change(request, "password-changed")


@page(
    "desk-password",
    "desk/password/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    before_change=True,
)
@sensitive_post_parameters()
def desk_password(request: HttpRequest) -> HttpResponse:
    """パスワード変更 of the desk."""
    return _password_change(request, "desk-password-changed")


def _password_change(request: HttpRequest, done: str) -> HttpResponse:
    staff = request.user.is_staff_member
    form = PasswordChangeForm(
        request.user, lambda typed: knows_password(request, typed), request.POST or None
    )
    forced = request.user.must_change_password
    try:
        valid = request.method == "POST" and form.is_valid()
    except Locked:
        return _password_error(request, staff=staff)
    if valid:
        rules.change_password(request.user, form.cleaned_data["new"])
        # Django signs sessions with the password's hash: this one goes on under a new key.
        from django.contrib.auth import update_session_auth_hash

        update_session_auth_hash(request, request.user)
        return redirect(done)
    return render(request, "accounts/password_change.html", {"form": form, "forced": forced})


@page("password-changed", "password/done/", chapter="3章3-2", access=Access.USER, otp=False)
def password_changed(request: HttpRequest) -> HttpResponse:
    """パスワード変更完了, with what else opens the doors of this ID."""
    return render(request, "accounts/password_changed.html", {"tokens": request.user.live_tokens()})


@page("desk-password-changed", "desk/password/done/", chapter="-", access=Access.STAFF, otp=False)
def desk_password_changed(request: HttpRequest) -> HttpResponse:
    """パスワード変更完了 of the desk."""
    return render(request, "accounts/password_changed.html")


# ---------------------------------------------------------------------------------------------- reissue
@page(
    "reissue",
    "reissue/",
    methods=BOTH,
    chapter="3章4-3",
    access=Access.PUBLIC,
    otp=False,
    hours=Hours.LIST,
)
def reissue(request: HttpRequest) -> HttpResponse:
    """パスワード再発行 of a 管理者: form, question, sending (G-048, G-049)."""
    step = request.POST.get("step")
    form = ReissueForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and step != "edit":
        if step != "send":
            return render(request, "accounts/reissue_question.html", {"form": form})
        rules.reissue(
            form.cleaned_data["login_id"],
            form.cleaned_data["mail"],
            address_of(request),
            lambda holder: admitted(holder, request),
        )
        return redirect("reissue-done")
    return render(request, "accounts/reissue.html", {"form": form})


@page(
    "reissue-confirmation",
    "reissue/confirm/<str:token>/",
    methods=BOTH,
    chapter="3章4-3",
    access=Access.PUBLIC,
    otp=False,
)
def reissue_confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """The URL of the mail; a button does it, since mail programs open links on their own."""
    if request.method != "POST":
        return render(request, "accounts/reissue_confirmation.html")
    user = rules.confirm_reissue(token, address_of(request))
    status = 200 if user is not None else 410
    return render(request, "accounts/reissue_confirmed.html", {"confirmed": user is not None}, status=status)


@page("reissue-done", "reissue/done/", chapter="3章4-3", access=Access.PUBLIC, otp=False)
def reissue_done(request: HttpRequest) -> HttpResponse:
    """The same words whether the pair was right or not (G-051)."""
    return render(request, "accounts/reissue_done.html")


# ---------------------------------------------------------------------------------------------- looking
@page("own-data", "user/", chapter="3章3-3", access=Access.USER, otp=True)
def own_data(request: HttpRequest) -> HttpResponse:
    """Webユーザー情報照会 (G-034)."""
    return render(request, "accounts/own_data.html", {"person": request.user})


@page("holder", "holder/", chapter="3章3-5", access=Access.USER, otp=True)
def holder(request: HttpRequest) -> HttpResponse:
    """保険利用者情報照会; a 支店 shows fewer items (G-038, G-039). A 全社閲覧用ID chooses among its holders (G-022)."""
    choice = holder_choice(request)
    return render(request, "accounts/holder.html", {"holder": choice.holder, "choice": choice})


# ---------------------------------------------------------------------------------------------- 管理者
@page(
    "administrator", "administrator/", methods=BOTH, chapter="3章4-2", access=Access.ADMINISTRATOR, otp=True
)
def administrator(request: HttpRequest) -> HttpResponse:
    """Webユーザー（管理者）情報変更 (G-040, G-041)."""
    user, step = request.user, request.POST.get("step")
    names = ("department", "title", "name", "phone", "mail")
    start = {name: getattr(user, name) for name in names}
    start |= {"mail_again": user.mail, "otp_required": "1" if user.holder.otp_required else "0"}

    form = AdministratorForm(initial=start)
    if step == "edit":
        form = AdministratorForm(initial=_typed(request, AdministratorForm))
    elif request.method == "POST":
        form = AdministratorForm(request.POST)
        if form.is_valid():
            return _administrator_check(request, form, confirmed=step == "confirm")
    advice = MAIL_ADVICE.format(sender=settings.PORTAL.mail_sender)
    return render(request, "accounts/administrator.html", {"form": form, "advice": advice})


def _administrator_check(request: HttpRequest, form: AdministratorForm, *, confirmed: bool) -> HttpResponse:
    """The check page, and the deed when it is confirmed. What would give the ID away asks for the password: whoever finds a
    session open shall not take it along.
    """
    user, found = request.user, form.cleaned_data
    weaker = user.holder.otp_required and not found["otp_required"]
    asks = found["mail"] != user.mail or weaker
    proof = PresentPasswordForm(
        lambda typed: knows_password(request, typed), request.POST if confirmed and asks else None
    )
    try:
        if confirmed and (not asks or proof.is_valid()):
            waits = rules.change_administrator(user, found, otp_required=found["otp_required"])
            return redirect(f"{reverse('administrator-done')}{'?mail=1' if waits else ''}")
    except Locked:
        return _password_error(request, staff=False)
    context = {"form": form, "proof": proof if asks else None}
    return render(
        request, "accounts/administrator_check.html", context, status=422 if proof.is_bound else 200
    )


@page("administrator-done", "administrator/done/", chapter="3章4-2", access=Access.ADMINISTRATOR, otp=False)
def administrator_done(request: HttpRequest) -> HttpResponse:
    """Webユーザー（管理者）情報変更完了; another one when the mail address waits (G-045).

    Open without one-time password: the change may just have switched it on.
    """
    waiting = request.user.address_changes.filter(closed=False).order_by("-id").first()
    waiting = waiting if "mail" in request.GET else None
    return render(request, "accounts/administrator_done.html", {"waiting": waiting})


@page(
    "address-confirmation",
    "address/<str:token>/",
    methods=BOTH,
    chapter="3章4-2",
    access=Access.PUBLIC,
    otp=False,
)
def address_confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """The URL of the confirmation mail; a button does it, since mail programs open links on their own."""
    if request.method == "POST":
        user = rules.confirm_address(token)
        return render(
            request,
            "accounts/address_confirmed.html",
            {"confirmed": user is not None},
            status=200 if user is not None else 410,
        )
    return render(request, "accounts/address_confirmation.html")


# ---------------------------------------------------------------------------------------------- 申込者
@page("applicants", "applicants/", chapter="3章4-4", access=Access.ADMINISTRATOR, otp=True)
def applicants(request: HttpRequest) -> HttpResponse:
    """Webユーザー（申込者）情報一覧, with a choice and what to do with it (G-053, G-054)."""
    goal = {"show": "applicant", "change": "applicant-change", "reset": "applicant-reset"}.get(
        request.GET.get("do", "")
    )
    rows = seen(Resource.APPLICANT, request.user)
    message = ""
    if goal:
        login_id = request.GET.get("login_id", "")
        chosen = rows.filter(login_id=login_id).first() if _LOGIN_ID.fullmatch(login_id) else None
        if chosen is not None:
            return redirect(goal, login_id=chosen.login_id)
        message = "Webユーザー（申込者）を「選択」欄で1人選んでから、ボタンを押してください。"
    return render(
        request,
        "accounts/applicants.html",
        {"rows": rows, "message": message, "most": rules.MOST_APPLICANTS},
        status=422 if message else 200,
    )


@page(
    "applicant",
    "applicants/<str:login_id>/",
    chapter="3章4-5",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.APPLICANT,
)
def applicant(request: HttpRequest, login_id: str) -> HttpResponse:
    """詳細情報照会 (G-068)."""
    return render(request, "accounts/applicant.html", {"person": request.shown[Resource.APPLICANT]})


@page(
    "applicant-new", "applicant-new/", methods=BOTH, chapter="3章4-4", access=Access.ADMINISTRATOR, otp=True
)
def applicant_new(request: HttpRequest) -> HttpResponse:
    """新規登録 (G-055)."""
    holder = request.user.holder
    if holder.last_number >= rules.MOST_APPLICANTS and not _was_done(request):
        return _full(request)
    answer = _entry(request, ApplicantForm, {}, "accounts/applicant_new.html")
    if isinstance(answer, HttpResponse):
        return answer
    try:
        person = rules.register_applicant(request.user, answer, answer["codes"], _once(request))
    except rules.TooManyApplicants:
        return _full(request)
    return redirect("applicant-registered", login_id=person.login_id)


def _was_done(request: HttpRequest) -> bool:
    """Whether this check page was sent before: its result is shown again, even when the IDs ran out since."""
    return bool(request.user.doneonce_set.filter(token=_once(request)).exists())


def _once(request: HttpRequest) -> str:
    """The name of the check page that was sent; empty when it is none of ours."""
    token = str(request.POST.get("once", ""))
    return token if _ONCE.fullmatch(token) else ""


def _full(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/applicants_full.html", {"most": rules.MOST_APPLICANTS}, status=409)


@page(
    "applicant-registered",
    "applicants/<str:login_id>/registered/",
    chapter="3章4-4",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.APPLICANT,
)
def applicant_registered(request: HttpRequest, login_id: str) -> HttpResponse:
    """Webユーザー（申込者）登録完了, with the new ID."""
    return render(
        request, "accounts/applicant_registered.html", {"person": request.shown[Resource.APPLICANT]}
    )


@page(
    "applicant-change",
    "applicants/<str:login_id>/change/",
    methods=BOTH,
    chapter="3章4-6",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.APPLICANT,
)
def applicant_change(request: HttpRequest, login_id: str) -> HttpResponse:
    """変更 (G-059, G-069)."""
    person = request.shown[Resource.APPLICANT]
    start: dict[str, Any] = {name: getattr(person, name) for name in rules.APPLICANT_FIELDS}
    start |= {
        "active": "1" if person.active else "0",
        "codes": [row.code for row in person.listed_agreements.all()],
    }
    answer = _entry(request, ApplicantChangeForm, start, "accounts/applicant_change.html", person)
    if isinstance(answer, HttpResponse):
        return answer
    rules.change_applicant(request.user, person, answer, answer["codes"])
    return redirect("applicant-changed", login_id=login_id)


@page(
    "applicant-changed",
    "applicants/<str:login_id>/changed/",
    chapter="3章4-6",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.APPLICANT,
)
def applicant_changed(request: HttpRequest, login_id: str) -> HttpResponse:
    """Webユーザー（申込者）情報変更完了."""
    return render(request, "accounts/applicant_changed.html", {"person": request.shown[Resource.APPLICANT]})


@page(
    "applicant-reset",
    "applicants/<str:login_id>/reset/",
    methods=BOTH,
    chapter="3章4-7",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.APPLICANT,
)
def applicant_reset(request: HttpRequest, login_id: str) -> HttpResponse:
    """パスワードリセット: the question, then the deed (G-070)."""
    person = request.shown[Resource.APPLICANT]
    if request.method == "POST":
        rules.reset_applicant(request.user, person)
        return redirect("applicant-reset-done", login_id=login_id)
    return render(request, "accounts/applicant_reset.html", {"person": person})


@page(
    "applicant-reset-done",
    "applicants/<str:login_id>/reset/done/",
    chapter="3章4-7",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.APPLICANT,
)
def applicant_reset_done(request: HttpRequest, login_id: str) -> HttpResponse:
    """After パスワードリセット; tells of APIトークン, which go on."""
    person = request.shown[Resource.APPLICANT]
    context = {"person": person, "tokens": person.live_tokens()}
    return render(request, "accounts/applicant_reset_done.html", context)


def _entry(
    request: HttpRequest,
    form_class: type[ApplicantForm],
    start: dict[str, Any],
    template: str,
    person: Any = None,
) -> HttpResponse | dict[str, Any]:
    """Entry, choice of 特約コード and check page of an 申込者; what was confirmed comes back as a mapping."""
    holder, step = request.user.holder, request.POST.get("step", "")
    context: dict[str, Any] = {"person": person}
    if request.method != "POST":
        form = form_class(holder, initial=start)
    elif step in {"edit", "codes", "codes-set", "codes-keep"}:
        typed = _typed(request, form_class)
        if step == "codes-set":
            typed["codes"] = request.POST.getlist("chosen")
        form = form_class(holder, initial=typed)
        known = [value for value, _ in form.fields["codes"].choices]
        typed["codes"] = [code for code in typed["codes"] if code in known]
        if step == "codes":
            if typed.get("data_scope") == DataScope.LISTED:
                context |= {"form": form, "known": known, "chosen": typed["codes"]}
                return render(request, "accounts/applicant_codes.html", context)
            context["message"] = "特約コードを選ぶには、先に「対象特約のみ参照可能」を選択してください。"
        elif step == "codes-set" and not typed["codes"]:
            context |= {"form": form, "known": known, "chosen": []}
            context["message"] = "特約コードを1つ以上選択してから「反映」を押してください。"
            return render(request, "accounts/applicant_codes.html", context, status=422)
    else:
        form = form_class(holder, request.POST)
        if form.is_valid():
            if step == "confirm" and _once(request):
                return dict(form.cleaned_data)
            context |= {"form": form, "once": secrets.token_urlsafe(32)}
            return render(request, template.replace(".html", "_check.html"), context)
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


def _typed(request: HttpRequest, form_class: Any) -> dict[str, Any]:
    """What stands in a form as it was typed, for a page that judges nothing."""
    many = {
        name for name, field in form_class.base_fields.items() if isinstance(field, forms.MultipleChoiceField)
    }
    return {
        name: request.POST.getlist(name) if name in many else request.POST.get(name, "")
        for name in form_class.base_fields
    }


# ---------------------------------------------------------------------------------------------- one-time password
@page("otp-issue", "otp/issue/", methods=("POST",), chapter="3章5-3", access=Access.USER, otp=False)
def otp_issue(request: HttpRequest) -> HttpResponse:
    """「ワンタイムパスワードの発行」 (G-117)."""
    if not request.user.uses_otp:
        return redirect("user-page")
    again = otp.issue(request)
    if again is not None:
        minutes = int(otp.ISSUE_SPAN.total_seconds() // 60)
        context = {"again": again, "most": otp.MOST_ISSUES, "minutes": minutes}
        return render(request, "accounts/otp_refused.html", context, status=429)
    return redirect("otp-entry")


@page("otp-entry", "otp/", methods=BOTH, chapter="3章5-3", access=Access.USER, otp=False)
def otp_entry(request: HttpRequest) -> HttpResponse:
    """ワンタイムパスワード入力 (G-118 to G-121)."""
    if not request.user.uses_otp:
        return redirect("user-page")
    form, expired = OtpForm(request.POST or None), False
    if request.method == "POST" and form.is_valid():
        entry = otp.enter(request, form.cleaned_data["code"])
        if entry is otp.Entry.OPEN:
            return redirect("user-page")
        expired = entry is otp.Entry.EXPIRED
        form.add_error(
            "code",
            "ワンタイムパスワードは失効しています。ユーザーページで再度発行してください。"
            if expired
            else "ワンタイムパスワードが正しくありません。メールを確認して入力し直してください。もう一度間違えると失効します。",
        )
    context = {
        "form": form,
        "expired": expired,
        "mail": request.user.mail,
        "minutes": settings.PORTAL.otp_minutes,
    }
    return render(request, "accounts/otp_entry.html", context)


@page(
    "desk-otp",
    "desk/otp/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    before_change=True,
    first_factor=True,
)
def desk_otp(request: HttpRequest) -> HttpResponse:
    """The second factor of the desk: a one-time password is mailed on demand, then entered."""
    if otp_open(request):
        return redirect("desk")
    context: dict[str, Any] = {"mail": request.user.mail, "minutes": settings.PORTAL.otp_minutes}
    if request.method == "POST" and "issue" in request.POST:
        again = otp.issue(request)
        if again is not None:
            context |= {"again": again, "most": otp.MOST_ISSUES, "span": otp.ISSUE_SPAN.seconds // 60}
        return render(
            request, "accounts/desk_otp.html", context | {"form": OtpForm()}, status=429 if again else 200
        )
    form = OtpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        entry = otp.enter(request, form.cleaned_data["code"])
        if entry is otp.Entry.OPEN:
            return redirect("desk")
        form.add_error(
            "code",
            "ワンタイムパスワードは失効しています。もう一度発行してください。"
            if entry is otp.Entry.EXPIRED
            else "ワンタイムパスワードが正しくありません。メールを確認して入力し直してください。もう一度間違えると失効します。",
        )
    return render(
        request, "accounts/desk_otp.html", context | {"form": form}, status=422 if form.errors else 200
    )


# ---------------------------------------------------------------------------------------------- IP addresses
@page("addresses", "addresses/", methods=BOTH, chapter="3章6", access=Access.ADMINISTRATOR, otp=True)
def addresses(request: HttpRequest) -> HttpResponse:
    """IPアドレス制限の設定: entry, check, in force (G-128 to G-132)."""
    holder, step, address = request.user.holder, request.POST.get("step"), address_of(request)
    lines = (f"{row.network} {row.memo}".strip() for row in holder.address_entries.all())
    form = AddressesForm(
        address,
        initial={"restricted": "1" if holder.addresses_restricted else "0", "entries": "\n".join(lines)},
    )
    if step == "edit":
        form = AddressesForm(address, initial=_typed(request, AddressesForm))
    elif request.method == "POST":
        form = AddressesForm(address, request.POST)
        if form.is_valid():
            found = form.cleaned_data
            if step != "confirm":
                return render(request, "accounts/addresses_check.html", {"form": form})
            rules.change_addresses(request.user, restricted=found["restricted"], entries=found["entries"])
            return redirect("addresses-done")
    return render(request, "accounts/addresses.html", {"form": form, "address": address})


@page("addresses-done", "addresses/done/", chapter="3章6", access=Access.ADMINISTRATOR, otp=True)
def addresses_done(request: HttpRequest) -> HttpResponse:
    """IPアドレス制限の設定完了."""
    return render(request, "accounts/addresses_done.html", {"holder": request.user.holder})
