"""Programs as processes that are forked from one that has imported what they need; see fork_server.py."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

ROOT = Path(__file__).parents[2]


class Forked:
    """`python -m` of a module and its arguments, as a process; has what the tests use of `subprocess.Popen`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        stdin: int = subprocess.DEVNULL,
        stderr: int | None = None,
        own_group: bool = False,
        folder: Path | None = None,
    ) -> None:
        """What it reads and where it logs are as in subprocess; what it writes is read from `stdout`."""
        request = {
            "command": [*command],
            "environ": dict(environ),
            "folder": str(folder or Path.cwd()),
            "group": own_group,
        }
        self.returncode: int | None = None
        self._told, told = socket.socketpair()
        read, written = os.pipe()
        self.stdout: IO[str] = os.fdopen(read, encoding="utf-8")
        with told, os.fdopen(written, "wb"), Path(os.devnull).open("r+b") as nothing:
            streams = (nothing.fileno() if each == subprocess.DEVNULL else each for each in (stdin, written, stderr))
            descriptors = [2 if each is None else each for each in streams]
            fork_server().begin(json.dumps(request).encode() + b"\n", [*descriptors, told.fileno()])
        self.pid = self._number()

    def _number(self) -> int:
        """The next one that the server of forks tells."""
        said = b""
        while not said.endswith(b"\n"):
            more = self._told.recv(1)
            assert more, "the server of forks has ended"
            said += more
        return int(said)

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                self.returncode = self._number()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        self.close()

    def close(self) -> None:
        self.stdout.close()
        self._told.close()


class ForkServerProcess:
    """The process that forks, for as long as this one runs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests, requests = socket.socketpair()
        with requests:
            command = [sys.executable, "-m", "tests.cli.fork_server", str(requests.fileno())]
            descriptors = [requests.fileno()]
            # Ctrl-C is for the tests, which end what they have started.
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=descriptors, start_new_session=True)

    def begin(self, request: bytes, descriptors: Sequence[int]) -> None:
        with self._lock:
            sent = socket.send_fds(self._requests, [request], descriptors)
            self._requests.sendall(request[sent:])

    def close(self) -> None:
        self._requests.close()
        self._process.wait()


@cache
def fork_server() -> ForkServerProcess:
    """Started for the first program, and ended with this process."""
    started = ForkServerProcess()
    atexit.register(started.close)
    return started
