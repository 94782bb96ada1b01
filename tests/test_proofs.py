"""The ``req`` marker, tried on small test suites of its own, with and without worker processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs import ROOT, Record, fingerprint, read_record, write_record

SUITE = """
import pytest

@pytest.mark.req("A-001", "A-002")
def test_passes(): pass

@pytest.mark.req("A-003")
def test_fails(): assert False

@pytest.mark.req("A-004")
def test_skips(): pytest.skip("not here")

@pytest.mark.req("A-005")
@pytest.mark.xfail
def test_xfails(): assert False

@pytest.mark.req("A-006")
@pytest.mark.parametrize("n", [1, 2])
def test_half_fails(n): assert n == 1

@pytest.fixture
def broken():
    yield
    raise RuntimeError

@pytest.mark.req("A-007")
def test_teardown_fails(broken): pass

@pytest.mark.req("A-008")
class TestGroup:
    @pytest.mark.req("A-009")
    def test_inherits(self): pass
"""

CONFTEST = """
from pathlib import Path
from tests.proofs import ProofPlugin

def pytest_configure(config):
    config.addinivalue_line("markers", "req(*ids): requirement")
    config.pluginmanager.register(ProofPlugin(config, Path(__file__).with_name("record.json")), "proofs")
"""


def run_suite(
    folder: Path, suite: str, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], Record | None]:
    """A pytest of its own over one test file: the result and the record it left."""
    (folder / "cases").mkdir()
    (folder / "cases" / "test_suite.py").write_text(suite, encoding="utf-8")
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "pytest.ini").write_text(
        f"[pytest]\ntestpaths = cases\naddopts = --strict-markers -p no:cacheprovider\npythonpath = {ROOT}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    return result, read_record(folder / "record.json")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_only_passing_tests_prove(tmp_path: Path, workers: tuple[str, ...]) -> None:
    result, record = run_suite(tmp_path, SUITE, *workers)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout
    assert record is not None
    assert record.proven == {"A-001", "A-002", "A-008", "A-009"}
    assert set(record.failed) == {"A-003", "A-006", "A-007"}
    assert record.passed["A-001"] == ["cases/test_suite.py::test_passes"]


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_unknown_id_fails_collection(tmp_path: Path, workers: tuple[str, ...]) -> None:
    suite = "import pytest\n@pytest.mark.req('A-001', 'Z-999')\ndef test_it(): pass\n"
    result, record = run_suite(tmp_path, suite, *workers)
    assert result.returncode != 0
    assert "not in tests/catalogue/requirements.csv: test_it: 'Z-999'" in result.stdout
    assert record is None


@pytest.mark.parametrize(
    "arguments", [("-k", "passes"), ("cases",), ("--collect-only",), ("--exitfirst",)], ids=lambda a: a[0]
)
def test_partial_run_leaves_no_record(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    _, record = run_suite(tmp_path, SUITE, *arguments)
    assert record is None


def test_unreadable_record_is_no_record(tmp_path: Path) -> None:
    assert read_record(tmp_path / "none.json") is None
    (tmp_path / "torn.json").write_text("{", encoding="utf-8")
    assert read_record(tmp_path / "torn.json") is None
    write_record(Record("f", passed={"A-001": ["t"]}), tmp_path / "sub" / "record.json")
    assert read_record(tmp_path / "sub" / "record.json") == Record("f", passed={"A-001": ["t"]})


def test_fingerprint_follows_tracked_and_untracked_files(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("ignored\n", encoding="utf-8")
    seen = [fingerprint(tmp_path)]
    (tmp_path / "a.py").write_text("1", encoding="utf-8")
    seen.append(fingerprint(tmp_path))
    (tmp_path / "a.py").write_text("2", encoding="utf-8")
    seen.append(fingerprint(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    seen.append(fingerprint(tmp_path))
    assert len(set(seen)) == 4
    (tmp_path / "ignored").write_text("x", encoding="utf-8")
    assert fingerprint(tmp_path) == seen[-1]
