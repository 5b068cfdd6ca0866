"""Events, written with the changes that they tell of, and the feed that gives them their order.

Revision ID: 0019
Revises: 0018
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision: str | None = "0018"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

FEEDS = ("workspace_id", "other_workspace_id", "tenant_id", "other_tenant_id")
IDS = ("flow_id", "version_id", "export_id", "request_id")


def upgrade() -> None:
    op.create_table(
        "pending_event",
        sa.Column("place", sa.BigInteger(), sa.Identity(), nullable=False),
        *event_columns(),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_pending_event")),
    )
    op.create_table(
        "event",
        *event_columns(),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("position", name=op.f("uq_event_position")),
    )
    for feed in FEEDS:
        only = sa.text(f"{feed} IS NOT NULL") if "other" in feed else None
        for columns in ([feed, "position"], [feed, "type", "position"]):
            op.create_index(op.f(f"ix_event_{'_'.join(columns)}"), "event", columns, postgresql_where=only)
    for table, name in (("feed", "name"), ("event_removal", "feed")):
        op.create_table(
            table,
            id_without_key(name, nullable=False),
            sa.Column("position", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(name, name=op.f(f"pk_{table}")),
        )
    op.execute("INSERT INTO feed (name, position) VALUES ('events', 0)")


def event_columns() -> list[sa.Column[str] | sa.Column[datetime] | sa.Column[bool]]:
    return [
        id_without_key("id", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        id_without_key("actor_id"),
        *(id_without_key(feed, nullable=feed != "tenant_id") for feed in FEEDS),
        *map(id_without_key, IDS),
        sa.Column("flow_name", sa.Text(), nullable=True),
        sa.Column("without_review", sa.Boolean(), nullable=False, server_default=sa.false()),
    ]


def id_without_key(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def downgrade() -> None:
    for table in ("event_removal", "feed", "event", "pending_event"):
        op.drop_table(table)
