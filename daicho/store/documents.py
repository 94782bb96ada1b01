"""Documents that were made for people: their files, and the fact that they were issued.

What is in a document is ``outputs``; the list of what was issued is kept in ``eventlog``.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from daicho.store.eventlog import EventLog
from daicho.store.files import Files
from sensors.windows import TOKYO

_NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")


class DocumentStore:
    """Files under ``documents/<kind>/<document_id>/<name>`` with a row each in the event log."""

    def __init__(self, files: Files, events: EventLog) -> None:
        self._files = files
        self._events = events

    def issue(
        self,
        document_id: str,
        kind: str,
        format: str,
        name: str,
        data: bytes,
        holder: str,
        created_at: datetime,
        submission_id: str | None = None,
        unit: str | None = None,
        expires_at: datetime | None = None,
    ) -> dict[str, Any]:
        """Stores the file in one step, then keeps that it was issued; returns the document as listed.

        The same document_id again replaces the bytes of that document and nothing else. What was removed
        after its time stays removed.
        """
        for part in (document_id, kind, name):
            if not _NAME.fullmatch(part) or part.startswith("."):
                raise ValueError(f"not usable in a path: {part!r}")
        known = self._events.document(document_id)
        if known is not None and known["removed_at"] is not None:
            return self._shown(known)
        key = f"documents/{kind}/{document_id}/{name}"
        self._files.write(key, data)
        document = {
            "document_id": document_id,
            "kind": kind,
            "format": format,
            "path": key,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "holder": holder,
            "submission_id": submission_id,
            "unit": unit,
            "created_at": created_at.astimezone(TOKYO).isoformat(),
            "expires_at": expires_at.astimezone(TOKYO).isoformat() if expires_at else None,
        }
        self._events.register_document(document)
        if known is not None and known["path"] != key:
            self._files.remove(known["path"])
        return self._shown(self._events.document(document_id) or document)

    def find(self, filters: Mapping[str, str | date | None], now: datetime) -> list[dict[str, Any]]:
        """Documents that can be fetched at ``now`` (see ``EventLog.list_documents``), ``path`` absolute."""
        return [self._shown(document) for document in self._events.list_documents(filters, now)]

    def read(self, document_id: str) -> bytes | None:
        """The bytes of a document, or None when there is none or it was removed."""
        document = self._events.document(document_id)
        if document is None or document["removed_at"] is not None:
            return None
        return self._files.read(document["path"])

    def path(self, document: Mapping[str, Any]) -> str:
        """Where people find the file of a row of the event log: an absolute path or an address."""
        return self._files.address(document["path"])

    def remove_expired(self, now: datetime) -> list[str]:
        """Removes files whose time is over; their document_ids. After a crash, the next call goes on."""
        removed = []
        for document in self._events.expired_documents(now):
            self._files.remove(document["path"])
            self._events.mark_document_removed(document["document_id"], now)
            removed.append(document["document_id"])
        return removed

    def _shown(self, document: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in document.items() if name != "removed_at"}
        return shown | {"path": self.path(document)}
