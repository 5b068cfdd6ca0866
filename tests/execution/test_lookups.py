"""Lookups whose reading fails."""

import asyncio
import gc

import pytest

from app.execution.lookups import Loader, Lookup
from app.storage.connections.failures import DatabaseUnavailable


async def waits_for_one(loader: Loader[str, str]) -> object:
    return await Lookup[str](loader, "key")


async def waits_for_several(loader: Loader[str, str]) -> object:
    return await asyncio.shield(loader.load_many(["key", "other"]))


@pytest.mark.parametrize("waits", [waits_for_one, waits_for_several])
@pytest.mark.parametrize("is_cut_off", [True, False])
async def test_a_failure_is_told_to_whoever_waits_and_to_nobody_if_they_were_cut_off(
    waits: object, caplog: pytest.LogCaptureFixture, *, is_cut_off: bool
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def load(_: list[str]) -> list[str]:
        begun.set()
        await go_on.wait()
        raise DatabaseUnavailable("all connections are at work")

    reading = set[asyncio.Task[object]]()
    assert callable(waits)
    waiting = asyncio.create_task(waits(Loader(load, reading)))
    await begun.wait()
    if is_cut_off:
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    go_on.set()
    await asyncio.gather(*reading, return_exceptions=True)
    if not is_cut_off:
        with pytest.raises(DatabaseUnavailable):
            await waiting
    del waiting
    await asyncio.sleep(0)
    gc.collect()
    assert [record.message for record in caplog.records] == []
