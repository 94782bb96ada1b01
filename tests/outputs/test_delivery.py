"""Delivery to a folder, and to a real OpenSSH server on loopback that the tests start themselves."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from outputs.delivery import (
    ContentDiffers,
    Delivered,
    DeliveryError,
    DeliveryRefused,
    FolderTarget,
    SftpTarget,
    Target,
    TemporaryDeliveryError,
    deliver_with_retries,
)

NAME = "提供データ_999999901_2018-11.csv"
CONTENT = "受理日,合計保険料\r\n20181106,21800\r\n".encode("cp932")


# -- folder -------------------------------------------------------------------------------------------------


def test_folder_gets_the_bytes_and_the_proof_names_them(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path / "out" / "deep")
    proof = target.deliver(NAME, CONTENT)
    assert (tmp_path / "out" / "deep" / NAME).read_bytes() == CONTENT
    assert (proof.size, proof.already_there) == (len(CONTENT), False)
    assert len(proof.sha256) == 64
    assert [path.name for path in target.folder.iterdir()] == [NAME], "no temporary file stays"


def test_folder_repeat_is_harmless_and_other_content_is_refused(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path)
    first = target.deliver(NAME, CONTENT)
    assert target.deliver(NAME, CONTENT) == replace(first, already_there=True)
    with pytest.raises(ContentDiffers, match="内容の異なる"):
        target.deliver(NAME, CONTENT + b"x")
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert len(list(tmp_path.iterdir())) == 1


def test_folder_without_hard_links_still_gets_it_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert FolderTarget(tmp_path).deliver(NAME, CONTENT).already_there is False
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_the_receiver_can_read_what_was_delivered_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        FolderTarget(tmp_path / "inbox").deliver(NAME, CONTENT)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "inbox", tmp_path / "inbox" / NAME)]
    assert modes == [0o755, 0o644]


def test_links_of_the_receiver_are_not_followed(tmp_path: Path) -> None:
    ours, inbox = tmp_path / "ours", tmp_path / "inbox"
    ours.write_bytes(CONTENT)
    inbox.mkdir()
    (inbox / NAME).symlink_to(ours)
    with pytest.raises(ContentDiffers):
        FolderTarget(inbox).deliver(NAME, CONTENT)
    assert (inbox / NAME).is_symlink(), "what the receiver put there stays"


def test_a_delivery_that_died_between_two_names_is_found_again(tmp_path: Path) -> None:
    (tmp_path / ".half").write_bytes(CONTENT)
    os.link(tmp_path / ".half", tmp_path / NAME)
    assert FolderTarget(tmp_path).deliver(NAME, CONTENT).already_there is True


def test_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(DeliveryRefused):
        FolderTarget(tmp_path / "taken").deliver(NAME, CONTENT)


def test_full_disk_is_temporary_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TemporaryDeliveryError, match="ディスクに空きがありません"):
        FolderTarget(tmp_path).deliver(NAME, CONTENT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".hidden", "a/b.csv", "..", "a\\b", "x.part", "x.tmp", "a\0b"])
def test_names_that_are_no_plain_file_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused):
        FolderTarget(tmp_path).deliver(name, CONTENT)


def test_rivals_with_other_content_never_overwrite_each_other(tmp_path: Path) -> None:
    _assert_one_rival_wins(FolderTarget(tmp_path), (tmp_path / NAME).read_bytes)


def _assert_one_rival_wins(target: Target, read: Callable[[], bytes]) -> None:
    contents = [f"rival {number}".encode() * 1000 for number in range(6)]

    def attempt(content: bytes) -> Delivered | DeliveryError:
        try:
            return target.deliver(NAME, content)
        except DeliveryError as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, contents))
    winners = [number for number, result in enumerate(results) if isinstance(result, Delivered)]
    assert len(winners) == 1, results
    assert all(isinstance(result, Delivered | ContentDiffers) for result in results), results
    assert read() == contents[winners[0]]


# -- retries ------------------------------------------------------------------------------------------------


class Flaky:
    """Fails with the given errors first, then delivers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    def deliver(self, name: str, content: bytes) -> Delivered:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return Delivered(name, len(content), "", already_there=False)


def test_temporary_errors_are_retried_with_growing_waits() -> None:
    waits: list[float] = []
    target = Flaky(*(TemporaryDeliveryError("x") for _ in range(4)))
    deliver_with_retries(target, NAME, CONTENT, attempts=5, first_wait=2, longest_wait=10, sleep=waits.append)
    assert waits == [2, 4, 8, 10]


