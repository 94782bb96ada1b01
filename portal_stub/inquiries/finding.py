"""Contracts on paper and losses as they are asked for, and as rows of the CSV files. Ledgers: ``pipeline.contracts``."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q

from portal_stub.accounts.models import User
from portal_stub.buyers.models import Buyer, Country
from portal_stub.inquiries.conditions import Conditions
from portal_stub.inquiries.kinds import KINDS
from portal_stub.inquiries.models import Loss
from portal_stub.inquiries.scope import Scope
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

STAGES = {"danger": "危険発生", "loss": "損失発生"}
"""区分 of a loss."""
_AT_ONCE = 2000


class Names:
    """Names of countries and buyers by their codes, read once."""

    def __init__(self) -> None:
        self.countries = dict(Country.objects.values_list("code", "name"))
        self._buyers: dict[str, str] = {}

    def buyer(self, code: str | None) -> str:
        """The name of a buyer, removed ones too; empty for one that the 海外商社名簿 does not know."""
        if not code:
            return ""
        if code not in self._buyers:
            self._buyers[code] = Buyer.objects.filter(code=code).values_list("name", flat=True).first() or ""
        return self._buyers[code]

    def told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row with what its codes mean."""
        return {
            **row,
            "kind_words": KINDS.get(row["kind"], row["kind"]),
            "country_name": self.countries.get(row["country"] or "", ""),
            "buyer_name": self.buyer(row["buyer"]),
        }


def paper_contracts(user: User, holder: str, asked: Conditions, scope: Scope) -> Any:
    """The contracts on paper of a holder that are in scope and meet what is asked for (I-005, I-015)."""
    contract = {name: OuterRef(name) for name in ("holder", "kind", "number")}
    found = _asked(seen(Resource.PAPER_CONTRACT, user), "concluded_on", holder, asked)
    return found.annotate(has_loss=Exists(Loss.objects.filter(**contract, cancelled=False))).filter(
        Q(concluded_on__gte=scope.concluded_since)
        | Q(ends_on__gte=scope.ends_since)
        | Q(has_loss=True)
        | Q(long_term=True)
    )


def losses(user: User, holder: str, asked: Conditions) -> Any:
    """The losses of a holder that meet what is asked for; days are those of the accident (I-019, I-021)."""
    return _asked(seen(Resource.LOSS, user), "happened_on", holder, asked)


def contracts_with_loss(holder: str) -> set[tuple[str, str]]:
    """保険種 and number of every contract of a holder with a loss (I-015 ③)."""
    return set(Loss.objects.filter(holder=holder, cancelled=False).values_list("kind", "number"))


def paper_rows(found: Any) -> Iterator[dict[str, Any]]:
    """Contracts on paper as rows of 保険契約情報."""
    names = Names()
    for row in found.values().iterator(chunk_size=_AT_ONCE):
        yield names.told(row | {"way": "書面"})


def ledger_rows(found: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Lines of the ledgers (``pipeline.contracts``) as rows of 保険契約情報."""
    names = Names()
    for row in found:
        yield names.told(
            {
                **row,
                "way": "台帳・通知",
                "kind": row["product"],
                "number": row["application_no"],
                "holder": row["policyholder_code"],
                "agreement": row["agreement_code"],
                "country": row["payer_country"],
                "buyer": row["payer_code"],
                "amount": row["contract_amount"] or row["shipped_amount"],
                "premium_yen": row["premium_total"],
            }
        )


def loss_rows(found: Any) -> Iterator[dict[str, Any]]:
    """Losses as rows of 事故概要情報."""
    names = Names()
    for row in found.values().iterator(chunk_size=_AT_ONCE):
        yield names.told(row | {"stage_words": STAGES.get(row["stage"], row["stage"])})


def _asked(rows: Any, day: str, holder: str, asked: Conditions) -> Any:
    found = rows.filter(holder=holder)
    conditions = {
        f"{day}__gte": asked.since,
        f"{day}__lte": asked.until,
        "kind": asked.kind,
        "number__startswith": asked.number.upper(),
        "country__in": list(asked.countries),
        "buyer": asked.buyer,
        "agreement": asked.agreement,
    }
    return found.filter(**{name: value for name, value in conditions.items() if value})
