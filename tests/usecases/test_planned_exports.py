"""What a call of many exports plans is counted: once for all that share it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.batch import BatchMode
from app.domain.choices import StepChoice
from app.domain.errors import Refused
from app.domain.export import Exported, ExportPlan
from app.domain.export_batch import ExportsWish, plan_exports
from app.domain.facts import CopyWish, ExportWish, Facts, IntoWorkspace
from app.domain.fingerprint import fingerprint_of
from app.domain.flow import Graph
from app.domain.graph import StepBindings
from app.domain.model import ReferenceKind
from app.meter import LimitReached, Meter
from app.storage.facts.gather import gather
from app.storage.facts.locks import touched_by
from app.storage.facts.states import OutlinedGraph
from app.storage.writes import copies
from app.storage.writes.copies import CHARACTERS_AT_ONCE, in_parts
from app.usecases.copy_and_export import _graphs_of, copy_flow, export_flow, export_flows, metered_decisions
from app.usecases.transaction import RECENT_GRAPHS, UnitOfWork, forgetting_graphs
from tests.domain.builders import (
    AGENT,
    DEVELOPMENT,
    PRODUCTION,
    catalogue,
    component,
    flow,
    integrator,
    known,
    saying,
    state,
    step,
    target,
)
from tests.metering import counted_by
from tests.usecases.company_database import CompanyDatabase

STEPS = 100
TUNNEL = target(AGENT, "Tunnel", DEVELOPMENT)
SOURCE = flow(state(*(step(f"{each}", "lab/crm:get", agent=TUNNEL.id) for each in range(STEPS))))
FACTS = Facts(
    flows={SOURCE.id: SOURCE},
    accesses={PRODUCTION.id: integrator(PRODUCTION)},
    catalogue=catalogue(component("lab/crm")),
    targets=known(TUNNEL),
)
EXPORT = ExportWish(SOURCE.id, IntoWorkspace(PRODUCTION.id))
CHOSEN = [replace(EXPORT, bindings=(StepChoice(f"{each}", {ReferenceKind.AGENT: None}),)) for each in range(10)]


def planned_bytes(wishes: list[ExportWish]) -> int:
    meter = Meter()
    with counted_by(meter):
        assert len([*metered_decisions(plan_exports(FACTS, dict(enumerate(wishes))))]) == len(wishes)
    return meter.planned_bytes


def test_exports_that_share_what_is_planned_count_as_one() -> None:
    one = planned_bytes([EXPORT])
    assert one >= STEPS
    assert planned_bytes([replace(EXPORT, name=f"{each}") for each in range(10)]) == one
    assert planned_bytes(CHOSEN) == len(CHOSEN) * one


def test_no_more_is_planned_than_one_request_may_take() -> None:
    decided = metered_decisions(plan_exports(FACTS, dict(enumerate(CHOSEN))))
    with counted_by(Meter(max_bytes=planned_bytes([EXPORT]))), pytest.raises(LimitReached) as refused:
        assert [*decided] == []
    assert refused.value.limit == "bytes of graphs"


def test_what_is_refused_plans_nothing() -> None:
    assert planned_bytes([replace(EXPORT, name=" ") for _ in range(10)]) == 0


async def test_flows_with_equal_graphs_are_read_and_planned_as_one(world: CompanyDatabase) -> None:
    copies = [await copy_flow(world.work.of(world.user("ada")), CopyWish(world["orders"])) for _ in range(3)]
    flows = [copy.flow_id for copy in copies if isinstance(copy, Exported)]
    one, all_of_them = Meter(), Meter()
    for meter, exported in ((one, flows[:1]), (all_of_them, flows)):
        items = tuple(ExportWish(flow, IntoWorkspace(world["production"])) for flow in exported)
        with counted_by(meter):
            batch = await export_flows(world.work.of(world.user("ada")), ExportsWish(items))
        assert [type(result) for result in batch.results] == [Exported] * len(exported)
    assert one.planned_bytes > 0
    assert (all_of_them.decided_bytes, all_of_them.planned_bytes) == (one.decided_bytes, one.planned_bytes)


class ReadsLittle(Meter):
    """A request that may plan what it likes."""

    def take_decided(self, number: int) -> None:
        self.decided_bytes += number
        self._check("bytes of graphs", self.decided_bytes, 49)


class PlansLittle(Meter):
    """A request that may read what it likes."""

    def take_planned(self, number: int) -> None:
        self.planned_bytes += number
        self._check("bytes of graphs", self.planned_bytes, 49)


@pytest.mark.parametrize(
    ("do", "meter"),
    [
        (copy_flow, ReadsLittle()),
        (export_flow, ReadsLittle()),
        (export_flows, ReadsLittle()),
        (export_flows, PlansLittle()),
    ],
)
async def test_what_reads_or_plans_more_than_one_request_may_is_refused_and_writes_nothing(
    world: CompanyDatabase, do: Callable[[UnitOfWork, Any], Awaitable[object]], meter: Meter
) -> None:
    ada, export = world.user("ada"), world.export_wish("orders", to="production")
    wish = {copy_flow: CopyWish(world["orders"]), export_flow: export, export_flows: ExportsWish((export,))}[do]
    before = await world.contents()
    with counted_by(meter), pytest.raises(LimitReached) as reached:
        await do(world.work.of(ada), wish)
    assert reached.value.limit == "bytes of graphs"
    assert await world.contents() == before


def test_graphs_that_were_planned_a_while_ago_are_forgotten_and_read_again_where_they_are_needed() -> None:
    outline, bound = '{"steps": [["1", "lab/crm:get"]], "links": []}', f'[{{"position": 0, "AGENT": "{TUNNEL.id}"}}]'
    graphs = [OutlinedGraph(outline, bound) for _ in range(3 * RECENT_GRAPHS)]
    flows = {f"flow_{place}": flow(state(), flow_id=f"flow_{place}") for place in range(len(graphs))}
    stored = {
        id_: replace(each, published=saying(state(), graph=graph))
        for (id_, each), graph in zip(flows.items(), graphs, strict=True)
    }
    for name, kind in (("Copy", ExportPlan), ("", Refused)):
        wishes = [replace(EXPORT, flow_id=id_, name=name or "\0") for id_ in stored]
        decided = [*metered_decisions(plan_exports(replace(FACTS, flows=stored), dict(enumerate(wishes))))]
        assert all(isinstance(each.decision, kind) for each in decided)
        assert len({fingerprint_of(each.facts, each.wish) for each in forgetting_graphs(decided, _graphs_of)}) == len(
            graphs
        )
        for part in ("steps", "bindings", "uses"):
            assert sum(part in vars(graph) for graph in graphs) <= RECENT_GRAPHS
    assert graphs[0].steps == graphs[-1].steps


async def test_of_graphs_only_commands_and_references_are_made_before_they_are_decided_about(
    world: CompanyDatabase,
) -> None:
    wish = ExportWish(world["orders"], IntoWorkspace(world["production"]))
    async with world.database.reading() as connection:
        facts = await gather(connection, world.user("ada"), [wish], touched_by([wish]))
    published = facts.flows[world["orders"]].published
    assert published is not None
    graph = published.state.graph
    kept = {"steps", "bindings", "links", "uses", "commands", "references"} & vars(graph).keys()
    assert kept == {"commands", "references"}
    assert {*graph.references} == {*Graph(graph.steps, graph.bindings).references}


def test_exports_with_long_data_samples_are_written_a_part_at_a_time() -> None:
    """However few references they have: each draft has samples of its own in what is sent."""
    [decided] = plan_exports(FACTS, {0: EXPORT})
    plan = decided.decision
    assert isinstance(plan, ExportPlan)
    graph = Graph(bindings=(StepBindings(0, {ReferenceKind.DATA_SAMPLES: ["x" * (CHARACTERS_AT_ONCE // 3)]}),))
    long = plan._replace(state=replace(plan.state, graph=graph))
    assert [len(part) for part in in_parts([long] * 10)] == [3, 3, 3, 1]
    assert [len(part) for part in in_parts([plan] * 10)] == [10]
    many = plan._replace(references=plan.references * (CHARACTERS_AT_ONCE // (300 * len(plan.references))))
    assert [len(part) for part in in_parts([many] * 10)] == [4, 4, 2]


@pytest.mark.parametrize("at_once", [1, 1_000, 1_000_000])
async def test_a_call_is_written_in_parts_in_one_transaction_in_the_order_of_its_items(
    world: CompanyDatabase, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(copies, "CHARACTERS_AT_ONCE", at_once)
    names = [f"Flow {number}" for number in range(4)]
    items = [world.export_wish("orders", to="production", name=name) for name in names]
    refused = world.export_wish("orders", to="nowhere")
    wish = ExportsWish((*items[:2], refused, *items[2:]), BatchMode.BEST_EFFORT)
    batch = await export_flows(world.work.of(world.user("ada")), wish)
    assert [isinstance(result, Exported) for result in batch.results] == [True, True, False, True, True]
    exported = [result for result in batch.results if isinstance(result, Exported)]
    rows = (await world.contents())["flow"]
    assert [next(row["name"] for row in rows.values() if row["id"] == each.flow_id) for each in exported] == names
