"""Events, which the statement writes that makes the change (E1)."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, FromClause, func, select

from app.domain.model import EventType, Kind
from app.storage.connections.row_changes import BY, NOW, Part, Parts, delete_rows, insert_rows
from app.storage.ids import new_id
from app.storage.tables import CONTRACT, FLOW, PENDING_EVENT, WORKSPACE


class FlowEvent(NamedTuple):
    """A change of a flow; name and workspace may be left out for a flow that has them before the change."""

    type: EventType
    flow_id: str
    flow_name: str | None = None
    workspace_id: str | None = None
    other_workspace_id: str | None = None
    """The workspace that the flow was copied or exported from."""
    version_id: str | None = None
    export_id: str | None = None
    without_review: bool = False
    """Whether somebody published in a reviewed workspace alone, or deleted a published flow there (R3)."""


def _before(event: FromClause, column: Column[str]) -> ColumnElement[Any]:
    """A column of the flow as it is before the change, or of its contract."""
    homes = FLOW.join(WORKSPACE).join(CONTRACT) if column.table is CONTRACT else FLOW
    return select(column).select_from(homes).where(FLOW.c.id == event.c.flow_id).scalar_subquery()


def _tenant(workspace: ColumnElement[Any]) -> ColumnElement[Any]:
    of_workspace = select(CONTRACT.c.tenant_id).select_from(WORKSPACE.join(CONTRACT)).where(WORKSPACE.c.id == workspace)
    return of_workspace.scalar_subquery()


_ACTOR = func.nullif(BY, "")
_FLOW_EVENTS = insert_rows(
    PENDING_EVENT,
    ("id", *FlowEvent._fields),
    at=NOW,
    actor_id=_ACTOR,
    flow_name=lambda event: func.coalesce(event.c.flow_name, _before(event, FLOW.c.name)),
    workspace_id=lambda event: func.coalesce(event.c.workspace_id, _before(event, FLOW.c.workspace_id)),
    tenant_id=lambda event: func.coalesce(_tenant(event.c.workspace_id), _before(event, CONTRACT.c.tenant_id)),
    # An event is in each feed once.
    other_workspace_id=lambda event: func.nullif(event.c.other_workspace_id, event.c.workspace_id),
    other_tenant_id=lambda event: func.nullif(_tenant(event.c.other_workspace_id), _tenant(event.c.workspace_id)),
)
_RELEASE_EVENTS = insert_rows(
    PENDING_EVENT,
    ("id", "type", "workspace_id", "request_id"),
    at=NOW,
    actor_id=_ACTOR,
    tenant_id=lambda event: _tenant(event.c.workspace_id),
)
_WORLD_EVENTS = insert_rows(PENDING_EVENT, ("id", "type", "tenant_id"), at=NOW, actor_id=_ACTOR)
_REMOVED_FLOWS = delete_rows(FLOW)


def flow_events(events: Iterable[FlowEvent]) -> Part:
    """The events of changed flows, for the statement that changes them (E1)."""
    return _FLOW_EVENTS, [(new_id(Kind.EVENT), *event) for event in events]


def removed_flows(flow_ids: Sequence[str], *, after: Sequence[FlowEvent] = (), without_review: bool = False) -> Parts:
    """Flows that are deleted, with their events, which come after others of the same statement."""
    events = [FlowEvent(EventType.FLOW_DELETED, flow_id, without_review=without_review) for flow_id in flow_ids]
    return flow_events([*after, *events]), (_REMOVED_FLOWS, [(flow_id,) for flow_id in flow_ids])


def release_event(type_: EventType, workspace_id: str, request_id: str) -> Part:
    """The event of a release that was requested, decided about or undone."""
    return _RELEASE_EVENTS, [(new_id(Kind.EVENT), type_, workspace_id, request_id)]


def world_events(tenants: Iterable[str]) -> Part:
    """The events of a document, one for each tenant in which it changed something (E7)."""
    return _WORLD_EVENTS, [(new_id(Kind.EVENT), EventType.WORLD_APPLIED, tenant) for tenant in tenants]
