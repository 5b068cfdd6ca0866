"""Dumps the database as SQL that every PostgreSQL takes from 15 on, or restores such a dump into an empty database.

    .venv/bin/python scripts/backup.py dump flowport.sql
    .venv/bin/python scripts/backup.py restore flowport.sql --data-dir /srv/flowport

The database is the one that `flowport serve` would use: that of FLOWPORT_DATABASE_URL, or the embedded one of the data
directory, whether a server runs or not. A dump shows one moment, and the server goes on meanwhile. A restore is all or
nothing, and is refused where there are tables; an embedded database that is missing is made.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import URL, make_url

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.settings import BadSettings, read_settings
from app.storage.embedded import EmbeddedDatabaseError, running
from app.storage.embedded.binaries import binaries_for, environment, myself

TOO_NEW = "SET transaction_timeout = 0;\n"
"""What only PostgreSQL 17 and newer understand of what its own pg_dump writes, and what is its default there."""
IS_EMPTY = "select count(*) = 0 from pg_tables where schemaname = 'public'"

data_dir_option = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded database.")


@click.group(help=__doc__)
def main() -> None:
    """Dump or restore."""


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@data_dir_option
def dump(*, file: Path, data_dir: Path | None) -> None:
    """Write a dump, which only its owner may read; an existing file is refused."""
    with database(data_dir, make=False) as access, new_file(file) as written:
        command = [program("pg_dump"), "--no-owner", "--no-privileges"]
        with subprocess.Popen(command, env=access, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            os.write(written, "".join(header_of(process.stdout)).encode())
            while part := process.stdout.read(1 << 20):
                os.write(written, part.encode())
        if process.returncode:
            raise click.ClickException("pg_dump could not do it; the file is not whole.")


def header_of(lines: Iterator[str]) -> Iterator[str]:
    """The settings that a dump begins with, up to the first statement that makes something."""
    for line in lines:
        if line != TOO_NEW:
            yield line
        if line.startswith("CREATE"):
            return


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_dir_option
def restore(*, file: Path, data_dir: Path | None) -> None:
    """Restore a dump into a database that has no tables yet."""
    psql = [program("psql"), "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"]
    with database(data_dir, make=True) as access:
        found = subprocess.run([*psql, "-Atc", IS_EMPTY], env=access, capture_output=True, text=True, check=False)
        if found.returncode:
            raise click.ClickException(f"The database can't be used: {found.stderr.strip()}")
        if found.stdout.strip() != "t":
            raise click.ClickException("The database has tables already. Restore into an empty one.")
        command = [*psql, "--single-transaction", "--file", str(file), "--output", os.devnull, "--command", "analyze"]
        if subprocess.run(command, env=access, check=False).returncode:
            raise click.ClickException("psql could not do it; nothing was restored.")


@contextmanager
def new_file(path: Path) -> Iterator[int]:
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"{path} can't be made: {error.strerror}.") from None
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def database(data_dir: Path | None, *, make: bool) -> Iterator[dict[str, str]]:
    """The environment by which PostgreSQL's programs find the database: there `ps` shows no password."""
    try:
        settings = read_settings({"data_dir": data_dir})
        if settings.database_url is not None:
            yield environment() | access_of(make_url(settings.database_url))
            return
        with running(settings.data_dir, make=make) as url:
            yield environment() | access_of(make_url(url))
    except (BadSettings, EmbeddedDatabaseError) as error:
        raise click.ClickException(str(error)) from None


def access_of(url: URL) -> dict[str, str]:
    """A URL as libpq's variables."""
    named = {name: ",".join(values) for name, values in url.normalized_query.items()}
    found = {
        "PGHOST": url.host or named.get("host"),
        "PGPORT": str(url.port) if url.port else named.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password and str(url.password),
        "PGDATABASE": url.database,
        "PGSSLMODE": named.get("ssl"),
        "PGTARGETSESSIONATTRS": named.get("target_session_attrs"),
    }
    return {name: value for name, value in found.items() if value}


def program(name: str) -> str:
    """One of those that came along with the embedded PostgreSQL: they know all older servers too."""
    return str(binaries_for(myself(), Path()) / name)


if __name__ == "__main__":
    main()
