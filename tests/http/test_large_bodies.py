"""A large body is read in a thread: that of somebody who means no good may take the time of many requests."""

import threading
from typing import Any

import pytest
from starlette.types import Message

from app.http import requests
from app.http.in_flight import InFlightRequest, InFlightRequests
from app.http.requests import read_request
from app.http.responses import RequestError
from app.json_keys import RepeatedKey, repeated_key
from app.offload import LARGE
from tests.http.test_admission import admitting
from tests.http.test_bodies_in_pieces import SCOPE, nothing


def body_of(objects: int) -> bytes:
    """A body whose last object alone has a key twice, so that all of it is looked at."""
    return b'{"query": "{viewer{id}}", "variables": {"all": [%s {"a": 1, "a": 2}]}}' % (b'{"a": [[[]]]},' * objects)


@pytest.mark.parametrize(("objects", "in_a_thread"), [(10, False), (LARGE // 10, True)])
async def test_a_body_is_read_in_a_thread_where_it_is_large(
    objects: int, in_a_thread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def looked_at(text: bytes, value: object) -> RepeatedKey | None:
        threads.append(threading.current_thread())
        return repeated_key(text, value)

    async def receive() -> Message:
        return {"type": "http.request", "body": body_of(objects), "more_body": False}

    monkeypatch.setattr(requests, "repeated_key", looked_at)
    admission = admitting(running=1)
    slot: Any = await admission.slot(None, "a")
    request = InFlightRequest(SCOPE, receive, nothing, InFlightRequests())
    with pytest.raises(RequestError, match='has the key "a" twice'):
        await read_request(request, max_body_bytes=10**6, admission=admission, slot=slot)
    assert [thread is not threading.main_thread() for thread in threads] == [in_a_thread]
