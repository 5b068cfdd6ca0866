"""The filters and orders of the flows of a workspace, and the flows that use something in published version or draft (U1).

Triggers of the database write references to `flow_reference`. A reference is usable in its own workspace only, so a flow
of another workspace that names it doesn't use it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.domain.drift import DriftStatus
from app.domain.model import FlowStatus, FlowType, Kind, is_id, kind_of
from app.domain.world.things import FlowUses
from app.storage.connections.connection import ReadConnection, is_one_of
from app.storage.facts.mirrored_rules import DRIFT, ENDS, is_meant, is_visible_component
from app.storage.pages.paging import Narrowed, Order, Where, address_of
from app.storage.tables import (
    AGENT,
    COMPONENT,
    CONTRACT,
    CREDENTIAL,
    FLOW,
    FLOW_COMPONENT,
    FLOW_CONTENT_COMPONENT,
    FLOW_DRAFT,
    FLOW_EXPORT,
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
    contents = union_all(
        select(FLOW_VERSION.c.content_hash).where(FLOW_VERSION.c.id == FLOW.c.published_version_id).correlate(FLOW),
        select(FLOW_DRAFT.c.content_hash).where(IS_ACTIVE_DRAFT).correlate(FLOW),
    ).subquery("held")
    named = contents.join(FLOW_CONTENT_COMPONENT, FLOW_CONTENT_COMPONENT.c.hash == contents.c.content_hash)
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
ANY: Any = "any"
"""Stands for every value of a parameter."""

COMPONENT_ID = bindparam("component_id", type_=Text)
_IS_COMPONENT = COMPONENT.c.id == COMPONENT_ID
_COMPONENTS = COMPONENT.join(TEAM, TEAM.c.id == COMPONENT.c.team_id)
SEES_COMPONENT = exists(select(literal(1)).select_from(_COMPONENTS).where(_IS_COMPONENT, is_visible_component()))


def _named(part: ColumnElement[str]) -> ColumnElement[str]:
    """A part of the name of the component that is asked for, if the viewer can see it."""
    return select(part).select_from(_COMPONENTS).where(_IS_COMPONENT, is_visible_component()).scalar_subquery()


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
        exists(select(literal(1)).select_from(_COMPONENTS).where(_IS_COMPONENT, is_meant(tenant))),
    )


class Filter(NamedTuple):
    """How one field of `FlowFilter` limits flows."""

    condition: ColumnElement[bool]
    narrowed: Narrowed | None = None
    """The flows that meet the condition, where an index has them."""


_OTHER, _ADDRESS = FLOW.alias("other").c, address_of("other")
_ONCE, _USE = FLOW_COMPONENT.c, FLOW_REFERENCE.c


def _flows_of(ids: ColumnElement[str], where: Where, *order: ColumnElement[Any]) -> Narrowed:
    """Flows by their ids, whose addresses are looked up one by one: for a join, the planner might read all flows."""
    return Narrowed(ids, where, order, lambda id_: select(_ADDRESS).where(_OTHER.id == id_).scalar_subquery())


def _flows_with(value: ColumnElement[str], wish: ColumnElement[str]) -> Narrowed:
    """The flows with a value, by the expression of an index, which no other condition repeats.

    Otherwise the planner would use the index to sort many flows.
    """
    # A range, since the order by a column that equals a value doesn't bind the planner to an index.
    key = _OTHER.workspace_id + value
    return Narrowed(_ADDRESS, lambda workspace: key.between(workspace + wish, workspace + wish), (key,))


# Conditions are built once: building them takes most of the time of a statement.
_CREATOR, _STATUS, _TYPE, _DRIFT = (bindparam(name, type_=Text) for name in ("created_by", "status", "type", "drift"))
_SINCE = bindparam("updated_since", type_=FLOW.c.updated_at.type)
_IS_PLACE = _USE.place == PLACE_OF_USED
_IS_USE = and_(_USE.flow_id == FLOW.c.id, _USE.reference_id == USED_ID, _IS_PLACE)
_HAS_DRIFT = DRIFT == _DRIFT
_NAMED_ONCE = and_(_ONCE.team == _named(TEAM.c.name), _ONCE.name == _named(COMPONENT.c.name))
# The offset keeps it a question for each flow of the page; joined, all drafts there are might be read.
_HAS_DRAFT = exists(select(literal(1)).where(IS_ACTIVE_DRAFT).offset(0))
_HAS_NO_VERSION = FLOW.c.published_version_id.is_(None)
_NO_VERSION_AS_TEXT = cast(_OTHER.published_version_id.is_(None), Text)
_FILTERS: dict[tuple[str, object], Filter] = {
    ("uses_id", ANY): Filter(
        exists(select(literal(1)).where(_IS_USE).offset(0)),
        _flows_of(_USE.flow_id, lambda _: _IS_PLACE, _USE.name_key, _USE.flow_id),
    ),
    ("drift", ANY): Filter(
        exists(select(literal(1)).select_from(ENDS).where(_HAS_DRIFT).offset(0)),
        _flows_of(
            FLOW_EXPORT.c.destination_flow_id,
            lambda workspace: FLOW_EXPORT.c.destination_workspace_id == workspace,
            FLOW_EXPORT.c.created_at,
        ),
    ),
    ("component_id", ANY): Filter(
        _uses_component(),
        _flows_of(_ONCE.flow_id, lambda workspace: and_(_ONCE.workspace_id == workspace, _NAMED_ONCE), _ONCE.flow_id),
    ),
    ("created_by", ANY): Filter(
        FLOW.c.created_by == _CREATOR,
        Narrowed(
            _ADDRESS,
            lambda workspace: and_(_OTHER.created_by.between(_CREATOR, _CREATOR), _OTHER.workspace_id == workspace),
            (_OTHER.created_by,),
        ),
    ),
    ("updated_since", ANY): Filter(
        func.greatest(FLOW.c.updated_at, _SINCE) == FLOW.c.updated_at,
        Narrowed(
            _ADDRESS,
            lambda workspace: and_(_OTHER.workspace_id == workspace, _OTHER.updated_at >= _SINCE),
            (_OTHER.updated_at,),
        ),
    ),
    ("status", ANY): Filter(FLOW.c.status == _STATUS, _flows_with(_OTHER.status, _STATUS)),
    ("type", ANY): Filter(FLOW.c.type == _TYPE, _flows_with(_OTHER.type, _TYPE)),
    # As PostgreSQL writes a boolean.
    ("is_published", True): Filter(~_HAS_NO_VERSION, _flows_with(_NO_VERSION_AS_TEXT, literal_column("'false'", Text))),
    ("is_published", False): Filter(_HAS_NO_VERSION, _flows_with(_NO_VERSION_AS_TEXT, literal_column("'true'", Text))),
    ("has_draft", True): Filter(_HAS_DRAFT),
    ("has_draft", False): Filter(~_HAS_DRAFT),
}
"""By the field and its value, or ANY where that is a parameter; those that the fewest flows meet come first."""
_SINCE_IN_ORDER = _FILTERS["updated_since", ANY]._replace(condition=FLOW.c.updated_at >= _SINCE)


def filters_of(shape: FlowFilter, *, by_update: bool) -> list[Filter]:
    """The filters of a `shape_of` a filter; `filter_values` has the values of their parameters.

    The condition on the last change fits an index only if the list is sorted by it: otherwise the planner would use that
    index to sort many flows.
    """
    filters = _FILTERS | ({("updated_since", ANY): _SINCE_IN_ORDER} if by_update else {})
    return [each for (field, value), each in filters.items() if getattr(shape, field) == value]


def shape_of(flow_filter: FlowFilter) -> FlowFilter:
    """The filter with ANY in place of the values of parameters."""
    return FlowFilter._make(value if value in {None, True, False} else ANY for value in flow_filter)


def filter_values(flow_filter: FlowFilter) -> dict[str, Any]:
    """Values for the parameters of filters."""
    return {
        **flow_filter._asdict(),
        "created_by": id_or_empty(Kind.USER, flow_filter.created_by),
        "component_id": id_or_empty(Kind.COMPONENT, flow_filter.component_id),
        "uses_id": flow_filter.uses_id if kind_of(flow_filter.uses_id or "") else "",
    }


def id_or_empty(kind: Kind, text: str | None) -> str:
    """The text if it can be an id of the kind, else an empty one, which no row has as its id."""
    return text if text is not None and is_id(kind, text) else ""


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
