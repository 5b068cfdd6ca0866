"""Random flows of Development and random changes of their drafts: small pools, so that ids and things meet often."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from hypothesis import strategies

from app.domain.graph import Json
from app.domain.nouns import ReferenceKind, Target
from app.domain.source import Flow, State
from app.domain.update import StepChoice
from tests.domain.lifecycle import state_of
from tests.domain.world import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    PRODUCTION,
    SECRET,
    STANDARD,
    TOPIC,
    component,
    flow,
    known,
    native,
    node,
    target,
)

CRM, VAULT = component("lab/crm", needs=CREDENTIAL), component("lab/vault", needs=SECRET)
COMPONENTS = (*STANDARD, CRM, VAULT)
HERE = (
    *(target(CREDENTIAL, name, DEVELOPMENT, of=CRM) for name in ("One", "Two")),
    target(CREDENTIAL, "Other", DEVELOPMENT, of=VAULT),
    target(SECRET, "One", DEVELOPMENT, of=VAULT),
    target(AGENT, "One", DEVELOPMENT),
    *(target(TOPIC, name, DEVELOPMENT) for name in ("One", "Two")),
)
ELSEWHERE = (
    target(CREDENTIAL, "Live", PRODUCTION, of=CRM),
    target(SECRET, "Live", PRODUCTION, of=VAULT),
    target(AGENT, "Live", PRODUCTION),
    target(TOPIC, "Live", PRODUCTION),
)
THINGS = known(*HERE, *ELSEWHERE)
KEYS = {CREDENTIAL: "credentials_id", SECRET: "secret_id", AGENT: "vpn_agent_id"}
PUB = "acme/pub-sub:pub"


def _ids(kind: ReferenceKind, things: tuple[Target, ...]) -> list[str]:
    return [thing.id for thing in things if thing.kind is kind]


def _nodes(things: tuple[Target, ...], nothing: tuple[object, ...]) -> Iterator[Json]:
    """Steps with one reference, or none."""
    for step_id, command in product("123", ("lab/crm:get", "lab/crm:put@2", "lab/vault:open", PUB, "lab/gone:x")):
        yield node(step_id, command)
        yield node(step_id, command, selected_data_samples=["sample"], fields={"to": step_id})
        for kind, key in KEYS.items():
            yield from (node(step_id, command, **{key: value}) for value in (*_ids(kind, things), *nothing))
        if command == PUB:
            topics = (*_ids(TOPIC, things), *nothing)
            yield from (node(step_id, command, fields={"topic": value, "more": 1}) for value in topics)


EDGES = [{"source": source, "target": end} for source, end in (("1", "2"), ("2", "3"), (None, "error_all"), ("3", "1"))]


def _graphs(nodes: Iterator[Json]) -> strategies.SearchStrategy[Json]:
    edges = strategies.lists(strategies.sampled_from(EDGES), max_size=2)
    return strategies.builds(
        lambda nodes, edges: native(*nodes, edges=edges),
        strategies.lists(strategies.sampled_from([*nodes]), max_size=4),
        edges,
    )


graphs = _graphs(_nodes((*HERE, *ELSEWHERE), ("gone", None)))
"""With any reference, those of other workspaces too."""
sound_graphs = _graphs(_nodes(HERE, (None,)))
states: strategies.SearchStrategy[State] = graphs.map(lambda graph: state_of(graph, components=COMPONENTS))


def _choices(things: tuple[Target, ...]) -> list[StepChoice]:
    ids = {kind: [*_ids(kind, things), None] for kind in (*KEYS, TOPIC)}
    return [StepChoice(step_id, {kind: value}) for step_id in "123" for kind, values in ids.items() for value in values]


CHOICES = _choices((*HERE, *ELSEWHERE))


@dataclass(frozen=True)
class Change:
    """A flow, and what is to be changed of its draft; without a graph the one that is there stays."""

    flow: Flow
    graph: Json | None
    choices: tuple[StepChoice, ...]


@strategies.composite
def changes(draw: strategies.DrawFn) -> Change:
    published, drafted = draw(states), draw(states)
    either = draw(strategies.sampled_from([(published, drafted), (published, None), (None, drafted)]))
    graph = draw(strategies.one_of(strategies.none(), sound_graphs))
    choices = draw(strategies.lists(strategies.sampled_from(CHOICES), max_size=3))
    return Change(flow(*either), graph, tuple(choices))
