"""Backups: the database as SQL that every PostgreSQL takes from 15 on, written and restored by PostgreSQL's own programs."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sqlalchemy import URL, make_url

from app.command_error import CommandError
from app.storage.embedded.binaries import Account, binaries_for, environment

NOT_EVERYWHERE = re.compile(
    r"SET transaction_timeout = 0;$|ALTER TABLE ONLY \S+ ALTER COLUMN \S+ SET \(pg_attver=\d+\);$"
)
"""Lines that some PostgreSQL refuses: a default that 17 and newer have, and what 15.20 notes for itself of each column.

No row is a line like them: the only tables with a single column hold numbers of revisions.
"""
IS_EMPTY = "select count(*) = 0 from pg_tables where schemaname = 'public'"
ANALYZE = """do $$ begin execute (
    select 'analyze ' || string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables where schemaname = 'public'
); end $$"""
"""Only our own tables: a user who is no superuser is warned of each table of the system that it may not analyze."""
LAST_LINE = b"-- PostgreSQL database dump complete"
"""The line that ends what `pg_dump` writes; no text in a row can be a line like it."""
TAIL_BYTES = 1000
"""Bytes at the end of a backup that hold the line: some PostgreSQL write a command of psql after it."""


def write_backup(url: str, file: Path) -> None:
    """Write a backup into a new file that only its owner may read.

    Raises CommandError; then the file doesn't exist afterwards, unless it did before.
    """
    command = [program("pg_dump"), "--no-owner", "--no-privileges"]
    with (
        new_file(file) as backup,
        subprocess.Popen(command, env=environment_for(url), stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        backup.writelines(line for line in process.stdout if not NOT_EVERYWHERE.match(line))
        if process.wait() != 0:
            raise CommandError("pg_dump failed; no backup was written.")


def restore_backup(url: str, file: Path) -> None:
    """Restore a whole backup into a database without tables: all of it, or nothing. Raises CommandError."""
    if not is_whole(file):
        raise CommandError(f"{file} is no whole backup: its end is missing. Nothing was restored.")
    psql, environ = [program("psql"), "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"], environment_for(url)
    answer = subprocess.run([*psql, "-Atc", IS_EMPTY], env=environ, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise CommandError(f"The database can't be used: {answer.stderr.strip()}")
    if answer.stdout.strip() != "t":
        raise CommandError("The database has tables already. Restore into an empty one.")
    command = [*psql, "--single-transaction", "--file", str(file), "--output", os.devnull, "--command", ANALYZE]
    if subprocess.run(command, env=environ, check=False).returncode:
        raise CommandError("psql failed; nothing was restored.")


def is_whole(file: Path) -> bool:
    """Whether a backup was written to its end. psql takes the end of a file within rows for the end of the rows."""
    if not file.is_file():
        # A pipe can't be looked at beforehand.
        return True
    with file.open("rb") as backup:
        backup.seek(max(0, file.stat().st_size - TAIL_BYTES))
        return LAST_LINE in backup.read().splitlines()


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A file that didn't exist before; it is removed again where its writing fails. Raises CommandError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{path} can't be made: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(handle)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CommandError(f"{path} can't be written: {error.strerror}.") from None
        raise


def environment_for(url: str) -> dict[str, str]:
    """The environment by which PostgreSQL's programs find the database: in arguments `ps` would show the password."""
    return environment() | variables_of(make_url(url))


def variables_of(url: URL) -> dict[str, str]:
    """A URL as libpq's variables."""
    query = {name: ",".join(values) for name, values in url.normalized_query.items()}
    variables = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password and str(url.password),
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("ssl"),
        "PGTARGETSESSIONATTRS": query.get("target_session_attrs"),
    }
    return {name: value for name, value in variables.items() if value}


def program(name: str) -> str:
    """One of those that come with the embedded PostgreSQL: they know all older servers too. Raises CommandError."""
    return str(binaries_for(Account(), Path()) / name)
