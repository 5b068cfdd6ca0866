"""Clients that don't take their answers are left, so that these don't stay in memory."""

import json
from pathlib import Path

import pytest

from app.server.client_connections import Protocol
from tests.databases import Databases, Loaded
from tests.serving.real import Real, real_server, soon

CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { message } } }"


def answers_waiting(real: Real) -> int:
    """How many connections don't take what they were answered."""
    connections = real.server.server_state.connections
    return sum(isinstance(each, Protocol) and each.flow.write_paused for each in connections)


async def test_who_does_not_take_an_answer_or_a_file_that_comes_in_pieces_is_left(
    databases: Databases, loaded_trade: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples.js").write_bytes(bytes(30_000_000))
    monkeypatch.setattr("app.http.explorer.page.FOLDER", tmp_path)
    aliases = " ".join(f"a{number}: native" for number in range(17))
    document = f"query($id: ID!) {{ flow(id: $id) {{ draft {{ graph {{ {aliases} }} }} }} }}"
    async with real_server(databases, loaded_trade, request_timeout_seconds=1) as real:
        large = {"nodes": [{"id": "s", "command": "a/b", "fields": {"text": "x" * 900_000}}], "edges": []}
        created = await real.posting(CREATE, input=real.creation("Large") | {"graph": large})
        body = json.dumps({"query": document, "variables": {"id": created.json()["data"]["createFlow"]["flow"]["id"]}})
        async with (
            real.saying(*real.head_of_a_post(len(body)), body),
            real.saying("GET /graphql/static/examples.js HTTP/1.1", "Host: localhost", "", ""),
        ):
            assert await soon(lambda: answers_waiting(real) == 2)
            assert await soon(lambda: not answers_waiting(real))
