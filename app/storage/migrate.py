"""Brings a database to the newest schema, or back to an older one."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Text, cast, column, func, select, table, text
from sqlalchemy.exc import DBAPIError

from app.storage.engine import Database
from app.storage.reaching import engine_of, once_recovered, state_of, while_it_answers
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

VERSION_TABLE = select(cast(func.to_regclass("alembic_version"), Text))
VERSIONS = select(column("version_num", Text)).select_from(table("alembic_version"))


class OldServerError(Exception):
    """The database is an older PostgreSQL than Flowport knows."""


class UnknownSchemaError(Exception):
    """The database has a schema that this program has no migration for: a newer one has made it."""


async def upgrade(url: str) -> None:
    """Bring the database to the newest schema; processes that start together wait for the one that does it.

    Raises OldServerError, UnknownSchemaError, TimeoutError where the database is silent, and what the driver raises.
    """
    heads = await once_recovered(lambda: heads_at(url))
    if heads != newest_heads():
        refuse_unknown_schema(heads)
        log().info("database is migrated", before=sorted(heads), after=sorted(newest_heads()))
        migrating = run_alone(url, lambda config: command.upgrade(config, "head"))
        await while_it_answers(url, migrating, "database is still migrated")
        log().info("database has the newest schema")


async def heads_at(url: str) -> frozenset[str]:
    async with engine_of(url) as engine, engine.connect() as connection:
        refuse_old_server(connection.dialect.server_version_info or ())
        return await connection.run_sync(heads_of)


async def has_newest_schema(database: Database) -> bool:
    """Whether the database has the newest schema."""
    async with database.probing() as connection:
        if await connection.value(VERSION_TABLE) is None:
            return False
        return {row.version_num for row in await connection.rows(VERSIONS)} == newest_heads()


def refuse_old_server(version: tuple[int | str, ...]) -> None:
    if version < (OLDEST_SERVER,):
        shown = ".".join(map(str, version))
        raise OldServerError(f"The database is PostgreSQL {shown}; Flowport needs {OLDEST_SERVER} or newer.")


def refuse_unknown_schema(heads: frozenset[str]) -> None:
    unknown = heads - known_revisions()
    if unknown:
        shown = ", ".join(sorted(unknown))
        raise UnknownSchemaError(
            f"The database has a schema that this program doesn't know ({shown}): use the release that made it, or a newer one."
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


def heads_of(connection: Connection) -> frozenset[str]:
    return frozenset(MigrationContext.configure(connection).get_current_heads())


@cache
def newest_heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(configuration()).get_heads())


def known_revisions() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory.from_config(configuration()).walk_revisions())


def configuration() -> Config:
    config = Config()
    # In a value of a Config, a percent sign begins a reference.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
