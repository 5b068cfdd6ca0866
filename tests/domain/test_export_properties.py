"""What holds of every export, whatever is exported to wherever; `expected_exports.py` says what the rules say."""

import copy
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, reject

from app.domain.bindings import AgentNotCopied
from app.domain.errors import ErrorCode, Refused
from app.domain.export import ExportPlan, new_exports, plan_copy, plan_export
from app.domain.facts import CopyWish, ExportWish, IntoWorkspace
from app.domain.flow import SavedState, copied_state
from app.domain.graph import Json
from app.domain.model import ReferenceKind
from tests.domain.builders import AGENT, DATA_SAMPLES
from tests.domain.expected_exports import ExpectedExport, bound_by
from tests.domain.random_exports import Case, exports, exports_with_given_references
from tests.property_settings import bounded


@bounded
@given(exports())
def test_an_export_is_planned_or_refused_exactly_as_the_rules_say(case: Case) -> None:
    outcome, expected = plan_export(case.facts, case.wish), ExpectedExport(case.facts, case.wish)
    found = [error.code.value for error in outcome.errors] if isinstance(outcome, Refused) else []
    assert found == expected.refusals()
    assert isinstance(outcome, ExportPlan) is (found == [])
    assert found == sorted(found, key=[code.value for code in ErrorCode].index)


@bounded
@given(exports())
def test_where_a_flow_may_go_is_decided_as_the_export_itself(case: Case) -> None:
    source, there = case.facts.source, case.facts.destination
    if source is None or there is None:
        reject()
    wish = ExportWish(source.id, IntoWorkspace(there.workspace.id), source=case.wish.source)
    outcome = plan_export(replace(case.facts, overridden=None), wish)
    chosen = copied_state(source, wish.source, case.facts.named_version)
    refused = new_exports(source, chosen, case.facts.catalogue).refusals(there, case.facts.flows_used)
    assert refused == (outcome.errors if isinstance(outcome, Refused) else ())


@bounded
@given(exports(smooth=True) | exports_with_given_references())
def test_a_plan_binds_and_reports_as_the_rules_say_and_leaves_the_content_alone(case: Case) -> None:
    plan, expected = plan_export(case.facts, case.wish), ExpectedExport(case.facts, case.wish)
    state = expected.state()
    if not isinstance(plan, ExportPlan) or state is None:
        reject()
    bound = {step.position: step.values for step in plan.state.graph.bindings}
    for step in state.state.graph.steps:
        before, after = bound_by(state)[step.position], bound.get(step.position, {})
        assert what_is_named(after) == what_is_named(expected.after(step.position, step.id, step.command))
        assert all(lives_in(plan.workspace_id, case, kind, value) for kind, value in what_is_named(after).items())
        assert {kind for kind, value in before.items() if not value} <= after.keys()
    assert plan.state.content_hash == state.state.content_hash
    assert list(plan.references) == expected.report()
    # X7c
    assert agents_told(plan) == expected.agents_not_copied()


def what_is_named(values: Mapping[ReferenceKind, Json]) -> dict[ReferenceKind, Json]:
    return {kind: value for kind, value in values.items() if value}


def lives_in(workspace_id: str, case: Case, kind: ReferenceKind, value: Json) -> bool:
    if kind is DATA_SAMPLES:
        return case.facts.source is not None and case.facts.source.access.workspace.id == workspace_id
    thing = case.facts.targets[value]
    return (thing.kind, thing.workspace_id) == (kind, workspace_id)


@bounded
@given(exports())
def test_planning_changes_nothing_and_the_same_question_has_the_same_answer(case: Case) -> None:
    facts, before = case.facts, copy.deepcopy(case.facts)
    assert plan_export(facts, case.wish) == plan_export(before, case.wish)
    plan_copy(facts, CopyWish(case.wish.flow_id, None, case.wish.source))
    assert replace(facts, catalogue=before.catalogue) == before


@bounded
@given(exports(smooth=True))
def test_a_copy_of_what_the_workspace_can_use_is_exact(case: Case) -> None:
    facts = replace(case.facts, overridden=None)
    plan = plan_copy(facts, CopyWish(case.wish.flow_id, None, case.wish.source))
    state = ExpectedExport(facts, case.wish).state()
    if not isinstance(plan, ExportPlan) or state is None:
        reject()
    here = {(thing.kind, thing.id) for thing in facts.targets.values() if thing.workspace_id == plan.workspace_id}
    named = {*named_in_order(state)}
    agents = dict.fromkeys(
        value for kind, value in named_in_order(state) if kind is AGENT and (kind, value) not in here
    )
    assert plan.state.content_hash == state.state.content_hash
    assert [warning.agent_id for warning in plan.warnings if isinstance(warning, AgentNotCopied)] == [*agents]
    assert len(plan.warnings) == len(agents)
    assert (plan.state.graph.bindings == state.state.graph.bindings) is (named <= here)


def agents_told(plan: ExportPlan) -> dict[str, list[str]]:
    told = [warning for warning in plan.warnings if isinstance(warning, AgentNotCopied)]
    return {warning.agent_id: [step.id for step in warning.steps] for warning in told}


def named_in_order(state: SavedState) -> list[tuple[ReferenceKind, Json]]:
    return [
        (kind, value)
        for step in state.state.graph.bindings
        for kind, value in step.values.items()
        if kind is not DATA_SAMPLES and value is not None
    ]
