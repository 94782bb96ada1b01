"""How an address for programs is declared: once, for the router of django-ninja and for the portal's registry of pages.

``endpoint`` says what a caller needs; ``declare_all`` gives the addresses to ``access``, from which the portal's URLs are
made. What the endpoints do belongs in ``endpoints``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer

from portal_stub.access import Access, Right, for_programs, has_right, things_of
from portal_stub.api.callers import Caller
from portal_stub.api.models import Scope
from portal_stub.api.problems import Problem
from portal_stub.api.shapes import ProblemDetails
from portal_stub.visibility.resources import Resource
from schemas.submission import Refusal

PATH = "api/v1/"
api = NinjaAPI(
    title="貿易保険Webサービス 台帳 API",
    version="1",
    openapi_url=None,  # ``describing`` serves it, as a declared page
    docs_url=None,
    urls_namespace="api-v1",
)


class Bearer(HttpBearer):
    """Lets a caller in who has what the endpoint needs; who calls was found out before (``middleware``)."""

    def __init__(
        self, scope: Any, access: Access, rights: tuple[Right, ...], shows: tuple[Resource, ...]
    ) -> None:
        super().__init__()
        self.scope, self.access, self.rights, self.shows = scope, access, rights, shows

    def __call__(self, request: HttpRequest) -> Caller:
        """The caller.

        Raises:
            Problem: ``missing-scope``, ``missing-right``.
            Http404: what the address names does not exist for the user; else the endpoint finds it in ``request.shown``.
        """
        caller: Caller = request.caller
        if not Scope(caller.token.scope).includes(self.scope):
            raise Problem("missing-scope")
        if self.access is Access.APPLICANT and not caller.user.may_enter:
            raise Problem("missing-right")
        if self.rights and not any(has_right(caller.user, right) for right in self.rights):
            raise Problem("missing-right")
        request.shown = things_of(self.shows, caller.user, request.resolver_match.kwargs)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Never asked: ``__call__`` does it."""
        raise NotImplementedError


@dataclass
class _Declared:
    """What was said of one address."""

    name: str
    methods: list[str] = field(default_factory=list)
    access: list[Access] = field(default_factory=list)
    large: bool = False
    shows: tuple[Resource, ...] = ()


_DECLARED: dict[str, _Declared] = {}
View = Callable[..., Any]


def endpoint(
    method: str,
    path: str,
    *,
    name: str,
    summary: str,
    scope: Any,
    access: Access = Access.USER,
    rights: tuple[Right, ...] = (),
    answers: dict[int, Any],
    refusals: tuple[int, ...] = (),
    large: bool = False,
    shows: Resource | None = None,
    extra: dict[str, Any] | None = None,
) -> Callable[[View], View]:
    """Declares an endpoint.

    Args:
        method: GET or POST.
        path: below ``PATH``, with parameters as ``{str:name}``.
        name: of the address in the registry; the same for both methods of one.
        summary: in Japanese, for the description.
        scope: what a token must be for, SEND or READ of ``Scope`` (which mypy takes for tuples).
        access: APPLICANT asks for 入力権限.
        rights: of which the user needs at least one; empty asks for none.
        answers: what it answers when all is well, by status.
        refusals: statuses of problems beside those that every endpoint may answer.
        large: it takes whole uploads.
        shows: what its address names; what does not exist for the user is a 404.
        extra: more words of the OpenAPI description.
    """
    told = _DECLARED.setdefault(path, _Declared(name))
    if told.name != name:
        raise ValueError(f"{path} is called {told.name}, not {name}")
    told.methods.append(method)
    told.access.append(access)
    told.large |= large
    things = () if shows is None else (shows,)
    told.shows += things
    problems = dict.fromkeys((400, 401, 403, 422, 429, *refusals), ProblemDetails)
    if "{" in path:
        problems[404] = ProblemDetails

    def declare(view: View) -> View:
        getattr(api, method.lower())(
            path,
            url_name=name,
            operation_id=view.__name__,
            auth=Bearer(scope, access, rights, things),
            response={**answers, **dict(sorted(problems.items()))},
            summary=summary,
            openapi_extra=extra,
        )(view)
        return view

    return declare


def declare_all() -> None:
    """Gives every declared address to the portal. Called once, when all endpoints are known."""
    views = {str(pattern.pattern): pattern.callback for pattern in reversed(api.urls[0])}
    for path, told in _DECLARED.items():
        address = path.lstrip("/").replace("{", "<").replace("}", ">")
        applicants_only = all(access is Access.APPLICANT for access in told.access)
        opens_to = Access.APPLICANT if applicants_only else Access.USER
        for_programs(
            told.name,
            PATH + address,
            views[address],
            methods=told.methods,
            opens_to=opens_to,
            large=told.large,
            shows=told.shows,
        )


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Any) -> HttpResponse:
    answer: HttpResponse = problem.answer()
    return answer


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    return Problem.of(refusal).answer()


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem("not-found").answer()


@api.exception_handler(HttpError)
def _broken(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem("unreadable-request").answer()


WORDS = {
    "missing": "必須の項目です。",
    "int_parsing": "整数で指定してください。",
    "int_from_float": "整数で指定してください。",
    "int_type": "整数で指定してください。",
    "bool_parsing": "true か false で指定してください。",
    "date_parsing": "日付は 2026-04-01 の形で指定してください。",
    "date_from_datetime_parsing": "日付は 2026-04-01 の形で指定してください。",
    "date_from_datetime_inexact": "日付は 2026-04-01 の形で指定してください。",
    "enum": "使える値のどれかを指定してください: {expected}",
    "literal_error": "使える値のどれかを指定してください: {expected}",
    "string_too_long": "{max_length}文字以内で指定してください。",
    "string_too_short": "{min_length}文字以上で指定してください。",
    "string_pattern_mismatch": "使えない文字か形です。説明のとおりに指定してください。",
    "greater_than_equal": "{ge}以上で指定してください。",
    "less_than_equal": "{le}以下で指定してください。",
}


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """All faults of a request at once, each with its place."""
    faults = []
    for fault in error.errors[:50]:
        place = ".".join(str(part) for part in fault["loc"] if part != "form")[:200]
        words = WORDS.get(fault["type"], "値を確かめてください。説明のとおりに指定してください。")
        faults.append({"place": place, "message": words.format_map(_Known(fault.get("ctx", {})))})
    return Problem("invalid-request", errors=faults).answer()


class _Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "－"
