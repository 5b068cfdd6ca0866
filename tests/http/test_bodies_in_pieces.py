"""A body in several pieces keeps the slot of its request, unless it comes slowly."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from app.http.in_flight import PROMPT_SECONDS, InFlightRequest, InFlightRequests
from app.http.requests import read_request
from app.http.responses import RequestError
from tests.http.test_admission import admitting, settled

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
PIECES = (b'{"query":', b'"{', b"viewer", b"{id", b'}}"}')


async def nothing(*_: object) -> Any: ...


class Body:
    """A body whose pieces come when the test says so."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages
        self.come = asyncio.Semaphore(0)

    async def receive(self) -> Message:
        await self.come.acquire()
        return self._messages.pop(0)


def a_body() -> Body:
    last = len(PIECES) - 1
    return Body([{"type": "http.request", "body": each, "more_body": n < last} for n, each in enumerate(PIECES)])


@pytest.mark.parametrize("is_slow", [False, True])
async def test_a_body_in_pieces_keeps_its_slot_unless_it_comes_slowly(*, is_slow: bool) -> None:
    admission, body = admitting(running=1), a_body()
    slot = await admission.slot(None, "a")
    waiting = asyncio.create_task(admission.slot(None, "b"))
    request = InFlightRequest(SCOPE, body.receive, nothing, InFlightRequests())
    now = request.begun
    if is_slow:
        request.begun -= 2 * PROMPT_SECONDS
    reading = asyncio.create_task(read_request(request, max_body_bytes=1000, admission=admission, slot=slot))
    body.come.release()
    await settled()
    for _ in range(2):
        request.check(now)
        await settled()
    assert waiting.done() is is_slow
    if is_slow:
        # Whoever waited gives the slot back, which the body takes again once it is complete.
        (await waiting).give_back()
    waiting.cancel()
    for _ in PIECES:
        body.come.release()
    assert (await reading).query == "{viewer{id}}"
    assert not reading.cancelling()


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"type": "http.disconnect"}, 499),
        ({"type": "http.request", "body": b"x" * 1001, "more_body": True}, 413),
    ],
)
async def test_a_request_whose_body_was_refused_is_looked_at_without_harm(message: Message, status: int) -> None:
    admission, body = admitting(running=1), Body([message])
    slot = await admission.slot(None, "a")
    request = InFlightRequest(SCOPE, body.receive, nothing, InFlightRequests())
    body.come.release()
    with pytest.raises(RequestError) as refusal:
        await read_request(request, max_body_bytes=1000, admission=admission, slot=slot)
    assert refusal.value.status == status
    request.end_work()
    request.check(request.begun + 2 * PROMPT_SECONDS)
