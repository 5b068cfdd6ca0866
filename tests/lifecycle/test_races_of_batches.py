"""`ATOMIC` is all or none whatever happens beside: other calls of many, edits, deletions, a quota that fills up (P4)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.batch import Batch, BatchMode
from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.export_batch import BatchRefusal, ExportsWish
from app.domain.facts import ExportWish, IntoWorkspace, OntoFlow
from app.domain.model import UserId
from app.storage.tables import FLOW_EXPORT
from app.usecases.copy_and_export import export_flows
from tests.lifecycle.company import Company
from tests.lifecycle.holdings import Holdings
from tests.lifecycle.racing import edited, lawful, noted, published
from tests.property_settings import EXAMPLES

ROUNDS = 12
RECORDS = select(FLOW_EXPORT.c.id)


@pytest.mark.parametrize("seed", range(1 + EXAMPLES // 10))
async def test_atomic_calls_at_once_with_each_other_and_with_edits_export_all_or_none(firm: Company, seed: int) -> None:
    chance, ends = Random(seed), Counter[str]()  # noqa: S311 - the same calls at every run
    for _ in range(ROUNDS):
        sources = [(await published(firm, note))[0] for note in range(3)]
        onto = [(await edited(firm, note, workspace="production")).flow_id for note in range(4)]
        before = await lawful(firm)
        records = await records_of(firm)
        calls = [items(firm, sources, onto, chance) for _ in range(3)]
        edits = [chance.choice(edits_of(firm, [*sources, *onto])) for _ in range(4)]
        beside = [asyncio.create_task(later(edit, chance.random() / 50)) for edit in edits]
        delayed = (later(partial(export, firm, call), chance.random() / 50) for call in calls)
        batches: list[Batch[Exported, BatchRefusal]] = await asyncio.gather(*delayed)
        await asyncio.gather(*beside)
        ends.update(all_or_none(batch) for batch in batches)
        assert_exactly(batches, before, await lawful(firm), await records_of(firm) - records)
    assert min(ends["all"], ends["none"]) > 0


async def test_atomic_calls_that_fill_a_quota_at_once_go_through_whole_until_it_is_full(firm: Company) -> None:
    """The contract Small may hold five flows, and holds two: one call of two fits, and nothing of another."""
    source, _ = await published(firm, 1)
    pair = [ExportWish(source, IntoWorkspace(firm[place])) for place in ("small-live", "small-shop")]
    before, records = await lawful(firm), await records_of(firm)
    batches = await asyncio.gather(*(export(firm, pair) for _ in range(6)))
    assert Counter(map(all_or_none, batches)) == {"all": 1, "none": 5}
    assert_exactly(batches, before, await lawful(firm), await records_of(firm) - records)


def items(company: Company, sources: Sequence[str], onto: Sequence[str], chance: Random) -> list[ExportWish]:
    """Two new flows, and two of the four that are there."""
    into = [ExportWish(chance.choice(sources), IntoWorkspace(company["production"])) for _ in range(2)]
    over = [ExportWish(chance.choice(sources), OntoFlow(flow)) for flow in chance.sample(onto, 2)]
    return chance.sample([*into, *over], 4)


def edits_of(company: Company, flows: Sequence[str]) -> list[Callable[[], Awaitable[Any]]]:
    return [
        edit
        for flow in flows
        for edit in (
            lambda flow=flow: company.update(flow, graph=noted(7)),
            lambda flow=flow: company.publish(flow),
            lambda flow=flow: company.delete(flow),
            lambda flow=flow: company.delete(flow, by="ben"),
        )
    ]


async def later(call: Callable[[], Awaitable[Any]], seconds: float) -> Any:
    await asyncio.sleep(seconds)
    return await call()


async def export(company: Company, wishes: list[ExportWish]) -> Batch[Exported, BatchRefusal]:
    wish = ExportsWish(tuple(wishes), BatchMode.ATOMIC)
    return await export_flows(company.work.of(UserId(company["ada"])), wish)


def all_or_none(batch: Batch[Exported, BatchRefusal]) -> str:
    refused = {isinstance(result, Refused) for result in batch.results}
    assert len(refused) == 1, batch.results
    return "none" if refused == {True} else "all"


def assert_exactly(
    batches: list[Batch[Exported, BatchRefusal]], before: Holdings, after: Holdings, records: set[str]
) -> None:
    """There is a record of each export that was answered, and of no other; and no other new flow."""
    made = [result for batch in batches for result in batch.results if isinstance(result, Exported)]
    assert sorted(records) == sorted(result.export_id for result in made)
    assert after.flows.keys() - before.flows.keys() == {result.flow_id for result in made} - before.flows.keys()


async def records_of(company: Company) -> set[str]:
    async with company.database.reading() as connection:
        return {row.id for row in await connection.rows(RECORDS)}
