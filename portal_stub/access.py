"""Who may open which page: declared once per view with ``page``, enforced there, listed by ``daicho portal routes``.

A view that is not declared has no address: the URLs are made of this registry, and a start-up check (``checks``)
refuses any other view. What a right means stands in ``accounts.models``. Addresses for programs are declared here, too
(``for_programs``); what a token may do there is ``portal_stub.api``.
"""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from portal_stub import clock
from portal_stub.accounts.models import StaffRole
from portal_stub.hours import WINDOWS, Hours, is_open, opens_next
from portal_stub.visibility import judging as visibility
from portal_stub.visibility.resources import Resource, undeclared_parameters

View = Callable[..., HttpResponse]


class Access(StrEnum):
    """Who may open a page at all."""

    PUBLIC = "public"
    USER = "user"
    """Every Webユーザー."""
    APPLICANT = "applicant"
    """Webユーザー with 入力権限 or more; the 管理者 always has it (G-010, G-013)."""
    ADMINISTRATOR = "administrator"
    STAFF = "staff"
    """The insurer's desk."""
    TOKEN = "token"
    """Programs with an APIトークン; no session counts there (``portal_stub.api``, ADR 0021)."""


class Right(StrEnum):
    """What a page needs on top, of the three dimensions of G-T1."""

    APPLY = "apply"
    """入力・申込権限: 「申込む」, 「申請」, 「通知」 (G-012)."""
    DATA = "data"
    """情報データ参照: concluded contracts (G-015)."""
    APPLICATIONS = "applications"
    """申込データ参照 (G-017)."""


@dataclass(frozen=True)
class Route:
    """One page as declared."""

    name: str
    path: str
    methods: tuple[str, ...]
    chapter: str
    """Chapter of the operation manual that tells of it (edition 003, else 000)."""
    access: Access
    otp: bool
    """True: closed until the one-time password was entered, where the holder uses it (G-114)."""
    right: Right | None
    before_change: bool
    """True: open although the password must be changed first (F-050)."""
    least: StaffRole | None
    """On pages of the desk the narrowest role that opens them; wider roles do, too. None elsewhere."""
    large: bool
    """True: it takes whole uploads; any other request is bounded (``pages.middleware``)."""
    hours: Hours | None
    """When it is open; None: always. Pages of users keep at least the hours of displays and inputs (C-041)."""
    passive: bool
    """True: pages ask for it by themselves, which is no activity of their user (S-012)."""
    view: View
    shows: tuple[Resource, ...] = ()
    """What its address names: a page is not entered for what does not exist for the user (``visibility``)."""
    opens_to: Access | None = None
    """Of an address for programs: the users for whom a token can open it, if their rights go on."""

    def row(self) -> dict[str, object]:
        """The row of ``daicho portal routes --json`` (contract §4)."""
        return {
            "name": self.name,
            "path": f"/{self.path}",
            "methods": list(self.methods),
            "chapter": self.chapter,
            "access": str(self.opens_to or self.access),
            "otp": self.otp,
        }


ROUTES: dict[str, Route] = {}
ASK_NO_MORE = 286
"""Status by which htmx ends its polling."""


