"""Add the version that a revert was taken from, and an index to find old drafts.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("flow_draft", sa.Column("revert_of", sa.Text(collation="C"), nullable=True))
    op.create_foreign_key(
        op.f("fk_flow_draft_revert_of"), "flow_draft", "flow_version", ["revert_of"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        op.f("ix_flow_draft_revert_of"),
        "flow_draft",
        ["revert_of"],
        postgresql_where=sa.text("revert_of IS NOT NULL"),
    )
    op.create_index(
        "ix_flow_draft_expiry",
        "flow_draft",
        ["set_aside_at", "id"],
        postgresql_where=sa.text("set_aside_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_flow_draft_expiry", "flow_draft")
    op.drop_index(op.f("ix_flow_draft_revert_of"), "flow_draft")
    op.drop_constraint(op.f("fk_flow_draft_revert_of"), "flow_draft")
    op.drop_column("flow_draft", "revert_of")
