"""Taking a database back to the schema of an older migration, which the program never does."""

from alembic import command

from app.storage.migrate import run_alone


async def downgrade(url: str, revision: str) -> None:
    """Back to this revision; "base" is the empty schema."""
    await run_alone(url, lambda config: command.downgrade(config, revision))
