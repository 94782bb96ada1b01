"""What a demo home has in 各種情報照会: contracts on paper, a loss, a project with two lists, changes of ratings."""

from datetime import date, timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from portal_stub import clock
from portal_stub.accounts.models import Holder, User
from portal_stub.feed.models import RatingChange
from portal_stub.inquiries import rules
from portal_stub.inquiries.models import ClaimsFile, Loss, PaperContract

HOLDER = "990000001"
_CONTRACTS: tuple[dict[str, object], ...] = (
    {
        "kind": "individual",
        "number": "IND-2025-0001",
        "country": "304",
        "buyer": "304000001",
        "subject": "工作機械（架空）",
        "currency": "USD",
        "amount": Decimal("1250000.00"),
        "insured_yen": 178_000_000,
        "premium_yen": 890_000,
    },
    {
        "kind": "loan",
        "number": "LOAN-2024-0003",
        "country": "105",
        "buyer": "105000001",
        "subject": "発電設備の延払代金（架空）",
        "currency": "JPY",
        "amount": Decimal("980000000"),
        "insured_yen": 931_000_000,
        "premium_yen": 18_600_000,
        "long_term": True,
    },
)
_CHANGES = (("105000002", 20, "EF", "EM"), ("304000002", 45, "EF", "EC"), ("213000001", 130, "EE", "EA"))
"""Buyer, days ago, former and new rating; the feed of a home with ledgers tells its own instead."""


def load(by: User) -> None:
    """Again: nothing new."""
    now, today = clock.now(), clock.today()
    if not PaperContract.objects.exists():
        for values in _CONTRACTS:
            begun = today - timedelta(days=200)
            lasts = 1500 if values.get("long_term") else 365
            PaperContract.objects.create(
                holder=HOLDER,
                concluded_on=begun,
                ends_on=begun + timedelta(days=lasts),
                brought_at=now,
                **values,
            )
        Loss.objects.create(
            holder=HOLDER,
            loss_no="L-2026-0001",
            kind="individual",
            number="IND-2025-0001",
            country="304",
            buyer="304000001",
            stage="danger",
            cause="支払の遅延（架空）",
            happened_on=today - timedelta(days=40),
            told_on=today - timedelta(days=30),
            loss_yen=45_000_000,
            brought_at=now,
        )
    if not ClaimsFile.objects.exists():
        for month in ("2026-02", "2026-03"):
            _publish(by, month)
    if not RatingChange.objects.exists():
        RatingChange.objects.bulk_create(
            RatingChange(code=code, valid_from=_ago(today, days), former=former, new=new)
            for code, days, former, new in _CHANGES
        )


def _ago(today: date, days: int) -> date:
    return today - timedelta(days=days)


def _publish(by: User, month: str) -> None:
    name = f"債権一覧表_{month}.csv"
    content = f"債権番号,債務者,残高（円）\r\n1,EXAMPLE AMERICA INC.,45000000\r\n（{month}月末、架空）,,\r\n"
    values = {
        "holder": Holder.objects.get(code=HOLDER),
        "project": "PJ-0001",
        "project_name": "架空発電所建設プロジェクト",
        "agreement": "",
        "name": name,
        "reason": "試用環境",
    }
    row = rules.add_claims_file(by, values, SimpleUploadedFile(name, content.encode("cp932")))
    rules.publish_claims_file(by, row)
