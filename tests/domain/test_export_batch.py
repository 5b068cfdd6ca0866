"""Several exports in one call (P8): each is decided with what those before it take and leave."""

from dataclasses import replace

import pytest

from app.domain.access import QuotaExceeded
from app.domain.batch import BatchMode
from app.domain.export import ExportPlan
from app.domain.export_batch import Decision, ExportsWish, plan_batch, plan_exports
from app.domain.facts import ExportWish, Facts, IntoWorkspace, OntoFlow
from app.domain.flow import SourceWish, StateOfFlow
from tests.domain.builders import (
    FULL,
    LIMITED,
    PRODUCTION,
    catalogue,
    contract,
    draft,
    flow,
    flow_there,
    integrator,
    saying,
    state,
    workspace,
)
from tests.domain.planning import refusals

SMALL = contract("Small Shop", quota=5)
LIVE, SHOP, LAB = (workspace(name, SMALL, kind) for name, kind in (("Live", FULL), ("Shop", FULL), ("Lab", LIMITED)))
SOURCE = flow(saying(state(name="Orders"), description="From the source"))


def outcomes_of(facts: Facts, *wishes: ExportWish) -> list[str]:
    return [outcome(decided.decision) for decided in plan_exports(facts, dict(enumerate(wishes)))]


def outcome(decision: Decision) -> str:
    return decision.state.name if isinstance(decision, ExportPlan) else decision.errors[0].code


def test_the_quota_counts_what_the_exports_before_it_take() -> None:
    """X10, P8: overrides and development workspaces take nothing, and neither does what was refused."""
    there = flow_there(state(), at=LIVE, name="There")
    facts = Facts(
        flows={SOURCE.id: SOURCE, there.id: there},
        accesses={one.id: integrator(one) for one in (LIVE, SHOP, LAB)},
        flows_used={SMALL.id: 3},
        catalogue=catalogue(),
    )
    new = [ExportWish(SOURCE.id, IntoWorkspace(one.id)) for one in (LIVE, LAB, SHOP, LIVE, LAB, SHOP)]
    over = ExportWish(SOURCE.id, OntoFlow(there.id))
    bad = ExportWish(SOURCE.id, IntoWorkspace(LIVE.id), name="\n")
    full = "QUOTA_EXCEEDED"
    assert outcomes_of(facts, bad, over, *new) == [
        "INVALID_INPUT",
        "There",
        "Orders",
        "Orders",
        "Orders",
        full,
        "Orders",
        full,
    ]
    *_, last = plan_exports(facts, dict(enumerate(new)))
    assert refusals(last.decision) == (QuotaExceeded(5, 5, SMALL),)


def test_what_is_exported_over_a_flow_is_its_draft_for_the_exports_after_it() -> None:
    """As it would be if they were calls of their own."""
    middle = replace(flow(None, draft(name="Before"), at=PRODUCTION, flow_id="flow_middle"), draft_revision=7)
    last = flow_there(state(), at=PRODUCTION)
    facts = Facts(flows={one.id: one for one in (SOURCE, middle, last)}, catalogue=catalogue())
    wishes = (
        ExportWish(SOURCE.id, OntoFlow(middle.id), name="Between"),
        ExportWish(middle.id, OntoFlow(last.id), name="Onwards", source=SourceWish(StateOfFlow.DRAFT)),
    )
    first, second = (decided.decision for decided in plan_exports(facts, dict(enumerate(wishes))))
    assert isinstance(first, ExportPlan)
    assert isinstance(second, ExportPlan)
    assert [plan.overridden and plan.overridden.next_revision for plan in (first, second)] == [8, 1]
    assert (first.state.description, second.state.description) == ("From the source", "From the source")


@pytest.mark.parametrize(
    ("mode", "names", "outcomes"),
    [
        (BatchMode.ATOMIC, ["One", "Two"], ["One", "Two"]),
        (BatchMode.ATOMIC, ["One", "\n", "Two"], ["BATCH_NOT_APPLIED", "INVALID_INPUT", "BATCH_NOT_APPLIED"]),
        (BatchMode.BEST_EFFORT, ["One", "Two"], ["One", "Two"]),
        (BatchMode.BEST_EFFORT, ["One", "\n", "Two"], ["One", "INVALID_INPUT", "Two"]),
    ],
)
def test_a_refused_item_keeps_the_others_from_being_written_only_in_an_atomic_call(
    mode: BatchMode, names: list[str], outcomes: list[str]
) -> None:
    """P4."""
    facts = Facts(flows={SOURCE.id: SOURCE}, accesses={PRODUCTION.id: integrator(PRODUCTION)}, catalogue=catalogue())
    items = tuple(ExportWish(SOURCE.id, IntoWorkspace(PRODUCTION.id), name=name) for name in names)
    _, batch = plan_batch(facts, ExportsWish(items, mode))
    assert batch.errors == ()
    assert [outcome(result) for result in batch.results] == outcomes
