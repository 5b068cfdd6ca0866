"""The pool of connections: who waits, what is given out, and what isn't given out again."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app.storage.connections.pool import AUTHENTICATION, ConnectionPool, NoConnection


class Connection:
    """What the pool asks of a connection of the driver."""

    def __init__(self) -> None:
        self.closed = self.in_transaction = False

    def is_closed(self) -> bool:
        return self.closed

    def is_in_transaction(self) -> bool:
        return self.in_transaction

    def terminate(self) -> None:
        self.closed = True

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - the driver's signature
        assert timeout > 0
        self.closed = True


class Counter:
    def __init__(self) -> None:
        self.number = 0

    def inc(self) -> None:
        self.number += 1

    def dec(self) -> None:
        self.number -= 1


def pool(
    made: list[Any], *, size: int = 2, wait_seconds: float = 5, counter: Counter | None = None
) -> ConnectionPool[Any]:
    async def connect() -> Any:
        made.append(Connection())
        return made[-1]

    return ConnectionPool(connect, size=size, wait_seconds=wait_seconds, in_use=counter)


async def test_after_a_renewal_no_connection_is_used_again_also_of_those_that_were_taken() -> None:
    made: list[Any] = []
    of_three = pool(made, size=3)
    first, second = await of_three.acquire("ada"), await of_three.acquire("ben")
    of_three.release(first)
    of_three.renew()
    assert (first.closed, second.closed) == (True, False)
    of_three.release(second)
    assert second.closed
    third = await of_three.acquire()
    assert (len(made), third.closed) == (3, False)
    of_three.release(third)
    assert await of_three.acquire() is third


async def test_a_connection_is_made_when_it_is_needed_and_used_again() -> None:
    made: list[Any] = []
    counter = Counter()
    of_two = pool(made, counter=counter)
    first = await of_two.acquire()
    second = await of_two.acquire("ben")
    assert (len(made), counter.number, first is second) == (2, 2, False)
    of_two.release(first)
    of_two.release(second)
    assert (await of_two.acquire(), len(made), counter.number) == (second, 2, 1)


async def test_whoever_waits_gets_one_that_is_given_back() -> None:
    of_one = pool([], size=1)
    taken = await of_one.acquire()
    waiting = asyncio.create_task(of_one.acquire())
    await asyncio.sleep(0)
    assert not waiting.done()
    of_one.release(taken)
    assert await waiting is taken


async def test_whoever_waits_in_vain_is_told_and_takes_no_place() -> None:
    of_one = pool([], size=1, wait_seconds=0.01)
    taken = await of_one.acquire()
    with pytest.raises(NoConnection):
        await of_one.acquire()
    of_one.release(taken)
    assert await of_one.acquire() is taken


async def test_whoever_is_cancelled_while_waiting_takes_no_place() -> None:
    of_one = pool([], size=1)
    taken = await of_one.acquire()
    waiting = asyncio.create_task(of_one.acquire())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    of_one.release(taken)
    assert await of_one.acquire() is taken


async def test_a_connection_that_could_not_be_made_takes_no_place() -> None:
    counter, failures = Counter(), [OSError("refused"), asyncio.CancelledError()]

    async def connect() -> Any:
        if failures:
            raise failures.pop()
        return Connection()

    of_one = ConnectionPool(connect, size=1, wait_seconds=0.01, in_use=counter)
    for expected in (asyncio.CancelledError, OSError):
        with pytest.raises(expected):
            await of_one.acquire()
    assert counter.number == 0
    assert (await of_one.acquire()).is_closed() is False


def close(connection: Connection) -> None:
    connection.closed = True


def leave_in_transaction(connection: Connection) -> None:
    connection.in_transaction = True


@pytest.mark.parametrize("spoil", [close, leave_in_transaction])
async def test_what_is_closed_or_left_in_a_transaction_is_not_given_out_again(
    spoil: Callable[[Connection], None],
) -> None:
    made: list[Any] = []
    of_one = pool(made, size=1)
    first: Any = await of_one.acquire()
    spoil(first)
    of_one.release(first)
    second = await of_one.acquire()
    assert (second is first, first.closed, len(made)) == (False, True, 2)


async def test_what_was_closed_while_it_was_free_is_not_given_out() -> None:
    of_one = pool([], size=1)
    first: Any = await of_one.acquire()
    of_one.release(first)
    first.closed = True
    assert await of_one.acquire() is not first


async def test_with_the_pool_all_connections_are_closed_at_once_or_when_they_are_given_back() -> None:
    made: list[Any] = []
    of_two = pool(made)
    free, at_work = await of_two.acquire("ada"), await of_two.acquire("ben")
    of_two.release(free)
    await of_two.close()
    assert [each.closed for each in made] == [True, False]
    of_two.release(at_work)
    assert [each.closed for each in made] == [True, True]


async def test_what_one_caller_asks_for_leaves_connections_to_others_and_one_to_authentication() -> None:
    made: list[Any] = []
    of_four = pool(made, size=4)
    calls = [asyncio.create_task(of_four.acquire(caller)) for caller in ("ada",) * 9 + ("ben", "cora", "dan")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [call.done() for call in calls] == [True, True, *[False] * 7, True, False, False]
    assert (await of_four.acquire(AUTHENTICATION), len(made)) == (made[3], 4)
    of_four.release(made[0])
    await calls[10]
    assert not any(call.done() for call in calls[2:9])
    for call in calls:
        call.cancel()
