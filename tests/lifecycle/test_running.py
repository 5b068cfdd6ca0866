"""Flows that are started, stopped and deleted (H9): what the database holds afterwards, and what stays."""

import pytest
from sqlalchemy import Delete, Update, select, update

from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.model import FlowId, FlowStatus
from app.domain.publish import Published
from app.domain.running import DeletePlan, StatusPlan
from app.storage.connections.engine import engine_of
from app.storage.tables import CONTRACT, FLOW, FLOW_EXPORT
from tests.lifecycle.company import Company
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import ROUNDS, THROUGH, at_once, edited, lawful, published, refused_for, saved


async def test_a_flow_is_started_and_stopped_and_nothing_else_changes(shared_firm: Company) -> None:
    flow, version = await published(shared_firm)
    before = (await lawful(shared_firm)).flows[flow]
    for act, status in ((shared_firm.start, FlowStatus.ACTIVE), (shared_firm.stop, FlowStatus.INACTIVE)):
        assert await act(flow, by="ben") == StatusPlan(FlowId(flow), status)
        held = (await lawful(shared_firm)).flows[flow]
        assert held == {**before, "status": status, "updated_at": shared_firm.now}
        assert await act(flow) == StatusPlan(FlowId(flow), None)
        assert (await lawful(shared_firm)).flows[flow] == held
    assert before["published_version_id"] == version


async def test_a_publish_that_starts_does_both(shared_firm: Company) -> None:
    made = await edited(shared_firm)
    outcome = await shared_firm.publish(made.flow_id, start=True)
    assert isinstance(outcome, Published)
    held = (await lawful(shared_firm)).flows[made.flow_id]
    assert (held["status"], held["published_version_id"]) == ("ACTIVE", outcome.version_id)


@pytest.mark.parametrize(
    ("by", "status", "codes"),
    [("ada", "SUSPENDED", {"FLOW_IS_SUSPENDED"}), ("gus", "INACTIVE", {"INSUFFICIENT_PERMISSION"})],
)
async def test_a_publish_that_may_not_start_does_neither(firm: Company, by: str, status: str, codes: set[str]) -> None:
    flow = (await edited(firm)).flow_id
    await behind_the_rules(firm, update(FLOW).where(FLOW.c.id == flow).values(status=status))
    before = await everything_in(firm.database)
    assert refused_for(await firm.publish(flow, by=by, start=True)) == (codes,)
    assert await everything_in(firm.database) == before


async def test_of_a_suspended_contract_everything_can_be_stopped_and_nothing_started_or_deleted(firm: Company) -> None:
    running, _ = await published(firm)
    stopped, _ = await published(firm, 2)
    await firm.start(running)
    await behind_the_rules(firm, update(CONTRACT).values(status="SUSPENDED"))
    before = await everything_in(firm.database)
    outcomes = (await firm.start(stopped), await firm.start(running), await firm.delete(stopped))
    assert refused_for(*outcomes) == ({"CONTRACT_SUSPENDED"},) * 3
    assert await everything_in(firm.database) == before
    assert await firm.stop(running) == StatusPlan(FlowId(running), FlowStatus.INACTIVE)
    assert (await lawful(firm)).flows[running]["status"] == "INACTIVE"


async def behind_the_rules(company: Company, statement: Update | Delete) -> None:
    async with engine_of(company.url).begin() as connection:
        await connection.execute(statement)


async def test_a_publish_that_does_not_start_leaves_a_flow_running(shared_firm: Company) -> None:
    """H4."""
    flow, _ = await published(shared_firm)
    await shared_firm.start(flow)
    await saved(shared_firm, flow, 2)
    assert isinstance(await shared_firm.publish(flow), Published)
    assert (await lawful(shared_firm)).flows[flow]["status"] == "ACTIVE"


async def test_a_flow_goes_with_its_drafts_and_versions_and_the_records_stay(firm: Company) -> None:
    source, _ = await published(firm)
    first = await firm.export(source, to="production")
    assert isinstance(first, Exported)
    assert isinstance(await firm.publish(first.flow_id), Published)
    again = await firm.export(source, onto=first.flow_id)
    onwards = await firm.export(first.flow_id, to="kitchen")
    assert isinstance(again, Exported)
    assert isinstance(onwards, Exported)
    assert await firm.delete(first.flow_id) == DeletePlan(first.flow_id)
    held = await lawful(firm)
    assert first.flow_id not in held.flows
    assert (held.drafts_of(first.flow_id), held.versions_of(first.flow_id)) == ([], [])
    assert {source, onwards.flow_id} <= held.flows.keys()
    async with firm.database.reading() as connection:
        records = await connection.rows(select(FLOW_EXPORT))
    assert len(records) == 3


