"""申請入力 and 通知入力: the screen of one entry and its questions. Seed 000 ch. 9 §4-1 A, §4-3, §5-1 A, §5-3.

Every button keeps what was typed before it does anything: the screen is a row (``models.Entry``), so reload, back and
another window find it. Lists are ``list_views``, sending ``sending_views``.
"""

import re
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub.access import Access, page
from portal_stub.accounts.fields import number_of
from portal_stub.entries import items, reading, rules, screen
from portal_stub.entries import list_views as _lists
from portal_stub.entries import sending_views as _sending  # noqa: F401
from portal_stub.entries.common import BOTH, CHAPTER, entry_named, function_named, to_list
from portal_stub.entries.judging import Fault, where
from portal_stub.entries.models import Entry
from portal_stub.entries.results import result_of
from portal_stub.entries.tree import Place, Tree
from portal_stub.ledgers.functions import LedgerFunction
from portal_stub.visibility.resources import Resource
from schemas.products import PROCESS_TYPES, Product

_NODE = re.compile(r"([hbs])|t([0-9]{1,9})")
_JUDGED = {"save": True, "draft": False}
_SAVING = {"save": rules.Stand.WAITING, "draft": rules.Stand.DRAFT}


@page(
    "entry-new",
    "ledger/<str:product>/entries/new/",
    methods=BOTH,
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
)
def new(request: HttpRequest, product: str) -> HttpResponse:
    """「新規申請」: the empty screen, whose first item is 処理種別 (P-002, P-023); the rest follows from it."""
    function = function_named(product)
    if request.method == "POST":
        if (dropped := request.POST.get("drop")) and (entry := rules.find(request.user, product, dropped)):
            if entry.place == rules.Stand.EDITING:
                rules.delete(request.user, entry)
            return redirect("entry-new", product=product)
        kind = request.POST.get("type", "")
        if kind in PROCESS_TYPES:
            entry = rules.start(request.user, function, kind)
            return redirect("entry", product=product, entry_id=entry.pk)
    return _begin(request, function, unchosen=request.method == "POST")


def _begin(
    request: HttpRequest, function: LedgerFunction, *, unchosen: bool = False, unreadable: str = ""
) -> HttpResponse:
    context = {
        "function": function,
        "types": items.TYPES,
        "unfinished": list(
            rules.own(request.user, function.key, rules.Stand.EDITING)[: reading.MOST_ENTRIES]
        ),
        "unchosen": unchosen,
        "unreadable": unreadable,
        "loaded": number_of(request.GET.get("loaded", "")),
    }
    return render(request, "entries/new.html", context, status=422 if unchosen or unreadable else 200)


@page(
    "entry-from-file",
    "ledger/<str:product>/entries/from-file/",
    methods=("POST",),
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
)
def from_file(request: HttpRequest, product: str) -> HttpResponse:
    """「ファイルから読み込む」: the contracts of a small CSV, to be looked at and changed on the screen (A-058)."""
    function = function_named(product)
    given = request.FILES.get("file")
    if given is None:
        return _begin(request, function, unreadable="読み込むCSVファイルを選択してください。")
    try:
        found = reading.entries_of(given.read(reading.MOST_BYTES + 1), given.name, function.layout)
    except reading.Unreadable as reason:
        return _begin(request, function, unreadable=str(reason))
    made = rules.take_in(request.user, function, found)
    if len(made) == 1:
        return _to(made[0], Place())
    return redirect(f"{reverse('entry-new', kwargs={'product': product})}?loaded={len(made)}")


# ---------------------------------------------------------------------------------------------- the screen
@page(
    "entry",
    "ledger/<str:product>/entry/<str:entry_id>/",
    methods=BOTH,
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_ENTRY,
)
def entry(request: HttpRequest, product: str, entry_id: str) -> HttpResponse:
    """申請入力 / 通知入力 (P-001 to P-006, P-015, P-016)."""
    function = function_named(product)
    found = entry_named(request, function)
    if found.place != rules.Stand.EDITING:
        return to_list(function, found.place)
    if request.method == "POST":
        return _posted(request, function, found)
    view = _place(request.GET)
    judged = request.GET.get("judged", "")
    faults = rules.faults_of(found, whole=_JUDGED[judged]) if judged in _JUDGED else []
    return _screen(request, function, found, view, faults, judged)


def _place(values: Any) -> Place:
    return Place(number_of(values.get("b", "")), number_of(values.get("s", "")))


