"""The filters and orders of the flows of a workspace, and filters on what uses or belongs to one component."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, exists, func, literal, literal_column, select

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
    """The ids of flows that meet the condition, where an index has them."""


_OTHER, _ONCE = FLOW.alias("other").c, FLOW_COMPONENT.c


def _flows_where(condition: Callable[[ColumnElement[str]], ColumnElement[bool]]) -> Narrowed:
    """The ids of the flows that meet a condition on a workspace."""
    return Narrowed(_OTHER.id, condition)


def _flows_with(value: ColumnElement[str], wish: ColumnElement[str]) -> Narrowed:
    """The ids of the flows with a value, by the expression of an index, which no other condition repeats.

    Otherwise the planner would use the index to sort many flows.
    """
    return _flows_where(lambda workspace: _OTHER.workspace_id + value == workspace + wish)


# Conditions are built once: building them takes most of the time of a statement.
_CREATOR, _STATUS, _TYPE, _DRIFT = (bindparam(name, type_=Text) for name in ("created_by", "status", "type", "drift"))
_SINCE = bindparam("updated_since", type_=FLOW.c.updated_at.type)
_IS_PLACE = FLOW_REFERENCE.c.place == PLACE_OF_USED
_IS_USE = and_(FLOW_REFERENCE.c.flow_id == FLOW.c.id, FLOW_REFERENCE.c.reference_id == USED_ID, _IS_PLACE)
_HAS_DRIFT = drift_of(ENDS.c.source_hash, ENDS.c.shown_hash, ENDS.c.base_hash) == _DRIFT
_NAMED_ONCE = and_(_ONCE.team == _named(TEAM.c.name), _ONCE.name == _named(COMPONENT.c.name))
# The offset keeps it a question for each flow of the page; joined, all drafts there are might be read.
_HAS_DRAFT = exists(select(literal(1)).where(IS_ACTIVE_DRAFT).offset(0))
_HAS_NO_VERSION = FLOW.c.published_version_id.is_(None)
_NO_VERSION_AS_TEXT = cast(_OTHER.published_version_id.is_(None), Text)
_FILTERS: dict[tuple[str, object], Filter] = {
    ("uses_id", ANY): Filter(
        exists(select(literal(1)).where(_IS_USE).offset(0)),
        Narrowed(FLOW_REFERENCE.c.flow_id, lambda _: _IS_PLACE),
    ),
    ("drift", ANY): Filter(
        exists(select(literal(1)).select_from(ENDS).where(_HAS_DRIFT).offset(0)),
        Narrowed(
            FLOW_EXPORT.c.destination_flow_id,
            lambda workspace: FLOW_EXPORT.c.destination_workspace_id == workspace,
        ),
    ),
    ("component_id", ANY): Filter(
        _uses_component(),
        Narrowed(_ONCE.flow_id, lambda workspace: and_(_ONCE.workspace_id == workspace, _NAMED_ONCE)),
    ),
    ("created_by", ANY): Filter(
        FLOW.c.created_by == _CREATOR,
        _flows_where(lambda workspace: and_(_OTHER.workspace_id == workspace, _OTHER.created_by == _CREATOR)),
    ),
    ("updated_since", ANY): Filter(
        func.greatest(FLOW.c.updated_at, _SINCE) == FLOW.c.updated_at,
        _flows_where(lambda workspace: and_(_OTHER.workspace_id == workspace, _OTHER.updated_at >= _SINCE)),
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
        "created_by": id_or_none(Kind.USER, flow_filter.created_by),
        "component_id": id_or_none(Kind.COMPONENT, flow_filter.component_id),
        "uses_id": flow_filter.uses_id if kind_of(flow_filter.uses_id or "") else "",
    }


def id_or_none(kind: Kind, text: str | None) -> str:
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
