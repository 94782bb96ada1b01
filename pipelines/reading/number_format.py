"""Number formats of spreadsheets: what a cell shows of the number it keeps.

Here a format code (``#,##0;[Red]-#,##0``, ``yyyy"年"m"月"d"日"``) becomes a :class:`NumberFormat` and a number the text on
the screen, exactly, or nothing where the format is beyond us: then somebody must be told. Which style a cell has is
``styles``, what its column makes of the text ``shown``. Source: ECMA-376 part 1, 18.8.30 and 18.8.31 (ja-jp list).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum
from functools import cached_property


class Kind(Enum):
    """What a format makes of a number."""

    GENERAL = "general"
    """標準 or 文字列: the digits as they are, eleven characters at most."""
    PADDED = "padded"
    """Zeros only (``000000``): an integer with leading zeros."""
    FIXED = "fixed"
    """So many decimals, perhaps thousands separators, signs of money: the same number unless decimals are lost."""
    DATE = "date"
    """A day, perhaps without its year, perhaps with a time."""
    OTHER = "other"


BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: '"¥"#,##0;"¥"-#,##0', 6: '"¥"#,##0;[Red]"¥"-#,##0',
    7: '"¥"#,##0.00;"¥"-#,##0.00', 8: '"¥"#,##0.00;[Red]"¥"-#,##0.00', 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm",
    27: "[$-411]ge.m.d", 28: '[$-411]ggge"年"m"月"d"日"', 29: '[$-411]ggge"年"m"月"d"日"', 30: "m/d/yy",
    31: 'yyyy"年"m"月"d"日"', 32: 'h"時"mm"分"', 33: 'h"時"mm"分"ss"秒"', 34: 'yyyy"年"m"月"', 35: 'm"月"d"日"',
    36: "[$-411]ge.m.d", 37: "#,##0;-#,##0", 38: "#,##0;[Red]-#,##0", 39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;[Red]-#,##0.00", 41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ',
    42: '_ "¥"* #,##0_ ;_ "¥"* -#,##0_ ;_ "¥"* "-"_ ;_ @_ ', 43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    44: '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ', 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    48: "##0.0E+0", 49: "@", 50: "[$-411]ge.m.d", 51: '[$-411]ggge"年"m"月"d"日"', 52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"', 54: '[$-411]ggge"年"m"月"d"日"', 55: 'yyyy"年"m"月"', 56: 'm"月"d"日"', 57: "[$-411]ge.m.d",
    58: '[$-411]ggge"年"m"月"d"日"',
}  # fmt: skip
"""Formats without a code in the file, as a Japanese Excel shows them."""
EAST_ASIAN_DATES = frozenset({*range(27, 37), *range(50, 59)})
"""Built-in formats that are days in one country and times in another: a whole number in them is a day."""
GENERAL_LENGTH = 11
"""Characters that 標準 shows of a number at most; beyond it rounds, or writes with an exponent."""
SIGNIFICANT = Context(prec=15, rounding=ROUND_HALF_UP)
"""No spreadsheet shows more digits of a number than these."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general|g/標準)|(?P<half>am/pm|a/p|午前/午後)|(?P<exponent>e[+-])|(?P<digit>[0#?])"
    r"|(?P<date>y+|m+|d+|h+|s+|g+|e+|a{3,}|b+|r+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(
    r"(black|blue|cyan|green|magenta|red|white|yellow|黒|青|水|緑|紫|赤|白|黄|colou?r ?\d+|色 ?\d+)", re.I
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_SIGNS = r"[\s¥￥\\$€£₩₹฿₫元円]"
_MONEY = re.compile(
    rf"{_SIGNS}*(?:(?!MI[LO]|ML[NO]|BI[LO]|THO|MRD|PCT|DOZ)[A-Z]{{3}}|[A-Z]{{1,2}}(?=\$)|米?ドル|ユーロ|ポンド)?{_SIGNS}*"
)
"""What may stand beside an amount without changing it: signs of money and currency codes. No 千円, no MIO."""


