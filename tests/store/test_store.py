"""The door of the store: everything in one home, nothing heavy before it is needed."""

import subprocess
import sys
from pathlib import Path

from daicho.clock import Clock
from daicho.settings import Settings
from daicho.store import Store
from tests.store.made import NINE, a_receipt

HEAVY = ("polars", "deltalake", "pyarrow", "sqlalchemy", "pandas", "numpy", "dagster", "django", "duckdb")


def test_status_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys; from daicho.store import Store; store = Store.open();"
        "print(store.events.submissions(store.clock.now()), store.events.status_counts(store.clock.now()));"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"DAICHO_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    counts = {"受付前": 0, "処理中": 0, "処理完了": 0, "申請内容要確認": 0}
    assert done.stdout.splitlines() == [f"[] {counts}", "[]"]


def test_two_homes_never_see_each_other(tmp_path: Path) -> None:
    stores = [
        Store.open(Settings.from_env({"DAICHO_HOME": str(tmp_path / name)}), Clock(fixed=NINE))
        for name in "ab"
    ]
    stores[0].events.receive(a_receipt())
    assert [len(store.events.submissions(NINE)) for store in stores] == [1, 0]
    assert stores[1].archive.read_receipt(1) is None


def test_all_parts_are_in_the_home_and_opened_once(tmp_path: Path) -> None:
    store = Store.open(Settings.from_env({"DAICHO_HOME": str(tmp_path / "home")}), Clock(fixed=NINE))
    assert not (tmp_path / "home").exists()
    assert store.journal.open().last()[:2] == (0, 0)
    assert store.reference.current_load() == 0
    store.events.receive(a_receipt())
    store.documents.issue("r-1", "receipt", "pdf", "r.pdf", b"x", "100000001", NINE)
    assert store.findings.submissions() == []
    assert store.events is store.events
    assert sorted(path.name for path in (tmp_path / "home").iterdir() if path.is_dir()) == ["files", "lake"]
    assert (tmp_path / "home" / "daicho.db").is_file()
