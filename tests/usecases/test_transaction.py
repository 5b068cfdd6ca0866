"""Transactions of use cases: what is done again after a conflict counts once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from app.meter import BYTES_PER_OBJECT, MUTATION_COST, Meter, current_meter
from app.storage.connections.failures import CommitState, TransactionConflict
from app.storage.store import Store
from app.usecases.transaction import RETRIES, UnitOfWork, transaction
from tests.metering import counted_by


class Work:
    """Transactions of which the first few give way to others, once they have decided."""

    def __init__(self, conflicts: int) -> None:
        self.conflicts = conflicts
        self.refused: list[str] = []

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        yield
        if self.conflicts:
            self.conflicts -= 1
            conflict = TransactionConflict("in the way")
            conflict.written = CommitState.NOTHING
            raise conflict


@transaction()
async def decide_about(_: Store, size: int) -> str:
    current_meter().take_objects(5)
    current_meter().take_decided(size)
    current_meter().take_planned(size)
    return "done"


@pytest.mark.parametrize("conflicts", range(RETRIES + 1))
async def test_what_is_looked_at_again_after_a_conflict_counts_once(conflicts: int) -> None:
    meter, work = Meter(max_bytes=10_000), cast("Any", Work(conflicts))
    meter.take_decided(2_000)
    with counted_by(meter):
        assert await decide_about(cast("UnitOfWork", work), 15_000) == "done"
    assert (meter.decided_bytes, meter.planned_bytes, meter.refused) == (17_000, 15_000, None)
    objects = MUTATION_COST + 5
    assert (meter.objects, meter.bytes) == (objects, objects * BYTES_PER_OBJECT)
