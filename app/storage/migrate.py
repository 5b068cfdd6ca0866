"""Brings a database to the newest schema, or back to an older one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Text, cast, column, func, select, table, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.storage.engine import Database
from app.storage.hosts import Hosts

# Any number does that nobody else uses in this database; these are the letters "flow".
LOCK = text("select pg_advisory_xact_lock(1718382455)")

OLDEST_SERVER = 15

UNPREPARED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}

VERSION_TABLE = select(cast(func.to_regclass("alembic_version"), Text))
VERSIONS = select(column("version_num", Text)).select_from(table("alembic_version"))


class OldServerError(Exception):
    """The database is an older PostgreSQL than Flowport knows."""


class UnknownSchemaError(Exception):
    """The database has a schema that this program has no migration for: a newer one has made it."""


async def upgrade(url: str) -> None:
    """Bring the database to the newest schema; processes that start together wait for the one that does it.

    Raises OldServerError, UnknownSchemaError.
    """
    async with engine_of(url) as engine, engine.connect() as connection:
        refuse_old_server(connection.dialect.server_version_info or ())
        heads = await connection.run_sync(heads_of)
    if heads != newest_heads():
        refuse_unknown_schema(heads)
        await run_alone(url, lambda config: command.upgrade(config, "head"))


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
    """Run a command of Alembic, while no other process does."""

    def run_on(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        run(config)

    async with engine_of(url) as engine, engine.begin() as connection:
        await connection.execute(LOCK)
        await connection.run_sync(run_on)


@asynccontextmanager
async def engine_of(url: str) -> AsyncIterator[AsyncEngine]:
    """SQLAlchemy's engine, for migrations and commands.

    It keeps no prepared statement, which behind a pooler would be in nobody knows which server process.
    """
    arguments = UNPREPARED | {"async_creator_fn": Hosts().connect}
    engine = create_async_engine(url, poolclass=NullPool, connect_args=arguments)
    try:
        yield engine
    finally:
        await engine.dispose()


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
