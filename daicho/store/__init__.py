"""The store that all rooms share: archive, journal, event log, reference tables, documents.

``Store`` is only the door; every part has a module of its own. It knows schemas and pipelines, never Dagster,
Django or paper. Nothing heavy is imported before it is used: ``daicho status`` needs the event log alone.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from daicho.clock import Clock
from daicho.settings import Settings

if TYPE_CHECKING:
    from daicho.store.archive import Archive
    from daicho.store.documents import DocumentStore
    from daicho.store.eventlog import EventLog
    from daicho.store.files import Files
    from daicho.store.findings import FindingsStore
    from daicho.store.journal import Journal
    from daicho.store.lake import Lake
    from daicho.store.reference import ReferenceStore


@dataclass(frozen=True)
class Store:
    """Everything that is kept of one home; the parts open when they are first used."""

    settings: Settings
    clock: Clock

    @classmethod
    def open(cls, settings: Settings | None = None, clock: Clock | None = None) -> "Store":
        """The store of a home; settings and clock of the environment unless given."""
        settings = settings or Settings.from_env()
        return cls(settings, clock or Clock.from_settings(settings))

    @cached_property
    def files(self) -> "Files":
        """The place of all files: archive, documents, findings."""
        from daicho.store.files import open_files

        return open_files(self.settings.files)

    @cached_property
    def archive(self) -> "Archive":
        """Bytes of every upload, and the receipts."""
        from daicho.store.archive import Archive

        return Archive(self.files)

    @cached_property
    def events(self) -> "EventLog":
        """Receipts in order, queue, verdicts, status, documents issued."""
        from daicho.store.database import open_database
        from daicho.store.eventlog import EventLog

        database = open_database(self.settings.database_url)
        return EventLog(database, self.archive, self.clock, self.settings.lease_seconds)

    @cached_property
    def lake(self) -> "Lake":
        """The place of the Delta tables."""
        from daicho.store.lake import Lake

        return Lake(self.settings.lake)

    @cached_property
    def journal(self) -> "Journal":
        """Bookings, 照合 and 確定."""
        from daicho.store.journal import Journal
        from schemas.journal import SCHEMA

        return Journal(self.lake, SCHEMA)

    @cached_property
    def reference(self) -> "ReferenceStore":
        """Reference tables with all their versions."""
        from daicho.store.reference import ReferenceStore

        return ReferenceStore(self.lake)

    @cached_property
    def documents(self) -> "DocumentStore":
        """Documents made for people."""
        from daicho.store.documents import DocumentStore

        return DocumentStore(self.files, self.events)

    @cached_property
    def findings(self) -> "FindingsStore":
        """Findings of every submission."""
        from daicho.store.findings import FindingsStore

        return FindingsStore(self.files)
