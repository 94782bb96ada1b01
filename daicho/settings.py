"""Settings: what of daicho can be set from outside, read once from the environment and ``settings.toml``.

Only values and their defaults. What a value means for a rule is written where the rule is; the clock itself
is ``daicho.clock``. Standard library only, so that every command starts quickly.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from schemas.reasons import of_text


class SettingsError(ValueError):
    """A setting that cannot be used; the message is Japanese and names the setting."""


@dataclass(frozen=True)
class Settings:
    """Everything that is set from outside.

    The first five stand in the environment (contract §3); all others have a default here and may be
    overridden in ``$DAICHO_HOME/settings.toml`` (flat ``name = number`` lines, whole numbers only).
    """

    home: Path
    """The folder of all state, absolute."""
    lake: str
    """Where the Delta tables live: an absolute folder or ``s3://…``."""
    files: str
    """Where archive, findings and documents live: an absolute folder or ``s3://…``."""
    database_url: str
    """Event log: ``sqlite:////…/daicho.db`` or ``postgresql+psycopg://…``."""
    now: str | None = None
    """The raw text of DAICHO_NOW, for ``daicho.clock``."""

    max_records: int = 1_000_000
    """Data records per upload (contract §5)."""
    max_bytes: int = 300_000_000
    """Bytes per upload (contract §5)."""
    lease_seconds: int = 120
    """Real seconds for which a worker owns a claimed submission without renewing."""
    drop_settle_seconds: int = 30
    """Real seconds for which a dropped file must not have changed, unless it is known to be whole (contract §5)."""
    manifest_wait_minutes: int = 15
    """Minutes for which a dropped file waits for its manifest (contract §5)."""
    payment_days: int = 40
    """Calendar days from invoice to payment, then the next business day (contract §7)."""
    refund_threshold_yen: int = 100_000
    """A ledger's return from this amount on is paid to the account, a smaller one is only listed (D-042)."""
    sql_seconds: int = 60
    """Real seconds after which ``daicho sql`` gives a query up."""
    sql_memory_mb: int = 1024
    """What a query of ``daicho sql`` may hold in memory, in MB of 1,000,000 bytes; it writes nothing to the disk."""
    sql_rows: int = 1_000_000
    """Rows that ``daicho sql`` tells at most."""
    provided_data_days: int = 30
    """Days for which provided data (提供データ) can be fetched."""

    @property
    def uses_sqlite(self) -> bool:
        """True without DAICHO_DATABASE_URL: everything is in files below ``home``."""
        return self.database_url.startswith("sqlite:")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Settings of this process; an empty variable counts as not set.

        Raises:
            SettingsError: for an unusable value or an unknown name in ``settings.toml``.
        """
        env = os.environ if environ is None else environ
        home = Path(os.path.abspath(env.get("DAICHO_HOME") or "var"))
        return cls(
            home=home,
            lake=_location(env.get("DAICHO_LAKE"), home / "lake"),
            files=_location(env.get("DAICHO_FILES"), home / "files"),
            database_url=_database_url(env.get("DAICHO_DATABASE_URL"), home),
            now=env.get("DAICHO_NOW") or None,
            **_overrides(home / "settings.toml"),
        )


def _location(raw: str | None, default: Path) -> str:
    """A folder becomes absolute, an object store address stays as it is."""
    if not raw:
        return str(default)
    if raw.startswith("s3://"):
        return raw.rstrip("/")
    if "://" in raw:
        raise SettingsError(
            f"保存先「{raw}」は使えません。フォルダまたは s3:// で始まる場所を指定してください。"
        )
    return os.path.abspath(raw)


def _database_url(raw: str | None, home: Path) -> str:
    if not raw:
        return f"sqlite:///{home / 'daicho.db'}"
    scheme, separator, rest = raw.partition("://")
    if separator and scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    if separator and scheme == "sqlite":
        return raw
    raise SettingsError(
        "DAICHO_DATABASE_URL は postgresql:// または sqlite:/// で始まる URL を指定してください。"
        # The value may hold a password: it is never repeated.
    )


def _overrides(path: Path) -> dict[str, Any]:
    """The numbers of ``settings.toml``; none when there is no such file."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"設定ファイル {path} を読めません: {of_text(error)}。") from error
    known = [field.name for field in fields(Settings) if field.type is int]
    for name, value in found.items():
        if name not in known:
            raise SettingsError(
                f"設定ファイル {path} に未知の項目「{name}」があります。使える項目: {', '.join(known)}"
            )
        if type(value) is not int or value < 0:
            raise SettingsError(
                f"設定ファイル {path} の「{name}」は 0 以上の整数で指定してください: {value!r}"
            )
    return found
