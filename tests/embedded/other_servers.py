"""A PostgreSQL of the system, older than the embedded one, on a cluster of a test's own."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.storage.embedded.binaries import account_for, environment
from tests.ports import free_port

BINARIES = Path(os.environ.get("TEST_POSTGRESQL_15") or "/usr/lib/postgresql/15/bin")
MISSING = (
    f"there is no PostgreSQL 15 in {BINARIES}: apt-get install postgresql-15 (Debian 12), or set TEST_POSTGRESQL_15"
)
IS_THERE = shutil.which("postgres", path=str(BINARIES)) is not None
PASSWORD = "its own password"
SECONDS = 30


@contextmanager
def postgresql_15(folder: Path) -> Iterator[str]:
    """The URL of the database `postgres` of a server that listens on loopback and asks for a password."""
    account, port, cluster, password = account_for(folder), free_port(), folder / "fifteen", folder / "password"
    password.write_text(PASSWORD)
    cluster.mkdir(mode=0o700)
    for each in (password, cluster):
        account.own(each)
    options = ("--username=flowport", "--auth=scram-sha-256", "--pwfile", password, "--encoding=UTF8", "--locale=C")
    made = account.run(BINARIES / "initdb", "-D", cluster, "--no-sync", *options)
    assert made.returncode == 0, made.stdout
    settings = ("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
    with subprocess.Popen(
        [BINARIES / "postgres", "-D", cluster, "-p", str(port), *settings],
        cwd="/",
        env=environment(),
        stderr=subprocess.DEVNULL,
        **account.subprocess_options,
    ) as process:
        try:
            deadline = time.monotonic() + SECONDS
            while account.run(BINARIES / "pg_isready", "-h", "127.0.0.1", "-p", str(port)).returncode != 0:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"postgresql://flowport:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
