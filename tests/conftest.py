"""What every test has: the ``req`` marker's plugin (``tests.proofs``).

Fixtures that serve one room only live in that room's folder.
"""

import pytest

from tests.proofs import ProofPlugin


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ProofPlugin(config), "proofs")
