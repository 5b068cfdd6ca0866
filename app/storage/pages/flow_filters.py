"""The filters and orders of the flows of a workspace, and filters on what uses or belongs to one component."""

from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
)

from app.domain.drift import DriftStatus
from app.domain.model import FlowStatus, FlowType
from app.storage.facts.drifts import ENDS
from app.storage.facts.mirrored_rules import drift_of, is_meant, is_visible_component
from app.storage.ids import Kind, is_id, kind_of
from app.storage.pages.paging import Narrowed, Order
from app.storage.pages.uses import IS_ACTIVE_DRAFT, PLACE_OF_USED, USED_ID, names_component
from app.storage.tables import (
    COMPONENT,
    CONTRACT,
    FLOW,
    FLOW_COMPONENT,
    FLOW_CONTENT_COMPONENT,
    FLOW_EXPORT,
    FLOW_REFERENCE,
    TEAM,
    WORKSPACE,
)


class FlowFilter(NamedTuple):
    status: FlowStatus | None = None
    type: FlowType | None = None
    has_draft: bool | None = None
    created_by: str | None = None
    component_id: str | None = None
    is_published: bool | None = None
    updated_since: datetime | None = None
    uses_id: str | None = None
    drift: DriftStatus | None = None


ANY_FLOW = FlowFilter()

SINCE: BindParameter[datetime] = bindparam("updated_since", type_=FLOW.c.updated_at.type)
COMPONENT_ID = bindparam("component", type_=Text)
IS_PLACE = FLOW_REFERENCE.c.place == PLACE_OF_USED
IS_COMPONENT = COMPONENT.c.id == COMPONENT_ID
COMPONENTS = COMPONENT.join(TEAM, TEAM.c.id == COMPONENT.c.team_id)


def flows_matching(flow_filter: FlowFilter, *, by_update: bool = False) -> list[ColumnElement[bool]]:
    """The conditions of a filter; `filter_values` has the values of their parameters.

    The condition on the last change fits an index only if the list is sorted by it: otherwise the planner would use that
    index to sort many flows.
    """
    conditions: list[ColumnElement[bool]] = []
    if flow_filter.status is not None:
        conditions.append(FLOW.c.status == bindparam("status", type_=Text))
    if flow_filter.type is not None:
        conditions.append(FLOW.c.type == bindparam("type", type_=Text))
    if flow_filter.has_draft is not None:
        # The offset keeps it a question for each flow of the page; joined, all drafts there are might be read.
        has_draft = exists(select(literal(1)).where(IS_ACTIVE_DRAFT).offset(0))
        conditions.append(has_draft if flow_filter.has_draft else ~has_draft)
    if flow_filter.created_by is not None:
        conditions.append(FLOW.c.created_by == bindparam("created_by", type_=Text))
    if flow_filter.component_id is not None:
        conditions.append(USES_COMPONENT)
    if flow_filter.is_published is not None:
        no_version = FLOW.c.published_version_id.is_(None)
        conditions.append(~no_version if flow_filter.is_published else no_version)
    if flow_filter.updated_since is not None:
        conditions.append(
            FLOW.c.updated_at >= SINCE if by_update else func.greatest(FLOW.c.updated_at, SINCE) == FLOW.c.updated_at
        )
    if flow_filter.uses_id is not None:
        is_its = and_(FLOW_REFERENCE.c.flow_id == FLOW.c.id, FLOW_REFERENCE.c.reference_id == USED_ID)
        conditions.append(exists(select(literal(1)).where(is_its, IS_PLACE).offset(0)))
    if flow_filter.drift is not None:
        conditions.append(HAS_DRIFT)
    return conditions


def narrowed_by(flow_filter: FlowFilter) -> tuple[Narrowed, ...]:
    """The conditions of a filter that an index can answer if only few flows meet them.

    Conditions on status and type repeat the expressions of indexes, which no other condition does: otherwise the planner
    would use these indexes to sort many flows.
    """
    other, once = FLOW.alias("other").c, FLOW_COMPONENT.c
    narrowed: list[Narrowed] = []
    if flow_filter.uses_id is not None:
        narrowed.append(Narrowed(FLOW.c.id, FLOW_REFERENCE.c.flow_id, lambda _: IS_PLACE))
    if flow_filter.drift is not None:
        came_in = FLOW_EXPORT.c.destination_flow_id, lambda parent: FLOW_EXPORT.c.destination_workspace_id == parent
        narrowed.append(Narrowed(FLOW.c.id, *came_in))
    if flow_filter.component_id is not None:
        is_named = and_(once.team == _named(TEAM.c.name), once.name == _named(COMPONENT.c.name))
        narrowed.append(Narrowed(FLOW.c.id, once.flow_id, lambda parent: and_(once.workspace_id == parent, is_named)))
    if flow_filter.created_by is not None:
        is_creator = other.created_by == bindparam("created_by", type_=Text)
        narrowed.append(Narrowed(FLOW.c.id, other.id, lambda parent: and_(other.workspace_id == parent, is_creator)))
    if flow_filter.updated_since is not None:
        is_late = other.updated_at >= SINCE
        narrowed.append(Narrowed(FLOW.c.id, other.id, lambda parent: and_(other.workspace_id == parent, is_late)))
    if flow_filter.status is not None:
        narrowed.append(Narrowed(FLOW.c.id, other.id, partial(_has_value, other.workspace_id, other.status)))
    if flow_filter.type is not None:
        narrowed.append(Narrowed(FLOW.c.id, other.id, partial(_has_value, other.workspace_id, other.type)))
    if flow_filter.is_published is not None:
        # As PostgreSQL writes a boolean.
        has_none, is_none = (
            cast(other.published_version_id.is_(None), Text),
            literal_column("'false'" if flow_filter.is_published else "'true'", Text),
        )
        narrowed.append(Narrowed(FLOW.c.id, other.id, lambda parent: other.workspace_id + has_none == parent + is_none))
    return tuple(narrowed)


