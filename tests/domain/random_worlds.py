"""Random worlds: small pools, so that names, tenants and contracts meet often."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import TypeVar

from hypothesis import strategies

from app.domain.component import Component, ComponentAccess
from app.domain.model import Contract, TenantId, Workspace
from tests.domain.builders import FULL, GLOBAL, LIMITED, TEAM, TENANT, BoundStep, component, contract, step, workspace

NUMBERS = 10_000
Made = TypeVar("Made")


def by_chance(make: Callable[[Random, int], Made], *, largest: int) -> strategies.SearchStrategy[Made]:
    """What `make` makes with a chance and a size up to the largest, both out of one number that hypothesis draws.

    If hypothesis drew choice after choice, that would take longer than what is tested. Small numbers make small things,
    so what is shown of a failure is small all the same.
    """
    return strategies.integers(0, NUMBERS - 1).map(
        lambda number: make(Random(number), number * (largest + 1) // NUMBERS)  # noqa: S311 - no secret rests on it
    )


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
class RandomWorld:
    workspaces: tuple[Workspace, ...]
    components: tuple[Component, ...]


def _contracts(whitelisting: Sequence[bool]) -> list[Contract]:
    return [
        contract(f"{tenant} {name}", tenant=tenant, whitelist=whitelist)
        for tenant, whitelist in zip(TENANTS, whitelisting, strict=True)
        for name in ("a", "b")
    ]


CONTRACTS = _contracts([False, False, False])
WHITELISTS = ((), CONTRACTS[::2], CONTRACTS[1:4])
AGES = (0, 1, 2)
Choice = tuple[ComponentAccess, int, Sequence[Contract], int] | None
CHOICES: list[Choice] = [*product((GLOBAL, TEAM, TENANT, GLOBAL), (0, 1), WHITELISTS, AGES)]
NO_COMPONENT: list[Choice] = [None] * (len(CHOICES) // 4)


ACCESSES = [*product(COMPONENT_NAMES, range(len(TENANTS)))]
whitelistings = strategies.sampled_from([*product((False, True), repeat=len(TENANTS))])
choices_of_places = strategies.tuples(*[strategies.sampled_from([*NO_COMPONENT, *CHOICES])] * len(ACCESSES))


@strategies.composite
def worlds(draw: strategies.DrawFn) -> RandomWorld:
    """Three tenants with two contracts each; in a tenant at most one component of a name."""
    contracts = _contracts(draw(whitelistings))
    workspaces = [
        workspace(f"{owner.name} {of_type}", owner, of_type) for owner in contracts for of_type in (FULL, LIMITED)
    ]
    return RandomWorld(tuple(workspaces), tuple(_components(draw(choices_of_places))))


def _components(choices: Sequence[Choice]) -> Iterator[Component]:
    for position, ((name, tenant), choice) in enumerate(zip(ACCESSES, choices, strict=True)):
        if choice is not None:
            access, owner, whitelisted, age = choice
            yield component(
                name,
                access,
                CONTRACTS[2 * tenant + owner],
                component_id=f"component_{age}_{position}",
                whitelisted=whitelisted,
            )


step_lists: strategies.SearchStrategy[tuple[BoundStep, ...]] = strategies.lists(
    strategies.sampled_from([*COMMANDS[:4] * 4, *COMMANDS[4:]]), max_size=3
).map(lambda commands: tuple(step(str(number), command) for number, command in enumerate(commands)))
"""Mostly good commands of few components, so that flows are often usable elsewhere."""
