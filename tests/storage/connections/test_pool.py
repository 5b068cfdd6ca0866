"""The pool of connections: who waits, what is given out, and what isn't given out again."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from app.storage.connections.failures import ConnectionLost, DatabaseUnavailable
from app.storage.connections.pool import AUTHENTICATION, ConnectionPool


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


class Lent:
    """Connections that are taken, each until it is given back."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._lent: dict[Any, AbstractAsyncContextManager[Any]] = {}

    async def take(self, caller: str = "") -> Any:
        context = self._pool.connection(caller)
        connection = await context.__aenter__()
        self._lent[connection] = context
        return connection

    async def give_back(self, connection: Any) -> None:
        await self._lent.pop(connection).__aexit__(None, None, None)


def pool(connections: list[Any], *, size: int = 2, wait_seconds: float = 5) -> ConnectionPool:
    async def connect() -> Any:
        connections.append(Connection())
        return connections[-1]

    return ConnectionPool(connect, size=size, wait_seconds=wait_seconds)


async def test_after_a_renewal_no_connection_is_used_again_also_of_those_that_were_taken() -> None:
    connections: list[Any] = []
    of_three = Lent(pool(connections, size=3))
    first, second = await of_three.take("ada"), await of_three.take("ben")
    await of_three.give_back(first)
    of_three._pool.renew()
    assert (first.closed, second.closed) == (True, False)
    await of_three.give_back(second)
    assert second.closed
    third = await of_three.take()
    assert (len(connections), third.closed) == (3, False)
    await of_three.give_back(third)
    assert await of_three.take() is third


async def test_a_connection_is_made_when_it_is_needed_and_used_again() -> None:
    connections: list[Any] = []
    two = pool(connections)
    of_two = Lent(two)
    first = await of_two.take()
    second = await of_two.take("ben")
    assert (len(connections), two.in_use, first is second) == (2, 2, False)
    await of_two.give_back(first)
    await of_two.give_back(second)
    assert (await of_two.take(), len(connections), two.in_use) == (second, 2, 1)


async def test_whoever_waits_gets_one_that_is_given_back() -> None:
    of_one = Lent(pool([], size=1))
    taken = await of_one.take()
    waiting = asyncio.create_task(of_one.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    await of_one.give_back(taken)
    assert await waiting is taken


async def test_whoever_waits_in_vain_is_told_and_takes_no_place() -> None:
    of_one = Lent(pool([], size=1, wait_seconds=0.01))
    taken = await of_one.take()
    with pytest.raises(DatabaseUnavailable):
        await of_one.take()
    await of_one.give_back(taken)
    assert await of_one.take() is taken


async def test_whoever_is_cancelled_while_waiting_takes_no_place() -> None:
    of_one = Lent(pool([], size=1))
    taken = await of_one.take()
    waiting = asyncio.create_task(of_one.take())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await of_one.give_back(taken)
    assert await of_one.take() is taken


async def test_a_connection_that_could_not_be_made_takes_no_place() -> None:
    failures = [OSError("refused"), asyncio.CancelledError()]

    async def connect() -> Any:
        if failures:
            raise failures.pop()
        return Connection()

    one = ConnectionPool(connect, size=1, wait_seconds=0.01)
    of_one = Lent(one)
    for expected in (asyncio.CancelledError, ConnectionLost):
        with pytest.raises(expected):
            await of_one.take()
    assert one.in_use == 0
    assert (await of_one.take()).is_closed() is False


def close(connection: Connection) -> None:
    connection.closed = True


def leave_in_transaction(connection: Connection) -> None:
    connection.in_transaction = True


@pytest.mark.parametrize("spoil", [close, leave_in_transaction])
async def test_what_is_closed_or_left_in_a_transaction_is_not_given_out_again(
    spoil: Callable[[Connection], None],
) -> None:
    connections: list[Any] = []
    of_one = Lent(pool(connections, size=1))
    first: Any = await of_one.take()
    spoil(first)
    await of_one.give_back(first)
    second = await of_one.take()
    assert (second is first, first.closed, len(connections)) == (False, True, 2)


async def test_what_was_closed_while_it_was_free_is_not_given_out() -> None:
    of_one = Lent(pool([], size=1))
    first: Any = await of_one.take()
    await of_one.give_back(first)
    first.closed = True
    assert await of_one.take() is not first


async def test_with_the_pool_all_connections_are_closed_at_once_or_when_they_are_given_back() -> None:
    connections: list[Any] = []
    of_two = Lent(pool(connections))
    free, at_work = await of_two.take("ada"), await of_two.take("ben")
    await of_two.give_back(free)
    await of_two._pool.close()
    assert [each.closed for each in connections] == [True, False]
    await of_two.give_back(at_work)
    assert [each.closed for each in connections] == [True, True]


async def test_what_one_caller_asks_for_leaves_connections_to_others_and_one_to_authentication() -> None:
    connections: list[Any] = []
    of_four = Lent(pool(connections, size=4))
    calls = [asyncio.create_task(of_four.take(caller)) for caller in ("ada",) * 9 + ("ben", "cora", "dan")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [call.done() for call in calls] == [True, True, *[False] * 7, True, False, False]
    assert (await of_four.take(AUTHENTICATION), len(connections)) == (connections[3], 4)
    await of_four.give_back(connections[0])
    await calls[10]
    assert not any(call.done() for call in calls[2:9])
    for call in calls:
        call.cancel()
