"""Letters: the PDFs of the portal that are printed, signed or sent by post, in the house style, A4 portrait.

Pure: what is handed in is printed, in the order in which a reader needs it. Which words a letter carries is decided by
whoever writes it; here is only how it looks. Long values go over as many lines as they need, nothing is cut.
"""

from collections.abc import Sequence
from datetime import datetime

from outputs.headers import DocumentHeader
from outputs.paper import ACCENT, BAND, INK, MUTED, RULE, Paper, Style

Pairs = Sequence[tuple[str, str]]

_HEAD = 23.0
_WIDEST_LABEL = 52.0
_PAD = 2.0
_ADDRESSEE = Style(12.5, INK, bold=True)
_BODY = Style(10.0)
_BODY_PITCH = 5.6
_FACT_LABEL = Style(9.0, ACCENT)
_FACT_VALUE = Style(10.0)
_FACT_PITCH = 4.5
_ROW_PAD = 2.3
_REFERENCE = Style(9.0)
_REFERENCE_LABEL = Style(9.0, MUTED)
_NOTE = Style(8.6, INK)
_NOTE_PITCH = 4.5
_SEAL = 30.0


def letter(
    title: str,
    *,
    created_at: datetime,
    reference: Pairs = (),
    addressee: Sequence[str] = (),
    paragraphs: Sequence[str] = (),
    sections: Sequence[tuple[str, Pairs]] = (),
    notes: Sequence[str] = (),
    sign_box: bool = False,
    footer: str = "",
) -> bytes:
    """A letter or form as PDF; the same input gives the same bytes.

    From top to bottom: ``title`` with the day of making (the day of ``created_at``, in the zone it carries) and page
    n/m on every page; ``reference``, small, at the right (numbers, validity); ``addressee``, one line each with 御中 or
    様 as handed in; ``paragraphs``; ``sections``, each a heading over labels and values; with ``sign_box`` the field for
    day, name and seal; ``notes``, each behind ※. ``footer`` stands small at the foot of every page: who issued it.
    Line breaks in texts and values are kept. An empty value stays an empty field.
    """
    paper = _LetterPaper(title, created_at, footer)
    paper.references(reference)
    paper.addressees(addressee)
    for text in paragraphs:
        paper.prose(text)
    paper.fit_labels([label for _, pairs in sections for label, _ in pairs])
    for heading, pairs in sections:
        paper.section(heading, pairs)
    if sign_box:
        paper.sign_box()
    paper.remarks(notes)
    return paper.render()


