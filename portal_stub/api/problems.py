"""What a program is told when something is refused: problem+json (RFC 9457), with a stable code and Japanese words.

The kinds of problems stand here with their status; the words of a refused upload are those of ``Refusal`` itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse

from schemas.submission import Refusal

MEDIA = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its status, what it is called, and what to do about it."""

    status: int
    title: str
    words: str


KINDS: dict[str, Kind] = {
    "unreadable-request": Kind(
        400,
        "要求を読めません",
        "要求を読めませんでした。文字コードはUTF-8、形は説明のとおりか確かめてください。",
    ),
    "unauthorized": Kind(
        401,
        "トークンを確認できません",
        "Authorization: Bearer に有効なAPIトークンを指定してください。正しくないか、期限切れか、無効にされたか、"
        "Webユーザーが利用できない状態です。貴社のWebユーザー（管理者）に確かめてください。",
    ),
    "address-refused": Kind(
        403,
        "この場所からは利用できません",
        "IPアドレス制限に登録されていないアドレスからの要求です。貴社のWebユーザー（管理者）に確かめてください。",
    ),
    "outside-service-hours": Kind(403, "ご利用時間外です", "ただいまはご利用いただけません。"),
    "missing-right": Kind(
        403,
        "権限がありません",
        "このトークンのWebユーザーには、必要な権限がありません。貴社のWebユーザー（管理者）に確かめてください。",
    ),
    "missing-scope": Kind(
        403,
        "トークンの範囲に含まれません",
        "このトークンの範囲（送信・参照）では利用できません。範囲の合うトークンを使ってください。",
    ),
    "forbidden": Kind(403, "利用できません", "この要求は許可されていません。"),
    "not-found": Kind(
        404, "見つかりません", "指定されたものはありません。アドレスと番号を確かめてください。"
    ),
    "method-not-allowed": Kind(
        405, "このメソッドは使えません", "このアドレスで使えるメソッドは Allow ヘッダーにあります。"
    ),
    "not-ready": Kind(
        409, "まだありません", "作成が終わっていません。時間をおいて、もう一度要求してください。"
    ),
    "idempotency-key-reused": Kind(
        409,
        "Idempotency-Keyが使用済みです",
        "このIdempotency-Keyは、別の内容の要求で使われています。内容が違う要求には、新しい値を付けてください。",
    ),
    "idempotency-in-progress": Kind(
        409,
        "同じ要求を処理中です",
        "同じIdempotency-Keyの要求を処理しています。Retry-After の秒数をおいて、同じ要求を送ってください。",
    ),
    "request-too-large": Kind(
        413, "要求が大きすぎます", "送られた内容が大きすぎます。ファイルを分けて送ってください。"
    ),
    "invalid-request": Kind(
        422, "内容に誤りがあります", "errors に示した項目を直して、もう一度送ってください。"
    ),
    "too-many-failures": Kind(
        429,
        "認証の失敗が続いています",
        "有効でないトークンの要求が続いています。Retry-After の秒数をおいて、正しいトークンを指定してください。",
    ),
    "too-many-requests": Kind(
        429,
        "要求が多すぎます",
        "短い時間に多くの要求が届いています。Retry-After の秒数をおいて、間隔を空けて送ってください。",
    ),
    "internal-error": Kind(
        500,
        "処理できませんでした",
        "サーバーでエラーが発生しました。時間をおいてもう一度送るか、お問い合わせ窓口に連絡してください。",
    ),
}
"""Kinds of problems but those of a refused upload, whose codes are those of ``Refusal``."""

REFUSED = {
    "outside-hours": 403,
    "identical-upload": 409,
    "dispatch-taken": 409,
    "file-too-large": 413,
    "queue-full": 429,
}
"""Status of refused uploads, where it is another one than 422."""

BY_STATUS = {
    400: "unreadable-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "request-too-large",
    500: "internal-error",
}
"""What an answer is that another part of the portal gave."""


@dataclass
class Problem(Exception):
    """Ends a request: ``code`` is one of ``KINDS`` unless a status is given."""

    code: str
    message: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[Mapping[str, str]] = ()

    @classmethod
    def of(cls, refusal: Refusal) -> "Problem":
        """A refused upload."""
        return cls(refusal.code, refusal.message, REFUSED.get(refusal.code, 422))

    def answer(self) -> HttpResponse:
        """The response."""
        kind = KINDS.get(self.code)
        status = self.status or (kind.status if kind else 422)
        told: dict[str, Any] = {
            "type": f"urn:daicho:problem:{self.code}",
            "title": kind.title if kind else "受け付けられません",
            "status": status,
            "code": self.code,
            "detail": self.message or (kind.words if kind else ""),
        }
        if self.errors:
            told["errors"] = [dict(error) for error in self.errors]
        headers = dict(self.headers)
        if status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="daicho"'
        content = json.dumps(told, ensure_ascii=False).encode()
        headers["Content-Length"] = str(len(content))
        return HttpResponse(content, status=status, content_type=MEDIA, headers=headers)
