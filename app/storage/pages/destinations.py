"""Lists the workspaces and contracts to which a flow may be exported, page by page."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import and_, false, or_, select, true

from app.domain.access import VisibleWorkspace
from app.domain.model import Kind, Workspace
from app.domain.source_graph import UsableWhere
from app.storage.connections.connection import Element, Parameters, ReadConnection, is_one_of, views_holding
from app.storage.facts.mirrored_rules import (
    FLOWS_USED_BY_CONTRACT,
    HOME,
    MAY_BE_EXPORTED_TO,
    USABLE_CONTRACT,
    usable_values,
)
from app.storage.facts.visibility import ACCESS_COLUMNS, ACCESSES, VISIBLE, holds_one
from app.storage.pages.flow_filters import id_or_empty
from app.storage.pages.lists import CONTRACTS, OF_CONTRACT
from app.storage.pages.paging import ListBelow, Order, matching, searching
from app.storage.reads.rows import ContractView
from app.storage.tables import CONTRACT_ACCESS, WORKSPACE_ACCESS

WORKSPACES = ListBelow(
    select(*ACCESS_COLUMNS).select_from(ACCESSES),
    WORKSPACE_ACCESS.c.user_id,
    Order((WORKSPACE_ACCESS.c.name_key, WORKSPACE_ACCESS.c.workspace_id)),
    VISIBLE,
)
"""The workspaces that a user can see, with what rules need of them to rate each as a destination."""


class RatedContract(NamedTuple):
    contract: ContractView
    eligible: bool
    """Whether one of its workspaces is one where the flow may be exported to."""


@dataclass(frozen=True, slots=True)
class DestinationSearch:
    """A filter of destinations; `include_ineligible` adds those where the flow can't be exported to."""

    search: str | None = None
    include_ineligible: bool = False


async def count_flows_used(connection: ReadConnection, contracts: Collection[str]) -> dict[str, int]:
    """How many flows each of these contracts holds in its production workspaces (X10), however many of these are asked for."""
    rows = await connection.rows(FLOWS_USED_BY_CONTRACT, {"contracts": sorted(contracts)})
    return dict.fromkeys(contracts, 0) | {row.contract_id: row.used for row in rows}


BoundList = tuple[ListBelow[Element], Parameters]
"""A list with the values of its parameters."""
Reach = Literal["nowhere", "in one contract", "anywhere"]
"""The area of destinations besides the home workspace; PostgreSQL looks at few in one contract."""


def workspaces_to_export_to(
    usable: UsableWhere | None, home: Workspace, search: DestinationSearch, contract_id: str | None = None
) -> BoundList[VisibleWorkspace]:
    """The workspaces, by name, where a flow of the workspace `home` may be exported to: without `usable` nowhere.

    With `contract_id` only those of this contract.
    """
    listed = _workspaces_like(
        reach=_reach(usable),
        has_contract=contract_id is not None,
        has_search=bool(search.search),
        include_ineligible=search.include_ineligible,
    )
    values = _values(usable, home, search.search)
    return listed, {**values, "contract": id_or_empty(Kind.CONTRACT, contract_id)}


def contracts_to_export_to(
    usable: UsableWhere | None, home: Workspace, search: DestinationSearch
) -> BoundList[RatedContract]:
    """The contracts, by name, that hold a workspace where a flow of the workspace `home` may be exported to."""
    listed = _contracts_like(
        reach=_reach(usable),
        has_search=bool(search.search),
        include_ineligible=search.include_ineligible,
    )
    return listed, _values(usable, home, search.search)


def _reach(usable: UsableWhere | None) -> Reach:
    if usable is None:
        return "nowhere"
    return "in one contract" if usable.nowhere_else or usable.contract is not None else "anywhere"


def _values(usable: UsableWhere | None, home: Workspace, search: str | None) -> dict[str, Any]:
    values = {} if usable is None else usable_values(usable, home)
    # A null among them would make the condition null, which doesn't keep PostgreSQL from looking at workspaces.
    contracts = [*filter(None, (values.get("usable_contract"), home.contract.id))]
    return {**values, **searching(search), "contracts": contracts}


@cache
def _workspaces_like(
    *, reach: Reach, has_contract: bool, has_search: bool, include_ineligible: bool
) -> ListBelow[VisibleWorkspace]:
    access = WORKSPACE_ACCESS.c
    is_near = or_(access.contract_id == USABLE_CONTRACT, access.workspace_id == HOME)
    bounds = (is_near,) if reach == "in one contract" else ()
    eligible = false() if reach == "nowhere" else and_(*bounds, MAY_BE_EXPORTED_TO)
    named = matching(access.name_key, has_search=has_search)
    conditions = (*named, *((OF_CONTRACT,) if has_contract else ()))
    return WORKSPACES.where(*conditions, *(() if include_ineligible else (eligible,)))


@cache
def _contracts_like(*, reach: Reach, has_search: bool, include_ineligible: bool) -> ListBelow[RatedContract]:
    bounds = (is_one_of(CONTRACT_ACCESS.c.contract_id, "contracts"),) if reach == "in one contract" else ()
    eligible = false() if reach == "nowhere" else and_(*bounds, holds_one(MAY_BE_EXPORTED_TO))
    rated = CONTRACTS.rows.add_columns((eligible if include_ineligible else true()).label("eligible"))
    named = matching(CONTRACT_ACCESS.c.name_key, has_search=has_search)
    conditions = named if include_ineligible else (*named, eligible)
    return ListBelow(rated.where(*conditions), CONTRACTS.parent, CONTRACTS.order, _RATED)


_RATED = views_holding(RatedContract, contract=ContractView)
