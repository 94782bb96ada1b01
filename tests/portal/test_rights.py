"""Rights as a table that is walked: users of every kind and scope × things of every kind × whose they are.

What a user may see is computed here from tables G-T1 alone and compared with ``visibility``; then every address that names
such a thing is tried: by day its guard, at night with real requests. Addresses come from the registry of pages: a new one
is walked by itself, one that declares nothing cannot be made, and a resource without things here fails. S-024; security
"rights narrower than the holder".
"""

import copy
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pytest
from django.http import Http404
from django.test import Client
from django.urls import get_resolver, reverse

from portal_stub import access, clock
from portal_stub.access import ROUTES, Access, Right, page
from portal_stub.accounts.models import Agreement, User
from portal_stub.api.models import ApiToken
from portal_stub.entries.models import Entry
from portal_stub.feed.models import Document, LimitUse, MonthFigure, Submission
from portal_stub.history.models import AccessRecord
from portal_stub.holders.models import Account
from portal_stub.inquiries.models import ClaimsFile, Loss, PaperContract
from portal_stub.jobs import worker
from portal_stub.jobs.models import Job
from portal_stub.ledgers.models import Upload
from portal_stub.procedures.models import Application, State
from portal_stub.visibility import judging
from portal_stub.visibility.resources import NAMED_BY, NAMES_NOTHING, Resource
from tests.portal.conftest import HOLDER, OTHER, World, applicant
from tests.portal.ledgers.test_ledger_files import listed
from tests.portal.test_access import behind_the_guards

LISTED, UNLISTED, FOREIGN = f"{HOLDER[:8]}1", f"{HOLDER[:8]}2", f"{OTHER[:8]}1"


@pytest.fixture(autouse=True)
def _pages() -> None:
    get_resolver().url_patterns  # noqa: B018 - declares all pages


# ---------------------------------------------------------------------------------------------- users
class Kind(NamedTuple):
    """A user by what bounds him."""

    role: str
    data: str
    applications: str
    entry: str = "apply"

    @property
    def name(self) -> str:
        return "-".join(self)


SCOPES = [
    Kind("applicant", data, applications)
    for data, applications in itertools.product(("all", "listed", "none"), ("all", "own", "none"))
]
KINDS = [
    Kind("administrator", "all", "all"),
    *SCOPES,
    Kind("applicant", "listed", "own", "enter"),
    Kind("applicant", "listed", "all", "none"),
    Kind("company_reader", "all", "none", "none"),
    *(Kind(role, "none", "none", "none") for role in ("staff_reader", "staff", "staff_supervisor")),
]
BY_DAY = [
    Kind("applicant", "listed", "all"),
    Kind("applicant", "all", "own"),
    Kind("company_reader", "all", "none", "none"),
    Kind("staff_supervisor", "none", "none", "none"),
]
WALKED = [
    pytest.param(kind, id=kind.name, marks=[] if kind in BY_DAY else pytest.mark.night) for kind in KINDS
]
STAFF = {"staff_reader", "staff", "staff_supervisor"}


def user_of(world: World, kind: Kind) -> User:
    if kind.role != "applicant":
        return getattr(world, kind.role)  # type: ignore[no-any-return]
    codes = (LISTED,) if kind.data == "listed" else ()
    rights = {"data_scope": kind.data, "application_scope": kind.applications, "entry_right": kind.entry}
    return applicant(world.administrator, codes, name="範囲 花子", **rights)


# ---------------------------------------------------------------------------------------------- what they may see
class Whose(NamedTuple):
    """A thing by whose it is and which 特約 it is about (empty: none)."""

    owner: str
    agreement: str


OWN = [Whose("own", LISTED), Whose("own", UNLISTED), Whose("own", "")]
COLLEAGUES = [Whose("colleague", LISTED), Whose("colleague", UNLISTED), Whose("colleague", "")]
FOREIGNERS = [Whose("foreign", FOREIGN), Whose("foreign", LISTED)]
EVERY = [*OWN, *COLLEAGUES, *FOREIGNERS]


