"""How spreadsheet programs name a cell, and which text in it they would take for a formula."""

FORMULA = r"^(?:[\t\r\n]|[\s\u{3000}]*[=+\-@＝＋－＠])"
"""Text that a spreadsheet program reads as a formula; full-width signs, too."""
ACTIVE = r"[(|!'\"\t\r\n]"
"""What a formula needs to call, to link or to run something; bare names and sums do nothing."""


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
