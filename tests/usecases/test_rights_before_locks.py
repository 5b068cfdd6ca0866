"""Nothing is locked for a caller who may not write, also where rights change while a call waits for its locks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, WorkspaceNotFound
from app.domain.batch import Batch, BatchMode
from app.domain.draft import DiscardWish
from app.domain.edit import CreateWish, UpdateWish
from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.export_batch import ExportsWish
from app.domain.facts import CopyWish
from app.domain.publish import PublishWish, RevertWish
from app.storage.connections.engine import engine_of
from app.storage.connections.failures import TransactionConflict
from app.storage.facts.locks import lock
from app.usecases.change_flow import (
    create_flow,
    delete_flow,
    discard_draft,
    publish_draft,
    restore_draft,
    revert_flow,
    start_flow,
    stop_flow,
    update_draft,
)
from app.usecases.copy_and_export import copy_flow, export_flows, undo_export
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, errors_of, exported
from tests.usecases.contents import Contents
from tests.usecases.races import holding, waiting, without_waiting
from tests.usecases.steps import code

Call = Callable[[], Coroutine[Any, Any, Any]]
Meanwhile = Callable[[Callable[[], Awaitable[None]]], None]

EVERY_ROW = tuple(
    f"select 1 from {table} for update"  # noqa: S608 - our own words
    for table in ("flow", "contract", "flow_draft", "flow_version", "flow_export", "flow_content", "workspace", "role")
)
OF_SMALL = (
    "select 1 from contract where name = 'Small' for update",
    "select 1 from flow join workspace on workspace.id = workspace_id where workspace.name like 'Small%' for update",
)


@asynccontextmanager
async def locked(world: CompanyDatabase, statements: Iterable[str]) -> AsyncIterator[None]:
    """Somebody else holds these rows: whoever wants to lock one has to wait."""
    async with engine_of(world.url).begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
        yield


async def all_can_be_locked(world: CompanyDatabase) -> None:
    """Nothing stayed locked."""
    async with locked(world, EVERY_ROW):
        pass


async def written(world: CompanyDatabase) -> Contents:
    """What use cases write; roles are given by somebody else."""
    return {table: rows for table, rows in (await world.contents()).items() if table != "workspace_access"}


async def give_role(world: CompanyDatabase, user: str, workspace: str, role: str) -> None:
    statement = """
        update workspace_access set role_id = (select id from role where name = :role and scope = 'WORKSPACE')
        where user_id = :user and workspace_id = :workspace
    """
    await world.execute(statement, user=world[user], workspace=world[workspace], role=role)


async def calls_of(world: CompanyDatabase, by: str) -> dict[str, Call]:
    """Every mutation, about a flow with a draft, one set aside and an export, in a workspace whose contract has a quota."""
    first, second = [exported(await world.export("plain", over="till")) for _ in range(2)]
    [version] = await world.versions("till")
    work, till = world.work.of(world.user(by)), world["till"]
    batch = ExportsWish(
        tuple(world.export_wish("plain", to="small-live") for _ in range(3)), mode=BatchMode.BEST_EFFORT
    )
    return {
        "copyFlow": lambda: copy_flow(work, CopyWish(till)),
        "createFlow": lambda: create_flow(work, CreateWish(world["small-live"], "New", graph(code("1")))),
        "deleteFlow": lambda: delete_flow(work, till),
        "discardFlowDraft": lambda: discard_draft(work, DiscardWish(till)),
        "exportFlow into": lambda: world.export("plain", to="small-live", by=by),
        "exportFlow onto": lambda: world.export("plain", over="till", by=by),
        "exportFlows": lambda: export_flows(work, batch),
        "publishFlowDraft": lambda: publish_draft(work, PublishWish(till, start=True)),
        "restoreFlowDraft": lambda: restore_draft(work, first.draft_id),
        "revertFlow": lambda: revert_flow(work, RevertWish(till, version["id"])),
        "startFlow": lambda: start_flow(work, till),
        "stopFlow": lambda: stop_flow(work, till),
        "undoExport": lambda: undo_export(work, second.export_id),
        "updateFlowDraft": lambda: update_draft(work, UpdateWish(till, name="Other")),
    }


MUTATIONS = [
    *("copyFlow", "createFlow", "deleteFlow", "discardFlowDraft", "exportFlow into", "exportFlow onto", "exportFlows"),
    *("publishFlowDraft", "restoreFlowDraft", "revertFlow", "startFlow", "stopFlow", "undoExport", "updateFlowDraft"),
]


def refusals(outcome: Any) -> set[type]:
    if isinstance(outcome, Batch):
        return {type(error) for result in outcome.results for error in errors_of(result)}
    assert isinstance(outcome, Refused), outcome
    return {type(error) for error in outcome.errors}


async def test_calls_of_a_guest_lock_nothing(world: CompanyDatabase) -> None:
    calls = await calls_of(world, "gus")
    before = await written(world)
    async with locked(world, EVERY_ROW):
        outcomes = {name: refusals(await without_waiting(call())) for name, call in calls.items()}
    assert {name for name, kinds in outcomes.items() if InsufficientPermission not in kinds} == set()
    assert {*outcomes} == {*MUTATIONS}
    assert await written(world) == before


async def test_calls_about_a_suspended_contract_lock_nothing_of_it(world: CompanyDatabase) -> None:
    """But what is exported from it, or may be stopped."""
    calls = await calls_of(world, "ada")
    await world.execute("update contract set status = 'SUSPENDED' where name = 'Small'")
    before = await written(world)
    async with locked(world, OF_SMALL):
        for name in {*MUTATIONS} - {"copyFlow", "startFlow", "stopFlow"}:
            assert ContractSuspended in refusals(await without_waiting(calls[name]())), name
    assert await written(world) == before


async def test_refused_exports_of_guests_do_not_hold_up_new_flows_in_the_contract(world: CompanyDatabase) -> None:
    async with world.work.of(world.user("gus")).begin() as guest:
        await guest.lock_export_facts([world.export_wish("plain", to="small-live"), CopyWish(world["till"])])
        await guest.lock_create_facts(CreateWish(world["small-live"], "First", graph(code("1"))))
        exported(await without_waiting(world.export("plain", to="small-live")))


async def test_whoever_loses_the_right_while_waiting_for_the_lock_is_refused(world: CompanyDatabase) -> None:
    async with holding(world) as first:
        await first.lock_export_facts([world.export_wish("plain", over="orders-live")])
        async with waiting(world, world.export("plain", over="orders-live", by="ben")) as late:
            await give_role(world, "ben", "production", "guest")
            before = await written(world)
    [refusal] = errors_of(await late)
    assert isinstance(refusal, InsufficientPermission)
    assert await written(world) == before


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has something happen between the locks and the facts of the next unit of work."""

    def happens(change: Callable[[], Awaitable[None]]) -> None:
        async def lock_and_then(*arguments: Any, **named: Any) -> frozenset[str]:
            locked = await lock(*arguments, **named)
            monkeypatch.undo()
            await change()
            return locked

        monkeypatch.setattr("app.storage.store.lock", lock_and_then)

    return happens


