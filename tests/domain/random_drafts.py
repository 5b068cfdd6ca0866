"""Random flows of Development and random changes of their drafts: small pools, so that ids and things meet often."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from app.domain.choices import StepChoice
from app.domain.flow import Flow
from app.domain.graph import Json
from app.domain.model import ReferenceKind, Target
from tests.domain.builders import (
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
from tests.domain.lifecycle import state_of
from tests.domain.random_worlds import by_chance

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


COMMANDS = ("lab/crm:get", "lab/crm:put@2", "lab/vault:open", PUB, PUB, "lab/gone:x")
COMPONENT_OF = {CRM.id: "lab/crm", VAULT.id: "lab/vault"}
EDGES = [{"source": source, "target": end} for source, end in (("1", "2"), ("2", "3"), (None, "error_all"), ("3", "1"))]


def _ids(kind: ReferenceKind, things: Iterable[Target]) -> list[str]:
    return [thing.id for thing in things if thing.kind is kind]


def _node(chance: Random, *, sound: bool = False) -> Json:
    """A step bound to anything, to what lives elsewhere or nowhere too; a sound one only to what fits it here."""
    command = chance.choice(COMMANDS)
    things = [thing for thing in HERE if fits(command, thing)] if sound else [*HERE, *ELSEWHERE]
    nothing = [None] if sound else ["gone", None]
    bound = {key: chance.choice([*_ids(kind, things), *nothing]) for kind, key in KEYS.items() if chance.random() < 0.3}
    if chance.random() < 0.2:
        bound["selected_data_samples"] = ["sample"]
    if command == PUB and chance.random() < 0.8:
        bound["fields"] = {"topic": chance.choice([*_ids(TOPIC, things), *nothing]), "more": 1}
    return node(chance.choice("123"), command, **{"fields": {"to": "1"}} | bound)


def fits(command: str, thing: Target) -> bool:
    return thing.component_id is None or command.startswith(COMPONENT_OF[thing.component_id])


def _graph(chance: Random, nodes: Iterable[Json]) -> Json:
    return native(*nodes, edges=chance.choices(EDGES, k=chance.randint(0, 2)))


def _any_graph(chance: Random, size: int) -> Json:
    return _graph(chance, [_node(chance) for _ in range(size)])


graphs = by_chance(_any_graph, largest=4)
"""With any reference, those of other workspaces too."""
states = by_chance(lambda chance, size: state_of(_any_graph(chance, size), components=COMPONENTS), largest=4)


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


def _change(chance: Random, size: int) -> Change:
    """Few steps, so that those of the draft, of the version and of the new graph are often the same."""
    sound = [_node(chance, sound=True) for _ in range(3)]
    nodes = [*sound, *(_node(chance) for _ in range(3))]
    published, drafted = (
        state_of(_graph(chance, chance.choices(nodes, k=chance.randint((size + 1) // 2, size))), components=COMPONENTS)
        for _ in range(2)
    )
    graph = (
        _graph(chance, chance.choices(sound, k=chance.randint((size + 1) // 2, size)))
        if chance.random() < 0.5
        else None
    )
    either = chance.choice(((published, drafted), (published, None), (None, drafted)))
    return Change(flow(*either), graph, tuple(chance.choices(CHOICES, k=chance.randint(0, 3))))


changes = by_chance(_change, largest=5)
