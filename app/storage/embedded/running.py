"""The embedded PostgreSQL: every process that uses a data directory joins its one server.

The first one starts the server, the last one stops it. Who uses it is counted by shared locks on a file, which the
kernel drops however a process ends; a small watch stops the server when the last one was killed. Whoever uses a server
that has ended by itself may start it again: all of them know its socket.
"""

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from app.storage.embedded.binaries import WAYS_OUT, Account, EmbeddedDatabaseError, account_for, environment, myself
from app.storage.embedded.data_directory import DataDirectory, Postmaster, find_postmaster
from app.storage.embedded.server import DATABASE, USER, join_or_start, stop
from app.storage.embedded.socket_folder import PORT

__all__ = ["EmbeddedDatabaseError", "is_down", "running", "start_again", "watch"]


@contextmanager
def running(data_dir: Path, *, make: bool = True) -> Iterator[str]:
    """Have the database of the data directory run, and yield its SQLAlchemy URL.

    Where there is none it is made, if it may be: the data directory too, whose parent must exist. Raises
    EmbeddedDatabaseError.
    """
    with said_plainly(data_dir):
        directory, account = prepare(data_dir, make=make)
        users = open_lock(users_file(directory), account)
    try:
        with said_plainly(data_dir):
            postmaster = join(directory, account, users)
        yield url_of(postmaster)
    finally:
        leave(directory, account, users)


def is_down(data_dir: Path) -> bool:
    """Whether no server runs there, not even one that is starting."""
    return find_postmaster(DataDirectory(data_dir.expanduser().resolve())) is None


def start_again(data_dir: Path) -> bool:
    """Start the server for those who use it, unless another one of them has; whether it was started.

    Raises EmbeddedDatabaseError.
    """
    with said_plainly(data_dir):
        directory, account = prepare(data_dir, make=False)
        with gate(directory, account):
            return join_and_watch(directory, account)[1]


@contextmanager
def said_plainly(data_dir: Path) -> Iterator[None]:
    """Turn what the system refuses us into a sentence."""
    try:
        yield
    except OSError as error:
        raise EmbeddedDatabaseError(f"The data directory {data_dir} can't be used: {error}. {WAYS_OUT}") from error


def prepare(data_dir: Path, *, make: bool) -> tuple[DataDirectory, Account]:
    """The data directory and the account that its database runs as; refuses one that the account can't reach."""
    directory = DataDirectory(data_dir.expanduser().resolve())
    if not str(directory.path).isprintable():
        raise EmbeddedDatabaseError(
            f"The path of the data directory has characters that don't print: {str(directory.path)!r}. {WAYS_OUT}"
        )
    if not make and not directory.cluster.exists():
        raise EmbeddedDatabaseError(
            f"There is no embedded database in {directory.path}; `flowport serve` and `flowport load` make one. "
            "Name the folder of yours with --data-dir or FLOWPORT_DATA_DIR, or its URL in FLOWPORT_DATABASE_URL."
        )
    if not directory.path.exists():
        make_data_dir(directory.path)
    if not directory.path.is_dir():
        raise EmbeddedDatabaseError(f"The data directory {directory.path} is no folder. {WAYS_OUT}")
    account = account_for(directory.cluster if directory.cluster.exists() else directory.path)
    if not account.can_enter(directory.path):
        raise EmbeddedDatabaseError(closed_folder(directory, account))
    return directory, account


def make_data_dir(data_dir: Path) -> None:
    """Make it in one step with its owner: another process may be doing the same at this moment."""
    if not data_dir.parent.is_dir():
        raise EmbeddedDatabaseError(
            f"The data directory {data_dir} can't be made: there is no folder {data_dir.parent}."
        )
    fresh = Path(tempfile.mkdtemp(prefix=".flowport-", dir=data_dir.parent))
    try:
        account_for(fresh).own(fresh)
        fresh.rename(data_dir)
    except OSError:
        fresh.rmdir()
        if not data_dir.is_dir():
            raise


