"""Who is told what, held against table S-T1. A procedure that comes must be added here from the table."""

import pytest

from portal_stub.procedures.declaration import ALL_THREE, Event, Role
from portal_stub.procedures.registry import PROCEDURES

ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
S_T1: dict[str, dict[Event, frozenset[Role]]] = {
    "holder-change": {Event.RECEIPT: ADMINISTRATOR, Event.COMPLETION: ADMINISTRATOR},
    "buyer-registration": dict.fromkeys((Event.RECEIPT, Event.START, Event.COMPLETION), ALL_THREE),
    "buyer-change": dict.fromkeys((Event.RECEIPT, Event.START, Event.COMPLETION), ALL_THREE),
    "sleeping-release": {Event.COMPLETION: ALL_THREE},
    # None stated; one to the 管理者 by G-095.
    "account-registration": {Event.COMPLETION: ADMINISTRATOR},
    "account-change": {Event.COMPLETION: ADMINISTRATOR},
    "account-deletion": {Event.COMPLETION: ADMINISTRATOR},
}
BEYOND = {Event.REMINDER}
"""Not in the table: the reminder of K-040."""


@pytest.mark.req("S-038", "K-057")
def test_mails_are_exactly_those_of_the_table() -> None:
    declared = {
        key: {event: frozenset(roles) for event, roles in procedure.mails.items() if event not in BEYOND}
        for key, procedure in PROCEDURES.items()
    }
    assert declared == S_T1


def test_only_buyers_get_a_reminder() -> None:
    reminded = {key for key, procedure in PROCEDURES.items() if Event.REMINDER in procedure.mails}
    assert reminded == {key for key, procedure in PROCEDURES.items() if procedure.separate}
