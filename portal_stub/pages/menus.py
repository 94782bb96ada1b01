"""The menus of ユーザーページ. Seed 000 ch. 1 §2-1 ⑦-⑯, ch. 3 §3-1, §4-1; S-007, S-008.

An entry whose page is not built yet is shown as such. Who sees an entry stands here too, since a page that is not there
cannot tell; a test compares both once it is.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from portal_stub.access import ROUTES, Access, Right, has_right, is_closed
from portal_stub.hours import WINDOWS


@dataclass(frozen=True)
class Entry:
    """One line of a menu."""

    title: str
    route: str
    access: Access = Access.USER
    right: Right | None = None
    otp: bool = True
    enterprise: bool = False
    """Only for users of 企業総合保険."""
    switch: str = ""
    """The setting of ``portal.toml`` without which the page is not offered."""
    any_right: bool = False
    """For who may enter, or see applications or data: there is something behind it for each of them."""

    @property
    def built(self) -> bool:
        """Whether the page exists."""
        return self.route in ROUTES

    @property
    def note(self) -> str:
        """The hours of the page, when it is closed now (C-043)."""
        hours = ROUTES[self.route].hours if self.built else None
        return WINDOWS[hours].words if hours is not None and is_closed(hours) else ""

    def offered_to(self, user: Any) -> bool:
        """Whether the user holds the rights that the page asks for."""
        if self.access is Access.ADMINISTRATOR and not user.is_administrator:
            return False
        if self.access is Access.APPLICANT and not user.may_enter:
            return False
        if self.switch and not getattr(settings.PORTAL, self.switch):
            return False
        if self.any_right and not (user.may_enter or user.may_see_applications or user.may_see_data):
            return False
        if self.enterprise and not user.holder.uses_enterprise:
            return False
        return has_right(user, self.right)


MENUS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("Web申込状況一覧", (Entry("Web申込状況一覧", "applications", right=Right.APPLICATIONS),)),
    (
        "海外商社登録等のお手続き",
        (
            Entry("海外商社（バイヤー）の検索・登録・変更", "buyers", Access.APPLICANT, otp=False),
            Entry("ブックマークバイヤー", "bookmarks", otp=False),
        ),
    ),
    (
        "保険申込み・変更のお手続き",
        (
            Entry("貿易一般保険（個別）", "individual", Access.APPLICANT),
            Entry("中小企業・農林水産業輸出代金保険", "small-business", Access.APPLICANT),
            Entry("設備財包括保険／消費財包括保険／企業総合保険", "ledger", any_right=True),
            Entry("簡易通知型包括保険", "simplified", any_right=True),
        ),
    ),
    (
        "個別保証枠のお手続き",
        (Entry("個別保証枠の確認・決済通知・枠戻通知", "guarantee-limits", Access.APPLICANT),),
    ),
    (
        "企業総合保険特約のお手続き",
        (Entry("企業総合保険特約の手続き", "agreement-procedures", Access.APPLICANT, enterprise=True),),
    ),
    (
        "事故に関するお手続き",
        (Entry("損失等発生通知・入金通知・猶予期間設定申請", "losses", Access.APPLICANT),),
    ),
    ("保険料試算", (Entry("保険料試算（詳細版）", "estimate", otp=False),)),
    (
        "各種情報照会",
        (
            Entry("海外商社情報照会", "buyer-data", otp=False),
            Entry("海外商社格付変更一覧", "rating-changes", otp=False),
            Entry("保険契約情報", "contract-data", right=Right.DATA),
            Entry("事故情報", "loss-data", right=Right.DATA),
            Entry("回収情報（債権一覧表）", "claims-lists", right=Right.DATA, switch="claims_lists"),
            Entry("台帳・請求書", "ledger-papers", right=Right.DATA),
            Entry("契約台帳・提供データ", "provided-data", right=Right.DATA),
        ),
    ),
    (
        "保険利用者情報・ユーザー管理",
        (
            Entry("パスワード変更", "password-change"),
            Entry("Webユーザー情報照会", "own-data"),
            Entry("口座情報照会", "accounts"),
            Entry("保険利用者情報照会", "holder"),
        ),
    ),
    (
        "管理項目",
        (
            Entry("Webユーザー（管理者）情報変更", "administrator", Access.ADMINISTRATOR),
            Entry("Webユーザー（申込者）情報照会・追加・変更", "applicants", Access.ADMINISTRATOR),
            Entry("口座情報照会・登録・変更", "accounts-change", Access.ADMINISTRATOR),
            Entry("保険利用者情報照会・変更", "holder-change", Access.ADMINISTRATOR),
            Entry("アクセス履歴出力", "access-history", Access.ADMINISTRATOR),
            Entry("IPアドレス制限の設定", "addresses", Access.ADMINISTRATOR),
            Entry("APIトークン", "api-tokens", Access.ADMINISTRATOR),
        ),
    ),
)


def menus_of(user: Any) -> list[tuple[str, list[Entry]]]:
    """The menus offered to a user; a menu without entries is left out."""
    offered = ((title, [entry for entry in entries if entry.offered_to(user)]) for title, entries in MENUS)
    return [(title, entries) for title, entries in offered if entries]
