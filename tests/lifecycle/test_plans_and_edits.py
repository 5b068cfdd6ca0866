"""Plan, then export: the result of the plan or `PlanIsStale`, however edits come between the two or beside (P1, P7)."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from app.domain.errors import Refused
from app.domain.export import Exported, ExportPlan
from app.domain.facts import ExportWish, IntoWorkspace, OntoFlow
from app.domain.flow import SourceWish, StateOfFlow
from app.domain.graph import bindings_to_json
from app.domain.model import UserId
from app.usecases.copy_and_export import ExportPreview, export_flow, preview_export
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.racing import lawful, noted, published
from tests.lifecycle.records import KINDS, destination
from tests.property_settings import EXAMPLES

Edit = Callable[[], Awaitable[Any]]
ROUNDS = 25


@pytest.mark.parametrize("seed", range(1 + EXAMPLES // 20))
async def test_a_planned_export_does_what_was_planned_or_is_refused_as_stale(shared_firm: Company, seed: int) -> None:
    chance, seen = Random(seed), Counter[str]()  # noqa: S311 - the same edits at every run
    for _ in range(ROUNDS):
        seen[await planned_and_exported(shared_firm, chance)] += 1
    # Otherwise the edits would be none that matter, or the only thing that happens.
    assert min(seen["as planned"], seen["stale"]) > 0


async def planned_and_exported(company: Company, chance: Random) -> str:
    """One flow, one destination, and a handful of edits before and during the export; how it ended."""
    source, version = await published(company, chance.randrange(9))
    onto = await destination(company, chance.choice(KINDS))
    wish = ExportWish(
        source,
        IntoWorkspace(company["production"]) if onto is None else OntoFlow(onto),
        chance.choice([None, "Named"]),
        source=SourceWish(chance.choice([None, None, StateOfFlow.DRAFT])),
    )
    edits = edits_of(company, [flow for flow in (source, onto) if flow is not None], source, version, chance)
    ada = UserId(company["ada"])

    plan = await preview_export(company.work.of(ada), wish)
    for _ in range(chance.randrange(2)):
        await chance.choice(edits)()
    seen = replace(wish, fingerprint=plan.fingerprint)
    beside = [later(chance.choice(edits), chance.random() / 100) for _ in range(chance.randrange(3))]
    export = later(lambda: export_flow(company.work.of(ada), seen), chance.random() / 100)
    outcome, *_ = await asyncio.gather(export, *beside)
    await lawful(company)
    return await judged(company, plan, outcome)


async def later(edit: Edit, seconds: float) -> Any:
    await asyncio.sleep(seconds)
    return await edit()


def edits_of(company: Company, flows: list[str], source: str, version: str, chance: Random) -> list[Edit]:
    """What people do to the source and to the destination; what is refused changes nothing."""
    note = chance.randrange(100)
    return [
        *(edit for flow in flows for edit in of_flow(company, flow, note)),
        lambda: company.revert(source, version),
        lambda: company.revert(source, version, publish=True),
        lambda: company.export(source, to="production"),
        *((lambda flow=flow: company.export(source, onto=flow, by="ben")) for flow in flows[1:]),
    ]


def of_flow(company: Company, flow: str, note: int) -> list[Edit]:
    return [
        lambda: company.update(flow, graph=noted(note)),
        lambda: company.update(flow, name="Another name", by="ben"),
        lambda: company.publish(flow),
        lambda: company.discard(flow),
        lambda: company.start(flow),
        lambda: company.stop(flow),
        lambda: company.delete(flow),
    ]


async def judged(company: Company, plan: ExportPreview, outcome: Exported | Refused[Any]) -> str:
    if isinstance(outcome, Exported):
        await assert_as_planned(company, plan, outcome)
        return "as planned"
    codes = codes_of(outcome)
    if isinstance(plan.decision, Refused) and outcome.errors == plan.decision.errors:
        return "refused as planned"
    # Whatever else is in the way by now: the plan no longer holds, and that is said.
    assert "PLAN_IS_STALE" in codes, codes
    return "stale"


async def assert_as_planned(company: Company, plan: ExportPreview, made: Exported) -> None:
    """What was answered and recorded is the plan, and so is the draft, unless somebody has changed it since."""
    assert isinstance(plan.decision, ExportPlan)
    assert (made.references, made.warnings) == (plan.decision.references, plan.decision.warnings)
    overridden = plan.decision.overridden
    assert (made.copied_from, made.set_aside) == (plan.copied_from, overridden and overridden.draft_id)
    held = await lawful(company)
    draft = held.drafts.get(made.draft_id)
    if draft is None or draft["revision"] != (1 if overridden is None else overridden.next_revision):
        return
    state = plan.decision.state
    shown = (draft["name"], draft["description"], draft["cron"], draft["content_hash"], json.loads(draft["bindings"]))
    assert shown == (
        state.name,
        state.description,
        state.cron,
        state.content_hash,
        bindings_to_json(state.graph.bindings),
    )
