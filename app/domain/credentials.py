"""Ranks the credentials and secrets that fit the steps of a flow that goes to a workspace, most likely first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from app.domain.component import Catalogue, Component, ComponentRequirement
from app.domain.flow import CopiedState, Flow
from app.domain.graph import StepBindings
from app.domain.input import name_key
from app.domain.model import ReferenceKind, Target, Workspace, WorkspaceId
from app.domain.references import Destination, by_position
from app.domain.source_graph import SourceGraph


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
