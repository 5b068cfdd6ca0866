"""Where a flow may be exported to, page by page."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, literal, or_, select

from app.domain.access import WorkspaceAccess
from app.domain.model import Workspace
from app.domain.used_components import UsableWhere
from app.storage.database_connections import ReadConnection
from app.storage.mirrored_rules import FLOWS_USED_BY_CONTRACT, may_be_exported_to, one_of
from app.storage.paging import ListBelow, Order, matching
from app.storage.reads.lists import of_contract
from app.storage.reads.rows import ContractView, columns, maker
from app.storage.tables import CONTRACT, CONTRACT_ACCESS, WORKSPACE_ACCESS
from app.storage.visibility import PLACE_COLUMNS, PLACES, access_of

WORKSPACES = ListBelow(
    select(*PLACE_COLUMNS).select_from(PLACES),
    WORKSPACE_ACCESS.c.user_id,
    Order((WORKSPACE_ACCESS.c.name_key, WORKSPACE_ACCESS.c.workspace_id)),
    access_of,
)
"""The workspaces that a user can see."""

CONTRACTS = ListBelow(
    select(*columns(CONTRACT, ContractView)).select_from(
        CONTRACT_ACCESS.join(CONTRACT, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id)
    ),
    CONTRACT_ACCESS.c.user_id,
    Order((CONTRACT_ACCESS.c.name_key, CONTRACT_ACCESS.c.contract_id)),
    maker(ContractView),
)
"""The contracts that a user can see."""


async def count_flows_used(connection: ReadConnection, contracts: Collection[str]) -> dict[str, int]:
    """How many flows each of these contracts holds in its production workspaces (X10), however many of these are asked for."""
    rows = await connection.rows(FLOWS_USED_BY_CONTRACT, {"contracts": sorted(contracts)})
    return dict.fromkeys(contracts, 0) | {row.contract_id: row.used for row in rows}


def holds_one(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of a contract that a user can see: whether one of its workspaces meets a condition on `PLACES`.

    The offset keeps this a question for each contract of the page; joined, all workspaces of the user would be read.
    """
    access = CONTRACT_ACCESS.c
    return exists(
        select(literal(1))
        .select_from(PLACES)
        .where(WORKSPACE_ACCESS.c.user_id == access.user_id, WORKSPACE_ACCESS.c.contract_id == access.contract_id)
        .where(condition)
        .correlate(CONTRACT_ACCESS)
        .offset(0)
    )


def workspaces_to_export_to(
    usable: UsableWhere | None, *, home: Workspace, contract_id: str | None, search: str | None
) -> ListBelow[WorkspaceAccess]:
    """The workspaces, by name; with `usable` only those where a flow of the workspace `home` may be exported to."""
    eligible = () if usable is None else (*_of_its_contracts(usable, home), may_be_exported_to(usable, home))
    named = matching(WORKSPACE_ACCESS.c.name_key, search)
    return WORKSPACES.where(*named, *of_contract(contract_id), *eligible)


def contracts_to_export_to(usable: UsableWhere, *, home: Workspace, search: str | None) -> ListBelow[ContractView]:
    """The contracts, by name, that hold a workspace where a flow of the workspace `home` may be exported to."""
    named = matching(CONTRACT_ACCESS.c.name_key, search)
    contracts = _its_contracts(usable, home)
    its = () if contracts is None else (one_of(CONTRACT_ACCESS.c.contract_id, contracts),)
    return CONTRACTS.where(*named, *its, holds_one(may_be_exported_to(usable, home)))


def _its_contracts(usable: UsableWhere, home: Workspace) -> list[str] | None:
    """The contracts that alone come into question for a flow of the workspace `home`; None: all of them."""
    if usable.nowhere_else:
        return [home.contract.id]
    return None if usable.contract is None else sorted({usable.contract, home.contract.id})


def _of_its_contracts(usable: UsableWhere, home: Workspace) -> tuple[ColumnElement[bool], ...]:
    """Says by the access alone where a flow can't go anyway, so that only few workspaces are walked."""
    access, contracts = WORKSPACE_ACCESS.c, _its_contracts(usable, home)
    if contracts is None:
        return ()
    if len(contracts) == 1:
        return (access.contract_id == contracts[0],)
    return (or_(access.contract_id == usable.contract, access.workspace_id == home.id),)
