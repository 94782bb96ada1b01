"""The upload drop: files that appear in ``$DAICHO_HOME/drop/<holder>/`` become submissions or refusals.

Every file there is taken, refused with an answer of its own, or of a kind that is left alone (``names``). What senders
can put there – names, manifests, links – never keeps the files of others waiting. Contract §5 "Drop".

``daicho.folders`` reaches files without following names; ``names`` tells what a name means, ``manifest`` what a manifest says,
``survey`` what is ready, ``aside`` keeps what was moved out of the sender's reach, ``taking`` makes submissions and
refusals of it, ``answers`` tells the sender.
"""

from daicho.drop.answers import answer
from daicho.drop.survey import drop_folder, is_waiting, left_lying, wait_for_writers
from daicho.drop.taking import DropOutcome, collect

__all__ = [
    "DropOutcome",
    "answer",
    "collect",
    "drop_folder",
    "is_waiting",
    "left_lying",
    "wait_for_writers",
]
