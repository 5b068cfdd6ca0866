"""Plans of exports (P1, P7): what the export would do, from the same decision, and nothing is written or waited for."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.batch import BatchMode
from app.domain.choices import StepChoice
from app.domain.edit import UpdateWish
from app.domain.errors import Refused
from app.domain.export import Exported, ExportPlan
from app.domain.export_batch import ExportsWish
from app.domain.facts import ExportWish
from app.domain.fingerprint import PlanBasis, PlanIsStale
from app.domain.matching import ComparisonLimit
from app.domain.model import ReferenceKind
from app.domain.publish import PublishWish
from app.usecases.change_flow import publish_draft, update_draft
from app.usecases.compare_and_check import check_readiness, compare_found, compare_states
from app.usecases.copy_and_export import (
    ExportPreview,
    ExportPreviews,
    check_previews,
    export_flow,
    preview_export,
    preview_exports,
)
from tests.api.world_builder import graph
from tests.domain.planning import mappings_of
from tests.usecases.company_database import CompanyDatabase, errors_of, exported
from tests.usecases.races import holding, without_waiting
from tests.usecases.steps import code


async def planned(world: CompanyDatabase, wish: ExportWish) -> ExportPreview:
    return await preview_export(world.work.of(world.user("ada")), wish)


async def planned_all(world: CompanyDatabase, wish: ExportsWish) -> ExportPreviews:
    return await preview_exports(world.work.of(world.user("ada")), wish)


def wishes(world: CompanyDatabase) -> list[ExportWish]:
    orders = world.export_wish("orders", over="orders-live")
    mapped = mappings_of(
        (world["dev-orders"], world["live-items"]),
        (world["dev-mail"], world["live-mail"]),
        (world["dev-agent"], "agent_gone"),
    )
    chosen = StepChoice("mail", {ReferenceKind.CREDENTIAL: world["live-mail"], ReferenceKind.AGENT: None})
    return [
        world.export_wish("orders", to="production"),
        orders,
        world.export_wish("orders", over="busy"),
        world.export_wish("plain", over="never-published", name="Renamed"),
        world.export_wish("two-topics", to="production"),
        world.export_wish("orders", to="development"),
        replace(orders, mappings=tuple(mapped[:2]), bindings=(chosen,)),
        replace(orders, mappings=tuple(mapped)),
        world.export_wish("of-the-team", to="kitchen"),
        world.export_wish("plain", to="full-live"),
        world.export_wish("plain", over="plain"),
        world.export_wish("nowhere", to="production"),
    ]


@pytest.mark.parametrize("number", range(12))
async def test_an_export_with_the_fingerprint_of_a_plan_does_what_the_plan_says(
    world: CompanyDatabase, number: int
) -> None:
    wish, before, ada = wishes(world)[number], await world.contents(), world.user("ada")
    plan = await planned(world, wish)
    assert await world.contents() == before

    outcome = await export_flow(world.work.of(ada), replace(wish, fingerprint=plan.fingerprint))
    if isinstance(plan.decision, Refused):
        assert errors_of(outcome) == plan.blockers == plan.decision.errors
        assert (plan.with_draft, plan.references, plan.warnings) == (None, (), ())
        assert await world.contents() == before
        return
    made = exported(outcome)
    assert (made.references, made.warnings, plan.blockers) == (plan.references, plan.warnings, ())
    assert (made.copied_from, made.set_aside) == (
        plan.copied_from,
        plan.facts.overridden and plan.facts.overridden.draft_id,
    )
    assert plan.with_draft is not None
    [missing] = await check_previews([plan])
    assert (await check_readiness(world.database, ada, [made.draft_id]))[made.draft_id] == missing
    if plan.changed_states is not None:
        [changes] = await compare_found(world.database, [plan.changed_states], ComparisonLimit())
        row = (await world.contents())["flow"][(made.flow_id,)]
        older = str(row["published_version_id"] or made.set_aside)
        assert [changes] == await compare_states(world.database, ada, [(older, made.draft_id)], ComparisonLimit())


Edit = Callable[[CompanyDatabase], Awaitable[Any]]


async def save(world: CompanyDatabase, flow: str, **changes: Any) -> None:
    await update_draft(world.work.of(world.user("ada")), UpdateWish(world[flow], **changes))


EDITS: list[tuple[Edit, list[PlanBasis]]] = [
    (lambda world: save(world, "orders", name="Later"), []),  # The published version is what is exported.
    (lambda world: save(world, "busy", name="Another"), []),
    (lambda world: save(world, "orders-live", name="Later"), [PlanBasis.DRAFT]),
    (lambda world: world.export("plain", over="orders-live"), [PlanBasis.DRAFT]),
    (
        lambda world: world.execute("update contract set status = 'SUSPENDED' where name = 'Retail'"),
        [PlanBasis.DESTINATION],
    ),
    (
        lambda world: world.execute("delete from agent where id = :agent", agent=world["dev-agent"]),
        [PlanBasis.CREDENTIALS],
    ),
    (
        lambda world: world.execute(
            "update topic set schema_text = '{}' where id = :topic", topic=world["live-orders"]
        ),
        [PlanBasis.TOPICS],
    ),
]


@pytest.mark.parametrize("number", range(len(EDITS)))
async def test_an_export_after_a_change_is_the_plan_or_is_refused_for_what_has_changed(
    world: CompanyDatabase, number: int
) -> None:
    wish, (edit, changed) = world.export_wish("orders", over="orders-live"), EDITS[number]
    plan = await planned(world, wish)
    await edit(world)
    before = await world.contents()
    outcome = await export_flow(world.work.of(world.user("ada")), replace(wish, fingerprint=plan.fingerprint))
    if changed:
        assert [error for error in errors_of(outcome) if isinstance(error, PlanIsStale)] == [
            PlanIsStale(tuple(changed))
        ]
        assert await world.contents() == before
    else:
        assert isinstance(plan.decision, ExportPlan)
        assert exported(outcome).references == plan.decision.references


async def test_a_new_version_of_the_source_makes_a_plan_stale(world: CompanyDatabase) -> None:
    wish = world.export_wish("plain", to="production")
    plan = await planned(world, wish)
    await save(world, "plain", graph=graph(code("1", "return 3")))
    await publish_draft(world.work.of(world.user("ada")), PublishWish(world["plain"]))
    before = await world.contents()
    outcome = await export_flow(world.work.of(world.user("ada")), replace(wish, fingerprint=plan.fingerprint))
    assert errors_of(outcome) == (PlanIsStale((PlanBasis.SOURCE,)),)
    assert await world.contents() == before


async def test_a_plan_waits_for_nobody(world: CompanyDatabase) -> None:
    wish = world.export_wish("orders", over="orders-live")
    async with holding(world) as store:
        await store.lock_export_facts([wish])
        assert (await without_waiting(planned(world, wish))).with_draft is not None


async def test_exports_of_one_call_are_planned_each_with_what_those_before_it_take(world: CompanyDatabase) -> None:
    """P8: the contract Small may hold five flows, and holds two in production."""
    five = [world.export_wish("plain", to=("small-live", "small-shop")[number % 2]) for number in range(5)]
    before = await world.contents()
    wish = ExportsWish(tuple(five), BatchMode.BEST_EFFORT)
    plans = (await planned_all(world, wish)).plans
    assert [isinstance(plan.decision, ExportPlan) for plan in plans] == [True, True, True, False, False]
    assert await world.contents() == before
    assert isinstance(await world.export("plain", to="small-live"), Exported)


async def test_states_are_compared_only_within_a_flow_that_the_caller_sees(untouched: CompanyDatabase) -> None:
    versions = [*await untouched.versions("orders"), *await untouched.versions("plain")]
    older, newer, other = (str(version["id"]) for version in versions)
    pairs = [(older, newer), (older, other), (older, "version_gone")]
    for user, compared in (("ada", [True, False, False]), ("olga", [False] * 3)):
        found = await compare_states(untouched.database, untouched.user(user), pairs, ComparisonLimit())
        assert [diff is not None for diff in found] == compared
