"""Brings a database to the newest schema, and says which releases work with a schema.

An older release goes on serving after a newer one has migrated. Every migration says in `oldest_compatible` which is the
oldest revision whose release works with what it makes; one that says nothing works with no older one. The database holds
the newest of them all (`schema_compatibility`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Integer, Text, cast, column, delete, func, insert, select, table, text
from sqlalchemy.exc import DBAPIError

from app.command_error import CommandError
from app.storage.connections.connection import ReadConnection
from app.storage.connections.database import Database, opened
from app.storage.connections.engine import engine_of
from app.storage.connections.failures import (
    ConnectionLost,
    DatabaseFailure,
    DatabaseUnavailable,
    Unreachable,
    state_of,
)
from app.telemetry.log import log

VERSION = select(column("version_num", Text)).select_from(table("alembic_version"))
COMPATIBILITY = table("schema_compatibility", column("oldest_revision", Text))
OLDEST = select(COMPATIBILITY.c.oldest_revision)
TABLES = select(
    cast(func.to_regclass("alembic_version"), Text).label("versions"),
    cast(func.to_regclass("schema_compatibility"), Text).label("compatibility"),
)


def note_compatibility(connection: Connection, scripts: ScriptDirectory) -> None:
    """Note down in a database that was just migrated, up or down, which releases work with it."""
    if connection.execute(TABLES).one().compatibility is None:
        return
    applied = scripts.iterate_revisions(MigrationContext.configure(connection).get_current_revision(), "base")
    oldest = max(getattr(script.module, "oldest_compatible", script.revision) for script in applied)
    connection.execute(delete(COMPATIBILITY))
    connection.execute(insert(COMPATIBILITY).values(oldest_revision=oldest))


class DatabaseSchema(NamedTuple):
    revision: str | None
    """None: the database has no schema yet."""
    oldest: str | None
    """The oldest revision whose release works with it; None: it doesn't say so."""


async def schema_on(connection: ReadConnection) -> DatabaseSchema:
    """The schema of a database."""
    tables = await connection.row(TABLES)
    revision = await connection.value(VERSION) if tables is not None and tables.versions else None
    return DatabaseSchema(
        revision, await connection.value(OLDEST) if tables is not None and tables.compatibility else None
    )


async def has_usable_schema_on(connection: ReadConnection) -> bool:
    """Whether a database has the schema of this release, or a newer one that works with it."""
    return works_with(await schema_on(connection))


def works_with(schema: DatabaseSchema) -> bool:
    """Whether this release works with such a schema: its own, or a newer one that is compatible with it."""
    is_newer = schema.revision is not None and schema.revision > newest_revision()
    is_compatible = is_newer and schema.oldest is not None and schema.oldest <= newest_revision()
    return schema.revision == newest_revision() or is_compatible


@cache
def known_revisions() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory.from_config(configuration()).walk_revisions())


def newest_revision() -> str:
    return max(known_revisions())


def oldest_revision() -> str:
    return min(known_revisions())


def configuration() -> Config:
    config = Config()
    # In a value of a Config, a percent sign begins a reference.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


ANSWER_SECONDS: float = 10
"""How long a database may take to let us in, and to answer what takes it no work."""
RECOVERY_SECONDS = 60
"""How long one is waited for that starts, stops or recovers."""
IN_STATEMENT_MODE = "statement pooling mode"
"""pgbouncer's words for a mode without transactions; their SQLSTATE is that of a lost connection."""
LOOK_SECONDS: float = 10
"""How often it is looked whether a database that is migrated for long still answers, and said that it is migrated."""
MOST_SILENT_LOOKS = 2

# Any number does that nobody else uses in this database; these are the letters "flow".
LOCK = text("select pg_advisory_xact_lock(1718382455)")

LAST_BEFORE_SQUASH = "107ee87a"
"""A commit whose migrations begin with 0001: its server upgrades any older database to a revision that this one knows."""

OLDEST_SERVER = 15
SERVER_VERSION = select(cast(func.current_setting("server_version_num"), Integer))

STATEMENT_SECONDS = 3600
"""How long a statement of a migration may take: on large tables some take minutes."""
LOCK_SECONDS = 5
LOCK_ATTEMPTS = 12
"""How long and how often a table is waited for: while a migration waits for it, so does everybody after it."""
LOCKED = "55P03"
LIMITS = text(
    f"select set_config('statement_timeout', '{STATEMENT_SECONDS}s', true), set_config('lock_timeout', '{LOCK_SECONDS}s', true)"
)


