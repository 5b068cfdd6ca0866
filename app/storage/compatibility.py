"""Which releases work with the schema of a database, so that an older one goes on serving after a newer one has migrated.

Every migration says in `oldest_compatible` which is the oldest revision whose release works with what it makes; one that
says nothing works with no older one. The database holds the newest of them all (`schema_compatibility`).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Text, cast, column, delete, func, insert, select, table

from app.storage.connections.connection import ReadConnection

VERSIONS = select(column("version_num", Text)).select_from(table("alembic_version"))
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
    heads = MigrationContext.configure(connection).get_current_heads()
    applied = [script for head in heads for script in scripts.iterate_revisions(head, "base")]
    oldest = max(getattr(script.module, "oldest_compatible", script.revision) for script in applied)
    connection.execute(delete(COMPATIBILITY))
    connection.execute(insert(COMPATIBILITY).values(oldest_revision=oldest))


@dataclass(frozen=True, slots=True)
class DatabaseSchema:
    """The schema of a database: its revisions, of which there is one unless branches were made."""

    heads: frozenset[str]
    oldest: str | None
    """The oldest revision whose release works with it; None: it doesn't say so."""


async def schema_on(connection: ReadConnection) -> DatabaseSchema:
    """The schema of a database, which may have none yet."""
    tables = await connection.row(TABLES)
    if tables is None or tables.versions is None:
        return DatabaseSchema(frozenset(), None)
    heads = frozenset(row.version_num for row in await connection.rows(VERSIONS))
    return DatabaseSchema(heads, None if tables.compatibility is None else await connection.value(OLDEST))


async def has_usable_schema_on(connection: ReadConnection) -> bool:
    """Whether a database has the schema of this release, or a newer one that works with it."""
    return works_with(await schema_on(connection))


def works_with(schema: DatabaseSchema) -> bool:
    """Whether this release works with such a schema: its own, or a newer one that is compatible with it."""
    if schema.heads == newest_heads():
        return True
    is_newer = bool(schema.heads) and not schema.heads & known_revisions()
    return is_newer and schema.oldest is not None and schema.oldest <= max(newest_heads())


@cache
def newest_heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(configuration()).get_heads())


@cache
def known_revisions() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory.from_config(configuration()).walk_revisions())


def configuration() -> Config:
    config = Config()
    # In a value of a Config, a percent sign begins a reference.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
