"""Drafts that were set aside are kept for a time, then removed: in batches, by several processes at once, logged (H8)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from app.domain.export import Exported
from app.server.application import create_app
from app.settings import Settings
from app.storage.connections.database import Database
from app.storage.connections.engine import engine_of
from app.storage.connections.failures import DatabaseFailure
from app.storage.tables import FLOW, FLOW_DRAFT
from app.storage.upkeep import periodic
from app.usecases import upkeep as expiring
from app.usecases.upkeep import expire as expire_of
from app.usecases.upkeep import remove_drafts
from tests.lifecycle.company import Company
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import edited, lawful, notes_of, published, reverted, saved

MONTH = timedelta(days=30)


async def expire(company: Company, *, kept: timedelta = MONTH) -> int:
    return await expire_of(company.kept(), remove_drafts, kept)


async def with_drafts_aside(company: Company, number: int) -> str:
    """A published flow with as many drafts set aside, and an active one; all say the same."""
    flow, version = await published(company)
    for _ in range(number + 1):
        await reverted(company, flow, version)
    return flow


@pytest.mark.parametrize("kept", [timedelta(days=7), MONTH])
async def test_a_draft_is_kept_as_long_as_the_setting_says_and_not_longer(firm: Company, kept: timedelta) -> None:
    flow = await with_drafts_aside(firm, 1)
    before = await everything_in(firm.database)
    firm.now += kept
    assert await expire(firm, kept=kept) == 0
    assert await everything_in(firm.database) == before
    firm.now += timedelta(seconds=1)
    assert await expire(firm, kept=kept) == 1
    assert notes_of(await lawful(firm), flow) == ([1], 1, [])


async def test_an_active_draft_is_kept_for_ever(firm: Company) -> None:
    flow = (await edited(firm)).flow_id
    firm.now += 100 * MONTH
    assert await expire(firm) == 0
    assert notes_of(await lawful(firm), flow) == ([], 1, [])


async def test_a_draft_that_was_restored_and_set_aside_again_is_kept_from_then_on(firm: Company) -> None:
    flow, version = await published(firm)
    draft = await saved(firm, flow, 2)
    await reverted(firm, flow, version)
    firm.now += timedelta(days=29)
    await firm.restore(draft)
    await reverted(firm, flow, version)
    firm.now += timedelta(days=29)
    assert await expire(firm) == 0
    assert notes_of(await lawful(firm), flow) == ([1], 1, [1, 2])


async def test_many_drafts_are_removed_in_batches_the_oldest_first(
    firm: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 2)
    flow = await with_drafts_aside(firm, 5)
    aside = (await lawful(firm)).drafts_of(flow)[:-1]
    firm.now += MONTH + timedelta(days=1)
    left = []
    while await remove_drafts(firm.kept(), MONTH):
        left.append([draft["id"] for draft in (await lawful(firm)).drafts_of(flow)[:-1]])
    assert left == [[draft["id"] for draft in aside[number:]] for number in (2, 4, 5)]


async def test_every_batch_is_logged(firm: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_drafts_aside(firm, 5)
    firm.now += MONTH + timedelta(days=1)
    monkeypatch.setattr(expiring, "BATCH", 2)
    with capture_logs() as log:
        assert await expire(firm) == 5
    line = {"event": "drafts set aside were removed", "kept_days": 30, "log_level": "info"}
    assert log == [{**line, "removed": 2}, {**line, "removed": 2}, {**line, "removed": 1}]


async def test_nothing_is_logged_where_nothing_goes(firm: Company) -> None:
    with capture_logs() as log:
        assert await expire(firm) == 0
    assert log == []


async def test_while_one_process_removes_a_draft_another_skips_it(firm: Company) -> None:
    await with_drafts_aside(firm, 2)
    firm.now += MONTH + timedelta(days=1)
    before = await everything_in(firm.database)
    async with firm.database.writing() as other:
        assert await periodic.remove_drafts(other, before=firm.now - MONTH, batch=1, now=firm.now) == 1
        assert await expire(firm) == 0
        assert await everything_in(firm.database) == before
    assert await expire(firm) == 1


async def test_processes_that_remove_at_once_remove_each_draft_once(
    firm: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 2)
    flows = [await with_drafts_aside(firm, 1) for _ in range(9)]
    firm.now += MONTH + timedelta(days=1)
    assert sum(await asyncio.gather(*(expire(firm) for _ in range(3)))) == len(flows)
    holdings = await lawful(firm)
    assert [len(holdings.drafts_of(flow)) for flow in flows] == [1] * len(flows)


async def overridden(company: Company) -> str:
    """A flow that was never published, with a draft that was set aside and an active one."""
    flow = (await edited(company)).flow_id
    source, _ = await published(company, 9)
    assert isinstance(await company.export(source, onto=flow), Exported)
    return flow


async def test_a_flow_of_which_nothing_is_left_goes_with_its_last_draft(firm: Company) -> None:
    flow = await overridden(firm)
    await firm.discard(flow)
    firm.now += MONTH + timedelta(days=1)
    assert await expire(firm) == 1
    held = await lawful(firm)
    assert flow not in held.flows


async def test_a_flow_that_has_a_draft_or_a_version_stays(firm: Company) -> None:
    with_draft = await overridden(firm)
    with_version = await with_drafts_aside(firm, 1)
    await firm.discard(with_version)
    firm.now += MONTH + timedelta(days=1)
    assert await expire(firm) == 2
    held = await lawful(firm)
    assert notes_of(held, with_draft) == ([], 9, [])
    assert notes_of(held, with_version) == ([1], None, [])


async def test_a_flow_of_which_only_one_of_two_drafts_has_expired_stays(firm: Company) -> None:
    flow = await overridden(firm)
    firm.now += timedelta(days=20)
    await firm.export(await _published_with(firm, 8), onto=flow)
    await firm.discard(flow)
    firm.now += timedelta(days=20)
    assert await expire(firm) == 1
    assert notes_of(await lawful(firm), flow) == ([], None, [9])


async def _published_with(firm: Company, note: int) -> str:
    return (await published(firm, note))[0]


async def test_what_somebody_is_at_is_passed_over_until_the_next_time(firm: Company) -> None:
    flow, other = await overridden(firm), await overridden(firm)
    firm.now += MONTH + timedelta(days=1)
    async with firm.database.writing() as busy:
        await busy.rows(select(FLOW.c.id).where(FLOW.c.id == flow).with_for_update(read=True, key_share=True))
        assert await asyncio.wait_for(expire(firm), 5) == 1
    held = await lawful(firm)
    assert (notes_of(held, flow), notes_of(held, other)) == (([], 9, [1]), ([], 9, []))
    assert await expire(firm) == 1


async def test_a_removal_that_fails_leaves_everything_as_it_was(firm: Company) -> None:
    flow = await overridden(firm)
    await firm.discard(flow)
    firm.now += MONTH + timedelta(days=1)
    before = await everything_in(firm.database)
    hasty = Database(firm.url, statement_timeout_seconds=0.2)
    async with engine_of(firm.url).begin() as busy:
        await busy.execute(text("lock table flow_draft in share mode"))
        with pytest.raises(DatabaseFailure):
            await remove_drafts(replace(firm.kept(), database=hasty), MONTH)
    await hasty.close()
    assert await everything_in(firm.database) == before
    assert await expire(firm) == 1


async def test_a_server_removes_old_drafts_when_it_starts_and_stops_at_once(firm: Company) -> None:
    flow = await with_drafts_aside(firm, 2)
    [old, recent, _] = (await lawful(firm)).drafts_of(flow)
    await _set_aside_at(firm, old["id"], datetime.now(UTC) - timedelta(days=8))
    await _set_aside_at(firm, recent["id"], datetime.now(UTC) - timedelta(days=6))
    before = asyncio.all_tasks()
    app = create_app(_settings(firm, set_aside_days=7))
    with capture_logs() as log:
        async with app.router.lifespan_context(app):
            await _until_logged(log, "drafts set aside were removed")
    assert asyncio.all_tasks() == before
    left = (await lawful(firm)).drafts
    assert (old["id"] in left, recent["id"] in left) == (False, True)


async def test_a_server_whose_database_is_away_says_so_and_goes_on_until_it_is_stopped() -> None:
    before = asyncio.all_tasks()
    app = create_app(Settings(database_url="postgresql://nobody@127.0.0.1:9/nothing", log_format="json"))
    with capture_logs() as log:
        async with app.router.lifespan_context(app):
            await _until_logged(log, "cleanup not done")
            assert len(asyncio.all_tasks()) == len(before) + 2
    assert {line["log_level"] for line in log} == {"warning"}
    assert asyncio.all_tasks() == before


def _settings(firm: Company, **others: Any) -> Settings:
    return Settings(database_url=_url(firm), log_format="json", **others)


def _url(firm: Company) -> str:
    return firm.url


async def _set_aside_at(firm: Company, draft: str, at: datetime) -> None:
    async with firm.database.writing() as connection:
        await connection.change(update(FLOW_DRAFT).where(FLOW_DRAFT.c.id == draft).values(set_aside_at=at))


async def _until_logged(log: list[Any], event: str) -> None:
    async with asyncio.timeout(60):
        while event not in [line["event"] for line in log]:  # noqa: ASYNC110 - the log knows no events
            await asyncio.sleep(0.01)
