"""Which flows use a credential, secret, agent or topic: in their published version or their active draft (U1).

The database keeps that in `flow_reference`. What lives in a workspace is of use there alone, so a flow of another workspace
that names it doesn't use it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Text, any_, bindparam, func, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.domain.model import FlowStatus
from app.storage.connections.connection import ReadConnection
from app.storage.tables import AGENT, CREDENTIAL, FLOW, FLOW_REFERENCE, SECRET, TOPIC

USED_ID = bindparam("used", type_=Text)
_THINGS = union_all(
    *(select(table.c.id, table.c.workspace_id) for table in (TOPIC, CREDENTIAL, SECRET, AGENT))
).subquery()
PLACE_OF_USED = select(_THINGS.c.workspace_id + _THINGS.c.id).where(_THINGS.c.id == USED_ID).scalar_subquery()
"""`flow_reference.place` of what the parameter names; null if nothing has that id.

The planner can't see the value. If it knew that most flows match, it would scan the table.
"""


def place_of_use(workspace_id: str, used_id: str) -> str:
    """What `flow_reference.place` is, for something that lives in a workspace."""
    return workspace_id + used_id


MOST_FLOWS_NAMED = 100


class Uses(NamedTuple):
    """How many flows use something, and which: the first hundred, those that run before the others (W5, W7)."""

    number: int
    flow_ids: tuple[str, ...]


UNUSED = Uses(0, ())
_IN_ORDER = func.array_agg(aggregate_order_by(FLOW.c.id, FLOW.c.status != FlowStatus.ACTIVE.value, FLOW.c.id))
_USES = (
    select(FLOW_REFERENCE.c.reference_id, func.count().label("number"), _IN_ORDER[1:MOST_FLOWS_NAMED].label("flow_ids"))
    .join_from(FLOW_REFERENCE, FLOW, FLOW.c.id == FLOW_REFERENCE.c.flow_id)
    .where(FLOW_REFERENCE.c.place == any_(bindparam("places", type_=ARRAY(Text))))
    .group_by(FLOW_REFERENCE.c.reference_id)
)


async def flows_using(connection: ReadConnection, workspaces: Mapping[str, str]) -> dict[str, Uses]:
    """Which flows use each of these things, whose workspaces are given by their ids. One statement."""
    places = [place_of_use(workspace_id, used_id) for used_id, workspace_id in workspaces.items()]
    rows = await connection.rows(_USES, {"places": places})
    found = {row.reference_id: Uses(row.number, tuple(row.flow_ids)) for row in rows}
    return {used_id: found.get(used_id, UNUSED) for used_id in workspaces}
