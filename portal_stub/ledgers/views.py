"""The doors of the ledger desk: per function a page that leads to its screens. Seed 000 ch. 9 §4, §5.

The screens stand beside: ``upload_views``, ``sent_views``, ``file_views``, ``paper_views``, ``check_views``.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal_stub.access import ROUTES, Access, may_open, page
from portal_stub.ledgers import file_views as _files  # noqa: F401 - declares its pages
from portal_stub.ledgers import paper_views as _papers  # noqa: F401
from portal_stub.ledgers import sent_views as _sent  # noqa: F401
from portal_stub.ledgers import upload_views as _uploads  # noqa: F401
from portal_stub.ledgers.common import function_named
from portal_stub.ledgers.functions import FUNCTIONS, LedgerFunction
from schemas.products import Product


@dataclass(frozen=True)
class Door:
    """One way into a function: where it leads, and what one does there."""

    title: str
    route: str
    words: str
    query: str = ""

    def address(self, function: LedgerFunction) -> str:
        """Where it leads for a function."""
        named = "<str:product>" in ROUTES[self.route].path
        return reverse(self.route, args=[function.key] if named else []) + self.query


def _doors(function: LedgerFunction) -> list[tuple[str, list[Door]]]:
    """The doors of a function under their headings (A-003, A-004, B-001)."""
    act, enterprise = function.act, function.product is Product.ENTERPRISE
    upload = [
        Door("アップロード", "ledger-upload", f"作成したファイルを検査し、{act}します。"),
        Door(f"{function.sent_title}（アップロード）", "ledger-sent", f"{act}したファイルと、現在のステータスを表示します。"),
    ]  # fmt: skip
    typed = [
        Door("個別入力・個別申込み" if enterprise else function.entry_title, "entry-new", f"画面で1件ずつ入力し、{act}待に保存します。"),
        Door(function.waiting_title, "entry-waiting", f"保存した{act}を確認し、{function.bulk}します。"),
        Door("仮保存一覧", "entry-kept", "入力を中断したものを再開します。"),
        Door("雛形一覧", "entry-templates", "よく使う内容を雛形として使います。"),
        Door(f"{function.sent_title}（個別入力）", "ledger-sent-entries", f"{function.bulk}したものと、現在のステータスを表示します。"),
    ]  # fmt: skip
    if enterprise:
        typed.insert(
            2, Door("一括入力・一括申込み", "entry-batch", "入力した契約をまとめて確認し、申し込みます。")
        )
    product = f"?product={function.key}"
    got = [
        Door("作成済台帳ファイルリスト", "ledger-files", "「データ作成」で作成した台帳ファイルをダウンロードします。"),
        Door("モニタリストダウンロード", "ledger-monitor-lists", "審査の結果をまとめたPDFをダウンロードします。", product),
        Door("提供データダウンロード", "provided-data", "照合台帳・確定台帳の内容をCSVでダウンロードします。", product),
        Door("台帳・請求書", "ledger-papers", "台帳、保険料計算書、保険料請求書などを表示・ダウンロードします。", product),
    ]  # fmt: skip
    if enterprise:
        got += [
            Door("照合台帳・照合用提供データの確認", "ledger-reconciliation", "照合期限までに内容を確認し、「確認済」にします。"),
            Door("確定提供データの確認", "ledger-confirmed-data", "確定台帳の内容をCSVで確認します。"),
        ]  # fmt: skip
    return [
        ("アップロード", upload),
        *([("個別申込み・一括申込み" if enterprise else "個別入力", typed)] if function.typed else []),
        ("確認とダウンロード", got),
    ]


CHAPTERS = {
    Product.ENTERPRISE: "9章3",
    Product.EQUIPMENT: "9章4",
    Product.CONSUMER_GOODS: "9章4",
    Product.SIMPLIFIED_NOTICE: "9章5",
}
"""Where the operation manual of 2026-05-07 tells of a function (S-051)."""


def offered(function: LedgerFunction, user: Any) -> list[tuple[str, list[tuple[Door, str]]]]:
    """The doors that the user may open, with their addresses; headings without any are left out."""
    found = []
    for title, doors in _doors(function):
        open_ones = [
            (door, door.address(function))
            for door in doors
            if door.route in ROUTES and may_open(door.route, user)
        ]
        if open_ones:
            found.append((title, open_ones))
    return found


@page("ledger", "ledger/", chapter="9章3・4", access=Access.USER, otp=True)
def ledger(request: HttpRequest) -> HttpResponse:
    """「設備財包括保険／消費財包括保険／企業総合保険」 (A-004)."""
    functions = [
        (function, CHAPTERS[function.product], offered(function, request.user))
        for function in FUNCTIONS.values()
        if not function.is_notice
    ]
    return render(request, "ledgers/functions.html", {"functions": functions})


@page("simplified", "simplified-notice/", chapter="9章5", access=Access.USER, otp=True)
def simplified(request: HttpRequest) -> HttpResponse:
    """「簡易通知型包括保険」 (B-001)."""
    return _function(request, FUNCTIONS[Product.SIMPLIFIED_NOTICE])


@page("ledger-function", "ledger/<str:product>/", chapter="9章3・4・5", access=Access.USER, otp=True)
def ledger_function(request: HttpRequest, product: str) -> HttpResponse:
    """The doors of one function."""
    return _function(request, function_named(product))


def _function(request: HttpRequest, function: LedgerFunction) -> HttpResponse:
    context = {
        "function": function,
        "chapter": CHAPTERS[function.product],
        "doors": offered(function, request.user),
    }
    return render(request, "ledgers/function.html", context)
