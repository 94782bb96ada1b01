"""Banks, accounts and applications for a demo home; banks and branches are made up."""

from typing import Any

from portal_stub.accounts.models import User
from portal_stub.holders.models import Branch
from portal_stub.procedures import deciding, rules
from portal_stub.procedures.models import Application
from portal_stub.procedures.registry import PROCEDURES

_BANKS = {"9901": "見本銀行", "9902": "架空信用金庫", "9903": "台帳銀行"}
_BRANCHES = {"001": "本店営業部", "002": "港支店", "003": "駅前支店"}
_ACCOUNT = {
    "branch": "9901-001",
    "deposit": "ordinary",
    "number": "0001234",
    "owner": "見本商事株式会社",
    "owner_kana": "ﾐﾎﾝｼｮｳｼﾞ(ｶ",
}


def load_banks() -> None:
    """Three banks of three branches."""
    Branch.objects.bulk_create(
        (
            Branch(bank_code=bank, bank_name=name, code=code, name=branch)
            for bank, name in _BANKS.items()
            for code, branch in _BRANCHES.items()
        ),
        ignore_conflicts=True,
    )


def load_applications(user: User, staff: User) -> None:
    """Two accounts, and a change of the holder's data in three states. Again: nothing new."""
    if Application.objects.exists():
        return
    for use in ("refund", "claim"):
        _apply(user, "account-registration", {"use": use, **_ACCOUNT})
    holder: Any = user.holder
    answers = {
        "wanted_from": None,
        "name": holder.name,
        "name_kana": holder.name_kana,
        "postal_code": "100-0001",
        "address": "東京都架空区見本2-2-2",
        "phone": "03-0000-0001",
        "registered_address": holder.registered_address,
        "representative_title": holder.representative_title,
        "representative_name": holder.representative_name,
        "homepage": "",
    }
    answers = {
        name: value for name, value in answers.items() if not (holder.is_branch and name.startswith("re"))
    }
    again = _apply(user, "holder-change", answers)
    deciding.decide(staff, again, "ask-again", "郵便番号と所在地が一致しません。確認してください。")
    _apply(user, "holder-change", {**answers, "phone": "03-0000-0002"})
    _saved(user, "holder-change", {**answers, "phone": "03-0000-0003"})


def _saved(user: User, key: str, answers: dict[str, Any]) -> Application:
    procedure = PROCEDURES[key]
    application = rules.start(user, procedure, "")
    application = rules.save_step(user, application, procedure.steps[0], answers, application.revision)
    return rules.save(user, application)


def _apply(user: User, key: str, answers: dict[str, Any]) -> Application:
    saved = _saved(user, key, answers)
    return rules.apply(user, saved, saved.revision, ())
