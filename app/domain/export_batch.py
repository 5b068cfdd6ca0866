"""Several exports in one call: decided as one, in the order of the call (P4, P8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.domain.access import counts_against_quota
from app.domain.batch import Batch, BatchNotApplied, BatchWish, CallRefusal, Metered, settled
from app.domain.choices import ReferenceMapping, mapping_mistakes, unknown_mappings
from app.domain.errors import IDEMPOTENCY_KEY, ONTO_FLOW, FlowRefusal, Refused, printable, refused
from app.domain.export import ExportPlan, ExportRefusal, plan_export
from app.domain.facts import ExportFacts, ExportWish, Facts, OntoFlow, dangling_references
from app.domain.flow import Flow, SavedState
from app.domain.input import InvalidInput, key_mistakes

NOT_YET = ""
"""The id of a draft that isn't written yet: no other export of the call reads it, as none may override the same flow."""


@dataclass(frozen=True, slots=True)
class DuplicateOverride(FlowRefusal):
    items: tuple[int, ...]

    @property
    def message(self) -> str:
        return (
            f"{len(self.items)} items of this call override the flow {printable(self.flow_name)}. Export over it once."
        )


BatchRefusal = ExportRefusal | DuplicateOverride | BatchNotApplied
Decision = ExportPlan | Refused[BatchRefusal]


@dataclass(frozen=True, slots=True)
class ExportsWish(BatchWish[ExportWish]):
    mappings: tuple[ReferenceMapping, ...] = ()
    """The mappings of the call, which each item has besides its own."""

    @property
    def mistakes(self) -> tuple[InvalidInput, ...]:
        """The mistakes of the call as a whole."""
        return (*self.number_mistakes, *mapping_mistakes(self.mappings), *key_mistakes(self.idempotency_key))


class DecidedExport(NamedTuple):
    """The decision about an export, also if the rest of its call keeps it from being applied, with the facts after the exports before it."""

    wish: ExportWish
    facts: ExportFacts
    decision: Decision

    @property
    def plan(self) -> ExportPlan | None:
        return self.decision if isinstance(self.decision, ExportPlan) else None

    @property
    def about(self) -> str | None:
        """The name of the flow that is exported, if the caller can see it."""
        return None if self.facts.source is None else self.facts.source.name


def plan_batch(
    facts: Facts,
    wish: ExportsWish,
    metered: Metered[DecidedExport] = iter,
    call_refusals: tuple[CallRefusal, ...] = (),
) -> tuple[list[DecidedExport], Batch[ExportPlan, BatchRefusal]]:
    """Decide a call of exports (P4): answer the decision about each on its own, then the call: all or none if atomic.

    A call with `call_refusals` is refused whatever it asks for.
    """
    dangling = dangling_references(facts, wish.remaining.values())
    facts = replace(facts, dangling=dangling)
    # If items were done before, the references that are mapped were known then.
    is_looked_up = not wish.done_before and not wish.number_mistakes
    unknown = unknown_mappings(wish.mappings, facts.targets, dangling) if is_looked_up else ()
    errors = call_refusals or (*wish.mistakes, *unknown)
    decided = dict(zip(wish.remaining, metered(plan_exports(facts, wish.remaining)), strict=True))
    decisions = {index: item.decision for index, item in decided.items()}
    return [*decided.values()], settled(wish, decisions, lambda index: decided[index].about, errors)


def plan_exports(facts: Facts, wishes: Mapping[int, ExportWish]) -> Iterator[DecidedExport]:
    """Decide exports, by their indexes in a call, in their order: each by the facts as they are after those before it (P8)."""
    flows, used = {**facts.flows}, {**facts.flows_used}
    so_far, duplicates = replace(facts, flows=flows, flows_used=used), _duplicates(facts, wishes)
    for wish in wishes.values():
        export = ExportFacts.of(so_far, wish)
        overridden_id = None if export.overridden is None else export.overridden.id
        decision = _decision(plan_export(export, wish), wish, duplicates.get(overridden_id or ""))
        yield DecidedExport(wish, export, decision)
        if isinstance(decision, Refused):
            continue
        if export.overridden is not None:
            flows[export.overridden.id] = _with_draft(export.overridden, decision)
        elif export.destination is not None and counts_against_quota(export.destination.workspace):
            contract = export.destination.workspace.contract.id
            used[contract] = used.get(contract, 0) + 1


def _duplicates(facts: Facts, wishes: Mapping[int, ExportWish]) -> Mapping[str, DuplicateOverride]:
    """Refuse items that override a flow which other items override too, by the id of the flow."""
    overriding: dict[str, list[int]] = {}
    for index, wish in wishes.items():
        if isinstance(wish.destination, OntoFlow) and wish.destination.flow_id in facts.flows:
            overriding.setdefault(wish.destination.flow_id, []).append(index)
    return {
        flow_id: DuplicateOverride(facts.flows[flow_id].id, facts.flows[flow_id].name, tuple(items), path=ONTO_FLOW)
        for flow_id, items in overriding.items()
        if len(items) > 1
    }


def _decision(
    decision: ExportPlan | Refused[ExportRefusal], wish: ExportWish, duplicate: DuplicateOverride | None
) -> Decision:
    """The decision about an item, which has no idempotency key of its own (P5) and no flow that others override."""
    errors: list[BatchRefusal] = [*decision.errors] if isinstance(decision, Refused) else []
    if wish.idempotency_key is not None:
        sentence = "An item of a call has no idempotency key of its own. Leave it out."
        errors.append(InvalidInput(IDEMPOTENCY_KEY, sentence))
    if duplicate is not None:
        errors.append(duplicate)
    return refused(*errors) or decision


def _with_draft(flow: Flow, plan: ExportPlan) -> Flow:
    """The flow after the plan's draft was written over it."""
    draft = SavedState(NOT_YET, plan.state, flow.next_revision)
    name = plan.state.name if flow.shows_draft else flow.name
    return replace(flow, name=name, draft=draft, draft_revision=flow.next_revision)