def handed_in(kind: Kind, whose: Whose) -> bool:
    """申込データ: own ones for who sees any, all of them with ALL, of others only the listed 特約 (G-016 to G-018, G-021)."""
    if whose.owner == "foreign" or kind.applications == "none":
        return False
    if whose.owner == "own":
        return True
    return kind.applications == "all" and (kind.data != "listed" or whose.agreement == LISTED)


def concluded(kind: Kind, whose: Whose) -> bool:
    """情報データ: of the holders that are seen, all or the listed 特約 (G-014, G-015, G-022)."""
    if whose.owner == "foreign" and kind.role != "company_reader":
        return False
    return kind.data == "all" or (kind.data == "listed" and whose.agreement == LISTED)


def own_only(kind: Kind, whose: Whose) -> bool:
    return whose.owner == "own"


def paper(kind: Kind, whose: Whose) -> bool:
    """A モニタリスト: as its hand-in, and never of 特約 that are not listed (G-021)."""
    return handed_in(kind, whose) and (kind.data != "listed" or whose.agreement == LISTED)


def entry(kind: Kind, whose: Whose) -> bool:
    """P-030: who sends for the holder sees what users typed in who may only enter."""
    if whose.owner != "colleague":
        return own_only(kind, whose)
    sends = kind.entry == "apply" and kind.applications == "all"
    return sends and (kind.data != "listed" or whose.agreement == LISTED)


def application(kind: Kind, whose: Whose) -> bool:
    return handed_in(kind, whose._replace(agreement=LISTED))


def administered(kind: Kind, whose: Whose) -> bool:
    return kind.role == "administrator" and whose.owner != "foreign"


