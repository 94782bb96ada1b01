"""「申請」 pressed several times at the same moment: every press is answered rightly, and everything is brought once."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from portal_stub.feed.models import Submission
from portal_stub.ledgers import sending
from portal_stub.ledgers.models import Upload
from tests import kit
from tests.homes import contracts
from tests.portal.conftest import World, hidden
from tests.portal.procedures.test_races import at_once
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.dialect, pytest.mark.slow]
PAGE, SEND = "/ledger/enterprise/upload/", "/ledger/enterprise/send/"


def test_six_presses_at_once_are_six_right_answers_and_one_submission(
    transactional_db: None,
    whole: Whole,
    world: World,
    visit: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brought: list[str] = []
    bring = sending.bring
    monkeypatch.setattr(sending, "bring", lambda row: (brought.append(row.pk), bring(row)))
    client = visit(world.applicant)
    form = {"once": hidden(client.get(PAGE))["once"][0], "count": "1", "remarks": ""}
    content = kit.csv_bytes(contracts("EX-1"))

    def press() -> HttpResponse:
        return client.post(SEND, form | {"file": SimpleUploadedFile("11月分.csv", content)})

    replies = at_once([press] * 6)
    [upload] = Upload.objects.all()
    answers = {(reply.status_code, reply.headers.get("Location")) for reply in replies}
    assert answers == {(302, f"{PAGE}{upload.pk}/done/")}
    assert brought == [upload.pk], "only who decided brings"
    assert sorted(path.suffix for path in (whole.home.path / "drop" / ".portal" / kit.HOLDER).iterdir()) == [
        ".csv",
        ".json",
    ]
    whole.run()
    assert [row.dispatch for row in Submission.objects.all()] == [upload.pk]
