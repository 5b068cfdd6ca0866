"""Reads the flows of a world file: what is wrong with each, or what is stored of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.domain.content import Content, part
from app.domain.graph import KEYS, Bindings, Json, StepBindings
from app.domain.graph_input import graph_mistakes
from app.domain.model import FlowStatus, ReferenceKind
from app.domain.step import Step
from app.domain.wording import shown
from app.storage.ids import Kind
from app.storage.world.components import Components
from app.storage.world.entities import Agent, Credential, Draft, Flow, State, Version, Workspace
from app.storage.world.format import read_entity
from app.storage.world.keys import Keys
from app.storage.world.mistakes import Mistake, Part, json_path, mistakes_of_rules, odd_texts
from app.storage.world.places import tenant_of

_KINDS = {
    ReferenceKind.CREDENTIAL: Kind.CREDENTIAL,
    ReferenceKind.SECRET: Kind.SECRET,
    ReferenceKind.AGENT: Kind.AGENT,
    ReferenceKind.TOPIC: Kind.TOPIC,
}


class ReadState(NamedTuple):
    """A version or draft, its graph parted, with the ids of what it is bound to."""

    name: str
    description: str | None
    cron: str | None
    author: str | None
    """The key of a user."""
    content: Content
    bindings: Bindings


class ReadFlow(NamedTuple):
    id: str
    entity: Flow
    versions: Sequence[ReadState]
    draft: ReadState | None
    shown: ReadState
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
            return odd + flow
        mistakes = [*odd, *self._flow_mistakes(flow, *path)]
        versions = [self._read(flow, each, mistakes, *path, "versions", at) for at, each in enumerate(flow.versions)]
        draft = None if flow.draft is None else self._read(flow, flow.draft, mistakes, *path, "draft")
        states = [state for state in (draft, *versions) if state is not None]
        if mistakes or not states:
            return mistakes
        return ReadFlow(self.keys.id(flow.key), flow, states[1:] if draft else states, draft, states[-1])

    def _flow_mistakes(self, flow: Flow, *path: Part) -> Iterator[Mistake]:
        yield from self.keys.reference_mistakes(flow, *path)
        if not flow.versions and flow.draft is None:
            yield Mistake(json_path(*path), "A flow has a version, a draft, or both.")
        if not flow.versions and flow.status is FlowStatus.ACTIVE:
            yield Mistake(json_path(*path, "status"), "A flow without a version can't be ACTIVE.")

    def _read(self, flow: Flow, state: Version | Draft, mistakes: list[Mistake], *path: Part) -> ReadState | None:
        mistakes.extend(self.keys.reference_mistakes(state, *path))
        malformed = list(mistakes_of_rules({"graph": state.graph}, graph_mistakes(state.graph), *path))
        tenant_id = self._tenant_id(flow)
        if malformed or tenant_id is None or self._holds_odd_texts(state):
            mistakes.extend(malformed)
            return None
        content, bindings = part(state.graph, lambda command: self.components.topic_field(command, tenant_id))
        bound = []
        for step in bindings:
            its = content.steps[step.position]
            found = list(self._wrong_bindings(flow, tenant_id, its, step, *path, "graph", "nodes", step.position))
            mistakes.extend(found)
            bound.append(step if found else self._with_ids(step))
        return ReadState(
            name=(state.name or flow.name).strip(),
            description=flow.description if state.description is None else state.description,
            cron=state.cron or flow.cron,
            author=state.published_by if isinstance(state, Version) else state.author,
            content=content,
            bindings=tuple(bound),
        )

    def _holds_odd_texts(self, state: State) -> bool:
        """Whether its graph can't even be hashed; what is odd in it is said of the flow as a whole."""
        return self.looks_for_odd_texts and next(odd_texts(state.graph), None) is not None

    def _tenant_id(self, flow: Flow) -> str | None:
        workspace = self.keys.get(Workspace, flow.workspace)
        tenant = None if workspace is None else tenant_of(self.keys, workspace.contract)
        found = None if tenant is None else self.keys.find(tenant)
        return None if found is None else found.id

    def _with_ids(self, step: StepBindings) -> StepBindings:
        ids = {kind: self.keys.id(key) for kind in _KINDS if (key := step.reference(kind)) is not None}
        return replace(step, values={**step.values, **ids}) if ids else step

    def _wrong_bindings(
        self, flow: Flow, tenant_id: str, step: Step, bound: StepBindings, *path: Part
    ) -> Iterator[Mistake]:
        for kind, what in _KINDS.items():
            key = bound.reference(kind)
            if key is None:
                continue
            at = (*path, "fields", bound.topic_field or "") if kind is ReferenceKind.TOPIC else (*path, KEYS[kind])
            wrong = list(self.keys.wrong_reference(what, key, *at))
            yield from wrong
            target = None if wrong else self.keys.get(Agent, key)
            if target is not None and target.workspace != flow.workspace:
                yield Mistake(json_path(*at), f'The {what.value} "{shown(key)}" belongs to another workspace.')
            if isinstance(target, Credential):
                component, its = self.components.resolve(step.command, tenant_id), self.keys.find(target.component)
                if its is not None and (component is None or component.id != its.id):
                    yield Mistake(json_path(*at), f'The {what.value} "{shown(key)}" belongs to another component.')