# ---------------------------------------------------------------------------------------------- things
@dataclass
class Makers:
    """Makes things; each call makes another one."""

    world: World
    user: User
    number: int = 0
    known: dict[Any, Any] | None = None
    """What was made before, where nothing that is asked changes it."""

    def made(self, thing: "Thing", whose: "Whose") -> Any:
        if self.known is None:
            return thing.make(self, whose)
        if (id(thing), whose) not in self.known:
            self.known[id(thing), whose] = thing.make(self, whose)
        return self.known[id(thing), whose]

    def next(self) -> int:
        self.number += 1
        return self.number

    def owner(self, whose: Whose) -> User:
        if whose.owner == "own":
            return self.user
        return self.world.enterer if whose.owner == "colleague" else self.world.stranger

    def holder(self, whose: Whose) -> Any:
        return (self.world.stranger if whose.owner == "foreign" else self.world.administrator).holder

    def submission(self, whose: Whose, **changes: Any) -> Submission:
        n = self.next()
        values: dict[str, Any] = {
            "submission_id": f"S{n:08d}",
            "receipt_no": n,
            "product": "enterprise",
            "holder": self.holder(whose).code,
            "user": self.owner(whose).login_id,
            "file_name": f"{n}.csv",
            "declared_count": 1,
            "channel": "drop",
            "received_at": clock.now(),
            "acceptance_date": clock.today(),
            "verdict": "booked",
            "decided_at": clock.now(),
            "errors": 0,
            "warnings": 0,
            "premium_total_yen": 1,
            "agreements": whose.agreement,
        }
        return Submission.objects.create(**values | changes)  # type: ignore[no-any-return]

    def upload(self, whose: Whose, **changes: Any) -> Upload:
        n = self.next()
        values: dict[str, Any] = {
            "id": f"{n:032x}",
            "product": "enterprise",
            "holder": self.holder(whose),
            "user": self.owner(whose),
            "origin": "file",
            "file_name": f"{n}.csv",
            "size": 1,
            "sha256": f"{n:064x}",
            "count": 1,
            "state": "sent",
            "kept_at": clock.now(),
            "sent_at": clock.now(),
            "batch": f"{n:032x}",
        }
        return Upload.objects.create(**values | changes)  # type: ignore[no-any-return]

    def told(self, whose: Whose) -> Upload:
        """An upload of which the pipeline has told."""
        row = self.upload(whose)
        self.submission(whose, dispatch=row.pk)
        return row

    def document(self, whose: Whose, kind: str, **changes: Any) -> Document:
        n = self.next()
        values: dict[str, Any] = {
            "document_id": f"{kind}-{n}-pdf",
            "kind": kind,
            "format": "pdf",
            "path": "x",
            "size": 1,
            "holder": self.holder(whose).code,
            "created_at": clock.now(),
        }
        return Document.objects.create(**values | changes)  # type: ignore[no-any-return]

    def paper_of(self, whose: Whose, kind: str) -> Document:
        return self.document(whose, kind, submission_id=self.submission(whose).pk)

    def entry(self, whose: Whose) -> Entry:
        tree = {
            "header": {"agreement_code": whose.agreement},
            "branches": [],
            "last_key": 0,
            "process_type": "1",
        }
        return Entry.objects.create(  # type: ignore[no-any-return]
            id=f"{self.next():032x}",
            user=self.owner(whose),
            holder=self.holder(whose),
            product="enterprise",
            place="waiting",
            process_type="1",
            tree=tree,
            created_at=clock.now(),
            saved_at=clock.now(),
        )

    def job(self, whose: Whose, kind: str = "check", **changes: Any) -> Job:
        n = self.next()
        values: dict[str, Any] = {
            "id": f"{n:032x}",
            "number": n,
            "kind": kind,
            "user": self.owner(whose),
            "holder": self.holder(whose),
            "parameters": {"upload": self.upload(whose).pk, "count": 1},
            "state": "done",
            "asked_at": clock.now(),
        }
        return Job.objects.create(**values | changes)  # type: ignore[no-any-return]

    def ledger_file(self, whose: Whose) -> Job:
        """Asked for by the user himself; of whom the hand-in in it is, ``whose`` says."""
        source = {"upload": self.told(whose).pk, "submission": ""}
        return self.job(
            Whose("own", ""),
            "ledger-file",
            parameters={"product": "enterprise", "sources": [source], "names": ["x"]},
        )

    def data_file(self, whose: Whose) -> Job:
        """The same of 保険契約情報: what it was made of stands with its result."""
        made_of = [whose.agreement] if whose.agreement else None
        return self.job(
            Whose("own", ""), "contract-data", holder=self.holder(whose), result={"agreements": made_of}
        )

    def application(self, whose: Whose) -> Application:
        owner = self.owner(whose)
        return Application.objects.create(  # type: ignore[no-any-return]
            procedure="buyer-registration",
            version=1,
            holder=self.holder(whose),
            number=f"2026-0401-{self.next():04}",
            state=State.ENTERING,
            entered_by=owner,
            saved_by=owner,
            shown_user=owner,
            created_at=clock.now(),
            saved_at=clock.now(),
            listed_at=clock.now(),
        )

    def claims(self, whose: Whose) -> ClaimsFile:
        n = self.next()
        return ClaimsFile.objects.create(  # type: ignore[no-any-return]
            holder=self.holder(whose),
            project=f"PJ-{n}",
            project_name="見本",
            agreement=whose.agreement,
            name=f"{n}.pdf",
            size=1,
            sha256="0" * 64,
            by="x",
            added_at=clock.now(),
            published_at=clock.now(),
        )


class Thing(NamedTuple):
    """A kind of things: how one is made, what names it in an address, and for whom it exists."""

    make: Callable[[Makers, Whose], Any]
    name: Callable[[Any], Any]
    seen: Callable[[Kind, Whose], bool]
    whose: list[Whose] = EVERY


def pk(row: Any) -> Any:
    return row.pk


