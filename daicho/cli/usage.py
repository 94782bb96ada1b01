"""The command line's own words in Japanese: usage, headings of help, and what is wrong with the arguments.

Which commands and options there are is ``parser``. argparse says it all in English.
"""

import argparse
import re
from typing import Any, NoReturn

_NO_VALUE = "に値がありません"
_MESSAGES = (
    (r"the following arguments are required: (.*)", r"次の指定が要ります: \1"),
    (r"unrecognized arguments: (.*)", r"知らない指定です: \1"),
    (r"ambiguous option: (\S+) could match (.*)", r"「\1」は \2 のどれか分かりません"),
    (r"one of the arguments (.*) is required", r"次のどれか1つを指定してください: \1"),
    (r"argument ([^:]*): not allowed with argument (.*)", r"\1 と \2 は一緒に指定できません"),
    (
        r"argument ([^:]*): invalid choice: (.*) \(choose from (.*)\)",
        r"\1 の \2 は選べません。次から選んでください: \3",
    ),
    (r"argument ([^:]*): invalid (?:int|float|number|_\w+) value: (.*)", r"\1 の \2 は数ではありません"),
    (r"argument ([^:]*): invalid \S+ value: (.*)", r"\1 の値 \2 は使えません"),
    (r"argument ([^:]*): expected one argument", rf"\1 {_NO_VALUE}"),
    (r"argument ([^:]*): expected (?:at (?:least|most) )?(?:one|\d+) arguments?", rf"\1 {_NO_VALUE}"),
    (r"argument ([^:]*): ignored explicit argument (.*)", r"\1 に値 \2 は付けられません"),
    (r"argument ([^:]*): (.*)", r"\1: \2"),
)
_ASCII_WORDS = re.compile(r"[ -~]*[A-Za-z]{2,} [a-z]{2,}[ -~]*")


class Parser(argparse.ArgumentParser):
    """Wrong usage ends with 2 and a hint, never with a traceback."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more, formatter_class=_Formatter, add_help=False)
        self._positionals.title, self._optionals.title = "引数", "オプション"
        self.add_argument("-h", "--help", action="help", help="この説明を表示して終わる")

    def error(self, message: str) -> NoReturn:
        """Ends with what is wrong and where help is."""
        self.exit(2, f"{self.format_usage()}daicho: {in_japanese(message)}\n詳しくは: {self.prog} --help\n")


class _Formatter(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "使い方: " if prefix is None else prefix)


def in_japanese(message: str) -> str:
    """What argparse found.

    >>> in_japanese("argument --count: expected one argument")
    '--count に値がありません'
    """
    for pattern, words in _MESSAGES:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            said = found.expand(words)
            return said if not _ASCII_WORDS.fullmatch(said) else "指定が正しくありません"
    return "指定が正しくありません" if _ASCII_WORDS.fullmatch(message) else message
