"""The embedded PostgreSQL server of one data directory: found, made, started and stopped."""

import fcntl
import os
import re
import shlex
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from io import FileIO
from pathlib import Path

import psutil

from app.storage.embedded.binaries import Account, EmbeddedDatabaseError, binaries_for, initdb_in
from app.storage.embedded.data_directory import (
    PORT,
    DataDirectory,
    Postmaster,
    find_postmaster,
    is_alive,
    make_socket_dir,
    read_pid_file,
    remove_socket,
    serves,
)

USER = "flowport"
DATABASE = "postgres"
MAJOR_VERSION = "18"
MOST_CONNECTIONS = 250

# Recovery of a large database after a crash may take minutes.
PATIENCE_SECONDS = 300
READY = "ready"
"""The status of a server that takes connections."""
INCOMPATIBLE = "database files are incompatible with server"
"""PostgreSQL's words about a cluster of its own major version but another format, made by a beta for example."""
STOP_SECONDS = 10
"""How long it may take to write everything to disk before it is stopped without that."""
LOG_BYTES = 10_000_000

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
# Details would hold the values of a row that is refused.
log_error_verbosity = terse
"""


def join_or_start(directory: DataDirectory, account: Account) -> Postmaster:
    """The ready server of the data directory, started if none runs. The caller holds the gate.

    Raises EmbeddedDatabaseError with what its log says, if it ends before it is ready.
    """
    # Whoever was starting or stopping it may have been killed meanwhile; it goes on by itself.
    if (running := ready(directory)) is not None:
        return running
    if not (directory.cluster / "PG_VERSION").exists():
        create_cluster(directory, account)
    refuse_what_we_cant_serve(directory)
    said_before = launch(directory, account)
    if (started := ready(directory)) is not None:
        return started
    said = directory.log.read_bytes()[said_before:].decode(errors="replace").strip()
    if INCOMPATIBLE in said:
        raise EmbeddedDatabaseError(made_by_another("a PostgreSQL of another format", directory))
    raise EmbeddedDatabaseError(
        f"The database in {directory.cluster} didn't start. Its log {directory.log} says:\n{said}"
    )


def ready(directory: DataDirectory) -> Postmaster | None:
    """The server, once it takes connections; None if none runs, or it has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (postmaster := find_postmaster(directory)) is not None and postmaster.status != READY:
        wait(directory, deadline)
    return postmaster


def wait(directory: DataDirectory, deadline: float) -> None:
    """Wait a moment. Raises EmbeddedDatabaseError after the deadline."""
    if time.monotonic() > deadline:
        raise EmbeddedDatabaseError(
            f"The database in {directory.cluster} isn't ready after {PATIENCE_SECONDS} s; see its log {directory.log}."
        )
    time.sleep(0.005)


def create_cluster(directory: DataDirectory, account: Account) -> None:
    """Make the cluster under another name first: an interrupted initdb must not leave half a cluster."""
    if directory.cluster.exists() and any(directory.cluster.iterdir()):
        raise EmbeddedDatabaseError(
            f"{directory.cluster} exists but is no database: move it away, or choose another data directory."
        )
    folder = os.open(directory.path, os.O_RDONLY)
    try:
        # An `initdb` whose starter was killed has the lock to its end, and may write until then.
        fcntl.flock(folder, fcntl.LOCK_EX)
        for leftover in directory.path.glob("postgres.new-*"):
            shutil.rmtree(leftover)
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=directory.path))
        account.own(fresh)
        with initdb_in(binaries_for(account, directory.path), account) as initdb:
            initialization = account.run(initdb, "-D", fresh, *INITDB_OPTIONS, lock=folder)
    finally:
        os.close(folder)
    if initialization.returncode != 0:
        raise EmbeddedDatabaseError(
            f"The database couldn't be made in {directory.cluster}. initdb said:\n{initialization.stdout.strip()}"
        )
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(f"\ninclude_if_exists = '{SETTINGS_FILE}'\n")
        settings.flush()
        os.fsync(settings.fileno())
    fresh.rename(directory.cluster)


