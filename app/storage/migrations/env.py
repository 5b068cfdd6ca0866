"""Alembic's environment. The program hands it a connection; the command `alembic` finds the database by itself."""

import asyncio
from contextlib import ExitStack

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import app.storage.tables  # noqa: F401 - importing the tables fills the metadata
from app.settings import read_settings
from app.storage.connections.engine import engine_of
from app.storage.embedded.running import running
from app.storage.migrations.migrate import note_compatibility


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()
        note_compatibility(connection, context.script)


async def run_at(url: str) -> None:
    async with engine_of(url).begin() as connection:
        await connection.run_sync(run)


def run_from_the_command_line() -> None:
    settings = read_settings()
    with ExitStack() as stack:
        asyncio.run(run_at(settings.database_url or stack.enter_context(running(settings.data_dir))))


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    run_from_the_command_line()