def closed_folder(directory: DataDirectory, account: Account) -> str:
    closed = next(
        folder for folder in (*reversed(directory.path.parents), directory.path) if not account.can_enter(folder)
    )
    if not account.other:
        return f"The data directory {directory.path} can't be reached: {closed} is closed to you. {WAYS_OUT}"
    return (
        f"The data directory {directory.path} can't be reached by the database: PostgreSQL refuses to run as root, "
        f"and {closed} is closed to the account it would run as, {account.name}. {WAYS_OUT}"
    )


def join(directory: DataDirectory, account: Account, users: int) -> Postmaster:
    """Count ourselves in. What has to be decided alone, starting and stopping, is decided behind the gate."""
    with gate(directory, account):
        fcntl.flock(users, fcntl.LOCK_SH)
        return join_and_watch(directory, account)[0]


def join_and_watch(directory: DataDirectory, account: Account) -> tuple[Postmaster, bool]:
    """The ready server, and whether it was started now. The caller is behind the gate."""
    postmaster, started = join_or_start(directory, account)
    if started and not is_watched(directory, account):
        start_watch(directory)
    return postmaster, started


def leave(directory: DataDirectory, account: Account, users: int) -> None:
    """Count ourselves out; whoever is the last stops the server."""
    try:
        with gate(directory, account):
            if nobody_else(users):
                stop(directory)
    except FileNotFoundError:
        # Somebody deleted the data directory; the server notices that by itself.
        return
    finally:
        os.close(users)


def nobody_else(lock: int) -> bool:
    """Whether nobody else has it; then it is ours alone."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def gate(directory: DataDirectory, account: Account) -> Iterator[None]:
    lock = open_lock(gate_file(directory), account)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def gate_file(directory: DataDirectory) -> Path:
    return directory.path / "gate.lock"


def users_file(directory: DataDirectory) -> Path:
    return directory.path / "users.lock"


def watch_file(directory: DataDirectory) -> Path:
    return directory.path / "watch.lock"


def open_lock(path: Path, account: Account) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    account.own(lock)
    return lock


def is_watched(directory: DataDirectory, account: Account) -> bool:
    """Whether there is a watch, as after a server that has ended by itself. The caller is behind the gate."""
    lock = open_lock(watch_file(directory), account)
    try:
        return not nobody_else(lock)
    finally:
        os.close(lock)


def start_watch(directory: DataDirectory) -> None:
    """Start what stops the server if its last user is killed and can't do it."""
    environ = environment() | {"PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[2]), *sys.path))}
    log = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        command = (sys.executable, "-m", "app.storage.embedded.watch", directory.path)
        myself().detach(*command, log=log, environ=environ)
    finally:
        os.close(log)


def watch(data_dir: Path) -> None:
    """Wait until nobody uses the server any more, and stop it unless its last user does.

    Makes no file: by now somebody may be removing the data directory.
    """
    directory = DataDirectory(data_dir)
    try:
        with open_file(watch_file(directory)) as own:
            while nobody_else(own) and not has_ended_unused(directory, own):
                pass
    except FileNotFoundError:
        return


def has_ended_unused(directory: DataDirectory, own: int) -> bool:
    """Wait until nobody uses the server, and stop it unless somebody has come before we are behind the gate."""
    with open_file(users_file(directory)) as users, open_file(gate_file(directory)) as own_gate:
        fcntl.flock(users, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)
        fcntl.flock(own_gate, fcntl.LOCK_EX)
        if not nobody_else(users):
            return False
        stop(directory)
        # Whoever comes next finds no watch, and starts one.
        fcntl.flock(own, fcntl.LOCK_UN)
        return True


@contextmanager
def open_file(path: Path) -> Iterator[int]:
    """A lock that is there; FileNotFoundError where it isn't."""
    lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield lock
    finally:
        os.close(lock)


def url_of(postmaster: Postmaster) -> str:
    return f"postgresql+asyncpg://{USER}@/{DATABASE}?host={quote(str(postmaster.socket_dir))}&port={PORT}"
