"""The supervisor: starts the workers that share a socket, and starts each again, after a growing delay, when it has ended.

Uvicorn's own starts them without a delay, waits for ever for one that hangs, and leaves all behind when it is killed.
"""

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkProcess

from uvicorn.config import STARTUP_FAILURE

from app.backoff import delay_after
from app.server.signals import EXIT_SECONDS, SIGNALS, ignore_signals
from app.settings import Settings
from app.telemetry.log import log
from app.telemetry.metrics_files import forget_gauges, shared_metrics

# The program is imported once, before: workers share its memory, and a new one serves at once.
FORK = get_context("fork")
Serve = Callable[[Settings, socket.socket, int, float], None]
"""Serves on the socket, and writes its stack into the pipe when it is stuck; the last argument is the delay before it."""


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
            await asyncio.gather(*map(self._keep, names_of_workers(self._settings)))
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
        from app.telemetry.metrics import WORKERS_REPLACED

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


def supervise(listening: socket.socket, settings: Settings) -> bool:
    """Serve with workers until a signal; False where one could not start."""
    with shared_metrics(names_of_workers(settings)):
        # How numbers are kept is decided where this is imported, so not before the folder is named.
        from app.server.worker import be_a_worker

        # What is there now stays, and its pages are shared as long as the garbage collection leaves them alone.
        gc.freeze()
        return asyncio.run(Supervisor(be_a_worker, listening, settings).run())


def names_of_workers(settings: Settings) -> list[str]:
    return [f"worker-{number}" for number in range(settings.workers)]
