"""A portal in use, in which every page has something to show, and the ways to walk all of it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from portal_stub import clock
from portal_stub.access import ROUTES, Access, Route
from portal_stub.accounts.models import StaffRole, User
from portal_stub.buyers.models import Bookmark, Buyer, DocumentRule
from portal_stub.buyers.rules import set_season
from portal_stub.entries.rules import start
from portal_stub.feed import asking
from portal_stub.holders.models import Account, Branch
from portal_stub.inquiries.conditions import Conditions
from portal_stub.inquiries.rules import keep_draft
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import SHELF
from portal_stub.jobs.rules import ask as ask_for_work
from portal_stub.ledgers import sending
from portal_stub.ledgers.functions import FUNCTIONS
from portal_stub.pages.models import Notice, Office
from portal_stub.procedures.models import Application, Document, State
from portal_stub.procedures.registry import PROCEDURES
from portal_stub.registration.models import Registration
from tests.portal.buyers.conftest import directory
from tests.portal.conftest import World
from tests.portal.feed.conftest import HELD, desk, found, paper, portrait, tell
from tests.portal.inquiries import conftest as inquiries
from tests.portal.registration.conftest import Newcomer, ask, mailed
from tests.portal.test_access import address as of_the_matrix

__all__ = ["desk", "directory"]
Visit = Callable[..., Client]
KINDS = {
    "nobody": None,
    "newcomer": None,
    "administrator": "administrator",
    "applicant": "applicant",
    "reader": "reader",
    "company_reader": "company_reader",
    "staff_reader": "staff_reader",
    "staff": "staff",
    "staff_supervisor": "staff_supervisor",
}
SUBJECTS = {
    "buyer-change": "304000001",
    "sleeping-release": "105000002",
}


@dataclass
class Scene:
    """The world with something behind every address."""

    world: World
    values: dict[str, Any]
    """What stands in addresses, by the name of the parameter."""
    drafts: dict[str, Application]
    """An open application of every procedure."""
    documents: dict[str, Document]
    jobs: dict[str, str] = field(default_factory=dict)
    """A search and a file of each kind of data, done."""
    browsers: dict[str, Client] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    """Of 個別入力: what is on the screen, and what waits."""

    def address(self, route: Route, **other: Any) -> str:
        """The address of a page, with something behind it."""
        values = dict(self.values)
        for key, draft in self.drafts.items():
            if route.path.startswith(f"procedures/{key}/"):
                steps = PROCEDURES[key].steps
                values |= {"token": draft.token, "document": self.documents[key].pk}
                values["step"] = steps[0].key if steps else "entry"
                values["item"] = "branch" if key.startswith("account") else "country"
        if route.name.startswith("registration-url"):
            values["token"] = self.values["url_token"]
        if (kind := route.name.removesuffix("-file").removesuffix("-part")) in self.jobs:
            values["job_id"] = self.jobs[kind]
        if "<str:entry_id>" in route.path:
            listed = route.name in {"entry-contents", "entry-delete"}
            values["entry_id"] = self.entries["waiting" if listed else "editing"]
        values |= other
        if set(re.findall(r":(\w+)>", route.path)) - set(values):
            return of_the_matrix(route.name, self.world)  # with nothing behind it
        return reverse(
            route.name, kwargs={key: value for key, value in values.items() if f":{key}>" in route.path}
        )

    def addresses(self, route: Route) -> list[str]:
        """The same for every step of a procedure."""
        if "<slug:step>" not in route.path or "<slug:item>" in route.path:
            return [self.address(route)]
        key = route.name.removesuffix("-step")
        return [self.address(route, step=step.key) for step in PROCEDURES[key].steps] or [self.address(route)]

    def who(self, route: Route) -> str:
        """A kind of user who may open the page."""
        if route.access is Access.STAFF:
            return "staff_supervisor" if route.least == StaffRole.SUPERVISOR else "staff"
        if route.access is Access.PUBLIC:
            return "newcomer" if route.name.startswith("registration") else "nobody"
        key = route.path.split("/")[1] if route.path.startswith("procedures/") else ""
        return "administrator" if key in PROCEDURES or route.access is Access.ADMINISTRATOR else "applicant"


def _opened(user: User, key: str, subject: str, state: Any = State.DRAFT, number: str | None = None) -> Any:
    """An application without words, with one document."""
    now = clock.now()
    application = Application.objects.create(
        procedure=key,
        version=PROCEDURES[key].version,
        holder=user.holder,
        subject=subject,
        # Every step counts as answered, so that each of them opens.
        answers={step.key: {"kind": "enterprise"} for step in PROCEDURES[key].steps},
        number=number,
        state=state,
        entered_by=user,
        saved_by=user,
        shown_user=user,
        created_at=now,
        saved_at=now,
        listed_at=now,
        applied_at=now if state in {State.PROCESSING, State.COMPLETE, State.CANCELLED} else None,
    )
    document = Document.objects.create(
        application=application,
        slot="other",
        name="資料.pdf",
        size=5,
        sha256="0" * 64,
        added_by=user,
        added_at=now,
    )
    return application, document


def _done(user: User, kind: str) -> str:
    """A job that is over, with a file."""
    job = ask_for_work(user, kind, Conditions().kept(), lives_days=8)
    kept = SHELF.keep([b"a,b"])
    job.state, job.file_name, job.sha256, job.size = Job.State.DONE, "a.csv", kept.sha256, kept.size
    job.result = {"rows": 1, "agreements": None, "kinds": {"individual": [1, 1]}}
    job.save()
    return str(job.pk)


@pytest.fixture(autouse=True)
def _pages() -> None:
    get_resolver().url_patterns  # noqa: B018 - declares all pages


@pytest.fixture
def scene(
    world: World,
    directory: Any,
    desk: Path,
    visit: Visit,
    settings: Any,
) -> Scene:
    stored = Path(settings.PORTAL_FILES) / "00" / ("0" * 64)
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"%PDF-")
    today = clock.today()
    set_season("desk-1", today, today + timedelta(30))
    Branch.objects.create(bank_code="9901", bank_name="見本銀行", code="001", name="本店営業部")
    account = Account.objects.create(
        holder=world.holder,
        use="refund",
        bank_code="9901",
        bank_name="見本銀行",
        branch_code="001",
        branch_name="本店営業部",
        deposit="ordinary",
        number="0001234",
        owner="見本商事株式会社",
        owner_kana="ﾐﾎﾝｼﾖｳｼﾞ",
        confirmed_on=date(2026, 1, 5),
    )
    Bookmark.objects.create(user=world.applicant, buyer=Buyer.objects.get(code="304000001"), at=clock.now())
    notice = Notice.objects.create(title="お知らせ", body="本文", shown_from=today)
    rule = DocumentRule.objects.filter(ended_at__isnull=True).first()
    office = Office.objects.create(business="操作", office="窓口", phone="03-1", hours="平日")
    unit = f"{world.holder.code[:8]}1_-_2026-03"
    told_papers = [
        paper("monitor_list-S00000001", submission_id="S00000001"),
        paper(f"reconciliation_ledger-{unit}_2026W13_1-pdf", kind="reconciliation_ledger", unit=unit),
    ]
    tell(portrait(1, **HELD), findings={"S00000001": [found(1)]}, documents=told_papers)
    draft = asking.keep_draft(world.staff_supervisor, {"buyers": [b"buyer_code\n"]}, [])
    upload = sending.keep(world.applicant, "enterprise", "台帳.csv", [b"process_type\r\n1\r\n"], "1")
    asked = {"product": "enterprise", "sources": [], "names": ["台帳.csv"]}
    ledger_file = ask_for_work(world.applicant, "ledger-file", asked)
    drafts, documents = {}, {}
    for key in PROCEDURES:
        subject = SUBJECTS.get(key, str(account.pk) if key in {"account-change", "account-deletion"} else "")
        drafts[key], documents[key] = _opened(world.administrator, key, subject)
    application, document = _opened(
        world.applicant, "buyer-registration", "", State.PROCESSING, "2026-0331-0001"
    )
    scene = Scene(
        world,
        {
            "login_id": world.applicant.login_id,
            "reason": "idle",
            "holder_code": world.holder.code,
            "staff_id": world.staff_reader.login_id,
            "reader_id": world.company_reader.login_id,
            "notice_id": notice.pk,
            "office_id": office.pk,
            "rule_id": rule.pk if rule else 1,
            "topic": "login",
            "token": "x" * 43,
            "code": "304000001",
            "number": application.number,
            "document": document.pk,
            "step": "entry",
            "item": "country",
            "kind": "head-office",
            "submission_id": "S00000001",
            "request_id": draft.pk,
            "product": "enterprise",
            "upload_id": upload.pk,
            "key": "S00000001",
            "file_id": ledger_file.pk,
            "document_id": "monitor_list-S00000001",
            "ledger_id": f"{unit}_2026W13_1",
        },
        drafts,
        documents,
    )
    scene.jobs = {
        kind: _done(world.applicant, kind) for kind in ("contract-search", "contract-data", "loss-data")
    }
    listed = inquiries.claims(world)
    brought = inquiries.a_file("contracts", inquiries.CONTRACT)
    scene.values |= {"claims_id": listed.pk, "project": listed.project}
    scene.values["bringing_id"] = keep_draft(world.staff, "contracts", brought)[0].pk
    for place in ("editing", "waiting"):
        entry = start(world.applicant, FUNCTIONS["enterprise"], "1")
        entry.place = place
        entry.save()
        scene.entries[place] = entry.pk
    newcomer = Newcomer().confirm()
    another = Client()
    ask(another, "another@new.example")
    scene.values["url_token"] = mailed()[0].rstrip("/").rpartition("/")[2]
    scene.values["registration_id"] = Registration.objects.order_by("id")[0].pk
    for kind, name in KINDS.items():
        user = getattr(world, name) if name else None
        scene.browsers[kind] = newcomer.client if kind == "newcomer" else visit(user)
        scene.browsers[kind].raise_request_exception = False
    return scene


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """What a request does to rows and cookies is taken back."""
    cookies = dict(client.cookies)
    with transaction.atomic():
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)
            client.cookies.clear()
            for name, value in cookies.items():
                client.cookies[name] = value


def routes(method: str) -> list[Route]:
    """All pages that answer to a method, in a steady order; what programs call is attacked in ``tests/portal/api``."""
    get_resolver().url_patterns  # noqa: B018 - declares all pages
    pages = [route for _, route in sorted(ROUTES.items()) if route.access is not Access.TOKEN]
    return [route for route in pages if method in route.methods and not route.path.endswith(".json")]


def a_file(name: str = "資料.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.7 sample")


def japanese(reply: Any) -> bool:
    """Whether an answer is a page for people of this portal, a file, or the way to such."""
    if reply.status_code in {301, 302} or reply.headers.get("Content-Disposition"):
        return True
    if reply.status_code == 405:
        return True
    content = reply.content.decode()
    # What a page asks for again by itself is a part of a page.
    return ('lang="ja"' in content or "<html" not in content) and "Traceback" not in content
