"""A supervisor that runs, with workers of `bad_workers.py`, and what can be seen of it from outside."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.cli.forked import Forked
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.test_browsers import NOWHERE

PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Supervised:
    """A supervisor that runs, and its log."""

    process: Forked
    url: str
    log: Path

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log about that, so far."""
        whole = [line for line in self.log.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in map(json.loads, whole) if line["event"] == event]

    def get(self, path: str) -> str:
        """On a connection of its own, so that any worker may take it."""
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE_SECONDS, verify=TRUSTS_NOBODY).text

    def pids(self, number: int, *, without: frozenset[int] = frozenset()) -> frozenset[int]:
        """Of as many workers as answer, those that are left out aside."""
        seen = set[int]()

        def all_seen() -> bool:
            with suppress(httpx.TransportError):
                seen.add(int(self.get("/pid")))
            return len(seen - without) == number

        until(all_seen)
        return frozenset(seen - without)

    def said(self) -> str:
        """The rest of what it says on stdout, once it has ended."""
        return self.process.stdout.read()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def supervised(worker: str, folder: Path, **settings: object) -> Iterator[Supervised]:
    own = {"DATABASE_URL": NOWHERE, "SHUTDOWN_SECONDS": 0, **settings}
    environ = os.environ | {f"FLOWPORT_{name}": str(value) for name, value in own.items()} | {"HANGS": str(folder)}
    log = folder / "log"
    command = ["tests.processes.bad_workers", worker]
    with (
        log.open("w", encoding="utf-8") as written,
        Forked(command, environ=environ, stderr=written.fileno()) as process,
    ):
        try:
            yield Supervised(process, f"http://127.0.0.1:{process.stdout.readline().strip()}", log)
        finally:
            process.kill()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
