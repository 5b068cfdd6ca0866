"""Lists with their search, filter and order: which statement reads each, and with which values."""

from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from app.domain.release import ReleaseState
from app.execution.rows import ALL_COLUMNS, PageColumns
from app.storage.ids import Kind
from app.storage.pages import list_statements as statements
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
    id_or_none,
    shape_of,
)
from app.storage.pages.paging import MOST_CACHED_LISTS, ListBelow, matching, searching
from app.storage.pages.related import JOINS, reading_only
from app.storage.tables import FLOW


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
        component_id = self.flow_filter.component_id if self.component_id is None else self.component_id
        return {
            "viewer": viewer,
            **searching(self.search),
            **filter_values(self.flow_filter),
            "component_id": id_or_none(Kind.COMPONENT, component_id),
            "contract": id_or_none(Kind.CONTRACT, self.contract_id),
            "destination_workspace": id_or_none(Kind.WORKSPACE, self.workspace_id),
            "holding": self.holding,
            "release_state": self.release_state,
        }

    @property
    def _shape(self) -> "WantedList":
        """The key of the cached list, equal for requests that differ only in values of parameters."""
        return WantedList(
            self.name,
            self.search and ANY,
            shape_of(self.flow_filter),
            self.flow_order,
            None if self.component_id is None else ANY,
            None if self.contract_id is None else ANY,
            self.columns,
            None if self.workspace_id is None else ANY,
            None if self.holding is None else ANY,
            None if self.release_state is None else ANY,
        )


@lru_cache(MOST_CACHED_LISTS)
def listing_like(shape: WantedList) -> ListBelow[Any]:
    """The list of a shape, cached: compiling its statements takes longer than running them."""
    listed = _listing(shape)
    own, related = shape.columns
    joins = {each: JOINS[each].reading(columns) for each, columns in sorted(related, key=str) if each in JOINS}
    narrow = replace(listed, rows=reading_only(listed.rows, listed.views.layout, own))
    return narrow.joining(joins) if joins else narrow


def _listing(shape: WantedList) -> ListBelow[Any]:
    match shape.name:
        case ListName.FLOWS:
            order = FLOW_ORDERS[shape.flow_order]
            filters = filters_of(shape.flow_filter, by_update=order.columns[0] is FLOW.c.updated_at)
            flows = _named(statements.FLOWS_OF_WORKSPACE, shape.search).where(*(each.condition for each in filters))
            return replace(flows, order=order, narrowed=tuple(filter(None, (each.narrowed for each in filters))))
        case ListName.MEMBERS:
            return statements.members_named(shape.search, shape.holding)
        case ListName.COPIES:
            return statements.COPIES if shape.workspace_id is None else statements.COPIES_INTO_WORKSPACE
        case ListName.RELEASES:
            return statements.RELEASES_OF_WORKSPACE if shape.release_state is None else statements.RELEASES_IN_STATE
        case _:
            listed = _named(LISTED[shape.name], shape.search)
            if shape.component_id is not None:
                # A component that the viewer can't see has no credentials and secrets.
                listed = listed.where(listed.rows.selected_columns["component_id"] == COMPONENT_ID, SEES_COMPONENT)
            return listed if shape.contract_id is None else listed.where(statements.OF_CONTRACT)


LISTED: dict[ListName, ListBelow[Any]] = {
    ListName.WORKSPACES: statements.WORKSPACES,
    ListName.WORKSPACES_OF_CONTRACT: statements.WORKSPACES_OF_CONTRACT,
    ListName.CONTRACTS: statements.CONTRACTS,
    ListName.TOPICS: statements.TOPICS,
    ListName.CREDENTIALS: statements.CREDENTIALS,
    ListName.SECRETS: statements.SECRETS,
    ListName.AGENTS: statements.AGENTS,
    ListName.FLOWS_USING: statements.FLOWS_USING,
    ListName.HISTORY: statements.HISTORY,
    ListName.SET_ASIDE: statements.SET_ASIDE,
    ListName.EXPORTS: statements.EXPORTS_INTO,
    ListName.RELEASE_ITEMS: statements.ITEMS_OF_RELEASE,
}


def _named(listed: ListBelow[Any], search: str | None) -> ListBelow[Any]:
    """Limit a list in the order of names to elements whose names hold a text."""
    return listed.where(*matching(listed.order.columns[0], search))
