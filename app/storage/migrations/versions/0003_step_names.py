"""Names of steps in the outlines of contents, for messages that name steps as people do.

Revision ID: 0003
Revises: 0002
"""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

LONGEST_NAME = 255

_FIRST = sa.text("SELECT hash, graph, outline FROM flow_content ORDER BY hash LIMIT 1")
_NEXT = sa.text("SELECT hash, graph, outline FROM flow_content WHERE hash > :after ORDER BY hash LIMIT 1")
_CHANGE = sa.text("UPDATE flow_content SET outline = :outline WHERE hash = :hash")


def upgrade() -> None:
    change_steps(lambda step, node: [*step, *name_of(node)])


def downgrade() -> None:
    change_steps(lambda step, _: step[:2])


def change_steps(changed: Callable[[list[str], dict[str, Any]], list[str]]) -> None:
    """Write the outlines anew whose steps change. A graph may be as large as a request, so they are read one by one."""
    connection = op.get_bind()
    row = connection.execute(_FIRST).first()
    while row is not None:
        outline = json.loads(row.outline)
        nodes = json.loads(row.graph)["nodes"]
        steps = [changed(step, node) for step, node in zip(outline["steps"], nodes, strict=True)]
        if steps != outline["steps"]:
            connection.execute(_CHANGE, {"hash": row.hash, "outline": text_of({**outline, "steps": steps})})
        row = connection.execute(_NEXT, {"after": row.hash}).first()


def name_of(node: dict[str, Any]) -> list[str]:
    name = node.get("name")
    name = name.strip()[:LONGEST_NAME] if isinstance(name, str) else ""
    return [name] if name else []


def text_of(outline: dict[str, Any]) -> str:
    return json.dumps(outline, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
