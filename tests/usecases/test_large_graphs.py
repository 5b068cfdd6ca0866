"""The largest graphs: what may be read of them is known before, and several share what one request may spend."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from app.domain.batch import BatchMode
from app.domain.edit import Saved, UpdateWish
from app.domain.export import Exported
from app.domain.export_batch import ExportsWish
from app.domain.facts import ExportWish, IntoWorkspace
from app.domain.flow import BY_DEFAULT, SourceWish, StateOfFlow
from app.domain.graph import Json
from app.domain.matching import MOST_STEPS, ComparisonLimit
from app.domain.model import UserId
from app.meter import BYTES_PER_OBJECT, LimitReached, Meter
from app.storage.connections.database import Database
from app.storage.facts.flows import FLOWS_WITH_STATES
from app.storage.facts.states import MOST_AT_ONCE
from app.storage.reads.graphs import STATES_BY_ID, read_states
from app.usecases.change_flow import update_draft
from app.usecases.compare_and_check import check_readiness, compare_states
from app.usecases.copy_and_export import export_flows, preview_export, preview_exports
from app.usecases.find_candidates import find_topics_in_use
from app.usecases.find_destinations import find_exportable_flow
from tests.metering import counted_by
from tests.usecases.company_database import CompanyDatabase, created

FindOfFlow = Callable[[Database, UserId, str, SourceWish], Awaitable[object]]


@contextmanager
def may_read(most: int = sys.maxsize) -> Iterator[Meter]:
    """What a request takes that may read so many bytes of graphs."""
    meter = Meter(max_bytes=most)
    with counted_by(meter):
        yield meter


def graph(number: int, command: str = "none", **fields: Json) -> Json:
    nodes = [{"id": str(position), "command": command, "fields": fields} for position in range(number)]
    return {"nodes": nodes, "edges": []}


async def drafts(world: CompanyDatabase, *graphs: Json) -> list[str]:
    """The drafts of new flows with these graphs."""
    return [created(await world.create("development", one)).draft_id for one in graphs]


async def test_states_beyond_the_limit_are_refused_and_their_texts_not_read(world: CompanyDatabase) -> None:
    ids, ada = await drafts(world, graph(100), graph(200)), world.user("ada")
    async with world.database.reading() as connection:
        with may_read() as enough:
            views = await read_states(connection, ada, ids)
        assert {len(view.state.graph.steps) for view in views.values()} == {100, 200}
        size = enough.graph_bytes
        with may_read(size):
            assert await read_states(connection, ada, ids) == views
            assert await read_states(connection, ada, []) == {}
        rows = await connection.rows(STATES_BY_ID, {"viewer": ada, "ids": ids, "most": size - 1})
        assert sorted(row.state_outline is None for row in rows) == [False, True]
        with may_read(size - 1), pytest.raises(LimitReached, match="graphs of these flows"):
            await read_states(connection, ada, ids)


async def test_every_step_whose_readiness_is_found_counts_as_an_object(world: CompanyDatabase) -> None:
    ids, ada = await drafts(world, graph(100), graph(200)), world.user("ada")
    with may_read(300 * BYTES_PER_OBJECT) as meter:
        missing = await check_readiness(world.database, ada, ids)
    assert [len(missing[one]) for one in ids] == [199, 399]  # Every step's component, and all first steps but one.
    assert meter.objects == 300
    with may_read(300 * BYTES_PER_OBJECT - 1), pytest.raises(LimitReached, match="The answer would hold"):
        await check_readiness(world.database, ada, ids)


async def test_comparisons_of_one_request_share_what_may_be_read_and_spent(world: CompanyDatabase) -> None:
    lists: list[Json] = [[*range(300)], [*range(1, 301)], [*range(2, 302)]]
    flow = created(await world.create("development", graph(1, list=lists[0])))
    ada = world.user("ada")
    states: list[str] = [flow.draft_id]
    for value in lists[1:]:
        await world.execute("update flow_draft set set_aside_at = now() where flow_id = :flow", flow=flow.flow_id)
        saved = await update_draft(world.work.of(ada), UpdateWish(flow.flow_id, graph=graph(1, list=value)))
        assert isinstance(saved, Saved)
        states.append(saved.draft_id)
    pairs, enough = [(states[0], states[1]), (states[1], states[2])], ComparisonLimit()
    with may_read() as meter:
        first, second = await compare_states(world.database, ada, pairs, enough)
    assert first is not None
    assert second is not None
    assert [len(change.fields) for diff in (first, second) for change in diff.changed_steps] == [2, 2]
    _, again = await compare_states(world.database, ada, pairs, ComparisonLimit(steps=(MOST_STEPS - enough.steps) // 2))
    assert again is not None
    assert [len(change.fields) for change in again.changed_steps] == [300]
    with may_read(meter.graph_bytes - 1), pytest.raises(LimitReached):
        await compare_states(world.database, ada, pairs, ComparisonLimit())


@pytest.mark.parametrize("find", [find_exportable_flow, find_topics_in_use])
async def test_of_a_flow_that_is_to_be_exported_only_the_steps_of_the_state_that_would_be_copied_count(
    world: CompanyDatabase, find: FindOfFlow
) -> None:
    flow, ada = world["orders"], world.user("ada")
    saved = await update_draft(world.work.of(ada), UpdateWish(flow, graph=graph(300)))
    assert isinstance(saved, Saved)
    for source, steps in ((BY_DEFAULT, 3), (SourceWish(StateOfFlow.DRAFT), 300)):
        with may_read() as meter:
            assert await find(world.database, ada, flow, source) is not None
        assert meter.objects == steps


@pytest.mark.parametrize("find", [find_exportable_flow, find_topics_in_use])
async def test_the_graph_of_a_flow_that_is_to_be_exported_is_not_read_beyond_the_limit(
    world: CompanyDatabase, find: FindOfFlow
) -> None:
    flow, ada = created(await world.create("development", graph(100))).flow_id, world.user("ada")
    with may_read() as enough:
        await find(world.database, ada, flow, BY_DEFAULT)
    assert (enough.decided_bytes > 0, enough.objects) == (True, 100)
    with may_read(enough.decided_bytes // 2 - 1) as little, pytest.raises(LimitReached, match="graphs of these flows"):
        await find(world.database, ada, flow, BY_DEFAULT)
    assert little.objects == 0


LONG = "x" * 1000


def long_graph(name: str) -> Json:
    """Six of these are more than is read at once."""
    nodes = [{"id": f"{position} {name} {LONG}", "command": "core/code:execute@latest"} for position in range(750)]
    edges = [{"source": before["id"], "target": after["id"]} for before, after in pairwise(nodes)]
    return {"nodes": nodes, "edges": edges[:1]}


async def test_of_flows_that_are_long_together_no_more_is_read_than_counts(world: CompanyDatabase) -> None:
    ada, names = world.user("ada"), ("a", "b", "c", "d", "e", "f", "f", "f")
    flows = [created(await world.create("development", long_graph(name))).flow_id for name in names]
    async with world.database.reading() as connection:
        rows = await connection.rows(FLOWS_WITH_STATES, {"viewer": ada, "ids": flows, "versions": []})
    at_once = [len(row.draft_outline) for row in rows if row.draft_outline is not None]
    assert (0 < sum(at_once) <= MOST_AT_ONCE, len(at_once) < len(rows)) == (True, True)
    wishes = [ExportWish(flow, IntoWorkspace(world["production"])) for flow in flows]
    call = ExportsWish(tuple(wishes), BatchMode.BEST_EFFORT)
    with may_read() as meter:
        together = await preview_exports(world.work.of(ada), call)
    with may_read() as of_one:
        alone = [await preview_export(world.work.of(ada), wish) for wish in wishes]
    assert [plan.fingerprint for plan in together.plans] == [plan.fingerprint for plan in alone]
    assert len({plan.fingerprint for plan in alone}) == len(flows)
    assert 6 * of_one.decided_bytes == 8 * meter.decided_bytes
    done = (await export_flows(world.work.of(ada), call)).results
    assert [isinstance(each, Exported) for each in done] == [True] * len(flows)
    with may_read(meter.decided_bytes // 2 - 1), pytest.raises(LimitReached, match="graphs of these flows"):
        await export_flows(world.work.of(ada), call)
