"""Around every request of a program: no cookie counts, the caller is known before anything is read, words are JSON."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from portal_stub.access import Access, Route
from portal_stub.api.callers import caller_of
from portal_stub.api.problems import BY_STATUS, MEDIA, Problem

ROOT = "/api/v1"


class ProgramRequests:
    """Stands before the session and before whatever reads the content; leaves all other addresses alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A stranger's content is never read, and no answer is a page."""
        if request.path_info != ROOT and not request.path_info.startswith(f"{ROOT}/"):
            return self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        try:
            if _asks_for_a_caller(request):
                request.caller = caller_of(request)
        except Problem as problem:
            return problem.answer()
        return _told(self.get_response(request))


def _asks_for_a_caller(request: HttpRequest) -> bool:
    """Whether a program's address is meant, by a method that it knows."""
    try:
        route = getattr(resolve(request.path_info).func, "route", None)
    except Resolver404:
        return False
    if not isinstance(route, Route) or route.access is not Access.TOKEN:
        return False
    return request.method in route.methods or (request.method == "HEAD" and "GET" in route.methods)


def _told(answer: HttpResponse) -> HttpResponse:
    """A page of errors, by whomever in the portal, as a problem."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code < 400 or kind.startswith((MEDIA, "application/json")):
        return answer
    code = BY_STATUS.get(answer.status_code)
    if code is None:
        code = "internal-error" if answer.status_code >= 500 else "unreadable-request"
    kept = {name: answer.headers[name] for name in ("Allow", "Retry-After") if name in answer.headers}
    problem = Problem(code, status=answer.status_code, headers=kept).answer()
    problem.cookies = answer.cookies
    return problem
