"""A call of many exports that is repeated with the same idempotency key (P4, P5)."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.batch import Batch, BatchMode
from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.export_batch import BatchRefusal, ExportsWish
from app.domain.facts import ExportWish
from app.domain.input import IdempotencyKeyReused
from app.usecases.copy_and_export import export_flows
from tests.usecases.company_database import NOW, CompanyDatabase
from tests.usecases.races import at_once

BEST_EFFORT = BatchMode.BEST_EFFORT


def items_of(world: CompanyDatabase) -> tuple[ExportWish, ...]:
    """The second is refused, until there is such a workspace for the caller."""
    return (
        world.export_wish("orders", to="production"),
        world.export_wish("plain", to="nowhere"),
        world.export_wish("orders", over="orders-live"),
    )


async def export_all(world: CompanyDatabase, wish: ExportsWish, by: str = "ada") -> Batch[Exported, BatchRefusal]:
    return await export_flows(world.work.of(world.user(by)), wish)


def keyed(*items: ExportWish, **said: Any) -> ExportsWish:
    return ExportsWish(items, idempotency_key="key 1", **said)


async def test_all_that_was_exported_is_answered_again_and_nothing_is_written(world: CompanyDatabase) -> None:
    first_item, _, last_item = items_of(world)
    wish = keyed(first_item, last_item)
    first = await export_all(world, wish)
    before = await world.contents()
    again = await export_all(world, wish)
    done = [result for result in first.results if isinstance(result, Exported)]
    assert [replace(result, replayed=True, references=()) for result in done] == list(again.results)
    assert (first.replayed, again.replayed) == (False, True)
    assert await world.contents() == before


async def test_of_a_best_effort_only_what_was_refused_is_tried_again_at_its_place(world: CompanyDatabase) -> None:
    wish = keyed(*items_of(world), mode=BEST_EFFORT)
    first = await export_all(world, wish)
    before = await world.contents()
    again = await export_all(world, wish)
    assert await world.contents() == before
    for batch in (first, again):
        done, refused, overridden = batch.results
        assert isinstance(done, Exported)
        assert isinstance(overridden, Exported)
        assert isinstance(refused, Refused)
        assert [error.path[:2] for error in refused.errors] == [("items", "1")]
    assert [getattr(result, "export_id", None) for result in again.results] == [
        getattr(result, "export_id", None) for result in first.results
    ]
    assert (first.replayed, again.replayed) == (False, True)


async def test_an_item_that_is_done_later_is_kept_with_the_others(world: CompanyDatabase) -> None:
    wish = keyed(*(world.export_wish("orders", to=name) for name in ("production", "development")), mode=BEST_EFFORT)
    given = "select id from role where name = :role and scope = 'WORKSPACE' and tenant_id is null"
    refusing = f"update workspace_access set role_id = ({given}) where user_id = :user and workspace_id = :place"  # noqa: S608
    place = {"user": world["ada"], "place": world["production"]}
    await world.execute(refusing, role="guest", **place)
    first = await export_all(world, wish)
    await world.execute(refusing, role="integrator", **place)
    second = await export_all(world, wish)
    third = await export_all(world, wish)
    done = [[isinstance(result, Exported) for result in batch.results] for batch in (first, second, third)]
    assert done == [[False, True], [True, True], [True, True]]
    assert (second.replayed, third.replayed) == (False, True)


async def test_an_atomic_call_that_was_refused_is_tried_again_as_a_whole(world: CompanyDatabase) -> None:
    wish = keyed(*items_of(world))
    before = await world.contents()
    for _ in range(2):
        batch = await export_all(world, wish)
        assert all(isinstance(result, Refused) for result in batch.results)
        assert not batch.replayed
    assert await world.contents() == before


async def test_the_same_key_for_other_items_is_refused_and_writes_nothing(world: CompanyDatabase) -> None:
    first_item, _, last_item = items_of(world)
    await export_all(world, keyed(first_item))
    before = await world.contents()
    for other in (keyed(last_item), keyed(first_item, last_item), keyed(first_item, mode=BEST_EFFORT)):
        assert await export_all(world, other) == Batch((), (IdempotencyKeyReused(NOW),))
    assert await world.contents() == before


async def test_a_call_with_too_many_items_is_refused_for_its_key_or_its_number_and_keeps_nothing(
    world: CompanyDatabase,
) -> None:
    first_item, _, _ = items_of(world)
    before = await world.contents()
    for _ in range(2):
        batch = await export_all(world, keyed(*[first_item] * 1001))
        assert (batch.results, [error.path for error in batch.errors]) == ((), [("items",)])
    assert await world.contents() == before
    await export_all(world, keyed(first_item))
    before = await world.contents()
    assert await export_all(world, keyed(*[first_item] * 1001)) == Batch((), (IdempotencyKeyReused(NOW),))
    assert await world.contents() == before


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0"])
async def test_what_can_be_no_key_refuses_the_whole_call(world: CompanyDatabase, key: str) -> None:
    before = await world.contents()
    batch = await export_all(world, ExportsWish(items_of(world), BEST_EFFORT, idempotency_key=key))
    assert [error.path for error in batch.errors] == [("idempotencyKey",)]
    assert all(isinstance(result, Refused) for result in batch.results)
    assert await world.contents() == before


async def test_of_calls_at_once_one_exports_and_the_others_answer_the_same(world: CompanyDatabase) -> None:
    wish = keyed(*items_of(world), mode=BEST_EFFORT)
    batches = await at_once(*(export_all(world, wish) for _ in range(6)))
    made = {tuple(getattr(result, "export_id", None) for result in batch.results) for batch in batches}
    assert len(made) == 1
    assert sorted(batch.replayed for batch in batches) == [False, *[True] * 5]
