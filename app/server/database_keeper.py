"""The keeper of the embedded database: starts its server again when it has ended, as after a SIGKILL or on a full disk."""

import math
import time
from pathlib import Path
from threading import Event, Thread

from app.server.backoff import delay_after
from app.storage.embedded import EmbeddedDatabaseError, is_down, start_again
from app.telemetry.log import log


class DatabaseKeeper:
    """Looks whether the server of a data directory runs, and starts it again in a thread, after a growing delay."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._delay_seconds = 0.0
        self._started_at = -math.inf
        self._start_at: float | None = None
        self._thread = Thread()
        self._is_stopping = Event()

    @property
    def is_starting(self) -> bool:
        return self._thread.is_alive()

    def look(self, now: float) -> None:
        """Notice that the server has ended; called several times a second, and takes less than a millisecond."""
        if self.is_starting:
            return
        if self._start_at is None and is_down(self._data_dir):
            self._delay_seconds = delay_after(self._delay_seconds, served_seconds=now - self._started_at)
            log().error("embedded database ended and is restarted", delay=self._delay_seconds)
            self._start_at = now + self._delay_seconds
        elif self._start_at is not None and now >= self._start_at:
            self._start_at = None
            self._thread = Thread(target=self._start)
            self._thread.start()

    def stop(self) -> None:
        """Give up a start that has begun, and wait for its end."""
        self._is_stopping.set()
        if self.is_starting:
            self._thread.join()

    def _start(self) -> None:
        begun = time.monotonic()
        try:
            if start_again(self._data_dir, is_given_up=self._is_stopping.is_set):
                log().warning("embedded database restarted", seconds=round(time.monotonic() - begun, 1))
        except EmbeddedDatabaseError as error:
            if self._is_stopping.is_set():
                return
            log().error("embedded database could not be started", reason=str(error))
        self._started_at = time.monotonic()
