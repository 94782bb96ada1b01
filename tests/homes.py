"""Homes for tests: a folder of state with the small world of ``tests.kit`` loaded, and what people do with it.

A test says at which instant somebody does something; every call opens the store anew, as every process does. The
fixtures ``home`` and ``empty_home`` are handed on by the ``conftest.py`` of each room that uses them.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from daicho.clock import Clock
from daicho.settings import Settings
from daicho.store import Store
from daicho.store.archive import Receipt
from sensors.windows import TOKYO
from tests import kit
from tests.once import made_once

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TUESDAY = "2018-11-06T10:00:00"
"""A business day in the same-day window; ``kit.ACCEPTED`` is its date."""
WEEK_OVER = "2018-11-09T20:00:00"
"""20:00 of the last business day of that week: 照合 is due."""
CUT_OFF = "2018-12-28T20:00:00"
"""20:00 of the last business day of the month after: 確定 is due."""
USER = f"{kit.HOLDER}001"
LINE_YEN = 18_400
"""The premium of ``kit.enterprise_row()`` and of Seed 004 slide 22 (EA, category C)."""
VARIABLES = ("DAICHO_HOME", "DAICHO_NOW", "DAICHO_LAKE", "DAICHO_FILES", "DAICHO_DATABASE_URL")


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document of standard output; more than one, or anything beside it, is an error."""
        return json.loads(self.out)

    @property
    def refused(self) -> str:
        """The code of the refusal, which must be all that the command said."""
        told = self.json
        assert self.code == 2
        assert list(told) == ["refused"]
        assert list(told["refused"]) == ["code", "message"]
        assert told["refused"]["message"] in self.err
        return str(told["refused"]["code"])


