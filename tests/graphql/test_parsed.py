"""What is parsed in one request is parsed once for all who ask, and in a thread where it is large."""

import asyncio
import threading
from typing import Any

import pytest

from app.graphql.context import Context
from app.meter import Meter
from app.offload import LARGE
from app.usecases.transaction import UnitOfWork

NOTHING: Any = None


class Parser:
    """Remembers the threads that it was called in."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def __call__(self) -> str:
        self.threads.append(threading.get_ident())
        return "parsed"


@pytest.fixture
async def context() -> Context:
    return Context(work=UnitOfWork(NOTHING, NOTHING), request_id="", meter=Meter(caller="ada"))


@pytest.mark.parametrize(("size", "in_thread"), [(10, False), (LARGE, True)])
async def test_what_several_ask_for_at_once_is_parsed_once(context: Context, size: int, *, in_thread: bool) -> None:
    parser = Parser()
    found = await asyncio.gather(*(context.parsed("key", size, parser) for _ in range(5)))
    assert found == ["parsed"] * 5
    [thread] = parser.threads
    assert (thread != threading.get_ident()) is in_thread
