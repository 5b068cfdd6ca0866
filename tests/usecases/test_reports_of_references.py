"""What became of references is stored once, however many records say the same."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.domain.export import Exported
from app.domain.export_batch import ExportsWish
from app.domain.facts import ExportWish
from app.storage.writes.copies import references_to_text
from app.usecases.copy_and_export import export_flows
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, created, exported
from tests.usecases.races import at_once
from tests.usecases.steps import mailer


async def reports(world: CompanyDatabase) -> list[str]:
    return sorted(row["references"] for row in (await world.contents())["reference_report"].values())


async def export_all(world: CompanyDatabase, *items: ExportWish) -> list[Exported]:
    batch = await export_flows(world.work.of(world.user("ada")), ExportsWish(items))
    return [exported(result) for result in batch.results]


async def test_equal_reports_of_a_call_and_of_later_calls_are_one(world: CompanyDatabase) -> None:
    orders = world.export_wish("orders", to="production")
    first, *others = await export_all(world, *[orders] * 5)
    assert {one.references for one in others} == {first.references}
    assert await reports(world) == [references_to_text(first.references)]
    await world.export("orders", to="production")
    assert await reports(world) == [references_to_text(first.references)]
    inside = exported(await world.copy("orders"))
    assert await reports(world) == sorted(references_to_text(one.references) for one in (first, inside))


async def test_a_record_without_references_has_no_report(world: CompanyDatabase) -> None:
    made = exported(await world.export("plain", to="production"))
    assert (made.references, await reports(world)) == ((), [])


async def test_each_record_of_a_call_has_the_report_of_its_item(world: CompanyDatabase) -> None:
    orders = world.export_wish("orders", to="production")
    items = [orders, world.export_wish("plain", to="production"), replace(orders, topic_id=world["live-orders"])]
    made = await export_all(world, *items, *items)
    records: dict[Any, Any] = {row["id"]: row for row in (await world.contents())["flow_export"].values()}
    assert [records[one.export_id]["references"] for one in made] == [
        references_to_text(one.references) for one in made
    ]
    assert len(await reports(world)) == 2


@pytest.mark.parametrize("turned", [False, True])
async def test_calls_at_once_with_the_same_new_reports_do_not_wait_for_each_other_for_ever(
    world: CompanyDatabase, *, turned: bool
) -> None:
    """In the one order and in the other."""
    items = [
        world.export_wish(flow, to=to) for flow in ("orders", "two-topics") for to in ("production", "development")
    ]
    others = items[::-1] if turned else items
    calls = [export_all(world, *each) for _ in range(6) for each in (items, others)]
    made = [one for call in await at_once(*calls) for one in call]
    assert await reports(world) == sorted({references_to_text(one.references) for one in made})


async def test_a_key_keeps_of_many_references_only_which_records_have_them(world: CompanyDatabase) -> None:
    steps = [mailer(f"step {number}", world["dev-mail"], agent=world["dev-agent"]) for number in range(300)]
    large = created(await world.create("development", graph(*steps)))
    items = tuple(world.export_wish(large.flow_id, to="production") for _ in range(50))
    wish = ExportsWish(items, idempotency_key="key 1")
    batch = await export_flows(world.work.of(world.user("ada")), wish)
    made = [exported(result) for result in batch.results]
    assert {len(one.references) for one in made} == {600}
    [key] = (await world.contents())["idempotency_key"].values()
    [group] = json.loads(key["made"])
    assert group["exports"] == {str(index): one.export_id for index, one in enumerate(made)}
    [warning] = group["warnings"]
    assert (warning["agent"], len(warning["steps"])) == (world["dev-agent"], 300)
    [told] = await reports(world)
    assert len(key["made"]) < len(told) < 600 * 200
