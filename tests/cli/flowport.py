"""The command `flowport` as a process, which is forked; `COMMAND` starts one as a user would."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import httpx
from click.testing import CliRunner

from app.cli import main
from tests.cli.forked import Forked
from tests.plain_http import TRUSTS_NOBODY

PATIENCE_SECONDS = 60
COMMAND = (sys.executable, "-m", "app")


def flowport(*arguments: str | Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; settings are variables of the environment without their prefix."""
    return forked("app", *arguments, stdin=stdin, folder=None, **settings)


def forked(
    module: str, *arguments: str | Path, stdin: str = "", folder: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """The same for any program of ours."""
    environ = os.environ | {f"FLOWPORT_{name}": value for name, value in settings.items()}
    with TemporaryFile("w+", encoding="utf-8") as given, TemporaryFile("w+", encoding="utf-8") as told:
        given.write(stdin)
        given.seek(0)
        command = [module, *map(str, arguments)]
        with Forked(command, environ=environ, stdin=given.fileno(), stderr=told.fileno(), folder=folder) as process:
            said = process.stdout.read()
        told.seek(0)
        return subprocess.CompletedProcess(command, process.wait(), said, told.read())


def called(*arguments: str | Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has imported already what a command needs."""
    environ = {f"FLOWPORT_{name}": value for name, value in settings.items()}
    told = CliRunner().invoke(main, [*map(str, arguments)], input=stdin, env=environ, catch_exceptions=False)
    return subprocess.CompletedProcess(COMMAND, told.exit_code, told.stdout, told.stderr)


class Server:
    """A server that is ready, with the first line of its greeting; all of it, once it has ended."""

    def __init__(self, process: subprocess.Popen[str] | Forked, greeting: list[str]) -> None:
        self.process = process
        self.greeting = greeting
        self.url = greeting[0].split()[-1].removesuffix("/graphql")

    def end(self, number: signal.Signals) -> int:
        """Send a signal, and wait for the rest of what it says and for the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        if self.process.stdout is not None:
            self.greeting += self.process.stdout.read().splitlines()
        return code


@contextmanager
def serving(data_dir: Path, *options: str, stderr: int | None = None, **settings: str) -> Iterator[Server]:
    """A server on any free port; `stderr` says what becomes of its log, as in subprocess; settings as above.

    Locks may be waited for as long as a test holds them.
    """
    command = ["app", "serve", "--port", "0", "--data-dir", str(data_dir), *options]
    patient = {"LOCK_TIMEOUT_SECONDS": "60"} | settings
    environ = os.environ | {f"FLOWPORT_{name}": value for name, value in patient.items()}
    with Forked(command, environ=environ, stderr=stderr) as process:
        try:
            server = Server(process, [process.stdout.readline().strip()])
            wait_until_healthy(server)
            yield server
        finally:
            # Already ended where the test did that.
            process.terminate()


def wait_until_healthy(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if httpx.get(f"{server.url}/health", timeout=60, verify=TRUSTS_NOBODY).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError(f"the server isn't healthy; it said: {server.greeting}")
