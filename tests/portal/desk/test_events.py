"""Every event that the portal writes into its internal log has words for the desk."""

import re
from pathlib import Path

import portal_stub
from portal_stub.desk.events import EVENTS
from portal_stub.procedures.deciding import DEEDS

MADE = {
    "application-{deed.key}": [f"application-{key}" for key in DEEDS],
    "api-token-{what}": ["api-token-made", "api-token-withdrawn"],
    "hold-{wish}-asked": ["hold-release-asked", "hold-refuse-asked"],
}


def test_every_event_has_words() -> None:
    written: set[str] = set()
    for path in Path(portal_stub.__file__).parent.rglob("*.py"):
        written |= set(re.findall(r'\baudit\(\s*[^,()]+(?:\([^()]*\))?,\s*f?"([^"]+)"', path.read_text()))
    assert len(written) > 40
    known = {name for event in written for name in MADE.get(event, [event])}
    assert known <= set(EVENTS), known - set(EVENTS)