def _typed(request: HttpRequest, function: LedgerFunction) -> dict[Place, dict[str, str]]:
    """What stands in the items of the page, by node."""
    at = _place(request.POST)
    found: dict[Place, dict[str, str]] = {}
    levels = {
        "h": (("record", "header"), Place()),
        "b": (("branch",), Place(at.branch)),
        "s": (("shipment",), at),
    }
    for key in request.POST:
        prefix, _, name = key.partition("-")
        node = _NODE.fullmatch(prefix)
        if node is None or name == "process_type":
            continue
        wanted, place = (
            levels[node[1]] if node[1] else (("settlement",), Place(at.branch, at.shipment, int(node[2])))
        )
        if name in function.layout.at_level(*wanted) and (place == Place() or place.branch is not None):
            found.setdefault(place, {})[name] = request.POST[key]
    return found


def _posted(request: HttpRequest, function: LedgerFunction, found: Entry) -> HttpResponse:
    """A button of the screen: first what was typed is kept, then it does what it says."""
    kind = request.POST.get("type", "")
    kind = kind if kind in PROCESS_TYPES else found.typed.process_type
    number, at = number_of(request.POST.get("revision", "")), _place(request.POST)
    wish, _, rest = request.POST.get("do", "").partition(":")
    try:
        kept, revision = rules.keep(found, _typed(request, function), kind, -1 if number is None else number)
        return _do(request, function, kept, revision, wish, rest, at)
    except rules.Stale as stale:
        if stale.entry.place != rules.Stand.EDITING:
            return to_list(function, stale.entry.place)
        if wish.startswith("add-") and stale.tree.kept() == stale.entry.tree:
            return _to(stale.entry, at)  # pressed twice: it was added, and nothing typed is lost
        return _screen(request, function, stale.entry, at, [], tree=stale.tree, changed=True)
    except rules.SourceGone as gone:
        rules.part_from_source(kept)
        return _screen(request, function, kept, at, [], refused=str(gone))
    except rules.Refused as refused:
        return _screen(request, function, kept, at, [], refused=str(refused))


def _do(
    request: HttpRequest,
    function: LedgerFunction,
    kept: Entry,
    revision: int,
    wish: str,
    rest: str,
    at: Place,
) -> HttpResponse:
    number = number_of(rest)
    match wish:
        case "branch":
            return _to(kept, Place(number))
        case "shipment":
            return _to(kept, Place(at.branch, number), "shipment")
        case "add-branch" | "add-shipment" | "add-settlement":
            level = wish.removeprefix("add-")
            return _to(kept, rules.add(kept, level, at, revision), level)
        case "remove-branch" | "remove-shipment" | "remove-settlement":
            return _ask_removal(kept, wish.removeprefix("remove-"), at, number)
        case "go":
            return redirect(f"{_address(kept)}{_way(rest)}")
        case "save" | "draft":
            if faults := rules.faults_of(kept, whole=_JUDGED[wish]):
                return _screen(request, function, kept, at, faults, wish)
            place = _SAVING[wish]
            rules.save(kept, place, revision)
            return to_list(function, place, "saved")
        case "template":
            if faults := rules.faults_of(kept, whole=False):
                return _screen(request, function, kept, at, faults, "draft")
            return redirect("entry-template", product=function.key, entry_id=kept.pk)
        case "check":
            rules.check(request.user, [kept])
            return _to(kept, at, "check")
        case "confirm" if confirms(function, kept):
            if faults := rules.faults_of(kept, whole=True):
                return _screen(request, function, kept, at, faults, "save")
            rules.check(request.user, [kept])
            return redirect("entry-confirm", product=function.key, entry_id=kept.pk)
    return _to(kept, at)


def confirms(function: LedgerFunction, found: Entry) -> bool:
    """Whether 個別入力・個別申込み is offered: 新規 of 企業総合保険 (P-044, P-046, A-059)."""
    return function.product is Product.ENTERPRISE and found.process_type == "1"


def _address(found: Entry) -> str:
    return reverse("entry", kwargs={"product": found.product, "entry_id": found.pk})


def _to(found: Entry, at: Place, anchor: str = "") -> HttpResponse:
    """To the screen, with these nodes displayed."""
    query = {name: key for name, key in (("b", at.branch), ("s", at.shipment)) if key is not None}
    asked = f"?{urlencode(query)}" if query else ""
    return redirect(f"{_address(found)}{asked}{f'#{anchor}' if anchor else ''}")


_WAY = re.compile(r"\?[bs=0-9&]*(judged=(save|draft))?#(branch|id_[hbst0-9]+-[a-z_]+)")


def _way(rest: str) -> str:
    """The way to an item as ``screen.told`` wrote it; nothing else."""
    return rest if _WAY.fullmatch(rest) else ""


def _ask_removal(kept: Entry, level: str, at: Place, number: int | None) -> HttpResponse:
    query: dict[str, int | None] = {"b": at.branch}
    if level != "branch":
        query["s"] = at.shipment
    if level == "settlement":
        query["t"] = number
    address = reverse("entry-remove", kwargs={"product": kept.product, "entry_id": kept.pk})
    return redirect(f"{address}?{urlencode({name: key for name, key in query.items() if key is not None})}")