def refuse_what_we_cant_serve(directory: DataDirectory) -> None:
    """Refuse the cluster of another version."""
    version = (directory.cluster / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
    if version != MAJOR_VERSION:
        raise EmbeddedDatabaseError(made_by_another(f"PostgreSQL {version}", directory))


def made_by_another(maker: str, directory: DataDirectory) -> str:
    """The refusal of a cluster that these binaries can't read, with what to type to take it over."""
    old, new = shlex.quote(str(directory.path)), shlex.quote(f"{directory.path}-{MAJOR_VERSION}")
    return (
        f"The database in {directory.cluster} was made by {maker}. This release has PostgreSQL {MAJOR_VERSION}, which can't read it. "
        "Take it over by a backup. With the release of Flowport that made it, type:\n\n"
        f"    flowport backup flowport.sql --data-dir {old}\n\n"
        "And then with this release:\n\n"
        f"    flowport restore flowport.sql --data-dir {new}\n"
        f"    flowport serve --data-dir {new}\n"
    )


def launch(directory: DataDirectory, account: Account) -> int:
    """Start the server, and return how long its log was before. The caller holds the gate."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    binaries = binaries_for(account, directory.path)
    remove_what_a_killed_server_left(directory, deadline)
    write_settings(directory, account, make_socket_dir(directory, account, last_socket_dir(directory)))
    rotate(directory.log)
    with opened_log(directory, account) as log:
        said_before = log.tell()
        pid = account.detach(binaries / "postgres", "-D", directory.cluster, log=log.fileno())
    while is_alive(pid) and find_postmaster(directory) is None:
        wait(directory, deadline)
    return said_before


def opened_log(directory: DataDirectory, account: Account) -> FileIO:
    log = FileIO(os.open(directory.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600), "a")
    account.own(log.fileno())
    return log


def remove_what_a_killed_server_left(directory: DataDirectory, deadline: float) -> None:
    """Remove the pid file of a server that is gone: PostgreSQL would take any process of that number for the server.

    The processes of the server are killed before, since the file also guards the memory that they share.
    """
    lines = read_pid_file(directory)
    if not lines:
        return
    while processes := [process for process in psutil.process_iter() if serves(process, directory.cluster)]:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait(directory, deadline)
    remove_socket(directory, Path(lines[4]))
    (directory.cluster / "postmaster.pid").unlink()


def last_socket_dir(directory: DataDirectory) -> Path | None:
    """The folder of the socket as it was when the server was started last."""
    file = directory.cluster / SETTINGS_FILE
    settings = file.read_text(encoding="utf-8") if file.exists() else ""
    match = re.search("^unix_socket_directories = '(.+)'$", settings, re.MULTILINE)
    return None if match is None else Path(match[1])


def write_settings(directory: DataDirectory, account: Account, socket_dir: Path) -> None:
    # As root we write into the folder of another account: a new file put into place follows no link laid there.
    handle, name = tempfile.mkstemp(prefix=f"{SETTINGS_FILE}.", dir=directory.cluster)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        account.own(handle)
        file.write(SETTINGS.format(port=PORT, socket_dir=socket_dir, most_connections=MOST_CONNECTIONS))
    Path(name).rename(directory.cluster / SETTINGS_FILE)


def rotate(log: Path) -> None:
    """Keep the last log and the present one; neither grows for ever."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def stop(directory: DataDirectory) -> None:
    """Stop the server of the data directory, if one runs: transactions are rolled back, everything is written to disk."""
    postmaster = find_postmaster(directory)
    if postmaster is None:
        return
    # PostgreSQL 18 that is told to stop while it recovers from a crash of one of its processes never does. Stopped at once
    # it recovers at the next start.
    for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, PATIENCE_SECONDS)):
        with suppress(psutil.NoSuchProcess):
            postmaster.process.send_signal(number)
        deadline = time.monotonic() + seconds
        # Not Process.wait: a process that has ended stays in the table until its parent looks, which may take seconds.
        while serves(postmaster.process, directory.cluster) and time.monotonic() < deadline:
            time.sleep(0.005)
    remove_socket(directory, postmaster.socket_dir)
