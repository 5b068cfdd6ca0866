"""A body in several pieces keeps the slot of its request, unless it comes slowly."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from app.http import requests
from app.http.in_flight import InFlightRequest, InFlightRequests
from app.http.requests import read_request
from tests.http.test_admission import admitting

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}


async def nothing(*_: object) -> Any: ...


@pytest.mark.parametrize("is_slow", [False, True])
async def test_a_body_in_pieces_keeps_its_slot_unless_it_comes_slowly(
    *, is_slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "SLOW_SECONDS", 0.0 if is_slow else 3600.0)
    pieces = [b'{"query":', b'"{', b"viewer", b"{id", b'}}"}']

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    admission = admitting(running=1)
    slot = await admission.slot(None, "a")
    # Whoever waits gets the slot of a body that comes slowly, and gives it back.
    waiting = asyncio.create_task(admission.slot(None, "b"))
    request = InFlightRequest(SCOPE, receive, nothing, InFlightRequests())
    reading = asyncio.create_task(read_request(request, max_body_bytes=1000, admission=admission, slot=slot))
    await asyncio.wait([waiting if is_slow else reading], timeout=30)
    assert (waiting.done(), reading.done()) == ((True, False) if is_slow else (False, True))
    if is_slow:
        (await waiting).give_back()
    waiting.cancel()
    assert (await reading).query == "{viewer{id}}"
