"""The rows that the entities of a world file become, flows apart."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table

from app.domain.graph import canonical
from app.domain.input import name_key
from app.storage import tables
from app.storage.tokens import email_key
from app.storage.world.consistency import BuiltInRoles, role_id, tenant_of
from app.storage.world.entities import (
    Agent,
    Component,
    Contract,
    ContractMember,
    Credential,
    Entity,
    Role,
    Secret,
    Team,
    Tenant,
    Topic,
    User,
    Workspace,
    WorkspaceMember,
)
from app.storage.world.format import SECTIONS
from app.storage.world.keys import Keys

Row = dict[str, Any]
"""The values of a row by the names of its columns."""


def place_rows(keys: Keys, roles: BuiltInRoles) -> Iterator[tuple[Table, list[Row]]]:
    """The rows of each table, in an order in which foreign keys hold. The file has no mistakes."""
    yield tables.TENANT, [_tenant(keys, each) for _, _, each in keys.all(Tenant)]
    yield tables.CONTRACT, [_contract(keys, each) for _, _, each in keys.all(Contract)]
    yield tables.WORKSPACE, [_workspace(keys, each) for _, _, each in keys.all(Workspace)]
    yield tables.USER, [_user(keys, each) for _, _, each in keys.all(User)]
    yield tables.ROLE, [_role(keys, each) for _, _, each in keys.all(Role)]
    yield tables.CONTRACT_ACCESS, list(_contract_access(keys, roles))
    yield tables.WORKSPACE_ACCESS, list(_workspace_access(keys, roles))
    yield tables.TEAM, [_team(keys, each) for _, _, each in keys.all(Team)]
    yield tables.COMPONENT, [_component(keys, each) for _, _, each in keys.all(Component)]
    yield tables.COMPONENT_WHITELIST, list(_whitelist(keys))
    yield tables.TOPIC, [_topic(keys, each) for _, _, each in keys.all(Topic)]
    yield tables.CREDENTIAL, [_of_component(keys, each) for _, _, each in keys.all(Credential)]
    yield tables.SECRET, [_of_component(keys, each) for _, _, each in keys.all(Secret)]
    yield tables.AGENT, [_of_workspace(keys, each) for _, _, each in keys.all(Agent)]


def external_keys(keys: Keys) -> list[Row]:
    """The keys of all entities, flows apart, each in its tenant; those of tenants and users in none (W1)."""
    return [
        {"scope_id": _scope(keys, entity), "section": name, "key": entity.key, "id": keys.id(entity.key)}
        for section in SECTIONS.values()
        for name, _, entity in keys.all(section.model)
        if isinstance(entity, Tenant | User | Contract | Role | Workspace | Team | Component | Agent)
    ]


def _scope(keys: Keys, entity: Entity) -> str:
    """The id of the tenant that an entity belongs to, if any."""
    tenant: str | None = None
    owner: Entity | None = None
    match entity:
        case Contract() | Role():
            tenant = entity.tenant
        case Workspace() | Team():
            tenant = tenant_of(keys, entity.contract)
        case Component():
            owner = keys.get(Team, entity.team)
        case Agent():
            owner = keys.get(Workspace, entity.workspace)
        case _:
            pass
    if owner is not None:
        return _scope(keys, owner)
    return "" if tenant is None else keys.id(tenant)


def _named(keys: Keys, key: str, name: str) -> Row:
    return {"id": keys.id(key), "name": name, "name_key": name_key(name)}


def _tenant(keys: Keys, tenant: Tenant) -> Row:
    return {"id": keys.id(tenant.key), "name": tenant.name, "component_whitelist": tenant.component_whitelist}


def _contract(keys: Keys, contract: Contract) -> Row:
    return {
        **_named(keys, contract.key, contract.name),
        "tenant_id": keys.id(contract.tenant),
        "status": contract.status.value,
        "flow_quota": contract.flow_quota,
    }


def _workspace(keys: Keys, workspace: Workspace) -> Row:
    return {
        **_named(keys, workspace.key, workspace.name),
        "contract_id": keys.id(workspace.contract),
        "type": workspace.type.value,
    }


def _user(keys: Keys, user: User) -> Row:
    return {
        "id": keys.id(user.key),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "first_name_key": name_key(user.first_name),
        "last_name_key": name_key(user.last_name),
        "email": user.email,
        "email_key": email_key(user.email),
    }


def _role(keys: Keys, role: Role) -> Row:
    return {
        "id": keys.id(role.key),
        "tenant_id": keys.id(role.tenant),
        "scope": role.scope,
        "name": role.name,
        "permissions": list(dict.fromkeys(role.permissions)),
    }


def _workspace_access(keys: Keys, roles: BuiltInRoles) -> Iterator[Row]:
    """Members with their role; members of the contract alone without one (A4)."""
    role_of = {(each.workspace, each.user): each.role for _, _, each in keys.all(WorkspaceMember)}
    of_contract: dict[str, list[str]] = {}
    for _, _, member in keys.all(ContractMember):
        of_contract.setdefault(member.contract, []).append(member.user)
    of_workspace: dict[str, list[str]] = {}
    for workspace_key, user in role_of:
        of_workspace.setdefault(workspace_key, []).append(user)
    for _, _, workspace in keys.all(Workspace):
        place = {
            "workspace_id": keys.id(workspace.key),
            "contract_id": keys.id(workspace.contract),
            "name_key": name_key(workspace.name),
        }
        members, others = of_workspace.get(workspace.key, []), of_contract.get(workspace.contract, [])
        for user in dict.fromkeys((*members, *others)):
            role = role_of.get((workspace.key, user))
            its = None if role is None else role_id(keys, roles, "WORKSPACE", role)
            yield {**place, "user_id": keys.id(user), "role_id": its}


def _contract_access(keys: Keys, roles: BuiltInRoles) -> Iterator[Row]:
    """Members with their role; members of one of its workspaces without one."""
    role_of: dict[tuple[str, str], str | None] = {
        (each.contract, each.user): role_id(keys, roles, "CONTRACT", each.role)
        for _, _, each in keys.all(ContractMember)
    }
    for _, _, member in keys.all(WorkspaceMember):
        workspace = keys.get(Workspace, member.workspace)
        if workspace is not None:
            role_of.setdefault((workspace.contract, member.user), None)
    names = {contract.key: name_key(contract.name) for _, _, contract in keys.all(Contract)}
    for (contract_key, user), role in role_of.items():
        place = {"contract_id": keys.id(contract_key), "name_key": names[contract_key]}
        yield {**place, "user_id": keys.id(user), "role_id": role}


def _team(keys: Keys, team: Team) -> Row:
    contract = keys.get(Contract, team.contract)
    return {
        "id": keys.id(team.key),
        "contract_id": keys.id(team.contract),
        "tenant_id": None if contract is None else keys.id(contract.tenant),
        "name": team.name,
    }


def _component(keys: Keys, component: Component) -> Row:
    return {
        "id": keys.id(component.key),
        "team_id": keys.id(component.team),
        "name": component.name,
        "title": component.title or component.name,
        "access": component.access.value,
        "requires": component.requires.value,
        "pub_sub": component.pub_sub,
        "topic_field": component.topic_field,
    }


def _whitelist(keys: Keys) -> Iterator[Row]:
    for _, _, component in keys.all(Component):
        for contract in dict.fromkeys(component.whitelisted_contracts):
            yield {"component_id": keys.id(component.key), "contract_id": keys.id(contract)}


def _of_workspace(keys: Keys, thing: Agent) -> Row:
    return {**_named(keys, thing.key, thing.name), "workspace_id": keys.id(thing.workspace)}


def _topic(keys: Keys, topic: Topic) -> Row:
    return {**_of_workspace(keys, topic), "schema_text": canonical(topic.schema_)}


def _of_component(keys: Keys, thing: Credential) -> Row:
    return {**_of_workspace(keys, thing), "component_id": keys.id(thing.component)}
