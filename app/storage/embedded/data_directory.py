"""The data directory of an embedded PostgreSQL, made or refused; its running server, and the folder of the server's socket."""

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.storage.embedded.binaries import WAYS_OUT, Account, EmbeddedDatabaseError, account_for


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The data directory and what of ours lies in it."""

    path: Path

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"


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
            f"There is no embedded database in {directory.path}; `flowport serve` and `flowport apply` make one. "
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
    if not account.is_other:
        return f"The data directory {directory.path} can't be reached: {closed} is closed to you. {WAYS_OUT}"
    return (
        f"The data directory {directory.path} can't be reached by the database: PostgreSQL refuses to run as root, "
        f"and {closed} is closed to the account it would run as (uid {account.uid}). {WAYS_OUT}"
    )


@dataclass(frozen=True, slots=True)
class Postmaster:
    process: psutil.Process
    socket_dir: Path
    status: str


def find_postmaster(directory: DataDirectory) -> Postmaster | None:
    """The running server of the cluster.

    A pid file may have outlived its server and name a stranger by now; the server's working directory is the cluster.
    """
    lines = read_pid_file(directory)
    try:
        process = psutil.Process(int(lines[0]))
    except (ValueError, IndexError, psutil.Error):
        return None
    if not serves(process, directory.cluster):
        return None
    return Postmaster(process, Path(lines[4]), lines[7].strip())


def read_pid_file(directory: DataDirectory) -> list[str]:
    """The lines of the pid file, if there is one: the first is the pid, the fifth the socket's folder, the eighth the status."""
    try:
        text = (directory.cluster / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return []
    lines = text.splitlines()
    # The file grows while the server starts.
    return lines + [""] * (8 - len(lines))


def serves(process: psutil.Process, cluster: Path) -> bool:
    """Whether this is a process of the cluster's server; somebody's shell may be in the folder as well."""
    try:
        return process.name() == "postgres" and cluster.samefile(process.cwd())
    except (OSError, psutil.Error):
        # It is gone, or it is nobody whom we could have started.
        return False


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


PORT = 5432

# The system's limit for the address of a socket is 104 bytes on macOS and 108 on Linux.
SOCKET_FILE = f".s.PGSQL.{PORT}"
SOCKET_ADDRESS_BYTES = 103


def make_socket_dir(directory: DataDirectory, account: Account, last: Path | None) -> Path:
    """A folder for the socket that only the account can enter: beside the cluster, if that path fits an address.

    Elsewhere the last one is taken if it can be: whoever uses the database looks for it there.
    """
    beside = directory.path / "socket"
    if fits_an_address(beside):
        beside.mkdir(mode=0o700, exist_ok=True)
        account.own(beside)
        return beside
    for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):  # noqa: S108 - a fresh folder in it
        if fits_an_address(parent / "flowport-12345678") and account.can_enter(parent):
            if last is not None and last.parent == parent and is_made_again(last, account):
                return last
            folder = Path(tempfile.mkdtemp(prefix="flowport-", dir=parent))
            account.own(folder)
            return folder
    raise EmbeddedDatabaseError(
        f"The path {directory.path} is too long for a socket, and so is that of the temporary folder. {WAYS_OUT}"
    )


def is_made_again(folder: Path, account: Account) -> bool:
    """Whether a folder in the temporary one is the account's own and closed to others; made if it is missing."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.own(folder)
    status = folder.lstat()
    return status.st_mode == stat.S_IFDIR | stat.S_IRWXU and status.st_uid == account.uid


def fits_an_address(folder: Path) -> bool:
    """Whether the path of a socket in the folder is short, and plain enough to need no quoting anywhere."""
    address = str(folder / SOCKET_FILE)
    return len(os.fsencode(address)) <= SOCKET_ADDRESS_BYTES and re.fullmatch(r"[A-Za-z0-9._/-]+", address) is not None


def remove_socket(directory: DataDirectory, folder: Path) -> None:
    """Remove the socket and, if we made it in the temporary directory, its folder; nothing else, whatever its path."""
    # Somebody may have cleaned up already, or put something there.
    with suppress(OSError):
        for file in (SOCKET_FILE, f"{SOCKET_FILE}.lock"):
            (folder / file).unlink(missing_ok=True)
        if folder.parent != directory.path:
            folder.rmdir()