@dataclass(frozen=True)
class Home:
    """One home on disk. Nothing is open between two calls."""

    path: Path

    def environ(self, now: str | None = TUESDAY, **more: str) -> dict[str, str]:
        """The environment of a process that works on this home."""
        clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        return clean | {"DAICHO_HOME": str(self.path)} | ({"DAICHO_NOW": now} if now else {}) | more

    def at(self, now: str = TUESDAY) -> Store:
        """The store as a process opens it whose clock stands at ``now``."""
        return Store.open(Settings.from_env(self.environ(now)), Clock.from_setting(now))

    def cli(self, *arguments: str, now: str | None = TUESDAY, **more: str) -> Ran:
        """``daicho …`` in this process."""
        from daicho.cli import main

        out, err = io.StringIO(), io.StringIO()
        before, umask = dict(os.environ), os.umask(0o022)
        os.environ.clear()
        os.environ.update(self.environ(now, **more))
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(list(arguments))
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            os.umask(umask)
            os.environ.clear()
            os.environ.update(before)
        return Ran(code, out.getvalue(), err.getvalue())

    def command(self, *arguments: str, now: str | None = TUESDAY, **more: str) -> Ran:
        """``daicho …`` as a process of its own."""
        done = subprocess.run(
            [str(BIN / "daicho"), *arguments],
            env=self.environ(now, **more),
            cwd=self.path.parent,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def file(self, rows: Sequence[Mapping[str, str]], name: str = "upload.csv") -> Path:
        """The rows as an upload file beside the home."""
        path = self.path.parent / name
        path.write_bytes(kit.csv_bytes(rows))
        return path

    def submit(
        self,
        rows: Sequence[Mapping[str, str]] | bytes,
        now: str = TUESDAY,
        product: str = "enterprise",
        holder: str = kit.HOLDER,
        name: str = "upload.csv",
        count: int | None = None,
        **more: Any,
    ) -> Receipt:
        """Hands an upload in as the command line does."""
        from daicho.receiving import Upload, receive

        content = rows if isinstance(rows, bytes) else kit.csv_bytes(rows)
        store = self.at(now)
        declared = str(count if count is not None else len(rows))
        upload = Upload(content, name, product, holder, f"{holder}001", declared, **more)
        return receive(store, upload, store.clock.now())

    def decide(self, now: str = TUESDAY, worker: str = "test") -> list[str]:
        """Gives every due submission its verdict; those that got one."""
        from assets.booking import decide_due

        decided = decide_due(self.at(now), worker)
        assert decided.failed == []
        return decided.submissions

    def booked(self, rows: Sequence[Mapping[str, str]], now: str = TUESDAY, **more: Any) -> str:
        """Hands in and processes one upload that must be accepted; its submission id."""
        receipt = self.submit(rows, now, **more)
        self.decide(now)
        found = self.findings(receipt["submission_id"])
        assert self.status(receipt["submission_id"], now)["status"] == "処理完了", found
        return receipt["submission_id"]

    def print_papers(self, now: str = TUESDAY) -> None:
        """Makes the receipts and monitor lists that are owed."""
        from assets.papers import issue_monitor_list, issue_receipt

        store = self.at(now)
        for receipt in store.events.without_document("receipt", decided=False):
            issue_receipt(store, receipt)
        for receipt in store.events.without_document("monitor_list", decided=True):
            issue_monitor_list(store, receipt)

    def status(self, submission_id: str, now: str = TUESDAY) -> dict[str, Any]:
        """One row of ``daicho status``."""
        store = self.at(now)
        (row,) = store.events.submissions(store.clock.now(), submission_id)
        return row

    def findings(self, submission_id: str) -> list[tuple[int | None, str | None, str]]:
        """Findings of a submission as (record, field, code)."""
        frame = self.at().findings.read(submission_id)
        return [] if frame is None else list(frame.select("record", "field", "code").iter_rows())

    def journal(self, entry: str = "booking") -> pl.DataFrame:
        """Journal rows of one kind in their order."""
        frame = self.at().journal.open().scan()
        return frame.filter(pl.col("entry") == entry).collect().sort("journal_no")

    def papers(self, now: str = CUT_OFF, **filters: Any) -> list[dict[str, Any]]:
        """Documents that can be fetched at ``now``."""
        store = self.at(now)
        return store.documents.find(filters, store.clock.now())

    def kinds(self, now: str = CUT_OFF) -> list[tuple[str, str]]:
        """Kind and format of every document that can be fetched at ``now``, sorted."""
        return sorted((row["kind"], row["format"]) for row in self.papers(now))

    def verify(self, now: str = CUT_OFF) -> list[str]:
        """What ``daicho verify`` finds out of order."""
        from daicho.verifying import verify_store

        result = verify_store(self.at(now), lambda _: None)
        assert result["ok"] == (not result["problems"])
        return list(result["problems"])

    def settings(self, **numbers: int) -> None:
        """Writes ``settings.toml``."""
        text = "".join(f"{name} = {value}\n" for name, value in numbers.items())
        (self.path / "settings.toml").write_text(text, encoding="utf-8")

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of one kind in their order."""
        return self.at().events.events(kind=kind)


def contracts(*numbers: str, **changes: str) -> list[kit.Row]:
    """One good enterprise line per export contract."""
    return [kit.enterprise_row(export_contract_no=number, **changes) for number in numbers]


def instant(text: str) -> datetime:
    """Tokyo time."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


def csv_rows(content: bytes, encoding: str = "cp932") -> list[dict[str, str]]:
    """Rows of a produced CSV by its header."""
    import csv

    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline="")))


def load_world(folder: Path, rows: Mapping[str, Sequence[kit.Row]]) -> Home:
    """A new home in ``folder`` with these tables loaded on 2018-10-01."""
    from daicho.references import load_folder

    home = Home(folder / "home")
    store = home.at("2018-10-01T09:00:00")
    load_folder(store, kit.write_reference(folder / "tables", rows))
    store.events.events()
    store.journal.open()  # both are made when first opened, so that "nothing changed" can be asked of a copy
    store.events.close()
    return home


@pytest.fixture(scope="session")
def loaded(shared: Path) -> Path:
    """A home with the small world, made once to be copied."""
    return made_once(shared, "world", lambda folder: load_world(folder, kit.world())) / "home"


@pytest.fixture
def lived(loaded: Path, shared: Path, tmp_path: Path) -> Callable[[Callable[[Home], object]], Home]:
    """A home of the test's own in which a function lived: ``lived(function)``, once in a run, and copied.

    The function must do the same whoever calls it: it begins with the small world and sees no fixture.
    """

    def copied(live: Callable[[Home], object]) -> Home:
        def through(folder: Path) -> None:
            shutil.copytree(loaded, folder / "home")
            live(Home(folder / "home"))

        assert "<locals>" not in live.__qualname__, "two would share a name"
        made = made_once(shared, f"{live.__module__}.{live.__qualname__}", through)
        shutil.copytree(made / "home", tmp_path / "home")
        return Home(tmp_path / "home")

    return copied


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Home:
    """A home of the test's own with the small world loaded."""
    shutil.copytree(loaded, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    """A home in which nothing ever happened; its folder does not exist yet."""
    return Home(tmp_path / "home")
