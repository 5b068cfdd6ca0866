"""Many exports in one call (P4, P8): they give what single calls would give, in the same order; or all or none."""

import re
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from app.domain.access import QuotaExceeded
from app.domain.batch import Batch, BatchMode, BatchNotApplied
from app.domain.choices import ReferenceMapping, StepChoice, by_reference
from app.domain.draft import ExistingDraft
from app.domain.errors import OfCall, Refused
from app.domain.export import Exported
from app.domain.export_batch import BatchRefusal, DuplicateOverride, ExportsWish
from app.domain.facts import ExportWish
from app.domain.flow import BY_DEFAULT, SourceWish, StateOfFlow
from app.domain.input import InvalidInput
from app.domain.model import ReferenceKind
from app.usecases.copy_and_export import export_flow, export_flows, preview_exports
from tests.databases import Databases, Loaded
from tests.domain.planning import mappings_of
from tests.usecases.company_database import CompanyDatabase
from tests.usecases.conftest import copy_of
from tests.usecases.contents import written
from tests.usecases.races import at_once

BEST_EFFORT = BatchMode.BEST_EFFORT
PLACES = ("production", "kitchen", "small-live", "small-shop", "small-lab", "full-live", "closed-live", "nowhere")
ONTO = ("orders-live", "busy", "never-published", "till", "plain", "unpublished", "ships", "nowhere")
FLOWS = ("orders", "plain", "two-topics", "unpublished", "topicless", "of-the-team", "busy", "never-published", "till")
SOURCES = (BY_DEFAULT, BY_DEFAULT, SourceWish(StateOfFlow.DRAFT), SourceWish(StateOfFlow.PUBLISHED_VERSION))
ID = re.compile(r"\b(flow|draft|export|event)_[0-7][0-9a-hjkmnp-tv-z]{25}\b")


async def export_all(
    world: CompanyDatabase, *items: ExportWish, by: str = "ada", **said: Any
) -> Batch[Exported, BatchRefusal]:
    return await export_flows(world.work.of(world.user(by)), ExportsWish(items, **said))


def random_items(world: CompanyDatabase, seed: int) -> list[ExportWish]:
    """Items of all kinds, of which no two override the same flow."""
    chance = Random(seed)  # noqa: S311 - the same items at every run
    onto = chance.sample(ONTO, len(ONTO))
    items = []
    for _ in range(chance.randrange(1, 12)):
        over = onto.pop() if onto and chance.random() < 0.5 else None
        wish = world.export_wish(
            chance.choice(FLOWS),
            to=None if over else chance.choice(PLACES),
            over=over,
            name=chance.choice([None, None, None, "Named", "\n"]),
            topic=chance.choice([None, None, None, "live-orders"]),
            source=chance.choice(SOURCES),
            existing_draft=chance.choice([ExistingDraft.SET_ASIDE, ExistingDraft.SET_ASIDE, ExistingDraft.REFUSE]),
        )
        maps = mappings_of(
            *((world[f"dev-{kind}"], world[f"live-{kind}"]) for kind in ("mail", "items") if chance.random() < 0.3)
        )
        steps = (StepChoice("mail", {ReferenceKind.AGENT: world["live-agent"]}),) if chance.random() < 0.2 else ()
        items.append(replace(wish, mappings=tuple(maps), bindings=steps))
    return items


def with_new_ids_numbered(contents: Any, before: Any) -> Any:
    """Contents of which every id that was made is replaced by its kind and number, in the order of making."""
    made = defaultdict[str, list[str]](list)
    old = {found.group() for found in ID.finditer(repr(before))}
    for found in sorted({found.group() for found in ID.finditer(repr(contents))} - old):
        made[found.partition("_")[0]].append(found)
    numbers = {id_: f"{kind} {number}" for kind, ids in made.items() for number, id_ in enumerate(ids)}
    rows = [(table, tuple(sorted(row.items(), key=str))) for table, rows in contents.items() for row in rows.values()]
    return sorted(ID.sub(lambda found: numbers.get(found.group(), found.group()), repr(row)) for row in rows)


