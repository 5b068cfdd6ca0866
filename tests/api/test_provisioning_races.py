"""Provisioning beside others (W12, W13)."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from asyncpg import Connection, Record

from tests.api.client import Api, Json
from tests.api.feed import events_of
from tests.api.office import apply, held
from tests.databases import connected
from tests.serving.real import soon_true
from tests.usecases.world_files import contents

Outcome = TypeVar("Outcome")

WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
TURN = "select pg_advisory_xact_lock(hashtextextended($1, 20))"
CREATE = """mutation ($id: ID!) { createFlow(input: {
    workspaceId: $id, name: "Late", graph: {nodes: [{id: "1", command: "core/mailer:send"}], edges: []}
}) { errors { code } } }"""
EXPORT = "mutation ($input: ExportFlowInput!) { exportFlow(input: $input) { flow { id } errors { code } } }"
REVOKED: Json = {"workspaceMembers": [{"workspace": "dev", "user": "ada", "remove": True}]}


@asynccontextmanager
async def holding(api: Api, statement: str, *ids: str) -> AsyncIterator["Connection[Record]"]:
    """A transaction that keeps what a statement locks."""
    async with connected(api.database_url) as connection, connection.transaction():
        await connection.execute(statement, *ids)
        yield connection


async def waiting(api: Api, work: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
    """Start some work, and see that it waits for a lock."""
    task = asyncio.create_task(work)
    async with connected(api.database_url) as connection:

        async def waits() -> bool:
            assert not task.done(), "nothing was waited for"
            return bool(await connection.fetchval(WAITING))

        assert await soon_true(waits)
    return task


async def export(api: Api, name: str | None = None, *, over: str | None = None) -> list[str]:
    """Have Ada export her flow, as a new one or over another; the codes of what refuses it."""
    onto: Json = {"workspaceId": api.id("dev")} if over is None else {"overrideFlowId": over}
    named: Json = {} if name is None else {"name": name}
    wish = {"flowId": api.id("letters"), "destination": onto, **named}
    payload = (await api.caller("ada").ask(EXPORT, input=wish))["exportFlow"]
    return [error["code"] for error in payload["errors"]]


async def test_a_flow_that_comes_while_its_workspace_goes_stays_out_or_keeps_it(office_api: Api) -> None:
    """Whoever commits first decides; never is there a flow without a workspace."""
    api = office_api
    for number in range(6):
        key = f"brief-{number}"
        new: Json = {"key": key, "contract": "retail", "name": f"Brief {number}", "type": "LIMITED"}
        member = {"workspace": key, "user": "ada", "role": "integrator"}
        [made, _] = (await apply(api, workspaces=[new], workspaceMembers=[member]))["things"]
        created, removed = await asyncio.gather(
            api.caller("ada").ask(CREATE, id=made["id"]), apply(api, workspaces=[{"key": key, "remove": True}])
        )
        codes = [[error["code"] for error in created["createFlow"]["errors"]], [e["code"] for e in removed["errors"]]]
        assert codes in ([["WORKSPACE_NOT_FOUND"], []], [[], ["THING_IN_USE"]]), codes
    flows = {row["workspace_id"] for row in (await contents(api.database_url))["flow"]}
    assert flows <= {row["id"] for row in (await contents(api.database_url))["workspace"]}


async def test_a_member_who_is_revoked_while_exporting_has_exported_or_is_refused(office_api: Api) -> None:
    """Whoever commits first decides; afterwards every request is refused."""
    api = office_api
    for number in range(6):
        await apply(api, workspaceMembers=[{"workspace": "dev", "user": "ada", "role": "integrator"}])
        refusals, revoked = await asyncio.gather(export(api, f"Copy {number}"), apply(api, **REVOKED))
        assert (revoked["removed"], revoked["errors"]) == (1, [])
        assert refusals in ([], ["FLOW_NOT_FOUND"], ["FLOW_NOT_FOUND", "WORKSPACE_NOT_FOUND"]), refusals
        before = await held(api)
        assert [row["name"] for row in before["flow"]].count(f"Copy {number}") == (not refusals)
        assert "FLOW_NOT_FOUND" in await export(api, "Too late")
        assert await held(api) == before


async def test_a_member_who_is_revoked_while_an_export_waits_is_refused(office_api: Api) -> None:
    api = office_api
    assert await export(api, "Busy") == []
    [busy] = [row["id"] for row in (await contents(api.database_url))["flow"] if row["name"] == "Busy"]
    async with holding(api, "select id from flow where id = $1 for update", busy):
        exporting = await waiting(api, export(api, over=busy))
        assert (await apply(api, **REVOKED))["removed"] == 1
        before = await held(api)
    assert "FLOW_NOT_FOUND" in await exporting
    assert await held(api) == before


async def test_documents_of_one_tenant_take_turns_and_those_of_two_do_not_wait(office_api: Api) -> None:
    """While a transaction holds the turn of one tenant, another tenant's document goes through."""
    api = office_api
    async with holding(api, TURN, api.id("home")):
        first = await waiting(api, apply(api, contracts=[{"key": "retail", "name": "Shops"}]))
        other = await apply(api, "stranger", tenant="abroad", contracts=[{"key": "overseas", "name": "Ports"}])
        assert (other["changed"], first.done()) == (1, False)
    assert (await first)["changed"] == 1


