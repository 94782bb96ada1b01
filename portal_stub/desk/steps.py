"""The two ways in which the desk does something: entry → check → done, and a question with a reason.

Every deed ends in a redirect to a page that says in a sentence what was done (``DONE``), so that reload does nothing
twice; what must happen once is named by a token (``DoneOnce``, S-017).
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub.desk.forms import ReasonForm

_ONCE = re.compile(r"[\w-]{1,43}", re.ASCII)

DONE = {
    "staff-added": "担当者を登録しました。初期パスワードは、本人のメールアドレスに送信しました。",
    "staff-changed": "担当者の設定を変更しました。",
    "staff-reset": "新しいパスワードを、本人のメールアドレスに送信しました。",
    "unlocked": "ロックを解除しました。これまでのパスワードでログインできます。",
    "notice-added": "お知らせを登録しました。",
    "notice-changed": "お知らせを変更しました。",
    "notice-ended": "お知らせの掲載を終了しました。",
    "office-added": "お問い合わせ先を登録しました。",
    "office-changed": "お問い合わせ先を変更しました。",
    "office-deleted": "お問い合わせ先を削除しました。",
    "office-moved": "お問い合わせ先の順番を変更しました。",
    "addresses-lifted": "IPアドレス制限を解除しました。Webユーザー（管理者）にメールでお知らせしました。",
    "password-reissued": "新しいパスワードを、登録メールアドレスに送信しました。",
    "reader-issued": "全社閲覧用IDを発行しました。初期パスワードは、利用者のメールアドレスに送信しました。",
    "reader-changed": "全社閲覧用IDの内容を変更しました。",
    "reader-reset": "新しいパスワードを、利用者のメールアドレスに送信しました。",
    "registration-started": "手続きを開始しました。申込者にメールでお知らせしました。",
    "registration-restarted": "手続き再開用のURLを、申込者にメールで送信しました。",
    "inquiry-taken": "ファイルの内容を反映しました。",
    "inquiry-dropped": "取込を取りやめました。何も変わっていません。",
    "claims-published": "債権一覧表を公開しました。保険利用者の画面に表示されます。",
    "claims-dropped": "債権一覧表の登録を取りやめました。",
    "claims-withdrawn": "債権一覧表を取り下げました。保険利用者の画面には表示されません。",
}


def done(word: str, route: str, *args: Any) -> HttpResponse:
    """To the page that shows the result, with the sentence of ``word``."""
    return redirect(f"{reverse(route, args=args)}?done={word}")


def told(request: HttpRequest) -> str:
    """What was just done, for the page that shows it."""
    return DONE.get(request.GET.get("done", ""), "")


def once(request: HttpRequest) -> str:
    """The name of the check page that was sent; empty when it is none of ours."""
    token = str(request.POST.get("once", ""))
    return token if _ONCE.fullmatch(token) else ""


def result_of(request: HttpRequest) -> str:
    """What came of this check page when it was sent before; empty when it was not."""
    found = request.user.doneonce_set.filter(token=once(request)).first()
    return "" if found is None else str(found.result)


def entry(
    request: HttpRequest,
    make: Callable[..., Any],
    start: Mapping[str, Any],
    title: str,
    back: str,
    **context: Any,
) -> HttpResponse | dict[str, Any]:
    """Entry and check page of a form; what was confirmed comes back as a mapping.

    ``make`` builds the form of ``data`` or ``initial``. In ``context``: ``facts`` stand above the items, ``preview``
    names a template that shows the result on the check page.
    """
    step = request.POST.get("step", "")
    template, status = "desk/entry.html", 200
    if request.method != "POST":
        form = make(initial=start)
    elif step == "edit":
        form = make(initial={name: request.POST.get(name, "") for name in make().fields})
    else:
        form = make(request.POST)
        if form.is_valid():
            if step == "confirm" and once(request):
                return dict(form.cleaned_data)
            template = "desk/check.html"
            context |= {"rows": _rows(form), "once": secrets.token_urlsafe(32)}
        else:
            status = 422
    return render(request, template, {"form": form, "title": title, "back": back, **context}, status=status)


def _rows(form: Any) -> list[tuple[str, str]]:
    """Labels and what was typed, in words."""
    rows = []
    for bound in form:
        value = form.cleaned_data.get(bound.name)
        if isinstance(bound.field, forms.ChoiceField):
            words = {str(key): label for key, label in bound.field.choices}
            value = words.get(str(bound.value()), "")
        elif isinstance(bound.field, forms.BooleanField):
            value = "はい" if value else "いいえ"
        elif isinstance(value, list):
            value = "、".join(value)
        elif isinstance(bound.field, forms.DateField):
            value = f"{value:%Y/%m/%d}" if value else ""
        rows.append((bound.label, str(value or "")))
    return rows


def question(
    request: HttpRequest,
    title: str,
    facts: Sequence[tuple[str, str]],
    sentence: str,
    back: str,
    fault: str = "",
    form_class: type[forms.Form] = ReasonForm,
) -> HttpResponse | dict[str, Any]:
    """Asks before a deed, and for its reason; what was answered comes back as a mapping.

    ``fault`` is why the deed was refused after all: the question is asked again with it.
    """
    form = form_class(request.POST if request.method == "POST" else None)
    if fault and form.is_valid():
        form.add_error(None, fault)
    if request.method == "POST" and form.is_valid():
        return dict(form.cleaned_data)
    context = {"form": form, "title": title, "facts": facts, "sentence": sentence, "back": back}
    return render(request, "desk/question.html", context, status=422 if form.errors else 200)
