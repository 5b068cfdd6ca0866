"""A server of several processes that is killed with SIGKILL, its workers or all of it, and comes back."""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from tests.cli.forked import Forked
from tests.embedded.embedded_users import server_of
from tests.plain_http import TRUSTS_NOBODY
from tests.ports import free_port

PATIENCE_SECONDS = 60
NOTHING: Mapping[str, str] = {}
WORKER_KILLED = '"event":"worker died and is replaced"'


class Killable:
    """`flowport serve` in a process group of its own, on a database that runs elsewhere or the one of its folder."""

    def __init__(
        self, folder: Path, database_url: str | None, workers: int = 2, settings: Mapping[str, str] = NOTHING
    ) -> None:
        self._command = ["app", "serve", "--workers", str(workers), "--data-dir", str(folder)]
        named = {} if database_url is None else {"FLOWPORT_DATABASE_URL": database_url}
        # Locks may be waited for as long as a test holds them.
        self._environ = os.environ | {"FLOWPORT_LOG_FORMAT": "json", "FLOWPORT_LOCK_TIMEOUT_SECONDS": "60"} | named
        self._environ |= {f"FLOWPORT_{name}": value for name, value in settings.items()}
        self._folder = folder
        self._workers = workers
        self._log = folder / "log"
        self._process: Forked | None = None
        self._killed = set[int]()
        self.url = f"http://127.0.0.1:{free_port()}"
        """The port stays the same."""

    def start(self) -> None:
        """Start it where it doesn't run, and wait until all of its workers do."""
        if self._process is None:
            command = [*self._command, "--port", self.url.rpartition(":")[2]]
            with self._log.open("a", encoding="utf-8") as log:
                self._process = Forked(command, environ=self._environ, stderr=log.fileno(), own_group=True)
            self.url = self._process.stdout.readline().split()[-1].removesuffix("/graphql")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline, self._log.read_text(encoding="utf-8")[-5000:]
            time.sleep(0.02)

    def kill(self, *, with_database: bool = False) -> None:
        """All processes of its group, at one moment; those of its database right after."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        if with_database:
            self._kill_database()
        self._ended(self._process)

    def kill_workers(self) -> None:
        """The supervisor starts others."""
        for worker in self._alive():
            self._killed.add(worker.pid)
            with suppress(psutil.NoSuchProcess):
                worker.kill()

    def kill_one_worker(self) -> None:
        for worker in self._alive()[:1]:
            self._killed.add(worker.pid)
            with suppress(psutil.NoSuchProcess):
                worker.kill()

    def stop(self) -> None:
        """As a process manager does."""
        if self._process is not None:
            self._process.terminate()
            self._ended(self._process)

    def errors(self) -> list[str]:
        """The lines of its log that tell of errors; that workers were killed is no news."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if '"level":"error"' in line and WORKER_KILLED not in line]

    def _ended(self, process: Forked) -> None:
        """Wait for it, and for its workers, which have its output too."""
        process.wait(PATIENCE_SECONDS)
        process.stdout.read()
        process.close()
        self._process = None

    def _kill_database(self) -> None:
        postmaster = server_of(self._folder)
        assert postmaster is not None
        process = psutil.Process(postmaster)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def _alive(self) -> list[psutil.Process]:
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        return [child for child in children if child.pid not in self._killed]

    def _is_ready(self) -> bool:
        with suppress(httpx.TransportError, psutil.NoSuchProcess):
            return (
                len(self._alive()) == self._workers
                and httpx.get(f"{self.url}/ready", timeout=60, verify=TRUSTS_NOBODY).is_success
            )
        return False
