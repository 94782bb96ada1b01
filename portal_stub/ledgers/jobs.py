"""The background work of the ledger desk, where the worker finds it. What each does stands in its own module."""

from portal_stub.ledgers import checking as _checking  # noqa: F401 - registers its work
from portal_stub.ledgers import ledger_files as _ledger_files  # noqa: F401 - registers its work
