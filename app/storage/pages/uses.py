"""Reads the flows that use a credential, secret, agent, topic or component in published version or active draft (U1).

Triggers of the database write references to `flow_reference`. A reference is usable in its own workspace only, so a flow
of another workspace that names it doesn't use it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, FromClause, Text, and_, bindparam, exists, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.domain.model import FlowStatus
from app.domain.world.things import FlowUses
from app.storage.connections.connection import ReadConnection, is_one_of
from app.storage.facts.mirrored_rules import is_meant
from app.storage.tables import (
    AGENT,
    COMPONENT,
    CONTRACT,
    CREDENTIAL,
    FLOW,
    FLOW_COMPONENT,
    FLOW_CONTENT_COMPONENT,
    FLOW_DRAFT,
    FLOW_REFERENCE,
    FLOW_VERSION,
    SECRET,
    TEAM,
    TOPIC,
    WORKSPACE,
)

USED_ID = bindparam("uses_id", type_=Text)
_THINGS = union_all(
    *(select(table.c.id, table.c.workspace_id) for table in (TOPIC, CREDENTIAL, SECRET, AGENT))
).subquery()
PLACE_OF_USED = select(_THINGS.c.workspace_id + _THINGS.c.id).where(_THINGS.c.id == USED_ID).scalar_subquery()
"""`flow_reference.place` of what the parameter names; null if nothing has that id.

The planner can't see the value. If it knew that most flows match, it would scan the table.
"""


def place_of_use(workspace_id: str, used_id: str) -> str:
    """The value of `flow_reference.place` for a reference in a workspace."""
    return workspace_id + used_id


MOST_FLOWS_NAMED = 100


def _has_its_name(named: FromClause) -> ColumnElement[bool]:
    """Whether a row names the component, which is joined with its team."""
    return and_(named.c.team == TEAM.c.name, named.c.name == COMPONENT.c.name)


def _first(column: ColumnElement[str]) -> ColumnElement[list[str]]:
    """The values of a column for the first flows, running ones first (W5, W7)."""
    runs = FLOW.c.status != FlowStatus.ACTIVE.value
    return func.array_agg(aggregate_order_by(column, runs, FLOW.c.id))[1:MOST_FLOWS_NAMED]


_COUNTED = (func.count().label("number"), _first(FLOW.c.id).label("flows"), _first(FLOW.c.name).label("names"))
_USES = (
    select(FLOW_REFERENCE.c.reference_id.label("used"), *_COUNTED)
    .join_from(FLOW_REFERENCE, FLOW, FLOW.c.id == FLOW_REFERENCE.c.flow_id)
    .where(is_one_of(FLOW_REFERENCE.c.place, "places"))
    .group_by(FLOW_REFERENCE.c.reference_id)
)
IS_ACTIVE_DRAFT = and_(FLOW_DRAFT.c.flow_id == FLOW.c.id, FLOW_DRAFT.c.set_aside_at.is_(None))


def names_component(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a flow's published version or draft names a component that meets conditions on `FLOW_CONTENT_COMPONENT`."""
    held = union_all(
        select(FLOW_VERSION.c.content_hash).where(FLOW_VERSION.c.id == FLOW.c.published_version_id).correlate(FLOW),
        select(FLOW_DRAFT.c.content_hash).where(IS_ACTIVE_DRAFT).correlate(FLOW),
    ).subquery("held")
    named = held.join(FLOW_CONTENT_COMPONENT, FLOW_CONTENT_COMPONENT.c.hash == held.c.content_hash)
    return exists(select(literal(1)).select_from(named).where(*conditions))


_USES_OF_COMPONENTS = (
    select(COMPONENT.c.id.label("used"), *_COUNTED)
    .select_from(
        COMPONENT.join(TEAM, TEAM.c.id == COMPONENT.c.team_id)
        .join(FLOW_COMPONENT, _has_its_name(FLOW_COMPONENT))
        .join(FLOW, FLOW.c.id == FLOW_COMPONENT.c.flow_id)
        .join(WORKSPACE, WORKSPACE.c.id == FLOW.c.workspace_id)
        .join(CONTRACT, CONTRACT.c.id == WORKSPACE.c.contract_id)
    )
    .where(is_one_of(COMPONENT.c.id, "components"))
    .where(is_meant(CONTRACT.c.tenant_id), names_component(_has_its_name(FLOW_CONTENT_COMPONENT)))
    .group_by(COMPONENT.c.id)
)


async def flows_using(
    connection: ReadConnection, workspaces: Mapping[str, str], components: Sequence[str] = ()
) -> dict[str, FlowUses]:
    """Read the flows that use each reference and component; `workspaces` maps references to their workspaces."""
    places = [place_of_use(workspace_id, used_id) for used_id, workspace_id in workspaces.items()]
    rows = await connection.rows(_USES, {"places": places})
    if components:
        rows += await connection.rows(_USES_OF_COMPONENTS, {"components": components})
    return {row.used: FlowUses(row.number, tuple(row.flows), tuple(row.names)) for row in rows}
