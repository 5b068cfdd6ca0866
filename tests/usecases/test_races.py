"""Many copies, exports and creations at the same moment: nothing is lost, nothing too many, nobody gets stuck."""

from typing import TypeVar

import pytest

from app.domain.access import QuotaExceeded
from app.domain.edit import Saved
from app.domain.export import Exported
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, errors_of, exported
from tests.usecases.races import at_once
from tests.usecases.steps import code

SEVERAL_TIMES = pytest.mark.parametrize("turn", range(3))
Work = TypeVar("Work")
SOURCES = ("orders", "plain", "two-topics", "unpublished")


def turned(work: list[Work], turn: int) -> list[Work]:
    """The same work, begun in another order."""
    return [*work[turn::3], *work[(turn + 1) % 3 :: 3], *work[(turn + 2) % 3 :: 3]]


@SEVERAL_TIMES
async def test_of_many_exports_onto_one_flow_each_sets_the_one_before_aside(world: CompanyDatabase, turn: int) -> None:
    outcomes = await at_once(*(world.export(SOURCES[(n + turn) % 4], over="orders-live") for n in range(32)))

    made = [exported(outcome) for outcome in outcomes]
    drafts = await world.drafts("orders-live")
    ids = [draft["id"] for draft in drafts]
    assert [draft["revision"] for draft in drafts] == list(range(1, 33))
    assert [draft["set_aside_at"] is None for draft in drafts] == [False] * 31 + [True]
    assert {draft["set_aside_by"] for draft in drafts[:-1]} == {world["ada"]}
    assert {one.draft_id: one.set_aside for one in made} == dict(zip(ids, [None, *ids], strict=False))
    records = (await world.contents())["flow_export"].values()
    assert {row["draft_id"]: row["set_aside_draft_id"] for row in records} == dict(zip(ids, [None, *ids], strict=False))


@SEVERAL_TIMES
async def test_into_three_free_places_go_exactly_three_of_whatever_comes(world: CompanyDatabase, turn: int) -> None:
    contract = (await world.workspace("small-live")).contract
    work = [
        *(world.export("plain", to=("small-live", "small-shop")[n % 2]) for n in range(12)),
        *(world.copy("till") for _ in range(6)),
        *(world.create("small-shop", graph(code(str(n)))) for n in range(6)),
    ]
    outcomes = await at_once(*turned(work, turn))

    went_through = [outcome for outcome in outcomes if isinstance(outcome, Saved | Exported)]
    refused = [errors_of(outcome) for outcome in outcomes if not isinstance(outcome, Saved | Exported)]
    assert len(went_through) == 3
    assert refused == [(QuotaExceeded(5, 5, contract),)] * 21
    held = await world.contents()
    production = {world["small-live"], world["small-shop"]}
    assert sum(flow["workspace_id"] in production for flow in held["flow"].values()) == 5


@SEVERAL_TIMES
async def test_the_quota_does_not_trip_by_what_does_not_count(world: CompanyDatabase, turn: int) -> None:
    """Three new flows fit; overrides and development workspaces are exempt however many there are at once (X10)."""
    work = [
        *(world.export("plain", to="small-live") for _ in range(3)),
        *(world.export("plain", to="small-lab") for _ in range(10)),
        *(world.copy("trial") for _ in range(5)),
        *(world.export("plain", over="stock") for _ in range(5)),
    ]
    assert len([exported(outcome) for outcome in await at_once(*turned(work, turn))]) == 23


@SEVERAL_TIMES
async def test_flows_that_are_exported_onto_each_other_do_not_get_stuck(world: CompanyDatabase, turn: int) -> None:
    crossing = [("orders", "plain"), ("plain", "orders"), ("plain", "busy"), ("busy", "orders"), ("orders", "busy")]
    work = [world.export(source, over=destination) for _ in range(6) for source, destination in crossing]
    assert len([exported(outcome) for outcome in await at_once(*turned(work, turn))]) == 30
    for flow, at_first, overrides in (("orders", 1, 12), ("plain", 0, 6), ("busy", 1, 12)):
        drafts = await world.drafts(flow)
        assert [draft["revision"] for draft in drafts] == list(range(1, at_first + overrides + 1))
        assert [draft["set_aside_at"] is None for draft in drafts] == [False] * (len(drafts) - 1) + [True]


async def test_the_same_new_content_at_the_same_moment_is_stored_once(world: CompanyDatabase) -> None:
    native = graph(*(code(str(number), "nowhere yet") for number in range(50)))
    before = await world.contents()
    await at_once(*(world.create("development", native) for _ in range(16)))
    after = await world.contents()
    assert len(after["flow_content"]) == len(before["flow_content"]) + 1
    assert len(after["flow"]) == len(before["flow"]) + 16
