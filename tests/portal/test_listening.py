"""How the portal's server receives requests: slow and large senders are cut off early, and keep nobody waiting."""

import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from portal_stub import listening
from tests.portal.serving import demo_home, served

MIB = 1024 * 1024
KNOWN = f"Cookie: {settings.SESSION_COOKIE_NAME}=x\r\n" if settings.configured else ""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    read = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"read {read}".encode()]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Of a bounded server in a thread of this process, with bounds that a test can wait for."""
    monkeypatch.setattr(listening, "HEADER_SECONDS", 0.4)
    monkeypatch.setattr(listening, "MOST_SENT", MIB)
    monkeypatch.setattr(listening, "MOST_BODIES", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    server = listening.server(application, sockets=[listener], threads=2, cleanup_interval=0, ident=None)
    server.adj.asyncore_loop_timeout = 0.05
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield listener.getsockname()[:2]
    server.asyncore.close_all(server._map)
    thread.join(5)


def said(address: tuple[str, int], *pieces: bytes, pause: float = 0.0) -> str:
    """What comes back for pieces of a request; empty when the connection was closed without a word."""
    line = socket.create_connection(address, timeout=10)
    for piece in pieces:
        try:
            line.sendall(piece)
        except OSError:
            break
        time.sleep(pause)
    try:
        told = line.recv(65536)
        while told.endswith(b"\r\n\r\n") and (further := line.recv(65536)):
            told += further
        return told.decode()
    except ConnectionError:
        return ""


def head(length: int, extra: str = "") -> bytes:
    return f"POST /login/ HTTP/1.1\r\nHost: x\r\n{extra}Content-Length: {length}\r\n\r\n".encode()


def test_a_whole_request_is_answered(address: tuple[str, int]) -> None:
    assert said(address, head(5), b"hello").endswith("read 5")


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_a_head_that_does_not_come_whole_is_not_waited_for(
    address: tuple[str, int], start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    drips = [start or b"\r", *[b"x"] * 20]  # each of them is a sign of life
    assert said(address, *drips, pause=0.1) in ("", "HTTP")
    assert time.monotonic() - began < 5


def test_a_body_that_comes_too_slowly_is_not_waited_for(address: tuple[str, int]) -> None:
    assert said(address, head(1000), *[b"x"] * 20, pause=0.1) == ""


def test_a_large_body_of_nobody_known_is_refused_by_its_head(address: tuple[str, int]) -> None:
    told = said(address, head(2 * MIB))
    assert told.startswith("HTTP/1.1 413 ")
    assert "<h1>送信できませんでした</h1>" in told, "in words for people"
    assert said(address, head(2 * MIB, "Expect: 100-continue\r\n")).startswith("HTTP/1.1 413 "), (
        "not asked for"
    )


def test_a_large_body_of_somebody_who_may_be_known_is_received(address: tuple[str, int]) -> None:
    assert said(address, head(2 * MIB, KNOWN), b"x" * 2 * MIB).endswith(f"read {2 * MIB}")


def test_no_body_is_larger_than_an_upload_may_be(address: tuple[str, int]) -> None:
    assert said(address, head(settings.MOST_UPLOADED + 2 * MIB, KNOWN)).startswith("HTTP/1.1 413 ")


def test_a_body_without_a_told_length_ends_at_the_same_bound(address: tuple[str, int]) -> None:
    opening = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert said(address, opening, *[chunk] * 40).startswith("HTTP/1.1 413 ")


def test_only_so_many_large_bodies_are_received_at_once(address: tuple[str, int]) -> None:
    line = socket.create_connection(address, timeout=10)
    line.sendall(head(MIB - 1))
    time.sleep(0.2)
    told = said(address, head(MIB - 1))
    assert told.startswith("HTTP/1.1 503 ")
    assert "Retry-After: 30" in told
    assert said(address, head(5), b"hello").endswith("read 5"), "small ones go on"
    line.close()


_HALF_OPEN = """
import socket, sys, time
address = ("127.0.0.1", int(sys.argv[1]))
lines = []
for number in range(500):
    line = socket.create_connection(address, timeout=20)
    line.sendall(b"POST /login/ HTTP/1.1\\r\\nHost: x\\r\\nX-A: ")
    lines.append(line)
print("ready", flush=True)
while True:
    time.sleep(2)
    for number, line in enumerate(lines):
        try:
            line.sendall(b"x")
        except OSError:
            lines[number] = socket.create_connection(address, timeout=20)
            lines[number].sendall(b"POST /login/ HTTP/1.1\\r\\nHost: x\\r\\nX-A: ")
"""
_BODIES = """
import socket, sys, threading, time
address = ("127.0.0.1", int(sys.argv[1]))
def send(head):
    while True:
        try:
            with socket.create_connection(address, timeout=20) as line:
                line.sendall(head)
                for _ in range(16384):
                    line.sendall(b"10000\\r\\n" + b"x" * 65536 + b"\\r\\n")
                    time.sleep(0.02)
        except OSError:
            time.sleep(0.1)
for number in range(6):
    how = b"Transfer-Encoding: chunked" if number % 2 else b"Content-Length: 1073741824"
    known = b"Cookie: daicho_session=x\\r\\n" if number > 3 else b""
    head = b"POST /login/ HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n" + known + how + b"\\r\\n\\r\\n"
    threading.Thread(target=send, args=(head,), daemon=True).start()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.night
@pytest.mark.slow
def test_others_are_answered_while_half_open_requests_and_endless_bodies_come(tmp_path: Path) -> None:
    """The bound is a ratio of two medians of one run, so that a slow machine changes nothing."""
    home = tmp_path / "home"
    demo_home(home)
    with served(home) as portal:
        port = portal.base.rsplit(":", 1)[1]
        median_of(portal.base, 10)
        idle = median_of(portal.base)
        attackers = [
            subprocess.Popen([sys.executable, "-c", program, port], stdout=subprocess.PIPE)
            for program in (_HALF_OPEN, _BODIES)
        ]
        try:
            for attacker in attackers:
                assert attacker.stdout is not None
                assert attacker.stdout.readline() == b"ready\n", "500 connections are taken"
            under_attack = median_of(portal.base)
        finally:
            for attacker in attackers:
                attacker.kill()
                attacker.wait()
        print(f"median of /login/: idle {idle * 1000:.1f} ms, under attack {under_attack * 1000:.1f} ms")
        assert under_attack <= 3 * idle


def median_of(base: str, many: int = 60) -> float:
    """Seconds of the middle one of so many answers, each on a connection of its own."""
    times = []
    for _ in range(many):
        began = time.monotonic()
        with urllib.request.urlopen(f"{base}/login/", timeout=30) as reply:
            assert reply.status == 200
            reply.read()
        times.append(time.monotonic() - began)
    return statistics.median(times)
