"""Contents that nothing refers to any more are removed, and none that somebody refers to, whoever comes when."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from app.domain.content import split_graph
from app.domain.edit import Saved
from app.domain.export import Exported
from app.domain.model import UserId
from app.storage.connections.failures import DatabaseUnavailable, TransactionConflict
from app.storage.store import Store
from app.storage.tables import FLOW_CONTENT, FLOW_CONTENT_COMPONENT, FLOW_DRAFT
from app.storage.upkeep.periodic import remove_slice
from app.storage.writes.lifecycle import write_content
from app.usecases import upkeep as removing
from app.usecases.upkeep import CONTENTS_EVERY, CONTENTS_KEPT, remove_contents
from tests.lifecycle.company import Company
from tests.lifecycle.racing import edited, lawful, noted, notes_of, published, saved

MOMENT = timedelta(seconds=1)


async def remove(company: Company) -> int:
    return await remove_contents(company.kept())


async def remove_at_once(company: Company) -> list[str]:
    """All that nothing refers to at this moment, however short."""
    far = company.now + 10 * CONTENTS_KEPT
    removed: list[str] = []
    for _ in range(2):
        async with company.database.writing() as connection:
            done = await remove_slice(connection, after="", size=1000, now=company.now, before=far)
        removed += done.removed
    return removed


async def hashes(company: Company) -> set[str]:
    async with company.database.reading() as connection:
        return {row.hash for row in await connection.rows(select(FLOW_CONTENT.c.hash))}


async def test_what_nothing_has_referred_to_for_an_hour_is_removed_with_the_names_of_its_components(
    firm: Company,
) -> None:
    there = await hashes(firm)
    flow = (await edited(firm, 1)).flow_id
    for note in (2, 3, 2):
        await saved(firm, flow, note)
    kept = {draft["content_hash"] for draft in (await lawful(firm)).drafts_of(flow)}
    assert await remove(firm) == 0
    firm.now += CONTENTS_KEPT - MOMENT
    assert await remove(firm) == 0
    firm.now += CONTENTS_EVERY
    with capture_logs() as log:
        assert await remove(firm) == 2
    assert await hashes(firm) == there | kept
    assert [(line["event"], line["removed"]) for line in log] == [("contents that nothing refers to were removed", 2)]
    async with firm.database.reading() as connection:
        named = {row.hash for row in await connection.rows(select(FLOW_CONTENT_COMPONENT.c.hash))}
    assert named - there == kept
    assert notes_of(await lawful(firm), flow) == ([], 2, [])


async def test_what_is_referred_to_again_meanwhile_counts_anew(firm: Company) -> None:
    flow = (await edited(firm, 1)).flow_id
    await saved(firm, flow, 2)
    assert await remove(firm) == 0
    await saved(firm, flow, 1)
    firm.now += CONTENTS_EVERY
    # Now the content of note 2 is found, and that of note 1 is no longer counted.
    assert await remove(firm) == 0
    await saved(firm, flow, 2)
    firm.now += CONTENTS_EVERY
    assert await remove(firm) == 0
    assert notes_of(await lawful(firm), flow) == ([], 2, [])


async def test_versions_and_drafts_set_aside_keep_their_contents(firm: Company) -> None:
    flow, version = await published(firm, 1)
    await saved(firm, flow, 2)
    await firm.revert(flow, version)
    before = await hashes(firm)
    assert await remove_at_once(firm) == []
    assert await hashes(firm) == before


async def test_of_all_processes_one_looks_in_an_hour(firm: Company) -> None:
    flow = (await edited(firm, 1)).flow_id
    await saved(firm, flow, 2)
    outcomes = await asyncio.gather(*(remove(firm) for _ in range(4)))
    firm.now += CONTENTS_KEPT + MOMENT
    outcomes += await asyncio.gather(*(remove(firm) for _ in range(4)))
    assert sorted(outcomes) == [0] * 7 + [1]


async def test_very_many_are_looked_through_slice_by_slice(firm: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "CONTENTS_AT_ONCE", 2)
    flow = (await edited(firm, 0)).flow_id
    for note in range(1, 8):
        await saved(firm, flow, note)
    assert await remove(firm) == 0
    firm.now += CONTENTS_KEPT + MOMENT
    assert await remove(firm) == 7


async def test_a_content_that_is_being_stored_again_is_passed_over(firm: Company) -> None:
    """The save has found it there, and refers to it only in its next statement."""
    flow = (await edited(firm, 1)).flow_id
    await saved(firm, flow, 2)
    content = split_graph(noted(1), lambda _: None)
    other = (await edited(firm, 3)).flow_id
    async with firm.database.writing() as connection:
        store = Store(connection, UserId(firm["ada"]), lambda: firm.now, timedelta())
        await write_content(store, content)
        assert content.hash not in await remove_at_once(firm)
        drafts = update(FLOW_DRAFT).where(FLOW_DRAFT.c.flow_id == other)
        await connection.change(drafts.values(content_hash=content.hash))
    assert content.hash not in await remove_at_once(firm)
    assert notes_of(await lawful(firm), other) == ([], 1, [])


async def test_saves_copies_and_removals_at_the_same_time_lose_no_content_that_is_referred_to(firm: Company) -> None:
    """Few contents, taken up and dropped again and again, and removed at once. Saves and copies may have to try again."""
    flows = [(await edited(firm, note)).flow_id for note in range(3)]
    random, is_over = Random(1), False  # noqa: S311 - no secret
    removed = 0

    async def save(flow: str) -> None:
        for note in random.choices(range(6), k=40):
            while True:
                with suppress(TransactionConflict):
                    assert isinstance(await firm.update(flow, graph=noted(note)), Saved)
                    break

    async def copy(flow: str) -> None:
        for _ in range(15):
            with suppress(DatabaseUnavailable):
                outcome = await firm.copy(flow)
                assert isinstance(outcome, Exported)
                await firm.discard(outcome.flow_id)

    async def go_on_removing() -> None:
        nonlocal removed
        while not is_over:
            removed += len(await remove_at_once(firm))

    sweeper = asyncio.create_task(go_on_removing())
    await asyncio.gather(*(save(flow) for flow in flows), *(copy(flow) for flow in flows))
    is_over = True
    await sweeper
    await lawful(firm)
    assert removed > 5
