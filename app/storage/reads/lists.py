"""The lists of resources: a caller's workspaces, what lives in a workspace, and a flow's history."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, and_, bindparam, exists, literal, select, union_all

from app.domain.model import FlowStatus, FlowType
from app.storage.ids import Kind, is_id
from app.storage.mirrored_rules import is_meant, is_visible_component
from app.storage.paging import ListBelow, Order, matching, searching
from app.storage.reads.joins import JOINS
from app.storage.reads.rows import (
    AgentView,
    CredentialView,
    DraftView,
    FlowView,
    SecretView,
    TopicView,
    VersionView,
    View,
    WorkspaceView,
    columns,
    maker,
)
from app.storage.related import Related
from app.storage.tables import (
    AGENT,
    COMPONENT,
    CONTRACT,
    CREDENTIAL,
    FLOW,
    FLOW_CONTENT_COMPONENT,
    FLOW_DRAFT,
    FLOW_VERSION,
    SECRET,
    TEAM,
    TOPIC,
    WORKSPACE,
    WORKSPACE_ACCESS,
)
from app.storage.visibility import WORKSPACE_COLUMNS, WORKSPACES_SEEN, is_member


class FlowOrder(StrEnum):
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@dataclass(frozen=True, slots=True)
class FlowFilter:
    status: FlowStatus | None = None
    type: FlowType | None = None
    has_draft: bool | None = None
    author_id: str | None = None
    component_id: str | None = None


ANY_FLOW = FlowFilter()

COMPONENT_ID = bindparam("component", type_=Text)
IS_COMPONENT = COMPONENT.c.id == COMPONENT_ID
COMPONENTS = COMPONENT.join(TEAM, TEAM.c.id == COMPONENT.c.team_id)

FLOW_ORDERS = {
    FlowOrder.NAME_ASC: Order((FLOW.c.name_key, FLOW.c.id)),
    FlowOrder.NAME_DESC: Order((FLOW.c.name_key, FLOW.c.id), descending=True),
    FlowOrder.CREATED_AT_DESC: Order((FLOW.c.created_at, FLOW.c.id), descending=True),
    FlowOrder.UPDATED_AT_DESC: Order((FLOW.c.updated_at, FLOW.c.id), descending=True),
}


def _of_workspace(table: Table, view: type[View]) -> ListBelow[View]:
    """What lives in a workspace, by name, for its members."""
    order = Order((table.c.name_key, table.c.id))
    return ListBelow(select(*columns(table, view)), table.c.workspace_id, order, maker(view), only=is_member)


TOPICS = _of_workspace(TOPIC, TopicView)
CREDENTIALS = _of_workspace(CREDENTIAL, CredentialView)
SECRETS = _of_workspace(SECRET, SecretView)
AGENTS = _of_workspace(AGENT, AgentView)
FLOWS_OF_WORKSPACE = _of_workspace(FLOW, FlowView)


def _is_member_of(flow_id: ColumnElement[str]) -> ColumnElement[bool]:
    flow = FLOW.alias()
    return exists(select(literal(1)).where(flow.c.id == flow_id, is_member(flow.c.workspace_id)))


HISTORY = ListBelow(
    select(*columns(FLOW_VERSION, VersionView)),
    FLOW_VERSION.c.flow_id,
    Order((FLOW_VERSION.c.number,), descending=True),
    maker(VersionView),
    only=_is_member_of,
)
"""The versions of a flow, newest first (H7): no graph is read."""

SET_ASIDE = ListBelow(
    select(*columns(FLOW_DRAFT, DraftView)).where(FLOW_DRAFT.c.set_aside_at.is_not(None)),
    FLOW_DRAFT.c.flow_id,
    Order((FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id), descending=True),
    maker(DraftView),
    only=_is_member_of,
)
"""The drafts of a flow that were set aside, the latest first (H8)."""

WORKSPACES = ListBelow(
    select(*WORKSPACE_COLUMNS).select_from(WORKSPACES_SEEN),
    WORKSPACE_ACCESS.c.user_id,
    Order((WORKSPACE_ACCESS.c.name_key, WORKSPACE_ACCESS.c.workspace_id)),
    maker(WorkspaceView),
)
"""The workspaces that a user can see."""


def of_contract(contract_id: str | None) -> tuple[ColumnElement[bool], ...]:
    """Only the workspaces of one contract, if one is named."""
    return () if contract_id is None else (WORKSPACE_ACCESS.c.contract_id == bindparam("contract", type_=Text),)


def naming_contract(contract_id: str | None) -> dict[str, str]:
    """What the parameter of `of_contract` stands for."""
    return {} if contract_id is None else {"contract": _id_or_none(Kind.CONTRACT, contract_id)}


def _flows_matching(wanted: FlowFilter) -> list[ColumnElement[bool]]:
    """The conditions that a filter puts on flows; `_values_of` says what their parameters stand for."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(FLOW.c.status == bindparam("status", type_=Text))
    if wanted.type is not None:
        conditions.append(FLOW.c.type == bindparam("type", type_=Text))
    if wanted.has_draft is not None:
        # The offset keeps it a question for each flow of the page; joined, all drafts there are might be read.
        has_draft = exists(select(literal(1)).where(_is_active_draft_of_flow()).offset(0))
        conditions.append(has_draft if wanted.has_draft else ~has_draft)
    if wanted.author_id is not None:
        conditions.append(FLOW.c.created_by == bindparam("author", type_=Text))
    if wanted.component_id is not None:
        conditions.append(USES_COMPONENT)
    return conditions


