"""The description of the API: OpenAPI for programs at /api/v1/openapi.json, and the same in words for people.

django-ninja makes it of the declared endpoints; what it cannot know (the media type of problems, who may call) is added.
"""

import copy
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from portal_stub.access import Access, page
from portal_stub.api import (
    endpoints,  # noqa: F401 - declares them
    shapes,
)
from portal_stub.api.declaring import PATH, api
from portal_stub.api.problems import KINDS, MEDIA, REFUSED
from portal_stub.hours import WINDOWS, Hours
from schemas.products import Product
from schemas.submission import Status

INTRODUCTION = (
    "輸出者のシステムから、申請・通知の送信、事前チェック、状況の確認、書類の受取りを行うためのAPIです。"
    "認証は Authorization: Bearer に、Webユーザー（管理者）が発行したAPIトークンを指定します。"
    "金額は円の整数、日付は YYYY-MM-DD、日時は日本時間のオフセット付きです。"
    "誤りは application/problem+json（RFC 9457）で、code はプログラム用、detail は人のための説明です。"
)
_WORDS = {
    "200": "成功",
    "202": "受け付けました",
    "400": "要求を読めません",
    "401": "トークンを確認できません",
    "403": "権限・範囲・場所・時間により利用できません",
    "404": "見つかりません",
    "409": "すでに行われたこと、またはいま行われていることと重なります",
    "413": "大きすぎます",
    "422": "内容に誤りがあります",
    "429": "認証の失敗が続いています",
}


@cache
def openapi() -> dict[str, Any]:
    """The OpenAPI description as a plain dictionary."""
    told: dict[str, Any] = copy.deepcopy(dict(api.get_openapi_schema(path_prefix=PATH)))
    told["info"]["description"] = INTRODUCTION
    told["servers"] = [{"url": settings.PORTAL.base_url}]
    told["components"]["securitySchemes"]["Bearer"]["description"] = (
        "Webユーザー（管理者）が「APIトークン」の画面で発行した文字列（daicho_…）"
    )
    for methods in told["paths"].values():
        for operation in methods.values():
            _finish(operation)
    plain: dict[str, Any] = _plain(told)
    plain["info"] = told["info"]
    for name in ("SubmitForm", "CheckForm"):  # told where they are sent
        plain["components"]["schemas"].pop(name)
    return plain


def _finish(operation: dict[str, Any]) -> None:
    operation["description"] = _one_paragraph(operation.get("description", ""))
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    form = (
        operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {}).get("schema", {})
    )
    for name, item in form.get("properties", {}).items():
        known = shapes.SubmitForm.model_fields.get(name)
        item["description"] = known.description if known else "ファイル（.csv か .xlsx）"
    answers: dict[str, Any] = {}
    for status, answer in operation["responses"].items():
        name = str(status)
        answer["description"] = _WORDS.get(name, answer.get("description", ""))
        content = answer.get("content", {})
        if int(name) >= 400 and "application/json" in content:
            answer["content"] = {MEDIA: content["application/json"]}
        answers.setdefault(name, {}).update(answer)
    operation["responses"] = dict(sorted(answers.items()))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What is left out of an address is not there; null is no word in it."""
    several = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(several) != 1:
        return schema
    return several[0] | {name: value for name, value in schema.items() if name != "anyOf"}


def _plain(part: Any) -> Any:
    """Without the names and the English remarks of our classes, which tell programmers of exporters nothing."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "title" in part and isinstance(part["title"], str) and {"type", "anyOf"} & set(part):
        part = {name: value for name, value in part.items() if name != "title"}
        if part.get("description") in _REMARKS:
            part.pop("description")
    return {name: _plain(value) for name, value in part.items()}


_REMARKS = {
    " ".join(line.strip() for line in (one.__doc__ or "").strip().splitlines())
    for one in (*vars(shapes).values(), Product, Status)
    if isinstance(one, type)
}


def _one_paragraph(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines() if line.strip())


@page("api-openapi", f"{PATH}openapi.json", chapter="-", access=Access.PUBLIC, otp=False)
def openapi_json(request: HttpRequest) -> JsonResponse:
    """The description for programs; there is nothing secret in it."""
    return JsonResponse(openapi(), json_dumps_params={"ensure_ascii": False})


def for_people() -> dict[str, Any]:
    """What the page about the API shows."""
    told = openapi()
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation["summary"],
            "lines": operation["description"].splitlines(),
            "items": [*_parameters(operation), *_form(operation)],
            "answers": [(status, answer["description"]) for status, answer in operation["responses"].items()],
            "anchor": operation["operationId"],
        }
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]
    problems = [(kind.status, code, kind.title, kind.words) for code, kind in KINDS.items()]
    return {
        "introduction": INTRODUCTION,
        "base": settings.PORTAL.base_url.rstrip("/"),
        "operations": operations,
        "problems": sorted(problems),
        "refused": sorted((status, code) for code, status in REFUSED.items()),
        "hours": WINDOWS[Hours.LIST].words,
    }


def _parameters(operation: dict[str, Any]) -> list[tuple[str, str, bool, str, str]]:
    places = {"path": "パス", "query": "クエリ", "header": "ヘッダー"}
    return [
        (
            item["name"],
            places[item["in"]],
            bool(item.get("required")),
            str(item.get("description", "")),
            _values(item["schema"]),
        )
        for item in operation.get("parameters", [])
    ]


def _form(operation: dict[str, Any]) -> list[tuple[str, str, bool, str, str]]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("multipart/form-data", {}).get("schema", {})
    return [
        (
            name,
            "フォーム",
            name in schema.get("required", ()),
            str(item.get("description", "")),
            _values(item),
        )
        for name, item in schema.get("properties", {}).items()
    ]


def _values(schema: dict[str, Any]) -> str:
    """The words that may stand there, where only some may."""
    for one in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
        found = openapi()["components"]["schemas"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        if "enum" in found:
            return "、".join(str(value) for value in found["enum"])
    return ""
