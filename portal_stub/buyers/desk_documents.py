"""The desk's pages about which documents 海外商社登録 and 海外商社変更 call for (K-026); the table is ``documents``."""

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from portal_stub.access import Access, page
from portal_stub.accounts.fields import ChoiceRadio, WideField
from portal_stub.accounts.models import StaffRole
from portal_stub.buyers import ruling
from portal_stub.buyers.documents import CHANGED, rules_of
from portal_stub.buyers.models import DETAILS, Country, DocumentRule
from portal_stub.buyers.procedures import CHANGE, REGISTRATION
from portal_stub.desk.forms import ReasonForm
from portal_stub.desk.steps import entry, once, question, result_of
from portal_stub.pages.widgets import LongSelect

BOTH = ("GET", "POST")
PROCEDURES = {procedure.key: procedure for procedure in (REGISTRATION, CHANGE)}
ALWAYS = "always"
_DONE = {
    "own": "標準の規則を写しました。変更・終了・追加ができます。",
    "added": "必要書類の規則を追加しました。次に必要書類を確認する申込みから適用されます。",
    "changed": "必要書類の規則を変更しました。次に必要書類を確認する申込みから適用されます。",
    "ended": "必要書類の規則を終了しました。",
}
_REQUIRED = [("yes", "必須"), ("no", "任意")]


def conditions(procedure: str) -> dict[str, str]:
    """What a rule can ask of the entries of step 1: ``item=value`` → words."""
    step = PROCEDURES[procedure].step("entry")
    fields = step.form.base_fields if step else {}
    found = {ALWAYS: "すべての申込み"}
    if procedure == CHANGE.key:
        for name in ("country", "name", *DETAILS):
            found[f"{name}={CHANGED}"] = f"{fields[name].label}が変更されたとき"
    for name in ("kind", "related"):
        for value, words in fields[name].choices if name in fields else ():
            found[f"{name}={value}"] = f"{fields[name].label}が「{words}」のとき"
    for country in Country.objects.exclude(name=""):
        found[f"country={country.code}"] = f"所在国が「{country}」のとき"
    return found


def _condition_of(rule: Any) -> str:
    return f"{rule.item}={rule.value}" if rule.item else ALWAYS


