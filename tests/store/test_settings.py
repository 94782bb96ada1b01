"""Settings: defaults of contract §3, and every refusal with a message that tells what to do."""

import dataclasses
from pathlib import Path

import pytest

from daicho.settings import Settings, SettingsError

pytestmark = pytest.mark.dialect


def test_defaults_stand_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({})
    home = tmp_path / "var"
    assert settings.home == home
    assert settings.lake == str(home / "lake")
    assert settings.files == str(home / "files")
    assert settings.database_url == f"sqlite:///{home}/daicho.db"
    assert settings.now is None
    assert settings.uses_sqlite
    assert (
        settings.max_records,
        settings.max_bytes,
        settings.manifest_wait_minutes,
        settings.payment_days,
    ) == (
        1_000_000,
        300_000_000,
        15,
        40,
    )
    assert not home.exists()


def test_an_empty_variable_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("DAICHO_HOME", "DAICHO_NOW", "DAICHO_LAKE", "DAICHO_FILES", "DAICHO_DATABASE_URL")
    assert Settings.from_env(dict.fromkeys(names, "")) == Settings.from_env({})


def test_relative_folders_become_absolute_and_buckets_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env(
        {"DAICHO_HOME": "a/../b", "DAICHO_LAKE": "s3://lake/daicho/", "DAICHO_FILES": "f"}
    )
    assert settings.home == tmp_path / "b"
    assert settings.lake == "s3://lake/daicho"
    assert settings.files == str(tmp_path / "f")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_becomes_one(scheme: str) -> None:
    settings = Settings.from_env({"DAICHO_DATABASE_URL": f"{scheme}://u:p@h:5432/d?sslmode=require"})
    assert settings.database_url == "postgresql+psycopg://u:p@h:5432/d?sslmode=require"
    assert not settings.uses_sqlite


def test_a_foreign_database_is_refused_without_repeating_its_password() -> None:
    with pytest.raises(SettingsError, match="DAICHO_DATABASE_URL は postgresql://") as caught:
        Settings.from_env({"DAICHO_DATABASE_URL": "mysql://user:secret@host/db"})
    assert "secret" not in str(caught.value)


def test_an_unknown_kind_of_place_is_refused() -> None:
    with pytest.raises(SettingsError, match="保存先「gs://bucket」は使えません"):
        Settings.from_env({"DAICHO_LAKE": "gs://bucket"})


def test_settings_toml_overrides_numbers(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("max_records = 10\nlease_seconds = 5\n")
    settings = Settings.from_env({"DAICHO_HOME": str(tmp_path)})
    assert settings.max_records == 10
    assert settings.lease_seconds == 5
    assert settings.max_bytes == 300_000_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_record = 10", "未知の項目「max_record」"),
        ("home = '/elsewhere'", "未知の項目「home」"),
        ("max_records = '10'", "「max_records」は 0 以上の整数"),
        ("max_records = true", "「max_records」は 0 以上の整数"),
        ("max_records = 1.5", "「max_records」は 0 以上の整数"),
        ("max_records = -1", "「max_records」は 0 以上の整数"),
        ("max_records = ", "を読めません"),
    ],
)
def test_a_wrong_settings_toml_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        Settings.from_env({"DAICHO_HOME": str(tmp_path)})
    assert str(tmp_path / "settings.toml") in str(caught.value)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = Settings.from_env({"DAICHO_HOME": str(tmp_path)})
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.max_records = 1  # type: ignore[misc]
