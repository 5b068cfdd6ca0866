"""The demo world: it loads once, and its ids are the same everywhere."""

import asyncio
import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.graph import bindings_from_json, canonical, join
from app.domain.model import Kind, is_id
from app.storage.accounts import owner_of, tokens_to_check
from app.storage.connections.database import Database
from app.storage.world import demo
from app.storage.world.demo import DEMO_TOKENS, NotOnlyTheDemo, demo_id, example_curl
from tests.applying import load_world
from tests.commands import demo_is_loaded, load_demo_if_empty, reset_demo
from tests.databases import run_sql
from tests.usecases.world_files import as_file, contents, world

Row = dict[str, Any]
FILE = json.loads(Path(demo.__file__).with_name("demo_world.json").read_text(encoding="utf-8"))


async def test_the_demo_world_loads_once_into_an_empty_database(database_url: str) -> None:
    assert not await demo_is_loaded(database_url)
    loaded = await asyncio.gather(load_demo_if_empty(database_url), load_demo_if_empty(database_url))
    assert sorted(loaded) == [False, True]
    assert await demo_is_loaded(database_url)
    before = await contents(database_url)
    assert not await load_demo_if_empty(database_url)
    assert await contents(database_url) == before


async def test_the_demo_world_stays_out_of_a_database_that_somebody_uses(database_url: str) -> None:
    await load_world(database_url, as_file(world()))
    before = await contents(database_url)
    assert not await load_demo_if_empty(database_url)
    assert not await demo_is_loaded(database_url)
    assert await contents(database_url) == before


async def test_its_ids_are_made_from_its_keys(database_url: str) -> None:
    await load_demo_if_empty(database_url)
    database = await contents(database_url)
    assert demo_id(Kind.FLOW, "order-intake") == "flow_01jgfjjz00e01aetbqh5w05jv2"
    assert {row["id"] for row in database["flow"]} == {demo_id(Kind.FLOW, each["key"]) for each in FILE["flows"]}
    assert all(is_id(Kind.FLOW, row["id"]) for row in database["flow"])
    assert demo_id(Kind.VERSION, "order-confirmation-live/3") in {row["id"] for row in database["flow_version"]}
    assert demo_id(Kind.DRAFT, "price-feed/draft") in {row["id"] for row in database["flow_draft"]}


async def test_its_tokens_are_those_of_its_users(database_url: str) -> None:
    await load_demo_if_empty(database_url)
    database = Database(database_url)
    async with database.reading() as connection:
        stored = await tokens_to_check(connection, DEMO_TOKENS)
    await database.close()
    owners = [owner_of(stored[token], token, datetime.now(UTC)) for token in DEMO_TOKENS]
    assert [owner and owner.user.id for owner in owners] == [demo_id(Kind.USER, token) for token in DEMO_TOKENS]


async def test_its_graphs_come_back_unchanged_but_for_ids(database_url: str) -> None:
    await load_demo_if_empty(database_url)
    database = await contents(database_url)
    contents_by_hash = {row["hash"]: json.loads(row["graph"]) for row in database["flow_content"]}
    states = {row["id"]: row for row in (*database["flow_version"], *database["flow_draft"])}
    for each in FILE["flows"]:
        named = {f"{each['key']}/{number}": state for number, state in enumerate(each.get("versions", []), start=1)}
        ids = {demo_id(Kind.VERSION, name): state for name, state in named.items()}
        if "draft" in each:
            ids[demo_id(Kind.DRAFT, f"{each['key']}/draft")] = each["draft"]
        for id_, state in ids.items():
            row = states.pop(id_)
            graph = join(contents_by_hash[row["content_hash"]], bindings_from_json(json.loads(row["bindings"])))
            assert canonical(graph) == canonical(with_demo_ids(state["graph"]))
    assert not states


def with_demo_ids(graph: Any) -> Any:
    kinds = {"credentials_id": Kind.CREDENTIAL, "secret_id": Kind.SECRET, "vpn_agent_id": Kind.AGENT}
    made = json.loads(json.dumps(graph))
    for node in made["nodes"]:
        node |= {key: demo_id(kind, node[key]) for key, kind in kinds.items() if node.get(key) is not None}
        if "topic" in node.get("fields", {}):
            node["fields"]["topic"] = demo_id(Kind.TOPIC, node["fields"]["topic"])
    return made


async def test_a_reset_leaves_the_database_as_it_was_at_first(database_url: str) -> None:
    await load_demo_if_empty(database_url)
    first = without_times(await contents(database_url))
    for change in (
        "update flow set name = 'Changed', draft_revision = 7",
        "delete from flow_draft",
        "insert into role select 'role_1', id, 'WORKSPACE', 'x', '{}' from tenant limit 1",
        "insert into api_token select 'fp_1', id, 'x', '', now() from user_account limit 1",
    ):
        await run_sql(database_url, change)
    assert without_times(await contents(database_url)) != first
    await reset_demo(database_url)
    assert without_times(await contents(database_url)) == first


def without_times(database: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """Flows bear the time at which they were loaded; events tell of the reset."""
    return {
        table: [{name: value for name, value in row.items() if not isinstance(value, datetime)} for row in rows]
        for table, rows in database.items()
        if table != "pending_event"
    }


async def test_a_database_without_the_demo_world_is_not_reset(database_url: str) -> None:
    for document in (None, as_file(world())):
        if document is not None:
            await load_world(database_url, document)
        before = await contents(database_url)
        with pytest.raises(NotOnlyTheDemo, match=r"^The database doesn't hold the demo world\. Nothing was changed\."):
            await reset_demo(database_url)
        assert await contents(database_url) == before


async def test_a_demo_world_to_which_somebody_loaded_more_is_not_reset(database_url: str) -> None:
    await load_demo_if_empty(database_url)
    await load_world(database_url, as_file(world()))
    before = await contents(database_url)
    others = r"^The database holds more than the demo world \(other rows in tenant: \d\)\. Nothing was changed\."
    with pytest.raises(NotOnlyTheDemo, match=others):
        await reset_demo(database_url)
    assert await contents(database_url) == before


def test_the_example_can_be_pasted() -> None:
    command = shlex.split(example_curl("http://127.0.0.1:8000"))
    assert command[:3] == ["curl", "-s", "http://127.0.0.1:8000/graphql"]
    assert "Authorization: Bearer demo-integrator" in command
    assert json.loads(command[-1])["variables"]["input"]["flowId"] == demo_id(Kind.FLOW, "order-intake")
