"""Requests in flight are looked at from time to time: what is too late is cut off, and what nobody waits for."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from app.http.in_flight import PROMPT_SECONDS, InFlightRequest, InFlightRequests
from app.http.responses import RequestCode

SCOPE = {"type": "http", "method": "POST", "path": "/graphql", "headers": [(b"x-request-id", b"its-id")]}


async def nothing(*_: object) -> Any:
    await asyncio.Event().wait()


def a_request() -> InFlightRequest:
    """A request that the current task answers, and whose body is awaited."""
    return InFlightRequest(SCOPE, nothing, nothing, InFlightRequests())


async def test_who_is_late_is_cut_off() -> None:
    async def reading() -> object:
        request = a_request()
        request.deadline = request.begun + 0.5
        asyncio.get_running_loop().call_soon(request.check, request.deadline)
        try:
            await nothing()
        except asyncio.CancelledError:
            return request.accept_cut()
        return None

    task = asyncio.create_task(reading())
    assert await task == (RequestCode.TIMEOUT, "The request was ended after 0.5 seconds")
    assert not task.cancelling()


@pytest.mark.parametrize(
    ("age", "is_received", "is_watched"),
    [(PROMPT_SECONDS / 2, True, False), (2 * PROMPT_SECONDS, False, False), (2 * PROMPT_SECONDS, True, True)],
)
async def test_a_client_is_watched_once_its_body_has_come_unless_it_is_answered_at_once(
    age: float, *, is_received: bool, is_watched: bool
) -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def working() -> object:
        request = InFlightRequest(SCOPE, gone, nothing, InFlightRequests())
        request.is_received = is_received
        request.check(request.begun + age)
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return request.accept_cut()
        return None

    cut = (RequestCode.CLIENT_CLOSED_REQUEST, "")
    assert await asyncio.create_task(working()) == (cut if is_watched else None)
