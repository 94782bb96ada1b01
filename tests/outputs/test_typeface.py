"""The typeface is read once per process and cut once per document; documents know nothing of each other."""

from __future__ import annotations

import gc
import hashlib
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.sfnt import SFNTReader
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fpdf import FPDF
from fpdf.fonts import SubsetMap, TTFFont

from outputs import documents as d
from outputs import typeface
from tests.outputs.samples import RECEIPT, header
from tests.outputs.test_pdf_documents import EVERY_KIND

STRANGE = "㈱髙﨑①ｱｲｳ∑≒𠮟" + "".join(map(chr, range(0xA0, 0x250))) + "\u0e01\U0001f600\ufe00"
"""Characters that papers rarely hold, some of which the typeface lacks."""


def receipt(remarks: str = "11月上旬分です。") -> bytes:
    """A paper of one page."""
    facts = {**RECEIPT, "remarks": remarks}
    return d.receipt_pdf(facts, header().holder_name, "企業総合保険", header().created_at)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has made no paper yet."""
    monkeypatch.setattr(typeface, "_typefaces", {})


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what fontTools is made to do: font files opened, fonts cut, glyphs unpacked."""
    done: Counter[str] = Counter()

    def counted(owner: type, name: str, what: str, when: Callable[..., bool] = lambda *_, **__: True) -> None:
        original = getattr(owner, name)

        def call(*arguments: object, **options: object) -> object:
            done[what] += when(*arguments, **options)
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    # fontTools reads what it has just written, too, out of memory.
    counted(SFNTReader, "__init__", "opened", lambda _, file, *__, **___: hasattr(file, "name"))
    counted(Subsetter, "subset", "cut")
    counted(Glyph, "expand", "unpacked", lambda glyph, *_: hasattr(glyph, "data"))
    return done


@pytest.mark.usefixtures("unread")
def test_the_font_is_read_for_the_first_paper_only_and_cut_once_for_each(work: Counter[str]) -> None:
    receipt()
    assert (work["opened"], work["cut"]) == (1, 1)
    first = work["unpacked"]
    assert first > 50, "the glyphs in use, and only those"
    assert first < 400
    receipt()
    assert (work["opened"], work["cut"]) == (1, 2)
    assert work["unpacked"] == first, "no glyph is packed a second time"
    receipt("新たな字は龍のみ")
    assert (work["opened"], work["cut"]) == (1, 3)
    assert 0 < work["unpacked"] - first < 10, "only what no paper had before"


@pytest.mark.parametrize("title", EVERY_KIND)
def test_bytes_are_those_of_the_whole_font_in_the_hands_of_fpdf2(
    title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, ours_strange = EVERY_KIND[title](), receipt(STRANGE)

    class Whole:
        def face(self) -> TTFFont:
            return TTFFont(FPDF(), typeface.font_path(), typeface.FAMILY, "")

        def cut(self, face: TTFFont) -> None:
            assert len(face.ttfont.getGlyphOrder()) > 12_000

    monkeypatch.setattr(typeface, "typeface", Whole)
    assert sha256(ours) == sha256(EVERY_KIND[title]())
    assert sha256(ours_strange) == sha256(receipt(STRANGE))


def test_bytes_do_not_depend_on_what_was_written_before(monkeypatch: pytest.MonkeyPatch) -> None:
    makers = {**EVERY_KIND, "plain": receipt, "strange": lambda: receipt(STRANGE)}
    alone = {}
    for title, make in makers.items():
        monkeypatch.setattr(typeface, "_typefaces", {})
        alone[title] = sha256(make())
    monkeypatch.setattr(typeface, "_typefaces", {})
    receipt("".join(map(chr, range(0x5000, 0x5400))))
    for title in [*makers, *reversed(makers)]:
        assert sha256(makers[title]()) == alone[title], title


def test_a_character_missing_from_one_paper_is_not_reported_on_the_next(
    read: Callable[[bytes], object],
) -> None:
    mark = "印字できない文字"
    assert mark in read(receipt("\u0e01")).text()  # type: ignore[attr-defined]
    assert mark not in read(receipt()).text()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("unread")
def test_papers_written_in_many_threads_are_those_of_one(work: Counter[str]) -> None:
    makers = [*EVERY_KIND.values(), receipt, lambda: receipt(STRANGE)] * 2
    start = threading.Barrier(8)

    def share(number: int) -> dict[int, str]:
        start.wait()
        mine = range(number % 4, len(makers), 4)  # every paper in two threads, in other company
        return {place: sha256(makers[place]()) for place in (mine if number < 4 else reversed(mine))}

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(share, range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert work["opened"] == 1, "eight threads that come at once wait for one reading"
    one_by_one = [sha256(make()) for make in makers]
    for answer in answers:
        assert answer == {place: one_by_one[place] for place in answer}


def test_nothing_of_a_paper_stays_in_memory() -> None:
    def alive() -> Counter[str]:
        gc.collect()
        kinds = (FPDF, TTFont, TTFFont, SubsetMap, Glyph)
        return Counter(type(found).__name__ for found in gc.get_objects() if isinstance(found, kinds))

    receipt(STRANGE)
    after_first = alive()
    for _ in range(10):
        receipt(STRANGE)
    assert alive() == after_first


def test_asking_for_a_character_that_the_typeface_lacks_leaves_no_trace_in_it() -> None:
    face = typeface.typeface().face()
    widths, glyphs = len(face.cw), len(face.glyph_ids)
    assert face.subset.pick(0x0E01) is None
    assert face.missing_glyphs == [0x0E01]
    with pytest.raises(KeyError):
        face.cw[0x0E01]
    other = typeface.typeface().face()
    assert (len(other.cw), len(other.glyph_ids), other.missing_glyphs) == (widths, glyphs, [])
    assert len(other.subset) == 2, ".notdef and the space, which every document has"


def test_a_glyph_made_of_others_is_refused_instead_of_packed_wrongly() -> None:
    with pytest.raises(ValueError, match="made of other glyphs"):
        typeface.Outline(b"\xff\xff" + bytes(20))
