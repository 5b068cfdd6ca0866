"""`flowport events` prints what happened in a tenant, for operators, and goes on where it was."""

import json
import os
import signal
from asyncio import create_subprocess_exec, to_thread
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.client import Api
from tests.api.happenings import AT, happen, loaded_newsroom
from tests.cli.flowport import COMMAND, called
from tests.databases import Databases, Loaded, run_sql


@pytest.fixture(scope="module")
async def loaded(databases: Databases) -> AsyncIterator[Loaded]:
    async with loaded_newsroom(databases) as loaded:
        yield loaded


@pytest.fixture
async def api(databases: Databases, loaded: Loaded) -> AsyncIterator[Api]:
    """The database of a world; no server is needed."""
    async with databases.copy(loaded.name) as url, httpx.AsyncClient() as http:
        yield Api(http, url, loaded.ids, loaded.tokens)


async def printed(api: Api, *options: str) -> list[dict[str, Any]]:
    output = await to_thread(called, "events", "--tenant", "home", *options, DATABASE_URL=api.database_url)
    assert output.returncode == 0, output.stderr
    return [json.loads(line) for line in output.stdout.splitlines()]


async def refused(api: Api, *options: str) -> tuple[int, str]:
    """The exit status, and the last line that is said of why."""
    output = await to_thread(called, "events", *options, DATABASE_URL=api.database_url)
    assert output.stdout == ""
    return output.returncode, output.stderr.splitlines()[-1]


async def test_each_event_is_a_line_with_its_cursor_by_which_it_goes_on(api: Api) -> None:
    ids = await happen(api, {"actor": "bob", "flow_name": "Letters", "version": api.id("letters/2")}, {}, {})
    lines = await printed(api)
    assert [line["id"] for line in lines] == ids
    assert lines[0] == {
        "cursor": lines[0]["cursor"],
        "id": ids[0],
        "type": "FLOW_PUBLISHED",
        "at": AT,
        "actorId": api.id("bob"),
        "workspaceId": api.id("prod"),
        "flowId": api.id("letters"),
        "flowName": "Letters",
        "versionId": api.id("letters/2"),
        "exportId": None,
        "releaseId": None,
        "withoutReview": False,
    }
    assert await printed(api, "--after", lines[0]["cursor"]) == lines[1:]
    assert await printed(api, "--after", lines[2]["cursor"]) == []


async def test_all_are_printed_however_many_unless_fewer_are_asked_for(api: Api) -> None:
    types = ("FLOW_STARTED", "FLOW_STOPPED", "FLOW_DELETED")
    ids = await happen(api, *({"type": types[number % 3]} for number in range(250)), {"tenant": "abroad"})
    assert [line["id"] for line in await printed(api)] == ids[:250]
    assert [line["id"] for line in await printed(api, "--first", "150")] == ids[:150]
    chosen = await printed(api, "--types", "FLOW_STOPPED,FLOW_DELETED", "--first", "2")
    assert [line["id"] for line in chosen] == [ids[1], ids[2]]


async def test_what_can_not_be_meant_is_refused(api: Api) -> None:
    await happen(api, {}, {"tenant": "abroad", "workspace": "far"})
    output = await to_thread(called, "events", "--tenant", "abroad", DATABASE_URL=api.database_url)
    foreign = json.loads(output.stdout)["cursor"]
    of_home = ("--tenant", api.id("home"))
    not_of_it = (
        "Error: Invalid value for --after: The cursor is not one of this list in this order. Start again without it."
    )
    assert await refused(api) == (2, "Error: Missing option '--tenant'.")
    assert await refused(api, "--tenant", "north") == (2, "Error: Invalid value for --tenant: there is no tenant north")
    assert await refused(api, *of_home, "--after", foreign) == (2, not_of_it)
    assert await refused(api, *of_home, "--after", "x") == (2, not_of_it)
    status, why = await refused(api, *of_home, "--types", "FLOW_STARTED,FLOW_EATEN")
    assert (status, why.partition(";")[0]) == (2, "Error: Invalid value for --types: there is no type FLOW_EATEN")


async def test_a_cursor_after_which_events_were_removed_is_refused(api: Api) -> None:
    """E4."""
    await happen(api, {}, {})
    [first, _] = await printed(api)
    await run_sql(
        api.database_url,
        "insert into event_removal (feed, position) select :feed, max(position) from event",
        feed=api.id("home"),
    )
    assert await refused(api, "--tenant", "home", "--after", first["cursor"]) == (
        1,
        "Error: Events after this cursor were removed. Read the present state, then start again without the cursor.",
    )


async def test_it_follows_what_happens_until_it_is_interrupted(api: Api) -> None:
    environ = os.environ | {"FLOWPORT_DATABASE_URL": api.database_url}
    process = await create_subprocess_exec(
        *(*COMMAND, "events", "--tenant", "home", "--follow"), env=environ, stdout=PIPE, stderr=PIPE
    )
    try:
        assert process.stdout is not None
        for _ in range(2):
            [event_id] = await happen(api, {})
            assert json.loads(await process.stdout.readline())["id"] == event_id
        process.send_signal(signal.SIGINT)
        output, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    # Of what it says only the name of the database is on stderr.
    assert (process.returncode, output, complaint.splitlines()[1:]) == (0, b"", [])
