"""Rules of passwords, and passwords that the portal makes itself. Seed 001 ch. 2 §2⑯; G-029 to G-032."""

import re
import secrets
import string
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator, UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError

SYMBOLS = "@_-#.$%&*+/?{}|`"
SHORTEST, LONGEST = 8, 32
_KINDS = {
    "半角英大文字": string.ascii_uppercase,
    "半角英小文字": string.ascii_lowercase,
    "半角数字": string.digits,
    "半角記号": SYMBOLS,
}
_ALLOWED = frozenset("".join(_KINDS.values()))
# Without signs that look alike on paper: 0 O o 1 l I.
_LEGIBLE = ["ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "@_-#$%&*+/?"]
_MADE_LENGTH = 14

HELP = (
    f"{SHORTEST}文字以上{LONGEST}文字以内。半角英大文字・半角英小文字・半角数字・半角記号をそれぞれ1文字以上使ってください。"
    f"使える記号: {' '.join(SYMBOLS)}"
)


class PasswordRules:
    """Length, kinds of characters, permitted symbols; all faults at once."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuses with one message per fault."""
        faults = []
        if not SHORTEST <= len(password) <= LONGEST:
            faults.append(
                f"パスワードは{SHORTEST}文字以上{LONGEST}文字以内で入力してください（入力された文字数: {len(password)}）。"
            )
        missing = [name for name, kind in _KINDS.items() if not set(password) & set(kind)]
        if missing:
            faults.append(f"{'・'.join(missing)}を1文字以上入れてください。")
        if set(password) - _ALLOWED:
            faults.append(
                f"使えない文字があります。使えるのは半角の英字・数字と記号 {' '.join(SYMBOLS)} だけです。"
            )
        if user is not None and user.pk and user.has_usable_password() and user.check_password(password):
            faults.append(
                "現在のパスワードは新しいパスワードとして使えません。別のパスワードを入力してください。"
            )
        if faults:
            raise ValidationError(faults)

    def get_help_text(self) -> str:
        """The rules in one sentence."""
        return HELP


class NotCommon(CommonPasswordValidator):
    """Refuses the passwords that everybody tries first: Django's list of 20,000, also with the signs put around them that
    the rules ask for.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Looks for the password, and for its letters without what stands before and behind them."""
        lower = password.lower()
        core = re.sub(r"^[^a-z]+|[^a-z]+$", "", lower)
        if {lower, re.sub(r"[^a-z0-9]", "", lower), core} & self.passwords:
            raise ValidationError(
                "よく使われていて推測されやすいパスワードです。別のパスワードを入力してください。"
            )


class NotPersonal(UserAttributeSimilarityValidator):
    """Refuses what resembles the ID, the name or the mail address."""

    def __init__(self) -> None:
        super().__init__(user_attributes=("login_id", "name", "mail"))

    def validate(self, password: str, user: Any = None) -> None:
        """In our words."""
        try:
            super().validate(password, user)
        except ValidationError as error:
            raise ValidationError(
                "WebユーザーID・氏名・メールアドレスに似ているパスワードは使えません。別のパスワードを入力してください。"
            ) from error


def make_password() -> str:
    """A password that keeps the rules, for first logins and after a reset."""
    characters = [secrets.choice(kind) for kind in _LEGIBLE]
    characters += [secrets.choice("".join(_LEGIBLE)) for _ in range(_MADE_LENGTH - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
