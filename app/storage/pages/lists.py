"""The lists of resources: a caller's workspaces, what lives in a workspace, and a flow's history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, Text, bindparam, func, select

from app.domain.drift import DriftStatus
from app.domain.model import FlowStatus, FlowType
from app.domain.release import ReleaseState
from app.execution.rows import ALL_COLUMNS, PageColumns
from app.storage.connections.connection import views_of
from app.storage.facts.visibility import BY_VIEWER, WORKSPACE_COLUMNS, WORKSPACES_SEEN, is_member, sees_flow
from app.storage.ids import Kind
from app.storage.pages.export_lists import COPIES, EXPORTS_INTO, into_workspace, naming_destination
from app.storage.pages.flow_filters import (
    ANY_FLOW,
    COMPONENT_ID,
    FLOW_ORDERS,
    SEES_COMPONENT,
    FlowFilter,
    FlowOrder,
    filter_values,
    flows_matching,
    id_or_none,
    naming_component,
    narrowed_by,
)
from app.storage.pages.joins import JOINS
from app.storage.pages.members import HOLDING, members_named
from app.storage.pages.paging import ListBelow, Order, matching, searching
from app.storage.pages.related import reading_only
from app.storage.pages.release_lists import ITEMS_OF_RELEASE, RELEASES_IN_STATE, RELEASES_OF_WORKSPACE, STATE
from app.storage.reads.rows import (
    AgentView,
    ContractView,
    CredentialView,
    DraftView,
    FlowView,
    SecretView,
    TopicView,
    VersionView,
    View,
    WorkspaceView,
    columns,
)
from app.storage.tables import (
    AGENT,
    CONTRACT,
    CONTRACT_ACCESS,
    CREDENTIAL,
    FLOW,
    FLOW_DRAFT,
    FLOW_REFERENCE,
    FLOW_VERSION,
    SECRET,
    TOPIC,
    WORKSPACE_ACCESS,
)


def _of_workspace(table: Table, view: type[View]) -> ListBelow[View]:
    """The list of a workspace's rows of one table, by name, for members of the workspace."""
    order = Order((table.c.name_key, table.c.id))
    return ListBelow(select(*columns(table, view)), table.c.workspace_id, order, views_of(view), only=is_member)


TOPICS = _of_workspace(TOPIC, TopicView)
CREDENTIALS = _of_workspace(CREDENTIAL, CredentialView)
SECRETS = _of_workspace(SECRET, SecretView)
AGENTS = _of_workspace(AGENT, AgentView)
FLOWS_OF_WORKSPACE = _of_workspace(FLOW, FlowView)

ID_OF_WORKSPACE = 36
"""Characters."""
FLOWS_USING = ListBelow(
    select(*columns(FLOW, FlowView)).join_from(FLOW_REFERENCE, FLOW, FLOW.c.id == FLOW_REFERENCE.c.flow_id),
    FLOW_REFERENCE.c.place,
    Order((FLOW_REFERENCE.c.name_key, FLOW_REFERENCE.c.flow_id)),
    views_of(FlowView),
    only=lambda place: is_member(func.left(place, ID_OF_WORKSPACE)),
)
"""The flows that use something, by name (U1); `place_of_use` says how that is named."""

HISTORY = ListBelow(
    select(*columns(FLOW_VERSION, VersionView)),
    FLOW_VERSION.c.flow_id,
    Order((FLOW_VERSION.c.number,), descending=True),
    views_of(VersionView),
    only=sees_flow,
)
"""The versions of a flow, newest first (H7): no graph is read."""

SET_ASIDE = ListBelow(
    select(*columns(FLOW_DRAFT, DraftView)).where(FLOW_DRAFT.c.set_aside_at.is_not(None)),
    FLOW_DRAFT.c.flow_id,
    Order((FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id), descending=True),
    views_of(DraftView),
    only=sees_flow,
)
"""The drafts of a flow that were set aside, the latest first (H8)."""

WORKSPACES = ListBelow(
    select(*WORKSPACE_COLUMNS).select_from(WORKSPACES_SEEN),
    WORKSPACE_ACCESS.c.user_id,
    Order((WORKSPACE_ACCESS.c.name_key, WORKSPACE_ACCESS.c.workspace_id)),
    views_of(WorkspaceView),
)
"""The workspaces that a user can see."""

WORKSPACES_OF_CONTRACT = replace(WORKSPACES, parent=WORKSPACE_ACCESS.c.contract_id, statements={}).where(BY_VIEWER)
"""Workspaces of a contract that the viewer can see."""

CONTRACTS = ListBelow(
    select(*columns(CONTRACT, ContractView)).join_from(
        CONTRACT_ACCESS, CONTRACT, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id
    ),
    CONTRACT_ACCESS.c.user_id,
    Order((CONTRACT_ACCESS.c.name_key, CONTRACT_ACCESS.c.contract_id)),
    views_of(ContractView),
)
"""The contracts that a user can see."""


def of_contract(contract_id: str | None) -> tuple[ColumnElement[bool], ...]:
    """Only the workspaces of one contract, if one is named."""
    return () if contract_id is None else (WORKSPACE_ACCESS.c.contract_id == bindparam("contract", type_=Text),)


def naming_contract(contract_id: str | None) -> dict[str, str]:
    """Value for the parameter of `of_contract`."""
    return {} if contract_id is None else {"contract": id_or_none(Kind.CONTRACT, contract_id)}


def _of_component(listed: ListBelow[View], component_id: str | None) -> ListBelow[View]:
    """Limit credentials or secrets to one component, if one is named; a component that the viewer can't see has none."""
    if component_id is None:
        return listed
    return listed.where(listed.rows.selected_columns["component_id"] == COMPONENT_ID, SEES_COMPONENT)