class _LetterPaper(Paper):
    """Paper whose pages carry title, day and page number only; whom it concerns stands in the text."""

    legible_at = "画面"

    def __init__(self, title: str, created_at: datetime, footer: str) -> None:
        header = DocumentHeader("", "", "", created_at, issuer=footer)
        super().__init__(title, header, orientation="portrait")
        self._head = self.y = _HEAD
        self.label_width = _WIDEST_LABEL

    def subject(self) -> str:
        """The title alone; who it is for is nobody's business in a file's properties."""
        return self.title

    def _draw_parties(self) -> None:
        """Nobody: the letter itself names them."""

    def references(self, pairs: Pairs) -> None:
        """Labels and values at the right."""
        left = self.left + (self.right - self.left) / 2
        label_width = 32.0
        for label, value in pairs:
            lines = self.wrapped(value, self.right - left - label_width - 4, _REFERENCE)
            self.text(left, self.y + 3.6, label, _REFERENCE_LABEL, width=label_width - 2)
            for line in lines:
                self.need(5)
                self.y += 5
                self.text(left + label_width, self.y - 1.4, line, _REFERENCE)
        if pairs:
            self.y += 2

    def addressees(self, lines: Sequence[str]) -> None:
        """Whom the letter goes to."""
        for text in lines:
            for line in self.wrapped(text, self.right - self.left - 8, _ADDRESSEE):
                self.y += 6.8
                self.text(self.left, self.y, line, _ADDRESSEE)
        if lines:
            self.y += 5

    def prose(self, text: str) -> None:
        """One paragraph."""
        for line in self.wrapped(text, self.right - self.left - 6, _BODY):
            self.need(_BODY_PITCH)
            self.y += _BODY_PITCH
            self.text(self.left, self.y - 1.2, line, _BODY)
        self.y += 2.2

    def fit_labels(self, labels: Sequence[str]) -> None:
        """One width for the labels of all sections: of the longest one, within reason."""
        widest = max((self.measure(label, _FACT_LABEL) for label in labels), default=0.0)
        self.label_width = min(_WIDEST_LABEL, widest + 2 * _PAD + 3)

    def section(self, heading: str, pairs: Pairs) -> None:
        """A heading over a grid of labels and values."""
        self.need(24)
        if heading:
            self.heading(heading)
        top = self.y
        for place, (label, value) in enumerate(pairs):
            self._row(label, value)
            if not place and self.y > top:
                self.rule(top, ACCENT, 0.6)
        self.y += 1.5

    def _row(self, label: str, value: str) -> None:
        labels = self.wrapped(label, self.label_width - 2 * _PAD - 2.5, _FACT_LABEL)
        values = self.wrapped(value, self.right - self.left - self.label_width - 2 * _PAD - 4, _FACT_VALUE)
        count = max(len(labels), len(values))
        if count * _FACT_PITCH + _ROW_PAD < self.bottom - _HEAD:
            self.need(count * _FACT_PITCH + _ROW_PAD)
        # A value longer than a page goes on on the next one.
        while count:
            fit = max(1, min(count, int((self.room() - _ROW_PAD) / _FACT_PITCH)))
            height = fit * _FACT_PITCH + _ROW_PAD
            self.rectangle(self.left, self.y + 0.1, self.label_width, height - 0.1, BAND)
            for place in range(fit):
                baseline = self.y + _ROW_PAD / 2 + (place + 0.78) * _FACT_PITCH
                if place < len(labels):
                    self.text(self.left + _PAD, baseline, labels[place], _FACT_LABEL)
                if place < len(values):
                    self.text(self.left + self.label_width + _PAD, baseline, values[place], _FACT_VALUE)
            self.y += height
            self.rule(self.y)
            labels, values, count = labels[fit:], values[fit:], count - fit
            if count:
                self.new_page()

    def sign_box(self) -> None:
        """The field for day, name and the seal of the representative (F-045); never torn over two pages."""
        height = _SEAL + 6
        self.need(height + 5)
        self.y += 2
        self.frame(self.left, self.y, self.right - self.left, height, ACCENT, 0.8)
        seal = self.right - _SEAL - 3
        self.frame(seal, self.y + 3, _SEAL, _SEAL, RULE, 0.8)
        middle = self.y + 3 + _SEAL / 2
        self.text(seal + _SEAL / 2, middle - 1, "代表者印", Style(10, MUTED), "center")
        self.text(seal + _SEAL / 2, middle + 4, "（登記所届出印）", Style(8, MUTED), "center")
        lines = ("記入日　　　　　　　年　　　月　　　日", "会社名", "代表者役職名・氏名")
        for place, words in enumerate(lines, start=1):
            baseline = self.y + 1 + place * 10.6
            self.text(self.left + 4, baseline - 1.6, words, _FACT_LABEL)
            self.rule(baseline, RULE, 0.6, self.left + 4, seal - 6)
        self.y += height + 2

    def remarks(self, notes: Sequence[str]) -> None:
        """Small print, each sentence behind its mark."""
        indent = 5.0
        for note in notes:
            for place, line in enumerate(self.wrapped(note, self.right - self.left - indent - 5, _NOTE)):
                self.need(_NOTE_PITCH)
                self.y += _NOTE_PITCH
                if not place:
                    self.text(self.left, self.y - 1, "※", _NOTE)
                self.text(self.left + indent, self.y - 1, line, _NOTE)
            self.y += 1
