"""A worker: a process that serves, and ends itself when its event loop is stuck."""

import faulthandler
import gc
import math
import signal
import socket
import time

from app.backoff import started_after
from app.server.graceful_server import Server
from app.server.signals import stop_on_signals, unblock
from app.settings import Settings

OBJECTS_BEFORE_COLLECTION = 100_000
"""How many containers are made before Python looks for cycles among them. A large graph is a hundred thousand; with the
usual 700, reading one took ten times as long."""


class Watchdog:
    """Ends the process when its event loop has been stuck for too long, even in C code that keeps Python from running."""

    def __init__(self, pipe: int, timeout_seconds: float) -> None:
        """`pipe` leads to the supervisor, and gets the stack of an event loop that is stuck."""
        self._pipe = pipe
        self._timeout_seconds = timeout_seconds
        # Each time starts a thread, so not at each look.
        self._pause_seconds = min(1.0, timeout_seconds / 4)
        self._armed_at = -math.inf

    def look(self) -> None:
        """Postpone the end of the process; the event loop calls this ten times a second."""
        now = time.monotonic()
        if now - self._armed_at >= self._pause_seconds:
            self._armed_at = now
            seconds = self._timeout_seconds + self._pause_seconds
            faulthandler.dump_traceback_later(seconds, file=self._pipe, exit=True)


def be_a_worker(settings: Settings, listening: socket.socket, pipe: int, delay: float) -> None:
    """Serve until a signal, or until the supervisor has ended, even if that was killed."""
    started_after(delay)
    stop_on_signals()
    # Ctrl-C reaches every process of a terminal; the supervisor says what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    unblock()
    # What was imported stays for good, so that there is no need to look through it again and again.
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION, 10, 10)
    Server(settings, beat=Watchdog(pipe, settings.worker_timeout_seconds).look).run(sockets=[listening])
