"""The references of a flow at its destination, the report of them (X7 to X8), and the credentials that fit its steps, most likely first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from app.domain.component import Catalogue, Component, ComponentRequirement, Step, named_component
from app.domain.errors import Refusal, named, not_here
from app.domain.flow import CopiedState, Flow, FlowState
from app.domain.graph import NOTHING, Bindings, StepBindings
from app.domain.input import name_key
from app.domain.model import ComponentId, ReferenceKind, Target, Workspace, WorkspaceId
from app.domain.source_graph import SourceGraph

OWNED_KINDS = (ReferenceKind.CREDENTIAL, ReferenceKind.SECRET, ReferenceKind.AGENT)
"""The kinds of X7; topics have rules of their own."""


class ReferenceAction(StrEnum):
    KEPT = "KEPT"
    REPLACED = "REPLACED"
    CLEARED = "CLEARED"


class ReferenceOutcome(NamedTuple):
    """The report of one reference (X7b). Data samples have no ids."""

    step_id: str
    kind: ReferenceKind
    action: ReferenceAction
    from_id: str | None
    to_id: str | None
    step_name: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialNotAccessible(Refusal):
    """A credential, secret or agent that lives elsewhere, belongs to another component, or doesn't exist."""

    kind: ReferenceKind
    reference_id: str
    workspace: Workspace
    step: Step | None
    """None for a reference that a mapping names."""
    component: Component | None = field(default=None, compare=False)
    """The component of the step, if the caller can see it, or of the first step that the mapping doesn't fit."""
    target: Target | None = field(default=None, compare=False)
    """The target of this id, if the caller can see it."""
    mapped_from: str | None = None
    """The id that a mapping replaces."""
    replaced: Target | None = field(default=None, compare=False)
    """The target that a mapping replaces, if the caller can see it."""

    @property
    def message(self) -> str:
        is_agent = self.kind is ReferenceKind.AGENT
        if self.component is None and not is_agent:
            if self.step is None:
                return f"A step that uses {self._user} has a component that isn't known. Leave this mapping out."
            return (
                f"The step {self.step.label} can't have a {self.kind.value.lower()}, since its component isn't known. "
                "Correct the command of the step first."
            )
        # An agent belongs to no component.
        owner = "" if is_agent or self.component is None else f" that belongs to {self.component.label}"
        return f"{self._reason} For {self._user}, choose one of {named(self.workspace)}{owner}."

    @property
    def _user(self) -> str:
        if self.step is not None:
            return f"the step {self.step.label}"
        what = self.kind.value.lower()
        return f"the {what} that is mapped" if self.replaced is None else f"the {what} {named(self.replaced)}"

    @property
    def _reason(self) -> str:
        target = self.target
        if target is not None and target.lives_in(self.workspace, self.kind):
            return f"The {self.kind.value.lower()} {named(target)} belongs to another component."
        return not_here(self.kind, self.reference_id, target, self.workspace)


References = Mapping[ReferenceKind, str]


class Destination:
    """The references that a workspace can use, and those that the overridden flow uses there already (X7, X7a)."""

    def __init__(
        self, workspace: Workspace, targets: Mapping[str, Target], catalogue: Catalogue, overridden: Flow | None = None
    ) -> None:
        self.workspace = workspace
        self.targets = targets
        self._catalogue = catalogue
        self._chosen: dict[tuple[str, _ComponentKey], References] = {}
        for saved in () if overridden is None else overridden.states:
            self._keep_choices(saved.state)

    def find(self, reference: str | None) -> Target | None:
        """The target of this id, wherever it lives, if the caller can see it."""
        return self.targets.get(reference or "")

    def can_use(self, kind: ReferenceKind, reference: str | None) -> bool:
        """Whether the workspace has a target of this kind and id."""
        target = None if reference is None else self.targets.get(reference)
        return target is not None and target.lives_in(self.workspace, kind)

    def fits(self, kind: ReferenceKind, reference: str, component: Component | None) -> bool:
        """Whether a step of this component can use a reference: a credential or secret has to belong to the component."""
        if not self.can_use(kind, reference):
            return False
        is_owned = kind in {ReferenceKind.CREDENTIAL, ReferenceKind.SECRET}
        return not is_owned or (component is not None and self.targets[reference].component_id == component.id)

    def already_chosen(self, step: Step, component: Component | None) -> References:
        """The references of the overridden flow's step of the same id and component: published, else in its draft (X7a)."""
        return self._chosen.get((step.id, _key_of(step.command, component)), NOTHING) if self._chosen else NOTHING

    def is_same_component(self, step: Step, component: Component | None, before: Step) -> bool:
        """Whether a step of this workspace has this component too; of unknown components the names decide."""
        return _key_of(step.command, component) == self._key_here(before)

    def _keep_choices(self, state: FlowState) -> None:
        """Keep references by step and component, since ids may repeat in an unfinished graph; the first one counts."""
        for bound in state.graph.bindings:
            step = state.graph.steps[bound.position]
            usable = {
                kind: value
                for kind, value in bound.values.items()
                if isinstance(value, str) and self.can_use(kind, value)
            }
            if usable:
                key = step.id, self._key_here(step)
                self._chosen[key] = {**usable, **self._chosen.get(key, NOTHING)}

    def _key_here(self, step: Step) -> "_ComponentKey":
        return _key_of(step.command, self._catalogue.resolve(step.command, self.workspace.contract.tenant_id))


