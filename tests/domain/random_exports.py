"""Random exports: a source and a destination among few workspaces, with things that often do and often don't fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import TypeVar

from hypothesis import strategies

from app.domain.access import WorkspaceAccess
from app.domain.choices import ReferenceMapping, StepChoice
from app.domain.component import Component
from app.domain.draft import ExistingDraft
from app.domain.facts import ExportFacts, ExportWish, Facts, IntoWorkspace, OntoFlow, dangling_references
from app.domain.flow import Flow, SavedState, SourceWish, StateOfFlow
from app.domain.graph import Json
from app.domain.model import ReferenceKind, Target, Workspace
from tests.domain.builders import (
    ABROAD,
    AGENT,
    CREDENTIAL,
    DATA_SAMPLES,
    FULL,
    LIMITED,
    SECRET,
    STANDARD,
    TEAM,
    TOPIC,
    BoundStep,
    catalogue,
    component,
    contract,
    flow,
    known,
    state,
    target,
    topic,
    workspace,
)
from tests.domain.permissions import READ_PERMISSIONS, WRITE_PERMISSIONS
from tests.domain.random_worlds import NUMBERS

NORTHERN, CHOOSY = contract("Northern Retail"), contract("Choosy Cooks", whitelist=True, quota=1)
LAPSED, OVERSEAS = contract("Lapsed Goods", suspended=True, quota=2), contract("Overseas Trade", tenant=ABROAD)
WORKSPACES = (
    workspace("Development", NORTHERN, LIMITED),
    workspace("Production", NORTHERN, FULL),
    workspace("Kitchen", CHOOSY, FULL),
    workspace("Tasting", CHOOSY, LIMITED),
    workspace("Closed", LAPSED, FULL),
    workspace("Harbour", OVERSEAS, FULL),
)
COMPONENTS: tuple[Component, ...] = (*STANDARD, component("lab/private", TEAM, NORTHERN))
COMMANDS = ("acme/mailer:send", "acme/pub-sub:pub", "acme/pub-sub:sub@latest", "acme/mailer:look@2", "acme/pub-sub:pub")
ODD_COMMANDS = ("lab/private:a", "lab/unknown:a", "unreadable")
OWNED = (CREDENTIAL, SECRET, AGENT)


def things_of(at: Workspace) -> list[Target]:
    named = [target(kind, f"{at.name} {number}", at) for kind in OWNED for number in (1, 2)]
    required = (["a"], ["b"])
    topics = [
        topic(f"{at.name} {number}", at, schema={"properties": {"a": {}}, "required": required[number % 2]})
        for number in (1, 2)
    ]
    return [*named, *topics]


THINGS = {workspace.id: things_of(workspace) for workspace in WORKSPACES}
ALL_THINGS = known(*(thing for things in THINGS.values() for thing in things))

Chosen = TypeVar("Chosen")


@dataclass(frozen=True)
class Case:
    facts: ExportFacts
    wish: ExportWish


def _state(what: str, number: int, own: Workspace, other: Workspace, *, smooth: bool) -> SavedState:
    """A state of a flow in one workspace; small numbers make small ones. Of many steps one often stands in the way."""
    chance = Random(number)  # noqa: S311 - the same worlds at every run; no secret rests on it
    return state(
        *(_step(chance, own, other) for _ in range(number * (5 if smooth else 4) // NUMBERS)),
        state_id=f"{what}_{number}",
    )


def _step(chance: Random, own: Workspace, other: Workspace) -> BoundStep:
    """A step bound to nothing, to what lives where it is or, now and then, elsewhere or nowhere."""
    command = chance.choice(COMMANDS * 8 + ODD_COMMANDS)
    kinds = [kind for kind in OWNED if chance.random() < 0.5] + [TOPIC] * command.startswith("acme/pub-sub:")
    bound: dict[ReferenceKind, Json] = {
        kind: chance.choice([*_ids(own, kind) * 3, *_ids(other, kind), None, "gone"]) for kind in kinds
    }
    if chance.random() < 0.3:
        bound[DATA_SAMPLES] = chance.choice((["sample"], [], None))
    return BoundStep(chance.choice("123"), command, bound)


def _ids(at: Workspace, kind: ReferenceKind) -> list[str]:
    return [thing.id for thing in THINGS[at.id] if thing.kind is kind]


DEVELOPMENT, PRODUCTION = WORKSPACES[:2]
PAIRS = [(DEVELOPMENT, PRODUCTION)] * 6 + [(here, there) for here in WORKSPACES for there in WORKSPACES]
SMOOTH_PAIRS = [(DEVELOPMENT, PRODUCTION)] * 3 + [(PRODUCTION, WORKSPACES[3]), (DEVELOPMENT, DEVELOPMENT)]
ALLOWED = READ_PERMISSIONS | WRITE_PERMISSIONS
PERMISSIONS = (ALLOWED, ALLOWED, ALLOWED, READ_PERMISSIONS)
ONTO = (False, True, True)
NONE: tuple[None] = (None,)

# What is chosen at once, since each draw takes its time: the places of source and destination; and then whether it goes
# onto a flow, what is odd, how many flows are used, and the wishes that don't depend on where it goes.
ACCESSES = [
    (WorkspaceAccess(here, may), WorkspaceAccess(there, and_may))
    for here, there in PAIRS
    for may in PERMISSIONS
    for and_may in PERMISSIONS
]
WAYS = [
    *product(
        ONTO, (*NONE * 9, "no source", "no destination", "itself"), range(3), (None, None, "Given", " "), ExistingDraft
    )
]
SMOOTH_PLACES = [(WorkspaceAccess(here, ALLOWED), WorkspaceAccess(there, ALLOWED)) for here, there in SMOOTH_PAIRS]
SMOOTH_WAYS = [*product(ONTO, NONE, range(3), (None, "Given"), (ExistingDraft.SET_ASIDE,))]
WITHOUT = ("neither", "neither", "draft", "version")
OF_WHAT_IS_GONE = [(), (), (), (ReferenceMapping("gone", "gone"),), (ReferenceMapping("agent_gone", "agent_gone"),)]
"""Mappings that map nothing; now and then steps are bound to the first."""
numbers = strategies.integers(0, NUMBERS - 1)


@strategies.composite
def exports(draw: strategies.DrawFn, *, smooth: bool = False) -> Case:
    """An export as a new flow or over a flow; unless it is to go smoothly, much may stand in its way."""
    here, there = _one_of(SMOOTH_PLACES if smooth else ACCESSES, draw)
    onto, odd, used, name, existing = _one_of(SMOOTH_WAYS if smooth else WAYS, draw)
    source = _flow(draw, "source", here, there, smooth=smooth)
    over = _flow(draw, "there", there, here, smooth=smooth) if onto else None
    into = IntoWorkspace(there.workspace.id) if over is None else OntoFlow(over.id)
    if odd == "itself":
        over, there, into = source, here, OntoFlow(source.id)
    old = draw(numbers)
    named = _state("version_old", old, here.workspace, there.workspace, smooth=smooth) if old > NUMBERS // 30 else None
    facts = ExportFacts(
        source=None if odd == "no source" else source,
        destination=None if odd == "no destination" else there,
        overridden=None if odd == "no destination" else over,
        named_version=named,
        catalogue=catalogue(*COMPONENTS),
        targets=ALL_THINGS,
        flows_used=used,
    )
    topics = [*NONE * 6, *_ids(there.workspace, TOPIC)]
    version = "version_of_another" if named is None else named.id
    sources = [*[SourceWish()] * 4, *map(SourceWish, StateOfFlow), SourceWish(None, version)]
    topic = _one_of(topics if smooth else [*topics, "gone"], draw)
    wish = ExportWish("flow_source", into, name, topic, sources[0] if smooth else _one_of(sources, draw), existing)
    if not smooth and odd is None:
        wish = replace(wish, mappings=_one_of(OF_WHAT_IS_GONE, draw))
        gathered = Facts({"flow_source": source}, {} if named is None else {"flow_source": {named.id: named}})
        facts = replace(facts, dangling=dangling_references(replace(gathered, targets=ALL_THINGS), [wish]))
    return Case(facts, wish)


@strategies.composite
def exports_with_given_references(draw: strategies.DrawFn) -> Case:
    """The same with mappings, and bindings for steps: of agents and topics, which fit every component."""
    case = draw(exports(smooth=True))
    chance = Random(draw(numbers))  # noqa: S311 - as above
    facts, to = case.facts, case.facts.destination
    if facts.source is None or to is None:
        return case
    here, there = facts.source.access.workspace, to.workspace
    mappings = [
        ReferenceMapping(old, chance.choice(_ids(there, kind)), ("mappings",))
        for kind in (AGENT, TOPIC)
        for old in _ids(here, kind)
        if chance.random() < 0.4
    ]
    bindings = [
        StepChoice(step_id, {kind: chance.choice([None, *_ids(there, kind)])})
        for step_id, kind in product("123", (AGENT, TOPIC))
        if chance.random() < 0.2
    ]
    known_once = tuple({binding.step_id: binding for binding in bindings}.values())
    return Case(facts, replace(case.wish, topic_id=None, mappings=tuple(mappings), bindings=known_once))


def _flow(draw: strategies.DrawFn, name: str, at: WorkspaceAccess, other: WorkspaceAccess, *, smooth: bool) -> Flow:
    without = _one_of(WITHOUT, draw)
    published, drafted = (
        None
        if what == without
        else _state(f"{what}_{name}", draw(numbers), at.workspace, other.workspace, smooth=smooth)
        for what in ("version", "draft")
    )
    return flow(published, drafted, at=at, flow_id=f"flow_{name}")


def _one_of(choices: Sequence[Chosen], draw: strategies.DrawFn) -> Chosen:
    """As `sampled_from`, which takes longer where the choices are made anew or are many."""
    return choices[draw(numbers) % len(choices)]
