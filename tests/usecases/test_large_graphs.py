"""The largest graphs: what may be read of them is known before, and several share what one request may spend."""

from dataclasses import dataclass, field

import pytest

from app.domain.graph import Json
from app.domain.matching import MOST_STEPS, ComparisonBudget
from app.domain.update import UpdateWish
from app.storage.reads.states import WEIGHT, read_states
from app.usecases.check_readiness import check_readiness
from app.usecases.compare_states import compare_states
from app.usecases.outcomes import Saved
from app.usecases.update_draft import update_draft
from tests.usecases.world import World, created


class UsedUp(Exception):
    pass


@dataclass
class Counting:
    """An allowance that remembers what was taken of it."""

    left: int = 16_000_000
    taken: list[int] = field(default_factory=list)
    comparison: ComparisonBudget = field(default_factory=ComparisonBudget)

    def take_graphs(self, number: int) -> None:
        self.taken.append(number)
        self.left -= number
        if self.left < 0:
            raise UsedUp


def graph(number: int, command: str = "none", **fields: Json) -> Json:
    nodes = [{"id": str(position), "command": command, "fields": fields} for position in range(number)]
    return {"nodes": nodes, "edges": []}


async def drafts(world: World, *graphs: Json) -> list[str]:
    """The drafts of new flows with these graphs."""
    return [created(await world.create("development", one)).draft_id for one in graphs]


async def test_states_that_weigh_too_much_are_not_read(world: World) -> None:
    ids = await drafts(world, graph(100), graph(200))
    ada = world.user("ada")
    async with world.database.reading() as connection:
        views, weight = await read_states(connection, ada, ids, most=1_000_000)
        assert {len(view.state.steps) for view in views.values()} == {100, 200}
        assert weight > WEIGHT * 300 * len('["1","none"],')
        assert await read_states(connection, ada, ids, most=weight) == (views, weight)
        assert await read_states(connection, ada, ids, most=weight - 1) == ({}, weight)
        assert await read_states(connection, ada, [], most=0) == ({}, 0)


async def test_readiness_of_more_than_is_left_is_refused_before_it_is_read(world: World) -> None:
    ids, ada = await drafts(world, graph(100), graph(200)), world.user("ada")
    enough = Counting()
    found = await check_readiness(world.database, ada, ids, enough)
    assert [len(found[one]) for one in ids] == [199, 399]  # Every step's component, and all first steps but one.
    with pytest.raises(UsedUp):
        await check_readiness(world.database, ada, ids, Counting(left=sum(enough.taken) - 1))


async def test_comparisons_of_one_request_share_what_may_be_read_and_spent(world: World) -> None:
    lists: list[Json] = [[*range(300)], [*range(1, 301)], [*range(2, 302)]]
    flow = created(await world.create("development", graph(1, list=lists[0])))
    ada = world.user("ada")
    states: list[str] = [flow.draft_id]
    for value in lists[1:]:
        await world.execute("update flow_draft set set_aside_at = now() where flow_id = :flow", flow=flow.flow_id)
        saved = await update_draft(world.work, ada, UpdateWish(flow.flow_id, graph=graph(1, list=value)))
        assert isinstance(saved, Saved)
        states.append(saved.draft_id)
    pairs = [(states[0], states[1]), (states[1], states[2])]
    enough = Counting()
    first, second = await compare_states(world.database, ada, pairs, enough)
    assert first is not None
    assert second is not None
    assert [len(change.fields) for diff in (first, second) for change in diff.changed_steps] == [2, 2]
    spent = MOST_STEPS - enough.comparison.steps
    scarce = Counting(comparison=ComparisonBudget(steps=spent // 2))
    _, again = await compare_states(world.database, ada, pairs, scarce)
    assert again is not None
    assert [len(change.fields) for change in again.changed_steps] == [300]
    with pytest.raises(UsedUp):
        await compare_states(world.database, ada, pairs, Counting(left=sum(enough.taken) - 1))
