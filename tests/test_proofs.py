"""The ``req`` marker, tried on small test suites of its own, with and without worker processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs import DAY, NIGHT, ROOT, Record, fingerprint, merged, read_record, write_record

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

@pytest.mark.night
@pytest.mark.req("A-001", "A-010")
def test_long(): pass

@pytest.mark.night
@pytest.mark.req("A-002")
def test_long_fails(): assert False
"""

CONFTEST = """
from pathlib import Path
from tests.proofs import ProofPlugin

def pytest_configure(config):
    for marker in ("req(*ids): requirement", "night: long"):
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(ProofPlugin(config, Path(__file__).with_name("records")), "proofs")
"""


def run_suite(
    folder: Path, suite: str, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Record | None]]:
    """A pytest of its own over one test file: the result and the record of each half that it left."""
    (folder / "cases").mkdir()
    (folder / "cases" / "test_suite.py").write_text(suite, encoding="utf-8")
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "pytest.ini").write_text(
        f"[pytest]\ntestpaths = cases\naddopts = --strict-markers -p no:cacheprovider\npythonpath = {ROOT}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    return result, {half: read_record(half, folder / "records") for half in (DAY, NIGHT)}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_only_passing_tests_prove(tmp_path: Path, workers: tuple[str, ...]) -> None:
    result, records = run_suite(tmp_path, SUITE, *workers)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout
    day, night = records[DAY], records[NIGHT]
    assert day is not None
    assert night is not None
    assert day.proven == {"A-001", "A-002", "A-008", "A-009"}
    assert set(day.failed) == {"A-003", "A-006", "A-007"}
    assert day.passed["A-001"] == ["cases/test_suite.py::test_passes"]
    assert (set(night.passed), set(night.failed)) == ({"A-001", "A-010"}, {"A-002"})


@pytest.mark.parametrize(("selected", "left"), [("not night", DAY), ("night", NIGHT)])
def test_a_run_of_one_half_leaves_the_record_of_that_half(tmp_path: Path, selected: str, left: str) -> None:
    _, whole = run_suite(tmp_path, SUITE)
    (tmp_path / "alone").mkdir()
    _, alone = run_suite(tmp_path / "alone", SUITE, "-m", selected)
    assert {half for half, record in alone.items() if record} == {left}
    one, other = alone[left], whole[left]
    assert one is not None
    assert other is not None
    assert (one.passed, one.failed) == (other.passed, other.failed)


def test_the_halves_are_together_the_whole_proof() -> None:
    day = Record("f", passed={"A-001": ["t1"], "A-002": ["t2"]})
    night = Record("f", passed={"A-001": ["t3"], "A-003": ["t4"]}, failed={"A-002": ["t5"]})
    both = merged([day, night])
    assert both == Record("f", {"A-001": ["t1", "t3"], "A-002": ["t2"], "A-003": ["t4"]}, {"A-002": ["t5"]})
    assert both.proven == {"A-001", "A-003"}, "what fails at night is not proven by day"
    with pytest.raises(ValueError):
        merged([day, Record("other")])


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_unknown_id_fails_collection(tmp_path: Path, workers: tuple[str, ...]) -> None:
    suite = "import pytest\n@pytest.mark.req('A-001', 'Z-999')\ndef test_it(): pass\n"
    result, records = run_suite(tmp_path, suite, *workers)
    assert result.returncode != 0
    assert "not in tests/catalogue/requirements.csv: test_it: 'Z-999'" in result.stdout
    assert not any(records.values())


@pytest.mark.parametrize(
    "arguments",
    [
        ("-k", "passes"),
        ("cases",),
        ("--collect-only",),
        ("--exitfirst",),
        ("-m", "req"),
        ("-m", "night", "-k", "long"),
    ],
    ids=" ".join,
)
def test_partial_run_leaves_no_record(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result, records = run_suite(tmp_path, SUITE, *arguments)
    assert "test_suite.py" in result.stdout
    assert not any(records.values())


def test_unreadable_record_is_no_record(tmp_path: Path) -> None:
    assert read_record(DAY, tmp_path) is None
    (tmp_path / f"{DAY}.json").write_text("{", encoding="utf-8")
    assert read_record(DAY, tmp_path) is None
    write_record(NIGHT, Record("f", passed={"A-001": ["t"]}), tmp_path / "sub")
    assert read_record(NIGHT, tmp_path / "sub") == Record("f", passed={"A-001": ["t"]})
    assert read_record(DAY, tmp_path / "sub") is None


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