AGREED = [*COLLEAGUES, *FOREIGNERS]
"""Concluded data belong to the holder, not to a user."""
THINGS: dict[Resource, list[Thing]] = {
    Resource.OWN_UPLOAD: [Thing(Makers.told, pk, own_only), Thing(lambda m, w: m.upload(w, state="draft"), pk, own_only)],
    Resource.BATCH: [Thing(Makers.told, lambda row: row.batch, own_only)],
    Resource.HAND_IN: [
        Thing(Makers.told, pk, handed_in),
        Thing(Makers.submission, pk, handed_in),
        Thing(lambda m, w: m.upload(w, state="draft"), pk, lambda kind, whose: False),
        # Not told yet: nobody knows what it names.
        Thing(Makers.upload, pk, lambda kind, whose: handed_in(kind, whose._replace(agreement=""))),
    ],
    Resource.STANDING: [
        Thing(Makers.told, pk, lambda kind, whose: own_only(kind, whose) or handed_in(kind, whose)),
        Thing(Makers.submission, pk, handed_in),
    ],
    Resource.DISPATCH: [Thing(Makers.told, pk, handed_in), Thing(Makers.submission, pk, handed_in)],
    Resource.DOCUMENT: [
        Thing(lambda m, w: m.document(w, "confirmed_ledger", agreement=w.agreement), pk, concluded, AGREED),
        Thing(lambda m, w: m.document(w, "provided_data", agreement=w.agreement), pk, concluded, AGREED),
        Thing(lambda m, w: m.paper_of(w, "monitor_list"), pk, paper),
        Thing(lambda m, w: m.paper_of(w, "receipt"), pk, handed_in),
        Thing(lambda m, w: m.paper_of(w, "findings_report"), pk, handed_in),
    ],
    Resource.LEDGER: [
        Thing(
            lambda m, w: m.document(w, "reconciliation_ledger", agreement=w.agreement),
            lambda row: row.pk.removeprefix("reconciliation_ledger-").removesuffix("-pdf"),
            concluded,
            AGREED,
        )
    ],
    Resource.ENTRY: [Thing(Makers.entry, pk, entry)],
    Resource.OWN_ENTRY: [Thing(Makers.entry, pk, own_only)],
    Resource.JOB: [
        Thing(Makers.job, pk, own_only),
        Thing(Makers.ledger_file, pk, handed_in),
        Thing(Makers.data_file, pk, concluded, AGREED),
    ],
    Resource.APPLICATION: [Thing(Makers.application, lambda row: str(row.token), application)],
    Resource.LISTED_APPLICATION: [Thing(Makers.application, lambda row: row.number, application)],
    Resource.COVER: [
        Thing(
            Makers.application,
            lambda row: row.number,
            lambda kind, whose: own_only(kind, whose) or application(kind, whose),
        )
    ],
    Resource.COLLEAGUE: [
        Thing(Makers.application, lambda row: row.shown_user.login_id, application)
    ],
    Resource.APPLICANT: [
        Thing(lambda m, w: m.owner(w), lambda row: row.login_id, administered, [COLLEAGUES[0], FOREIGNERS[0]])
    ],
    Resource.API_TOKEN: [
        Thing(
            lambda m, w: ApiToken.objects.create(
                holder=m.holder(w),
                user=m.owner(w),
                name="x",
                scope="both",
                token_hash=f"{m.next():064x}",
                made_at=clock.now(),
                last_day=date(2026, 12, 31),
            ),
            pk,
            administered,
        )
    ],
    Resource.CLAIMS: [Thing(Makers.claims, pk, concluded, AGREED)],
    Resource.PROJECT: [Thing(Makers.claims, lambda row: row.project, concluded, AGREED)],
}  # fmt: skip
"""Of every resource that addresses name. Resources of lists only stand in ``LISTS``."""

