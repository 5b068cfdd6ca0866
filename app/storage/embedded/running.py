"""The embedded PostgreSQL: every process that uses a data directory joins its one server.

The first one starts the server, the last one stops it. Shared locks on a file count the users, since the
kernel drops them however a process ends. A small process watches over the server: starts it again when it has ended by
itself, and stops it when its last user was killed.
"""

import fcntl
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from urllib.parse import quote

from app.storage.embedded.binaries import Account, EmbeddedDatabaseError, environment
from app.storage.embedded.data_directory import PORT, DataDirectory, Postmaster, find_postmaster, prepare, said_plainly
from app.storage.embedded.server import DATABASE, USER, join_or_start, launch, opened_log, stop

GATE, USERS, WATCH = "gate.lock", "users.lock", "watch.lock"
"""Files in the data directory, locked by whoever starts or stops the server, by all who use it, and by its watch."""
LOOK_SECONDS = 0.1
RESTART_SECONDS = 1.0
"""Seconds between two starts of a server that ends each time."""


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
            postmaster = join_or_start(directory, account)
            have_watch(directory, account)
        yield url_of(postmaster)
    finally:
        leave(directory, account, users)


def exists(data_dir: Path) -> bool:
    """Whether there is an embedded database, running or not."""
    return DataDirectory(data_dir.expanduser().resolve()).cluster.exists()


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


def leave(directory: DataDirectory, account: Account, users: FileIO) -> None:
    """Count ourselves out; whoever is the last stops the server."""
    # If somebody has deleted the data directory, the server notices that by itself.
    with users, suppress(FileNotFoundError), gate(directory, account):
        if nobody_else(users):
            stop(directory)
        # Before the gate opens: the watch would start a server for us.
        users.close()


def have_watch(directory: DataDirectory, account: Account) -> None:
    """Start the watch over the server, unless it runs."""
    with open_lock(directory, WATCH, account) as lock:
        if not nobody_else(lock):
            return
    environ = environment() | {"PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[3]), *sys.path))}
    command = (sys.executable, "-m", "app.storage.embedded.running", directory.path)
    with opened_log(directory, account) as log:
        Account().detach(*command, log=log.fileno(), environ=environ)


def watch(data_dir: Path) -> None:
    """Start the server again when it has ended, and stop it when nobody uses it any more, unless its last user does.

    Makes no file where nobody uses it: by now somebody may be removing the data directory.
    """
    directory, account = prepare(data_dir, make=False)
    next_start = 0.0
    with suppress(FileNotFoundError), open_lock(directory, WATCH) as own, open_lock(directory, USERS) as users:
        while nobody_else(own):
            with gate(directory):
                if nobody_else(users):
                    stop(directory)
                    # Whoever comes next finds no watch, and starts one.
                    fcntl.flock(own, fcntl.LOCK_UN)
                    return
                if find_postmaster(directory) is None and time.monotonic() > next_start:
                    start_again(directory, account)
                    next_start = time.monotonic() + RESTART_SECONDS
            time.sleep(LOOK_SECONDS)


def start_again(directory: DataDirectory, account: Account) -> None:
    """Start the server; a failure goes into its own log."""
    try:
        launch(directory, account)
    except (EmbeddedDatabaseError, OSError):
        logging.getLogger(__name__).exception("The server could not be started again.")


def url_of(postmaster: Postmaster) -> str:
    return f"postgresql+asyncpg://{USER}@/{DATABASE}?host={quote(str(postmaster.socket_dir))}&port={PORT}"


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
