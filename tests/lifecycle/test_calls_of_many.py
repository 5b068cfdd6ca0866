"""Drafts that are published, and flows that are started and stopped, in one call (B1, B3)."""

import asyncio
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from app.domain.batch import MOST_ITEMS, Batch, BatchMode
from app.domain.errors import Refused
from app.domain.input import IdempotencyKeyReused
from app.domain.model import FlowId, FlowStatus
from app.domain.publish import Published
from app.domain.running import StatusPlan
from app.storage.tables import FLOW
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import edited, lawful, published, saved
from tests.lifecycle.test_running import behind_the_rules

BEST_EFFORT = BatchMode.BEST_EFFORT
NOT_APPLIED = {"BATCH_NOT_APPLIED"}


async def drafts(company: Company, number: int) -> list[tuple[str, int]]:
    return [((await edited(company, note)).flow_id, 1) for note in range(number)]


def codes(batch: Batch[Any, Any]) -> list[set[str]]:
    return [codes_of(result) for result in batch.results]


async def test_forty_drafts_are_published_and_started_at_one_moment(firm: Company) -> None:
    seen = await drafts(firm, 40)
    batch = await firm.publish_all(*seen, start=True)
    versions = [result.version_id for result in batch.results if isinstance(result, Published)]
    held = await lawful(firm)
    flows = [held.flows[flow] for flow, _ in seen]
    assert [flow["published_version_id"] for flow in flows] == versions
    assert {flow["status"] for flow in flows} == {"ACTIVE"}
    assert {held.versions_of(flow)[0]["published_at"] for flow, _ in seen} == {firm.now}
    assert [held.active_of(flow) for flow, _ in seen] == [None] * 40


@pytest.mark.parametrize("mode", BatchMode)
async def test_of_forty_drafts_one_has_moved(firm: Company, mode: BatchMode) -> None:
    seen = await drafts(firm, 40)
    await saved(firm, seen[7][0], 99)
    before = await everything_in(firm.database)
    batch = await firm.publish_all(*seen, mode=mode)
    atomic = mode is BatchMode.ATOMIC
    others = [NOT_APPLIED if atomic else set()] * 39
    assert codes(batch) == [*others[:7], {"STALE_DRAFT"}, *others[7:]]
    moved = batch.results[7]
    assert isinstance(moved, Refused)
    assert moved.errors[0].path == ("items", "7", "expectedRevision")
    assert moved.errors[0].full_message.startswith("New flow: ")
    if atomic:
        assert await everything_in(firm.database) == before
    else:
        held = await lawful(firm)
        assert [len(held.versions_of(flow)) for flow, _ in seen] == [1] * 7 + [0] + [1] * 32


async def test_a_flow_that_is_named_twice_is_refused_at_the_later_item(firm: Company) -> None:
    first, second = await drafts(firm, 2)
    running, _ = await published(firm, 3)
    before = await everything_in(firm.database)
    batch = await firm.publish_all(first, second, first)
    started = await firm.start_all(running, running)
    assert codes(batch) == [NOT_APPLIED, NOT_APPLIED, {"INVALID_INPUT"}]
    assert codes(started) == [NOT_APPLIED, {"INVALID_INPUT"}]
    for result, path in ((batch.results[2], ("items", "2", "flowId")), (started.results[1], ("flowIds", "1"))):
        assert isinstance(result, Refused)
        assert [(error.path, error.message) for error in result.errors] == [
            (path, "An earlier item of this call names the flow already. Name it once.")
        ]
    assert await everything_in(firm.database) == before


@pytest.mark.parametrize("number", [0, MOST_ITEMS + 1])
async def test_a_call_has_one_to_a_thousand_items(shared_firm: Company, number: int) -> None:
    before = await everything_in(shared_firm.database)
    batches = (
        (await shared_firm.publish_all(*[("flow", 1)] * number), ("items",)),
        (await shared_firm.start_all(*["flow"] * number), ("flowIds",)),
        (await shared_firm.stop_all(*["flow"] * number), ("flowIds",)),
    )
    for batch, path in batches:
        assert batch.results == ()
        assert [(error.code.value, error.path) for error in batch.errors] == [("INVALID_INPUT", path)]
    assert await everything_in(shared_firm.database) == before


