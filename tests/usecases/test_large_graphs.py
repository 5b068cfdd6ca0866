"""The largest graphs: what may be read of them is known before, and several share what one request may spend."""

from dataclasses import dataclass, field

import pytest

from app.domain.graph import Json
from app.domain.matching import MOST_STEPS, ComparisonLimit
from app.domain.source import BY_DEFAULT, SourceWish, StateOfFlow
from app.domain.update import UpdateWish
from app.graphql.loaders import FindOfFlow
from app.storage.reads.limit import ReadLimit
from app.storage.reads.states_by_id import STATES, read_states
from app.usecases.check_readiness import check_readiness
from app.usecases.compare_states import compare_states
from app.usecases.find_candidates import find_topics_in_use
from app.usecases.find_destinations import find_destinations
from app.usecases.results import Saved
from app.usecases.update_draft import update_draft
from tests.usecases.company_database import CompanyDatabase, created


class UsedUp(Exception):
    pass


@dataclass
class Counting:
    """What a request may read, which remembers what was taken of it."""

    left: int = 16_000_000
    steps_left: int = 50_000
    compared_left: int = 4_000_000
    taken: list[int] = field(default_factory=list)
    comparisons: ComparisonLimit = field(default_factory=ComparisonLimit)

    @property
    def limit(self) -> ReadLimit:
        return ReadLimit(self.left, self._take_bytes, self._take_steps, self._take_compared)

    def _take_bytes(self, number: int) -> None:
        self.taken.append(number)
        self.left -= number
        if self.left < 0:
            raise UsedUp

    def _take_steps(self, number: int) -> None:
        self.steps_left -= number
        if self.steps_left < 0:
            raise UsedUp

    def _take_compared(self, number: int) -> None:
        self.compared_left -= number
        if self.compared_left < 0:
            raise UsedUp


def graph(number: int, command: str = "none", **fields: Json) -> Json:
    nodes = [{"id": str(position), "command": command, "fields": fields} for position in range(number)]
    return {"nodes": nodes, "edges": []}


async def drafts(world: CompanyDatabase, *graphs: Json) -> list[str]:
    """The drafts of new flows with these graphs."""
    return [created(await world.create("development", one)).draft_id for one in graphs]


async def test_states_beyond_the_limit_are_refused_and_their_texts_not_read(world: CompanyDatabase) -> None:
    ids, ada, enough = await drafts(world, graph(100), graph(200)), world.user("ada"), Counting()
    async with world.database.reading() as connection:
        views = await read_states(connection, ada, ids, enough.limit)
        assert {len(view.state.steps) for view in views.values()} == {100, 200}
        [size] = enough.taken
        exact = Counting(left=size)
        assert await read_states(connection, ada, ids, exact.limit) == views
        parameters = {"viewer": ada, "ids": ids, "most": size - 1}
        rows = await connection.rows(STATES, parameters)
        assert sorted(row.state_outline is None for row in rows) == [False, True]
        with pytest.raises(UsedUp):
            await read_states(connection, ada, ids, Counting(left=size - 1).limit)
        assert await read_states(connection, ada, [], Counting(left=0).limit) == {}


async def test_every_step_whose_readiness_is_found_counts(world: CompanyDatabase) -> None:
    ids, ada = await drafts(world, graph(100), graph(200)), world.user("ada")
    enough = Counting(steps_left=300)
    found = await check_readiness(world.database, ada, ids, enough.limit)
    assert [len(found[one]) for one in ids] == [199, 399]  # Every step's component, and all first steps but one.
    assert enough.steps_left == 0
    with pytest.raises(UsedUp):
        await check_readiness(world.database, ada, ids, Counting(steps_left=299).limit)


async def test_comparisons_of_one_request_share_what_may_be_read_and_spent(world: CompanyDatabase) -> None:
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
    first, second = await compare_states(world.database, ada, pairs, enough.limit, enough.comparisons)
    assert first is not None
    assert second is not None
    assert [len(change.fields) for diff in (first, second) for change in diff.changed_steps] == [2, 2]
    spent = MOST_STEPS - enough.comparisons.steps
    scarce = ComparisonLimit(steps=spent // 2)
    _, again = await compare_states(world.database, ada, pairs, Counting().limit, scarce)
    assert again is not None
    assert [len(change.fields) for change in again.changed_steps] == [300]
    compared = 4_000_000 - enough.compared_left
    with pytest.raises(UsedUp):
        await compare_states(world.database, ada, pairs, Counting(compared_left=compared - 1).limit, ComparisonLimit())
    less = Counting(left=sum(enough.taken) - 1)
    with pytest.raises(UsedUp):
        await compare_states(world.database, ada, pairs, less.limit, less.comparisons)


@pytest.mark.parametrize("find", [find_destinations, find_topics_in_use])
async def test_of_a_flow_that_is_to_be_exported_only_the_steps_of_the_state_that_would_be_copied_count(
    world: CompanyDatabase, find: FindOfFlow[object]
) -> None:
    flow, ada = world["orders"], world.user("ada")
    saved = await update_draft(world.work, ada, UpdateWish(flow, graph=graph(300)))
    assert isinstance(saved, Saved)
    published, draft = Counting(), Counting(steps_left=300)
    assert await find(world.database, ada, flow, BY_DEFAULT, published.limit) is not None
    assert await find(world.database, ada, flow, SourceWish(StateOfFlow.DRAFT), draft.limit) is not None
    assert (50_000 - published.steps_left, draft.steps_left) == (3, 0)
    with pytest.raises(UsedUp):
        await find(world.database, ada, flow, SourceWish(StateOfFlow.DRAFT), Counting(steps_left=299).limit)


@pytest.mark.parametrize("find", [find_destinations, find_topics_in_use])
async def test_the_graph_of_a_flow_that_is_to_be_exported_is_not_read_beyond_the_limit(
    world: CompanyDatabase, find: FindOfFlow[object]
) -> None:
    flow, ada = created(await world.create("development", graph(100))).flow_id, world.user("ada")
    enough = Counting()
    await find(world.database, ada, flow, BY_DEFAULT, enough.limit)
    little = Counting(enough.taken[0] - 1)
    with pytest.raises(UsedUp):
        await find(world.database, ada, flow, BY_DEFAULT, little.limit)
    assert (len(enough.taken), enough.steps_left, little.steps_left) == (1, 49_900, 50_000)
