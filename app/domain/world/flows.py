"""The flows that a document creates (W10): their graphs taken apart, with ids in place of keys."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.component import Catalogue, Component, ComponentAccess, ComponentName
from app.domain.content import Content, SplitGraph, split_graph
from app.domain.flow import FlowState
from app.domain.graph import KEYS, Json, StepBindings, canonical
from app.domain.graph_input import graph_mistakes
from app.domain.id_prefixes import Kind
from app.domain.model import ComponentId, ContractId, FlowStatus, ReferenceKind, TenantId
from app.domain.step import Step
from app.domain.wording import printable
from app.domain.world.names import Names
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
    def shown(self) -> FlowState:
        """What the flow shows of itself: its published version, or its draft while there is none."""
        states = self.versions or [each for each in (self.draft,) if each is not None]
        return states[-1].state


class FlowReader:
    """Reads the graphs of new flows, and notes what is wrong with them."""

    def __init__(self, names: Names, removed: Iterable[str] = ()) -> None:
        self.mistakes: list[Mistake] = []
        self._names, self._digest = names, hashlib.sha256()
        gone = {*removed}
        components = [each for each in names.by_id.values() if each.id.startswith(f"{Kind.COMPONENT}_")]
        made = [_component_of(each, names) for each in components if each.id not in gone]
        known = [each for each in made if each is not None]
        self._catalogue, self._known = Catalogue(known), {each.id for each in known}

    @property
    def fingerprint(self) -> str:
        """One text for all that was read, with references as the document has them: the ids of new things are new each time."""
        return self._digest.hexdigest()

    def read(self, item: Item, raw: Mapping[str, Json], thing: Thing | None) -> NewFlow | None:
        """A new flow; None where something is wrong with it. Without a `thing` it is only looked for mistakes."""
        before = len(self.mistakes)
        if not item.states and not {"versions", "draft"} & item.malformed:
            self.mistakes.append(Mistake(item.path(), "A flow has a version, a draft, or both."))
        elif item.values.get("status") == FlowStatus.ACTIVE and not item.is_published and not item.malformed:
            self.mistakes.append(Mistake(item.path("status"), "A flow without a version can't be ACTIVE."))
        workspace = None if thing is None else thing.values.get("workspace") or None
        versions, draft = raw.get("versions"), raw.get("draft")
        draft_state = self._state(item, workspace, draft, "author", "draft") if isinstance(draft, dict) else None
        listed = versions if isinstance(versions, list) else []
        states = [
            self._state(item, workspace, each, "publishedBy", "versions", index)
            for index, each in enumerate(listed)
            if isinstance(each, dict)
        ]
        if thing is None or len(self.mistakes) > before:
            return None
        return NewFlow(thing, [each for each in states if each is not None], draft_state)

    def _state(
        self, item: Item, workspace: str | None, raw: dict[str, Json], author: str, *at: Part
    ) -> NewState | None:
        path = item.path(*at)
        by = raw.get(author)
        by_id = self._reference("users", by, *path, author) if isinstance(by, str) and by else None
        split = None if "graph" not in raw else self._graph(workspace, raw["graph"], path)
        texts = [raw.get(name) for name in (author, "name", "cron", "description")]
        if split is None or not isinstance(item.values.get("name"), str) or not all(map(_is_text, texts)):
            return None
        self._note([item.key, *at, *texts])
        name, cron = (raw.get("name") or item.values["name"]).strip(), raw.get("cron") or item.values.get("cron")
        described = raw.get("description")
        description = item.values.get("description") if described is None else described
        content = split.content
        return NewState(FlowState(name, description, cron, content.hash, content.graph(split.bindings)), content, by_id)

    def _graph(self, workspace: str | None, graph: Json, path: tuple[Part, ...]) -> SplitGraph | None:
        """Its content and bindings; of a malformed graph the steps that are in order are looked at too."""
        malformed = graph_mistakes(graph)
        self.mistakes.extend(Mistake((*path, *_typed({"graph": graph}, each.path)), each.message) for each in malformed)
        steps = well_formed_steps(graph) if malformed else dict(enumerate(graph["nodes"]))
        readable = {"nodes": list(steps.values()), "edges": []} if malformed else graph
        tenant = None if workspace is None else self._names.by_id[workspace].tenant
        split = split_graph(readable, lambda command: self._topic_field(command, tenant))
        if not malformed:
            self._note([split.content.hash, *split.bindings])
        positions, bound = list(steps), []
        for step in split.bindings:
            at = (*path, "graph", "nodes", positions[step.position])
            bound.append(self._with_ids(split.content.steps[step.position], step, workspace, tenant, at))
        return None if malformed else replace(split, bindings=tuple(bound))

    def _note(self, state: Json) -> None:
        self._digest.update(canonical(state).encode(errors="surrogatepass"))

    def _topic_field(self, command: str, tenant: str | None) -> str | None:
        component = self._catalogue.resolve(command, TenantId(tenant or ""))
        return component.topic_field if component is not None and component.pub_sub else None

    def _with_ids(
        self, step: Step, bound: StepBindings, workspace: str | None, tenant: str | None, path: tuple[Part, ...]
    ) -> StepBindings:
        ids: dict[ReferenceKind, Json] = {}
        for kind, section in SECTION_OF.items():
            key = bound.reference(kind)
            if key is None:
                continue
            at = (*path, "fields", bound.topic_field or "") if kind is ReferenceKind.TOPIC else (*path, KEYS[kind])
            thing_id = self._reference(section, key, *at)
            thing = None if thing_id is None else self._names.by_id.get(thing_id)
            if thing is not None and workspace is not None:
                named = f'The {thing.id.partition("_")[0]} "{printable(key)}" belongs to another'
                if thing.values["workspace"] != workspace:
                    self.mistakes.append(Mistake(at, f"{named} workspace."))
                meant = self._catalogue.resolve(step.command, TenantId(tenant or ""))
                its = thing.values.get("component")
                if its in self._known and tenant is not None and (meant is None or meant.id != its):
                    self.mistakes.append(Mistake(at, f"{named} component."))
            ids[kind] = thing_id
        return bound._replace(values={**bound.values, **ids}) if ids else bound

    def _reference(self, section: str, text: str, *path: Part) -> str | None:
        meant = self._names.reference(section, text, *path)
        if isinstance(meant, Mistake):
            self.mistakes.append(meant)
            return None
        self._names.refer(section, text, meant, *path)
        return meant


def _is_text(value: Json) -> bool:
    return value is None or isinstance(value, str)


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
        if not graph_mistakes({"nodes": [node], "edges": []})
    }


def _typed(root: Json, path: Sequence[str]) -> Iterator[Part]:
    """A path with numbers where it leads through lists: the paths of the domain's rules are all text."""
    value = root
    for part in path:
        if isinstance(value, list):
            yield int(part)
            value = value[int(part)]
        else:
            yield part
            value = value.get(part) if isinstance(value, dict) else None
