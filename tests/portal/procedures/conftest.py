"""What tests of the engine borrow: the directory of buyers, for procedures that are about one."""

from tests.portal.buyers.conftest import directory

__all__ = ["directory"]