@dataclass(frozen=True)
class Section:
    """One of the up to four parts of a format: tokens as (kind, text), and for which numbers it is."""

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, Decimal] | None

    def has(self, *kinds: str) -> bool:
        """Whether there are such tokens."""
        return any(kind in kinds for kind, _ in self.tokens)

    @cached_property
    def literals(self) -> str:
        """All that is written beside the number."""
        return "".join(text for kind, text in self.tokens if kind == "literal")

    @cached_property
    def is_plain(self) -> bool:
        """Nothing but digits, point, separators and literals: a number that :meth:`_number` can write."""
        return self.has("digit") and not self.has(
            "date", "exponent", "general", "text", "elapsed", "slash", "unknown"
        )

    @cached_property
    def decimals(self) -> int:
        """Digits after the point."""
        kinds = [kind for kind, _ in self.tokens]
        return sum(kind == "digit" for kind in kinds[kinds.index("point") :]) if "point" in kinds else 0

    @cached_property
    def scale(self) -> int:
        """Power of ten that the number is multiplied with: percent signs, commas after the last digit."""
        kinds = [kind for kind, _ in self.tokens]
        end = kinds.index("point") if "point" in kinds else len(kinds)
        last = max((n for n in range(end) if kinds[n] == "digit"), default=-1)
        commas = 0
        while last + 1 + commas < len(kinds) and kinds[last + 1 + commas] == "comma":
            commas += 1
        if "point" in kinds:
            after = max((n for n, kind in enumerate(kinds) if kind == "digit"), default=-1)
            commas += sum(1 for kind in kinds[after + 1 :] if kind == "comma") if after > end else 0
        return 2 * kinds.count("percent") - 3 * commas

    def number(self, value: Decimal) -> str:
        """A number that is not negative, as this section writes it; only when :attr:`is_plain`."""
        kinds = [kind for kind, _ in self.tokens]
        point = kinds.index("point") if "point" in kinds else len(kinds)
        holders = [text for kind, text in self.tokens[:point] if kind == "digit"]
        first, last = (
            min((n for n in range(point) if kinds[n] == "digit"), default=-1),
            max((n for n in range(point) if kinds[n] == "digit"), default=-1),
        )
        grouped = any(kind == "comma" for kind in kinds[first + 1 : last]) if last > first else False
        rounded = value.scaleb(self.scale).quantize(Decimal(1).scaleb(-self.decimals), rounding=ROUND_HALF_UP)
        whole, _, fraction = f"{rounded:f}".partition(".")
        whole = "" if whole == "0" else whole
        # From the right: one digit per holder, the first holder takes all that are left.
        written: list[str] = []
        place, left = 0, len(holders)
        for kind, text in reversed(self.tokens[:point]):
            if kind != "digit":
                written.append(text if kind in ("literal", "percent") else "")
                continue
            left -= 1
            run = whole[-1:] if left else whole
            whole = whole[: len(whole) - len(run)]
            run = run or {"0": "0", "?": " "}.get(text, "")
            for digit in reversed(run):
                if grouped and place and place % 3 == 0 and digit != " ":
                    written.append(",")
                written.append(digit)
                place += 1
        before = "".join(reversed(written))
        after, n = "", 0
        shown = fraction.rstrip("0")
        for kind, text in self.tokens[point:]:
            if kind == "point":
                after += "."
            elif kind == "digit":
                after += fraction[n] if n < len(shown) else {"0": "0", "?": " "}.get(text, "")
                n += 1
            else:
                after += text if kind in ("literal", "percent") else ""
        return before + after


