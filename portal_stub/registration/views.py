"""The pages of registration: everybody may open them, and what was typed opens only to who authenticated.

Seed 000/001 ch. 2. The session keeps nothing but the proof of authentication: which registration, of which mailed URL,
until when. Each step is a page of its own; who is not yet, or no longer, at a step is led to the one that is open.
"""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.accounts import limits
from portal_stub.accounts.addresses import address_of
from portal_stub.accounts.fields import number_of
from portal_stub.pages.answers import pdf
from portal_stub.registration import rules, terms
from portal_stub.registration.forms import FORMS, HELP, ApplicationForm, MailForm, RegistrationPasswordForm
from portal_stub.registration.models import FORM_LIFE, URL_LIFE, WITH_APPLICANT, Kind, Registration, State
from portal_stub.registration.papers import application_form
from portal_stub.registration.rules import Verdict

BOTH = ("GET", "POST")
CHAPTER = "2章"
_PROOF = "registration"
_ONCE = re.compile(r"[\w-]{43}", re.ASCII)
CHOICES = (
    (
        Kind.HEAD_OFFICE,
        "自社として、はじめて貿易保険を利用しようとしている場合（過去に貿易保険の保険利用者登録をしたことがない場合）。Webユーザー登録を同時に行います。",
    ),
    (
        Kind.BRANCH,
        "すでに本店（本社）の保険利用者登録が済んでいて、支店（支社）・部門・事業所などを追加したい場合。Webユーザー登録を同時に行います。",
    ),
    (Kind.WEB_USER, "すでに保険利用者登録が済んでいて、WebユーザーIDをお持ちでない場合。"),
)


