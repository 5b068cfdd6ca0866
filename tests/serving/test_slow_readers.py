"""Clients that don't take their answers are left, so that these don't stay in memory."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from app.server.client_connections import Protocol
from tests.databases import Databases, Loaded
from tests.serving.real import Real, real_server, soon, within_some_limit

CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { message } } }"
DOCUMENT = (
    f"query($id: ID!) {{ flow(id: $id) {{ draft {{ graph {{ {' '.join(f'a{n}: native' for n in range(17))} }} }} }} }}"
)
FILE_BYTES, TEXT_CHARACTERS = 30_000_000, 900_000


def is_left(real: Real, port: int) -> bool:
    """Whether the server has given up the connection of the client at this port."""
    connections = [each for each in real.server.server_state.connections if isinstance(each, Protocol)]
    return not any(each.client is not None and each.client[1] == port for each in connections)


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """What had come before the server hung up."""
    rest = b""
    try:
        while chunk := await reader.read(2**16):
            rest += chunk
    except ConnectionError:
        pass
    return rest


async def test_who_does_not_take_an_answer_or_a_file_that_comes_in_pieces_is_left(
    databases: Databases, loaded_trade: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples.js").write_bytes(bytes(FILE_BYTES))
    monkeypatch.setattr("app.http.explorer.page.FOLDER", tmp_path)
    await within_some_limit(partial(left, databases, loaded_trade))


async def left(databases: Databases, loaded: Loaded, seconds: int) -> None:
    async with real_server(databases, loaded, request_timeout_seconds=seconds) as real:
        large = {"nodes": [{"id": "s", "command": "a/b", "fields": {"text": "x" * TEXT_CHARACTERS}}], "edges": []}
        created = await real.posting(CREATE, input=real.creation("Large") | {"graph": large})
        assert created.is_success, created.text
        body = json.dumps({"query": DOCUMENT, "variables": {"id": created.json()["data"]["createFlow"]["flow"]["id"]}})
        async with (
            real.saying(*real.head_of_a_post(len(body)), body) as query,
            real.saying("GET /graphql/static/examples.js HTTP/1.1", "Host: localhost", "", "") as file,
        ):
            for (reader, writer), length in ((query, 17 * TEXT_CHARACTERS), (file, FILE_BYTES)):
                port = writer.get_extra_info("sockname")[1]
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
                assert await soon(partial(is_left, real, port))
                assert len(await rest_of(reader)) < length
