"""Several exports in one call: decided as one, in the order of the call (P8)."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.errors import Refused
from app.domain.export import ExportPlan, ExportRefusal, plan_export
from app.domain.export_facts import ExportWish, GatheredFacts
from app.domain.flow import Flow, SavedState
from app.domain.quota import counts_against_quota

Decision = ExportPlan | Refused[ExportRefusal]

NOT_YET = ""
"""The id of a draft that isn't written yet. Nothing asks for it: no other export of the call may override its flow."""


def plan_exports(facts: GatheredFacts, wishes: Sequence[ExportWish]) -> list[Decision]:
    """Decide exports in their order, each with what those before it take and leave."""
    flows, used = {**facts.flows}, {**facts.flows_used}
    so_far = replace(facts, flows=flows, flows_used=used)
    decisions: list[Decision] = []
    for wish in wishes:
        its = so_far.of(wish)
        decision = plan_export(its, wish)
        decisions.append(decision)
        if isinstance(decision, Refused):
            continue
        if its.overridden is not None:
            flows[its.overridden.id] = _with_draft(its.overridden, decision)
        elif its.destination is not None and counts_against_quota(its.destination.workspace):
            contract = its.destination.workspace.contract.id
            used[contract] = used.get(contract, 0) + 1
    return decisions


def _with_draft(flow: Flow, plan: ExportPlan) -> Flow:
    """The flow as it is once this was written over it."""
    draft = SavedState(NOT_YET, plan.state, plan.revision)
    name = plan.state.name if plan.renames_flow else flow.name
    return replace(flow, name=name, draft=draft, draft_revision=plan.revision)
