"""What a connection may say before it is a request, without the proxy that others reach the server through."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases, Loaded
from tests.serving.real import PATIENCE_SECONDS, VIEWER, Real, code_of, real_server


@pytest.fixture(scope="module")
async def real(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Real]:
    async with real_server(databases, loaded_trade) as started:
        yield started


@pytest.mark.parametrize(
    "lines",
    [
        ("\x16\x03\x01\x02", "", ""),
        ("GET /graphql HTTP/7.7", "", ""),
        ("GET /graphql HTTP/1.1", "No colon here", "", ""),
        ("POST /graphql HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked", "", ""),
    ],
    ids=["another protocol", "version", "header", "framing"],
)
async def test_what_is_no_http_gets_a_plain_400_and_the_server_goes_on(real: Real, lines: tuple[str, ...]) -> None:
    async with real.saying(*lines) as (reader, _):
        answered = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    assert answered.startswith(b"HTTP/1.1 400")
    assert answered.endswith(b"Invalid HTTP request received.")
    assert (await real.posting(VIEWER)).status_code == 200


async def test_a_body_that_is_lost_since_an_upgrade_was_offered_is_told_so(real: Real) -> None:
    head = real.head_of_a_post(2)[:-1]
    async with real.saying(*head, "Upgrade: h2c", "Connection: Upgrade", "", "{}") as (reader, _):
        answered = await asyncio.wait_for(reader.readuntil(b"}]}"), PATIENCE_SECONDS)
    assert answered.startswith(b"HTTP/1.1 400")
    assert b"Send it without the header Upgrade" in answered


async def test_a_body_that_was_refused_leaves_its_connection_to_the_next_request(real: Real) -> None:
    for _ in range(3):
        refused = await real.api.http.post(
            "/graphql", content=bytes(6 * 2**20), headers={"Content-Type": "application/json"}
        )
        assert (refused.status_code, code_of(refused)[1]) == (413, "CONTENT_TOO_LARGE")
        assert (await real.posting(VIEWER)).status_code == 200
