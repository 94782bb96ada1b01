"""Which Python the set-up takes. Interpreters are stood in for by scripts that run the real one under another version."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.homes import PROJECT

REAL = getattr(sys, "_base_executable", sys.executable)
LOCKED = "# versions of which the lock has wheels\n3.13 Linux Darwin\n3.12 Linux Darwin\n3.11 Linux Darwin\n"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A project with the chooser in it, and a PATH of two folders without any Python."""
    (tmp_path / "requirements").mkdir()
    shutil.copy(PROJECT / "requirements" / "choose_python.sh", tmp_path / "requirements")
    (tmp_path / "requirements" / "pythons.txt").write_text(LOCKED)
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    for tool in ("bash", "uname", "awk", "grep", "realpath", "dirname", "cat", "rm", "sh"):
        found = shutil.which(tool)
        assert found
        (tmp_path / "second" / tool).symlink_to(found)
    return tmp_path


def interpreter(path: Path, version: str, lacks: str = "") -> Path:
    """The real Python under another version number, perhaps without a module."""
    major, minor = version.split(".")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"#!{shutil.which('sh')}\nexec {REAL} -c 'import importlib.util, sys\n"
        f"sys.version_info = ({major}, {minor}, 0)\n"
        f'find = importlib.util.find_spec\nimportlib.util.find_spec = lambda name: None if name == "{lacks}" else find(name)\n'
        "code = sys.argv[2]\nsys.argv[1:] = sys.argv[3:]\n"
        'exec(code)\' "$@"\n'
    )
    path.chmod(0o755)
    return path


def dead(path: Path) -> Path:
    """A shim that fails, as those of versions that are switched off do."""
    path.write_text(f"#!{shutil.which('sh')}\necho 'command not found' >&2\nexit 127\n")
    path.chmod(0o755)
    return path


def choose(room: Path, named: str = "") -> subprocess.CompletedProcess[str]:
    environ = {"PATH": f"{room / 'first'}:{room / 'second'}", "HOME": str(room), "PYTHON": named}
    return subprocess.run(
        ["bash", "requirements/choose_python.sh", ".venv"],
        cwd=room,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_newest_that_the_lock_has_wheels_for_is_taken(room: Path) -> None:
    interpreter(room / "first" / "python3.11", "3.11")
    interpreter(room / "first" / "python3", "3.99")
    newest = interpreter(room / "second" / "python3.13", "3.13")
    interpreter(room / "second" / "python", "3.10")
    assert choose(room).stdout.strip() == str(newest)


def test_a_plain_python3_that_is_the_newest_is_taken(room: Path) -> None:
    interpreter(room / "first" / "python3.11", "3.11")
    newest = interpreter(room / "second" / "python3", "3.12")
    assert choose(room).stdout.strip() == str(newest)


def test_dead_shims_and_pythons_without_pip_are_passed_over(room: Path) -> None:
    dead(room / "first" / "python3.13")
    interpreter(room / "first" / "python3.12", "3.12", lacks="pip")
    interpreter(room / "first" / "python3.11", "3.11")
    assert choose(room).stdout.strip() == str(room / "first" / "python3.11")
    living = interpreter(room / "second" / "python3.13", "3.13")
    assert choose(room).stdout.strip() == str(living)


def test_where_there_is_none_it_says_what_it_found_and_what_to_do(room: Path) -> None:
    interpreter(room / "first" / "python3", "3.10")
    interpreter(room / "first" / "python3.12", "3.12", lacks="pip")
    answer = choose(room)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "No CPython from 3.11 to 3.13" in answer.stderr
    assert f"{room / 'first' / 'python3'} is Python 3.10" in answer.stderr
    assert f"{room / 'first' / 'python3.12'} lacks pip" in answer.stderr
    assert "make setup PYTHON=" in answer.stderr


def test_the_one_that_is_named_is_taken_or_refused_and_no_other(room: Path) -> None:
    interpreter(room / "first" / "python3.13", "3.13")
    older = interpreter(room / "elsewhere" / "python", "3.11")
    assert choose(room, str(older)).stdout.strip() == str(older)
    interpreter(older, "3.10")
    answer = choose(room, str(older))
    assert (answer.returncode, answer.stdout) == (2, "")
    assert f"{older} is Python 3.10" in answer.stderr


def test_an_environment_of_another_python_is_removed_and_its_own_stays(room: Path) -> None:
    interpreter(room / "first" / "python3.13", "3.13")
    mine = interpreter(room / ".venv" / "bin" / "python", "3.13")
    assert choose(room).returncode == 0
    assert mine.exists()
    interpreter(mine, "3.11")
    assert choose(room).stdout.strip() == str(room / "first" / "python3.13")
    assert not (room / ".venv").exists()


def test_every_version_from_3_11_on_that_the_lock_names_is_without_a_gap() -> None:
    lines = (PROJECT / "requirements" / "pythons.txt").read_text(encoding="utf-8").splitlines()
    minors = [int(line.split()[0].removeprefix("3.")) for line in lines if not line.startswith("#")]
    assert minors == list(range(max(minors), 10, -1))
    assert max(minors) >= 13
    assert os.uname().sysname in lines[-1].split()
