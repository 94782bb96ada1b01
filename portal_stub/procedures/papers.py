"""The PDFs about applications: 通知書, 送付状 and the application's content. How a letter looks is ``outputs.letters``."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from outputs.letters import letter
from portal_stub import clock
from portal_stub.procedures.models import Application
from portal_stub.procedures.registry import PROCEDURES

INSURER = "貿易保険Webサービス"


def content_of(application: Application) -> bytes:
    """What was entered, as the check page showed it."""
    return letter(
        f"申込内容（{PROCEDURES[application.procedure].title}）",
        created_at=timezone.localtime(application.applied_at or application.saved_at),
        reference=_reference(application),
        addressee=[f"{application.holder.name}　様"],
        sections=_sections(application),
        notes=application.agreed,
        footer=INSURER,
    )


def notice_of(application: Application) -> bytes:
    """通知書 of an application that is complete now (H-020, K-044).

    Raises:
        ValueError: the procedure has none.
    """
    notice = PROCEDURES[application.procedure].notice
    if notice is None:
        raise ValueError(f"{application.procedure} has no notice")
    return letter(
        notice.title,
        created_at=clock.now(),
        reference=[*_reference(application), ("手続完了日", clock.today().strftime("%Y/%m/%d"))],
        addressee=[f"{application.holder.name}　御中"],
        paragraphs=notice.paragraphs(application),
        sections=_sections(application),
        footer=INSURER,
    )


def cover_sheet_of(application: Application) -> bytes:
    """送付状 for documents that come separately: where to, what, until when (K-038, K-039).

    Raises:
        ValueError: nothing comes separately.
    """
    separate = PROCEDURES[application.procedure].separate
    names = list(separate.said(application)) if separate else []
    if separate is None or not names or application.applied_at is None:
        raise ValueError(f"{application.number} has no separate documents")
    applied = timezone.localtime(application.applied_at)
    until = applied.date() + timedelta(days=separate.days)
    return letter(
        "別送資料送付状",
        created_at=applied,
        reference=_reference(application),
        addressee=_destination(separate.section),
        paragraphs=[
            "次の資料を送付いたします。この送付状を資料の先頭に添えて、郵送してください。",
            f"Web申込日から{separate.days}日以内（{until:%Y/%m/%d}まで）に届くように送付してください。",
        ],
        sections=[
            (
                "送付する資料",
                [(f"資料{place}", name) for place, name in enumerate(names, start=1)],
            ),
            (
                "差出人",
                [
                    ("保険利用者", f"{application.holder.name}（{application.holder.code}）"),
                    ("申込者", application.recipients.get("applicant", {}).get("name", "")),
                ],
            ),
        ],
        footer=INSURER,
    )


def _destination(section: str) -> list[str]:
    """Where 別送資料 are sent; the example that stands in for an address says that it is one."""
    told = settings.PORTAL.documents_destination
    lines = [*(line.strip() for line in told.splitlines() if line.strip()), f"{section}　御中"]
    if told == type(settings.PORTAL).documents_destination:
        lines.append("（この宛先は見本です。送付しないでください）")
    return lines


def _reference(application: Application) -> list[tuple[str, str]]:
    applied = (
        timezone.localtime(application.applied_at).strftime("%Y/%m/%d %H:%M")
        if application.applied_at
        else ""
    )
    return [
        ("Web申込番号", application.number or ""),
        ("申込種類", PROCEDURES[application.procedure].title),
        ("Web申込日時", applied or "（申込み前）"),
        ("保険利用者コード", application.holder.code),
    ]


def _sections(application: Application) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(block["title"], [(row[0], row[1]) for row in block["rows"]]) for block in application.told]