def _values_of(wanted: FlowFilter) -> dict[str, str]:
    given = {
        "status": wanted.status,
        "type": wanted.type,
        "author": None if wanted.author_id is None else _id_or_none(Kind.USER, wanted.author_id),
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def _is_active_draft_of_flow() -> ColumnElement[bool]:
    return and_(FLOW_DRAFT.c.flow_id == FLOW.c.id, FLOW_DRAFT.c.set_aside_at.is_(None))


def _uses_component() -> ColumnElement[bool]:
    """Flows whose published version or draft has a command that means this component in the flow's tenant (C0).

    The flows are walked in the order of their list; each is looked up by the hashes of what it holds.
    """
    name = select(COMPONENT.c.name).select_from(COMPONENTS).where(IS_COMPONENT, is_visible_component())
    home = CONTRACT.join(WORKSPACE, WORKSPACE.c.contract_id == CONTRACT.c.id)
    of_flow = select(CONTRACT.c.tenant_id).select_from(home).where(WORKSPACE.c.id == FLOW.c.workspace_id)
    tenant = of_flow.correlate(FLOW).scalar_subquery()
    held = union_all(
        select(FLOW_VERSION.c.content_hash).where(FLOW_VERSION.c.id == FLOW.c.published_version_id).correlate(FLOW),
        select(FLOW_DRAFT.c.content_hash).where(_is_active_draft_of_flow()).correlate(FLOW),
    ).subquery("held")
    return exists(
        select(literal(1))
        .select_from(held.join(FLOW_CONTENT_COMPONENT, FLOW_CONTENT_COMPONENT.c.hash == held.c.content_hash))
        .where(
            FLOW_CONTENT_COMPONENT.c.name == name.scalar_subquery(),
            FLOW_CONTENT_COMPONENT.c.team == name.with_only_columns(TEAM.c.name).scalar_subquery(),
            exists(select(literal(1)).select_from(COMPONENTS).where(IS_COMPONENT, is_meant(tenant))),
        )
    )


def _naming_component(component_id: str | None) -> dict[str, str]:
    """What the parameter `component` stands for."""
    return {} if component_id is None else {COMPONENT_ID.key: _id_or_none(Kind.COMPONENT, component_id)}


def _of_component(listed: ListBelow[View], table: Table, component_id: str | None) -> ListBelow[View]:
    """Of credentials or secrets those of one component, if one is named; of one that the viewer can't see, none."""
    return listed if component_id is None else listed.where(table.c.component_id == COMPONENT_ID, SEES_COMPONENT)


USES_COMPONENT = _uses_component()
SEES_COMPONENT = exists(select(literal(1)).select_from(COMPONENTS).where(IS_COMPONENT, is_visible_component()))
"""Both are made once: they take most of the time of a statement that holds them."""


def _id_or_none(kind: Kind, wanted: str) -> str:
    """An id that can be asked for; one that can't is replaced by one that nothing has."""
    return wanted if is_id(kind, wanted) else ""


class ListName(StrEnum):
    """The lists that belong to something: those of a user, of a workspace, of a flow."""

    WORKSPACES = "workspaces"
    FLOWS = "flows"
    TOPICS = "topics"
    CREDENTIALS = "credentials"
    SECRETS = "secrets"
    AGENTS = "agents"
    HISTORY = "history"
    SET_ASIDE = "draftsSetAside"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list, and what of it is asked for; the same for every parent that asks at once."""

    name: ListName
    search: str | None = None
    flow_filter: FlowFilter = ANY_FLOW
    flow_order: FlowOrder = FlowOrder.NAME_ASC
    component_id: str | None = None
    contract_id: str | None = None
    related: tuple[Related, ...] = ()
    """What is read with its elements."""

    def listing(self) -> ListBelow[Any]:
        """The list, with what its parameters stand for."""
        values = {
            **searching(self.search),
            **naming_contract(self.contract_id),
            **_values_of(self.flow_filter),
            **_naming_component(self.flow_filter.component_id if self.component_id is None else self.component_id),
        }
        return replace(listing_like(self._shape), values=values)

    @property
    def _shape(self) -> "Wanted":
        """The same for all that differ only in what parameters stand for."""
        asked = self.flow_filter
        return Wanted(
            self.name,
            self.search and ANY,
            FlowFilter(
                asked.status and FlowStatus.ACTIVE,
                asked.type and FlowType.ORDINARY,
                asked.has_draft,
                asked.author_id and ANY,
                asked.component_id and ANY,
            ),
            self.flow_order,
            None if self.component_id is None else ANY,
            None if self.contract_id is None else ANY,
            self.related,
        )


MOST_KEPT_LISTS = 64
"""Most callers ask for a handful; the statements of one take half a megabyte."""
ANY = "any"
"""Whatever is given for a parameter."""


@lru_cache(MOST_KEPT_LISTS)
def listing_like(wanted: Wanted) -> ListBelow[Any]:
    """The list that is wanted, whatever its parameters stand for: making its statements takes longer than answering them."""
    return _listing(wanted).joining({related: JOINS[related] for related in wanted.related})


def _listing(wanted: Wanted) -> ListBelow[Any]:
    match wanted.name:
        case ListName.WORKSPACES:
            named = matching(WORKSPACE_ACCESS.c.name_key, wanted.search)
            return WORKSPACES.where(*named, *of_contract(wanted.contract_id))
        case ListName.FLOWS:
            conditions = (*matching(FLOW.c.name_key, wanted.search), *_flows_matching(wanted.flow_filter))
            return replace(FLOWS_OF_WORKSPACE.where(*conditions), order=FLOW_ORDERS[wanted.flow_order])
        case ListName.TOPICS:
            return TOPICS.where(*matching(TOPIC.c.name_key, wanted.search))
        case ListName.CREDENTIALS:
            named = matching(CREDENTIAL.c.name_key, wanted.search)
            return _of_component(CREDENTIALS.where(*named), CREDENTIAL, wanted.component_id)
        case ListName.SECRETS:
            named = matching(SECRET.c.name_key, wanted.search)
            return _of_component(SECRETS.where(*named), SECRET, wanted.component_id)
        case ListName.AGENTS:
            return AGENTS.where(*matching(AGENT.c.name_key, wanted.search))
        case ListName.HISTORY:
            return HISTORY
        case ListName.SET_ASIDE:
            return SET_ASIDE
