"""Bringing papers to those who asked: provided data to holders, extracts to finance, by folder or SFTP.

Whom to deliver to is told by ``$DAICHO_HOME/delivery.toml`` (see ``docs/operator.md``); how it is brought is
``outputs.delivery``. A document is delivered once; its delivery is an event.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daicho.settings import SettingsError
from daicho.store import Store
from outputs.delivery import DeliveryError, FolderTarget, Target, deliver_with_retries
from schemas.reasons import of_text

_KINDS = ("provided_data", "finance_premiums")


@dataclass
class Deliveries:
    """What one run brought, and what could not be brought (document id → reason)."""

    delivered: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def deliver_owed(store: Store) -> Deliveries:
    """Delivers every document with a target that has not been delivered yet; a failure stops nothing else."""
    targets = configured_targets(store.settings.home / "delivery.toml")
    done = Deliveries()
    if not targets:
        return done
    delivered = {event["details"].get("document_id") for event in store.events.events(kind="delivered")}
    for kind in _KINDS:
        for document in store.documents.find({"kind": kind}, store.clock.now()):
            target = targets.get("finance" if kind == "finance_premiums" else document["holder"])
            document_id = document["document_id"]
            if target is None or document_id in delivered:
                continue
            content = store.documents.read(document_id)
            if content is None:
                continue
            name = Path(document["path"]).name
            try:
                proof = deliver_with_retries(target, name, content)
            except DeliveryError as error:
                done.failed[document_id] = str(error)
                store.events.record("delivery-failed", "daicho", reason=str(error), document_id=document_id)
                continue
            store.events.record(
                "delivered",
                "daicho",
                document_id=document_id,
                place=proof.place,
                size=proof.size,
                sha256=proof.sha256,
            )
            done.delivered.append(document_id)
    return done


def configured_targets(path: Path) -> dict[str, Target]:
    """Targets by ``finance`` or holder code; none without the file.

    Raises:
        SettingsError: for an entry that cannot be understood.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"配送設定 {path} を読めません: {of_text(error)}。") from error
    holders = told.get("holders", {})
    if not isinstance(holders, dict):
        raise SettingsError(
            f"配送設定 {path} の holders は [holders.保険利用者コード] の形で書いてください。"
        )
    entries = dict(holders)
    if "finance" in told:
        entries["finance"] = told["finance"]
    return {name: _target(name, entry, path) for name, entry in entries.items()}


def _target(name: str, entry: Mapping[str, Any], path: Path) -> Target:
    try:
        if entry["type"] == "folder":
            return FolderTarget(Path(entry["path"]))
        if entry["type"] == "sftp":
            from outputs.delivery import SftpTarget

            return SftpTarget(
                host=entry["host"],
                port=int(entry.get("port", 22)),
                user=entry["user"],
                folder=entry["folder"],
                known_hosts=Path(entry["known_hosts"]),
                key_file=Path(entry["key_file"]) if "key_file" in entry else None,
                password=entry.get("password"),
            )
    except KeyError as error:
        raise SettingsError(f"配送設定 {path} の「{name}」に {error.args[0]} がありません。") from error
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"配送設定 {path} の「{name}」に、文字か数の種類が違う値があります。port は数、ほかは文字で書いてください。"
        ) from error
    raise SettingsError(f"配送設定 {path} の「{name}」の type は folder または sftp で指定してください。")
