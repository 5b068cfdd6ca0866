"""Note the oldest release that the schema works with.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0006"


def upgrade() -> None:
    op.create_table(
        "schema_compatibility",
        sa.Column("oldest_revision", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("oldest_revision", name=op.f("pk_schema_compatibility")),
    )


def downgrade() -> None:
    op.drop_table("schema_compatibility")
