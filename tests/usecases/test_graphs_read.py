"""Of a flow's draft and versions a mutation reads the graphs that it rests on, and counts them."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.draft import DiscardWish
from app.domain.edit import UpdateWish
from app.domain.facts import CopyWish
from app.domain.flow import SourceWish, StateOfFlow
from app.domain.graph import Json
from app.domain.publish import PublishWish, RevertWish
from app.meter import Meter
from app.usecases.change_flow import discard_draft, publish_draft, revert_flow, update_draft
from app.usecases.copy_and_export import copy_flow
from app.usecases.transaction import UnitOfWork
from tests.metering import counted_by
from tests.usecases.company_database import CompanyDatabase

Change = Callable[[str, UnitOfWork], Awaitable[object]]

NOTHING, PUBLISHED, DRAFT = range(1), range(100, 1_000), range(4_000, 6_000)
"""How many characters the states of a flow hold whose draft has 300 steps."""


@pytest.mark.parametrize(
    ("change", "characters"),
    [
        (lambda flow, work: copy_flow(work, CopyWish(flow)), PUBLISHED),
        (lambda flow, work: copy_flow(work, CopyWish(flow, source=SourceWish(StateOfFlow.DRAFT))), DRAFT),
        (lambda flow, work: publish_draft(work, PublishWish(flow)), DRAFT),
        (lambda flow, work: update_draft(work, UpdateWish(flow, name="Other")), DRAFT),
        (lambda flow, work: revert_flow(work, RevertWish(flow, "version_of_no_flow")), NOTHING),
        (lambda flow, work: discard_draft(work, DiscardWish(flow)), NOTHING),
    ],
    ids=["copy", "copy of the draft", "publish", "update", "revert to nothing", "discard"],
)
async def test_a_mutation_reads_the_graphs_that_it_rests_on(
    world: CompanyDatabase, change: Change, characters: range
) -> None:
    flow, ada = world["orders"], world.user("ada")
    nodes: list[Json] = [{"id": str(position), "command": "none"} for position in range(300)]
    await update_draft(world.work.of(ada), UpdateWish(flow, graph={"nodes": nodes, "edges": []}))
    meter = Meter()
    with counted_by(meter):
        await change(flow, world.work.of(ada))
    assert meter.decided_bytes in characters
