"""The embedded PostgreSQL server of one data directory: found, made, started and stopped."""

import os
import re
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.storage.embedded.binaries import WAYS_OUT, Account, EmbeddedDatabaseError, binaries_for, initdb_in

USER = "flowport"
DATABASE = "postgres"
PORT = 5432
MAJOR_VERSION = "18"
MOST_CONNECTIONS = 200

# Recovery of a large database after a crash may take minutes.
PATIENCE_SECONDS = 300
LOG_BYTES = 10_000_000

# The system's limit for the address of a socket is 104 bytes on macOS and 108 on Linux.
SOCKET_FILE = f".s.PGSQL.{PORT}"
SOCKET_ADDRESS_BYTES = 103

INITDB_OPTIONS = (
    f"--username={USER}",
    # Only the owner of the socket's folder can connect at all.
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)

SETTINGS_FILE = "flowport.conf"
SETTINGS = """\
# Flowport writes this file anew at every start. Your own settings go into ALTER SYSTEM, which wins over it.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = {most_connections}
shared_buffers = 256MB
# With the default, meant for spinning disks, tables are scanned where an index would do.
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The data directory and what of ours lies in it."""

    data_dir: Path

    @property
    def cluster(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def log(self) -> Path:
        return self.data_dir / "postgres.log"


@dataclass(frozen=True, slots=True)
class Postmaster:
    pid: int
    socket_dir: Path
    status: str


def find_postmaster(place: Place) -> Postmaster | None:
    """The running server of the cluster.

    Its pid file may have outlived it and name a stranger by now; the server's working directory is the cluster.
    """
    lines = read_pid_file(place)
    try:
        process = psutil.Process(int(lines[0]))
    except (ValueError, IndexError, psutil.Error):
        return None
    if not serves(process, place.cluster):
        return None
    return Postmaster(process.pid, Path(lines[4]), lines[7].strip())


def read_pid_file(place: Place) -> list[str]:
    """Its lines, of which the first is the pid, the fifth the socket's folder and the eighth the status; or none."""
    try:
        text = (place.cluster / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return []
    lines = text.splitlines()
    # The file grows while the server starts.
    return lines + [""] * (8 - len(lines))


def join_or_start(place: Place, account: Account) -> tuple[Postmaster, bool]:
    """The ready server of the place, and whether it was started now. The caller holds the gate."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := find_postmaster(place)) is not None:
        if found.status == "ready":
            return found, False
        # Whoever was starting or stopping it was killed meanwhile; it goes on by itself.
        wait_a_little(place, deadline)
    for leftover in place.data_dir.glob("postgres.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    binaries = binaries_for(account, place.data_dir)
    if not (place.cluster / "PG_VERSION").exists():
        create_cluster(place, account, binaries)
    refuse_other_version(place)
    return start(place, account, binaries, deadline), True


def create_cluster(place: Place, account: Account, binaries: Path) -> None:
    """Make the cluster under another name first: an interrupted initdb must not leave half a cluster."""
    if place.cluster.exists() and any(place.cluster.iterdir()):
        raise EmbeddedDatabaseError(
            f"{place.cluster} exists but is no database: move it away, or choose another data directory."
        )
    fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=place.data_dir))
    account.own(fresh)
    with initdb_in(binaries, account) as initdb:
        made = account.run(initdb, "-D", fresh, *INITDB_OPTIONS)
    if made.returncode != 0:
        raise EmbeddedDatabaseError(
            f"The database couldn't be made in {place.cluster}. initdb said:\n{made.stdout.strip()}"
        )
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(f"\ninclude_if_exists = '{SETTINGS_FILE}'\n")
        settings.flush()
        os.fsync(settings.fileno())
    fresh.rename(place.cluster)


def refuse_other_version(place: Place) -> None:
    found = (place.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != MAJOR_VERSION:
        raise EmbeddedDatabaseError(
            f"The database in {place.cluster} was made by PostgreSQL {found}, and this is PostgreSQL {MAJOR_VERSION}: "
            "dump it with the version that made it and load it anew, or choose another data directory."
        )


def start(place: Place, account: Account, binaries: Path, deadline: float) -> Postmaster:
    remove_what_a_killed_server_left(place, deadline)
    socket_dir = make_socket_dir(place, account)
    write_settings(place, account, socket_dir)
    rotate(place.log)
    log = os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        account.own(log)
        said_before = os.fstat(log).st_size
        pid = account.detach(binaries / "postgres", "-D", place.cluster, log=log)
    finally:
        os.close(log)
    try:
        return ready(place, pid, said_before, deadline)
    except BaseException:
        # It may not have a pid file yet, by which whoever leaves as the last would find it.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        remove_socket(place, socket_dir)
        raise


def ready(place: Place, pid: int, said_before: int, deadline: float) -> Postmaster:
    while is_alive(pid):
        found = find_postmaster(place)
        if found is not None and found.pid == pid and found.status == "ready":
            return found
        wait_a_little(place, deadline)
    said = place.log.read_bytes()[said_before:].decode(errors="replace").strip()
    raise EmbeddedDatabaseError(f"The database in {place.cluster} didn't start. Its log {place.log} says:\n{said}")


def remove_what_a_killed_server_left(place: Place, deadline: float) -> None:
    """Remove the pid file of a server that is gone: PostgreSQL would take any process of that number for the server.

    Its processes must be gone before, since the file also guards the memory that they share. They end by themselves
    unless they are at work on something long, for nobody.
    """
    lines = read_pid_file(place)
    if not lines:
        return
    while orphans := [process for process in psutil.process_iter() if serves(process, place.cluster)]:
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess):
                orphan.kill()
        wait_a_little(place, deadline)
    remove_socket(place, Path(lines[4]))
    (place.cluster / "postmaster.pid").unlink()


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


def make_socket_dir(place: Place, account: Account) -> Path:
    """A folder for the socket that only the account can enter: beside the cluster, if that path fits an address."""
    beside = place.data_dir / "socket"
    if fits_an_address(beside):
        beside.mkdir(mode=0o700, exist_ok=True)
        account.own(beside)
        return beside
    for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):  # noqa: S108 - a fresh folder in it
        if fits_an_address(parent / "flowport-12345678") and account.can_enter(parent):
            folder = Path(tempfile.mkdtemp(prefix="flowport-", dir=parent))
            account.own(folder)
            return folder
    raise EmbeddedDatabaseError(
        f"The path {place.data_dir} is too long for a socket, and so is that of the temporary folder. {WAYS_OUT}"
    )


def fits_an_address(folder: Path) -> bool:
    """Whether the path of a socket in the folder is short, and plain enough to need no quoting anywhere."""
    address = str(folder / SOCKET_FILE)
    return len(os.fsencode(address)) <= SOCKET_ADDRESS_BYTES and re.fullmatch(r"[A-Za-z0-9._/-]+", address) is not None


def write_settings(place: Place, account: Account, socket_dir: Path) -> None:
    # As root we write into the folder of another account: a new file put into place follows no link laid there.
    handle, name = tempfile.mkstemp(prefix=f"{SETTINGS_FILE}.", dir=place.cluster)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        account.own(handle)
        file.write(SETTINGS.format(port=PORT, socket_dir=socket_dir, most_connections=MOST_CONNECTIONS))
    Path(name).rename(place.cluster / SETTINGS_FILE)


def rotate(log: Path) -> None:
    """Keep the last log and the present one; neither grows for ever."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def stop(place: Place) -> None:
    """Stop the server of the place, if one runs: transactions are rolled back, everything is written to disk."""
    found = find_postmaster(place)
    if found is None:
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(found.pid)
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE_SECONDS
        # Not Process.wait: a process that has ended stays in the table until its parent looks, which may take seconds.
        while serves(process, place.cluster):
            if time.monotonic() > deadline:
                # Stop at once; the next start recovers.
                process.send_signal(signal.SIGQUIT)
            time.sleep(0.005)
    remove_socket(place, found.socket_dir)


def remove_socket(place: Place, folder: Path) -> None:
    """Remove the socket and, if we made it in the temporary directory, its folder; nothing else, whatever its path."""
    # Somebody may have cleaned up already, or put something there.
    with suppress(OSError):
        for file in (SOCKET_FILE, f"{SOCKET_FILE}.lock"):
            (folder / file).unlink(missing_ok=True)
        if folder.parent != place.data_dir:
            folder.rmdir()


def wait_a_little(place: Place, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise EmbeddedDatabaseError(
            f"The database in {place.cluster} isn't ready after {PATIENCE_SECONDS} s; see its log {place.log}."
        )
    time.sleep(0.005)