class ListName(StrEnum):
    """The lists of a user, a contract, a workspace or a flow."""

    WORKSPACES = "workspaces"
    WORKSPACES_OF_CONTRACT = "workspacesOfContract"
    CONTRACTS = "contracts"
    MEMBERS = "members"
    FLOWS = "flows"
    TOPICS = "topics"
    CREDENTIALS = "credentials"
    SECRETS = "secrets"
    AGENTS = "agents"
    FLOWS_USING = "flowsUsing"
    HISTORY = "history"
    SET_ASIDE = "draftsSetAside"
    COPIES = "copies"
    EXPORTS = "exports"
    RELEASES = "releaseRequests"
    RELEASE_ITEMS = "releaseItems"


class WantedList(NamedTuple):
    """A list with its search, filter and order; one request reads it for many parents."""

    name: ListName
    search: str | None = None
    flow_filter: FlowFilter = ANY_FLOW
    flow_order: FlowOrder = FlowOrder.NAME_ASC
    component_id: str | None = None
    contract_id: str | None = None
    columns: PageColumns = ALL_COLUMNS
    workspace_id: str | None = None
    holding: str | None = None
    release_state: ReleaseState | None = None

    def listing(self) -> ListBelow[Any]:
        """The list, whose parameters take `values`."""
        return listing_like(self._shape)

    def values(self, viewer: str) -> dict[str, Any]:
        return {
            "viewer": viewer,
            **searching(self.search),
            **naming_contract(self.contract_id),
            **naming_destination(self.workspace_id),
            **({} if self.holding is None else {HOLDING.key: self.holding}),
            **({} if self.release_state is None else {STATE.key: self.release_state.value}),
            **filter_values(self.flow_filter),
            **naming_component(self.flow_filter.component_id if self.component_id is None else self.component_id),
        }

    @property
    def _shape(self) -> "WantedList":
        """The key of the cached list, equal for requests that differ only in values of parameters."""
        flow_filter = self.flow_filter
        return WantedList(
            self.name,
            self.search and ANY,
            FlowFilter(
                flow_filter.status and FlowStatus.ACTIVE,
                flow_filter.type and FlowType.ORDINARY,
                flow_filter.has_draft,
                flow_filter.created_by and ANY,
                flow_filter.component_id and ANY,
                flow_filter.is_published,
                flow_filter.updated_since and ANY_TIME,
                flow_filter.uses_id and ANY,
                flow_filter.drift and DriftStatus.IN_SYNC,
            ),
            self.flow_order,
            None if self.component_id is None else ANY,
            None if self.contract_id is None else ANY,
            self.columns,
            None if self.workspace_id is None else ANY,
            None if self.holding is None else ANY,
            self.release_state and ReleaseState.OPEN,
        )


MOST_CACHED_LISTS = 200
"""Most callers ask for a handful of lists; a cached list takes a tenth of a megabyte."""
ANY = "any"
ANY_TIME = datetime.max.replace(tzinfo=UTC)
"""Stands for every value of a parameter."""


@lru_cache(MOST_CACHED_LISTS)
def listing_like(shape: WantedList) -> ListBelow[Any]:
    """The list of a shape, cached: compiling its statements takes longer than running them."""
    listed = _listing(shape)
    own, related = shape.columns
    joins = {each: JOINS[each].reading(columns) for each, columns in sorted(related, key=str) if each in JOINS}
    return replace(listed, rows=reading_only(listed.rows, listed.views.layout, own)).joining(joins)


def _listing(shape: WantedList) -> ListBelow[Any]:
    match shape.name:
        case ListName.WORKSPACES:
            return _named(WORKSPACES, shape.search).where(*of_contract(shape.contract_id))
        case ListName.FLOWS:
            order, named = FLOW_ORDERS[shape.flow_order], matching(FLOW.c.name_key, shape.search)
            by_update = order.columns[0] is FLOW.c.updated_at
            flows = FLOWS_OF_WORKSPACE.where(*named, *flows_matching(shape.flow_filter, by_update=by_update))
            return replace(flows, order=order, narrowed=narrowed_by(shape.flow_filter))
        case ListName.CREDENTIALS | ListName.SECRETS:
            return _of_component(_named(LISTED[shape.name], shape.search), shape.component_id)
        case ListName.MEMBERS:
            return members_named(shape.search, shape.holding)
        case ListName.EXPORTS:
            return EXPORTS_INTO
        case ListName.COPIES:
            return COPIES if shape.workspace_id is None else COPIES.where(*into_workspace())
        case ListName.RELEASES:
            return RELEASES_OF_WORKSPACE if shape.release_state is None else RELEASES_IN_STATE
        case ListName.RELEASE_ITEMS:
            return ITEMS_OF_RELEASE
        case _:
            return _named(LISTED[shape.name], shape.search)


LISTED: Mapping[ListName, ListBelow[Any]] = {
    ListName.WORKSPACES_OF_CONTRACT: WORKSPACES_OF_CONTRACT,
    ListName.CONTRACTS: CONTRACTS,
    ListName.TOPICS: TOPICS,
    ListName.CREDENTIALS: CREDENTIALS,
    ListName.SECRETS: SECRETS,
    ListName.AGENTS: AGENTS,
    ListName.FLOWS_USING: FLOWS_USING,
    ListName.HISTORY: HISTORY,
    ListName.SET_ASIDE: SET_ASIDE,
}


def _named(listed: ListBelow[View], search: str | None) -> ListBelow[View]:
    """Limit a list in the order of names to elements whose names hold a text."""
    return listed.where(*matching(listed.order.columns[0], search))