# ---------------------------------------------------------------------------------------------- before the mail
@page("registration", "registration/", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def flow(request: HttpRequest) -> HttpResponse:
    """申込手続きの内容と流れ (F-006 to F-010)."""
    return render(request, "registration/flow.html", {"choices": CHOICES})


@page(
    "registration-mail", "registration/mail/", methods=BOTH, chapter=CHAPTER, access=Access.PUBLIC, otp=False
)
def mail(request: HttpRequest) -> HttpResponse:
    """Step 1: the address to which 登録用URL and 登録用パスワード are sent (F-011 to F-016)."""
    form = MailForm(request.POST or None)
    once = str(request.POST.get("once", ""))
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["mail"]
        limits.look("registration", address_of(request))
        limits.count("registration", limits.By.ADDRESS, address_of(request))
        try:
            rules.request_url(address, once if _ONCE.fullmatch(once) else secrets.token_urlsafe(32))
        except rules.TooManyMails:
            form.add_error(
                "mail",
                "このメールアドレスには、短い時間に何度も登録用URLを送信しています。届いているメールを確認し、届かない場合は1時間後にやり直してください。",
            )
        else:
            request.session["registration_mail"] = address
            return redirect("registration-mail-sent")
    context = {
        "form": form,
        "once": secrets.token_urlsafe(32),
        "sender": settings.PORTAL.mail_sender,
    }
    return render(request, "registration/mail.html", context, status=422 if form.errors else 200)


@page("registration-mail-sent", "registration/mail/done/", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def mail_sent(request: HttpRequest) -> HttpResponse:
    """登録用メール送信完了, naming the address (F-016, F-017)."""
    address = request.session.get("registration_mail")
    if address is None:
        return redirect("registration-mail")
    context = {"address": address, "sender": settings.PORTAL.mail_sender, "days": URL_LIFE.days}
    return render(request, "registration/mail_sent.html", context)


@page(
    "registration-url",
    "registration/url/<str:token>/",
    methods=BOTH,
    chapter=CHAPTER,
    access=Access.PUBLIC,
    otp=False,
)
@sensitive_post_parameters("password")
def url(request: HttpRequest, token: str) -> HttpResponse:
    """The 登録用URL: asks for the password, until the application is sent or 60 days passed (F-018 to F-021)."""
    found = rules.of_url(token)
    if found is None:
        return render(request, "registration/url_unknown.html", status=404)
    closed = rules.why_closed(found)
    form = RegistrationPasswordForm(request.POST or None)
    if closed is None and request.method == "POST" and form.is_valid():
        limits.look("registration-password", address_of(request))
        verdict = rules.authenticate(found, form.cleaned_data["password"])
        if verdict is not Verdict.OPEN:
            limits.count("registration-password", limits.By.ADDRESS, address_of(request))
        if verdict is Verdict.OPEN:
            found.refresh_from_db()
            request.session.cycle_key()
            _prove(request, found)
            # After a restart the stored entries are waiting (F-046).
            again = found.restarted_at is not None and found.answers
            return redirect("registration-entry" if again else "registration-kind")
        if verdict is Verdict.WRONG:
            form.add_error(
                "password",
                "登録用パスワードが正しくありません。メールに記載されたパスワードを確認して、入力し直してください。",
            )
        else:
            closed = verdict
    minutes = int(rules.BLOCK.total_seconds() // 60)
    context = {"form": form, "closed": closed, "minutes": minutes, "most": rules.MOST_FAILURES}
    if closed is not None:
        return render(
            request,
            "registration/url_closed.html",
            context,
            status=403 if closed is Verdict.BLOCKED else 410,
        )
    return render(request, "registration/url.html", context, status=422 if form.errors else 200)


# ---------------------------------------------------------------------------------------------- proof
def _prove(request: HttpRequest, registration: Registration) -> None:
    until = clock.now() + timedelta(minutes=settings.PORTAL.idle_minutes)
    request.session[_PROOF] = {
        "id": registration.pk,
        "generation": registration.generation,
        "until": until.isoformat(),
    }


def _proven(request: HttpRequest) -> Registration | None:
    """The registration of the proof in the session, which lives on with each request (F-053); None without one."""
    proof = request.session.get(_PROOF)
    if proof is None:
        return None
    found: Registration | None = Registration.objects.filter(pk=proof["id"]).first()
    late = clock.now() > datetime.fromisoformat(proof["until"])
    if found is None or late or found.expired or found.generation != proof["generation"]:
        del request.session[_PROOF]
        return None
    _prove(request, found)
    return found


def _at(request: HttpRequest, *, confirmed: bool = False, chosen: bool = True) -> Registration | HttpResponse:
    """The registration if the step is open to it, else the way to the step that is.

    ``chosen``: a kind must have been chosen; ``confirmed``: step 2 must be valid.
    """
    found = _proven(request)
    if found is None:
        return redirect("registration-ended")
    if found.state not in WITH_APPLICANT:
        return redirect("registration-print")  # no earlier step any more (F-041)
    if chosen and not found.kind:
        return redirect("registration-kind")
    if confirmed and found.state != State.CONFIRMED:
        return redirect("registration-entry")
    return found


def _again(request: HttpRequest) -> HttpResponse:
    """Another window was faster: the step that is open now, with a word about it."""
    request.session["registration_word"] = "別の画面で内容が変更されました。現在の内容を確認してください。"
    return redirect("registration-check")


@page("registration-ended", "registration/ended/", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def ended(request: HttpRequest) -> HttpResponse:
    """No authentication, or none any more: the mailed URL leads back."""
    return render(request, "registration/ended.html", {"minutes": settings.PORTAL.idle_minutes})


@page(
    "registration-close",
    "registration/close/",
    methods=("POST",),
    chapter=CHAPTER,
    access=Access.PUBLIC,
    otp=False,
)
def close(request: HttpRequest) -> HttpResponse:
    """「閉じる」: the proof ends, so that the next person at this screen sees nothing."""
    for name in (_PROOF, "registration_mail", "registration_word"):
        request.session.pop(name, None)
    return redirect("top")


# ---------------------------------------------------------------------------------------------- after authentication
@page(
    "registration-kind", "registration/kind/", methods=BOTH, chapter=CHAPTER, access=Access.PUBLIC, otp=False
)
def kind(request: HttpRequest) -> HttpResponse:
    """申込情報の入力（申込みの流れ）: one button per kind (F-022, F-023)."""
    found = _at(request, chosen=False)
    if isinstance(found, HttpResponse):
        return found
    wanted, message = request.POST.get("kind", ""), ""
    if request.method == "POST":
        if wanted in Kind.values:
            try:
                rules.choose(found, Kind(wanted))
            except rules.Outdated:
                return _again(request)
            return redirect("registration-entry")
        message = "申込みの種類のボタンを押してください。"
    context = {"choices": CHOICES, "message": message, "registration": found}
    return render(request, "registration/kind.html", context, status=422 if message else 200)


@page(
    "registration-entry",
    "registration/entry/",
    methods=BOTH,
    chapter=CHAPTER,
    access=Access.PUBLIC,
    otp=False,
)
def entry(request: HttpRequest) -> HttpResponse:
    """Step 2: entry of the kind that was chosen (F-024 to F-036)."""
    found = _at(request)
    if isinstance(found, HttpResponse):
        return found
    form_class = FORMS[found.kind]
    form = _filled(form_class, found)
    try:
        if request.method == "POST" and request.POST.get("step") == "discard":
            rules.discard(found)
            return redirect("registration-kind")
        if request.method == "POST":
            form = form_class(request.POST)
            if request.POST.get("kind") != found.kind:
                return _again(request)  # the form of another kind, from another window
            if form.is_valid():
                rules.confirm(found, found.kind, form.answers)
                return redirect("registration-check")
    except rules.Outdated:
        return _again(request)
    context = {
        "form": form,
        "kind": Kind(found.kind),
        "helped": HELP,
        "word": request.session.pop("registration_word", ""),
        "minutes": settings.PORTAL.idle_minutes,
    }
    return render(request, "registration/entry.html", context, status=422 if form.errors else 200)


def _filled(form_class: type[ApplicationForm], registration: Registration) -> ApplicationForm:
    if not registration.answers:
        return form_class()
    return form_class(initial={**registration.answers, "mail_again": registration.answers["mail"]})


@page("registration-help", "registration/help/<str:kind>/", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def help_window(request: HttpRequest, kind: str) -> HttpResponse:
    """What opens in a window of its own behind the ？ of an item (F-025)."""
    if kind not in FORMS:
        return render(request, "404.html", status=404)
    fields = FORMS[kind].base_fields
    items = [
        (name, fields[name].label, HELP[name])
        for _, _, names in FORMS[kind].sections
        for name in names
        if name in HELP
    ]
    return render(request, "registration/help.html", {"items": items, "kind": Kind(kind)})


@page("registration-check", "registration/check/", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def check(request: HttpRequest) -> HttpResponse:
    """Step 3: all entries as they are stored (F-037)."""
    found = _at(request, confirmed=True)
    if isinstance(found, HttpResponse):
        return found
    word = request.session.pop("registration_word", "")
    context = {"blocks": FORMS[found.kind].told(found.answers), "word": word}
    return render(request, "registration/check.html", context)


@page(
    "registration-terms",
    "registration/terms/",
    methods=BOTH,
    chapter=CHAPTER,
    access=Access.PUBLIC,
    otp=False,
)
def agree(request: HttpRequest) -> HttpResponse:
    """Step 4: 規約 and sending (F-038 to F-041)."""
    found = _at(request, confirmed=True)
    if isinstance(found, HttpResponse):
        return found
    message = ""
    if request.method == "POST":
        version = str(request.POST.get("version", ""))
        if request.POST.get("agreed") != "1":
            message = (
                "Webサービス利用規約に同意しないと、次のステップへ進むことはできません。"
                "「Webサービス利用規約に同意して、申込情報を送信する」にチェックを入れてください。"
            )
        elif request.POST.get("edition") != terms.EDITION:
            message = "規約が改定されました。内容を確認して、もう一度チェックを入れてください。"
        else:
            try:
                rules.send(found, number_of(version) or 0, terms.EDITION)
            except rules.Outdated:
                return _again(request)
            return redirect("registration-print")
    context: dict[str, Any] = {"terms": terms, "version": found.version, "message": message}
    return render(request, "registration/terms.html", context, status=422 if message else 200)


@page("registration-terms-pdf", "registration/terms.pdf", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def terms_pdf(request: HttpRequest) -> HttpResponse:
    """PDF版 of the 規約 (F-038)."""
    return pdf(terms.terms_pdf(), "terms")


@page("registration-print", "registration/print/", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def print_form(request: HttpRequest) -> HttpResponse:
    """Step 5: sent, but not complete; print, seal, post (F-042)."""
    found = _sent(request)
    if isinstance(found, HttpResponse):
        return found
    return render(request, "registration/print.html", {"registration": found, "days": FORM_LIFE.days})


@page("registration-form-pdf", "registration/form.pdf", chapter=CHAPTER, access=Access.PUBLIC, otp=False)
def form_pdf(request: HttpRequest) -> HttpResponse:
    """「申込書を印刷する」: the 申込書 as PDF (F-043)."""
    found = _sent(request)
    if isinstance(found, HttpResponse):
        return found
    return pdf(application_form(found), f"application-{found.number}")


def _sent(request: HttpRequest) -> Registration | HttpResponse:
    found = _proven(request)
    if found is None:
        return redirect("registration-ended")
    return found if found.state not in WITH_APPLICANT else redirect("registration-kind")