_ComponentKey = tuple[ComponentId | None, str | None]
"""The component of a step: its id, or the name where it is unknown."""


def _key_of(command: str, component: Component | None) -> _ComponentKey:
    return (None, str(named_component(command))) if component is None else (component.id, None)


def by_position(bindings: Bindings) -> dict[int, StepBindings]:
    return {step.position: step for step in bindings}


class CredentialMatch(StrEnum):
    """The reason for the rank of a credential among the candidates, best first."""

    SAME_CREDENTIAL = "SAME_CREDENTIAL"
    CHOSEN_BEFORE = "CHOSEN_BEFORE"
    SAME_NAME = "SAME_NAME"
    ONLY_ONE = "ONLY_ONE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, eq=False)
class StepInNeed:
    """A step whose component needs a credential or a secret, in a flow that may go to a workspace."""

    step_id: str
    step_name: str | None
    component: Component
    kind: ReferenceKind
    workspace_id: WorkspaceId
    own: Target | None
    """The credential or secret of the step in the source, if the caller can see it."""
    chosen_before: frozenset[str]
    """The credentials or secrets of the same step in flows that were exported from this one."""


class Credential(Protocol):
    """A credential or a secret."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


Candidate = TypeVar("Candidate", bound=Credential)


def steps_in_need(
    copied: CopiedState,
    workspace: Workspace,
    catalogue: Catalogue,
    targets: Mapping[str, Target],
    exported: Iterable[Flow],
) -> list[StepInNeed]:
    """The steps that need a credential or a secret; `exported` are flows of the workspace that this one went to before."""
    destinations = [Destination(workspace, targets, catalogue, flow) for flow in exported]
    graph, steps = SourceGraph(copied.state.graph, catalogue, copied.flow.access.workspace), []
    bound = by_position(copied.state.graph.bindings)
    for step in copied.state.graph.steps:
        component = graph.components[step.command]
        if component is None or component.requires is ComponentRequirement.NONE:
            continue
        kind = ReferenceKind(component.requires.value)
        own = targets.get(bound.get(step.position, StepBindings(step.position)).reference(kind) or "")
        chosen = (destination.already_chosen(step, component).get(kind) for destination in destinations)
        before = frozenset(id_ for id_ in chosen if id_ is not None)
        steps.append(StepInNeed(step.id, step.name, component, kind, workspace.id, own, before))
    return steps


def ranked(step: StepInNeed, candidates: Iterable[Candidate], number: int) -> list[tuple[Candidate, CredentialMatch]]:
    """Candidates of a step, best match first, then by name; `number` is how many there are in all."""
    order, by_name = (
        [*CredentialMatch],
        sorted(candidates, key=lambda candidate: (name_key(candidate.name), candidate.id)),
    )
    rated = [(candidate, _match(step, candidate, number)) for candidate in by_name]
    return sorted(rated, key=lambda candidate: order.index(candidate[1]))


def _match(step: StepInNeed, candidate: Credential, number: int) -> CredentialMatch:
    if step.own is not None and candidate.id == step.own.id:
        return CredentialMatch.SAME_CREDENTIAL
    if candidate.id in step.chosen_before:
        return CredentialMatch.CHOSEN_BEFORE
    if step.own is not None and name_key(candidate.name) == name_key(step.own.name):
        return CredentialMatch.SAME_NAME
    return CredentialMatch.ONLY_ONE if number == 1 else CredentialMatch.OTHER
