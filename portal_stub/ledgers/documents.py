"""The papers of the pipeline as lists ask for them; the pages are ``paper_views`` and ``sent_views``.

Which of them exist for a user is ``visibility``.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat

from portal_stub.accounts.models import Holder, User
from portal_stub.feed.models import AgreementPeriod, Document, Policyholder, Submission
from portal_stub.ledgers import listing
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

RECONCILED, CONFIRMED = "reconciliation", "confirmation"
STAGES = [(RECONCILED, "照合"), (CONFIRMED, "確定")]
UNIT_KINDS = {
    "reconciliation_ledger": "照合台帳",
    "confirmed_ledger": "確定台帳",
    "shipment_statement_check": "船積通知明細書（照合用）",
    "shipment_statement": "船積通知明細書",
    "premium_statement": "保険料計算書",
    "invoice": "保険料請求書",
    "difference_list": "照合・確定差異一覧",
}
"""Papers of the page 「台帳・請求書」."""


def of_holder(
    user: User, holder: Holder, kinds: Iterable[str], wanted: Mapping[str, Any] | None = None
) -> "QuerySet[Any]":
    """Papers of a holder's ledger units that the user may read, newest first.

    ``wanted``: any of ``product``, ``kind``, ``stage``, ``since``, ``until`` (作成日), ``agreement``, ``department``, ``month``.
    """
    rows = seen(Resource.DOCUMENT, user).filter(holder=holder.code, submission_id="", kind__in=list(kinds))
    return _wanted(rows, wanted or {}).order_by("-created_at", "document_id")


def _wanted(rows: Any, wanted: Mapping[str, Any]) -> Any:
    if product := wanted.get("product"):
        rows = rows.filter(agreement__in=AgreementPeriod.objects.filter(product=product).values("code"))
    if stage := wanted.get("stage"):
        rows = rows.filter(_is_confirmed()) if stage == CONFIRMED else rows.exclude(_is_confirmed())
    for name in ("kind", "agreement", "department", "month"):
        if value := wanted.get(name):
            rows = rows.filter(**{name: value})
    if day := wanted.get("since"):
        rows = rows.filter(created_at__gte=listing.midnight(day))
    if day := wanted.get("until"):
        rows = rows.filter(created_at__lt=listing.midnight(day + timedelta(1)))
    return rows


def _is_confirmed() -> Q:
    """Of 提供データ: of a 確定台帳, which the number of the ledger says (``<unit>_C_<n>``)."""
    return Q(document_id__startswith=Concat(Value("provided_data-"), F("unit"), Value("_C_")))


def is_confirmed(row: Document) -> bool:
    """The same of a row that was read."""
    return bool(row.pk.startswith(f"provided_data-{row.unit}_C_"))


def ledger_of(row: Document) -> str:
    """台帳番号 of a paper of a ledger unit.

    >>> ledger_of(Document(document_id="invoice-1_-_2018-11_C_1-pdf", kind="invoice", format="pdf"))
    '1_-_2018-11_C_1'
    """
    return str(row.pk).removeprefix(f"{row.kind}-").removesuffix(f"-{row.format}")


def wants_data(holder: Holder) -> bool:
    """Whether the holder asked for 提供データ beforehand (D-023, P-042)."""
    return bool(Policyholder.objects.filter(pk=holder.code, provided_data=True).exists())


def of_submission(user: User, told: Submission) -> "QuerySet[Any]":
    """Papers of one submission."""
    return seen(Resource.DOCUMENT, user).filter(submission_id=told.pk, holder=told.holder)


def monitor_lists(user: User, now: datetime, wanted: Mapping[str, Any]) -> "QuerySet[Any]":
    """モニタリスト of submissions that the user sees, newest first (D-004 to D-006).

    ``wanted``: any of ``product``, ``since``, ``until`` (申請日), ``status``, ``name`` (part of the file name, or 受付番号).
    """
    told = seen(Resource.SUBMISSION, user)
    if product := wanted.get("product"):
        told = told.filter(product=product)
    if day := wanted.get("since"):
        told = told.filter(received_at__gte=listing.midnight(day))
    if day := wanted.get("until"):
        told = told.filter(received_at__lt=listing.midnight(day + timedelta(1)))
    if status := wanted.get("status"):
        told = told.in_status(status, now)
    if name := wanted.get("name"):
        told = told.filter(Q(file_name__icontains=name) | Q(submission_id=name.upper()))
    rows = seen(Resource.DOCUMENT, user).filter(
        kind="monitor_list", submission_id__in=told.order_by().values("pk")
    )
    return rows.order_by("-created_at", "document_id")