@dataclass(frozen=True)
class NumberFormat:
    """A format code, understood."""

    code: str
    sections: tuple[Section, ...]
    east_asian: bool = False

    @cached_property
    def kind(self) -> Kind:
        """What it makes of a number, in the coarse."""
        first = self.sections[0]
        if any(section.has("date", "elapsed") for section in self.sections):
            return Kind.DATE if not first.has("digit") or first.has("elapsed", "date") else Kind.OTHER
        alone = len(self.sections) == 1
        if alone and first.tokens in ((("general", ""),), (("text", ""),), ()):
            return Kind.GENERAL
        if alone and first.tokens and all(token == ("digit", "0") for token in first.tokens):
            return Kind.PADDED if len(first.tokens) > 1 else Kind.FIXED
        conditional = any(section.condition for section in self.sections)
        if not conditional and first.is_plain and not first.scale and _harmless(first.literals):
            return Kind.FIXED if self._shows_zero else Kind.OTHER
        return Kind.OTHER

    @cached_property
    def _shows_zero(self) -> bool:
        """Whether 0 is shown as a number: by a digit that is always written, or by a dash as accounts do."""
        zero = self.sections[2] if len(self.sections) > 2 else self.sections[0]
        return any(token == ("digit", "0") for token in zero.tokens) or (
            zero is not self.sections[0] and not zero.has("digit") and is_dash(zero.literals)
        )

    @cached_property
    def decimals(self) -> int:
        """Digits after the point that a positive number has."""
        return self.sections[0].decimals

    @cached_property
    def parts(self) -> frozenset[str]:
        """Of a day: which of ``year``, ``month``, ``day`` and ``time`` are shown."""
        return _date_parts(self.sections[0])

    @cached_property
    def whole_day(self) -> bool:
        """Whether a number is shown as a day with year and month, the day of the month too."""
        return self.kind is Kind.DATE and {"year", "month", "day"} <= self.parts

    @cached_property
    def changes_text(self) -> bool:
        """Whether text is shown otherwise than it is, or not at all."""
        section = self._text_section
        return section is not None and self.text("x").strip() != "x"

    @cached_property
    def _text_section(self) -> Section | None:
        if len(self.sections) >= 4:
            return self.sections[3]
        return next((section for section in self.sections if section.has("text")), None)

    def text(self, value: str) -> str:
        """Text as it is shown."""
        section = self._text_section
        if section is None:
            return value
        return "".join(
            value if kind == "text" else text for kind, text in section.tokens if kind in ("text", "literal")
        )

    def number(self, value: Decimal) -> str | None:
        """A number as it is shown; None where this format is beyond us. Days are :class:`Kind.DATE` and not for here."""
        chosen, signed = self._section_for(value)
        if chosen is None:
            return None
        if not chosen.tokens:
            return "-" if signed and len(self.sections) == 1 else ""
        size = abs(value)
        if chosen.is_plain:
            body = chosen.number(size)
            if signed and any(digit not in "0" for digit in re.sub(r"\D", "", body)):
                return "-" + body
            return body
        if chosen.has("general") and not chosen.has("date", "digit", "unknown", "text"):
            digits = general(size)
            if digits is None:
                return None
            whole = "".join(digits if kind == "general" else text for kind, text in chosen.tokens)
            return "-" + whole if signed else whole
        if chosen.has("text") and len(self.sections) == 1 and not chosen.has("digit", "date", "unknown"):
            digits = general(size)
            if digits is None:
                return None
            return "".join(
                ("-" if signed else "") + digits if kind == "text" else text for kind, text in chosen.tokens
            )
        if not chosen.has("digit", "date", "exponent", "general", "elapsed", "slash", "unknown", "text"):
            return ("-" if signed else "") + chosen.literals
        return None

    def _section_for(self, value: Decimal) -> tuple[Section | None, bool]:
        """The section for a number, and whether a minus sign stands before what it writes."""
        numbers = self.sections[:3]
        if any(section.condition for section in numbers):
            if numbers[0].condition is None or value < 0:
                # Which numbers are left to which section, and whose sign stands where, differs between programs.
                return None, False
            for section in numbers[:2]:
                if section.condition and _holds(value, section.condition):
                    return section, False
            rest = [section for section in numbers if section.condition is None]
            return (rest[-1] if rest else None), False
        if len(numbers) == 1:
            return numbers[0], value < 0
        if value < 0:
            return numbers[1], False
        if value == 0 and len(numbers) == 3:
            return numbers[2], False
        return numbers[0], False


def general(value: Decimal) -> str | None:
    """A number that is not negative as 標準 shows it; None when it takes an exponent."""
    text = f"{value.normalize():f}" if value else "0"
    if len(text) <= GENERAL_LENGTH:
        return text
    whole = len(text.partition(".")[0])
    if whole > GENERAL_LENGTH or not int(value):
        return None
    decimals = max(GENERAL_LENGTH - 1 - whole, 0)
    rounded = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{rounded:f}".rstrip("0").rstrip(".") if decimals else f"{rounded:f}"


def number_format(code: str, built_in: int | None = None) -> NumberFormat:
    """A format code as it stands in the file; of built-in ones the number too."""
    sections: list[Section] = []
    tokens: list[tuple[str, str]] = []
    condition: tuple[str, Decimal] | None = None
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "other", match[match.lastgroup or 0]
        if kind == "other" and text == ";":
            sections.append(Section(tuple(tokens), condition))
            tokens, condition = [], None
            continue
        if kind == "bracket" and (found := _CONDITION.fullmatch(text.strip())):
            condition = (found[1], Decimal(found[2]))
            continue
        tokens += _token(kind, text)
    sections.append(Section(tuple(tokens), condition))
    return NumberFormat(code, tuple(sections), built_in in EAST_ASIAN_DATES)


