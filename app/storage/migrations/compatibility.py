"""The releases that work with the schema of a database: an older one goes on serving after a newer one has migrated.

Every migration says in `oldest_compatible` which is the oldest revision whose release works with what it makes; one that
says nothing works with no older one. The database holds the newest of them all (`schema_compatibility`).
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Text, cast, column, delete, func, insert, select, table

from app.storage.connections.connection import ReadConnection

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
