"""Random worlds: small pools, so that names, tenants and contracts meet often."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import settings, strategies

from app.domain.component import Component, ComponentAccess
from app.domain.nouns import Contract, TenantId, Workspace
from tests.domain.world import FULL, LIMITED, BoundStep, component, contract, step, workspace

bounded = settings(max_examples=25, deadline=None, derandomize=True, database=None)
"""The same few examples every time: these tests run at every save. Raise the number to hunt."""

TENANTS = tuple(TenantId(f"tenant_{name}") for name in ("one", "two", "three"))
COMPONENT_NAMES = ("acme/mailer", "acme/pub-sub", "lab/mailer")
COMMANDS = (
    "acme/mailer:send@latest",
    "acme/pub-sub:pub",
    "acme/pub-sub:sub@latest",
    "lab/mailer:send",
    "acme/mailer",
    "lab/unknown:send",
)


@dataclass(frozen=True)
class World:
    workspaces: tuple[Workspace, ...]
    components: tuple[Component, ...]


@strategies.composite
def worlds(draw: strategies.DrawFn) -> World:
    """Three tenants with two contracts each; in a tenant at most one component of a name."""
    contracts: list[Contract] = []
    for tenant in TENANTS:
        whitelist = draw(strategies.booleans())
        contracts += [contract(f"{tenant} {name}", tenant=tenant, whitelist=whitelist) for name in ("a", "b")]
    workspaces = [
        workspace(f"{owner.name} {of_type}", owner, of_type) for owner in contracts for of_type in (FULL, LIMITED)
    ]
    return World(tuple(workspaces), tuple(_components(draw, contracts)))


def _components(draw: strategies.DrawFn, contracts: Sequence[Contract]) -> list[Component]:
    order = draw(strategies.permutations(range(len(TENANTS) * len(COMPONENT_NAMES))))
    components = []
    for position, (name, tenant) in enumerate((name, tenant) for name in COMPONENT_NAMES for tenant in TENANTS):
        owners = [contract for contract in contracts if contract.tenant_id == tenant]
        accesses = [ComponentAccess.GLOBAL, ComponentAccess.TEAM, ComponentAccess.TENANT, ComponentAccess.GLOBAL]
        pairs = [(access, owner) for access in accesses for owner in owners]
        choice = draw(strategies.sampled_from([None, None, *pairs]))
        if choice is not None:
            access, owner = choice
            whitelisted = draw(strategies.lists(strategies.sampled_from(contracts), max_size=3))
            is_pub_sub, created = name == "acme/pub-sub", f"component_{order[position]}"
            components.append(
                component(name, access, owner, component_id=created, pub_sub=is_pub_sub, whitelisted=whitelisted)
            )
    return components


step_lists: strategies.SearchStrategy[tuple[BoundStep, ...]] = strategies.lists(
    strategies.sampled_from([*COMMANDS[:4] * 4, *COMMANDS[4:]]), max_size=3
).map(lambda commands: tuple(step(str(number), command) for number, command in enumerate(commands)))
"""Mostly good commands of few components, so that flows are often usable elsewhere."""
