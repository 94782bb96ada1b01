"""How spreadsheet programs name a cell: letters of its column, number of its row."""


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
