"""Which work there is: functions of the rooms' ``jobs`` modules, under the name that ``Job.kind`` has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.module_loading import autodiscover_modules

from portal_stub.accounts.models import User
from portal_stub.jobs.models import Job
from portal_stub.shelves import Shelf

SHELF = Shelf("jobs")


@dataclass(frozen=True)
class Running:
    """A job in the hands of its work."""

    job: Job

    @property
    def parameters(self) -> dict[str, Any]:
        """What was asked for."""
        told: dict[str, Any] = self.job.parameters
        return told

    def tell(self, percent: int, words: str) -> None:
        """Says how far it is, for the page that waits."""
        Job.objects.filter(pk=self.job.pk).update(progress=min(max(percent, 0), 99), words=words)

    @contextmanager
    def write(self, file_name: str, key: str = "") -> Iterator[BinaryIO]:
        """The file of the job, or with ``key`` a further one: it appears with the end of the job, whole or not at all."""
        with SHELF.writing() as writing:
            yield writing.stream
        if key:
            told = {"file_name": file_name[:200], "sha256": writing.sha256, "size": writing.size}
            self.job.more_files = self.job.more_files | {key: told}
            return
        self.job.file_name = file_name[:200]
        self.job.sha256, self.job.size = writing.sha256, writing.size


Work = Callable[[Running], dict[str, Any] | None]
Covers = Callable[[User, Job], bool]
"""Whether the rights that a user has now cover all that a job of the kind reads, and what its file was made of."""


@dataclass(frozen=True)
class Kind:
    """One kind of work."""

    work: Work
    urgent: bool
    covers: "Covers"


_KINDS: dict[str, Kind] = {}


def job(kind: str, *, covers: Covers, urgent: bool = False) -> Callable[[Work], Work]:
    """Registers the work of a kind; what it returns becomes ``Job.result``.

    ``covers`` is asked when the work begins and whenever its row or file is wanted (``visibility``): without it the job
    does not exist for the user. ``urgent``: it goes before the others, unless whoever asks says otherwise.

    Raises:
        ValueError: the name is taken.
    """

    def register(work: Work) -> Work:
        if kind in _KINDS:
            raise ValueError(f"work {kind} is registered twice")
        _KINDS[kind] = Kind(work, urgent, covers)
        return work

    return register


def kind_named(kind: str) -> Kind:
    """The work of a kind.

    Raises:
        KeyError: nobody registered it.
    """
    autodiscover_modules("jobs")
    return _KINDS[kind]
