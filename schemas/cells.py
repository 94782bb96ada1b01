"""How spreadsheet programs name a cell, and which text in it they would take for a formula."""

import re

FORMULA = r"^(?:[\t\r\n]|[\s\u{3000}]*[=+\-@＝＋－＠])"
"""Text that a spreadsheet program reads as a formula; full-width signs, too."""
ACTIVE = r"[(|!'\"\t\r\n]"
"""What a formula needs to call, to link or to run something; bare names and sums do nothing."""
_FORMULA = re.compile(FORMULA.replace(r"\u{3000}", "\u3000"))
_ACTIVE = re.compile(ACTIVE)


def unformulated(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe in front where it would be one.

    >>> unformulated("=1+1"), unformulated("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unformulated_if_active(text: str) -> str:
    """As :func:`unformulated`, but only where the formula could do something: ``-ABC1`` keeps its letters.

    >>> unformulated_if_active("-ABC1"), unformulated_if_active("=HYPERLINK(A1)")
    ('-ABC1', "'=HYPERLINK(A1)")
    """
    return f"'{text}" if _FORMULA.match(text) and _ACTIVE.search(text) else text


def column_letter(place: int) -> str:
    """Spreadsheet letters of a column counted from 0.

    >>> column_letter(0), column_letter(26), column_letter(702)
    ('A', 'AA', 'AAA')
    """
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The place from 0 of a column by its letters; anything else than three letters at most gives -1.

    >>> column_number("A"), column_number("AA"), column_number("XFD")
    (0, 26, 16383)
    """
    if not 1 <= len(letters) <= 3 or not all("A" <= letter <= "Z" for letter in letters):
        return -1
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1
