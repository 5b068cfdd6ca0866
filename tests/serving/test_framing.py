"""Where a request and its body end: as a proxy before us sees it; and what many requests at once cost."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httptools
import pytest

from app.server.client_connections import MOST_PIPELINED
from tests.databases import Databases, Loaded
from tests.serving.real import PATIENCE_SECONDS, VIEWER, Real, real_server
from tests.serving.test_connections import answer_to, code_in, followed, read_statuses, statuses_in

HOST, LENGTH, CODING = "Host: localhost", "Content-Length: 3", "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
async def roomy(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Real]:
    """A server with the heads that are usual."""
    async with real_server(databases, loaded_trade) as started:
        yield started


@pytest.mark.parametrize(
    ("version", "headers"),
    [
        ("1.1", (LENGTH, CODING)),
        ("1.1", (CODING, LENGTH)),
        ("1.1", (CODING, CODING)),
        ("1.1", ("Transfer-Encoding: chunked, chunked",)),
        ("1.1", ("Transfer-Encoding: gzip, chunked",)),
        ("1.1", ("Transfer-Encoding: gzip", CODING)),
        ("1.1", ("Transfer-Encoding: chunked, gzip",)),
        ("1.1", ("Transfer-Encoding: gzip",)),
        ("1.1", ("Transfer-Encoding: identity",)),
        ("1.1", ("Transfer-Encoding:",)),
        ("1.1", ("Transfer-Encoding: gzip, chunked", "Upgrade: h2c", "Connection: Upgrade")),
        ("1.0", (CODING,)),
        ("1.0", (CODING, "Connection: keep-alive")),
        ("1.1", (LENGTH, LENGTH)),
        ("1.1", ("Content-Length: 3, 3",)),
        ("1.1", ("Content-Length: +3",)),
        ("1.1", ("Content-Length : 3",)),
    ],
)
async def test_a_body_whose_end_a_proxy_might_see_elsewhere_is_refused(
    roomy: Real, version: str, headers: tuple[str, ...]
) -> None:
    sent = (f"POST /graphql HTTP/{version}", HOST, "Content-Type: application/json", *headers, "", "0", "", "")
    head, _, rest = b"\r\n\r\n".join(await answer_to(roomy, *sent)).partition(b"\r\n\r\n")
    assert code_in(head, rest) == ("400", "BAD_REQUEST")


async def test_chunks_are_read_whatever_the_case_of_their_coding(roomy: Real) -> None:
    head = [line for line in roomy.head_of_a_post(1)[:-1] if not line.startswith("Content-Length")]
    body = json.dumps({"query": VIEWER})
    sent = (*head, "Transfer-Encoding: Chunked", "Connection: close", "", f"{len(body):x}", body, "0", "", "")
    answered = await answer_to(roomy, *sent)
    assert statuses_in(answered[0]) == [200]


async def test_a_length_with_many_zeros_is_read_as_a_number(roomy: Real) -> None:
    """Python itself refuses to read a number of more than 4,300 digits."""
    for number, status, code in (("2", 400, b"BAD_REQUEST"), ("9" * 18, 413, b"CONTENT_TOO_LARGE")):
        length = f"Content-Length: {'0' * 5000}{number}"
        head = ("POST /graphql HTTP/1.1", HOST, "Content-Type: application/json", length, "Connection: close", "")
        answered = await answer_to(roomy, *head, "{]")
        assert statuses_in(answered[0]) == [status]
        assert code in answered[1]


async def test_headers_count_with_an_overhead_so_that_many_small_ones_are_too_large(roomy: Real) -> None:
    def head(number: int) -> tuple[str, ...]:
        return ("GET /health HTTP/1.1", HOST, "Connection: close", *(["a:"] * number), "", "")

    assert statuses_in((await answer_to(roomy, *head(100)))[0]) == [200]
    assert code_in(*await answer_to(roomy, *head(65_536 // 33 + 1))) == ("431", "HEADERS_TOO_LARGE")


async def test_no_more_than_so_many_requests_wait_for_the_answers_before_them(roomy: Real) -> None:
    following = f"GET /health HTTP/1.1\r\n{HOST}\r\n\r\n" * (MOST_PIPELINED + 2)
    async with followed(roomy, following) as (reader, lock):
        assert await roomy.is_at_work(1)
        await lock.aclose()
        answered = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    assert statuses_in(answered) == [*[200] * (MOST_PIPELINED + 1), 400]
    assert f"More than {MOST_PIPELINED} requests".encode() in answered


async def test_upgrades_that_are_offered_one_after_the_other_copy_no_more_than_their_heads(
    roomy: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = list[int]()

    class Counting(httptools.HttpRequestParser):
        def feed_data(self, data: Any) -> None:
            if isinstance(data, bytes):
                copied.append(len(data))
            super().feed_data(data)

    monkeypatch.setattr(httptools, "HttpRequestParser", Counting)
    request = f"GET /health HTTP/1.1\r\n{HOST}\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"
    async with roomy.saying(request * 200) as (reader, _):
        assert await read_statuses(reader, 200) == [200] * 200
    assert len(copied) == 200
    assert max(copied) < len(request)