def _token(kind: str, text: str) -> Sequence[tuple[str, str]]:
    if kind in ("quoted", "escaped"):
        return [("literal", text)]
    if kind == "space":
        return [("literal", " ")]
    if kind == "fill":
        return []
    if kind == "bracket":
        return _bracket(text)
    if kind == "half":
        return [("date", "am")]
    if kind == "general":
        return [("general", "")]
    if kind == "digit":
        return [("digit", text)]
    if kind in ("date", "exponent"):
        return [(kind, text.lower())]
    by_sign = {".": "point", ",": "comma", "%": "percent", "@": "text", "/": "slash"}
    if text in by_sign:
        return [(by_sign[text], "" if text == "@" else text)]
    # Signs that stand for themselves without quotes; another letter is an error in some programs.
    return [("literal" if not text.isascii() or text in " $-+():!^&'~{}<>=" else "unknown", text)]


def _bracket(text: str) -> Sequence[tuple[str, str]]:
    if text.startswith("$"):
        return [("literal", text[1:].partition("-")[0])] if text[1:].partition("-")[0] else []
    if re.fullmatch(r"h+|m+|s+", text, re.IGNORECASE):
        return [("elapsed", text.lower())]
    if _COLOUR.fullmatch(text.strip()) or re.fullmatch(
        r"DBNum\d|~.*|ENG|JPN|natnum0", text.strip(), re.IGNORECASE
    ):
        return [("unknown", "")] if text.strip().lower().startswith("dbnum") else []
    return [("unknown", text)]


def _harmless(literals: str) -> bool:
    """Whether what stands beside a number leaves its meaning: signs of money do, 千 or % or digits do not."""
    return _MONEY.fullmatch(literals) is not None


def _holds(value: Decimal, condition: tuple[str, Decimal]) -> bool:
    sign, limit = condition
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[sign]


def _date_parts(section: Section) -> frozenset[str]:
    parts = set()
    tokens = [(kind, text) for kind, text in section.tokens if kind in ("date", "elapsed")]
    for n, (kind, text) in enumerate(tokens):
        before = tokens[n - 1][1][:1] if n else ""
        after = tokens[n + 1][1][:1] if n + 1 < len(tokens) else ""
        if (
            kind == "elapsed"
            or text[0] in "hs"
            or text == "am"
            or (text[0] == "m" and (before == "h" or after == "s"))
        ):
            parts.add("time")
        elif text[0] == "m":
            parts.add("month")
        elif text[0] == "d":
            # ddd and dddd are days of the week.
            parts.add("day" if len(text) < 3 else "weekday")
        elif text[0] in "yeb" or text[0] == "r":
            parts.add("year")
    return frozenset(parts)


def is_dash(shown: str) -> bool:
    """Whether it is the dash that accounts write for nothing, with or without signs of money."""
    return shown.count("-") == 1 and _harmless(shown.replace("-", ""))


def plain_amount(shown: str) -> str | None:
    """The number in what is shown, without separators and signs of money; None when it is no plain number."""
    found = re.fullmatch(
        r"(?P<before>[^0-9.\-]*)(?P<number>-?[0-9][0-9,]*(?:\.[0-9]+)?)(?P<after>[^0-9]*)", shown
    )
    if found is None or not _harmless(found["before"]) or not _harmless(found["after"]):
        return None
    return found["number"].replace(",", "")


def least_width(known: NumberFormat, text: str) -> int:
    """How wide a number must at least be on the screen, in tenths of a digit: signs and blanks are thin."""
    if known.kind is Kind.DATE:
        return sum(_WIDTHS.get((kind, len(shown)), _width(shown)) for kind, shown in known.sections[0].tokens)
    value = Decimal(text)
    return _width((known.number(value) if known.kind is not Kind.GENERAL else None) or text)


_WIDTHS = {("date", length): min(length, 4) * 10 for length in range(1, 5)}


def _width(shown: str) -> int:
    return sum(10 if letter.isdigit() else 4 if letter.isascii() else 15 for letter in shown.strip())
