"""Servers on the worlds that are compared; no test writes into them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.databases import Databases
from tests.leaks.company_of_strangers import CALLERS, company
from tests.leaks.expected_visibility import Sight
from tests.leaks.worlds import Ids, Worlds, sections_of, served


@pytest.fixture(scope="session")
async def worlds(databases: Databases) -> AsyncIterator[Worlds]:
    world, ids = company(), Ids()
    sights = {user: Sight(world, user) for user in CALLERS}
    async with AsyncExitStack() as stack:
        full = await stack.enter_async_context(served(databases, sections_of(world), ids, [*CALLERS]))
        known = {
            user: await stack.enter_async_context(served(databases, sight.world(), ids, [user], sight.forgotten()))
            for user, sight in sights.items()
        }
        yield Worlds(full, known, sights, dict(ids.of))