def _screen(
    request: HttpRequest,
    function: LedgerFunction,
    found: Entry,
    at: Place,
    faults: list[Fault],
    judged: str = "",
    *,
    tree: Tree | None = None,
    changed: bool = False,
    refused: str = "",
) -> HttpResponse:
    """The page; ``tree`` is what is shown when it is not what is kept."""
    tree = tree or found.typed
    view = screen.shown(tree, at.branch, at.shipment)
    result = result_of(found)
    from_check = [] if judged or changed or result is None else list(result.faults)
    context = {
        "function": function,
        "entry": found,
        "tree": tree,
        "view": view,
        "types": items.TYPES,
        "type_words": items.TYPE_WORDS.get(tree.process_type, ""),
        "forms": screen.forms_of(request.user, tree, function, view, [*faults, *from_check]),
        "faults": screen.told(tree, faults, view, judged),
        "result": result,
        "findings": screen.told(tree, result.faults, view) if result else [],
        "judged": judged,
        "changed": changed,
        "refused": refused,
        "confirms": confirms(function, found),
        "deep": function.is_notice or tree.process_type != "5",
        "address": request.get_full_path() if request.method == "GET" else request.path,
    }
    wrong = bool(faults or changed or refused)
    return render(request, "entries/entry.html", context, status=422 if wrong else 200)


# ---------------------------------------------------------------------------------------------- its questions
@page(
    "entry-remove",
    "ledger/<str:product>/entry/<str:entry_id>/remove/",
    methods=BOTH,
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_ENTRY,
)
def remove(request: HttpRequest, product: str, entry_id: str) -> HttpResponse:
    """「本当に削除しますか？」 before a 枝番, 船積 or 決済 goes with everything below it (P-005 to P-007, A-032)."""
    function = function_named(product)
    found = entry_named(request, function)
    if found.place != rules.Stand.EDITING:
        return to_list(function, found.place)
    values = request.POST if request.method == "POST" else request.GET
    place = Place(*(number_of(values.get(name, "")) for name in ("b", "s", "t")))
    tree = found.typed
    words = where(tree, place)
    above = Place(place.branch, place.shipment if place.settlement else None)
    if not words or place.branch is None:
        return _to(found, above)
    if request.method == "POST":
        try:
            revision = number_of(request.POST.get("revision", ""))
            rules.remove(found, place, -1 if revision is None else revision)
        except rules.Stale:
            context = _question(function, rules.find(request.user, product, found.pk) or found, place)
            return render(request, "entries/remove.html", context | {"changed": True}, status=422)
        return _to(found, above if place.shipment else Place(), "branch")
    return render(request, "entries/remove.html", _question(function, found, place))


def _question(function: LedgerFunction, found: Entry, place: Place) -> dict[str, Any]:
    tree = found.typed
    branch, shipment = tree.branch(place.branch), tree.shipment(place.branch, place.shipment)
    below: list[str] = []
    if place.settlement is None and shipment is not None:
        below = [where(tree, Place(place.branch, place.shipment, each.key)) for each in shipment.settlements]
    elif place.shipment is None and branch is not None:
        below = [where(tree, Place(branch.key, each.key)) for each in branch.shipments]
    back = {name: key for name, key in (("b", place.branch), ("s", place.shipment)) if key is not None}
    return {
        "function": function,
        "entry": found,
        "place": place,
        "words": where(tree, place),
        "below": below,
        "back": f"{_address(found)}?{urlencode(back)}",
    }


@page(
    "entry-template",
    "ledger/<str:product>/entry/<str:entry_id>/template/",
    methods=BOTH,
    chapter=CHAPTER,
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_ENTRY,
)
def template(request: HttpRequest, product: str, entry_id: str) -> HttpResponse:
    """「雛形保存」 asks for the 雛形名称 (P-009, P-010)."""
    function = function_named(product)
    found = entry_named(request, function)
    if found.place != rules.Stand.EDITING:
        return to_list(function, found.place)
    name = found.name if request.method == "GET" else request.POST.get("name", "").strip()
    form = _lists.NameForm({"name": name} if request.method == "POST" else None, initial={"name": name})
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            rules.save(found, rules.Stand.TEMPLATE, found.revision, form.cleaned_data["name"])
            return to_list(function, rules.Stand.TEMPLATE, "saved")
        except rules.Refused as reason:
            refused = str(reason)
    context = {"function": function, "entry": found, "form": form, "refused": refused}
    return render(request, "entries/template.html", context, status=422 if form.errors or refused else 200)