LISTS: dict[Resource, Thing] = {
    Resource.SUBMISSION: Thing(Makers.submission, pk, handed_in),
    Resource.UPLOAD: Thing(
        Makers.told, pk, lambda kind, whose: own_only(kind, whose) or handed_in(kind, whose)
    ),
    Resource.SENT_UPLOAD: Thing(Makers.told, pk, handed_in),
    Resource.AGREEMENT: Thing(
        lambda m, w: Agreement.objects.get(code=w.agreement),
        pk,
        concluded,
        [Whose("colleague", LISTED), Whose("colleague", UNLISTED), Whose("foreign", FOREIGN)],
    ),
    Resource.PAPER_CONTRACT: Thing(
        lambda m, w: PaperContract.objects.create(
            holder=m.holder(w).code, kind="individual", number=f"P{m.next()}", agreement=w.agreement,
            concluded_on=clock.today(), ends_on=clock.today(), currency="JPY", amount=1, insured_yen=1,
            premium_yen=1, brought_at=clock.now(),
        ), pk, concluded, AGREED,
    ),
    Resource.LOSS: Thing(
        lambda m, w: Loss.objects.create(
            holder=m.holder(w).code, kind="individual", number=f"P{m.next()}", agreement=w.agreement,
            loss_no=f"A{m.next()}", stage="loss", cause="x", happened_on=clock.today(), brought_at=clock.now(),
        ), pk, concluded, AGREED,
    ),
    Resource.MONTH_FIGURE: Thing(
        lambda m, w: MonthFigure.objects.create(
            holder=m.holder(w).code, agreement=w.agreement, product=f"p{m.next()}", month=date(2026, 4, 1),
            applications=1, lines=1,
        ), pk, concluded, AGREED,
    ),
    Resource.LIMIT_USE: Thing(
        lambda m, w: LimitUse.objects.create(
            holder=m.holder(w).code, agreement=w.agreement, buyer=f"b{m.next()}"
        ), pk, concluded, AGREED,
    ),
    Resource.ACCOUNT: Thing(
        lambda m, w: Account.objects.create(
            holder=m.holder(w), use="refund", bank_code="0001", bank_name="x", branch_code="001",
            branch_name="x", deposit="ordinary", number=f"{m.next():07}", owner="x", owner_kana="x",
            confirmed_on=clock.today(),
        ), pk, lambda kind, whose: whose.owner != "foreign" and kind.role not in STAFF, AGREED,
    ),
    Resource.ACCESS_RECORD: Thing(
        lambda m, w: AccessRecord.objects.create(
            at=clock.now(), holder_code=m.holder(w).code, login_id=m.owner(w).login_id, code="1-1", name="x",
            department="", title="",
        ), pk, administered,
    ),
}  # fmt: skip


def exists(kind: Kind, thing: Thing, whose: Whose) -> bool:
    return kind.role not in STAFF and thing.seen(kind, whose)


def cases(kind: Kind) -> Iterator[tuple[Resource, Thing, Whose]]:
    for resource, things in THINGS.items():
        for thing in things:
            yield from ((resource, thing, whose) for whose in thing.whose)


# ---------------------------------------------------------------------------------------------- by day: the predicate
def test_every_resource_has_things_here() -> None:
    assert set(THINGS) == set(NAMED_BY)
    assert set(THINGS) | set(LISTS) == set(Resource)


