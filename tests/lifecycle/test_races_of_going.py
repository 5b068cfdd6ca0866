"""Drafts and flows that go while others are at them: discards at once, and the removal of what was set aside long ago."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.export import Exported
from app.usecases.upkeep import remove_drafts
from tests.lifecycle.company import Company
from tests.lifecycle.racing import ROUNDS, THROUGH, at_once, edited, lawful, notes_of, published, refused_for

pytestmark = pytest.mark.parametrize("after", ROUNDS)


async def exported_twice(company: Company) -> tuple[str, str]:
    """Two flows that were never published, the second exported from the first twice; its only draft is the later."""
    source = (await edited(company)).flow_id
    first = await company.export(source, to="production")
    assert isinstance(first, Exported)
    second = await company.export(source, onto=first.flow_id)
    assert isinstance(second, Exported)
    await company.restore(first.draft_id)
    await company.discard(first.flow_id)
    await company.restore(second.draft_id)
    return source, first.flow_id


async def test_flows_of_one_export_that_are_discarded_at_once_both_go(shared_firm: Company, after: int) -> None:
    pairs = [await exported_twice(shared_firm) for _ in range(8)]
    discards = [shared_firm.discard(flow) for pair in pairs for flow in (pair if after % 2 else reversed(pair))]
    outcomes = await asyncio.gather(*discards)
    assert refused_for(*outcomes) == tuple(THROUGH for _ in outcomes)
    assert not {flow for pair in pairs for flow in pair} & set((await lawful(shared_firm)).flows)


async def test_a_flow_that_is_discarded_while_it_is_exported_over_another_was_exported_or_not_found(
    shared_firm: Company, after: int
) -> None:
    sources = [(await edited(shared_firm, 1)).flow_id for _ in range(6)]
    onto, _ = await published(shared_firm, 9)
    exports = [shared_firm.export(source, onto=onto) for source in sources]
    discards = [shared_firm.discard(source, by="ben") for source in sources]
    exported, discarded = await at_once(asyncio.gather(*exports), asyncio.gather(*discards), after)
    assert refused_for(*discarded) == tuple(THROUGH for _ in sources)
    assert all(codes in [THROUGH, {"FLOW_NOT_FOUND"}] for codes in refused_for(*exported))
    through = refused_for(*exported).count(THROUGH)
    _, active, aside = notes_of(await lawful(shared_firm), onto)
    assert [*aside, *([] if active is None else [active])] == [1] * through


async def set_aside_long_ago(company: Company) -> tuple[str, str]:
    """A flow that was never published, of which only a draft is left that was set aside; both expire now."""
    outcome = await edited(company, 1)
    source, _ = await published(company, 9)
    await company.export(source, onto=outcome.flow_id)
    await company.discard(outcome.flow_id)
    company.now += timedelta(days=31)
    return outcome.flow_id, outcome.draft_id


async def removed(company: Company) -> int:
    return await remove_drafts(company.kept(), timedelta(days=30))


async def test_a_draft_that_is_restored_when_it_expires_is_back_or_not_found(firm: Company, after: int) -> None:
    flow, draft = await set_aside_long_ago(firm)
    restored, gone = await at_once(firm.restore(draft), removed(firm), after)
    held = await lawful(firm)
    notes = notes_of(held, flow) if flow in held.flows else None
    assert (refused_for(restored), gone, notes) in [((THROUGH,), 0, ([], 1, [])), (({"DRAFT_NOT_FOUND"},), 1, None)]


async def test_a_flow_that_is_exported_onto_when_its_last_draft_expires_stays_or_is_not_found(
    firm: Company, after: int
) -> None:
    flow, _ = await set_aside_long_ago(firm)
    source, _ = await published(firm, 8)
    exported, gone = await at_once(firm.export(source, onto=flow), removed(firm), after)
    held = await lawful(firm)
    notes = notes_of(held, flow) if flow in held.flows else None
    assert (refused_for(exported), gone, notes) in [
        ((THROUGH,), 0, ([], 8, [1])),
        ((THROUGH,), 1, ([], 8, [])),
        (({"FLOW_NOT_FOUND"},), 1, None),
    ]


async def test_two_removals_at_once_remove_each_draft_once(firm: Company, after: int) -> None:
    flow, _ = await set_aside_long_ago(firm)
    counts = await at_once(removed(firm), removed(firm), after)
    assert sorted(counts) == [0, 1]
    assert flow not in (await lawful(firm)).flows
