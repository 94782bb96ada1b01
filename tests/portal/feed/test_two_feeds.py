"""Two feeds at once, as two runs may have them: the read model ends like one that was told by a single feed."""

import shutil
import threading
from pathlib import Path

import pytest
from django.db import connection

from assets import feed
from assets.feed import feed_portal
from portal_stub.feed.models import Submission
from tests import kit
from tests.assets.test_feed import picture
from tests.homes import Home, contracts, loaded

pytestmark = pytest.mark.dialect

__all__ = ["loaded"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [1, 2000])
def test_two_feeds_at_once_end_like_one(
    loaded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    shutil.copytree(loaded, tmp_path / "home")
    home = Home(tmp_path / "home")
    home.booked(contracts("EX-1", "EX-2"))
    home.submit([kit.enterprise_row(goods_code="", currency="")], name="bad.csv")
    home.decide()
    home.print_papers()
    monkeypatch.setattr(feed, "EVENTS_AT_ONCE", at_once)
    start, faults = threading.Barrier(2), []

    def feeding() -> None:
        try:
            start.wait()
            for _ in range(20):
                feed_portal(home.at())
        except Exception as error:  # noqa: BLE001 - told by the test
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=feeding) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    told = picture()
    assert Submission.objects.count() == 2
    feed_portal(home.at(), rebuild=True)
    assert picture() == told