def test_attempts_are_bounded_and_the_last_error_rises() -> None:
    waits: list[float] = []
    target = Flaky(*(TemporaryDeliveryError(str(number)) for number in range(9)))
    with pytest.raises(TemporaryDeliveryError, match="2"):
        deliver_with_retries(target, NAME, CONTENT, attempts=3, sleep=waits.append)
    assert (target.tries, len(waits)) == (3, 2)


@pytest.mark.parametrize("error", [DeliveryRefused("no"), ContentDiffers("other"), RuntimeError("unknown")])
def test_every_other_error_rises_at_once(error: Exception) -> None:
    target = Flaky(error)
    with pytest.raises(type(error)):
        deliver_with_retries(target, NAME, CONTENT, sleep=lambda _: pytest.fail("waited"))
    assert target.tries == 1


# -- SFTP ---------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running sshd and what a client needs to know about it."""

    base: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def folder(self) -> Path:
        return self.base / "受取"

    def known_hosts(self, port: int, key: str = "host") -> Path:
        path = self.base / f"known_hosts_{key}_{port}"
        kind, blob = (self.base / f"{key}.pub").read_text().split()[:2]
        path.write_text(f"[127.0.0.1]:{port} {kind} {blob}\n")
        return path

    def target(self, port: int | None = None) -> SftpTarget:
        return SftpTarget(
            host="127.0.0.1",
            port=port or self.port,
            user=getpass.getuser(),
            folder=str(self.folder),
            known_hosts=self.known_hosts(port or self.port),
            key_file=self.base / "client",
            timeout=10,
        )

    def fetch(self, name: str, to: Path) -> bytes:
        """What OpenSSH's own client sees under ``name``."""
        subprocess.run(
            [
                "sftp", "-b", "-", "-P", str(self.port), "-i", str(self.base / "client"), "-F", "/dev/null",
                "-o", f"UserKnownHostsFile={self.known_hosts(self.port)}", "-o", "IdentitiesOnly=yes",
                f"{getpass.getuser()}@127.0.0.1",
            ],
            input=f'get "{self.folder}/{name}" "{to}"\n'.encode(),
            check=True,
            capture_output=True,
        )  # fmt: skip
        return to.read_bytes()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


