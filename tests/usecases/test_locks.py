"""What a unit of work locks, and what it leaves alone: flows before contracts, by id."""

import pytest

from app.domain.edit import CreateWish
from app.domain.export import ExportPlan, plan_export
from app.domain.facts import CopyWish, ExportFacts
from app.storage.writes.copies import write_exports
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, exported
from tests.usecases.races import holding, waiting, without_waiting
from tests.usecases.steps import code


async def test_an_override_waits_for_whoever_overrides_the_flow_and_sets_aside_what_came_meanwhile(
    world: CompanyDatabase,
) -> None:
    wish = world.export_wish("orders", over="orders-live")
    async with holding(world) as first:
        plan = plan_export(ExportFacts.of(await first.lock_export_facts([wish]), wish), wish)
        assert isinstance(plan, ExportPlan)
        async with waiting(world, world.export("plain", over="orders-live")) as second:
            [came] = await write_exports(first, [plan])
    assert exported(await second).set_aside == came.draft_id


@pytest.mark.parametrize("workspace", ["small-live", "small-shop"])
async def test_a_new_flow_waits_for_whoever_takes_a_place_in_the_same_quota(
    world: CompanyDatabase, workspace: str
) -> None:
    async with holding(world) as first:
        await first.lock_create_facts(CreateWish(world["small-live"], "First", graph(code("1"))))
        async with waiting(world, world.export("plain", to=workspace)) as second:
            pass
    exported(await second)


async def test_a_copy_waits_for_the_quota_as_well(world: CompanyDatabase) -> None:
    async with holding(world) as first:
        await first.lock_export_facts([CopyWish(world["till"])])
        async with waiting(world, world.copy("stock")) as second:
            pass
    exported(await second)


@pytest.mark.parametrize("workspace", ["production", "kitchen", "full-lab", "small-lab"])
async def test_where_no_quota_counts_new_flows_do_not_wait_for_each_other(
    world: CompanyDatabase, workspace: str
) -> None:
    async with holding(world) as first:
        await first.lock_create_facts(CreateWish(world[workspace], "First", graph(code("1"))))
        exported(await without_waiting(world.export("plain", to=workspace)))


async def test_an_override_in_a_full_contract_does_not_wait_for_its_quota(world: CompanyDatabase) -> None:
    async with holding(world) as first:
        await first.lock_create_facts(CreateWish(world["full-live"], "First", graph(code("1"))))
        exported(await without_waiting(world.export("plain", over="only-one")))


async def test_a_flow_can_be_exported_from_while_it_is_exported_onto(world: CompanyDatabase) -> None:
    async with holding(world) as first:
        await first.lock_export_facts([world.export_wish("plain", over="orders")])
        exported(await without_waiting(world.export("orders", to="production")))
        exported(await without_waiting(world.export("orders", over="orders-live")))
        exported(await without_waiting(world.copy("orders")))


async def test_exports_of_one_flow_onto_many_do_not_wait_for_each_other(world: CompanyDatabase) -> None:
    async with holding(world) as first, holding(world) as second:
        await first.lock_export_facts([world.export_wish("plain", over="orders-live")])
        await second.lock_export_facts([world.export_wish("plain", over="busy")])
        exported(await without_waiting(world.export("plain", over="never-published")))


async def test_a_flow_that_is_being_exported_can_not_be_deleted_meanwhile(world: CompanyDatabase) -> None:
    delete = "delete from flow where id = :flow"
    async with holding(world) as first:
        await first.lock_export_facts([world.export_wish("unpublished", over="busy")])
        async with waiting(world, world.execute(delete, flow=world["unpublished"])) as deletion:
            pass
    await deletion
    assert (world["unpublished"],) not in (await world.contents())["flow"]