def summaries_of(outcomes: Any, items: bool) -> list[object]:
    """What is answered, but for ids that were made; paths of items as those of single calls."""
    found: list[object] = []
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            found.append(
                [(replace(error, path=()), error.path[2:] if items else error.path) for error in outcome.errors]
            )
        else:
            assert isinstance(outcome, Exported)
            found.append((outcome.set_aside is None, outcome.copied_from, outcome.references, outcome.warnings))
    return found


@pytest.mark.parametrize("seed", range(12))
async def test_many_at_once_give_what_they_would_give_one_after_the_other(
    world: CompanyDatabase, databases: Databases, loaded_company: Loaded, seed: int
) -> None:
    items, before = random_items(world, seed), await world.contents()
    planned = await preview_exports(world.work.of(world.user("ada")), ExportsWish(tuple(items), BEST_EFFORT))
    batch = await export_all(world, *items, mode=BEST_EFFORT)
    async with copy_of(loaded_company, databases) as other:
        singles = [await export_flow(other.work.of(other.user("ada")), item) for item in items]
        assert summaries_of(batch.results, items=True) == summaries_of(singles, items=False)
        assert with_new_ids_numbered(await world.contents(), before) == with_new_ids_numbered(
            await other.contents(), before
        )
    for plan, result in zip(planned.plans, batch.results, strict=True):
        if isinstance(result, Refused):
            assert plan.decision == result
        else:
            assert not isinstance(plan.decision, Refused)
            assert (plan.decision.references, plan.decision.warnings) == (result.references, result.warnings)


@pytest.mark.parametrize("seed", range(6))
async def test_an_atomic_call_exports_all_or_none(world: CompanyDatabase, seed: int) -> None:
    items, before = random_items(world, seed), await world.contents()
    batch = await export_all(world, *items)
    refused = [isinstance(result, Refused) for result in batch.results]
    if any(refused):
        assert all(refused)
        assert await world.contents() == before
    else:
        assert len((await world.contents())["flow_export"]) == len(before["flow_export"]) + len(items)


async def test_an_item_that_only_other_items_keep_from_being_done_names_them(world: CompanyDatabase) -> None:
    good, bad = world.export_wish("plain", to="production"), world.export_wish("plain", to="nowhere")
    before = await world.contents()
    batch = await export_all(world, good, bad, good, bad)
    first, second, third, _ = batch.results
    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert first.errors == (BatchNotApplied((1, 3)),)
    assert first.errors[0].path == ("items", "0")
    assert second.errors[0].path == ("items", "1", "destination", "workspaceId")
    assert third == first
    assert await world.contents() == before


@pytest.mark.parametrize("mode", BatchMode)
async def test_two_items_onto_one_flow_are_both_refused(world: CompanyDatabase, mode: BatchMode) -> None:
    """P4: with every other reason; what the caller can't see is not found."""
    twice = world.export_wish("plain", over="busy")
    items = [
        twice,
        world.export_wish("plain", to="production"),
        replace(twice, name="\n"),
        world.export_wish("plain", over="nowhere"),
    ]
    before = await world.contents()
    batch = await export_all(world, *items, world.export_wish("plain", over="nowhere"), mode=mode)
    codes = [
        [error.code.value for error in result.errors] if isinstance(result, Refused) else [] for result in batch.results
    ]
    alone = [] if mode is BEST_EFFORT else ["BATCH_NOT_APPLIED"]
    duplicate, gone = "DUPLICATE_OVERRIDE", ["FLOW_NOT_FOUND"]
    assert codes == [[duplicate], alone, ["INVALID_INPUT", duplicate], gone, gone]
    first = batch.results[0]
    assert isinstance(first, Refused)
    assert isinstance(first.errors[0], DuplicateOverride)
    assert first.errors[0].items == (0, 2)
    new = {"flow": 1, "flow_draft": 1, "flow_export": 1} if mode is BEST_EFFORT else {}
    found = written(before, await world.contents())
    assert {table: len(rows) for table, rows in found.added.items()} == new
    assert (found.changed, found.removed) == ({}, {})