@pytest.mark.parametrize(
    ("by", "codes"),
    [
        ("gus", {"INSUFFICIENT_PERMISSION", "FLOW_IS_ACTIVE"}),
        ("olga", {"FLOW_NOT_FOUND"}),
        ("ada", {"FLOW_IS_ACTIVE"}),
    ],
)
async def test_a_deletion_that_is_refused_writes_nothing(shared_firm: Company, by: str, codes: set[str]) -> None:
    flow, _ = await published(shared_firm)
    await shared_firm.start(flow)
    before = await everything_in(shared_firm.database)
    refused = await shared_firm.delete(flow, by=by)
    assert isinstance(refused, Refused)
    assert refused_for(refused) == (codes,)
    assert await everything_in(shared_firm.database) == before


@pytest.mark.parametrize(
    ("act", "by", "codes"),
    [
        ("start", "gus", {"INSUFFICIENT_PERMISSION", "FLOW_NOT_PUBLISHED"}),
        ("start", "olga", {"FLOW_NOT_FOUND"}),
        ("start", "ada", {"FLOW_NOT_PUBLISHED"}),
        ("stop", "gus", {"INSUFFICIENT_PERMISSION"}),
        ("stop", "olga", {"FLOW_NOT_FOUND"}),
    ],
)
async def test_a_start_or_stop_that_is_refused_writes_nothing(
    shared_firm: Company, act: str, by: str, codes: set[str]
) -> None:
    flow = (await edited(shared_firm)).flow_id
    before = await everything_in(shared_firm.database)
    assert refused_for(await getattr(shared_firm, act)(flow, by=by)) == (codes,)
    assert await everything_in(shared_firm.database) == before


@pytest.mark.parametrize("after", ROUNDS)
async def test_a_flow_that_is_started_and_deleted_at_once_runs_or_is_gone(shared_firm: Company, after: int) -> None:
    flow, _ = await published(shared_firm)
    outcomes = await at_once(shared_firm.start(flow), shared_firm.delete(flow, by="ben"), after)
    held = (await lawful(shared_firm)).flows.get(flow)
    assert (refused_for(*outcomes), None if held is None else held["status"]) in [
        ((THROUGH, {"FLOW_IS_ACTIVE"}), "ACTIVE"),
        (({"FLOW_NOT_FOUND"}, THROUGH), None),
    ]


@pytest.mark.parametrize("after", ROUNDS)
async def test_a_flow_that_is_started_and_published_at_once_runs_if_it_had_a_version_in_time(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm)).flow_id
    outcomes = await at_once(shared_firm.publish(flow), shared_firm.start(flow, by="ben"), after)
    held = (await lawful(shared_firm)).flows[flow]
    assert (refused_for(*outcomes), held["status"]) in [
        ((THROUGH, THROUGH), "ACTIVE"),
        ((THROUGH, {"FLOW_NOT_PUBLISHED"}), "INACTIVE"),
    ]


@pytest.mark.parametrize("after", ROUNDS)
async def test_a_flow_that_is_deleted_while_it_is_exported_and_exported_onto_is_gone_and_nobody_waits_for_ever(
    shared_firm: Company, after: int
) -> None:
    flow, _ = await published(shared_firm, 1)
    other, _ = await published(shared_firm, 2)
    first = await shared_firm.export(other, onto=flow)
    assert isinstance(first, Exported)

    async def both() -> tuple[object, object]:
        return await at_once(shared_firm.export(flow, onto=other), shared_firm.export(other, onto=flow, by="ben"), 0)

    exported, deleted = await at_once(both(), shared_firm.delete(flow), after)
    assert deleted == DeletePlan(FlowId(flow))
    assert all(codes in (THROUGH, {"FLOW_NOT_FOUND"}) for codes in refused_for(*exported))
    held = await lawful(shared_firm)
    assert flow not in held.flows
    assert other in held.flows


@pytest.mark.parametrize("after", ROUNDS)
async def test_two_deletions_at_once_delete_once(shared_firm: Company, after: int) -> None:
    flow, _ = await published(shared_firm)
    outcomes = await at_once(shared_firm.delete(flow), shared_firm.delete(flow, by="ben"), after)
    assert refused_for(*outcomes) in [(THROUGH, {"FLOW_NOT_FOUND"}), ({"FLOW_NOT_FOUND"}, THROUGH)]
    assert flow not in (await lawful(shared_firm)).flows
