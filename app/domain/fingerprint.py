"""Fingerprints of plans: a digest of everything that the decision about an export rests on, part by part (P1, P7).

All of it is what the caller can see: what is invisible is not in the facts, and of components only what they come to.
"""

import hashlib
import marshal
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar

from app.domain.access import FLOW_EDIT, WorkspaceAccess
from app.domain.component import component_name, why_unusable
from app.domain.error_code import ErrorCode
from app.domain.errors import Refusal
from app.domain.export_facts import ExportFacts, ExportWish, IntoWorkspace
from app.domain.flow import FlowState, SavedState
from app.domain.graph import bindings_to_json
from app.domain.id_prefixes import Kind, kind_in
from app.domain.input import InvalidInput
from app.domain.mappings import ReferenceMapping, mappings_used
from app.domain.model import Target
from app.domain.paths import PLAN_FINGERPRINT, Path
from app.domain.quota import quota_exceeded
from app.domain.source import Chosen, chosen_state


class PlanBasis(StrEnum):
    """What a plan rests on, in the order in which a fingerprint has it."""

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
    """What the plan rested on is no longer so."""

    code: ClassVar = ErrorCode.PLAN_IS_STALE
    changed: tuple[PlanBasis, ...]
    path: Path = field(default=PLAN_FINGERPRINT, compare=False, kw_only=True)

    @property
    def message(self) -> str:
        *others, last = (CHANGED[basis] for basis in self.changed)
        listed = f"{', '.join(others)} and {last}" if others else last
        return f"Since the plan was made, something has changed: {listed}. Look at a new plan, then export."


DIGITS = 16
"""Of one digest, in hexadecimal: enough that two don't meet by chance."""
FORM = re.compile(f"1((?:[0-9a-f]{{{DIGITS}}}){{{len(PlanBasis)}}})")
"""A number for what is digested, and how; then the digests."""


def fingerprint_of(facts: ExportFacts, wish: ExportWish) -> str:
    """The fingerprint of the plan for a wish, whatever its own says."""
    return "1" + "".join(_digests(facts, wish).values())


def fingerprint_refused(facts: ExportFacts, wish: ExportWish) -> tuple[PlanIsStale | InvalidInput, ...]:
    """Why the plan that the caller has seen is not the one that would be carried out; nothing if it names none."""
    if wish.fingerprint is None:
        return ()
    given = FORM.fullmatch(wish.fingerprint)
    if given is None:
        return (InvalidInput(PLAN_FINGERPRINT, "This isn't the fingerprint of a plan. Hand on the one of exportPlan."),)
    changed = tuple(
        basis
        for number, (basis, digest) in enumerate(_digests(facts, wish).items())
        if given[1][number * DIGITS : (number + 1) * DIGITS] != digest
    )
    return (PlanIsStale(changed),) if changed else ()


def _digests(facts: ExportFacts, wish: ExportWish) -> Mapping[PlanBasis, str]:
    """By part. Exports of one call for which a part is the same share its digest."""
    source = id(facts.source), id(facts.named_version), wish.source
    there = id(facts.destination), id(facts.overridden)
    references = wish.topic_id, wish.mappings, wish.bindings, id(wish.shared_mappings) if wish.shared_mappings else None
    new = isinstance(wish.destination, IntoWorkspace)
    rests_on: Mapping[PlanBasis, Hashable] = {
        PlanBasis.SOURCE: source,
        PlanBasis.DESTINATION: (*there, facts.flows_used, new),
        PlanBasis.DRAFT: there,
        PlanBasis.PERMISSIONS: (*source, *there),
        PlanBasis.COMPONENTS: (*source, *there),
        PlanBasis.TOPICS: (*source, *there, *references),
        PlanBasis.CREDENTIALS: (*source, *there, *references),
        PlanBasis.INPUT: id(wish),
    }
    named = facts.source, facts.named_version, facts.destination, facts.overridden, wish
    return {
        basis: facts.once((basis, rests_on[basis]), partial(_digest_of, part, facts, wish), *named)
        for basis, part in _PARTS.items()
    }


def _digest_of(part: Callable[[ExportFacts, ExportWish], object], facts: ExportFacts, wish: ExportWish) -> str:
    return _digest(part(facts, wish))


def _digest(part: Any) -> str:  # noqa: ANN401 - whatever marshal takes
    """Of plain values alone: the format of marshal tells all of them apart, and its version 2 has no references."""
    return hashlib.sha256(marshal.dumps(part, 2)).hexdigest()[:DIGITS]


def _source(facts: ExportFacts, wish: ExportWish) -> object:
    flow, chosen = facts.source, _chosen(facts, wish)
    if flow is None:
        return None
    here = flow.id, flow.name, flow.type.value, flow.access.workspace.id
    if chosen is None:
        return here
    return here, chosen.copied_from.value, chosen.version_id, _said(chosen.state)


def _destination(facts: ExportFacts, wish: ExportWish) -> object:
    there = facts.destination
    if there is None:
        return None
    workspace = there.workspace
    contract = workspace.contract
    full = quota_exceeded(there, facts.flows_used) if isinstance(wish.destination, IntoWorkspace) else ()
    place = workspace.id, workspace.type.value, contract.id, contract.status.value
    over = facts.overridden
    flow = None if over is None else (over.id, over.name, over.type.value, _saved(over.published))
    return place, [(one.limit, one.used) for one in full], flow