class RuleForm(ReasonForm):
    """One rule: when, which document, whether it must be there."""

    condition = forms.ChoiceField(
        label="条件",
        widget=LongSelect,
        error_messages={
            "required": "条件を選択してください。",
            "invalid_choice": "条件を一覧から選び直してください。",
        },
    )
    title = WideField(
        label="書類名",
        limit=60,
        explanation="同じ書類名の規則は、1つの書類として扱います。"
        "「信用調査報告書（信用調書）」は、申込者が保険者に取得を申し込むこともできます。",
    )
    required = ChoiceRadio(label="必須・任意", choices=_REQUIRED, initial="yes")
    note = WideField(label="説明", limit=100, example="登記簿の写しなど", required=False)
    field_order: ClassVar = ["condition", "title", "required", "note", "reason"]

    def __init__(self, procedure: str, row: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.procedure, self.row = procedure, row
        known = conditions(procedure)
        if row is not None:
            known.setdefault(_condition_of(row), f"{row.item}: {row.value}")
        self.fields["condition"].choices = [("", "（選択してください）"), *known.items()]

    def clean(self) -> dict[str, Any]:
        """No rule twice."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        same = DocumentRule.objects.filter(
            procedure=self.procedure, title=found.get("title", ""), ended_at__isnull=True, **self.asked()
        )
        if not self.errors and same.exclude(pk=self.row.pk if self.row else None).exists():
            self.add_error("title", "同じ条件と書類名の規則があります。一覧で、その規則を変更してください。")
        return found

    def asked(self) -> dict[str, str]:
        """Item and value of the condition."""
        item, _, value = str(self.cleaned_data.get("condition", "")).partition("=")
        return {"item": "", "value": ""} if item == ALWAYS else {"item": item, "value": value}


def _values(procedure: str, row: Any, answer: dict[str, Any]) -> dict[str, Any]:
    form = RuleForm(procedure, row, answer)
    form.is_valid()
    return {
        **form.asked(),
        "title": answer["title"],
        "required": answer["required"] == "yes",
        "note": answer["note"],
    }


@page("desk-document-rules", "desk/buyers/documents/", chapter="-", access=Access.STAFF, otp=False)
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in force per procedure."""
    listed = []
    for key, procedure in PROCEDURES.items():
        words, own = conditions(key), list(DocumentRule.objects.filter(procedure=key))
        shown = [row for row in own if row.ended_at is None] if own else rules_of(key)
        rows = [(row, words.get(_condition_of(row), f"{row.item}: {row.value}")) for row in shown]
        listed.append((procedure, bool(own), rows))
    context = {"listed": listed, "told": _DONE.get(request.GET.get("done", ""), "")}
    return render(request, "buyers/desk_documents.html", context)


def _list(done: str) -> HttpResponse:
    return redirect(f"{reverse('desk-document-rules')}?done={done}")


def _title(key: str) -> str:
    if key not in PROCEDURES:
        raise Http404
    return PROCEDURES[key].title


@page(
    "desk-document-rules-own",
    "desk/buyers/documents/<str:procedure_key>/own/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def rules_own(request: HttpRequest, procedure_key: str) -> HttpResponse:
    """Makes the built-in rules of a procedure rows that can be changed."""
    answer = question(
        request,
        "必要書類の規則の編集",
        [("手続き", _title(procedure_key))],
        "標準の規則を写して、変更できるようにします。写した後は、標準の規則の代わりに、写した規則を使います。",
        reverse("desk-document-rules"),
    )
    if isinstance(answer, HttpResponse):
        return answer
    ruling.keep_own_rules(request.user, procedure_key, answer["reason"])
    return _list("own")


@page(
    "desk-document-rule-new",
    "desk/buyers/documents/<str:procedure_key>/new/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def rule_new(request: HttpRequest, procedure_key: str) -> HttpResponse:
    """A new rule."""
    facts = [("手続き", _title(procedure_key))]
    if result_of(request):
        return _list("added")
    make = partial(RuleForm, procedure_key, None)
    answer = entry(request, make, {}, "必要書類の規則の追加", reverse("desk-document-rules"), facts=facts)
    if isinstance(answer, HttpResponse):
        return answer
    values = _values(procedure_key, None, answer)
    ruling.add_rule(request.user, procedure_key, values, answer["reason"], once(request))
    return _list("added")


def _in_force(rule_id: int) -> Any:
    return get_object_or_404(DocumentRule, pk=rule_id, ended_at__isnull=True, procedure__in=PROCEDURES)


@page(
    "desk-document-rule",
    "desk/buyers/documents/<int:rule_id>/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Changes a rule."""
    row = _in_force(rule_id)
    start = {
        "condition": _condition_of(row),
        "title": row.title,
        "required": "yes" if row.required else "no",
        "note": row.note,
    }
    answer = entry(
        request,
        partial(RuleForm, row.procedure, row),
        start,
        "必要書類の規則の変更",
        reverse("desk-document-rules"),
        facts=[("手続き", _title(row.procedure))],
    )
    if isinstance(answer, HttpResponse):
        return answer
    ruling.change_rule(request.user, row, _values(row.procedure, row, answer), answer["reason"])
    return _list("changed")


@page(
    "desk-document-rule-end",
    "desk/buyers/documents/<int:rule_id>/end/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def rule_end(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Takes a rule out of force."""
    row = _in_force(rule_id)
    words = conditions(row.procedure).get(_condition_of(row), f"{row.item}: {row.value}")
    answer = question(
        request,
        "必要書類の規則の終了",
        [("手続き", _title(row.procedure)), ("条件", words), ("書類名", row.title)],
        "この規則を終了します。申込み済みの書類は、そのまま残ります。",
        reverse("desk-document-rules"),
    )
    if isinstance(answer, HttpResponse):
        return answer
    ruling.end_rule(request.user, row, answer["reason"])
    return _list("ended")
