"""Is a typed cell written as its column demands? Type and length of one cell, said in the words of the screen.

The same judgement as the first stage of the pipeline (``pipelines.judge``), which the answering processes do not load;
a test holds both against each other. Codes, dates in order, amounts in sum and everything else is the check's.
"""

import re
from datetime import date

from portal_stub.entries.offer import clearable
from schemas.layouts import LayoutField
from schemas.products import CLEARED

_AMOUNT = re.compile(r"([0-9]{1,13}|[0-9]{1,3}(,[0-9]{3}){1,3}|[0-9](,[0-9]{3}){4})(\.[0-9]{1,2})?")
_DATES = (
    re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})"),
)
_MONTH = re.compile(r"([0-9]{4})(?:([0-9]{2})|[-/]([0-9]{2})([-/][0-9]{2})?)")
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_BROKEN = re.compile(r"[\x00-\x1f\x7f-\x9f]|#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|ERROR!)$")


def fault(item: LayoutField, text: str, process_type: str) -> str:
    """What is wrong with a filled cell, with the remedy; empty when it can stay."""
    if text == CLEARED and clearable(process_type, item.field):
        return ""
    label, most = item.name_ja, item.max_length
    match item.kind:
        case "text":
            if len(text) > most:
                return f"{label}は{most}文字以内で入力してください（入力された文字数: {len(text)}）。"
            return f"{label}に使えない文字があります。入力し直してください。" if _broken(text) else ""
        case "identifier":
            if len(text) > most:
                return f"{label}は{most}文字以内で入力してください（入力された文字数: {len(text)}）。"
            return "" if re.fullmatch(r"[0-9A-Za-z]+", text) else f"{label}は半角英数字で入力してください。"
        case "date":
            return (
                ""
                if day_of(text)
                else f"{label}は暦にある日付を YYYYMMDD の形で入力してください（例: 20260401）。"
            )
        case "month":
            return "" if _is_month(text) else f"{label}は年月を YYYYMM の形で入力してください（例: 202604）。"
        case "amount":
            return (
                ""
                if _AMOUNT.fullmatch(text)
                else f"{label}は金額を、整数部13桁・小数部2桁以内の半角数字で入力してください（例: 1,234,500.25）。"
            )
        case "currency":
            return (
                ""
                if re.fullmatch(r"[A-Za-z]{3}", text)
                else f"{label}は英字3字の通貨コードで入力してください（例: JPY、USD）。"
            )
        case "flag":
            return "" if text in ("0", "1") else f"{label}は0か1を選ぶか、空欄にしてください。"
        case "code":
            return (
                ""
                if re.fullmatch(rf"[0-9]{{{most}}}", text)
                else f"{label}は半角数字{most}桁で入力してください。"
            )
        case "serial":
            return (
                ""
                if re.fullmatch(r"[0-9]{6,9}", text)
                else f"{label}は半角数字6桁以上9桁以内で入力してください。"
            )
    # number2, days, marks
    return (
        ""
        if re.fullmatch(rf"[0-9]{{1,{most}}}", text)
        else f"{label}は{most}桁以内の半角数字で入力してください。"
    )


def day_of(text: str) -> date | None:
    """The day that is written, or None.

    >>> day_of("20181106"), day_of("2018/11/6"), day_of("20181131")
    (datetime.date(2018, 11, 6), datetime.date(2018, 11, 6), None)
    """
    for form in _DATES:
        if found := form.fullmatch(text):
            try:
                day = date(*(int(part) for part in found.groups()))
            except ValueError:
                return None
            return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None
    return None


def _is_month(text: str) -> bool:
    found = _MONTH.fullmatch(text)
    return (
        found is not None
        and _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR
        and 1 <= int(found[2] or found[3]) <= 12
    )


def _broken(text: str) -> bool:
    return bool(_BROKEN.search(text))
