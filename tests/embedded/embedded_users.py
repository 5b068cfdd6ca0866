"""Processes that use an embedded database, and what can be seen of it from outside."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil

from app.storage.embedded.data_directory import DataDirectory, find_postmaster

PATIENCE_SECONDS = 60
USER = """
import sys
from pathlib import Path
from app.storage.embedded.running import running
with running(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


class User:
    """A process that uses the database of a data directory until it is told to leave, or killed."""

    def __init__(self, data_dir: Path) -> None:
        command = [sys.executable, "-c", USER, str(data_dir)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @property
    def url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate(timeout=PATIENCE_SECONDS)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=PATIENCE_SECONDS)


@contextmanager
def user_of(data_dir: Path) -> Iterator[User]:
    user = User(data_dir)
    try:
        yield user
    finally:
        user.kill()


def server_of(data_dir: Path) -> int | None:
    found = find_postmaster(DataDirectory(data_dir.resolve()))
    return None if found is None else found.process.pid


def checkpointers_of(server: int | None) -> list[psutil.Process]:
    """There is one, but while the server recovers."""
    return [each for each in psutil.Process(server).children() if "checkpointer" in " ".join(arguments_of(each))]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def socket_folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(
        host=str(socket_folder(url)), port=5432, user="flowport", database="postgres", timeout=PATIENCE_SECONDS
    )
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def watches_of(data_dir: Path) -> list[psutil.Process]:
    command = ["-m", "app.storage.embedded.running", str(data_dir.resolve())]
    return [process for process in psutil.process_iter() if command == arguments_of(process)[1:4]]


def arguments_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
