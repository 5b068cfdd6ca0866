"""Lookups whose reading fails."""

import asyncio
import gc

import pytest

from app.execution.lookups import Loader, Lookup
from app.storage.connections.failures import DatabaseUnavailable


async def look_up(loader: Loader[str, str]) -> object:
    return await Lookup[str](loader, "key")


@pytest.mark.parametrize("is_cut_off", [True, False])
async def test_a_failure_is_told_to_whoever_waits_and_to_nobody_if_they_were_cut_off(
    caplog: pytest.LogCaptureFixture, *, is_cut_off: bool
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def load(_: list[str]) -> list[str]:
        begun.set()
        await go_on.wait()
        raise DatabaseUnavailable("all connections are at work")

    waiting = asyncio.create_task(look_up(Loader(load)))
    await begun.wait()
    if is_cut_off:
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    go_on.set()
    if not is_cut_off:
        with pytest.raises(DatabaseUnavailable):
            await waiting
    del waiting
    await asyncio.sleep(0)
    gc.collect()
    assert [record.message for record in caplog.records] == []
