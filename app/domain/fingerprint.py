"""Fingerprints of plans: a digest of everything that the decision about an export rests on, part by part (P1, P7).

The caller can see all of it: the facts have nothing invisible, and of components only what they come to is digested.
"""

import hashlib
import marshal
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from app.domain.access import FLOW_EDIT, WorkspaceAccess, quota_exceeded
from app.domain.choices import MappingsByReference, ReferenceMapping, StepChoice, mappings_used
from app.domain.component import Catalogue, named_component, why_unusable
from app.domain.drift import DestinationChanges
from app.domain.errors import PLAN_FINGERPRINT, Refusal
from app.domain.facts import ExportFacts, ExportWish, IntoWorkspace, NotCopied, Subjects
from app.domain.flow import CopiedState, Flow, FlowState, SavedState, texts_of
from app.domain.graph import bindings_to_json
from app.domain.input import InvalidInput
from app.domain.model import Kind, Target, kind_in


class PlanBasis(StrEnum):
    """The parts that a plan rests on, in the order of the digests in a fingerprint."""

    SOURCE = "SOURCE"
    DESTINATION = "DESTINATION"
    DRAFT = "DRAFT"
    PERMISSIONS = "PERMISSIONS"
    COMPONENTS = "COMPONENTS"
    TOPICS = "TOPICS"
    CREDENTIALS = "CREDENTIALS"
    INPUT = "INPUT"


CHANGED = {
    PlanBasis.SOURCE: "the source",
    PlanBasis.DESTINATION: "the destination",
    PlanBasis.DRAFT: "the draft at the destination",
    PlanBasis.PERMISSIONS: "your permissions",
    PlanBasis.COMPONENTS: "the components",
    PlanBasis.TOPICS: "the topics",
    PlanBasis.CREDENTIALS: "the credentials, secrets or agents",
    PlanBasis.INPUT: "what you ask for",
}


@dataclass(frozen=True, slots=True)
class PlanIsStale(Refusal):
    """Parts that the plan rested on have changed."""

    changed: tuple[PlanBasis, ...]

    @property
    def message(self) -> str:
        *others, last = (CHANGED[basis] for basis in self.changed)
        listed = f"{', '.join(others)} and {last}" if others else last
        return f"Since the plan was made, something has changed: {listed}. Look at a new plan, then export."


DIGITS = 16
"""The length of one digest, in hexadecimal: enough that two don't meet by chance."""
FORM = re.compile(f"1((?:[0-9a-f]{{{DIGITS}}}){{{len(PlanBasis)}}})")
"""The number of the form of digests, then the digests."""


def fingerprint_of(facts: ExportFacts, wish: ExportWish) -> str:
    """The fingerprint of the plan for a wish, whatever its own says."""
    return "1" + "".join(_digests(facts, wish, facts.copied_state(wish)).values())


def fingerprint_refused(
    facts: ExportFacts, wish: ExportWish, copied: CopiedState | NotCopied
) -> tuple[PlanIsStale | InvalidInput, ...]:
    """Refuse a fingerprint that isn't that of the plan that would be carried out."""
    if wish.fingerprint is None:
        return ()
    fingerprint = FORM.fullmatch(wish.fingerprint)
    if fingerprint is None:
        return (InvalidInput(PLAN_FINGERPRINT, "This isn't the fingerprint of a plan. Hand on the one of exportPlan."),)
    changed = tuple(
        basis
        for number, (basis, digest) in enumerate(_digests(facts, wish, copied).items())
        if fingerprint[1][number * DIGITS : (number + 1) * DIGITS] != digest
    )
    return (PlanIsStale(changed, path=PLAN_FINGERPRINT),) if changed else ()


def _digests(facts: ExportFacts, wish: ExportWish, state: CopiedState | NotCopied) -> Mapping[PlanBasis, str]:
    """One digest for each part. Exports of one call for which a part is the same share its digest."""
    memo, source, access, overridden = facts.memo, facts.source, facts.destination, facts.overridden
    copied = state if isinstance(state, CopiedState) else None
    is_new = isinstance(wish.destination, IntoWorkspace)
    exceeded = quota_exceeded(access, facts.flows_used) if is_new and access is not None else ()
    quota = tuple((each.limit, each.used) for each in exceeded)
    mappings = memo(_mappings_used, copied, wish.mappings, wish.shared_mappings)
    ids = memo(_reference_ids, copied, overridden, wish.topic_id, wish.bindings, mappings)
    mapped = {each.from_id for each in wish.mappings}
    unknown = tuple(id_ for id_ in sorted(mapped) if id_ not in facts.targets and id_ not in facts.dangling)
    references = ids, unknown, facts.targets
    return {
        PlanBasis.SOURCE: memo(_digest, _source, source, copied),
        PlanBasis.DESTINATION: memo(_digest, _destination, access, overridden, quota),
        PlanBasis.DRAFT: memo(_digest, _saved, None if overridden is None else overridden.draft),
        PlanBasis.PERMISSIONS: memo(_digest, _permissions, source, access),
        PlanBasis.COMPONENTS: memo(_digest, _components, source, copied, access, overridden, facts.catalogue),
        PlanBasis.TOPICS: memo(_digest, _references, PlanBasis.TOPICS, *references),
        PlanBasis.CREDENTIALS: memo(_digest, _references, PlanBasis.CREDENTIALS, *references),
        PlanBasis.INPUT: _digest(_input, wish, mappings),
    }


