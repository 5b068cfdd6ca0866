"""The lists of a user, a contract, a workspace or a flow, with their search, filter and order: one statement reads each.

A flow's history and the lists of releases and records are read without graphs.
"""

from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, Text, and_, any_, bindparam, func, or_, select

from app.domain.model import Kind
from app.domain.release import ReleaseItem, ReleaseState
from app.execution.rows import ALL_COLUMNS, PageColumns
from app.storage.connections.connection import View, views_holding, views_of
from app.storage.facts.record_facts import ITEMS
from app.storage.facts.visibility import (
    BY_VIEWER,
    is_member,
    sees_flow,
    sees_workspace,
)
from app.storage.pages.flow_filters import (
    ANY,
    ANY_FLOW,
    COMPONENT_ID,
    FLOW_ORDERS,
    SEES_COMPONENT,
    FlowFilter,
    FlowOrder,
    filter_values,
    filters_of,
    id_or_empty,
    shape_of,
)
from app.storage.pages.paging import MOST_CACHED_LISTS, ListBelow, Order, matching, searching
from app.storage.pages.related import JOINS, reading_only
from app.storage.reads import by_id
from app.storage.reads.rows import (
    AgentView,
    ContractView,
    CredentialView,
    DraftView,
    ExportView,
    FlowView,
    MemberView,
    ReleaseView,
    SecretView,
    TopicView,
    UserView,
    VersionView,
    WorkspaceView,
    columns,
)
from app.storage.tables import (
    AGENT,
    CONTRACT_ACCESS,
    CREDENTIAL,
    FLOW,
    FLOW_DRAFT,
    FLOW_EXPORT,
    FLOW_REFERENCE,
    FLOW_VERSION,
    RELEASE_ITEM,
    RELEASE_REQUEST,
    ROLE,
    SECRET,
    TOPIC,
    USER,
    WORKSPACE_ACCESS,
)


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


def _of_workspace(table: Table, view: type[View]) -> ListBelow[View]:
    """The list of a workspace's rows of one table, by name, for members of the workspace."""
    order = Order((table.c.name_key, table.c.id))
    return ListBelow(select(*columns(table, view)), table.c.workspace_id, order, views_of(view), only=is_member)


def _is_latest() -> ColumnElement[bool]:
    """Whether no later export of the flow to the same destination flow is in effect."""
    this, other = FLOW_EXPORT.c, FLOW_EXPORT.alias("other").c
    same = (other[name] == this[name] for name in ("source_flow_id", "destination_workspace_id", "destination_flow_id"))
    latest = select(other.id).where(*same, other.undone_at.is_(None)).order_by(other.created_at.desc(), other.id.desc())
    return this.id == latest.limit(1).correlate(FLOW_EXPORT).scalar_subquery()


ID_OF_WORKSPACE = 36
"""Characters."""

_WORKSPACES = ListBelow(
    by_id.WORKSPACES,
    WORKSPACE_ACCESS.c.user_id,
    Order((WORKSPACE_ACCESS.c.name_key, WORKSPACE_ACCESS.c.workspace_id)),
    views_of(WorkspaceView),
)
CONTRACTS = ListBelow(
    by_id.CONTRACTS,
    CONTRACT_ACCESS.c.user_id,
    Order((CONTRACT_ACCESS.c.name_key, CONTRACT_ACCESS.c.contract_id)),
    views_of(ContractView),
)
LISTS: dict[ListName, ListBelow[Any]] = {
    # Those that a user can see.
    ListName.WORKSPACES: _WORKSPACES,
    ListName.CONTRACTS: CONTRACTS,
    # Those that the viewer can see.
    ListName.WORKSPACES_OF_CONTRACT: replace(_WORKSPACES, parent=WORKSPACE_ACCESS.c.contract_id).where(BY_VIEWER),
    # By last name and first name, but for those who are deactivated (W8). A page sorts all members of its workspace: an
    # index in that order would need the names of users in each membership.
    ListName.MEMBERS: ListBelow(
        select(*columns(USER, UserView), ROLE.c.name.label("role"))
        .select_from(WORKSPACE_ACCESS.join(USER, USER.c.id == WORKSPACE_ACCESS.c.user_id))
        .join(ROLE, ROLE.c.id == WORKSPACE_ACCESS.c.role_id)
        .where(USER.c.active),
        WORKSPACE_ACCESS.c.workspace_id,
        Order((USER.c.last_name_key, USER.c.first_name_key, USER.c.id)),
        views_holding(MemberView, user=UserView),
        only=is_member,
    ),
    ListName.FLOWS: _of_workspace(FLOW, FlowView),
    ListName.TOPICS: _of_workspace(TOPIC, TopicView),
    ListName.CREDENTIALS: _of_workspace(CREDENTIAL, CredentialView),
    ListName.SECRETS: _of_workspace(SECRET, SecretView),
    ListName.AGENTS: _of_workspace(AGENT, AgentView),
    # The flows that use something, by name (U1); `place_of_use` says how that is named.
    ListName.FLOWS_USING: ListBelow(
        select(*columns(FLOW, FlowView)).join_from(FLOW_REFERENCE, FLOW, FLOW.c.id == FLOW_REFERENCE.c.flow_id),
        FLOW_REFERENCE.c.place,
        Order((FLOW_REFERENCE.c.name_key, FLOW_REFERENCE.c.flow_id)),
        views_of(FlowView),
        only=lambda place: is_member(func.left(place, ID_OF_WORKSPACE)),
    ),
    # The versions of a flow, newest first (H7).
    ListName.HISTORY: ListBelow(
        select(*columns(FLOW_VERSION, VersionView)),
        FLOW_VERSION.c.flow_id,
        Order((FLOW_VERSION.c.number,), descending=True),
        views_of(VersionView),
        only=sees_flow,
    ),
    # The latest first (H8).
    ListName.SET_ASIDE: ListBelow(
        select(*columns(FLOW_DRAFT, DraftView)).where(FLOW_DRAFT.c.set_aside_at.is_not(None)),
        FLOW_DRAFT.c.flow_id,
        Order((FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id), descending=True),
        views_of(DraftView),
        only=sees_flow,
    ),
    # The latest copy or export of a flow to each destination flow that wasn't undone, the newest first, by id.
    ListName.COPIES: ListBelow(
        by_id.EXPORTS.where(FLOW_EXPORT.c.undone_at.is_(None), _is_latest()),
        FLOW_EXPORT.c.source_flow_id,
        Order((FLOW_EXPORT.c.id,), descending=True),
        views_of(ExportView),
        only=sees_flow,
    ),
    # The copies and exports into a workspace, undone ones too, the newest first (N3).
    ListName.EXPORTS: ListBelow(
        by_id.EXPORTS,
        FLOW_EXPORT.c.destination_workspace_id,
        Order((FLOW_EXPORT.c.created_at, FLOW_EXPORT.c.id), descending=True),
        views_of(ExportView),
        only=is_member,
    ),
    # The requests of a workspace, the newest first, by id.
    ListName.RELEASES: ListBelow(
        by_id.RELEASES,
        RELEASE_REQUEST.c.workspace_id,
        Order((RELEASE_REQUEST.c.id,), descending=True),
        views_of(ReleaseView),
        only=is_member,
    ),
    # For viewers of the request, in their order.
    ListName.RELEASE_ITEMS: ListBelow(
        ITEMS, RELEASE_ITEM.c.request_id, Order((RELEASE_ITEM.c.position,)), views_of(ReleaseItem)
    ),
}

