"""The keeper of the embedded database: has it restarted when its server has ended, as after a SIGKILL or a full disk."""

import math
import signal
import socket
import sys
import time
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path

from app.server.backoff import delay_after
from app.server.signals import blocked, end_with_parent, stop_on_signals, unblock
from app.storage.embedded import EmbeddedDatabaseError, is_down, start_again
from app.telemetry.log import log

FORK = get_context("fork")


class DatabaseKeeper:
    """Looks whether the server of a data directory runs, and has it started by a process of its own, with a delay."""

    def __init__(self, data_dir: Path, listening: socket.socket) -> None:
        self._data_dir = data_dir
        self._listening = listening
        self._starting: ForkProcess | None = None
        self._delay_seconds = 0.0
        self._started_at = -math.inf
        self._start_at: float | None = None

    @property
    def due_at(self) -> float:
        """When it is to be looked at the latest."""
        return math.inf if self._start_at is None else self._start_at

    def look(self, now: float) -> None:
        """To be called again and again; takes less than a millisecond."""
        if self._starting is not None and self._starting.is_alive():
            return
        if self._starting is not None:
            self._starting.close()
            self._starting, self._started_at = None, now
        if not is_down(self._data_dir):
            self._start_at = None
        elif self._start_at is None:
            self._delay_seconds = delay_after(self._delay_seconds, served_seconds=now - self._started_at)
            log().error("embedded database ended and is restarted", delay=self._delay_seconds)
            self._start_at = now + self._delay_seconds
        elif now >= self._start_at:
            self._start_at = None
            self._starting = FORK.Process(target=start_in_child, args=(self._data_dir, self._listening))
            with blocked():
                self._starting.start()

    def stop(self) -> None:
        """Start nothing more. Whoever is starting it ends what it has begun."""
        if self._starting is not None:
            self._starting.terminate()
            self._starting.join()
            self._starting = None


def start_in_child(data_dir: Path, listening: socket.socket) -> None:
    """Start the database, in a process that ends before its parent could."""
    signal.set_wakeup_fd(-1)
    stop_on_signals()
    # Ctrl-C reaches every process of a terminal; the supervisor says what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    unblock()
    listening.close()
    begun = time.monotonic()
    try:
        is_ours = start_again(data_dir)
    except EmbeddedDatabaseError as error:
        log().error("embedded database could not be started", reason=str(error))
        sys.exit(1)
    if is_ours:
        log().warning("embedded database restarted", seconds=round(time.monotonic() - begun, 1))
