"""アクセス履歴出力: conditions, count and size, download. Seed 003 ch. 3 §4-12."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.history.forms import SearchForm
from portal_stub.history.searching import LARGE_BYTES, first_day


@page("access-history", "access-history/", chapter="3章4-12", access=Access.ADMINISTRATOR, otp=True)
def access_history(request: HttpRequest) -> HttpResponse:
    """The form and, once asked, how many records and bytes there are (G-100 to G-102)."""
    today = clock.today()
    asked = "start" in request.GET
    form = SearchForm(request.user.holder, today, request.GET if asked else None)
    context = {"form": form, "first_day": first_day(today), "asked": asked and form.is_valid()}
    if context["asked"]:
        count, size = form.search().size(today)
        context |= {
            "count": count,
            "size": size,
            "large": size > LARGE_BYTES,
            "query": request.GET.urlencode(),
        }
    return render(request, "history/search.html", context, status=422 if form.errors else 200)


@page("access-history-file", "access-history/file/", chapter="3章4-12", access=Access.ADMINISTRATOR, otp=True)
def access_history_file(request: HttpRequest) -> HttpResponse:
    """「ダウンロード」 (G-103)."""
    today = clock.today()
    form = SearchForm(request.user.holder, today, request.GET)
    if not form.is_valid():
        context = {"form": form, "first_day": first_day(today), "asked": False}
        return render(request, "history/search.html", context, status=422)
    name = f"access_history_{request.user.holder.code}_{today:%Y%m%d}.csv"
    return StreamingHttpResponse(
        form.search().csv(today),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
