"""What must be right between the entities of a world file, flows apart: references, and what may stand there once."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple

from app.domain.wording import printable
from app.storage.ids import Kind
from app.storage.tokens import email_key
from app.storage.world.entities import (
    Component,
    Contract,
    ContractMember,
    Role,
    Team,
    Tenant,
    User,
    Workspace,
    WorkspaceMember,
)
from app.storage.world.format import SECTIONS
from app.storage.world.keys import Keys
from app.storage.world.mistakes import Mistake, json_path

BuiltInRoles = Mapping[tuple[str, str], str]
"""The ids of the roles that every database has, by scope and name, which is their key in world files."""

_SCOPES = {"workspaceMembers": "WORKSPACE", "contractMembers": "CONTRACT"}


def consistency_mistakes(keys: Keys, roles: BuiltInRoles, taken_emails: Collection[str]) -> Iterator[Mistake]:
    """Everything that is wrong between the entities, flows apart.

    `taken_emails` are those that users of the database have, as `email_key` folds them.
    """
    for section in SECTIONS.values():
        for name, index, entity in keys.all(section.model):
            yield from keys.reference_mistakes(entity, name, index)
    for name, index, raw in keys.malformed():
        yield from keys.raw_reference_mistakes(SECTIONS[name].model, raw, name, index)
    yield from _role_mistakes(keys, roles)
    yield from _repeated(_unique(keys))
    for name, index, user in keys.all(User):
        if email_key(user.email) in taken_emails:
            yield Mistake(json_path(name, index, "email"), f"The database has a user {user.email} already.")


def role_id(keys: Keys, roles: BuiltInRoles, scope: str, key: str) -> str:
    return roles.get((scope, key)) or keys.id(key)


def tenant_of(keys: Keys, contract: str) -> str | None:
    """The key of the tenant of a contract; None where the file has none in good shape."""
    found = keys.get(Contract, contract)
    return None if found is None or keys.get(Tenant, found.tenant) is None else found.tenant


def _role_mistakes(keys: Keys, roles: BuiltInRoles) -> Iterator[Mistake]:
    for name, index, role in keys.all(Role):
        if (role.scope, role.key) in roles:
            yield Mistake(json_path(name, index, "key"), f'The role "{role.key}" is built in; choose another key.')
    for name, index, member in keys.all(WorkspaceMember):
        workspace = keys.get(Workspace, member.workspace)
        tenant = None if workspace is None else tenant_of(keys, workspace.contract)
        yield from _wrong_role(keys, roles, _Held("WORKSPACE", member.role, tenant), json_path(name, index, "role"))
    for name, index, its in keys.all(ContractMember):
        held = _Held("CONTRACT", its.role, tenant_of(keys, its.contract))
        yield from _wrong_role(keys, roles, held, json_path(name, index, "role"))
    for name, index, raw in keys.malformed():
        key = raw.get("role")
        if name in _SCOPES and isinstance(key, str) and key:
            yield from _wrong_role(keys, roles, _Held(_SCOPES[name], key, None), json_path(name, index, "role"))


class _Held(NamedTuple):
    """A role that somebody holds, and where."""

    scope: str
    key: str
    tenant: str | None


def _wrong_role(keys: Keys, roles: BuiltInRoles, held: _Held, path: str) -> Iterator[Mistake]:
    if (held.scope, held.key) in roles:
        return
    found = keys.find(held.key)
    if found is None or found.kind is not Kind.ROLE:
        names = ", ".join(name for scope, name in roles if scope == held.scope)
        yield Mistake(path, f'The file has no role with the key "{printable(held.key)}"; those built in are {names}.')
        return
    role = keys.get(Role, held.key)
    if role is not None and role.scope != held.scope:
        yield Mistake(path, f'The role "{printable(held.key)}" has the scope {role.scope}, not {held.scope}.')
    if role is not None and held.tenant is not None and role.tenant != held.tenant:
        yield Mistake(path, f'The role "{printable(held.key)}" belongs to another tenant.')


class _Claim(NamedTuple):
    """What an entity has for itself alone."""

    to: Hashable
    path: str
    message: str


def _unique(keys: Keys) -> Iterator[_Claim]:
    for name, index, role in keys.all(Role):
        path = json_path(name, index, "name")
        yield _Claim((Role, role.tenant, role.scope, role.name), path, "Its tenant has a role of that name already.")
    for name, index, user in keys.all(User):
        path = json_path(name, index, "email")
        yield _Claim((User, email_key(user.email)), path, "Another user of the file has this e-mail address.")
    for name, index, team in keys.all(Team):
        owner = (Team, tenant_of(keys, team.contract) or object(), team.name)
        yield _Claim(owner, json_path(name, index, "name"), "Its tenant has a team of that name already.")
    for name, index, part in keys.all(Component):
        path = json_path(name, index, "name")
        yield _Claim((Component, part.team, part.name), path, "Its team has a component of that name already.")
    for name, index, member in keys.all(WorkspaceMember):
        yield _Claim(
            (Workspace, member.workspace, member.user),
            json_path(name, index),
            "The user is a member of the workspace already.",
        )
    for name, index, its in keys.all(ContractMember):
        yield _Claim(
            (Contract, its.contract, its.user), json_path(name, index), "The user is a member of the contract already."
        )


def _repeated(claims: Iterable[_Claim]) -> Iterator[Mistake]:
    taken: set[Hashable] = set()
    for claim in claims:
        if claim.to in taken:
            yield Mistake(claim.path, claim.message)
        taken.add(claim.to)