UNMIGRATED = (
    "The database doesn't have the schema of this release, and a dry run writes nothing. `flowport serve` and "
    "`flowport apply` without --dry-run migrate it."
)


class UnusableDatabase(CommandError):
    """The database is an older PostgreSQL than Flowport knows, or has a schema that this release can't upgrade."""


async def upgrade(url: str, *, is_dry_run: bool = False) -> None:
    """Bring the database to the newest schema; processes that start together wait for the one that does it.

    The schema of a newer release is left as it is, if this release works with it. A dry run refuses any other schema.

    Raises UnusableDatabase, TimeoutError where the database is silent, and DatabaseFailure.
    """
    async with opened(url) as database:
        schema = await schema_once_recovered(database)
        if works_with(schema):
            return
        refuse_unknown_schema(schema)
        if is_dry_run:
            raise UnusableDatabase(UNMIGRATED)
        log().info("database is migrated", before=schema.revision, after=newest_revision())
        await while_it_answers(database, run_alone(url, lambda config: command.upgrade(config, "head")))
    log().info("database has the newest schema")


async def schema_once_recovered(database: Database) -> DatabaseSchema:
    """The schema of a database, which is asked again and again while it starts, stops or recovers."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), database.probing() as connection:
                major, minor = divmod(await connection.value(SERVER_VERSION), 10_000)
                if major >= OLDEST_SERVER:
                    return await schema_on(connection)
            raise UnusableDatabase(
                f"The database is PostgreSQL {major}.{minor}; Flowport needs {OLDEST_SERVER} or newer."
            )
        except DatabaseUnavailable as error:
            passes = not isinstance(error, Unreachable) and IN_STATEMENT_MODE not in str(error)
            if not passes or time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.1)


async def while_it_answers(database: Database, migration: Awaitable[None]) -> None:
    """Wait for a migration, and say now and then that it goes on. Raises TimeoutError once the database is silent."""
    migrating, begun, silent = asyncio.ensure_future(migration), time.monotonic(), 0
    try:
        while not (await asyncio.wait({migrating}, timeout=LOOK_SECONDS))[0]:
            answers = await still_answers(database)
            log().info("database is still migrated", seconds=round(time.monotonic() - begun), answers=answers)
            silent = 0 if answers else silent + 1
            if silent >= MOST_SILENT_LOOKS:
                raise TimeoutError
    finally:
        migrating.cancel()
    await migrating


async def still_answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.probing() as connection:
            await connection.value(SERVER_VERSION)
    except (TimeoutError, ConnectionLost):
        return False
    except DatabaseFailure:
        # It has no connection free, for example.
        return True
    return True


async def has_usable_schema(database: Database) -> bool:
    """Whether the database has the schema of this release, or a newer one that works with it."""
    async with database.probing() as connection:
        return await has_usable_schema_on(connection)


def refuse_unknown_schema(schema: DatabaseSchema) -> None:
    if schema.revision is None or schema.revision in known_revisions():
        return
    if schema.revision < oldest_revision():
        raise UnusableDatabase(
            f"The database has the schema of revision {schema.revision}, and this release upgrades from {oldest_revision()} "
            f"on. Start the server of commit {LAST_BEFORE_SQUASH} on it once, which upgrades it, then this one."
        )
    needed = "" if schema.oldest is None else f" It works with releases that know {schema.oldest} or newer."
    raise UnusableDatabase(
        f"The database has a schema that this program doesn't know ({schema.revision}): use the release that made it, or "
        f"a newer one.{needed}"
    )


async def run_alone(url: str, run: Callable[[Config], None]) -> None:
    """Run a command of Alembic, while no other process does; again where others don't let go of a table in time."""

    def run_on(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        run(config)

    for attempt in range(LOCK_ATTEMPTS):
        try:
            async with engine_of(url, connect_seconds=ANSWER_SECONDS).begin() as connection:
                await connection.execute(LOCK)
                await connection.execute(LIMITS)
                await connection.run_sync(run_on)
        except DBAPIError as error:
            if state_of(error.orig) != LOCKED or attempt == LOCK_ATTEMPTS - 1:
                raise DatabaseFailure(str(error.orig)) from None
            log().warning("a table that is to be migrated is in use", reason=str(error.orig))
        else:
            return
