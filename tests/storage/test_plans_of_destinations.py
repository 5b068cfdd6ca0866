"""The statement behind destinations has one text, so that neither side has to read and plan it anew."""

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from app.domain.model import Contract, ContractId, ContractStatus, TenantId, Workspace, WorkspaceId, WorkspaceType
from app.domain.source_graph import UsableWhere
from app.storage.pages.destinations import DestinationSearch, contracts_to_export_to, workspaces_to_export_to

DIALECT = create_async_engine("postgresql+asyncpg://").dialect
OF_ONE = Contract(
    ContractId("contract_1"), "One", ContractStatus.ACTIVE, TenantId("tenant_1"), component_whitelist=True
)
HOME = Workspace(WorkspaceId("workspace_1"), "Home", WorkspaceType.FULL, OF_ONE)


def statements(contracts: int, tenants: int) -> list[str]:
    """For a flow that is whitelisted in some contracts, and means another component in some tenants."""
    usable = UsableWhere(
        nowhere_else=False,
        tenant=None,
        shadowing=frozenset(TenantId(f"tenant_{number}") for number in range(tenants)),
        contract=None,
        whitelisted=frozenset(ContractId(f"contract_{number}") for number in range(contracts)),
    )
    listed = (
        workspaces_to_export_to(usable, HOME, DestinationSearch()),
        contracts_to_export_to(usable, HOME, DestinationSearch()),
        contracts_to_export_to(usable, HOME, DestinationSearch(include_ineligible=True)),
    )
    return [str(one.rows.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})) for one, _ in listed]


@pytest.mark.parametrize(("contracts", "tenants"), [(0, 0), (2, 1), (500, 10)])
def test_the_text_does_not_depend_on_how_much_a_flow_is_allowed(contracts: int, tenants: int) -> None:
    assert statements(contracts, tenants) == statements(1, 1)