def _draft(facts: ExportFacts, _: ExportWish) -> object:
    return None if facts.overridden is None else _saved(facts.overridden.draft)


def _permissions(facts: ExportFacts, _: ExportWish) -> object:
    return _may_edit(None if facts.source is None else facts.source.access), _may_edit(facts.destination)


def _components(facts: ExportFacts, wish: ExportWish) -> object:
    """What each command means at both ends, and whether the destination can use that."""
    here = None if facts.source is None else facts.source.access.workspace
    there = None if facts.destination is None else facts.destination.workspace
    commands = dict.fromkeys(command for state in _states(facts, wish) for command in state.graph.commands)
    first = {component_name(command): command for command in commands}
    told = []
    for name in sorted(first):
        meant = None if here is None else facts.catalogue.resolve(first[name], here.contract.tenant_id)
        known = () if meant is None else (meant.id, meant.requires.value, meant.pub_sub, meant.topic_field, meant.title)
        meant_there = None if there is None else facts.catalogue.resolve(first[name], there.contract.tenant_id)
        reason = None if there is None or meant_there is None else why_unusable(meant_there, there)
        told.append((name, known, meant_there and meant_there.id, reason and reason.value))
    return told


def _topics(facts: ExportFacts, wish: ExportWish) -> object:
    return _things(facts, wish, lambda kind: kind is Kind.TOPIC)


def _credentials(facts: ExportFacts, wish: ExportWish) -> object:
    return _things(facts, wish, lambda kind: kind is not Kind.TOPIC)


def _input(facts: ExportFacts, wish: ExportWish) -> object:
    into = wish.destination
    where = ("into", into.workspace_id) if isinstance(into, IntoWorkspace) else ("onto", into.flow_id)
    source = wish.source.state and wish.source.state.value, wish.source.version_id
    bindings = [(one.step_id, [(kind.value, id_) for kind, id_ in one.choices.items()]) for one in wish.bindings]
    own = [(one.from_id, one.to_id) for one in wish.mappings]
    mapped = sorted({(one.from_id, one.to_id) for one in _used_mappings(facts, wish)})
    return wish.flow_id, where, wish.name, wish.topic_id, source, wish.existing_draft.value, bindings, own, mapped


_PARTS: Mapping[PlanBasis, Callable[[ExportFacts, ExportWish], object]] = {
    PlanBasis.SOURCE: _source,
    PlanBasis.DESTINATION: _destination,
    PlanBasis.DRAFT: _draft,
    PlanBasis.PERMISSIONS: _permissions,
    PlanBasis.COMPONENTS: _components,
    PlanBasis.TOPICS: _topics,
    PlanBasis.CREDENTIALS: _credentials,
    PlanBasis.INPUT: _input,
}


def _chosen(facts: ExportFacts, wish: ExportWish) -> Chosen | None:
    found = None if facts.source is None else chosen_state(facts.source, wish.source, facts.named_version)
    return found if isinstance(found, Chosen) else None


def _states(facts: ExportFacts, wish: ExportWish) -> Iterator[FlowState]:
    """What is exported, and what the overridden flow has already (X7a)."""
    chosen, over = _chosen(facts, wish), facts.overridden
    if chosen is not None:
        yield chosen.state
    yield from (saved.state for saved in (() if over is None else (over.published, over.draft)) if saved is not None)


def _used_mappings(facts: ExportFacts, wish: ExportWish) -> Iterator[ReferenceMapping]:
    chosen = _chosen(facts, wish)
    if chosen is not None:
        used = mappings_used(wish.mappings, wish.shared_mappings, chosen.state.graph.users)
        yield from (mapping for mappings in used.values() for mapping in mappings.values())


def _things(facts: ExportFacts, wish: ExportWish, is_wanted: Callable[[Kind | None], bool]) -> object:
    """What flows are bound to and what is given, as it is: where it lives, and what it belongs to."""
    ids = {reference for state in _states(facts, wish) for reference in state.graph.references}
    ids.update(filter(None, [wish.topic_id]))
    ids.update(mapping.to_id for mapping in _used_mappings(facts, wish))
    ids.update(id_ for one in wish.bindings for id_ in one.choices.values() if id_ is not None)
    things = [_thing(id_, facts.targets.get(id_)) for id_ in sorted(ids) if is_wanted(kind_in(id_))]
    unknown = sorted({one.from_id for one in wish.mappings if not facts.knows(one.from_id)})
    return [*things, *(("unknown", id_) for id_ in unknown if is_wanted(kind_in(id_)))]


def _thing(id_: str, found: Target | None) -> object:
    return id_, found and (found.kind.value, found.workspace_id, found.name, found.component_id, found.schema)


def _may_edit(access: WorkspaceAccess | None) -> bool:
    return access is not None and FLOW_EDIT in access.permissions


def _saved(saved: SavedState | None) -> object:
    return None if saved is None else (saved.id, saved.revision, _said(saved.state))


def _said(state: FlowState) -> object:
    return state.name, state.description, state.cron, state.content_hash, bindings_to_json(state.bindings)
