"""Ranks the credentials and secrets that fit the steps of a flow that goes to a workspace, most likely first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from app.domain.component import Component, ComponentRequirement
from app.domain.flow import FlowState
from app.domain.input import name_key
from app.domain.model import ReferenceKind, Target, WorkspaceId
from app.domain.references import Destination, by_position
from app.domain.step import Step


class CredentialMatch(StrEnum):
    """The reason for the rank of a credential among the candidates, best first."""

    SAME_CREDENTIAL = "SAME_CREDENTIAL"
    CHOSEN_BEFORE = "CHOSEN_BEFORE"
    SAME_NAME = "SAME_NAME"
    ONLY_ONE = "ONLY_ONE"
    OTHER = "OTHER"


RANKS = {match: rank for rank, match in enumerate(CredentialMatch)}


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
    state: FlowState,
    components: Mapping[str, Component | None],
    targets: Mapping[str, Target],
    exported: Sequence[Destination],
    workspace_id: WorkspaceId,
) -> list[StepInNeed]:
    """The steps that need a credential or a secret; `exported` are flows that were exported from this one before."""
    bound, steps = by_position(state.bindings), []
    for step in state.steps:
        component = components[step.command]
        if component is None or component.requires is ComponentRequirement.NONE:
            continue
        kind = ReferenceKind(component.requires.value)
        own = targets.get((bound[step.position].reference(kind) if step.position in bound else None) or "")
        chosen = _chosen_before(step, component, kind, exported)
        steps.append(StepInNeed(step.id, step.name, component, kind, workspace_id, own, chosen))
    return steps


def _chosen_before(
    step: Step, component: Component, kind: ReferenceKind, exported: Sequence[Destination]
) -> frozenset[str]:
    ids = (destination.already_chosen(step, component).get(kind) for destination in exported)
    return frozenset(id_ for id_ in ids if id_ is not None)


def ranked(step: StepInNeed, candidates: Iterable[Candidate], number: int) -> list[tuple[Candidate, CredentialMatch]]:
    """Candidates of a step, best match first, then by name; `number` is how many there are in all."""
    own_key = None if step.own is None else name_key(step.own.name)
    keyed = sorted(((name_key(each.name), each) for each in candidates), key=lambda one: (one[0], one[1].id))
    rated = [(each, _match(step, own_key, key, each.id, number)) for key, each in keyed]
    return sorted(rated, key=lambda one: RANKS[one[1]])


def _match(step: StepInNeed, own_key: str | None, key: str, id_: str, number: int) -> CredentialMatch:
    if step.own is not None and id_ == step.own.id:
        return CredentialMatch.SAME_CREDENTIAL
    if id_ in step.chosen_before:
        return CredentialMatch.CHOSEN_BEFORE
    if key == own_key:
        return CredentialMatch.SAME_NAME
    return CredentialMatch.ONLY_ONE if number == 1 else CredentialMatch.OTHER
