"""The HTTP server of a worker, which ends without losing requests that it has begun."""

import asyncio
import math
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import parent_process
from types import FrameType

import uvicorn

from app.http.in_flight import InFlightRequests
from app.server.application import create_app
from app.server.signals import parent_has_ended
from app.settings import Settings
from app.telemetry.log import log

LINGER_SECONDS = 0.2
"""Seconds that a stopping server still answers after its last request: others may be on their way."""
TOLD_EVERY_SECONDS = 60
KEEP_ALIVE_SECONDS = 75
SENDING_SECONDS = 1
"""Seconds for sending the last answers when every request is done or cut off."""


class Server(uvicorn.Server):
    """Serves until a signal; then requests that were begun are finished, and others are turned away.

    A second signal, and the end of the time that is given, cut off what is still at work.
    """

    def __init__(self, settings: Settings, *, beat: Callable[[], None] = lambda: None) -> None:
        """`beat` is called ten times a second, as long as the event loop runs."""
        super().__init__(config_of(settings))
        self._grace_seconds = settings.shutdown_seconds
        self._beat = beat
        self._told_of_descriptors_at = -math.inf
        self._signal: int | None = None
        self._deadline = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT and parent_process() is not None:
            # Ctrl-C reaches every process of a terminal; workers are told by their supervisor what to do.
            return
        work = self._work()
        if work is None:
            super().handle_exit(sig, frame)
        elif self._signal is None:
            self._signal, self._deadline = sig, time.monotonic() + self._grace_seconds
            work.stop()
        else:
            self._deadline = 0

    async def on_tick(self, counter: int) -> bool:
        self._beat()
        self._look_for_descriptors(time.monotonic())
        work = self._work()
        if work is not None:
            # For the metrics that another worker answers.
            self.lifespan.state["measure"]()
        if parent_has_ended():
            # Whoever is started in place of our supervisor wants the port.
            self._stop_listening()
            if self._signal is None:
                self.handle_exit(signal.SIGTERM, None)
        if self._signal is not None and work is not None and self._may_stop(work):
            super().handle_exit(self._signal, None)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop_listening()
        # Whoever got in last is still read, and answered.
        await asyncio.sleep(LINGER_SECONDS / 4)
        await super().shutdown(sockets)

    def _look_for_descriptors(self, now: float) -> None:
        """Log that no file descriptor is left: the event loop closes connections then, and says nothing."""
        try:
            os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            if now - self._told_of_descriptors_at >= TOLD_EVERY_SECONDS:
                self._told_of_descriptors_at = now
                limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
                log().error("out of file descriptors, connections are closed", reason=str(error), limit=limit)

    def _stop_listening(self) -> None:
        for each in self.servers:
            each.close()

    def _may_stop(self, work: InFlightRequests) -> bool:
        now = time.monotonic()
        if now >= self._deadline:
            if work.requests:
                log().warning("requests cut off", requests=len(work.requests))
            work.cut()
            return True
        return not work.requests and now - work.quiet_since >= LINGER_SECONDS

    def _work(self) -> InFlightRequests | None:
        """The requests in flight, which the application counts; None before it has started."""
        work = self.lifespan.state.get("in_flight") if self.started else None
        return work if isinstance(work, InFlightRequests) else None


def config_of(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        partial(create_app, settings),
        factory=True,
        lifespan="on",
        ws="none",
        workers=1,
        # The log is ours: one line per operation.
        log_config=None,
        access_log=False,
        server_header=False,
        # The address of a caller is for the log; what is said of it is believed from those who are trusted only.
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies or "",
        http="httptools",
        # Longer than a proxy keeps a connection at rest, which must not send a request into one that is being closed.
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SENDING_SECONDS,
    )
