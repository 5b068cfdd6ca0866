"""Decisions about releases at the same moment (R5, R6): one of them counts, and nothing is published that nobody saw."""

import asyncio

import pytest

from app.domain.errors import Refused
from app.domain.model import UserId
from app.domain.review import ReleaseIsClosed
from app.storage.connections.database import Database
from app.storage.connections.failures import DatabaseUnavailable
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.racing import ROUNDS, at_once, lawful, notes_of, refused_for, saved
from tests.lifecycle.test_releases import changed_flows, held, requested


@pytest.mark.parametrize("after", ROUNDS)
async def test_of_two_decisions_at_once_one_counts(firm: Company, after: int) -> None:
    first, second = await changed_flows(firm, 2)
    approved, both = await requested(firm, first), await requested(firm, second)
    outcomes = await at_once(firm.review(approved), firm.review(approved), after)
    assert sorted(map(len, refused_for(*outcomes))) == [0, 1]
    refusal = next(error for outcome in outcomes if isinstance(outcome, Refused) for error in outcome.errors)
    assert isinstance(refusal, ReleaseIsClosed)
    assert refusal.state == "APPLIED"
    outcomes = await at_once(firm.review(both), firm.review(both, reject=True), after)
    assert sorted(map(len, refused_for(*outcomes))) == [0, 1]
    versions = len((await lawful(firm)).versions_of(second[0]))
    assert versions == (2 if (await held(firm, both)).state == "APPLIED" else 1)


@pytest.mark.parametrize("after", ROUNDS)
async def test_a_draft_that_is_saved_while_it_is_approved_is_never_published_as_saved(
    firm: Company, after: int
) -> None:
    [flow] = await changed_flows(firm, 1)
    release = await requested(firm, flow)
    reviewed_so, _ = await at_once(firm.review(release), saved(firm, flow[0], 999), after)
    versions, _, _ = notes_of(await lawful(firm), flow[0])
    assert versions == ([0] if isinstance(reviewed_so, Refused) else [0, 100])


@pytest.mark.parametrize("after", ROUNDS)
async def test_of_two_requests_with_one_draft_one_is_applied(firm: Company, after: int) -> None:
    first, shared, last = await changed_flows(firm, 3)
    one, other = await requested(firm, first, shared), await requested(firm, last, shared)
    outcomes = await at_once(firm.review(one), firm.review(other), after)
    assert sorted(map(sorted, refused_for(*outcomes))) == [[], ["RELEASE_IS_STALE"]]
    assert len((await lawful(firm)).versions_of(shared[0])) == 2


async def test_many_decisions_at_once_neither_deadlock_nor_publish_twice(firm: Company) -> None:
    drafts = await changed_flows(firm, 6)
    releases = [await requested(firm, *drafts[place:], *drafts[:place]) for place in range(6)]
    outcomes = await asyncio.gather(*(firm.review(each) for each in releases), firm.publish_all(*drafts[::-1]))
    assert sum(not isinstance(outcome, Refused) and codes_of(outcome) == set() for outcome in outcomes[:-1]) <= 1
    assert {len((await lawful(firm)).versions_of(flow)) for flow, _ in drafts} == {2}


async def test_a_decision_waits_for_another_one_no_longer_than_a_lock_may_take(firm: Company) -> None:
    [flow] = await changed_flows(firm, 1)
    release = await requested(firm, flow)
    database = Database(firm.url, statement_timeout_seconds=10, lock_timeout_seconds=1)
    impatient = Company(firm.ids, firm.url, database)
    async with firm.work.of(UserId(firm["ben"])).begin() as store:
        assert await store.lock_release(release) is not None
        with pytest.raises(DatabaseUnavailable):
            await impatient.withdraw(release)
    await database.close()
    assert codes_of(await firm.withdraw(release)) == set()
