"""The processes of ``daicho portal serve``: some that answer, three that work beside them, one that looks after all.

Python runs one thread at a time, so each core gets a process of its own; all of them accept on one socket. The parent
has no threads and opens no database: it may start a new child at any time.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

THREADS = 4
"""Per answering process: enough to wait for the database beside one that computes."""
_PAUSE = 1.0


def serve(listener: socket.socket, workers: int, options: dict[str, Any]) -> None:
    """Answers on a bound socket until SIGINT or SIGTERM. A child that dies is replaced."""
    from django.db import connections

    connections.close_all()
    works: dict[int, Callable[[], None]] = {}

    def start(work: Callable[[], None]) -> None:
        parent = os.getpid()
        if child := os.fork():
            works[child] = work
            return
        _live(work, parent)

    jobs = [lambda: _work_on_jobs(urgent_only=True), lambda: _work_on_jobs(urgent_only=False)]
    for work in (*[lambda: _answer(listener, options)] * workers, _work_beside, *jobs):
        start(work)
    _listen_to_signals()
    try:
        while True:
            child, status = os.wait()
            logging.getLogger(__name__).error("process %d ended with %d and is replaced", child, status)
            time.sleep(_PAUSE)
            start(works.pop(child))
    except KeyboardInterrupt:
        pass
    finally:
        for child in works:
            _end(child)
        for child in works:
            _await(child)


def _live(work: Callable[[], None], parent: int) -> None:
    """A child's whole life; it never returns to what its parent was doing."""
    code = 1
    try:
        _listen_to_signals()
        threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
        work()
        code = 0
    except KeyboardInterrupt:
        code = 0
    except BaseException:
        logging.getLogger(__name__).exception("a process of the portal failed")
    finally:
        sys.stderr.flush()
        os._exit(code)


def _answer(listener: socket.socket, options: dict[str, Any]) -> None:
    from portal_stub import listening
    from portal_stub.wsgi import application

    listening.server(application, sockets=[listener], threads=THREADS, ident=None, **options).run()


def _work_beside() -> None:
    from portal_stub import background

    background.start()
    while True:
        time.sleep(_PAUSE)


def _work_on_jobs(urgent_only: bool) -> None:
    """One takes what somebody waits for in front of a page only: a long job never stands before it."""
    from portal_stub.jobs import worker

    worker.forever(urgent_only)


def _die_with(parent: int) -> None:
    """Ends a child whose parent was killed and could tell nobody."""
    while os.getppid() == parent:
        time.sleep(_PAUSE)
    os._exit(1)


def _listen_to_signals() -> None:
    """SIGINT as well: a shell starts what runs in its background with SIGINT ignored."""
    for sent in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sent, _interrupt)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _end(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)


def _await(child: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(child, 0)