async def test_quotas_count_the_whole_call_in_the_order_of_its_items(world: CompanyDatabase) -> None:
    """X10: the contract Small may hold five flows and holds two."""
    five = [world.export_wish("plain", to=("small-live", "small-shop")[number % 2]) for number in range(5)]
    contract = (await world.workspace("small-live")).contract
    batch = await export_all(world, *five, world.export_wish("plain", to="small-lab"), mode=BEST_EFFORT)
    assert [isinstance(result, Exported) for result in batch.results] == [True, True, True, False, False, True]
    assert [error for result in batch.results if isinstance(result, Refused) for error in result.errors] == [
        QuotaExceeded(5, 5, contract)
    ] * 2


async def test_mappings_of_the_call_hold_for_all_items_and_an_items_own_come_first(world: CompanyDatabase) -> None:
    shared = tuple(
        ReferenceMapping(world[old], world[new], OfCall(("mappings", str(index))))
        for index, (old, new) in enumerate([("dev-mail", "live-mail"), ("dev-orders", "dev-items")])
    )
    by_kind = by_reference(shared)
    own = tuple(mappings_of((world["dev-orders"], world["live-orders"])))
    good = replace(world.export_wish("orders", to="production"), mappings=own, shared_mappings=by_kind)
    bad = replace(world.export_wish("orders", to="production"), shared_mappings=by_kind)
    unused = replace(world.export_wish("plain", to="production"), shared_mappings=by_kind)
    first, second, third = (await export_all(world, good, bad, unused, mode=BEST_EFFORT, mappings=shared)).results
    assert isinstance(first, Exported)
    assert isinstance(third, Exported)
    assert [one.to_id for one in first.references][:2] == [world["live-orders"], world["live-mail"]]
    assert isinstance(second, Refused)
    assert [error.path for error in second.errors] == [("mappings", "1", "toId")]


@pytest.mark.parametrize("number", [0, 1001])
async def test_a_call_has_one_to_a_thousand_items(untouched: CompanyDatabase, number: int) -> None:
    before = await untouched.contents()
    batch = await export_all(untouched, *[untouched.export_wish("plain", to="production")] * number, mode=BEST_EFFORT)
    assert (batch.results, [error.path for error in batch.errors]) == ((), [("items",)])
    assert await untouched.contents() == before


async def test_what_is_wrong_with_the_call_leaves_nothing_written_and_items_keep_their_own_reasons(
    untouched: CompanyDatabase,
) -> None:
    before = await untouched.contents()
    orders = untouched["dev-orders"], untouched["live-orders"]
    twice = (ReferenceMapping(*orders, OfCall(("mappings", "0"))),) * 2
    items = [
        replace(untouched.export_wish("plain", to=place), shared_mappings=by_reference(twice))
        for place in ("production", "nowhere")
    ]
    batch = await export_all(untouched, *items, mode=BEST_EFFORT, mappings=twice)
    assert [(type(error), error.path) for error in batch.errors] == [(InvalidInput, ("mappings", "0", "fromId"))]
    first, second = batch.results
    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert first.errors == (BatchNotApplied((1,)),)
    assert [error.code.value for error in second.errors] == ["WORKSPACE_NOT_FOUND"]
    assert await untouched.contents() == before


async def test_calls_that_override_each_others_sources_do_not_wait_for_each_other_for_ever(
    world: CompanyDatabase,
) -> None:
    flows = ("orders", "plain", "two-topics", "topicless", "busy", "never-published", "orders-live")

    def ring(turn: int) -> list[ExportWish]:
        turned = flows[turn:] + flows[:turn]
        return [world.export_wish(here, over=there) for here, there in pairwise(turned)]

    batches = await at_once(*(export_all(world, *ring(number % len(flows))) for number in range(14)))
    assert all(isinstance(result, Exported) for batch in batches for result in batch.results)
    for flow in flows:
        drafts = await world.drafts(flow)
        assert [draft["set_aside_at"] is None for draft in drafts] == [False] * (len(drafts) - 1) + [True]
        assert [draft["revision"] for draft in drafts] == list(range(1, len(drafts) + 1))


async def test_calls_of_many_that_fill_a_quota_at_once_neither_exceed_it_nor_trip_it(world: CompanyDatabase) -> None:
    three = [world.export_wish("plain", to=place) for place in ("small-live", "small-shop", "small-live")]
    batches = await at_once(*(export_all(world, *three, mode=mode) for mode in (*BatchMode, *BatchMode)))
    made = sum(isinstance(result, Exported) for batch in batches for result in batch.results)
    assert made == 3
