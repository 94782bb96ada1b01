"""The cards on the desk's front page: what waits, and what is kept here.

Whoever builds a page of the desk adds its card; a card is shown once its page exists, to whom it is open.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal_stub.access import ROUTES, may_open


@dataclass(frozen=True)
class Card:
    """One card; ``waiting`` counts what somebody has to do, ``query`` is put behind the page's address."""

    title: str
    route: str
    sentence: str
    waiting: Callable[[], int] | None = None
    query: str = ""


def _registrations() -> int:
    from portal_stub.registration.models import Registration, State

    return int(Registration.objects.filter(state__in=[State.SENT, State.IN_PROCESS]).count())


def _applications() -> int:
    from portal_stub.procedures.models import PENDING, Application

    return int(Application.objects.filter(state__in=PENDING).count())


def _held_uploads() -> int:
    from portal_stub.feed.models import Submission

    return int(Submission.objects.filter(held=True).count())


WAITING = (
    Card("申込み", "desk-applications", "審査・処理を待っている申込み", _applications),
    Card("台帳のアップロード", "desk-uploads", "決定を待っている申請・通知", _held_uploads, "?held=on"),
    Card(
        "登録の申込み", "desk-registrations", "申込書の到着、または手続の完了を待っている登録", _registrations
    ),
)
KEPT = (
    Card("保険利用者とWebユーザー", "desk-holders", "検索、ロックの解除、パスワードの再発行、全社閲覧用ID"),
    Card("海外商社", "desk-buyers", "住所などの情報、スリーピング候補バイヤーと解除期間、必要書類の規則"),
    Card("書面の保険契約", "desk-paper-contracts", "保険契約情報に加える、書面で手続きした契約の取込"),
    Card("事故", "desk-losses", "事故概要情報に表示する事故の取込"),
    Card("債権一覧表", "desk-claims", "プロジェクトごとの債権一覧表の公開と取下げ"),
    Card("参照表", "desk-tables", "格付・料率などの表の更新"),
    Card("お知らせ", "desk-notices", "掲載する文章と期間"),
    Card("お問い合わせ先", "desk-offices", "業務ごとの部署と電話番号"),
    Card("操作の記録", "desk-audit", "だれが、いつ、何をしたか"),
    Card("不審なアクセス", "desk-attacks", "続けて試されている入口、ロック中のID、拒否した操作"),
    Card("担当者", "desk-staff", "保険者デスクの担当者と役割"),
    Card("パスワード変更", "desk-password", "ご自身のパスワード"),
)


def cards_of(user: Any, cards: tuple[Card, ...]) -> list[tuple[Card, int | None]]:
    """The cards whose pages exist and are open to the user, each with how much waits."""
    shown = [card for card in cards if card.route in ROUTES and may_open(card.route, user)]
    return [(card, None if card.waiting is None else card.waiting()) for card in shown]
