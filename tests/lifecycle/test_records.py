"""Records of copies and exports outlive what they name, for a time (P6)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from app.domain.draft import DiscardPlan
from app.domain.export import Exported
from app.domain.running import DeletePlan
from app.domain.undo import Undone
from app.storage.tables import FLOW_DRAFT, FLOW_EXPORT, REFERENCE_REPORT
from app.usecases import upkeep as expiring
from app.usecases.upkeep import expire as expire_of
from app.usecases.upkeep import remove_drafts, remove_records
from tests.lifecycle.company import Company
from tests.lifecycle.racing import published
from tests.lifecycle.records import exported, record_of


async def test_records_outlive_what_they_name_and_never_change_but_for_being_undone(firm: Company) -> None:
    source, _ = await published(firm, 9)
    outcome = await exported(firm, source, to="production")
    first = await record_of(firm, outcome.export_id)
    again = await exported(firm, source, onto=outcome.flow_id)
    assert isinstance(await firm.undo(again.export_id), Undone)
    assert await record_of(firm, outcome.export_id) == first
    await firm.publish(outcome.flow_id)
    await firm.delete(outcome.flow_id)
    await firm.delete(source)
    held = await record_of(firm, outcome.export_id)
    noted = {"first_change", "first_changed_at", "version_id", "destination_deleted_at"}
    assert [held[name] is None for name in sorted(noted)] == [False] * 4
    assert {**held, **dict.fromkeys(noted)} == {**first, **dict.fromkeys(noted)}
    assert (await record_of(firm, again.export_id))["report_hash"] == held["report_hash"]


YEAR = timedelta(days=400)


async def expire(company: Company, *, kept: timedelta = YEAR) -> int:
    return await expire_of(company.kept(), remove_records, kept)


async def records(company: Company) -> set[str]:
    async with company.database.reading() as connection:
        return {row.id for row in await connection.rows(select(FLOW_EXPORT.c.id))}


async def reports(company: Company) -> int:
    async with company.database.reading() as connection:
        return int(await connection.value(select(func.count()).select_from(REFERENCE_REPORT)))


@pytest.mark.parametrize("kept", [timedelta(days=30), YEAR])
async def test_a_record_goes_a_time_after_it_was_undone_and_not_before(firm: Company, kept: timedelta) -> None:
    source, _ = await published(firm, 9)
    flow, _ = await published(firm, 1)
    undone = await exported(firm, source, onto=flow)
    stays = await exported(firm, source, to="production")
    there = await records(firm)
    assert isinstance(await firm.undo(undone.export_id), Undone)
    firm.now = (await record_of(firm, undone.export_id))["undone_at"] + kept - timedelta(microseconds=1)
    assert await expire(firm, kept=kept) == 0
    firm.now += timedelta(microseconds=1)
    assert await expire(firm, kept=kept) == 1
    assert await records(firm) == there - {undone.export_id}
    assert stays.export_id in there


async def _delete(company: Company, outcome: Exported) -> None:
    await company.publish(outcome.flow_id)
    assert isinstance(await company.delete(outcome.flow_id), DeletePlan)


async def _discard(company: Company, outcome: Exported) -> None:
    discarded = await company.discard(outcome.flow_id)
    assert isinstance(discarded, DiscardPlan)
    assert discarded.deleted_flow_id == outcome.flow_id


async def _let_expire(company: Company, outcome: Exported) -> None:
    """Its last draft, which was set aside, goes after a month, and the flow with it."""
    other, _ = await published(company, 3)
    await exported(company, other, onto=outcome.flow_id)
    await company.discard(outcome.flow_id)
    async with company.database.writing() as connection:
        await connection.change(
            update(FLOW_DRAFT).where(FLOW_DRAFT.c.id == outcome.draft_id).values(set_aside_at=LONG_AGO)
        )
    assert await expire_of(company.kept(), remove_drafts, timedelta(days=30)) == 1


async def _undo(company: Company, outcome: Exported) -> None:
    assert isinstance(await company.undo(outcome.export_id), Undone)


LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("delete", [_delete, _discard, _let_expire, _undo])
async def test_a_record_goes_a_time_after_its_destination_was_deleted_however_that_was(
    firm: Company, delete: Callable[[Company, Exported], Awaitable[None]]
) -> None:
    source, _ = await published(firm, 9)
    stays, outcome = [await exported(firm, source, to="production") for _ in range(2)]
    began = datetime.now(UTC) - timedelta(minutes=1)
    await delete(firm, outcome)
    record = await record_of(firm, outcome.export_id)
    assert began < record["destination_deleted_at"] < datetime.now(UTC) + timedelta(minutes=1)
    assert (await record_of(firm, stays.export_id))["destination_deleted_at"] is None
    firm.now = (record["undone_at"] or record["destination_deleted_at"]) + YEAR - timedelta(seconds=1)
    assert outcome.export_id in await records(firm)
    await expire(firm)
    assert outcome.export_id in await records(firm)
    firm.now = max(record["destination_deleted_at"], record["undone_at"] or LONG_AGO) + YEAR
    assert await expire(firm) >= 1
    assert outcome.export_id not in await records(firm)
    assert stays.export_id in await records(firm)


async def test_the_record_of_a_flow_that_is_there_is_kept_for_ever_though_its_source_is_gone(firm: Company) -> None:
    source, _ = await published(firm, 9)
    outcome = await exported(firm, source, to="production")
    await firm.delete(source)
    firm.now += 100 * YEAR
    await expire(firm)
    assert outcome.export_id in await records(firm)


async def over(company: Company, *, number: int) -> list[str]:
    """Records of exports with references, of destinations that are gone."""
    outcomes = [await exported(company, "orders", to="production") for _ in range(number)]
    for one in outcomes:
        await company.discard(one.flow_id)
    company.now = datetime.now(UTC) + YEAR + timedelta(days=1)
    return [one.export_id for one in outcomes]


async def test_a_report_goes_with_its_last_record(firm: Company) -> None:
    before = await reports(firm)
    kept = await exported(firm, "orders", to="production")
    gone = await over(firm, number=3)
    assert await reports(firm) == before + 1
    assert await expire(firm) == 3
    assert (await records(firm) & {*gone}, await reports(firm)) == (set(), before + 1)
    await firm.discard(kept.flow_id)
    firm.now += YEAR
    assert await expire(firm) == 1
    assert await reports(firm) == before


async def test_many_records_are_removed_in_batches_the_oldest_first(
    firm: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = await over(firm, number=3)
    monkeypatch.setattr(expiring, "BATCH", 2)
    assert await remove_records(firm.kept(), YEAR) == 2
    assert await records(firm) & {first, second, third} == {third}
    await over(firm, number=2)
    with capture_logs() as log:
        assert await expire(firm) == 3
    assert [(line["event"], line["removed"], line["kept_days"]) for line in log] == [
        ("records of exports were removed", number, 400) for number in (2, 1)
    ]


async def test_a_report_that_an_export_is_about_to_refer_to_stays(firm: Company) -> None:
    """The removal waits for it; whichever is first, the record has its report."""
    await over(firm, number=1)
    before = await reports(firm)
    results = await asyncio.gather(*(exported(firm, "orders", to="production") for _ in range(8)), expire(firm))
    assert results[-1] == 1
    assert await reports(firm) == before
    async with firm.database.reading() as connection:
        told = await connection.rows(select(FLOW_EXPORT.c.report_hash).where(FLOW_EXPORT.c.undone_at.is_(None)))
    assert None not in {row.report_hash for row in told}