async def test_each_item_is_refused_as_a_single_call_is(firm: Company) -> None:
    """Gus is a guest; nobody sees the flow that isn't there; a flow without a version can't be started."""
    [(flow, revision)], gone = await drafts(firm, 1), "flow_01jgfjjz00fye93kdnsdh9qt8v"
    suspended, _ = await published(firm, 2)
    await behind_the_rules(firm, update(FLOW).where(FLOW.c.id == suspended).values(status="SUSPENDED"))
    before = await everything_in(firm.database)
    assert codes(await firm.publish_all((flow, revision), (gone, 1), by="gus", mode=BEST_EFFORT)) == [
        codes_of(await firm.publish(flow, by="gus", expected=revision)),
        {"FLOW_NOT_FOUND"},
    ]
    assert codes(await firm.start_all(flow, suspended, gone, "no id", mode=BEST_EFFORT)) == [
        {"FLOW_NOT_PUBLISHED"},
        {"FLOW_IS_SUSPENDED"},
        {"FLOW_NOT_FOUND"},
        {"FLOW_NOT_FOUND"},
    ]
    assert codes(await firm.stop_all(flow, gone, by="gus")) == [{"INSUFFICIENT_PERMISSION"}, {"FLOW_NOT_FOUND"}]
    assert await everything_in(firm.database) == before


async def test_flows_are_started_and_stopped_and_those_that_are_so_stay_untouched(firm: Company) -> None:
    first, second = [(await published(firm, note))[0] for note in range(2)]
    await firm.start(second)
    untouched = (await lawful(firm)).flows[second]
    started = StatusPlan(FlowId(first), FlowStatus.ACTIVE), StatusPlan(FlowId(second), None)
    assert await firm.start_all(first, second) == Batch(started, ())
    held = (await lawful(firm)).flows
    assert (held[first]["status"], held[second]) == ("ACTIVE", untouched)
    assert codes(await firm.stop_all(second, first)) == [set(), set()]
    assert {flow["status"] for flow in (await lawful(firm)).flows.values() if flow["id"] in {first, second}} == {
        "INACTIVE"
    }


async def test_a_call_with_a_key_publishes_nothing_twice(firm: Company) -> None:
    first, second = await drafts(firm, 2)
    await saved(firm, second[0], 99)
    seen: dict[str, Any] = {"mode": BEST_EFFORT, "idempotency_key": "release 1"}
    batch = await firm.publish_all(first, second, **seen)
    assert codes(batch) == [set(), {"STALE_DRAFT"}]
    before = await everything_in(firm.database)
    again = await firm.publish_all(first, second, **seen)
    assert await everything_in(firm.database) == before
    [first_done, _], [done, refused] = batch.results, again.results
    assert isinstance(first_done, Published)
    assert done == replace(first_done, replayed=True)
    assert (codes_of(refused), again.replayed) == ({"STALE_DRAFT"}, True)
    other = await firm.publish_all(first, **seen)
    assert (other.results, [type(error) for error in other.errors]) == ((), [IdempotencyKeyReused])
    assert await everything_in(firm.database) == before


async def test_a_flow_that_is_named_twice_is_refused_by_a_repeated_call_too(firm: Company) -> None:
    """Also where the draft of the first item was published, and the flow has another one by now."""
    [(flow, _)] = await drafts(firm, 1)
    seen: dict[str, Any] = {"mode": BEST_EFFORT, "idempotency_key": "release 2"}
    first = await firm.publish_all((flow, 1), (flow, 2), **seen)
    await saved(firm, flow, 99)
    before = await everything_in(firm.database)
    again = await firm.publish_all((flow, 1), (flow, 2), **seen)
    assert (codes(first), codes(again)) == ([set(), {"INVALID_INPUT"}], [set(), {"INVALID_INPUT"}])
    assert await everything_in(firm.database) == before


@pytest.mark.parametrize("seed", range(6))
async def test_calls_that_publish_overlapping_drafts_in_opposite_orders_publish_each_once(
    firm: Company, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - the same calls at every run
    seen = await drafts(firm, 12)
    sets = [chance.sample(seen, 8) for _ in range(4)]
    batches = await asyncio.gather(*(firm.publish_all(*drafts, mode=BEST_EFFORT) for drafts in sets))
    done = Counter(result.flow_id for batch in batches for result in batch.results if isinstance(result, Published))
    assert done == Counter({flow for drafts in sets for flow, _ in drafts})
    held = await lawful(firm)
    assert {flow: len(held.versions_of(flow)) for flow in done} == dict(done)
