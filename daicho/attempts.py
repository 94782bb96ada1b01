"""How often what breaks its taking is tried, and which faults are not its own: for the drop and the desk folder alike.

Counted in the event log before anything is touched, so that what kills the process is counted too.
"""

import errno

from daicho.store.database import is_out_of_reach

ATTEMPTS = 3
"""How often something is tried before it is given up."""
_SURROUNDINGS = (errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def of_surroundings(error: Exception) -> bool:
    """Whether the disk, the machine or the database is at fault and what was taken is not."""
    return is_out_of_reach(error) or (isinstance(error, OSError) and error.errno in _SURROUNDINGS)
