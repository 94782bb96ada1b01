"""What every test has: the plugins of the markers ``req`` (``tests.proofs``) and ``fires`` (``tests.firing``).

Fixtures that serve one room only live in that room's folder; the portal's database is one per worker, whichever room asks
for it first.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.firing import FiringPlugin
from tests.proofs import ProofPlugin


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ProofPlugin(config), "proofs")
    config.pluginmanager.register(FiringPlugin(), "firing")
    # Before the tests are imported, since a property takes the settings of that moment. A busy machine makes none false.
    settings.register_profile("daicho", settings.default, deadline=None)
    settings.load_profile("daicho")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share (``tests.once``)."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in use: a database in memory is locked otherwise when two threads write."""
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "portal.db")
