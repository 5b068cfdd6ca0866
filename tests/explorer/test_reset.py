"""The demo world is put back over HTTP, on loopback and for its own tokens only."""

from typing import Any

import pytest

from app.storage.world.demo import DEMO_TOKENS
from app.usecases import apply_world
from tests.applying import load_world
from tests.commands import issue_token
from tests.databases import connected
from tests.explorer.demo import demo_client
from tests.usecases.test_demo import without_times
from tests.usecases.world_files import as_file, contents, world

RESET = "/graphql/demo/reset"
AS_GUEST = {"Authorization": "Bearer demo-guest"}
Rows = dict[str, list[dict[str, Any]]]
CHANGE = "update flow set name = 'Changed'"


async def flows_in(database_url: str) -> Rows:
    """What a reset puts back; other tables note the work of servers, and when tokens were used."""
    rows = without_times(await contents(database_url))
    return {table: rows[table] for table in ("flow", "flow_draft", "flow_version", "flow_export", "workspace")}


async def change(database_url: str) -> Rows:
    async with connected(database_url) as connection:
        await connection.execute(CHANGE)
    return await flows_in(database_url)


@pytest.mark.parametrize("token", DEMO_TOKENS)
async def test_a_caller_with_a_token_of_the_demo_world_puts_it_back(database_url: str, token: str) -> None:
    async with demo_client(database_url) as client:
        first = await flows_in(database_url)
        assert await change(database_url) != first
        answer = await client.post(RESET, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert await flows_in(database_url) == first


@pytest.mark.parametrize("header", [None, "Bearer fp_unknown", "Bearer demo-nobody", "Basic ZGVtbw==", "own"])
async def test_whoever_has_no_token_of_the_demo_world_is_refused(database_url: str, header: str | None) -> None:
    """Pages of other origins can send no such header, since no preflight of theirs is answered."""
    async with demo_client(database_url) as client:
        own = await issue_token(database_url, "demo-admin@example.com", name="test", expires_days=None)
        before = await change(database_url)
        sent = f"Bearer {own}" if header == "own" else header
        answer = await client.post(RESET, headers={} if sent is None else {"Authorization": sent})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert await flows_in(database_url) == before


async def test_only_a_post_of_the_same_origin_resets(database_url: str) -> None:
    async with demo_client(database_url) as client:
        before = await change(database_url)
        assert (await client.get(RESET, headers=AS_GUEST)).status_code == 405
        asks = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}
        preflight = await client.options(RESET, headers=asks | {"Access-Control-Request-Headers": "authorization"})
        assert preflight.status_code == 405
        assert [name for name in preflight.headers if name.startswith("access-control-")] == []
        assert await flows_in(database_url) == before


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"graphiql": "off"}])
async def test_off_loopback_and_without_the_page_there_is_no_reset(database_url: str, settings: dict[str, str]) -> None:
    async with demo_client(database_url, **settings) as client:
        before = await change(database_url)
        assert (await client.post(RESET, headers=AS_GUEST)).status_code == 404
        assert await flows_in(database_url) == before


async def test_a_database_that_holds_more_than_the_demo_world_is_not_reset(database_url: str) -> None:
    async with demo_client(database_url) as client:
        await load_world(database_url, as_file(world()))
        before = await change(database_url)
        answer = await client.post(RESET, headers=AS_GUEST)
        assert answer.status_code == 409
        assert "more than the demo world" in answer.json()["errors"][0]["message"]
        assert await flows_in(database_url) == before


async def test_a_reset_that_others_keep_waiting_says_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_world, "MOST_WAITS", 1)
    async with demo_client(database_url) as client, connected(database_url) as writer:
        await writer.execute(f"begin; {CHANGE}")
        answer = await client.post(RESET, headers=AS_GUEST)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["errors"][0]["message"].startswith("Others are writing to the demo world all the time.")
        await writer.execute("rollback")