def _sshd() -> str:
    found = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert found, "OpenSSH's server is missing: run tests/setup_servers.sh"
    return found


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """An sshd of our own: free port on loopback, own host key, one authorised key, SFTP only; its parameter is the command."""
    command = getattr(request, "param", "internal-sftp")
    base = tmp_path / "sshd"
    (base / "受取").mkdir(parents=True)
    for name in ("host", "other", "client", "stranger"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(base / name)], check=True
        )
    (base / "authorized").write_text((base / "client.pub").read_text())
    port = free_port()
    (base / "conf").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {base}/host\nAuthorizedKeysFile {base}/authorized\n"
        f"PidFile {base}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n"
        f"ForceCommand {command}\nMaxStartups 50\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen(
        [_sshd(), "-f", str(base / "conf"), "-D", "-e"],
        stderr=(base / "log").open("wb"),
        stdin=subprocess.DEVNULL,
    )
    running = Server(base, port, process)
    deadline = time.monotonic() + 15
    while True:
        assert process.poll() is None, (base / "log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        assert time.monotonic() < deadline, (base / "log").read_text()
        time.sleep(0.05)
    yield running
    if process.poll() is None:
        running.stop()


@contextlib.contextmanager
def cutting_proxy(port: int, limits: list[int]) -> Iterator[int]:
    """A door before the server that breaks the n-th connection after ``limits[n]`` bytes from the client."""
    listener = socket.create_server(("127.0.0.1", 0))

    def relay(
        source: socket.socket, sink: socket.socket, limit: int | None, both: list[socket.socket]
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while block := source.recv(1 << 16):
                passed += len(block)
                if limit is not None and passed > limit:
                    break
                sink.sendall(block)
        for end in both:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        number = 0
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", port))
            limit = limits[number] if number < len(limits) else None
            number += 1
            both = [client, upstream]
            threading.Thread(target=relay, args=(client, upstream, limit, both), daemon=True).start()
            threading.Thread(target=relay, args=(upstream, client, None, both), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        # Closing alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_sftp_upload_is_what_openssh_own_client_reads(server: Server, tmp_path: Path) -> None:
    proof = server.target().deliver(NAME, CONTENT)
    assert server.fetch(NAME, tmp_path / "got") == CONTENT
    assert (proof.size, proof.already_there) == (len(CONTENT), False)
    assert proof.place.endswith(NAME)
    assert [path.name for path in server.folder.iterdir()] == [NAME], "no temporary file stays"


def test_sftp_read_back_compares_the_hash(server: Server, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    replace(server.target(), read_back=True).deliver("large.bin", content)
    assert server.fetch("large.bin", tmp_path / "got") == content


def test_sftp_empty_file_arrives(server: Server) -> None:
    server.target().deliver("empty.csv", b"")
    assert (server.folder / "empty.csv").read_bytes() == b""


def test_sftp_repeat_is_harmless_and_other_content_is_refused(server: Server) -> None:
    first = server.target().deliver(NAME, CONTENT)
    assert server.target().deliver(NAME, CONTENT) == replace(first, already_there=True)
    same_length = CONTENT[:-1] + b"x"
    for other in (same_length, CONTENT + b"x"):
        with pytest.raises(ContentDiffers, match="内容の異なる"):
            server.target().deliver(NAME, other)
    assert (server.folder / NAME).read_bytes() == CONTENT
    assert len(list(server.folder.iterdir())) == 1


def test_sftp_rivals_never_overwrite_each_other(server: Server) -> None:
    _assert_one_rival_wins(server.target(), (server.folder / NAME).read_bytes)
    assert len(list(server.folder.iterdir())) == 1


def test_sftp_receiver_never_sees_half_a_file(server: Server) -> None:
    content = os.urandom(40_000_000)
    seen_final: set[int] = set()
    seen_names: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for path in server.folder.iterdir():
                seen_names.add(path.name)
                if path.name == NAME:
                    seen_final.add(path.stat().st_size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        server.target().deliver(NAME, content)
        time.sleep(0.1)
    finally:
        done.set()
        watcher.join()
    assert seen_final == {len(content)}
    assert any(name.endswith(".part") for name in seen_names), "the upload was watched while under way"


@pytest.mark.parametrize("key", ["other", None])
def test_sftp_wrong_or_unknown_host_key_is_refused(server: Server, tmp_path: Path, key: str | None) -> None:
    if key is None:
        hosts = tmp_path / "nobody"
        hosts.write_text("")
    else:
        hosts = server.known_hosts(server.port, key)
    before = hosts.read_bytes()
    with pytest.raises(DeliveryRefused, match="ホスト鍵"):
        replace(server.target(), known_hosts=hosts).deliver(NAME, CONTENT)
    assert list(server.folder.iterdir()) == []
    assert hosts.read_bytes() == before, "no key is ever added"


def test_sftp_missing_known_hosts_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match="known_hosts"):
        replace(server.target(), known_hosts=tmp_path / "none").deliver(NAME, CONTENT)


def test_sftp_wrong_key_or_password_is_refused(server: Server, tmp_path: Path) -> None:
    stranger = replace(server.target(), key_file=server.base / "stranger")
    with pytest.raises(DeliveryRefused, match="認証"):
        stranger.deliver(NAME, CONTENT)
    password = replace(server.target(), key_file=None, password="guess")
    with pytest.raises(DeliveryRefused, match="認証"):
        password.deliver(NAME, CONTENT)
    unreadable = tmp_path / "key"
    unreadable.write_text("no key")
    for key in (unreadable, tmp_path / "absent"):
        with pytest.raises(DeliveryRefused, match="鍵を読めません"):
            replace(server.target(), key_file=key).deliver(NAME, CONTENT)


def test_sftp_missing_folder_is_refused(server: Server) -> None:
    with pytest.raises(DeliveryRefused, match="フォルダー"):
        replace(server.target(), folder=str(server.base / "none")).deliver(NAME, CONTENT)


def test_sftp_server_that_is_gone_is_temporary(server: Server) -> None:
    server.target().deliver("before.csv", CONTENT)
    server.stop()
    with pytest.raises(TemporaryDeliveryError):
        server.target().deliver(NAME, CONTENT)


def test_sftp_server_that_does_not_speak_ssh_is_temporary(server: Server) -> None:
    with cutting_proxy(server.port, [0]) as door, pytest.raises(TemporaryDeliveryError):
        server.target(door).deliver(NAME, CONTENT)


def test_sftp_connection_lost_half_way_leaves_no_final_name_and_a_retry_succeeds(server: Server) -> None:
    content = os.urandom(8_000_000)
    with cutting_proxy(server.port, [3_000_000, 3_000_000]) as door:
        target = server.target(door)
        with pytest.raises(TemporaryDeliveryError):
            target.deliver(NAME, content)
        assert not (server.folder / NAME).exists()
        assert all(path.name.endswith(".part") for path in server.folder.iterdir())
        waits: list[float] = []
        proof = deliver_with_retries(target, NAME, content, attempts=3, first_wait=0.01, sleep=waits.append)
    assert (server.folder / NAME).read_bytes() == content
    assert proof.already_there is False
    assert len(waits) == 1


def test_secrets_do_not_show_in_the_target_text() -> None:
    target = SftpTarget("h", "u", "f", Path("k"), password="geheim", key_passphrase="geheim")
    assert "geheim" not in repr(target)