Pairs = tuple[tuple[str, str], ...]
"""The ids of mappings that a flow uses."""


def _digest(part: Callable[[*Subjects], object], *subjects: *Subjects) -> str:
    """Digest the plain values that a function makes of its subjects."""
    # The format of marshal tells all of them apart, and its version 2 has no references.
    return hashlib.sha256(marshal.dumps(cast("Any", part(*subjects)), 2)).hexdigest()[:DIGITS]


def _source(flow: Flow | None, copied: CopiedState | None) -> object:
    if flow is None:
        return None
    about_flow = flow.id, flow.name, flow.type.value, flow.access.workspace.id
    if copied is None:
        return about_flow
    return about_flow, copied.copied_from.value, copied.version_id, _plain(copied.state)


def _destination(access: WorkspaceAccess | None, overridden: Flow | None, quota: tuple[tuple[int, int], ...]) -> object:
    if access is None:
        return None
    workspace, contract = access.workspace, access.workspace.contract
    place = workspace.id, workspace.type.value, contract.id, contract.status.value
    flow = overridden and (overridden.id, overridden.name, overridden.type.value, _saved(overridden.published))
    return place, [*quota], flow


def _permissions(source: Flow | None, access: WorkspaceAccess | None) -> object:
    accesses = (None if source is None else source.access), access
    return tuple(each is not None and FLOW_EDIT in each.permissions for each in accesses)


def _components(
    source: Flow | None,
    copied: CopiedState | None,
    access: WorkspaceAccess | None,
    overridden: Flow | None,
    catalogue: Catalogue,
) -> object:
    """The component that each command means at both ends, and whether the destination can use it."""
    home = None if source is None else source.access.workspace.contract.tenant_id
    workspace = None if access is None else access.workspace
    commands = dict.fromkeys(command for state in _states(copied, overridden) for command in state.graph.commands)
    first = {str(named_component(command)): command for command in commands}
    answers = []
    for name in sorted(first):
        at_home = None if home is None else catalogue.resolve(first[name], home)
        properties = (
            ()
            if at_home is None
            else (at_home.id, at_home.requires.value, at_home.pub_sub, at_home.topic_field, at_home.title)
        )
        abroad = None if workspace is None else catalogue.resolve(first[name], workspace.contract.tenant_id)
        reason = None if workspace is None or abroad is None else why_unusable(abroad, workspace)
        answers.append((name, properties, abroad and abroad.id, reason and reason.value))
    return answers


def _references(
    basis: PlanBasis, ids: tuple[str, ...], unknown: tuple[str, ...], targets: Mapping[str, Target]
) -> object:
    """The topics, or the other references, with the workspace and component of each."""

    def of_basis(ids: Iterable[str]) -> list[str]:
        return [id_ for id_ in ids if (kind_in(id_) is Kind.TOPIC) is (basis is PlanBasis.TOPICS)]

    visible = [(id_, _target(targets.get(id_))) for id_ in of_basis(ids)]
    return [*visible, *(("unknown", id_) for id_ in of_basis(unknown))]


def _input(wish: ExportWish, mappings: Pairs) -> object:
    into = wish.destination
    place = ("into", into.workspace_id) if isinstance(into, IntoWorkspace) else ("onto", into.flow_id)
    source = wish.source.state and wish.source.state.value, wish.source.version_id
    bindings = [(each.step_id, [(kind.value, id_) for kind, id_ in each.choices.items()]) for each in wish.bindings]
    own = [(each.from_id, each.to_id) for each in wish.mappings]
    existing = wish.existing_draft.value
    if wish.destination_changes is DestinationChanges.REFUSE:
        # Left out by default, so that plans of the release before keep their fingerprints.
        existing = f"{existing}, {wish.destination_changes.value} CHANGES"
    return wish.flow_id, place, wish.name, wish.topic_id, source, existing, bindings, own, [*mappings]


def _mappings_used(copied: CopiedState | None, own: tuple[ReferenceMapping, ...], shared: MappingsByReference) -> Pairs:
    used = {} if copied is None else mappings_used(own, shared, copied.state.graph.uses)
    return tuple(sorted((each.from_id, each.to_id) for each in used.values()))


def _reference_ids(
    copied: CopiedState | None,
    overridden: Flow | None,
    topic_id: str | None,
    bindings: tuple[StepChoice, ...],
    mappings: Pairs,
) -> tuple[str, ...]:
    """The ids that the states of both flows and the wish name, sorted."""
    ids = {reference for state in _states(copied, overridden) for reference in state.graph.references}
    ids.update(to_id for _, to_id in mappings)
    ids.update(id_ for choice in bindings for id_ in choice.choices.values() if id_ is not None)
    ids.update(filter(None, [topic_id]))
    return tuple(sorted(ids))


def _states(copied: CopiedState | None, overridden: Flow | None) -> Iterator[FlowState]:
    """The state that is exported, and those that the overridden flow has already (X7a)."""
    if copied is not None:
        yield copied.state
    yield from (saved.state for saved in (() if overridden is None else overridden.states))


def _target(target: Target | None) -> object:
    return target and (target.kind.value, target.workspace_id, target.name, target.component_id, target.schema)


def _saved(saved: SavedState | None) -> object:
    return saved and (saved.id, saved.revision, _plain(saved.state))


def _plain(state: FlowState) -> object:
    return *texts_of(state), state.content_hash, bindings_to_json(state.graph.bindings)