@pytest.mark.parametrize("name", MUTATIONS)
async def test_whoever_gets_the_right_after_the_locks_is_not_decided_about_without_them(
    world: CompanyDatabase, name: str, meanwhile: Meanwhile
) -> None:
    """The transaction counts as one that gave way, and is retried."""
    await give_role(world, "gus", "development", "integrator")
    call = (await calls_of(world, "gus"))[name]
    meanwhile(lambda: give_role(world, "gus", "small-live", "integrator"))
    with capture_logs() as log:
        outcome = await call()
    assert [line["event"] for line in log] == ["transaction retried"]
    results = outcome.results if isinstance(outcome, Batch) else [outcome]
    assert not any(isinstance(result, Refused) for result in results)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_whoever_loses_the_right_after_the_locks_is_refused(
    world: CompanyDatabase, name: str, meanwhile: Meanwhile
) -> None:
    call = (await calls_of(world, "ada"))[name]
    before = await written(world)
    meanwhile(lambda: give_role(world, "ada", "small-live", "guest"))
    assert InsufficientPermission in refusals(await call())
    assert await written(world) == before
    await without_waiting(all_can_be_locked(world))


@pytest.mark.parametrize(
    "name", ["copyFlow", "createFlow", "exportFlow into", "exportFlow onto", "exportFlows", "publishFlowDraft"]
)
async def test_whoever_is_removed_while_a_call_writes_sees_nothing_any_more(world: CompanyDatabase, name: str) -> None:
    """What was written can't name its author; the transaction is retried."""
    for workspace in ("development", "small-live"):
        await give_role(world, "gus", workspace, "integrator")
    call = (await calls_of(world, "gus"))[name]
    before = await written(world)
    removal = f"delete from user_account where id = '{world['gus']}'"  # noqa: S608 - an id of ours
    with capture_logs() as log:
        async with locked(world, [removal]), waiting(world, call()) as late:
            pass
        assert refusals(await late) <= {FlowNotFound, WorkspaceNotFound}
    assert [line["event"] for line in log] == ["transaction retried"]
    held = await written(world)
    assert {table for table in held if held[table] != before[table]} == {"user_account", "contract_access"}


async def test_a_contract_that_gets_a_quota_after_the_locks_is_locked_by_another_attempt(
    world: CompanyDatabase, meanwhile: Meanwhile
) -> None:
    statement = "update contract set flow_quota = 1 where name = 'Foods'"
    before = await written(world)
    meanwhile(lambda: world.execute(statement))
    with capture_logs() as log:
        assert isinstance(await world.export("plain", to="kitchen"), Refused)
    assert [line["event"] for line in log] == ["transaction retried"]
    held = await written(world)
    assert [table for table in held if held[table] != before[table]] == ["contract"]


async def test_of_many_calls_while_rights_come_none_overruns_the_quota(world: CompanyDatabase) -> None:
    """Three places are free; guests become integrators while all of them try, and those that gave way try again."""

    async def try_on() -> Any:
        while True:
            try:
                return await world.export("plain", to="small-live", by="gus")
            except TransactionConflict:
                pass

    await give_role(world, "gus", "development", "integrator")
    calls = [asyncio.create_task(try_on()) for _ in range(12)]
    await give_role(world, "gus", "small-live", "integrator")
    later = [asyncio.create_task(try_on()) for _ in range(12)]
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(*calls, *later)
    assert sum(isinstance(outcome, Exported) for outcome in outcomes) == 3
