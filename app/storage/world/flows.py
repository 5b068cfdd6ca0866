"""Reads the flows of a world file: what is wrong with each, or what is stored of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.domain.content import Content, SplitGraph, split_graph
from app.domain.flow import FlowState
from app.domain.graph import KEYS, Json, StepBindings
from app.domain.graph_input import graph_mistakes
from app.domain.model import FlowStatus, ReferenceKind
from app.domain.step import Step
from app.domain.wording import printable
from app.storage.ids import Kind
from app.storage.world.components import Components
from app.storage.world.consistency import tenant_of
from app.storage.world.entities import Agent, Credential, Draft, Flow, State, Version, Workspace
from app.storage.world.format import read_entity
from app.storage.world.keys import Keys
from app.storage.world.mistakes import Mistake, Part, json_path, mistakes_of_rules, odd_texts

_KINDS = {
    ReferenceKind.CREDENTIAL: Kind.CREDENTIAL,
    ReferenceKind.SECRET: Kind.SECRET,
    ReferenceKind.AGENT: Kind.AGENT,
    ReferenceKind.TOPIC: Kind.TOPIC,
}


class ReadState(NamedTuple):
    """A version or draft, its graph parted, with the ids of what it is bound to."""

    state: FlowState
    content: Content
    author: str | None
    """The key of a user."""


class ReadFlow(NamedTuple):
    id: str
    entity: Flow
    versions: Sequence[ReadState]
    draft: ReadState | None
    shown: FlowState
    """The published version, or the draft while there is none: what the flow shows of itself."""


@dataclass(frozen=True, slots=True)
class FlowReader:
    keys: Keys
    components: Components
    looks_for_odd_texts: bool

    def read(self, index: int, raw: Json) -> ReadFlow | list[Mistake]:
        """A flow, or everything that is wrong with it."""
        path = ("flows", index)
        odd = list(odd_texts(raw, *path)) if self.looks_for_odd_texts else []
        flow = read_entity(Flow, raw, *path)
        if not isinstance(flow, Flow):
            return [*odd, *flow, *self._other_mistakes(raw, *path)]
        mistakes = [*odd, *self._flow_mistakes(flow, *path)]
        versions = [self._read(flow, each, mistakes, *path, "versions", at) for at, each in enumerate(flow.versions)]
        draft = None if flow.draft is None else self._read(flow, flow.draft, mistakes, *path, "draft")
        states = [state for state in (draft, *versions) if state is not None]
        if mistakes or not states:
            return mistakes
        return ReadFlow(self.keys.id(flow.key), flow, states[1:] if draft else states, draft, states[-1].state)

    def _flow_mistakes(self, flow: Flow, *path: Part) -> Iterator[Mistake]:
        yield from self.keys.reference_mistakes(flow, *path)
        if not flow.versions and flow.draft is None:
            yield Mistake(json_path(*path), "A flow has a version, a draft, or both.")
        if not flow.versions and flow.status is FlowStatus.ACTIVE:
            yield Mistake(json_path(*path, "status"), "A flow without a version can't be ACTIVE.")

    def _other_mistakes(self, raw: Json, *path: Part) -> list[Mistake]:
        """What else is wrong with a flow whose shape is wrong: its references and graphs, as far as they can be read."""
        if not isinstance(raw, dict):
            return []
        mistakes = list(self.keys.raw_reference_mistakes(Flow, raw, *path))
        versions = raw.get("versions")
        states: list[tuple[type[State], Json, tuple[Part, ...]]] = [
            (Version, each, (*path, "versions", at))
            for at, each in enumerate(versions if isinstance(versions, list) else [])
        ]
        states.append((Draft, raw.get("draft"), (*path, "draft")))
        for model, state, at in states:
            if isinstance(state, dict):
                mistakes.extend(self.keys.raw_reference_mistakes(model, state, *at))
                if state.get("graph") is not None:
                    self._read_graph(raw.get("workspace"), state["graph"], mistakes, *at)
        return mistakes

    def _read(self, flow: Flow, state: Version | Draft, mistakes: list[Mistake], *path: Part) -> ReadState | None:
        mistakes.extend(self.keys.reference_mistakes(state, *path))
        read = self._read_graph(flow.workspace, state.graph, mistakes, *path)
        if read is None:
            return None
        name, cron = (state.name or flow.name).strip(), state.cron or flow.cron
        description = flow.description if state.description is None else state.description
        author = state.published_by if isinstance(state, Version) else state.author
        said = FlowState(name, description, cron, read.content.hash, read.content.graph(read.bindings))
        return ReadState(said, read.content, author)

    def _read_graph(self, workspace: Json, graph: Json, mistakes: list[Mistake], *path: Part) -> SplitGraph | None:
        """Its content and bindings; None if they can't be told. Of a malformed graph the other steps are checked too."""
        malformed = list(mistakes_of_rules({"graph": graph}, graph_mistakes(graph), *path))
        mistakes.extend(malformed)
        # Such a graph can't even be hashed; what is odd in it is said of the flow as a whole.
        if self.looks_for_odd_texts and next(odd_texts(graph), None) is not None:
            return None
        steps = well_formed_steps(graph) if malformed else dict(enumerate(graph["nodes"]))
        readable = {"nodes": list(steps.values()), "edges": []} if malformed else graph
        tenant_id = self._tenant_id(workspace)
        split = split_graph(readable, lambda command: self.components.topic_field(command, tenant_id or ""))
        positions, bound = list(steps), []
        for step in split.bindings:
            at = (*path, "graph", "nodes", positions[step.position])
            found = list(self._wrong_bindings(workspace, tenant_id, split.content.steps[step.position], step, *at))
            mistakes.extend(found)
            bound.append(step if found else self._with_ids(step))
        return None if malformed or tenant_id is None else replace(split, bindings=tuple(bound))

    def _tenant_id(self, workspace: Json) -> str | None:
        found = self.keys.get(Workspace, workspace) if isinstance(workspace, str) else None
        tenant = None if found is None else tenant_of(self.keys, found.contract)
        return None if tenant is None else self.keys.id(tenant)

    def _with_ids(self, step: StepBindings) -> StepBindings:
        ids = {kind: self.keys.id(key) for kind in _KINDS if (key := step.reference(kind)) is not None}
        return step._replace(values={**step.values, **ids}) if ids else step

    def _wrong_bindings(
        self, workspace: Json, tenant_id: str | None, step: Step, bound: StepBindings, *path: Part
    ) -> Iterator[Mistake]:
        for kind, what in _KINDS.items():
            key = bound.reference(kind)
            if key is None:
                continue
            at = (*path, "fields", bound.topic_field or "") if kind is ReferenceKind.TOPIC else (*path, KEYS[kind])
            wrong = list(self.keys.wrong_reference(what, key, *at))
            yield from wrong
            # Where they belong can't be told while the flow's own workspace is unknown.
            target = None if wrong or tenant_id is None else self.keys.get(Agent, key)
            if target is not None and target.workspace != workspace:
                yield Mistake(json_path(*at), f'The {what.value} "{printable(key)}" belongs to another workspace.')
            if isinstance(target, Credential) and tenant_id is not None:
                component, its = self.components.resolve(step.command, tenant_id), self.keys.find(target.component)
                is_known = its is not None and self.components.is_known(its.id)
                if its is not None and is_known and (component is None or component.id != its.id):
                    yield Mistake(json_path(*at), f'The {what.value} "{printable(key)}" belongs to another component.')


def well_formed_steps(graph: Json) -> dict[int, Json]:
    """The steps of a graph that nothing is wrong with, by their positions."""
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    return {
        position: node
        for position, node in enumerate(nodes if isinstance(nodes, list) else [])
        if not graph_mistakes({"nodes": [node], "edges": []})
    }
