"""Add sort keys of users, so that the members of a workspace are listed and searched by name.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from app.domain.input import name_key

revision = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

KEYS = ("last_name_key", "first_name_key")
AT_A_TIME = 5000
_NEXT = sa.text("SELECT id, last_name, first_name FROM user_account WHERE id > :after ORDER BY id LIMIT :number")
_FILL = sa.text(
    "UPDATE user_account SET last_name_key = last, first_name_key = first "
    "FROM unnest(CAST(:ids AS text[]), CAST(:lasts AS text[]), CAST(:firsts AS text[])) AS named (user_id, last, first) "
    "WHERE id = user_id"
)


def upgrade() -> None:
    for key in KEYS:
        # The release before inserts users without it.
        column = sa.Column(key, sa.Text(collation="C"), server_default="", nullable=False)
        op.add_column("user_account", column)
    connection, after = op.get_bind(), ""
    while users := connection.execute(_NEXT, {"after": after, "number": AT_A_TIME}).all():
        ids, lasts, firsts = zip(*((id_, name_key(last), name_key(first)) for id_, last, first in users), strict=True)
        connection.execute(_FILL, {"ids": [*ids], "lasts": [*lasts], "firsts": [*firsts]})
        after = ids[-1]


def downgrade() -> None:
    for key in KEYS:
        op.drop_column("user_account", key)
