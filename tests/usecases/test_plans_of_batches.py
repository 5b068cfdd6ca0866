"""Plans of calls of many exports (P1): what is wrong with the call, and what would become of each item without the others."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.batch import BatchMode, BatchNotApplied
from app.domain.choices import ReferenceMapping, by_reference
from app.domain.errors import OfCall, Refused
from app.domain.export import ExportPlan
from app.domain.export_batch import ExportsWish
from app.domain.input import IdempotencyKeyReused
from app.domain.matching import ComparisonLimit
from app.domain.model import Kind
from app.storage.ids import new_id
from app.usecases.compare_and_check import compare_found
from app.usecases.copy_and_export import (
    ExportPreviews,
    check_previews,
    export_flow,
    export_flows,
    preview_export,
    preview_exports,
)
from tests.usecases.company_database import NOW, CompanyDatabase, errors_of, exported
from tests.usecases.test_export_flows import random_items


async def planned_all(world: CompanyDatabase, wish: ExportsWish) -> ExportPreviews:
    return await preview_exports(world.work.of(world.user("ada")), wish)


def call(world: CompanyDatabase, *pairs: tuple[str, str], **said: object) -> ExportsWish:
    """Two exports, with mappings of the call."""
    given = tuple(
        ReferenceMapping(world[old], world[new], OfCall(("mappings", str(index))))
        for index, (old, new) in enumerate(pairs)
    )
    shared = by_reference(given)
    wishes = (world.export_wish("orders", to="production"), world.export_wish("plain", to="production"))
    items = tuple(replace(wish, shared_mappings=shared) for wish in wishes)
    return replace(ExportsWish(items, mappings=given), **said)  # type: ignore[arg-type]


WRONG: list[tuple[Callable[[CompanyDatabase], ExportsWish], list[str]]] = [
    (lambda world: call(world, items=()), ["items"]),
    (lambda world: call(world, items=call(world).items * 501), ["items"]),
    (lambda world: call(world, ("dev-mail", "live-mail"), ("dev-mail", "live-mail")), ["mappings/1/fromId"]),
    (lambda world: call(world, ("dev-mail", "live-agent")), ["mappings/0/toId"]),
    (lambda world: call(world, (new_id(Kind.TOPIC), "live-orders")), ["mappings/0/fromId"]),
    (
        lambda world: call(world, ("dev-mail", "live-mail"), ("dev-mail", "live-agent"), idempotency_key=""),
        ["mappings/1/toId", "mappings/1/fromId", "idempotencyKey"],
    ),
    (call, []),
]


@pytest.mark.parametrize("mode", BatchMode)
@pytest.mark.parametrize("number", range(len(WRONG)))
async def test_what_is_wrong_with_the_call_is_told_as_the_call_would_tell_it(
    world: CompanyDatabase, number: int, mode: BatchMode
) -> None:
    make, paths = WRONG[number]
    wish, before = replace(make(world), mode=mode), await world.contents()
    planned = await planned_all(world, wish)
    assert await world.contents() == before
    batch = await export_flows(world.work.of(world.user("ada")), wish)
    assert ["/".join(error.path) for error in planned.errors] == paths
    assert (planned.errors, [type(error) for error in planned.errors]) == (batch.errors, [*map(type, batch.errors)])
    assert len(planned.plans) == len(batch.results)
    for plan, result in zip(planned.plans, batch.results, strict=True):
        if paths:
            assert plan.decision == result == Refused((BatchNotApplied(()),))
            assert plan.plan is not None
    assert (await world.contents() == before) is bool(paths)


@pytest.mark.parametrize("seed", range(6))
async def test_an_item_that_only_others_keep_back_shows_what_would_become_of_it(
    untouched: CompanyDatabase, seed: int
) -> None:
    """P1: exactly what it shows where each is exported on its own."""
    wish = ExportsWish(tuple(random_items(untouched, seed)), BatchMode.ATOMIC)
    atomic = await planned_all(untouched, wish)
    each = await planned_all(untouched, replace(wish, mode=BatchMode.BEST_EFFORT))
    assert (atomic.errors, each.errors) == ((), ())
    for plan, alone in zip(atomic.plans, each.plans, strict=True):
        assert plan.plan == alone.plan
        assert (plan.with_draft is None) is (alone.with_draft is None)
        assert plan.fingerprint == alone.fingerprint
        if isinstance(alone.decision, ExportPlan):
            assert isinstance(plan.decision, ExportPlan | Refused)
        else:
            assert plan.decision == alone.decision


async def test_its_references_changes_and_readiness_are_shown_beside_the_reason(untouched: CompanyDatabase) -> None:
    """P1: the contract Full may hold no more flows."""
    good = untouched.export_wish("orders", over="orders-live")
    bad = untouched.export_wish("plain", to="full-live")
    first, second = (await planned_all(untouched, ExportsWish((good, bad)))).plans
    assert isinstance(first.decision, Refused)
    assert first.decision.errors == (BatchNotApplied((1,)),)
    alone = await preview_export(untouched.work.of(untouched.user("ada")), good)
    assert first.plan is not None
    assert first.plan == alone.decision
    assert await check_previews([first]) == await check_previews([alone])
    pairs = [first.changed_states, alone.changed_states]
    assert None not in pairs
    changes, same = await compare_found(untouched.database, pairs, ComparisonLimit())
    assert changes == same
    assert (second.plan, second.with_draft) == (None, None)


async def test_what_is_refused_in_a_call_of_many_is_told_with_the_name_of_its_flow(untouched: CompanyDatabase) -> None:
    wishes = [untouched.export_wish(flow, to="full-live") for flow in ("plain", "nowhere")]
    wishes.append(untouched.export_wish("orders", to="production"))
    planned = await planned_all(untouched, ExportsWish(tuple(wishes)))
    batch = await export_flows(untouched.work.of(untouched.user("ada")), ExportsWish(tuple(wishes)))
    for results in ([plan.decision for plan in planned.plans], batch.results):
        refusals = [result.errors for result in results if isinstance(result, Refused)]
        assert [{refusal.about for refusal in errors} for errors in refusals] == [{"Plain"}, {None}, {"Orders"}]


async def test_a_key_that_was_used_for_another_input_is_told_and_nothing_else(world: CompanyDatabase) -> None:
    """P5: the same input is none, nor is the key of another mutation, nor one that is forgotten."""
    ada = world.user("ada")
    wish = replace(world.export_wish("plain", to="production"), idempotency_key="key")
    another = replace(wish, name="Another")
    exported(await export_flow(world.work.of(ada), wish))
    before = await world.contents()
    same = await preview_export(world.work.of(ada), wish)
    assert isinstance(same.decision, ExportPlan)
    reused = await preview_export(world.work.of(ada), replace(another, flow_id="flow_of-nobody"))
    assert reused.decision == Refused((IdempotencyKeyReused(NOW),))
    assert (reused.plan, reused.with_draft) == (None, None)
    assert errors_of(await export_flow(world.work.of(ada), another)) == (IdempotencyKeyReused(NOW),)
    forgotten = await preview_export(replace(world.work.of(ada), keys_kept=timedelta(0)), another)
    assert isinstance(forgotten.decision, ExportPlan)
    of_many = ExportsWish((replace(another, idempotency_key=None),), idempotency_key="key")
    assert (await planned_all(world, of_many)).errors == ()
    assert await world.contents() == before


async def test_a_key_of_a_call_of_many_that_was_used_for_another_input_is_an_error_of_the_call(
    world: CompanyDatabase,
) -> None:
    ada, wish = world.user("ada"), call(world, idempotency_key="key")
    await export_flows(world.work.of(ada), wish)
    before = await world.contents()
    other = call(world, ("dev-mail", "live-mail"), ("dev-mail", "live-mail"), idempotency_key="key")
    planned = await planned_all(world, other)
    batch = await export_flows(world.work.of(ada), other)
    assert planned.errors == batch.errors == (IdempotencyKeyReused(NOW),)
    assert [error.path for error in planned.errors] == [("idempotencyKey",)]
    assert batch.results == ()
    assert [plan.decision for plan in planned.plans] == [Refused((BatchNotApplied(()),))] * 2
    assert [plan.plan is None for plan in planned.plans] == [False, False]
    assert (await planned_all(world, wish)).errors == ()
    assert await world.contents() == before
