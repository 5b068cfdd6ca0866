"""The embedded PostgreSQL: every process that uses a data directory joins its one server.

The first one starts the server, the last one stops it. Shared locks on a file count the users, since the
kernel drops them however a process ends; a small watch stops the server when its last user was killed. Any user may
start a server again that has ended by itself: all of them know its socket.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from urllib.parse import quote

from app.storage.embedded.binaries import Account, environment, myself
from app.storage.embedded.data_directory import DataDirectory, Postmaster, find_postmaster, prepare, said_plainly
from app.storage.embedded.server import DATABASE, USER, join_or_start, stop
from app.storage.embedded.socket_folder import PORT

GATE, USERS, WATCH = "gate.lock", "users.lock", "watch.lock"
"""Files in the data directory, locked by whoever starts or stops the server, by all who use it, and by its watch."""


@contextmanager
def running(data_dir: Path, *, make: bool = True) -> Iterator[str]:
    """Have the database of the data directory run, and yield its SQLAlchemy URL.

    With `make` a missing one is made, with the data directory, whose parent must exist. Raises EmbeddedDatabaseError.
    """
    with said_plainly(data_dir):
        directory, account = prepare(data_dir, make=make)
        users = open_lock(directory, USERS, account)
    try:
        with said_plainly(data_dir), gate(directory, account):
            fcntl.flock(users, fcntl.LOCK_SH)
            postmaster, _ = join_watched(directory, account)
        yield url_of(postmaster)
    finally:
        leave(directory, account, users)


def exists(data_dir: Path) -> bool:
    """Whether there is an embedded database, running or not."""
    return DataDirectory(data_dir.expanduser().resolve()).cluster.exists()


def is_down(data_dir: Path) -> bool:
    """Whether no server runs there, not even one that is starting."""
    return find_postmaster(DataDirectory(data_dir.expanduser().resolve())) is None


def start_again(data_dir: Path, *, is_given_up: Callable[[], bool] = lambda: False) -> bool:
    """Start the server for those who use it, unless another one of them has; whether it was started.

    Raises EmbeddedDatabaseError.
    """
    with said_plainly(data_dir):
        directory, account = prepare(data_dir, make=False)
        with gate(directory, account):
            _, started = join_watched(directory, account, is_given_up)
            return started


@contextmanager
def gate(directory: DataDirectory, account: Account | None = None) -> Iterator[None]:
    """Behind it one decides alone to start the server or to stop it."""
    with open_lock(directory, GATE, account) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def open_lock(directory: DataDirectory, name: str, account: Account | None = None) -> FileIO:
    """A file to be locked: made for the account if it is missing; without one FileNotFoundError is raised then."""
    make = 0 if account is None else os.O_CREAT
    lock = FileIO(os.open(directory.path / name, os.O_RDWR | os.O_NOFOLLOW | make, 0o600), "r+")
    if account is not None:
        account.own(lock.fileno())
    return lock


def nobody_else(lock: FileIO) -> bool:
    """Whether nobody else has it; then it is ours alone."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def join_watched(
    directory: DataDirectory, account: Account, is_given_up: Callable[[], bool] = lambda: False
) -> tuple[Postmaster, bool]:
    """The ready server, and whether it was started now. The caller is behind the gate."""
    postmaster, started = join_or_start(directory, account, is_given_up)
    if started:
        have_watch(directory, account)
    return postmaster, started


def leave(directory: DataDirectory, account: Account, users: FileIO) -> None:
    """Count ourselves out; whoever is the last stops the server."""
    # If somebody has deleted the data directory, the server notices that by itself.
    with users, suppress(FileNotFoundError), gate(directory, account):
        if nobody_else(users):
            stop(directory)


def have_watch(directory: DataDirectory, account: Account) -> None:
    """Start what stops the server if its last user is killed and can't do it."""
    with open_lock(directory, WATCH, account) as lock:
        if not nobody_else(lock):
            # That of a server that has ended by itself is still there.
            return
    environ = environment() | {"PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[2]), *sys.path))}
    command = (sys.executable, "-m", "app.storage.embedded.watch", directory.path)
    myself().detach(*command, log=subprocess.DEVNULL, environ=environ)


def watch(data_dir: Path) -> None:
    """Wait until nobody uses the server any more, and stop it unless its last user does.

    Makes no file: by now somebody may be removing the data directory.
    """
    directory = DataDirectory(data_dir)
    with suppress(FileNotFoundError), open_lock(directory, WATCH) as own:
        while nobody_else(own) and not has_ended_unused(directory, own):
            pass


def has_ended_unused(directory: DataDirectory, own: FileIO) -> bool:
    """Wait until nobody uses the server, and stop it unless somebody has come before we are behind the gate."""
    with open_lock(directory, USERS) as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)
        with gate(directory):
            if not nobody_else(users):
                return False
            stop(directory)
            # Whoever comes next finds no watch, and starts one.
            fcntl.flock(own, fcntl.LOCK_UN)
            return True


def url_of(postmaster: Postmaster) -> str:
    return f"postgresql+asyncpg://{USER}@/{DATABASE}?host={quote(str(postmaster.socket_dir))}&port={PORT}"
