"""Releases that are requested, reviewed and undone.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision: str | None = "0022"
oldest_compatible = "0013"

STATES = ("OPEN", "APPLIED", "REJECTED", "WITHDRAWN", "UNDONE")


def upgrade() -> None:
    op.create_table(
        "release_request",
        id_of("id", nullable=False),
        id_of("workspace_id", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("start", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        id_of("requested_by", nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        id_of("reviewed_by"),
        sa.Column("review_comment", sa.Text(), nullable=True),
        id_of("withdrawn_by"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_request")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_release_request_workspace_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name=op.f("ck_release_request_state")),
    )
    for columns in (["workspace_id", "id"], ["workspace_id", "state", "id"]):
        op.create_index(op.f(f"ix_release_request_{'_'.join(columns)}"), "release_request", columns)
    op.create_table(
        "release_item",
        id_of("request_id", nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        id_of("flow_id", nullable=False),
        sa.Column("flow_name", sa.Text(), nullable=False),
        id_of("draft_id", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        id_of("over_version_id"),
        id_of("version_id"),
        sa.Column("started", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "position", name=op.f("pk_release_item")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["release_request.id"], name=op.f("fk_release_item_request_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_release_item_draft_id"), "release_item", ["draft_id"])


def id_of(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def downgrade() -> None:
    op.drop_table("release_item")
    op.drop_table("release_request")
