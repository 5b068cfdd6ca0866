"""What the rules speak of, as rows of tables."""

from datetime import UTC, datetime
from typing import Any

from app.domain.component import Component
from app.domain.input import name_key
from app.domain.model import Contract, TenantId, Workspace

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


def tenant_row(tenant: TenantId, *, whitelist: bool) -> dict[str, Any]:
    return {"id": tenant, "name": tenant, "component_whitelist": whitelist}


def contract_row(contract: Contract) -> dict[str, Any]:
    named = {"id": contract.id, "name": contract.name, "name_key": name_key(contract.name)}
    quota = {"status": contract.status.value, "flow_quota": contract.flow_quota}
    return {**named, **quota, "tenant_id": contract.tenant_id}


def workspace_row(workspace: Workspace) -> dict[str, Any]:
    named = {"id": workspace.id, "name": workspace.name, "name_key": name_key(workspace.name)}
    return {**named, "contract_id": workspace.contract.id, "type": workspace.type.value}


def component_row(component: Component) -> dict[str, Any]:
    return {
        "id": component.id,
        "team_id": f"team_{component.tenant_id}_{component.name.team}",
        "name": component.name.name,
        "title": component.name.name,
        "access": component.access.value,
        "requires": component.requires.value,
        "pub_sub": component.pub_sub,
        "topic_field": component.topic_field,
    }


def flow_rows(workspace_id: str, number: int) -> Rows:
    said = {"name": "Orders", "name_key": "orders", "type": "ORDINARY", "status": "INACTIVE"}
    made = {"created_at": NOW, "updated_at": NOW, "draft_revision": 0, "workspace_id": workspace_id}
    return [{"id": f"flow_{workspace_id}_{each}", **said, **made} for each in range(number)]
