"""The workers, processes that share a socket, and their supervisor, which starts each again after a growing delay.

A worker serves until a signal, without losing requests that it has begun, and ends itself when its event loop is stuck.
Uvicorn's own supervisor starts workers without a delay, waits for ever for one that hangs, and leaves all behind when it
is killed.
"""

import asyncio
import faulthandler
import gc
import math
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.context import ForkProcess
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.backoff import delay_after, started_after
from app.server.application import create_app
from app.server.signals import EXIT_SECONDS, SIGNALS, ignore_signals, stop_on_signals
from app.settings import Settings
from app.telemetry.log import log
from app.telemetry.metrics import WORKERS_REPLACED
from app.telemetry.metrics_files import forget_gauges, names_of_workers

# The program is imported once, before: workers share its memory, and a new one serves at once.
FORK = get_context("fork")
Serve = Callable[[Settings, socket.socket, int, float], None]
"""Serves on the socket, and writes its stack into the pipe when it is stuck; the last argument is the delay before it."""
OBJECTS_BEFORE_COLLECTION = 100_000
"""How many containers are made before Python looks for cycles among them. A large graph is a hundred thousand; with the
usual 700, reading one took ten times as long."""
LINGER_SECONDS = 0.2
"""Seconds that a stopping server still answers after its last request: others may be on their way."""
TOLD_EVERY_SECONDS = 60
KEEP_ALIVE_SECONDS = 75
SENDING_SECONDS = 1
"""Seconds for sending the last answers when every request is done or cut off."""


def supervise(listening: socket.socket, settings: Settings) -> bool:
    """Serve with workers until a signal; False where one could not start."""
    # What is there now stays, and its pages are shared as long as the garbage collection leaves them alone.
    gc.freeze()
    return asyncio.run(Supervisor(be_a_worker, listening, settings).run())


