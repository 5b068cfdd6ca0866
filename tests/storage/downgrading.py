"""Taking a database back to the schema of an older migration, which the program never does, and looking into it."""

from typing import Any

from alembic import command

from app.storage.connections.engine import engine_of
from app.storage.migrations.migrate import run_alone


async def downgrade(url: str, revision: str) -> None:
    await run_alone(url, lambda config: command.downgrade(config, revision))


async def rows(url: str, question: Any) -> list[dict[str, Any]]:
    """On a connection of its own: what another one has prepared doesn't fit once the tables have changed."""
    async with engine_of(url).connect() as connection:
        return [dict(row) for row in (await connection.execute(question)).mappings()]
