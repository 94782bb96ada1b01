"""Pages for people about the interface for programs: APIトークン of the 管理者, and the description of the API.

What programs call is declared in ``endpoints``; importing it here gives those addresses to the portal.
"""

import re
import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.api import describing, rules
from portal_stub.api.forms import TokenForm
from portal_stub.api.models import Scope
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

BOTH = ("GET", "POST")
_ONCE = re.compile(r"[\w-]{1,43}", re.ASCII)


@page("api-tokens", "api-tokens/", chapter="-", access=Access.ADMINISTRATOR, otp=True)
def tokens(request: HttpRequest) -> HttpResponse:
    """All tokens of the holder, with last use; those of the past, too."""
    today = clock.today()
    rows = [
        (row, row.state_on(today), row.can_be_withdrawn_on(today))
        for row in seen(Resource.API_TOKEN, request.user)
    ]
    return render(request, "api/tokens.html", {"rows": rows, "most": rules.MOST_TOKENS})


@page("api-token-new", "api-token-new/", methods=BOTH, chapter="-", access=Access.ADMINISTRATOR, otp=True)
def token_new(request: HttpRequest) -> HttpResponse:
    """Entry, check, and the one page that shows the token.

    That page is the answer to the confirmation itself: nothing of the token is kept from which another could show it.
    """
    holder, step = request.user.holder, request.POST.get("step", "")
    users, today = rules.users_for_tokens(holder), clock.today()
    if step == "edit":
        typed = {name: request.POST.get(name, "") for name in TokenForm.base_fields}
        form = TokenForm(users, today, initial=typed)
    else:
        form = TokenForm(users, today, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        once = str(request.POST.get("once", ""))
        if step == "confirm" and _ONCE.fullmatch(once):
            found = form.cleaned_data
            try:
                token, text = rules.make_token(
                    request.user, form.user, found["name"], Scope(found["scope"]), found["last_day"], once
                )
            except rules.TooManyTokens:
                return render(request, "api/token_full.html", {"most": rules.MOST_TOKENS}, status=409)
            return render(request, "api/token_made.html", {"token": token, "text": text})
        context = {"form": form, "person": form.user, "once": secrets.token_urlsafe(32)}
        return render(request, "api/token_new_check.html", context)
    return render(request, "api/token_new.html", {"form": form}, status=422 if form.errors else 200)


@page(
    "api-token-withdraw",
    "api-tokens/<str:token_id>/withdraw/",
    methods=BOTH,
    chapter="-",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.API_TOKEN,
)
def token_withdraw(request: HttpRequest, token_id: str) -> HttpResponse:
    """「無効にする」: the question, then the deed."""
    token = request.shown[Resource.API_TOKEN]
    if request.method == "POST":
        rules.withdraw_token(request.user, token)
        return redirect("api-token-withdrawn", token_id=token_id)
    if token.withdrawn_at is not None:
        return redirect("api-token-withdrawn", token_id=token_id)
    return render(request, "api/token_withdraw.html", {"token": token})


@page(
    "api-token-withdrawn",
    "api-tokens/<str:token_id>/withdrawn/",
    chapter="-",
    access=Access.ADMINISTRATOR,
    otp=True,
    shows=Resource.API_TOKEN,
)
def token_withdrawn(request: HttpRequest, token_id: str) -> HttpResponse:
    """After 「無効にする」."""
    token = request.shown[Resource.API_TOKEN]
    if token.withdrawn_at is None:
        return redirect("api-token-withdraw", token_id=token_id)
    return render(request, "api/token_withdrawn.html", {"token": token})


@page("api", "api/", chapter="-", access=Access.PUBLIC, otp=False)
def api(request: HttpRequest) -> HttpResponse:
    """The description for people, made of the same one that programs get."""
    return render(request, "api/description.html", describing.for_people())