def page(
    name: str,
    path: str,
    *,
    chapter: str,
    access: Access,
    otp: bool,
    methods: Sequence[str] = ("GET",),
    right: Right | None = None,
    before_change: bool = False,
    least: Any = None,
    hours: Hours | None = None,
    large: bool = False,
    passive: bool = False,
    shows: Resource | Sequence[Resource] = (),
    gone: bool = False,
    first_factor: bool = False,
) -> Callable[[View], View]:
    """Declares a view: its address, who may open it, and whether a one-time password protects it.

    ``passive``: a part of pages that they ask for again and again. It keeps no session alive, ends none either (the next
    click tells why it ended), and a script that is refused is told to ask no more.
    ``shows``: the things that the address of a page of users names. Those that do not exist for the user are a 404 before
    the view is entered; it finds them in ``request.shown``. Every parameter that names a thing must be declared so.
    ``gone``: the view is entered also when such a thing is not there for anybody any more (pressed twice); then it finds
    None. What exists and belongs to others stays a 404.
    ``first_factor``: a page of the desk that opens before the one-time password was entered. All others are protected by it,
    where ``staff_otp`` asks for one, and say nothing about ``otp``.
    ``least`` is a StaffRole (mypy, without stubs of Django, takes its members for tuples); a page of the desk that
    names none is open to every member of it.
    """

    def declare(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            refused = _refusal(route, request)
            if refused is None:
                request.shown = things_of(route.shows, request.user, kwargs, gone=gone)
            if refused is not None and passive and "HX-Request" in request.headers:
                return render(request, "pages/parts/asked_enough.html", status=ASK_NO_MORE)
            return refused if refused is not None else view(request, *args, **kwargs)

        allowed = (*methods, "HEAD") if "GET" in methods else tuple(methods)
        role = StaffRole(least or "reader") if access is Access.STAFF else least
        things = (shows,) if isinstance(shows, Resource) else tuple(shows)
        protected = not first_factor if access is Access.STAFF else otp
        kept = hours or (None if access in {Access.PUBLIC, Access.STAFF} else Hours.LIST)
        route = Route(
            name,
            path,
            tuple(methods),
            chapter,
            access,
            protected,
            right,
            before_change,
            role,
            large,
            kept,
            passive,
            guarded,
            things,
        )
        if access not in {Access.PUBLIC, Access.STAFF} and (unknown := _undeclared(path, things)):
            raise ValueError(f"page {name} names {', '.join(unknown)} and does not declare what it shows")
        if things and access in {Access.PUBLIC, Access.STAFF}:
            raise ValueError(f"page {name} shows what users see but is not of users")
        if name in ROUTES or any(path == other.path for other in ROUTES.values()):
            raise ValueError(f"page {name} at /{path} is declared twice")
        if access is Access.PUBLIC and (otp or right):
            raise ValueError(f"page {name} cannot be public and protected")
        if first_factor and access is not Access.STAFF:
            raise ValueError(f"page {name} asks for one factor but is not of the desk")
        if access is Access.TOKEN:
            raise ValueError(f"{name} is for programs and declared with for_programs")
        if least and access is not Access.STAFF:
            raise ValueError(f"page {name} asks for a role of the desk but is not of the desk")
        if passive and tuple(methods) != ("GET",):
            raise ValueError(f"page {name} is passive but does something")
        if hours and access is Access.STAFF:
            raise ValueError(f"page {name} is of the desk, which keeps no hours")
        guarded.route = route  # type: ignore[attr-defined]
        ROUTES[name] = route
        return guarded

    return declare


_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def _undeclared(path: str, shows: tuple[Resource, ...]) -> list[str]:
    return undeclared_parameters(_PARAMETER.findall(path), shows)


def things_of(
    shows: tuple[Resource, ...], user: Any, parameters: dict[str, Any], *, gone: bool = False
) -> dict[Resource, Any]:
    """What an address names, by resource; ``gone`` as of ``page``.

    Raises:
        Http404: something of it does not exist for the user (S-024).
    """
    shown = {}
    for resource in shows:
        shown[resource] = visibility.find(resource, user, parameters)
        if shown[resource] is None and not (gone and not visibility.exists(resource, parameters)):
            raise Http404
    return shown


def for_programs(
    name: str,
    path: str,
    view: View,
    *,
    methods: Sequence[str],
    opens_to: Access,
    large: bool,
    shows: tuple[Resource, ...] = (),
) -> None:
    """Declares an address for programs. Whoever comes without a token that was looked at gets no further than here.

    ``opens_to`` is what ``daicho portal routes`` lists: USER or APPLICANT, since a token acts as one of them.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in allowed:
            return HttpResponseNotAllowed(allowed)
        if getattr(request, "caller", None) is None:
            raise PermissionDenied
        if request.method == "HEAD":
            request.method = "GET"
        return view(request, *args, **kwargs)

    if unknown := _undeclared(path, shows):
        raise ValueError(f"{name} names {', '.join(unknown)} and does not declare what it shows")
    allowed = (*methods, "HEAD") if "GET" in methods else tuple(methods)
    if name in ROUTES or any(path == other.path for other in ROUTES.values()):
        raise ValueError(f"address {name} at /{path} is declared twice")
    route = Route(
        name=name,
        path=path,
        methods=tuple(methods),
        chapter="-",
        access=Access.TOKEN,
        otp=False,
        right=None,
        before_change=False,
        least=None,
        large=large,
        passive=False,
        hours=Hours.LIST,
        view=guarded,
        shows=shows,
        opens_to=opens_to,
    )
    guarded.route = route  # type: ignore[attr-defined]
    ROUTES[name] = route


def _refusal(route: Route, request: HttpRequest) -> HttpResponse | None:
    """The answer to who may not open the page; None for who may."""
    if route.access is Access.PUBLIC:
        return closed(request, route.hours)
    user = request.user
    if not user.is_authenticated:
        if reason := getattr(request, "session_ended", None):
            return redirect("session-ended", reason=reason)
        return redirect("desk-login" if route.access is Access.STAFF else "login")
    if user.is_staff_member != (route.access is Access.STAFF):
        return forbidden(request)
    if user.is_staff_member and route.otp and not otp_open(request):
        return redirect("desk-otp")
    if user.must_change_password and not route.before_change:
        return redirect("desk-password" if user.is_staff_member else "password-change")
    if route.access is Access.ADMINISTRATOR and not user.is_administrator:
        return forbidden(request)
    if route.access is Access.APPLICANT and not user.may_enter:
        return forbidden(request)
    if not has_right(user, route.right) or not has_role(user, route.least):
        return forbidden(request)
    if notice := closed(request, route.hours):
        return notice
    if route.otp and not user.must_change_password and not otp_open(request):
        answer = render(request, "accounts/otp_protected.html", status=403)
        answer.for_now = True
        return answer
    return None


def has_right(user: Any, right: Right | None) -> bool:
    """Whether a user holds a right; everybody holds none."""
    match right:
        case None:
            return True
        case Right.APPLY:
            return bool(user.may_apply)
        case Right.DATA:
            return bool(user.may_see_data)
        case Right.APPLICATIONS:
            return bool(user.may_see_applications)


def is_closed(hours: Hours | None) -> bool:
    """Whether pages that keep these hours are closed now."""
    return hours is not None and settings.PORTAL.service_hours and not is_open(hours, clock.now())


def closed(request: HttpRequest, hours: Hours | None) -> HttpResponse | None:
    """The notice that tells the hours when they are over, never a page of error (C-043); None when open.

    Its status is 403, as for what a one-time password protects: the portal works, and refuses for now. A view whose
    entry is always open but whose last step calls the contract system asks for it before that step.
    """
    if hours is None or not is_closed(hours):
        return None
    context = {"hours": WINDOWS[hours].words, "opens": opens_next(hours, clock.now())}
    answer = render(request, "pages/closed.html", context, status=403)
    answer.for_now = True
    return answer


def has_role(user: Any, least: Any) -> bool:
    """Whether a member of the desk has a role or a wider one; where none is asked for, everybody has it."""
    return least is None or (bool(user.role) and StaffRole(user.role).includes(least))


def otp_open(request: HttpRequest) -> bool:
    """Whether pages behind the one-time password are open: none is asked for, or it was entered (G-122)."""
    user = request.user
    return not user.uses_otp or request.session.get("otp_entered") == user.session_token


def may_open(name: str, user: Any) -> bool:
    """Whether a menu entry is offered to a user (S-008); the one-time password is another question."""
    route = ROUTES[name]
    allowed = {
        Access.PUBLIC: True,
        Access.USER: not user.is_staff_member,
        Access.APPLICANT: user.may_enter,
        Access.ADMINISTRATOR: user.is_administrator,
        Access.STAFF: user.is_staff_member,
        Access.TOKEN: False,
    }[route.access]
    return bool(allowed) and has_right(user, route.right) and has_role(user, route.least)


def forbidden(request: HttpRequest) -> HttpResponse:
    """The page for who lacks a right; it does not tell whether there is something to see."""
    return render(request, "403.html", status=403)


def patterns() -> list[URLPattern]:
    """The URLs of all declared pages."""
    return [path(route.path, route.view, name=route.name) for route in ROUTES.values()]


def undeclared(found: Iterable[Any]) -> list[str]:
    """The URL patterns (nested ones too) whose view was not declared with ``page``."""
    faults = []
    for pattern in found:
        if hasattr(pattern, "url_patterns"):
            faults += undeclared(pattern.url_patterns)
        elif not isinstance(getattr(pattern.callback, "route", None), Route):
            faults.append(str(pattern.pattern))
    return faults
