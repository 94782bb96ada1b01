"""A home with a pipeline behind the portal of a test: what the portal sends is processed, what came of it is told back.

Rooms that need it import the fixtures ``loaded`` and ``whole``; the holder of ``World`` is the one of ``tests.kit``.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from assets.feed import feed_portal
from daicho import drop
from daicho.desk import take
from sensors.windows import TOKYO
from tests.homes import TUESDAY, Home, loaded
from tests.portal.conftest import Hand, World

__all__ = ["Whole", "loaded", "whole"]


@dataclass(frozen=True)
class Whole:
    """The pipeline of the test, which runs when it is told to."""

    home: Home
    hand: Hand

    @property
    def now(self) -> str:
        """The portal's clock is the pipeline's."""
        return self.hand.at.replace(tzinfo=None).isoformat()

    def collect(self) -> list[drop.DropOutcome]:
        """Takes what lies in the drop, and tells the portal."""
        outcomes = drop.collect(self.home.at(self.now))
        assert not [outcome.fault for outcome in outcomes if outcome.fault]
        feed_portal(self.home.at(self.now))
        return outcomes

    def run(self) -> None:
        """The stages of an intake run without Dagster around them: requests, drop, verdicts, papers, feed."""
        store = self.home.at(self.now)
        take(store)
        drop.collect(store)
        self.home.decide(self.now)
        self.home.print_papers(self.now)
        feed_portal(self.home.at(self.now))


@pytest.fixture
def whole(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hand: Hand, world: World) -> Whole:
    """A loaded home of the test's own; the clock stands on the Tuesday of ``tests.homes``."""
    shutil.copytree(loaded, tmp_path / "home")
    here = Home(tmp_path / "home")
    here.settings(drop_settle_seconds=0)
    monkeypatch.setenv("DAICHO_HOME", str(here.path))
    for name in ("DAICHO_NOW", "DAICHO_LAKE", "DAICHO_FILES"):
        monkeypatch.delenv(name, raising=False)
    (here.path / "portal.db").touch()  # a run looks for it; in here the database is that of the tests
    hand.at = datetime.fromisoformat(TUESDAY).replace(tzinfo=TOKYO)
    feed_portal(here.at(TUESDAY))
    return Whole(here, hand)
