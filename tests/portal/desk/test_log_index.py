"""The search in a large internal log is helped by indexes."""

import pytest
from django.db import connection
from django.db.models import Q

from portal_stub.history.models import AuditEvent
from portal_stub.history.recording import audit

pytestmark = pytest.mark.dialect


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite looks up beginnings another way")
@pytest.mark.django_db
def test_beginnings_of_what_and_whom_are_looked_up() -> None:
    audit("desk-1", "application-read", "2026-0401-0001")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    found = AuditEvent.objects.filter(Q(subject__startswith="2026-04") | Q(actor__startswith="2026-04"))
    plan = found.explain()
    assert "audit_by_subject" in plan
    assert "audit_by_actor" in plan
    assert found.count() == 1
