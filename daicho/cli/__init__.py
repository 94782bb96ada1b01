"""The command ``daicho``: a thin door over the functions that the assets call.

``parser`` tells the words, ``commands`` does one function per command, ``printing`` shows results. A command imports
what it needs when it runs, so that ``--help`` and ``status`` start at once. Contract §4.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

_PATHS = ("file", "dir", "out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. 0 done, 1 only from ``check`` and ``verify``, 2 refused or wrong usage, 3 internal fault."""
    from daicho.cli.parser import parser
    from daicho.folders import keep_private

    keep_private()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot say a character is no fault.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = _legible(parser().parse_args(arguments))
    try:
        code = _carry_out(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the result has gone, and with it the place for what is still buffered.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _legible(options: argparse.Namespace) -> argparse.Namespace:
    """Words typed in another encoding as they were meant; paths stay the bytes that they are."""
    for name, value in vars(options).items():
        if isinstance(value, str) and name not in _PATHS:
            try:
                value.encode()
            except UnicodeEncodeError:
                from daicho.receiving import legible

                setattr(options, name, legible(value))
    return options


def _carry_out(options: argparse.Namespace) -> int:
    from daicho.cli import commands
    from daicho.cli.printing import refused
    from daicho.settings import SettingsError
    from schemas.submission import Refusal

    try:
        return int(commands.COMMANDS[options.command](options) or 0)
    except Refusal as refusal:
        return refused(refusal.code, refusal.message, options)
    except (SettingsError, commands.ClockSettingError) as error:
        return refused("setting", str(error), options)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        print("中断しました。", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user; it is kept for the operator
        return _fault(error)
    except BaseException as error:
        # How polars and Delta die is no Exception, so that nobody hides it; to users it is a fault like others.
        if type(error).__name__ == "PanicException":
            return _fault(error)
        raise


def _fault(error: BaseException) -> int:
    """An internal fault: one sentence for the user, the traceback in a file for the operator."""
    import traceback

    from daicho.settings import Settings, SettingsError
    from schemas.reasons import of_fault

    message = f"内部エラーです({of_fault(error)})。"
    try:
        log = Settings.from_env().home / "faults.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            traceback.print_exc(file=stream)
        message += f"\n詳細を {log} に残しました。システムの担当者に知らせてください。"
    except (OSError, SettingsError):
        where = traceback.extract_tb(error.__traceback__)[-1:]
        message += "".join(f"\n詳細は残せませんでした({place.filename}:{place.lineno})。" for place in where)
    print(message, file=sys.stderr)
    return 3
