"""The schema of an empty database: everything that revisions 0001 to 0020 made, in SQL.

Revision ID: 0020
Revises:
"""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision: str | None = None
oldest_compatible = "0013"

SCHEMA = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


def upgrade() -> None:
    op.get_bind().connection.run_async(lambda driver: driver.execute(SCHEMA))