def _has_value(
    workspace_id: ColumnElement[str], column: Column[str], parent: ColumnElement[str]
) -> ColumnElement[bool]:
    return workspace_id + column == parent + bindparam(column.name, type_=Text)


def filter_values(flow_filter: FlowFilter) -> dict[str, str | datetime]:
    """Values for the parameters of a filter's conditions."""
    values = {
        "status": flow_filter.status and flow_filter.status.value,
        "type": flow_filter.type and flow_filter.type.value,
        "created_by": None if flow_filter.created_by is None else id_or_none(Kind.USER, flow_filter.created_by),
        SINCE.key: flow_filter.updated_since,
        "drift": flow_filter.drift and flow_filter.drift.value,
        USED_ID.key: flow_filter.uses_id and (flow_filter.uses_id if kind_of(flow_filter.uses_id) else ""),
    }
    return {name: value for name, value in values.items() if value is not None}


def _uses_component() -> ColumnElement[bool]:
    """Flows whose published version or draft has a command that means this component in the flow's tenant (C0).

    The flows are walked in the order of their list; each is looked up by the hashes of what it holds.
    """
    home = CONTRACT.join(WORKSPACE, WORKSPACE.c.contract_id == CONTRACT.c.id)
    of_flow = select(CONTRACT.c.tenant_id).select_from(home).where(WORKSPACE.c.id == FLOW.c.workspace_id)
    tenant = of_flow.correlate(FLOW).scalar_subquery()
    return names_component(
        FLOW_CONTENT_COMPONENT.c.name == _named(COMPONENT.c.name),
        FLOW_CONTENT_COMPONENT.c.team == _named(TEAM.c.name),
        exists(select(literal(1)).select_from(COMPONENTS).where(IS_COMPONENT, is_meant(tenant))),
    )


def _named(part: ColumnElement[str]) -> ColumnElement[str]:
    """A part of the name of the component that is asked for, if the viewer can see it."""
    return select(part).select_from(COMPONENTS).where(IS_COMPONENT, is_visible_component()).scalar_subquery()


def naming_component(component_id: str | None) -> dict[str, str]:
    """Value for the parameter `component`."""
    return {} if component_id is None else {COMPONENT_ID.key: id_or_none(Kind.COMPONENT, component_id)}


def id_or_none(kind: Kind, text: str) -> str:
    """The text if it can be an id of the kind, else an empty one, which no row has as its id."""
    return text if is_id(kind, text) else ""


USES_COMPONENT = _uses_component()
SEES_COMPONENT = exists(select(literal(1)).select_from(COMPONENTS).where(IS_COMPONENT, is_visible_component()))
HAS_DRIFT = exists(
    select(literal(1))
    .select_from(ENDS)
    .where(drift_of(ENDS.c.source_hash, ENDS.c.shown_hash, ENDS.c.base_hash) == bindparam("drift", type_=Text))
    .offset(0)
)
"""Built once, since building them takes most of the time of a statement."""


class FlowOrder(StrEnum):
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT_ASC = "UPDATED_AT_ASC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


FLOW_ORDERS = {
    FlowOrder.NAME_ASC: Order((FLOW.c.name_key, FLOW.c.id)),
    FlowOrder.NAME_DESC: Order((FLOW.c.name_key, FLOW.c.id), descending=True),
    FlowOrder.CREATED_AT_ASC: Order((FLOW.c.created_at, FLOW.c.id)),
    FlowOrder.CREATED_AT_DESC: Order((FLOW.c.created_at, FLOW.c.id), descending=True),
    FlowOrder.UPDATED_AT_ASC: Order((FLOW.c.updated_at, FLOW.c.id)),
    FlowOrder.UPDATED_AT_DESC: Order((FLOW.c.updated_at, FLOW.c.id), descending=True),
}
