"""Letters, read back by poppler: all of what was handed in is there, however long."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from outputs.letters import letter
from tests.outputs.samples import JST, Pdf

Reader = Callable[[bytes], Pdf]


def sample(**changed: Any) -> bytes:
    values: dict[str, Any] = {
        "title": "保険利用者登録申込書",
        "created_at": datetime(2026, 4, 1, 9, 0, tzinfo=JST),
        "reference": [("申込書の有効期限", "2026年5月31日")],
        "addressee": ["日本貿易保険", "登録窓口 御中"],
        "paragraphs": ["次のとおり登録を申し込みます。"],
        "sections": [("保険利用者の情報", [("保険利用者名 漢字", "株式会社髙﨑商事"), ("ホームページ", "")])],
        "notes": ["有効期限までに届くように送付してください。"],
        "footer": "貿易保険Webサービス",
    }
    return letter(**(values | changed))


def bare(pdf: Pdf) -> str:
    return re.sub(r"\s", "", pdf.text())


def test_everything_handed_in_is_printed(read: Reader) -> None:
    pdf = read(sample())
    words = bare(pdf)
    for part in (
        "申込書の有効期限2026年5月31日",
        "日本貿易保険登録窓口御中",
        "次のとおり登録を申し込みます。",
    ):
        assert part in words
    for part in (
        "保険利用者名漢字株式会社髙﨑商事",
        "ホームページ",
        "有効期限までに届くように送付してください。",
    ):
        assert part in words
    assert "作成日2026年4月1日" in words
    assert "代表者印" not in words
    info = pdf.info()
    assert (info["Title"], info["Pages"]) == ("保険利用者登録申込書", "1")
    assert "595.28 x 841.89" in info["Page size"], "A4, portrait"
    assert "代表者印" in bare(read(sample(sign_box=True)))


@pytest.mark.parametrize("size", [40, 300, 9000])
@pytest.mark.parametrize("character", ["見", "W", "ー", "a"])
def test_long_values_are_wrapped_not_cut(read: Reader, size: int, character: str) -> None:
    empty = bare(read(sample(sections=[("備考", [("備考", "")])], sign_box=True)))
    pdf = read(sample(sections=[("備考", [("備考", character * size)])], sign_box=True))
    pages = pdf.pages()
    # Title and footer stand on every page.
    again = (len(pages) - 1) * "貿易保険Webサービス保険利用者登録申込書作成日ページ".count(character)
    assert bare(pdf).count(character) == size + empty.count(character) + again
    for number, page in enumerate(pages, start=1):
        assert f"{number} / {len(pages)} ページ" in page
    assert sum("代表者印" in page for page in pages) == 1


def test_the_same_input_gives_the_same_bytes() -> None:
    assert sample() == sample()
    assert sample() != sample(paragraphs=["別の文面です。"])
