"""Brings a database to the newest schema, or back to an older one."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.storage.compatibility import (
    DatabaseSchema,
    configuration,
    known_revisions,
    newest_heads,
    schema_of,
    schema_on,
    works_with,
)
from app.storage.connections.database import Database
from app.storage.connections.engine import engine_of, once_recovered, state_of, while_it_answers
from app.telemetry.log import log

# Any number does that nobody else uses in this database; these are the letters "flow".
LOCK = text("select pg_advisory_xact_lock(1718382455)")

OLDEST_SERVER = 15

STATEMENT_SECONDS = 3600
"""How long a statement of a migration may take: on large tables some take minutes."""
LOCK_SECONDS = 5
LOCK_ATTEMPTS = 12
"""How long and how often a table is waited for: while a migration waits for it, so does everybody after it."""
LOCKED = "55P03"
LIMITS = text(
    f"select set_config('statement_timeout', '{STATEMENT_SECONDS}s', true), set_config('lock_timeout', '{LOCK_SECONDS}s', true)"
)


class OldServerError(Exception):
    """The database is an older PostgreSQL than Flowport knows."""


class UnknownSchemaError(Exception):
    """The database has a schema that this program has no migration for: a newer one has made it."""


async def upgrade(url: str) -> None:
    """Bring the database to the newest schema; processes that start together wait for the one that does it.

    One that a newer release has made is left as it is, if that works with this release.

    Raises OldServerError, UnknownSchemaError, TimeoutError where the database is silent, and what the driver raises.
    """
    schema = await once_recovered(lambda: schema_at(url))
    if works_with(schema):
        return
    refuse_unknown_schema(schema)
    log().info("database is migrated", before=sorted(schema.heads), after=sorted(newest_heads()))
    migrating = run_alone(url, lambda config: command.upgrade(config, "head"))
    await while_it_answers(url, migrating, "database is still migrated")
    log().info("database has the newest schema")


async def schema_at(url: str) -> DatabaseSchema:
    async with engine_of(url) as engine, engine.connect() as connection:
        refuse_old_server(connection.dialect.server_version_info or ())
        return await connection.run_sync(schema_of)


async def has_usable_schema(database: Database) -> bool:
    """Whether the database has the schema of this release, or a newer one that works with it."""
    async with database.probing() as connection:
        return works_with(await schema_on(connection))


def refuse_old_server(version: tuple[int | str, ...]) -> None:
    if version < (OLDEST_SERVER,):
        shown = ".".join(map(str, version))
        raise OldServerError(f"The database is PostgreSQL {shown}; Flowport needs {OLDEST_SERVER} or newer.")


def refuse_unknown_schema(schema: DatabaseSchema) -> None:
    unknown = schema.heads - known_revisions()
    if unknown:
        shown = ", ".join(sorted(unknown))
        needed = "" if schema.oldest is None else f" It works with releases that know {schema.oldest} or newer."
        raise UnknownSchemaError(
            f"The database has a schema that this program doesn't know ({shown}): use the release that made it, or a "
            f"newer one.{needed}"
        )


async def run_alone(url: str, run: Callable[[Config], None]) -> None:
    """Run a command of Alembic, while no other process does; again where others don't let go of a table in time."""

    def run_on(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        run(config)

    for attempt in range(LOCK_ATTEMPTS):
        try:
            async with engine_of(url, takes_long=True) as engine, engine.begin() as connection:
                await connection.execute(LOCK)
                await connection.execute(LIMITS)
                await connection.run_sync(run_on)
        except DBAPIError as error:
            if state_of(error) != LOCKED or attempt == LOCK_ATTEMPTS - 1:
                raise
            log().warning("a table that is to be migrated is in use", reason=str(error.orig))
        else:
            return