class Supervisor:
    """Starts workers and restarts them, in the main thread of its process."""

    def __init__(self, serve: Serve, listening: socket.socket, settings: Settings) -> None:
        self._serve = serve
        self._listening = listening
        self._settings = settings
        self._workers: set[ForkProcess] = set()
        self._stopping = asyncio.Event()
        self._has_failed = False

    async def run(self) -> bool:
        """Have workers serve until a signal; False where one could not start."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            # Not by the loop's own handlers: these reach the supervisor also from a process that was just forked.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._stop))
        try:
            await asyncio.gather(*map(self._keep, names_of_workers(self._settings.workers)))
        finally:
            ignore_signals()
            self._kill()
        return not self._has_failed

    def _stop(self) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            self._listening.close()
            # More than workers need: only those that hang are killed.
            seconds = self._settings.shutdown_seconds + EXIT_SECONDS
            asyncio.get_running_loop().call_later(seconds, self._kill)
        for worker in self._workers:
            worker.terminate()

    def _kill(self) -> None:
        if self._workers:
            log().error("workers hang and are killed", workers=len(self._workers))
        for worker in self._workers:
            worker.kill()

    async def _keep(self, name: str) -> None:
        """Have a worker of that name serve until a signal, and another one when it has ended."""
        delay = 0.0
        while not self._stopping.is_set():
            begun = time.monotonic()
            worker, stack = await self._serve_once(name, delay)
            if stack:
                seconds = self._settings.worker_timeout_seconds
                log().error("worker stuck and killed", worker=worker.pid, seconds=seconds, stack=stack)
            forget_gauges(worker.name)
            if self._stopping.is_set():
                return
            if worker.exitcode == STARTUP_FAILURE:
                # The application can't start, and another worker couldn't either.
                self._has_failed = True
                self._stop()
                return
            delay = delay_after(delay, served_seconds=time.monotonic() - begun)
            WORKERS_REPLACED.inc()
            log().error("worker died and is replaced", worker=worker.pid, code=worker.exitcode, delay=delay)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _serve_once(self, name: str, delay: float) -> tuple[ForkProcess, str]:
        """Start a worker, and wait for its end; returns the worker with its stack if it was stuck."""
        pipe, written = os.pipe()
        # A stack that is longer than the pipe is cut, and the worker ends all the same.
        os.set_blocking(written, False)
        arguments = (self._settings, self._listening, written, delay)
        worker = FORK.Process(target=self._serve, args=arguments, name=name)
        # A process that is forked here gets no signal before it has its own handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            worker.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            os.close(written)
        self._workers.add(worker)
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb", 0))
        # The pipe ends with the process.
        stack = await reader.read()
        worker.join()
        self._workers.discard(worker)
        return worker, stack.decode("utf-8", "replace")


def be_a_worker(settings: Settings, listening: socket.socket, pipe: int, delay: float) -> None:
    """Serve until a signal, or until the supervisor has ended, even if that was killed.

    `pipe` leads to the supervisor, and gets the stack of an event loop that is stuck.
    """
    started_after(delay)
    stop_on_signals()
    # Ctrl-C reaches every process of a terminal; the supervisor says what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    # What was imported stays for good, so that there is no need to look through it again and again.
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION, 10, 10)
    Server(settings, pipe).run(sockets=[listening])


class Server(uvicorn.Server):
    """Serves until a signal; then requests that were begun are finished, and others are turned away.

    A second signal, and the end of the time that is given, cut off what is still at work.
    """

    def __init__(self, settings: Settings, pipe: int | None = None) -> None:
        """With a pipe for its stack, the process ends when its event loop is stuck."""
        self.app = create_app(settings)
        config = uvicorn.Config(
            self.app,
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
        super().__init__(config)
        self._settings = settings
        self._pipe = pipe
        self._end_postponed_at = self._told_of_descriptors_at = -math.inf
        self._signal: int | None = None
        self._deadline = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT and parent_process() is not None:
            # Ctrl-C reaches every process of a terminal; workers are told by their supervisor what to do.
            return
        if not self.started:
            super().handle_exit(sig, frame)
        elif self._signal is None:
            self._signal, self._deadline = sig, time.monotonic() + self._settings.shutdown_seconds
            self.app.in_flight.stop()
        else:
            self._deadline = 0

    async def on_tick(self, counter: int) -> bool:
        now = time.monotonic()
        self._postpone_end(now)
        self._look_for_descriptors(now)
        self.app.in_flight.check()
        self.app.endpoint.admission.tell_of_refusals(now)
        # For the metrics that another worker answers.
        self.app.endpoint.measure()
        parent = parent_process()
        if parent is not None and parent.pid != os.getppid():
            # The supervisor was killed. Whoever is started in place of our supervisor wants the port.
            self._stop_listening()
            if self._signal is None:
                self.handle_exit(signal.SIGTERM, None)
        if self._signal is not None and self._may_stop():
            super().handle_exit(self._signal, None)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop_listening()
        # Whoever got in last is still read, and answered.
        await asyncio.sleep(LINGER_SECONDS / 4)
        await super().shutdown(sockets)

    def _postpone_end(self, now: float) -> None:
        """Postpone the end of the process, which comes even in C code that keeps Python from running."""
        # Each time starts a thread, so not at each tick.
        pause = min(1.0, self._settings.worker_timeout_seconds / 4)
        if self._pipe is not None and now - self._end_postponed_at >= pause:
            self._end_postponed_at = now
            seconds = self._settings.worker_timeout_seconds + pause
            faulthandler.dump_traceback_later(seconds, file=self._pipe, exit=True)

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

    def _may_stop(self) -> bool:
        work, now = self.app.in_flight, time.monotonic()
        if now >= self._deadline:
            if work.requests:
                log().warning("requests cut off", requests=len(work.requests))
            work.cut()
            return True
        return not work.requests and now - work.quiet_since >= LINGER_SECONDS
