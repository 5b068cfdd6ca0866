"""Requests in flight are looked at from time to time: what is too late is cut off, and a slow body is left to itself."""

import asyncio
from typing import Any

import pytest

from app.http.in_flight import LOOK_SECONDS, InFlightRequest, InFlightRequests
from app.http.refused_requests import RequestCode
from app.telemetry.log import LoggedRequest, with_request

SCOPE = {"type": "http", "method": "POST", "path": "/graphql", "headers": [(b"x-request-id", b"its-id")]}


async def nothing(*_: object) -> Any:
    await asyncio.Event().wait()


def a_request() -> InFlightRequest:
    """A request that the current task answers, and whose body is awaited."""
    request = InFlightRequest(SCOPE, nothing, nothing, InFlightRequests())
    request.received = False
    return request


@pytest.mark.parametrize("looks", [1, 2])
async def test_a_slow_body_is_interrupted_once_and_its_task_goes_on(looks: int) -> None:
    async def reading() -> bool:
        request = a_request()
        for _ in range(looks):
            asyncio.get_running_loop().call_soon(request.look, request.begun + 2 * LOOK_SECONDS)
        try:
            await nothing()
        except asyncio.CancelledError:
            return request.take_interruption()
        return False

    task = asyncio.create_task(reading())
    assert await task
    assert not task.cancelling()


@pytest.mark.parametrize("age", [0, LOOK_SECONDS / 2])
async def test_a_body_that_has_had_no_time_to_come_is_waited_for(age: float) -> None:
    async def reading() -> str:
        request = a_request()
        request.look(request.begun + age)
        await asyncio.sleep(0)
        return "not interrupted"

    assert await asyncio.create_task(reading()) == "not interrupted"


async def test_who_is_cut_off_at_the_moment_of_an_interruption_is_cut_off() -> None:
    async def reading() -> tuple[bool, object]:
        request = a_request()
        request.deadline = request.begun + 0.5
        loop = asyncio.get_running_loop()
        loop.call_soon(request.look, request.begun + 2 * LOOK_SECONDS)
        loop.call_soon(request.look, request.deadline)
        try:
            await nothing()
        except asyncio.CancelledError:
            return request.take_interruption(), request.take_cut()
        return False, None

    task = asyncio.create_task(reading())
    assert await task == (False, (RequestCode.TIMEOUT, "The request was ended after 0.5 seconds"))
    assert not task.cancelling()


async def test_looking_is_no_work_of_the_request_that_came_first(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, looked = list[Any](), asyncio.Event()

    def look(_: InFlightRequest, __: float) -> None:
        lines.append(with_request(None, "info", {"event": "looked"}))
        looked.set()

    monkeypatch.setattr(InFlightRequest, "look", look)
    in_flight = InFlightRequests()
    with LoggedRequest("first", "its-client"):
        in_flight.add(request := a_request())
    await looked.wait()
    in_flight.remove(request)
    assert lines == [{"event": "looked"}]
