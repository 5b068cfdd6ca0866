"""What is parsed in one request is parsed once for all who ask, and in a thread where it is large."""

import asyncio
import threading
from typing import Any

import pytest

from app.domain.model import UserId
from app.graphql.context import Context
from app.graphql.execution.meter import AnswerTooLarge
from app.http.limits import Limits
from app.offload import LARGE

NOBODY: Any = None


class Parser:
    """Remembers the threads that it was called in."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def __call__(self) -> str:
        self.threads.append(threading.get_ident())
        return "parsed"


@pytest.fixture
async def context() -> Context:
    meter = Limits(answer_bytes=LARGE + 10).meter()
    return Context(viewer=UserId(""), database=NOBODY, work=NOBODY, request_id="", meter=meter)


@pytest.mark.parametrize(("size", "in_thread"), [(10, False), (LARGE, True)])
async def test_what_several_ask_for_at_once_is_parsed_once(context: Context, size: int, *, in_thread: bool) -> None:
    parser = Parser()
    found = await asyncio.gather(*(context.parsed("key", size, parser) for _ in range(5)))
    assert found == ["parsed"] * 5
    assert context.meter.parsed_bytes == size
    [thread] = parser.threads
    assert (thread != threading.get_ident()) is in_thread


async def test_what_would_be_too_much_is_not_parsed(context: Context) -> None:
    parser = Parser()
    await context.parsed("one", LARGE, parser)
    with pytest.raises(AnswerTooLarge):
        await context.parsed("two", LARGE, parser)
    assert len(parser.threads) == 1
