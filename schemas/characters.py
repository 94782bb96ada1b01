"""Which characters nobody sees, or everybody sees otherwise, and how they are named in messages.

The classes are texts for the inside of ``[…]`` in a regular expression, of Python and of Polars alike. What an upload
may hold of them is ``pipelines.reading``.
"""

import re

_CONTROL = "\x00-\x1f\x7f-\x9f"
_FORMAT = (
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f"
)
"""Category Cf: zero-width, bidirectional and interlinear marks, soft hyphen, tags. Variation selectors are none."""
_SEPARATORS = "\u2028\u2029"
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters by category that leave nothing on the page."""
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
"""外字: what they look like is known to one computer only. CP932 has them at F040 to F9FC."""
_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17)
)
_LOST = "\ufffd"
"""What conversions leave where they lost a character."""
NO_TEXT = _CONTROL + _FORMAT + _SEPARATORS + _FILLERS + _PRIVATE + _NO_CHARACTERS + _LOST
"""What no text of an upload may hold."""
BLANKS = "\xa0\u1680\u2000-\u200a\u202f\u205f"
"""Blanks that look like the common one and are another; the Japanese full-width one is not among them."""

TURNS_AROUND = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""The bidirectional marks: with one in it ``invoice[U+202E]vsc.exe`` is read as another name than it is."""

_SHOWN = re.compile(f"[{NO_TEXT}{BLANKS}]")
_SHOWN_BUT_LINES = re.compile(f"(?!\n)[{NO_TEXT}{BLANKS}]")
_NAMES = {
    "\t": "タブ",
    "\n": "改行",
    "\r": "改行",
    "\xad": "ソフトハイフン",
    "\u200b": "ゼロ幅スペース",
    "\u200c": "ゼロ幅非接合子",
    "\u200d": "ゼロ幅接合子",
    "\u200e": "左から右への記号",
    "\u200f": "右から左への記号",
    "\u2060": "単語結合子",
    "\ufeff": "バイト順の印",
    "\ufffd": "文字化けの跡",
}
SHOWN = f"[{NO_TEXT}{BLANKS}]"
"""As a regular expression: what :func:`visible` names."""


def code_point(character: str) -> str:
    """``U+200B``.

    >>> code_point("é")
    'U+00E9'
    """
    return f"U+{ord(character):04X}"


def visible(text: str) -> str:
    """The text with ``[U+00A0]`` in the place of every character that nobody sees.

    >>> visible("10000000\\xa0")
    '10000000[U+00A0]'
    """
    return _SHOWN.sub(lambda found: f"[{code_point(found[0])}]", text)


def visible_lines(text: str) -> str:
    """As :func:`visible`, for whole messages: their line ends stay."""
    return _SHOWN_BUT_LINES.sub(lambda found: f"[{code_point(found[0])}]", text)


def named(character: str) -> str:
    """The code point with its name in Japanese, where it has one that helps.

    >>> named("\\u200b")
    'U+200B(ゼロ幅スペース)'
    """
    name = _NAMES.get(character)
    if name is None and re.match(f"[{_PRIVATE}]", character):
        name = "外字"
    elif name is None and re.match(f"[{_CONTROL}]", character):
        name = "制御文字"
    return code_point(character) + (f"({name})" if name else "")
