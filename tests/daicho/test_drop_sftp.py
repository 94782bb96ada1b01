"""The upload drop behind a real OpenSSH server, with OpenSSH's own client: names that appear, halves, and what is resumed."""

import getpass
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from daicho.drop import is_waiting, survey
from tests import kit
from tests.daicho.dropping import GOOD, TOLD, answer, folder, left, one, take
from tests.homes import Home
from tests.outputs.test_delivery import Server, server

__all__ = ["server"]

LARGE = GOOD + b"\r\n" * 150_000
"""The same record, and so many blank lines that a slow client needs a while."""


def client(server: Server, *options: str) -> list[str]:
    return [
        "sftp", "-q", *options, "-b", "-", "-P", str(server.port), "-i", str(server.base / "client"), "-F", "/dev/null",
        "-o", f"UserKnownHostsFile={server.known_hosts(server.port)}", "-o", "IdentitiesOnly=yes",
        f"{getpass.getuser()}@127.0.0.1",
    ]  # fmt: skip


def sftp(server: Server, home: Home, *commands: str) -> None:
    """What a sender types, in its folder."""
    words = "\n".join([f'cd "{folder(home)}"', *commands, ""])
    subprocess.run(client(server), input=words.encode(), check=True, capture_output=True, timeout=60)


def broken_off(server: Server, home: Home, source: Path, name: str) -> None:
    """A slow upload whose client is killed half-way."""
    process = subprocess.Popen(client(server, "-l", "800"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(f'cd "{folder(home)}"\nput "{source}" {name}\n'.encode())
    process.stdin.close()
    path, deadline = folder(home) / name, time.monotonic() + 60
    while not path.exists() or path.stat().st_size == 0:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    size = -1
    while size != (size := path.stat().st_size):
        time.sleep(0.3)  # until the server has noticed, too
    assert 0 < size < source.stat().st_size


def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute later."""
    now = time.time()
    monkeypatch.setattr(survey.time, "time", lambda: now + 31)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.csv"
    path.write_bytes(LARGE)
    return path


def told(tmp_path: Path, **more: object) -> Path:
    path = tmp_path / "told.json"
    path.write_text(json.dumps(TOLD | more), encoding="utf-8")
    return path


@pytest.mark.parametrize("put", ["put", "put -p"])
def test_an_upload_that_is_renamed_when_it_is_whole(
    home: Home, server: Server, large: Path, tmp_path: Path, put: str
) -> None:
    os.utime(large, (1, 1))
    sftp(server, home, f'put "{told(tmp_path)}" november.json', f'{put} "{large}" november.csv.part')
    assert not is_waiting(home.at())
    assert take(home) == []
    before = time.time()
    sftp(server, home, "rename november.csv.part november.csv")
    assert is_waiting(home.at()), "at once"
    appeared = (folder(home) / "november.csv").stat().st_ctime
    assert appeared > before - 1
    receipt = one(home).receipt
    assert receipt is not None
    assert receipt["size"] == len(LARGE)
    assert answer(home)["submission_id"] == receipt["submission_id"]
    fetched = tmp_path / "answer.json"
    sftp(server, home, f'get answers/november.csv.json "{fetched}"')
    assert json.loads(fetched.read_text(encoding="utf-8"))["file_name"] == "november.csv"


def test_half_a_file_under_its_final_name_is_waited_for_and_taken_when_it_was_resumed(
    home: Home, server: Server, large: Path, tmp_path: Path
) -> None:
    sftp(server, home, f'put "{told(tmp_path, size=len(LARGE))}" november.json')
    broken_off(server, home, large, "november.csv")
    assert not is_waiting(home.at())
    assert take(home) == []
    sftp(server, home, f'reput "{large}" november.csv')
    assert is_waiting(home.at())
    receipt = one(home).receipt
    assert receipt is not None
    assert receipt["size"] == len(LARGE)


def test_half_a_file_that_nobody_resumes_is_refused_for_its_size(
    home: Home, server: Server, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sftp(server, home, f'put "{told(tmp_path, size=len(LARGE))}" november.json')
    broken_off(server, home, large, "november.csv")
    assert take(home) == []
    settled(monkeypatch)
    refusal = one(home).refusal
    assert refusal is not None
    assert refusal.code == "size-mismatch"
    assert answer(home)["refused"]["code"] == "size-mismatch"


def test_half_a_file_under_an_unfinished_name_is_never_taken(
    home: Home, server: Server, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sftp(server, home, f'put "{told(tmp_path)}" november.json')
    broken_off(server, home, large, "november.csv.part")
    settled(monkeypatch)
    assert take(home) == []
    assert not is_waiting(home.at())
    assert left(home) == ["november.csv.part", "november.json"]


def test_a_link_made_over_sftp_leads_nowhere(
    home: Home, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(GOOD)
    names = [f"enterprise_{kit.HOLDER}_1_{way}.csv" for way in ("soft", "hard")]
    sftp(server, home, f'symlink "{secret}" {names[0]}', f'ln "{secret}" {names[1]}')
    settled(monkeypatch)
    assert sorted((o.name, o.refusal and o.refusal.code) for o in take(home)) == [
        (names[1], "not-a-file"),
        (names[0], "not-a-file"),
    ]
    assert list(home.at().archive.hashes()) == []
    assert secret.read_bytes() == GOOD


@pytest.mark.parametrize("server", ["internal-sftp -P symlink,hardlink"], indirect=True)
def test_a_server_as_documented_makes_no_links_and_takes_uploads(
    home: Home, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "good.csv"
    good.write_bytes(GOOD)
    name = f"enterprise_{kit.HOLDER}_1_november.csv"
    for way in ("symlink", "ln"):
        with pytest.raises(subprocess.CalledProcessError):
            sftp(server, home, f'{way} "{good}" link.csv')
    sftp(server, home, f'put "{good}" {name}.part', f"rename {name}.part {name}")
    assert left(home) == [name]
    settled(monkeypatch)
    assert one(home).receipt is not None
