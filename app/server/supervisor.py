"""The supervisor: starts the workers that share a socket, watches them, and replaces those that die or get stuck.

Uvicorn's own asks a thread of the worker, which answers while the event loop is stuck; it replaces without a delay, and
each worker imports the program anew.
"""

import gc
import math
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context
from pathlib import Path

from app.server.backoff import delay_after, started_after
from app.server.database_keeper import DatabaseKeeper
from app.server.signals import EXIT_SECONDS, SIGNALS, blocked
from app.settings import Settings
from app.telemetry import MULTIPROCESS_FOLDER
from app.telemetry.log import log
from app.telemetry.metrics_files import forget_gauges, make_files, take_number

# The program is imported once, before: workers share its memory, and a new one serves at once.
FORK = get_context("fork")
Serve = Callable[[socket.socket, int], None]
"""What a worker does with the socket, and with the pipe that its heartbeats go into."""

LONGEST_ROUND_SECONDS = 1.0
"""How often heartbeats are looked for, at the least."""
DUMP_SECONDS = 1.0
DUMP_PAUSE_SECONDS = 0.2
"""How long a worker may take to write where it stands, and to go on writing."""


class Worker:
    """A worker as its supervisor sees it."""

    def __init__(self, serve: Serve, listening: socket.socket, number: int, *, delay_seconds: float = 0) -> None:
        """`number` tells it from the others; it is that of the worker that it replaces."""
        self.number = number
        self.silent_seconds = 0.0
        """Since the last heartbeat; until the first one the worker is starting, and not waited for."""
        self.has_served = False
        self._served_seconds = 0.0
        self._delay_seconds = delay_seconds
        self.pipe, theirs = os.pipe()
        os.set_blocking(self.pipe, False)
        given = (serve, listening, theirs, number, delay_seconds)
        self.process = FORK.Process(target=begin, args=given, name="flowport worker")
        with blocked():
            self.process.start()
        os.close(theirs)

    def watch(self, seconds: float) -> None:
        """Look for heartbeats of the last seconds."""
        if self._received():
            self.has_served, self.silent_seconds = True, 0
        elif self.has_served:
            self.silent_seconds += seconds
        if self.has_served:
            self._served_seconds += seconds

    def stack(self) -> str:
        """Where each of its threads stands; empty for a process that doesn't run at all."""
        from app.server.worker import DUMP_SIGNAL

        if self.process.pid is not None:
            os.kill(self.process.pid, DUMP_SIGNAL)
        written, deadline = b"", time.monotonic() + DUMP_SECONDS
        while connection.wait([self.pipe], DUMP_PAUSE_SECONDS if written else DUMP_SECONDS):
            received = self._received()
            if not received or time.monotonic() > deadline:
                break
            written += received
        return written.decode("utf-8", "replace").strip(".\n")

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def delay_of_the_next(self) -> float:
        return delay_after(self._delay_seconds, served_seconds=self._served_seconds)

    def close(self) -> None:
        self.process.close()
        os.close(self.pipe)

    def _received(self) -> bytes:
        try:
            return os.read(self.pipe, 65_536)
        except BlockingIOError:
            return b""


def begin(serve: Serve, listening: socket.socket, pipe: int, number: int, delay_seconds: float) -> None:
    """What a worker does first."""
    take_number(number)
    started_after(delay_seconds)
    serve(listening, pipe)


