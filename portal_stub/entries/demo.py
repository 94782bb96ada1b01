"""Entries for a demo home: a 雛形 of each kind, to begin with."""

from portal_stub.accounts.models import User
from portal_stub.entries import rules
from portal_stub.entries.models import Entry
from portal_stub.entries.tree import Place
from portal_stub.ledgers.functions import FUNCTIONS

_CONTRACT = {
    "contract_form": "11",
    "counterparty_code": "105000001",
    "payer_code": "105000001",
    "destination_country": "105",
    "payer_country": "105",
    "goods_code": "845710",
    "currency": "JPY",
}
_NOTICE = {
    "notice_kind": "1",
    "counterparty_code": "304000001",
    "payer_code": "304000001",
    "destination_country": "304",
    "payer_country": "304",
    "currency": "JPY",
    "period_band": "3",
}


def load(user: User) -> None:
    """Two 雛形 of a user. Again: nothing new."""
    if Entry.objects.filter(user=user).exists():
        return
    begun = rules.start(user, FUNCTIONS["enterprise"], "1")
    branch = begun.typed.branches[0]
    shipment = branch.shipments[0]
    line = Place(branch.key, shipment.key, shipment.settlements[0].key)
    typed = {
        Place(): {"department_code": "E01"},
        Place(branch.key): _CONTRACT,
        line: {"settlement_method": "41", "usance_days": "60"},
    }
    kept, revision = rules.keep(begun, typed, "1", begun.revision)
    rules.save(kept, rules.Stand.TEMPLATE, revision, "中国向け 送金60日")
    begun = rules.start(user, FUNCTIONS["simplified-notice"], "1")
    kept, revision = rules.keep(begun, {Place(): _NOTICE}, "1", begun.revision)
    rules.save(kept, rules.Stand.TEMPLATE, revision, "米国向け 31～60日")