async def test_exports_go_on_while_a_document_is_applied(office_api: Api) -> None:
    """Here it has written everything but the last, which somebody else holds."""
    api = office_api
    [office] = (await apply(api, agents=[{"key": "office", "workspace": "dev", "name": "Office"}]))["things"]
    changes: Json = {
        "contracts": [{"key": "retail", "name": "Shops", "flowQuota": 50}],
        "workspaces": [
            {"key": "dev", "name": "Workshop"},
            {"key": "new", "contract": "retail", "name": "New one", "type": "FULL"},
        ],
        "users": [{"key": "ada", "firstName": "Augusta"}],
        "workspaceMembers": [{"workspace": "dev", "user": "ada", "role": "admin"}],
        "components": [{"key": "mailer", "title": "E-mail", "access": "TENANT"}],
        "credentials": [{"key": "mail", "name": "Relay"}],
        "agents": [{"key": "office", "name": "Bureau"}],
    }
    async with holding(api, "select id from agent where id = $1 for update", office["id"]):
        applying = await waiting(api, apply(api, **changes))
        assert await export(api, "Meanwhile") == []
        assert not applying.done()
    assert (await applying)["changed"] == 7


async def test_contracts_are_locked_in_the_order_in_which_exports_lock_them(office_api: Api) -> None:
    """By id, whatever their order in the document and the table: else two calls might wait for each other."""
    api = office_api
    [later] = (await apply(api, contracts=[{"key": "later", "name": "Later"}]))["things"]
    # What is written again stands behind the others.
    await apply(api, contracts=[{"key": "retail", "name": "Shops"}])
    assert api.id("retail") < later["id"]
    lock = "select id from contract where id = $1 for no key update nowait"
    async with holding(api, lock, api.id("retail")) as connection:
        contracts = [{"key": key, "flowQuota": 50} for key in ("later", "retail")]
        applying = await waiting(api, apply(api, contracts=contracts))
        await connection.execute(lock, later["id"])
    assert (await applying)["changed"] == 2


async def test_a_flow_that_goes_before_a_document_locks_it_is_a_mistake_in_the_document(office_api: Api) -> None:
    api, flow = office_api, office_api.id("letters")
    before = await events_of(api.database_url)
    async with holding(api, "delete from flow where id = $1", flow):
        applying = await waiting(api, apply(api, flows=[{"id": flow, "suspended": True}]))
    item = ["document", "flows", "0"]
    assert [error["path"] for error in (await applying)["errors"]] == [[*item, "id"]]
    assert await events_of(api.database_url) == before