@pytest.mark.req("G-014", "G-015", "G-016", "G-018", "G-021", "G-022", "S-024")
@pytest.mark.parametrize("kind", WALKED)
def test_a_thing_exists_exactly_for_whom_the_table_says(
    world: World, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    user, counts = user_of(world, kind), Counter[str]()
    makers, wrong = Makers(world, user), []
    for resource, thing, whose in cases(kind):
        row = thing.make(makers, whose)
        wanted = exists(kind, thing, whose)
        found = judging.find(resource, user, {NAMED_BY[resource][0]: thing.name(row)})
        if (found is not None) != wanted:
            wrong.append((resource, whose, wanted))
        counts["seen" if wanted else "hidden"] += 1
        if resource is Resource.COLLEAGUE:
            row.delete()  # one application of a user is enough to show him
    for resource, thing in LISTS.items():
        for whose in thing.whose:
            row, wanted = thing.make(makers, whose), exists(kind, thing, whose)
            listed = judging.seen(resource, user).filter(pk=row.pk).exists()
            if listed != wanted:
                wrong.append((resource, whose, wanted))
            if judging.RULES[resource].main and judging.may_see(user, row) != listed:
                wrong.append((resource, whose, "may_see differs"))
            counts["seen" if wanted else "hidden"] += 1
    with capsys.disabled():
        print(f"\nrights: {kind.name}: {counts['seen']} things exist, {counts['hidden']} do not", end="")
    assert not wrong
    assert counts["hidden"] > 20


# ---------------------------------------------------------------------------------------------- addresses
def parameters_of(name: str, named: dict[Resource, Any]) -> dict[str, Any]:
    """The parameters of an address: what it names, and anything for the rest."""
    found = dict(re.findall(r"<(?:(\w+):)?(\w+)>", ROUTES[name].path) and [
        (parameter, {"product": "enterprise", "document": 1, "step": "entry", "item": "x"}.get(parameter, "csv"))
        for _, parameter in re.findall(r"<(?:(\w+):)?(\w+)>", ROUTES[name].path)
    ])  # fmt: skip
    for resource, value in named.items():
        for parameter in NAMED_BY[resource]:
            if parameter in found:
                found[parameter] = value
    return found


def tried(name: str) -> list[tuple[Thing, Resource]]:
    """Each thing that an address names in turn; the others of it are then own and fine."""
    return [(thing, resource) for resource in ROUTES[name].shows for thing in THINGS[resource]]


def naming() -> list[str]:
    return [name for name, route in ROUTES.items() if route.shows and route.access is not Access.TOKEN]


def named_by(
    name: str, makers: Makers, thing: Thing, resource: Resource, whose: Whose
) -> dict[Resource, Any]:
    """What the address names when one of its things is this one; of the others there is a good one."""
    row = makers.made(thing, whose)
    named = {resource: thing.name(row)}
    if set(ROUTES[name].shows) == {Resource.PROJECT, Resource.CLAIMS}:
        return {Resource.PROJECT: row.project, Resource.CLAIMS: row.pk}
    for other in ROUTES[name].shows:
        if other is not resource:
            good = THINGS[other][0 if other is not Resource.DOCUMENT else 3]
            named[other] = good.name(makers.made(good, OWN[0]))
    return named


def allowed(kind: Kind, name: str) -> bool:
    """Whether the declaration opens the page at all."""
    route = ROUTES[name]
    roles = {
        Access.USER: kind.role not in STAFF,
        Access.APPLICANT: kind.entry != "none",
        Access.ADMINISTRATOR: kind.role == "administrator",
    }
    rights = {
        None: True,
        Right.APPLY: kind.entry == "apply",
        Right.DATA: kind.data != "none",
        Right.APPLICATIONS: kind.applications != "none",
    }
    return roles[route.access] and rights[route.right]


def walked(
    world: World, kind: Kind, ask: Callable[[str, str, dict[str, Any]], str], *, known: bool
) -> tuple[Counter[str], dict[Any, str]]:
    """Asks for every address that names something, with things of everybody; what was answered otherwise than computed."""
    makers = Makers(world, user_of(world, kind), known={} if known else None)
    counts, wrong = Counter[str](), {}
    for name in naming():
        for thing, resource in tried(name):
            for whose in thing.whose:
                named = named_by(name, makers, thing, resource, whose)
                wanted = (
                    "refused"
                    if not allowed(kind, name)
                    else "open"
                    if exists(kind, thing, whose)
                    else "missing"
                )
                for method in ROUTES[name].methods:
                    found = ask(name, method, parameters_of(name, named))
                    counts[wanted] += 1
                    if found != wanted:
                        wrong[name, method, resource, whose, wanted] = found
                if resource is Resource.COLLEAGUE:  # one application of a user is enough to show him
                    Application.objects.all().delete()
                    makers.known = {} if known else None
    return counts, wrong


@pytest.mark.req("G-116", "S-024")
@pytest.mark.parametrize("kind", WALKED)
def test_no_guard_lets_anybody_to_what_does_not_exist_for_him(
    world: World,
    visit: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = visit(user_of(world, kind)).get("/help/login/").wsgi_request  # type: ignore[attr-defined]
    assert seen.user.is_authenticated
    things_of = access.things_of
    behind_the_guards(monkeypatch)
    monkeypatch.setattr(access, "things_of", things_of)

    def ask(name: str, method: str, parameters: dict[str, Any]) -> str:
        request = copy.copy(seen)
        request.method = method
        try:
            reply = ROUTES[name].view(request, **parameters)
        except Http404:
            return "missing"
        return {200: "open", 403: "refused"}[reply.status_code]

    monkeypatch.setattr("tests.portal.test_rights.user_of", lambda *_: seen.user)
    counts, wrong = walked(world, kind, ask, known=True)
    with capsys.disabled():
        print(f"\nrights: {kind.name}: {dict(counts)}", end="")
    assert not wrong
    assert sum(counts.values()) > 100


@pytest.mark.night
@pytest.mark.req("G-116", "S-024")
@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_no_address_answers_about_what_does_not_exist(
    world: World, visit: Callable[..., Client], kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With real requests. What exists may still be refused for its state; what does not exist must be a 404."""
    user = user_of(world, kind)
    monkeypatch.setattr("tests.portal.test_rights.user_of", lambda *_: user)
    client = visit(user, raise_request_exception=False)
    user.refresh_from_db()

    def ask(name: str, method: str, parameters: dict[str, Any]) -> str:
        reply = client.generic(method, reverse(name, kwargs=parameters))
        return {404: "missing", 403: "refused"}.get(reply.status_code, "open")

    _, wrong = walked(world, kind, ask, known=False)
    assert not {case: found for case, found in wrong.items() if case[-1] != "open"}


# ---------------------------------------------------------------------------------------------- programs
TOKENS_BY_DAY = [(Kind("applicant", "listed", "all"), "both"), (Kind("applicant", "all", "own"), "read")]
API = {
    "api-submission": Resource.DISPATCH,
    "api-submission-findings": Resource.DISPATCH,
    "api-submission-documents": Resource.DISPATCH,
    "api-check": Resource.JOB,
    "api-document": Resource.DOCUMENT,
}


def test_every_address_for_programs_that_names_something_is_walked() -> None:
    assert {
        name: route.shows[0] for name, route in ROUTES.items() if route.access is Access.TOKEN and route.shows
    } == API


@pytest.mark.req("S-024")
@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        pytest.param(
            kind,
            scope,
            id=f"{kind.name}-{scope}",
            marks=[] if (kind, scope) in TOKENS_BY_DAY else pytest.mark.night,
        )
        for kind, scope in itertools.product(SCOPES[1:], ("both", "send", "read"))
    ],
)
def test_a_token_sees_no_more_than_its_user(
    world: World, kind: Kind, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.portal.api.conftest import Program, a_token

    monkeypatch.setattr("portal_stub.api.callers.MOST_REQUESTS", 10_000)
    user = user_of(world, kind)
    makers, program, wrong = Makers(world, user), Program(a_token(user, scope)[1]), {}
    for name, resource in API.items():
        sending = name == "api-check"
        may = scope in {"both", "send" if sending else "read"}
        if name == "api-document":
            may = may and (kind.data != "none" or kind.applications != "none")
        elif not sending:
            may = may and kind.applications != "none"
        for thing in THINGS[resource][:1] if sending else THINGS[resource]:
            for whose in thing.whose:
                value = thing.name(thing.make(makers, whose))
                reply = program.client.get(reverse(name, args=[value]), headers=program.headers())
                wanted = 403 if not may else 200 if exists(kind, thing, whose) else 404
                # The paper's file is not there; that is told no earlier than that the paper exists.
                if name == "api-document" and wanted == 200:
                    continue
                if reply.status_code != wanted:
                    wrong[name, whose, wanted] = reply.status_code
    assert not wrong


@pytest.mark.parametrize("change", [{"active": False}, {"must_change_password": True}])
def test_neither_ended_nor_unchanged_users_get_in(
    world: World, visit: Callable[..., Client], change: dict[str, bool]
) -> None:
    """Of running sessions too: nothing that is named is looked at."""
    client, user = visit(world.applicant), world.applicant
    row = Makers(world, user).told(OWN[0])
    address = reverse("ledger-submission", args=["enterprise", row.pk])
    assert client.get(address).status_code == 200
    User.objects.filter(pk=user.pk).update(**change)
    reply = client.get(address)
    assert (reply.status_code, reply.content) == (302, b"")


# ---------------------------------------------------------------------------------------------- jobs
def test_a_job_is_judged_again_when_it_runs_and_when_its_file_is_fetched(
    world: World, visit: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights that were narrowed meanwhile count."""
    from portal_stub.jobs.registry import SHELF

    user, ran = user_of(world, Kind("applicant", "all", "all")), []
    makers = Makers(world, user)
    job = makers.ledger_file(Whose("colleague", UNLISTED))
    Job.objects.filter(pk=job.pk).update(state="waiting")
    monkeypatch.setattr(
        "portal_stub.ledgers.ledger_files.records.write_ledger_file",
        lambda stream, *_: ran.append(stream.write(b"rows")) or 1,
    )
    User.objects.filter(pk=user.pk).update(application_scope="own")
    assert worker.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.result, ran) == ("failed", {"refused": "rights-narrowed"}, [])

    User.objects.filter(pk=user.pk).update(application_scope="all")
    Job.objects.filter(pk=job.pk).update(state="waiting", attempts=0)
    assert worker.run_due() == 1
    job.refresh_from_db()
    assert (job.state, ran) == ("done", [4])
    client, address = visit(user), reverse("ledger-file", args=["enterprise", job.pk])
    assert b"".join(client.get(address).streaming_content) == b"rows"  # type: ignore[attr-defined]
    assert SHELF.path(job.sha256).is_file()
    User.objects.filter(pk=user.pk).update(application_scope="own")
    assert client.get(address).status_code == 404
    assert listed(client) == []


# ---------------------------------------------------------------------------------------------- declarations
def test_a_page_that_names_something_and_does_not_declare_it_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="does not declare what it shows"):
        page("new", "new/<str:upload_id>/", chapter="-", access=Access.USER, otp=True)(lambda request: None)
    with pytest.raises(ValueError, match="does not declare what it shows"):
        page("new", "new/<str:whatever>/", chapter="-", access=Access.USER, otp=True)(lambda request: None)
    with pytest.raises(ValueError, match="not of users"):
        page("new", "new/", chapter="-", access=Access.STAFF, otp=False, shows=Resource.JOB)(
            lambda request: None
        )
    with pytest.raises(ValueError, match="does not declare what it shows"):
        access.for_programs(
            "new",
            "api/v1/<str:upload_id>",
            lambda r: None,
            methods=("GET",),
            opens_to=Access.USER,
            large=False,  # type: ignore[arg-type, return-value]
        )
    assert "new" not in ROUTES


def test_what_names_nothing_is_in_no_resource() -> None:
    assert not NAMES_NOTHING & {name for names in NAMED_BY.values() for name in names}


def test_a_model_of_which_nothing_is_said_is_seen_by_nobody(world: World) -> None:
    with pytest.raises(KeyError):
        judging.may_see(world.administrator, world.holder)
