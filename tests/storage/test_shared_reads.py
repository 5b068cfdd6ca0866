"""Reads that requests share: nobody is answered with what was read before it asked, and nobody's end is another's."""

import asyncio
from collections.abc import Sequence

import pytest

from app.storage.connections.failures import DatabaseUnavailable
from app.storage.connections.shared_reads import SharedReads
from app.telemetry.log import LoggedRequest, count_statement
from tests.serving.real import soon


class Statements:
    """Reads numbers as words; each statement is answered when it is let go."""

    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        self.going: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def read(self, keys: Sequence[int]) -> dict[int, str]:
        count_statement()
        self.sent.append([*keys])
        going: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.going.put_nowait(going)
        await going
        return {key: f"{key} in statement {len(self.sent)}" for key in keys if key >= 0}

    async def let_go(self) -> None:
        (await self.going.get()).set_result(None)

    async def fail(self, error: BaseException) -> None:
        (await self.going.get()).set_exception(error)


@pytest.fixture
def statements() -> Statements:
    return Statements()


@pytest.fixture
def reads(statements: Statements) -> SharedReads[int, str]:
    return SharedReads(statements.read)


async def begun(reads: SharedReads[int, str], *keys: int) -> list["asyncio.Task[str | None]"]:
    """One after the other asks for each of these, and has got as far as one gets without an answer."""
    tasks = []
    for key in keys:
        tasks.append(asyncio.create_task(reads.find(key)))
        for _ in range(3):
            await asyncio.sleep(0)
    return tasks


async def test_who_asks_during_a_statement_is_read_together_by_the_next(
    reads: SharedReads[int, str], statements: Statements
) -> None:
    [first] = await begun(reads, 1)
    others = await begun(reads, 1, 2, -3, 2)
    assert statements.sent == [[1]]
    await statements.let_go()
    assert await first == "1 in statement 1"
    await statements.let_go()
    assert await asyncio.gather(*others) == ["1 in statement 2", "2 in statement 2", None, "2 in statement 2"]
    assert statements.sent == [[1], [1, 2, -3]]


async def test_who_asks_at_the_same_moment_is_read_together(
    reads: SharedReads[int, str], statements: Statements
) -> None:
    together = asyncio.gather(reads.find(1), reads.find(2))
    await statements.let_go()
    assert tuple(await together) == ("1 in statement 1", "2 in statement 1")


async def test_a_failure_is_told_to_those_whom_the_statement_was_for(
    reads: SharedReads[int, str], statements: Statements
) -> None:
    failing = await begun(reads, 1)
    failing += await begun(reads, 2)
    await statements.let_go()
    assert await failing[0] == "1 in statement 1"
    [later] = await begun(reads, 3)
    await statements.fail(DatabaseUnavailable("lost"))
    with pytest.raises(DatabaseUnavailable, match="lost"):
        await failing[1]
    await statements.let_go()
    assert await later == "3 in statement 3"


async def test_who_goes_away_takes_nobody_along(reads: SharedReads[int, str], statements: Statements) -> None:
    [gone, *others] = await begun(reads, 1, 1, 2)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await soon((await statements.going.get()).cancelled)
    await statements.let_go()
    assert await asyncio.gather(*others) == ["1 in statement 2", "2 in statement 2"]


async def test_what_nobody_waits_for_any_more_is_not_read(reads: SharedReads[int, str], statements: Statements) -> None:
    [first, second] = await begun(reads, 1, 2)
    second.cancel()
    await statements.let_go()
    assert await first == "1 in statement 1"
    [third] = await begun(reads, 3)
    await statements.let_go()
    assert await third == "3 in statement 2"


async def test_a_statement_that_hangs_keeps_nobody_else_waiting(
    reads: SharedReads[int, str], statements: Statements
) -> None:
    [hanging] = await begun(reads, 1)
    hung = await statements.going.get()
    others = await begun(reads, 2, 3)
    await statements.let_go()
    assert await asyncio.gather(*others) == ["2 in statement 2", "3 in statement 2"]
    assert not hanging.done()
    hung.set_result(None)
    assert await hanging == "1 in statement 2"


async def test_a_statement_counts_as_one_of_the_first_who_is_answered_by_it(
    reads: SharedReads[int, str], statements: Statements
) -> None:
    async def asked_by(request: LoggedRequest) -> None:
        with request:
            await reads.find(1)

    requests = [LoggedRequest(f"request {number}", None) for number in range(3)]
    tasks = [asyncio.create_task(asked_by(request)) for request in requests]
    await statements.let_go()
    await asyncio.gather(*tasks)
    assert [request.statements for request in requests] == [1, 0, 0]


async def test_a_statement_for_which_nobody_waits_any_more_is_cancelled(
    reads: SharedReads[int, str], statements: Statements
) -> None:
    """Its connection may never answer; whoever comes next is read by another one."""
    first = await begun(reads, 1)
    others = await begun(reads, 2, 3)
    for task in first:
        task.cancel()
    await asyncio.wait(first)
    hanging = await statements.going.get()
    assert await soon(hanging.cancelled)
    await statements.let_go()
    assert await asyncio.gather(*others) == ["2 in statement 2", "3 in statement 2"]
