"""Random exports: a source and a destination among few workspaces, with things that often do and often don't fit."""

from dataclasses import dataclass
from functools import cache
from random import Random

from hypothesis import strategies

from app.domain.access import Place
from app.domain.component import Component
from app.domain.export import ExportFacts, ExportWish, IntoWorkspace, OntoFlow
from app.domain.graph import Json
from app.domain.nouns import ReferenceKind, Target, Workspace
from app.domain.override import ExistingDraft
from app.domain.source import Flow, SourceWish, State, StateOfFlow
from tests.domain.permissions import READ_PERMISSIONS, WRITE_PERMISSIONS
from tests.domain.world import (
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

STATES_AT_EACH = 30
NONE: tuple[None] = (None,)


@dataclass(frozen=True)
class Case:
    facts: ExportFacts
    wish: ExportWish


@cache
def states(what: str, own: Workspace, other: Workspace) -> tuple[State, ...]:
    """States of flows in one workspace, small ones first: drawn one by one, they'd take longer than what they test."""
    chance = Random(f"{what} {own.id} {other.id}")  # noqa: S311 - the same worlds at every run; no secret rests on it
    drawn = [
        [_step(chance, own, other) for _ in range(chance.choice((0, 1, 1, 2, 2, 3)))] for _ in range(STATES_AT_EACH)
    ]
    return tuple(state(*steps, state_id=f"{what}_{number}") for number, steps in enumerate(sorted(drawn, key=len)))


def _step(chance: Random, own: Workspace, other: Workspace) -> BoundStep:
    """A step bound to nothing, to what lives where it is or, now and then, elsewhere or nowhere."""
    command = chance.choice(COMMANDS * 5 + ODD_COMMANDS)
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


@strategies.composite
def exports(draw: strategies.DrawFn, *, smooth: bool = False) -> Case:
    """An export as a new flow or over a flow; unless it is to go smoothly, much may stand in its way."""
    permissions = strategies.sampled_from([ALLOWED] if smooth else [ALLOWED, ALLOWED, ALLOWED, READ_PERMISSIONS])
    here, there = (
        Place(at, draw(permissions)) for at in draw(strategies.sampled_from(SMOOTH_PAIRS if smooth else PAIRS))
    )
    source = _flow(draw, "source", here, there)
    over = _flow(draw, "there", there, here) if draw(strategies.sampled_from([False, True, True])) else None
    odd = draw(strategies.sampled_from([None] if smooth else [*NONE * 9, "no source", "no destination", "itself"]))
    into = IntoWorkspace(there.workspace.id) if over is None else OntoFlow(over.id)
    if odd == "itself":
        over, there, into = source, here, OntoFlow(source.id)
    named = draw(strategies.sampled_from([*NONE, *states("version_old", here.workspace, there.workspace)]))
    facts = ExportFacts(
        source=None if odd == "no source" else source,
        destination=None if odd == "no destination" else there,
        overridden=None if odd == "no destination" else over,
        named_version=named,
        catalogue=catalogue(*COMPONENTS),
        targets=ALL_THINGS,
        flows_used=draw(strategies.integers(0, 2)),
    )
    version = "version_of_another" if named is None else named.id
    return Case(facts, draw(wishes(into, there.workspace, version, smooth=smooth)))


def _flow(draw: strategies.DrawFn, name: str, at: Place, other: Place) -> Flow:
    published, drafted = (states(f"{what}_{name}", at.workspace, other.workspace) for what in ("version", "draft"))
    without = draw(strategies.sampled_from(["neither", "neither", "draft", "version"]))
    return flow(
        None if without == "version" else draw(strategies.sampled_from(published)),
        None if without == "draft" else draw(strategies.sampled_from(drafted)),
        at=at,
        flow_id=f"flow_{name}",
    )


@cache
def wishes(
    into: IntoWorkspace | OntoFlow, there: Workspace, version: str, *, smooth: bool
) -> strategies.SearchStrategy[ExportWish]:
    topics = [*NONE * 6, *_ids(there, TOPIC)]
    sources = [SourceWish()] * 4
    odd_sources = [*sources, *map(SourceWish, StateOfFlow), SourceWish(None, version)]
    return strategies.builds(
        ExportWish,
        strategies.just("flow_source"),
        strategies.just(into),
        strategies.sampled_from([None, "Given"] if smooth else [None, None, "Given", " "]),
        strategies.sampled_from(topics if smooth else [*topics, "gone"]),
        strategies.sampled_from(sources if smooth else odd_sources),
        strategies.sampled_from([ExistingDraft.SET_ASIDE] if smooth else [*ExistingDraft]),
    )
