"""The flows that a document creates (W10): their graphs taken apart, with ids in place of keys."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.component import Catalogue, Component, ComponentAccess, ComponentName
from app.domain.content import Content, mistakes_in_graph, split_graph, topic_fields
from app.domain.errors import printable
from app.domain.flow import TEXTS, FlowState
from app.domain.graph import KEYS, Json, StepBindings, canonical
from app.domain.model import ComponentId, ContractId, FlowStatus, Kind, ReferenceKind, TenantId
from app.domain.world.names import Names
from app.domain.world.sections import SECTIONS
from app.domain.world.things import Item, Mistake, Part, Thing

SECTION_OF = {
    ReferenceKind.CREDENTIAL: "credentials",
    ReferenceKind.SECRET: "secrets",
    ReferenceKind.AGENT: "agents",
    ReferenceKind.TOPIC: "topics",
}


@dataclass(frozen=True, slots=True)
class NewState:
    """A version or draft of a new flow."""

    state: FlowState
    content: Content
    author: str | None
    """The id of a user."""


@dataclass(frozen=True, slots=True)
class NewFlow:
    thing: Thing
    versions: Sequence[NewState]
    draft: NewState | None

    @property
    def states(self) -> Sequence[NewState]:
        return self.versions if self.draft is None else (*self.versions, self.draft)

    @property
    def current_state(self) -> FlowState:
        """The published version, or the draft while there is none: the name and texts of the flow."""
        return (self.versions or self.states)[-1].state


class FlowReader:
    """Reads the versions and drafts of new flows, and notes the mistakes in them."""

    def __init__(self, names: Names, removed: Collection[str] = ()) -> None:
        self._mistakes, self._names, self._digest = names.mistakes, names, hashlib.sha256()
        things = [thing for thing in names.by_id.values() if thing.id.startswith(f"{Kind.COMPONENT}_")]
        components = [_component_of(thing, names) for thing in things if thing.id not in removed]
        self._components = {component.id: component for component in components if component is not None}
        self._catalogue = Catalogue(self._components.values())

    def read_all(
        self, flows: Iterable[tuple[int, Json]], items: Mapping[int, tuple[Item, Thing | None]]
    ) -> list[NewFlow]:
        """Read flows by their indexes, and leave out those with mistakes."""
        read = (self.read(items[index][0], raw, items[index][1]) for index, raw in flows if isinstance(raw, dict))
        return [flow for flow in read if flow is not None]

    @property
    def fingerprint(self) -> str:
        """One text for all flows that were read, without the ids of new things, which are new each time."""
        return self._digest.hexdigest()

    def read(self, item: Item, raw: Mapping[str, Json], thing: Thing | None) -> NewFlow | None:
        """Read a new flow; None where it has mistakes. Without a `thing` it is only looked for mistakes."""
        before = len(self._mistakes)
        versions, draft = raw.get("versions"), raw.get("draft")
        if thing is not None:
            self._mistakes.extend(_lacking_states(item, raw))
        draft_state = self._state(item, thing, draft, "author", "draft")
        listed = enumerate(versions if isinstance(versions, list) else ())
        states = [self._state(item, thing, state, "publishedBy", "versions", index) for index, state in listed]
        if thing is None or len(self._mistakes) > before:
            return None
        return NewFlow(thing, [state for state in states if state is not None], draft_state)

    def _state(self, item: Item, thing: Thing | None, raw: Json, author: str, *at: Part) -> NewState | None:
        if not isinstance(raw, dict):
            return None
        user = raw.get(author)
        user_id = self._names.refer(item, "users", user, *at, author) if isinstance(user, str) and user else None
        content = self._graph(item, thing, raw["graph"], *at, "graph") if "graph" in raw else None
        own = [raw.get(name) for name in TEXTS]
        if (
            content is None
            or not isinstance(item.values.get("name"), str)
            or not all(isinstance(text, str | None) for text in (user, *own))
        ):
            return None
        self._note([item.key, *at, user, *own])
        # A state that leaves a text out has that of its flow.
        texts: dict[str, Json] = {
            name: item.values.get(name) if text is None else text for name, text in zip(TEXTS, own, strict=True)
        }
        texts["name"] = texts["name"].strip()
        return NewState(FlowState(**texts, content_hash=content.hash, graph=content.graph), content, user_id)

    def _graph(self, item: Item, thing: Thing | None, graph: Json, *at: Part) -> Content | None:
        """The content and bindings of a graph; well-formed steps of a malformed graph are checked too."""
        malformed = [*mistakes_in_graph(graph)]
        self._mistakes.extend(Mistake(item.path(*at, *place), reason) for place, reason in malformed)
        steps = well_formed_steps(graph) if malformed else dict(enumerate(graph["nodes"]))
        readable = {"nodes": list(steps.values()), "edges": []} if malformed else graph
        tenant = TenantId((thing and thing.tenant) or "")
        content = split_graph(readable, topic_fields(self._catalogue, tenant))
        if not malformed:
            self._note([content.hash, *content.graph.bindings])
        positions, bindings = list(steps), []
        for bound in content.graph.bindings:
            place = (*at, "nodes", positions[bound.position])
            component = self._catalogue.resolve(content.graph.steps[bound.position].command, tenant)
            bindings.append(self._with_ids(item, thing, component, bound, place))
        return None if malformed else replace(content, graph=content.graph.bound(tuple(bindings)))

    def _note(self, state: Json) -> None:
        self._digest.update(canonical(state).encode(errors="surrogatepass"))

    def _with_ids(
        self, item: Item, flow: Thing | None, component: Component | None, bound: StepBindings, place: tuple[Part, ...]
    ) -> StepBindings:
        """The bindings of a step with ids in place of keys."""
        ids: dict[ReferenceKind, Json] = {}
        for kind, section in SECTION_OF.items():
            key = bound.reference(kind)
            if key is None:
                continue
            at = (*place, "fields", bound.topic_field or "") if kind is ReferenceKind.TOPIC else (*place, KEYS[kind])
            ids[kind] = thing_id = self._names.refer(item, section, key, *at)
            used = None if thing_id is None else self._names.by_id.get(thing_id)
            if used is None or flow is None or flow.tenant is None:
                continue
            named = f'The {SECTIONS[section].noun} "{printable(key)}" belongs to another'
            if used.values["workspace"] != flow.values["workspace"]:
                self._mistakes.append(Mistake(item.path(*at), f"{named} workspace."))
            owner = self._components.get(used.values.get("component", ""))
            if owner is not None and owner is not component:
                self._mistakes.append(Mistake(item.path(*at), f"{named} component."))
        return bound._replace(values={**bound.values, **ids}) if ids else bound


def _lacking_states(item: Item, flow: Mapping[str, Json]) -> Iterator[Mistake]:
    """The mistake in a new flow without the version or draft that it needs."""
    if not flow.get("versions") and flow.get("draft") is None and not {"versions", "draft"} & item.malformed:
        yield Mistake(item.path(), "A flow has a version, a draft, or both.")
    elif item.values.get("status") == FlowStatus.ACTIVE and not flow.get("versions") and not item.malformed:
        yield Mistake(item.path("status"), "A flow without a version can't be ACTIVE.")


def _component_of(thing: Thing, names: Names) -> Component | None:
    team = names.by_id.get(thing.values.get("team", ""))
    if team is None or thing.tenant is None:
        return None
    values = thing.values
    return Component(
        id=ComponentId(thing.id),
        name=ComponentName(team.values.get("name", ""), values.get("name", "")),
        access=ComponentAccess(values["access"]),
        contract_id=ContractId(team.values.get("contract", "")),
        tenant_id=TenantId(thing.tenant),
        pub_sub=values["pubSub"],
        topic_field=values["topicField"],
    )


def well_formed_steps(graph: Json) -> dict[int, Json]:
    """The steps of a graph that nothing is wrong with, by their positions."""
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    return {
        position: node
        for position, node in enumerate(nodes if isinstance(nodes, list) else [])
        if not any(mistakes_in_graph({"nodes": [node], "edges": []}))
    }
