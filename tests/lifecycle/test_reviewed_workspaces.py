"""A reviewed workspace (R2, R3): integrators work on drafts as everywhere, and only its owners publish alone."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import update

from app.domain.batch import Batch, BatchMode
from app.domain.errors import Refused
from app.domain.model import PublishPolicy
from app.domain.publish import Published, Reverted
from app.domain.running import DeletePlan
from app.storage.tables import WORKSPACE
from tests.api.feed import events_of
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import edited, published, refused_for, saved
from tests.lifecycle.test_running import behind_the_rules

NEEDS_APPROVAL = {"APPROVAL_REQUIRED"}
Call = Callable[[Company, str, str, str], Awaitable[Any]]


async def reviewed(firm: Company, workspace: str = "development") -> None:
    policy = {"publish_policy": PublishPolicy.REVIEWED.value}
    await behind_the_rules(firm, update(WORKSPACE).where(WORKSPACE.c.id == firm[workspace]).values(policy))


CALLS: dict[str, tuple[Call, type]] = {
    "publish": (lambda firm, flow, _, by: firm.publish(flow, by=by), Published),
    "publish and start": (lambda firm, flow, _, by: firm.publish(flow, by=by, start=True), Published),
    "publish many": (lambda firm, flow, _, by: _first(firm.publish_all((flow, 2), by=by)), Published),
    "revert and publish": (lambda firm, flow, version, by: firm.revert(flow, version, by=by, publish=True), Reverted),
    "delete": (lambda firm, flow, _, by: firm.delete(flow, by=by), DeletePlan),
}


async def _first(call: Awaitable[Batch[Any, Any]]) -> Any:
    return (await call).results[0]


@pytest.mark.parametrize("name", CALLS)
async def test_what_changes_what_runs_is_refused_to_integrators_and_done_for_owners(firm: Company, name: str) -> None:
    call, done = CALLS[name]
    flow, version = await published(firm)
    await saved(firm, flow, 2)
    await reviewed(firm)
    before = await everything_in(firm.database)
    assert refused_for(await call(firm, flow, version, "ada")) == (NEEDS_APPROVAL,)
    assert await everything_in(firm.database) == before
    assert isinstance(await call(firm, flow, version, "ben"), done)
    events = {event["type"]: event["without_review"] for event in await events_of(firm.url)}
    expected = "FLOW_DELETED" if name == "delete" else "FLOW_PUBLISHED"
    assert [type_ for type_, alone in events.items() if alone] == [expected]


async def test_everything_that_changes_nothing_approved_stays_as_everywhere(firm: Company) -> None:
    flow, version = await published(firm)
    await reviewed(firm)
    new = (await edited(firm, 3)).flow_id
    assert not isinstance(await firm.export(flow, to="development"), Refused)
    assert not isinstance(await firm.copy(flow), Refused)
    assert not isinstance(await firm.revert(flow, version), Refused)
    assert not isinstance(await firm.discard(flow), Refused)
    assert not isinstance(await firm.start(flow), Refused)
    assert not isinstance(await firm.stop(flow), Refused)
    assert not isinstance(await firm.delete(new), Refused)
    assert not any(event["without_review"] for event in await events_of(firm.url))


async def test_a_call_of_many_publishes_what_lies_elsewhere(firm: Company) -> None:
    here, there = (await edited(firm)).flow_id, (await edited(firm, 2, workspace="production")).flow_id
    await reviewed(firm)
    batch = await firm.publish_all((here, 1), (there, 1), mode=BatchMode.BEST_EFFORT)
    assert [codes_of(result) for result in batch.results] == [NEEDS_APPROVAL, set()]