OF_CONTRACT = WORKSPACE_ACCESS.c.contract_id == bindparam("contract", type_=Text)
"""Only the workspaces of one contract."""
_DESTINATION = bindparam("destination_workspace", type_=Text)
_INTO_WORKSPACE = and_(FLOW_EXPORT.c.destination_workspace_id == _DESTINATION, sees_workspace(_DESTINATION))
LIMITS: dict[str, ColumnElement[bool]] = {
    "contract_id": OF_CONTRACT,
    "workspace_id": _INTO_WORKSPACE,
    "holding": any_(ROLE.c.permissions) == bindparam("holding", type_=Text),
    "release_state": RELEASE_REQUEST.c.state == bindparam("release_state", type_=Text),
}
"""Conditions of lists, by the field of `ListRequest` that sets their parameter."""
_LAST, _FIRST = USER.c.last_name_key, USER.c.first_name_key
_NAMES_OF_MEMBERS = (_LAST + " " + _FIRST, _FIRST + " " + _LAST)


class ListRequest(NamedTuple):
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

    @property
    def order(self) -> Order:
        return FLOW_ORDERS[self.flow_order] if self.name is ListName.FLOWS else LISTS[self.name].order

    def listing(self) -> ListBelow[Any]:
        """The list, whose parameters take `values`; equal for requests that differ only in these."""
        limits = {field: ANY for field in ("component_id", *LIMITS) if getattr(self, field) is not None}
        shape = self._replace(search=self.search and ANY, flow_filter=shape_of(self.flow_filter), **limits)
        return listing_like(shape)

    def values(self, viewer: str) -> dict[str, Any]:
        component_id = self.flow_filter.component_id if self.component_id is None else self.component_id
        return {
            "viewer": viewer,
            **searching(self.search),
            **filter_values(self.flow_filter),
            "component_id": id_or_empty(Kind.COMPONENT, component_id),
            "contract": id_or_empty(Kind.CONTRACT, self.contract_id),
            "destination_workspace": id_or_empty(Kind.WORKSPACE, self.workspace_id),
            "holding": self.holding,
            "release_state": self.release_state,
        }


@lru_cache(MOST_CACHED_LISTS)
def listing_like(shape: ListRequest) -> ListBelow[Any]:
    """The list of a shape, cached: compiling its statements takes longer than running them."""
    listed = _listing(shape)
    own, related = shape.columns
    joins = {each: JOINS[each].reading(columns) for each, columns in sorted(related, key=str) if each in JOINS}
    narrow = replace(listed, rows=reading_only(listed.rows, listed.views.layout, own))
    return narrow.joining(joins) if joins else narrow


def _listing(shape: ListRequest) -> ListBelow[Any]:
    listed = LISTS[shape.name]
    names = _NAMES_OF_MEMBERS if shape.name is ListName.MEMBERS else listed.order.columns[:1]
    limits = [condition for field, condition in LIMITS.items() if getattr(shape, field) is not None]
    if shape.search:
        limits.append(or_(*(condition for name in names for condition in matching(name, has_search=True))))
    if shape.component_id is not None:
        # A component that the viewer can't see has no credentials and secrets.
        limits += [listed.rows.selected_columns["component_id"] == COMPONENT_ID, SEES_COMPONENT]
    if shape.name is not ListName.FLOWS:
        return listed.where(*limits)
    filters = filters_of(shape.flow_filter, by_update=shape.order.columns[0] is FLOW.c.updated_at)
    flows = listed.where(*limits, *(each.condition for each in filters))
    return replace(flows, order=shape.order, narrowed=tuple(filter(None, (each.narrowed for each in filters))))