class Supervisor:
    """Starts workers and watches them, in the main thread of a process that has no other."""

    def __init__(
        self,
        serve: Serve,
        listening: socket.socket,
        settings: Settings,
        metrics: Path | None = None,
        *,
        greet: Callable[[], object] = lambda: None,
        keeper: DatabaseKeeper | None = None,
    ) -> None:
        """`greet` is called when the first worker serves. A database without a keeper is somebody else's."""
        self._keeper = keeper
        self._serve = serve
        self._greet = greet
        self._listening = listening
        self._metrics = metrics
        self._number = settings.workers
        self._timeout_seconds = settings.worker_timeout_seconds
        self._round_seconds = min(LONGEST_ROUND_SECONDS, self._timeout_seconds / 4)
        # More than they need: whoever hangs is killed.
        self._patience_seconds = settings.shutdown_seconds + EXIT_SECONDS
        self._workers: list[Worker] = []
        self._respawns: list[tuple[float, float, int]] = []
        """When a worker is to be started, after which delay, and its number."""
        self._signals: list[int] = []
        self._deadline: float | None = None
        self._has_served = False
        self._could_not_start = False

    def run(self) -> bool:
        """Have workers serve until a signal; whether they could start."""
        with self._noticing_signals() as woken:
            self._workers = [Worker(self._serve, self._listening, number + 1) for number in range(self._number)]
            try:
                self._watch_all(woken)
            finally:
                if self._keeper is not None:
                    self._keeper.stop()
                for each in self._workers:
                    each.kill()
        return not self._could_not_start

    def _watch_all(self, woken: socket.socket) -> None:
        before = time.monotonic()
        while self._workers or self._respawns:
            ended = [each.process.sentinel for each in self._workers]
            begun = [each.pipe for each in self._workers if not self._has_served]
            connection.wait([woken, *ended, *begun], self._longest_wait())
            with suppress(BlockingIOError):
                woken.recv(1024)
            now = time.monotonic()
            self._pass_signals_on(now)
            # A longer round means that this process was stopped too, which makes nobody stuck.
            self._watch(min(now - before, 2 * self._round_seconds))
            self._reap(now)
            self._respawn(now)
            if self._keeper is not None and self._deadline is None:
                self._keeper.look(now)
            before = now

    @contextmanager
    def _noticing_signals(self) -> Iterator[socket.socket]:
        """A socket that becomes readable when a signal comes, so that it is noticed at once."""
        woken, waker = socket.socketpair()
        with woken, waker:
            woken.settimeout(0)
            waker.settimeout(0)
            signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
            for number in SIGNALS:
                signal.signal(number, lambda number, _: self._signals.append(number))
            try:
                yield woken
            finally:
                signal.set_wakeup_fd(-1)

    def _longest_wait(self) -> float:
        now = time.monotonic()
        nearest = min((at - now for at, _, _ in self._respawns), default=math.inf)
        if self._deadline is not None:
            nearest = min(nearest, self._deadline - now)
        elif self._keeper is not None:
            nearest = min(nearest, self._keeper.due_at - now)
        return max(0, min(nearest, self._round_seconds))

    def _pass_signals_on(self, now: float) -> None:
        while self._signals:
            self._signals.pop()
            self._stop(now)
        if self._deadline is not None and now >= self._deadline:
            log().error("workers hang and are killed", workers=len(self._workers))
            self._deadline = math.inf
            for each in self._workers:
                each.process.kill()

    def _stop(self, now: float) -> None:
        if self._deadline is None:
            self._deadline = now + self._patience_seconds
            self._listening.close()
            self._respawns.clear()
        for each in self._workers:
            each.process.terminate()

    def _watch(self, seconds: float) -> None:
        for each in self._workers:
            each.watch(seconds)
            if each.has_served and not self._has_served:
                self._has_served = True
                self._greet()
            # One that stops has a deadline instead.
            if self._deadline is None and each.silent_seconds > self._timeout_seconds:
                silent = round(each.silent_seconds, 1)
                log().error("worker stuck and killed", worker=each.process.pid, seconds=silent, stack=each.stack())
                each.kill()

    def _reap(self, now: float) -> None:
        from app.telemetry.metrics import WORKERS_REPLACED

        for each in [each for each in self._workers if not each.process.is_alive()]:
            self._workers.remove(each)
            pid, code = each.process.pid, each.process.exitcode or 0
            if self._metrics is not None:
                forget_gauges(self._metrics, each.number)
            if self._deadline is None and code > 0 and not self._has_served:
                # What ended one before any served would end the next one too.
                self._could_not_start = True
                self._stop(now)
            elif self._deadline is None:
                delay = each.delay_of_the_next()
                WORKERS_REPLACED.inc()
                log().error("worker died and is replaced", worker=pid, code=code, delay=delay)
                self._respawns.append((now + delay, delay, each.number))
            each.close()

    def _respawn(self, now: float) -> None:
        for due in [each for each in self._respawns if each[0] <= now]:
            self._respawns.remove(due)
            _, delay, number = due
            self._workers.append(Worker(self._serve, self._listening, number, delay_seconds=delay))


def supervise(listening: socket.socket, settings: Settings, *, greet: Callable[[], object]) -> bool:
    """Serve with workers until a signal; whether they could start. `greet` is called when the first one serves."""
    with metrics_folder(settings.workers) as metrics:
        # How numbers are kept is decided where this is imported, so not before the folder is named.
        from app.server.worker import be_a_worker
        from app.telemetry.metrics import measure_apart

        if metrics is None and settings.workers > 1:
            measure_apart()
        # What is there now stays, and its pages are shared as long as the garbage collection leaves them alone.
        gc.freeze()
        keeper = DatabaseKeeper(settings.data_dir, listening) if settings.database_url is None else None
        return Supervisor(be_a_worker, listening, settings, metrics, greet=greet, keeper=keeper).run()


@contextmanager
def metrics_folder(workers: int) -> Iterator[Path | None]:
    """A folder where several workers put together what they measure, if there is room for one.

    It is named in the environment, which they inherit.
    """
    os.environ.pop(MULTIPROCESS_FOLDER, None)
    if workers == 1:
        yield None
        return
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="flowport-metrics-"))
        make_files(folder, workers=workers)
        os.environ[MULTIPROCESS_FOLDER] = str(folder)
    except OSError as error:
        log().error("metrics are off", reason=str(error), folder=str(folder))
    try:
        yield folder if MULTIPROCESS_FOLDER in os.environ else None
    finally:
        os.environ.pop(MULTIPROCESS_FOLDER, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
