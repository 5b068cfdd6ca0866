"""The supervisor: starts the workers that share a socket, and starts each again, after a growing delay, when it has ended.

Uvicorn's own starts them without a delay, waits for ever for one that hangs, and leaves all behind when it is killed.
"""

import gc
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import connection, get_context
from pathlib import Path
from types import FrameType

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
"""Serves on the socket; writes a byte into the pipe when it serves, and its stack when it is stuck."""

ROUND_SECONDS = 0.2
"""Seconds between two looks at due workers and at the embedded database."""
STACK_BYTES = 65_536


class Worker:
    """A worker process, as its supervisor sees it."""

    def __init__(self, serve: Serve, listening: socket.socket, number: int, delay_seconds: float) -> None:
        """Start the process, `delay_seconds` after the one of the same number before it has ended."""
        self.number = number
        self.delay_seconds = delay_seconds
        self.serves_since: float | None = None
        self.pipe, theirs = os.pipe()
        os.set_blocking(self.pipe, False)
        # A stack that is longer than the pipe is cut, and the worker ends all the same.
        os.set_blocking(theirs, False)
        arguments = (serve, listening, theirs, number, delay_seconds)
        self.process = FORK.Process(target=begin, args=arguments, name="flowport worker")
        self.process.start()
        os.close(theirs)

    def read(self, number_of_bytes: int) -> bytes:
        try:
            return os.read(self.pipe, number_of_bytes)
        except BlockingIOError:
            return b""

    def delay_of_the_next(self, now: float) -> float:
        served_seconds = 0 if self.serves_since is None else now - self.serves_since
        return delay_after(self.delay_seconds, served_seconds=served_seconds)


def begin(serve: Serve, listening: socket.socket, pipe: int, number: int, delay_seconds: float) -> None:
    """Prepare a worker process, and let it serve."""
    take_number(number)
    started_after(delay_seconds)
    serve(listening, pipe)


class Supervisor:
    """Starts workers and restarts them, in the main thread of its process."""

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
        """`greet` is called when the first worker serves; `keeper` restarts the embedded database, if that is used."""
        self._serve = serve
        self._listening = listening
        self._settings = settings
        self._metrics = metrics
        self._greet = greet
        self._keeper = keeper
        self._workers: list[Worker] = []
        self._due = [(0.0, 0.0, number + 1) for number in range(settings.workers)]
        """When a worker is to be started, after which delay, and its number."""
        self._kill_at: float | None = None
        """Set when the supervisor is told to stop."""
        self._has_served = False
        self._could_not_start = False

    def run(self) -> bool:
        """Have workers serve until a signal; whether they could start."""
        for number in SIGNALS:
            signal.signal(number, self._stop)
        try:
            while self._workers or (self._due and self._kill_at is None):
                self._look(time.monotonic())
        finally:
            if self._keeper is not None:
                self._keeper.stop()
            self._kill()
        return not self._could_not_start

    def _stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        if self._kill_at is None:
            # More than workers need: only those that hang are killed.
            self._kill_at = time.monotonic() + self._settings.shutdown_seconds + EXIT_SECONDS
            self._listening.close()
        self._due = []
        for worker in self._workers:
            worker.process.terminate()

    def _look(self, now: float) -> None:
        if self._keeper is not None and self._kill_at is None:
            self._keeper.look(now)
        # While the keeper's thread works, a fork might copy a lock that the thread holds.
        if self._keeper is None or not self._keeper.is_starting:
            self._start_due(now)
        sentinels = [worker.process.sentinel for worker in self._workers]
        pipes = [] if self._has_served else [worker.pipe for worker in self._workers]
        connection.wait([*sentinels, *pipes], ROUND_SECONDS)
        for worker in self._workers.copy():
            self._watch(worker, time.monotonic())
        if self._kill_at is not None and self._workers and time.monotonic() >= self._kill_at:
            log().error("workers hang and are killed", workers=len(self._workers))
            self._kill()

    def _start_due(self, now: float) -> None:
        for due in [each for each in self._due if each[0] <= now]:
            # A process that is forked here gets no signal before it has its own handlers.
            with blocked():
                if self._kill_at is None:
                    self._due.remove(due)
                    _, delay_seconds, number = due
                    self._workers.append(Worker(self._serve, self._listening, number, delay_seconds))

    def _watch(self, worker: Worker, now: float) -> None:
        if worker.serves_since is None and worker.read(1):
            worker.serves_since = now
            if not self._has_served:
                self._has_served = True
                self._greet()
        if not worker.process.is_alive():
            self._workers.remove(worker)
            self._note_end(worker, now)

    def _note_end(self, worker: Worker, now: float) -> None:
        from app.telemetry.metrics import WORKERS_REPLACED

        pid, code = worker.process.pid, worker.process.exitcode or 0
        stack = worker.read(STACK_BYTES).decode("utf-8", "replace")
        os.close(worker.pipe)
        if stack:
            log().error(
                "worker stuck and killed", worker=pid, seconds=self._settings.worker_timeout_seconds, stack=stack
            )
        if self._metrics is not None:
            forget_gauges(self._metrics, worker.number)
        if self._kill_at is None and code > 0 and not self._has_served:
            # What ended one before any served would end the next one too.
            self._could_not_start = True
            self._stop()
        elif self._kill_at is None:
            delay = worker.delay_of_the_next(now)
            WORKERS_REPLACED.inc()
            log().error("worker died and is replaced", worker=pid, code=code, delay=delay)
            self._due.append((now + delay, delay, worker.number))

    def _kill(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()


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
        keeper = DatabaseKeeper(settings.data_dir) if settings.database_url is None else None
        return Supervisor(be_a_worker, listening, settings, metrics, greet=greet, keeper=keeper).run()


@contextmanager
def metrics_folder(workers: int) -> Iterator[Path | None]:
    """A folder where several workers put together what they measure, if there is room for one.

    The environment names the folder, which workers inherit.
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
