"""The server processes: how they begin, and how they end without losing what was begun."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import uvicorn

from app.observability import configure_log, log
from app.settings import Settings, read_settings
from app.stopping import Work

SIGNALS = (signal.SIGTERM, signal.SIGINT)

LINGER_SECONDS = 0.2
"""How long a server that is to stop still answers after its last work: requests may be under way to it."""
CLOSING_SECONDS = 1
"""How long answers may take to leave when everything is done or cut off."""
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Server(uvicorn.Server):
    """Serves until a signal; then requests that were begun are finished, and others are turned away.

    A second signal, and the end of the time that is given, cut off what is still at work.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(config_of(settings))
        self._grace_seconds = settings.shutdown_seconds
        self._signal: int | None = None
        self._deadline = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT and parent_process() is not None:
            # Ctrl-C reaches every process of a terminal; workers are told by their parent what to do.
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
        work = self._work()
        if self._signal is not None and work is not None and self._may_stop(work):
            super().handle_exit(self._signal, None)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in self.servers:
            each.close()
        # Whoever got in last is still read, and answered.
        await asyncio.sleep(LINGER_SECONDS / 4)
        await super().shutdown(sockets)

    def _may_stop(self, work: Work) -> bool:
        now = time.monotonic()
        if now >= self._deadline:
            if len(work):
                log().warning("requests cut off", requests=len(work))
            work.cut()
            return True
        is_quiet = not len(work) and now - work.quiet_since >= LINGER_SECONDS
        return is_quiet and not any(getattr(each, "is_within_a_head", False) for each in self.server_state.connections)

    def _work(self) -> Work | None:
        """What the application counts; None before it has started."""
        work = self.lifespan.state.get("work") if self.started else None
        return work if isinstance(work, Work) else None


def config_of(settings: Settings) -> uvicorn.Config:
    # Where workers serve, their parent never needs it, nor what it imports.
    from app.protocol import protocol_of

    return uvicorn.Config(
        "app.main:create_app",
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
        http=protocol_of(settings),
        timeout_graceful_shutdown=CLOSING_SECONDS,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )


def serve_alone(listening: socket.socket, settings: Settings) -> bool:
    """Serve in this process, until a signal; whether it has started at all."""
    os.environ.pop(METRICS_FOLDER, None)
    server = Server(settings)
    server.run(sockets=[listening])
    return server.started


def serve_with_workers(listening: socket.socket, settings: Settings) -> bool:
    """Serve in processes of their own, until a signal; whether they could start."""
    with metrics_folder() as folder:
        return Workers(listening, settings, folder).run()


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """A folder where the workers put together what they measure; named in the environment, which they inherit."""
    folder = Path(tempfile.mkdtemp(prefix="flowport-metrics-"))
    os.environ[METRICS_FOLDER] = str(folder)
    try:
        yield folder
    finally:
        del os.environ[METRICS_FOLDER]
        shutil.rmtree(folder, ignore_errors=True)


class Workers:
    """The processes that share a socket: those that die are replaced, and a signal ends them all."""

    def __init__(self, listening: socket.socket, settings: Settings, metrics: Path) -> None:
        self._listening = listening
        self._metrics = metrics
        self._number = settings.workers
        # More than they need: whoever hangs is killed.
        self._patience_seconds = settings.shutdown_seconds + 2 * CLOSING_SECONDS
        self._living: list[SpawnProcess] = []
        self._signals: list[int] = []
        self._deadline: float | None = None

    def run(self) -> bool:
        started = True
        with self._noticing_signals() as woken:
            self._living = [self._new_worker() for _ in range(self._number)]
            while self._living:
                connection.wait([woken, *(worker.sentinel for worker in self._living)], timeout=self._time_left())
                with suppress(BlockingIOError):
                    woken.recv(1024)
                self._pass_signals_on()
                if self._deadline is None and any((worker.exitcode or 0) > 0 for worker in self._living):
                    # What ended one before it served would end the next one too.
                    started = False
                    self._stop()
                self._bury_the_dead()
        return started

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

    def _new_worker(self) -> SpawnProcess:
        worker = get_context("spawn").Process(target=be_a_worker, args=(self._listening,), name="flowport worker")
        worker.start()
        return worker

    def _pass_signals_on(self) -> None:
        while self._signals:
            self._signals.pop()
            self._stop()
        if self._deadline is not None and time.monotonic() > self._deadline:
            log().error("server processes hang and are killed", processes=len(self._living))
            for worker in self._living:
                worker.kill()

    def _stop(self) -> None:
        if self._deadline is None:
            self._deadline = time.monotonic() + self._patience_seconds
            self._listening.close()
        for worker in self._living:
            worker.terminate()

    def _time_left(self) -> float | None:
        return None if self._deadline is None else max(0.1, self._deadline - time.monotonic())

    def _bury_the_dead(self) -> None:
        # When this is imported first decides how numbers are kept, so not before the folder is named.
        from prometheus_client.multiprocess import mark_process_dead

        for worker in [each for each in self._living if not each.is_alive()]:
            self._living.remove(worker)
            mark_process_dead(worker.pid, str(self._metrics))  # type: ignore[no-untyped-call]
            if self._deadline is None:
                log().error("a server process died and is replaced", process=worker.pid, code=worker.exitcode)
                self._living.append(self._new_worker())
            worker.close()


def be_a_worker(listening: socket.socket) -> None:
    """Serve as one of several processes; ends with its parent, even if that one is killed."""
    stop_on_signals()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    settings = read_settings()
    configure_log(log_format=settings.log_format, level=settings.log_level)
    try:
        Server(settings).run(sockets=[listening])
    finally:
        if parent is not None and not parent.is_alive():
            # It was killed, and couldn't clean up.
            shutil.rmtree(os.environ[METRICS_FOLDER], ignore_errors=True)


def end_with(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def stop_on_signals() -> None:
    """Turn the signals that stop us into SystemExit: by default SIGTERM ends a process without any cleaning up.

    Uvicorn catches them while it serves, and raises them again afterwards. More of them don't disturb the cleaning up.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        raise SystemExit(0)

    for number in SIGNALS:
        signal.signal(number, stop)


def ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
