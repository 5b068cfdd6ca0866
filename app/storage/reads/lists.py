"""The lists of resources: a caller's workspaces, what lives in a workspace, and a flow's history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, Text, bindparam, func, select

from app.domain.model import FlowStatus, FlowType
from app.storage.ids import Kind
from app.storage.paging import ListBelow, Order, matching, searching
from app.storage.reads.exports import COPIES, into_workspace, naming_destination
from app.storage.reads.flow_filters import (
    ANY_FLOW,
    COMPONENT_ID,
    SEES_COMPONENT,
    FlowFilter,
    filter_values,
    flows_matching,
    id_or_none,
    naming_component,
    narrowed_by,
)
from app.storage.reads.joins import JOINS
from app.storage.reads.members import HOLDING, members_named
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
    maker,
)
from app.storage.related import Related
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
from app.storage.visibility import BY_VIEWER, WORKSPACE_COLUMNS, WORKSPACES_SEEN, is_member, sees_flow


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


def _of_workspace(table: Table, view: type[View]) -> ListBelow[View]:
    """What lives in a workspace, by name, for its members."""
    order = Order((table.c.name_key, table.c.id))
    return ListBelow(select(*columns(table, view)), table.c.workspace_id, order, maker(view), only=is_member)


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
    maker(FlowView),
    only=lambda place: is_member(func.left(place, ID_OF_WORKSPACE)),
)
"""The flows that use something, by name (U1); `place_of_use` says how that is named."""

HISTORY = ListBelow(
    select(*columns(FLOW_VERSION, VersionView)),
    FLOW_VERSION.c.flow_id,
    Order((FLOW_VERSION.c.number,), descending=True),
    maker(VersionView),
    only=sees_flow,
)
"""The versions of a flow, newest first (H7): no graph is read."""

SET_ASIDE = ListBelow(
    select(*columns(FLOW_DRAFT, DraftView)).where(FLOW_DRAFT.c.set_aside_at.is_not(None)),
    FLOW_DRAFT.c.flow_id,
    Order((FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id), descending=True),
    maker(DraftView),
    only=sees_flow,
)
"""The drafts of a flow that were set aside, the latest first (H8)."""

WORKSPACES = ListBelow(
    select(*WORKSPACE_COLUMNS).select_from(WORKSPACES_SEEN),
    WORKSPACE_ACCESS.c.user_id,
    Order((WORKSPACE_ACCESS.c.name_key, WORKSPACE_ACCESS.c.workspace_id)),
    maker(WorkspaceView),
)
"""The workspaces that a user can see."""

WORKSPACES_OF_CONTRACT = replace(WORKSPACES, parent=WORKSPACE_ACCESS.c.contract_id, statements={}).where(BY_VIEWER)
"""Those of a contract that the viewer can see."""

CONTRACTS = ListBelow(
    select(*columns(CONTRACT, ContractView)).join_from(
        CONTRACT_ACCESS, CONTRACT, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id
    ),
    CONTRACT_ACCESS.c.user_id,
    Order((CONTRACT_ACCESS.c.name_key, CONTRACT_ACCESS.c.contract_id)),
    maker(ContractView),
)
"""The contracts that a user can see."""


def of_contract(contract_id: str | None) -> tuple[ColumnElement[bool], ...]:
    """Only the workspaces of one contract, if one is named."""
    return () if contract_id is None else (WORKSPACE_ACCESS.c.contract_id == bindparam("contract", type_=Text),)


def naming_contract(contract_id: str | None) -> dict[str, str]:
    """What the parameter of `of_contract` stands for."""
    return {} if contract_id is None else {"contract": id_or_none(Kind.CONTRACT, contract_id)}


def _of_component(listed: ListBelow[View], component_id: str | None) -> ListBelow[View]:
    """Of credentials or secrets those of one component, if one is named; of one that the viewer can't see, none."""
    if component_id is None:
        return listed
    return listed.where(listed.rows.selected_columns["component_id"] == COMPONENT_ID, SEES_COMPONENT)


class ListName(StrEnum):
    """The lists that belong to something: those of a user, of a workspace, of a flow."""

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


class WantedList(NamedTuple):
    """A list, and what of it is asked for; the same for every parent that asks at once."""

    name: ListName
    search: str | None = None
    flow_filter: FlowFilter = ANY_FLOW
    flow_order: FlowOrder = FlowOrder.NAME_ASC
    component_id: str | None = None
    contract_id: str | None = None
    related: tuple[Related, ...] = ()
    """What is read with its elements."""
    workspace_id: str | None = None
    holding: str | None = None

    def listing(self) -> ListBelow[Any]:
        """The list; what its parameters stand for, `values` says."""
        return listing_like(self._shape)

    def values(self, viewer: str) -> dict[str, Any]:
        return {
            "viewer": viewer,
            **searching(self.search),
            **naming_contract(self.contract_id),
            **naming_destination(self.workspace_id),
            **({} if self.holding is None else {HOLDING.key: self.holding}),
            **filter_values(self.flow_filter),
            **naming_component(self.flow_filter.component_id if self.component_id is None else self.component_id),
        }

    @property
    def _shape(self) -> "WantedList":
        """The same for all that differ only in what parameters stand for."""
        asked = self.flow_filter
        return WantedList(
            self.name,
            self.search and ANY,
            FlowFilter(
                asked.status and FlowStatus.ACTIVE,
                asked.type and FlowType.ORDINARY,
                asked.has_draft,
                asked.created_by and ANY,
                asked.component_id and ANY,
                asked.is_published,
                asked.updated_since and ANY_TIME,
                asked.uses_id and ANY,
            ),
            self.flow_order,
            None if self.component_id is None else ANY,
            None if self.contract_id is None else ANY,
            self.related,
            None if self.workspace_id is None else ANY,
            None if self.holding is None else ANY,
        )


MOST_CACHED_LISTS = 200
"""Most callers ask for a handful; one takes a tenth of a megabyte."""
ANY = "any"
ANY_TIME = datetime.max.replace(tzinfo=UTC)
"""Whatever is given for a parameter."""


@lru_cache(MOST_CACHED_LISTS)
def listing_like(wanted: WantedList) -> ListBelow[Any]:
    """The list that is wanted, whatever its parameters stand for: making its statements takes longer than answering them."""
    return _listing(wanted).joining({related: JOINS[related] for related in wanted.related})


def _listing(wanted: WantedList) -> ListBelow[Any]:
    match wanted.name:
        case ListName.WORKSPACES:
            return _named(WORKSPACES, wanted.search).where(*of_contract(wanted.contract_id))
        case ListName.FLOWS:
            order, named = FLOW_ORDERS[wanted.flow_order], matching(FLOW.c.name_key, wanted.search)
            by_update = order.columns[0] is FLOW.c.updated_at
            flows = FLOWS_OF_WORKSPACE.where(*named, *flows_matching(wanted.flow_filter, by_update=by_update))
            return replace(flows, order=order, narrowed=narrowed_by(wanted.flow_filter))
        case ListName.CREDENTIALS | ListName.SECRETS:
            return _of_component(_named(LISTED[wanted.name], wanted.search), wanted.component_id)
        case ListName.MEMBERS:
            return members_named(wanted.search, wanted.holding)
        case ListName.COPIES:
            return COPIES if wanted.workspace_id is None else COPIES.where(*into_workspace())
        case _:
            return _named(LISTED[wanted.name], wanted.search)


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
    """Of a list by name the elements whose names hold a text; lists in another order aren't searched."""
    return listed.where(*matching(listed.order.columns[0], search))
