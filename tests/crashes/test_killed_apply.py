"""`kill -9` of `flowport apply` at any moment leaves the old state or the new one (W4)."""

import asyncio
import json
import os
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.applying import load_world
from tests.cli.flowport import called
from tests.cli.forked import Forked
from tests.databases import connected
from tests.serving.real import soon_true
from tests.usecases.world_files import as_file, contents, world

DOCUMENT = {
    "format": "flowport-world/1",
    "contracts": [{"key": "retail", "name": "Shops"}],
    "workspaces": [{"key": "new", "contract": "retail", "name": "New one", "type": "FULL"}],
    "workspaceMembers": [
        {"workspace": "dev", "user": "ada", "remove": True},
        {"workspace": "new", "user": "ada", "role": "integrator"},
    ],
    "credentials": [{"key": "mail", "remove": True}],
    "flows": [
        {"key": "fresh", "workspace": "new", "name": "Fresh", "draft": {"graph": {"nodes": [], "edges": []}}},
        {"key": "sketch", "workspace": "dev", "remove": True},
    ],
}
WAITING = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
COMMITS_LATE = """
    create function wait_for_the_test() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(1); return null; end $$;
    create constraint trigger late after insert on flow deferrable initially deferred
    for each row execute function wait_for_the_test();
"""
# Each is held by the test, so that the command waits there for it.
MOMENTS = {
    "before its first write": "lock table external_key in access exclusive mode",
    "as something goes": "lock table credential in share mode",
    "as something changes": "lock table contract in share mode",
    "as something comes": "lock table workspace in share mode",
    "as memberships change": "lock table workspace_access in share mode",
    "as flows come": "lock table flow_draft in share mode",
}


@pytest.fixture
async def loaded(database_url: str) -> str:
    """The URL of a database with a world that the document changes."""
    await load_world(database_url, as_file(world()))
    return database_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    named = tmp_path / "world.json"
    named.write_text(json.dumps(DOCUMENT))
    return named


async def kill_it_while(url: str, file: Path, held: str) -> None:
    """Kill the command as it waits for what a statement holds, and wait for the end of its transaction."""
    environ = os.environ | {"FLOWPORT_DATABASE_URL": url}
    async with connected(url) as watching:

        async def is_waiting() -> bool:
            return bool(await watching.fetch(WAITING))

        async with connected(url) as holding, holding.transaction():
            await holding.execute(held)
            with (
                TemporaryFile() as log,
                Forked(["app", "apply", str(file)], environ=environ, stderr=log.fileno()) as command,
            ):
                assert await soon_true(is_waiting)
                [backend] = await watching.fetch(WAITING)
                command.kill()

        async def has_ended() -> bool:
            return not await watching.fetch("select from pg_stat_activity where pid = $1", backend["pid"])

        assert await soon_true(has_ended)


def summary_of_applying(url: str, file: Path) -> str:
    return called("apply", file, DATABASE_URL=url).stderr.splitlines()[-1].removeprefix(f"Applied {file}: ")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_command_that_is_killed_before_its_commit_leaves_the_old_state(
    loaded: str, file: Path, moment: str
) -> None:
    before = await contents(loaded)
    await kill_it_while(loaded, file, MOMENTS[moment])
    assert await contents(loaded) == before
    summary = await asyncio.to_thread(summary_of_applying, loaded, file)
    assert summary == "3 created, 1 changed, 3 removed, 0 unchanged."


async def test_a_command_that_is_killed_within_its_commit_leaves_the_new_state(loaded: str, file: Path) -> None:
    async with connected(loaded) as connection:
        await connection.execute(COMMITS_LATE)
    await kill_it_while(loaded, file, "select pg_advisory_xact_lock(1)")
    summary = await asyncio.to_thread(summary_of_applying, loaded, file)
    assert summary == "0 created, 0 changed, 0 removed, 7 unchanged."
