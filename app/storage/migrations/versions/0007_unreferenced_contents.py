"""Since when nothing refers to a content, and when it was last looked for such.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0006"


def upgrade() -> None:
    op.add_column("flow_content", sa.Column("unreferenced_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "periodic_task",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_periodic_task")),
    )


def downgrade() -> None:
    op.drop_table("periodic_task")
    op.drop_column("flow_content", "unreferenced_since")
