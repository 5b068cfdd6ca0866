"""Provisioning beside others (W12)."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.storage.connections.hosts import arguments_of
from tests.api.client import Api, Json
from tests.api.office import apply, office
from tests.databases import Databases, Loaded
from tests.storage.world_files import contents


@pytest.fixture(scope="module")
async def loaded_office(databases: Databases) -> AsyncIterator[Loaded]:
    async with databases.loaded(office()) as loaded:
        yield loaded


@pytest.fixture
async def api(databases: Databases, loaded_office: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded_office) as api:
        yield api


async def test_a_flow_that_comes_while_its_workspace_goes_stays_out_or_keeps_it(api: Api) -> None:
    """Whoever commits first decides; never is there a flow without a workspace."""
    create = """mutation ($id: ID!) { createFlow(input: {
        workspaceId: $id, name: "Late", graph: {nodes: [{id: "1", command: "core/mailer:send"}], edges: []}
    }) { errors { code } } }"""
    outcomes = set()
    for number in range(6):
        key = f"brief-{number}"
        new: Json = {"key": key, "contract": "retail", "name": f"Brief {number}", "type": "LIMITED"}
        member = {"workspace": key, "user": "ada", "role": "integrator"}
        [made, _] = (await apply(api, workspaces=[new], workspaceMembers=[member]))["things"]
        created, removed = await asyncio.gather(
            api.caller("ada").ask(create, id=made["id"]), apply(api, workspaces=[{"key": key, "remove": True}])
        )
        codes = [[error["code"] for error in created["createFlow"]["errors"]], [e["code"] for e in removed["errors"]]]
        assert codes in ([["WORKSPACE_NOT_FOUND"], []], [[], ["THING_IN_USE"]]), codes
        outcomes.add(str(codes))
    flows = {row["workspace_id"] for row in (await contents(api.database_url))["flow"]}
    assert flows <= {row["id"] for row in (await contents(api.database_url))["workspace"]}
    assert outcomes


async def test_documents_of_one_tenant_take_turns_and_those_of_two_do_not_wait(api: Api) -> None:
    """While a transaction holds the turn of one tenant, another tenant's document goes through."""
    connection = await asyncpg.connect(**arguments_of(api.database_url))
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 20))", api.id("home"))
            waiting = asyncio.create_task(apply(api, contracts=[{"key": "retail", "name": "Shops"}]))
            other = await apply(api, "stranger", tenant="abroad", contracts=[{"key": "overseas", "name": "Ports"}])
            assert (other["changed"], waiting.done()) == (1, False)
        assert (await waiting)["changed"] == 1
    finally:
        await connection.close()
