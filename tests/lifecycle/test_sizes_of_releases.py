"""How large releases are to whoever decides about them, and what such a decision costs."""

import pytest

from app.domain.flow import CHARACTERS_PER_PART
from app.domain.model import UserId
from app.meter import MUTATION_COST, Meter
from app.storage.reads.by_id import read_current_releases
from tests.lifecycle.company import Company
from tests.lifecycle.test_releases import changed_flows, requested
from tests.metering import counted_by


@pytest.mark.parametrize("reads_versions", [False, True])
async def test_a_release_is_as_large_as_what_is_decided_about(firm: Company, reads_versions: bool) -> None:
    """A large one is decided about in a thread, so that other requests don't wait for it."""
    release = await requested(firm, *await changed_flows(firm, 3))
    if reads_versions:
        await firm.review(release)
    async with firm.work.of(UserId(firm["ben"])).begin() as store:
        facts = await store.lock_release(release)
        assert facts is not None
        facts = await (store.lock_release_versions(facts) if reads_versions else store.lock_release_drafts(facts))
    assert facts.drafts.size >= 3 * CHARACTERS_PER_PART


async def test_a_decision_costs_as_much_as_the_release_has_items(firm: Company) -> None:
    """As a call that publishes as many drafts does."""
    costs = []
    for number in (1, 5):
        release = await requested(firm, *await changed_flows(firm, number))
        meters = Meter(), Meter()
        with counted_by(meters[0]):
            await firm.review(release)
        with counted_by(meters[1]):
            await firm.undo_release(release)
        costs.append([meter.objects for meter in meters])
    assert costs == [[MUTATION_COST + 1] * 2, [MUTATION_COST + 5] * 2]


async def test_whether_a_release_is_current_costs_as_much_as_the_release_has_items(firm: Company) -> None:
    drafts = await changed_flows(firm, 4)
    releases = [await requested(firm, *drafts), await requested(firm, drafts[0])]
    meter = Meter()
    with counted_by(meter):
        async with firm.database.reading() as connection:
            current = await read_current_releases(connection, firm["ben"], releases)
    assert (current, meter.objects) == (dict.fromkeys(releases, True), 5)
