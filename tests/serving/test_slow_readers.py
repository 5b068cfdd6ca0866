"""Clients that don't take their answers are left, so that these don't stay in memory."""

import asyncio
import json
from functools import partial

from tests.databases import Databases, Loaded
from tests.serving.real import real_server, soon, within_some_limit

CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { message } } }"
DOCUMENT = (
    f"query($id: ID!) {{ flow(id: $id) {{ draft {{ graph {{ {' '.join(f'a{n}: native' for n in range(17))} }} }} }} }}"
)
TEXT_CHARACTERS = 900_000


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """What had come before the server hung up."""
    rest = b""
    try:
        while chunk := await reader.read(2**16):
            rest += chunk
    except ConnectionError:
        pass
    return rest


async def test_who_does_not_take_an_answer_is_left(databases: Databases, loaded_trade: Loaded) -> None:
    await within_some_limit(partial(left, databases, loaded_trade))


async def left(databases: Databases, loaded: Loaded, seconds: int) -> None:
    async with real_server(databases, loaded, request_timeout_seconds=seconds) as real:
        large = {"nodes": [{"id": "s", "command": "a/b", "fields": {"text": "x" * TEXT_CHARACTERS}}], "edges": []}
        created = await real.posting(CREATE, input=real.creation("Large") | {"graph": large})
        assert created.is_success, created.text
        body = json.dumps({"query": DOCUMENT, "variables": {"id": created.json()["data"]["createFlow"]["flow"]["id"]}})
        async with real.saying(*real.head_of_a_post(len(body)), body) as (reader, _):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            assert await soon(lambda: not real.server.server_state.tasks)
            assert len(await rest_of(reader)) < 17 * TEXT_CHARACTERS
