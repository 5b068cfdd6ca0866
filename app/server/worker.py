"""A worker: a process that serves, and tells its supervisor that its event loop runs."""

import faulthandler
import gc
import os
import signal
import socket
import sys
from contextlib import suppress

from app.server.graceful_server import Server
from app.server.signals import end_with_parent, parent_has_ended, stop_on_signals, unblock
from app.settings import read_settings
from app.telemetry.log import configure_log, log

DUMP_SIGNAL = signal.SIGUSR1
"""What makes a worker write where its threads stand, even if C code keeps Python from running."""

OBJECTS_BEFORE_COLLECTION = 100_000
"""How many containers are made before Python looks for cycles among them. A large graph is a hundred thousand; with the
usual 700, reading one took ten times as long."""


class Heartbeat:
    """Sent as long as the event loop runs: the supervisor looks for it, and a worker without a supervisor stops."""

    def __init__(self, pipe: int, *, is_told: bool) -> None:
        """`is_told`: the system tells when the supervisor ends."""
        self._pipe = pipe
        self._looks = not is_told
        os.set_blocking(pipe, False)
        faulthandler.register(DUMP_SIGNAL, file=pipe, all_threads=True)

    def beat(self) -> None:
        # A supervisor that doesn't read is stopped, which is no reason to stop serving.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._pipe, b".")
        if self._looks and parent_has_ended():
            self._looks = False
            os.kill(os.getpid(), signal.SIGTERM)


def be_a_worker(listening: socket.socket, pipe: int) -> None:
    """Serve until a signal, or until the supervisor has ended, even if that was killed."""
    signal.set_wakeup_fd(-1)
    stop_on_signals()
    # Ctrl-C reaches every process of a terminal; the supervisor says what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    is_told = end_with_parent()
    unblock()
    # What was imported stays for good, so that there is no need to look through it again and again.
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION, 10, 10)
    settings = read_settings()
    configure_log(log_format=settings.log_format, level=settings.log_level)
    try:
        Server(settings, beat=Heartbeat(pipe, is_told=is_told).beat).run(sockets=[listening])
    except OSError as error:
        # Somebody else has begun to listen on the port since we have chosen it.
        log().error("worker can't serve", reason=str(error))
        sys.exit(1)
