"""A release that is newer than ours by one migration, and what it does to a database."""

import shutil
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from app.storage.connections.engine import engine_of
from app.storage.migrations.migrate import newest_revision

MIGRATIONS = Path(__file__).parents[2] / "app" / "storage" / "migrations"
NEWEST = newest_revision()
NEXT = f"{int(NEWEST) + 1:04}"
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{next}", "{newest}", None, None
oldest_compatible = "{oldest}"


def upgrade() -> None:
    op.add_column("flow", sa.Column("color", sa.Text(), nullable=True))
    op.create_table("palette", sa.Column("color", sa.Text(), primary_key=True))


def downgrade() -> None:
    op.drop_table("palette")
    op.drop_column("flow", "color")
"""


class NewerRelease:
    """Its migrations: ours, and one that adds a column and a table."""

    def __init__(self, folder: Path, *, oldest_compatible: str) -> None:
        there = shutil.copytree(MIGRATIONS, folder / "migrations")
        migration = MIGRATION.format(next=NEXT, newest=NEWEST, oldest=oldest_compatible)
        (there / "versions" / f"{NEXT}_colors.py").write_text(migration, encoding="utf-8")
        self._config = Config()
        self._config.set_main_option("script_location", str(there))

    async def upgrade(self, url: str) -> None:
        await self._run(url, lambda: command.upgrade(self._config, "head"))

    async def downgrade(self, url: str) -> None:
        await self._run(url, lambda: command.downgrade(self._config, "-1"))

    async def _run(self, url: str, run: Callable[[], None]) -> None:
        def run_on(connection: Connection) -> None:
            self._config.attributes["connection"] = connection
            run()

        async with engine_of(url).begin() as connection:
            await connection.run_sync(run_on)
