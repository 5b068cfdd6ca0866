"""Lists the workspaces and contracts to which a flow may be exported, page by page."""

from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, any_, false, or_, select, true

from app.domain.access import VisibleWorkspace
from app.domain.model import Workspace
from app.domain.source_graph import UsableWhere
from app.storage.connections.connection import Parameters, ReadConnection, RowViews, texts, views_of
from app.storage.facts.mirrored_rules import (
    FLOWS_USED_BY_CONTRACT,
    HOME,
    USABLE_CONTRACT,
    UsableShape,
    may_be_exported_to,
    shape_of,
    usable_values,
)
from app.storage.facts.visibility import ACCESS_COLUMNS, ACCESSES, VISIBLE, holds_one
from app.storage.ids import Kind
from app.storage.pages.flow_filters import id_or_none
from app.storage.pages.list_statements import CONTRACTS, OF_CONTRACT
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


async def count_flows_used(connection: ReadConnection, contracts: Collection[str]) -> dict[str, int]:
    """How many flows each of these contracts holds in its production workspaces (X10), however many of these are asked for."""
    rows = await connection.rows(FLOWS_USED_BY_CONTRACT, {"contracts": sorted(contracts)})
    return dict.fromkeys(contracts, 0) | {row.contract_id: row.used for row in rows}


def workspaces_to_export_to(
    usable: UsableWhere | None, *, home: Workspace, contract_id: str | None, search: str | None
) -> tuple[ListBelow[VisibleWorkspace], Parameters]:
    """The workspaces, by name; with `usable` only those where a flow of the workspace `home` may be exported to."""
    values: dict[str, Any] = {**searching(search), "contract": id_or_none(Kind.CONTRACT, contract_id)}
    if usable is not None:
        values |= usable_values(usable, home) | _values_of_its_contracts(usable, home)
    shape = None if usable is None else shape_of(usable)
    listed = _workspaces_like(shape, has_contract=contract_id is not None, has_search=bool(search))
    return listed, values


def contracts_to_export_to(
    usable: UsableWhere | None, *, home: Workspace, search: str | None, include_ineligible: bool = False
) -> tuple[ListBelow[RatedContract], Parameters]:
    """The contracts, by name, that hold a workspace where a flow of the workspace `home` may be exported to.

    With `include_ineligible` all that the user can see. Without `usable` it may be exported nowhere.
    """
    values: dict[str, Any] = searching(search)
    if usable is not None:
        values |= usable_values(usable, home) | _values_of_its_contracts(usable, home)
    shape = None if usable is None else shape_of(usable)
    listed = _contracts_like(shape, has_search=bool(search), include_ineligible=include_ineligible)
    return listed, values


@cache
def _workspaces_like(shape: UsableShape | None, *, has_contract: bool, has_search: bool) -> ListBelow[VisibleWorkspace]:
    eligible = () if shape is None else (*_of_its_contracts(shape), may_be_exported_to(shape))
    named = matching(WORKSPACE_ACCESS.c.name_key, "any" if has_search else None)
    return WORKSPACES.where(*named, *((OF_CONTRACT,) if has_contract else ()), *eligible)


@cache
def _contracts_like(
    shape: UsableShape | None, *, has_search: bool, include_ineligible: bool
) -> ListBelow[RatedContract]:
    eligible = false() if shape is None else _holds_a_destination(shape)
    rated = CONTRACTS.rows.add_columns((eligible if include_ineligible else true()).label("eligible"))
    named = matching(CONTRACT_ACCESS.c.name_key, "any" if has_search else None)
    conditions = named if include_ineligible else (*named, eligible)
    return ListBelow(rated.where(*conditions), CONTRACTS.parent, CONTRACTS.order, _RATED)


def _holds_a_destination(shape: UsableShape) -> ColumnElement[bool]:
    is_bounded = shape.nowhere_else or shape.in_one_contract
    its = (CONTRACT_ACCESS.c.contract_id == any_(ITS_CONTRACTS),) if is_bounded else ()
    return and_(*its, holds_one(may_be_exported_to(shape)))


_CONTRACT, _ELIGIBLE = views_of(ContractView), len(ContractView._fields)
_RATED = RowViews(
    lambda row: RatedContract(_CONTRACT.make(row), row[_ELIGIBLE]),
    {"contract": _CONTRACT.layout, "eligible": _ELIGIBLE},
)


ITS_CONTRACTS = texts("its_contracts")
"""The contracts that alone come into question for a flow, where not all of them do."""


def _values_of_its_contracts(usable: UsableWhere, home: Workspace) -> dict[str, Any]:
    if usable.nowhere_else:
        return {"its_contracts": [home.contract.id]}
    return {} if usable.contract is None else {"its_contracts": sorted({usable.contract, home.contract.id})}


def _of_its_contracts(shape: UsableShape) -> tuple[ColumnElement[bool], ...]:
    """Says by the access alone where a flow can't go anyway, so that only few workspaces are walked."""
    access = WORKSPACE_ACCESS.c
    if shape.nowhere_else:
        return (access.contract_id == any_(ITS_CONTRACTS),)
    if shape.in_one_contract:
        return (or_(access.contract_id == USABLE_CONTRACT, access.workspace_id == HOME),)
    return ()
