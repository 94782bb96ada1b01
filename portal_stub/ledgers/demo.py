"""What a demo home has on the ledger desk: a file of the samples that was kept and not sent, to check or send right away.

Submissions and papers come from the pipeline only; ``make dev`` has one behind its portal.
"""

from pathlib import Path

from portal_stub.accounts.models import User
from portal_stub.ledgers import sending, uploading
from portal_stub.ledgers.functions import FUNCTIONS

_FILE, _COUNT = "1101_企総_10月契約分.csv", "5"


def load(samples: Path, login_ids: tuple[str, ...]) -> None:
    """One kept file for each of these users, unless one is there."""
    path, function = samples.parent / "month" / _FILE, FUNCTIONS["enterprise"]
    for user in User.objects.filter(login_id__in=login_ids):
        if not uploading.drafts(user, function).exists():
            sending.keep(user, function.key, path.name, [path.read_bytes()], _COUNT)
