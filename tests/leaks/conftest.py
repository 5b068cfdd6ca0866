"""Servers on the worlds that are compared; no test writes into them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import cache

import pytest

from app.http.documents import Documents
from app.server import application
from tests.databases import Databases
from tests.leaks.company_of_strangers import CALLERS, company
from tests.leaks.expected_visibility import Sight
from tests.leaks.worlds import Ids, Worlds, sections_of, served


@pytest.fixture(scope="session")
async def worlds(databases: Databases) -> AsyncIterator[Worlds]:
    world, ids = company(), Ids()
    sights = {user: Sight(world, user) for user in CALLERS}
    async with AsyncExitStack() as stack:
        # They are all asked the same documents, and need not all read them.
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(application, "Documents", cache(Documents))
        full = await stack.enter_async_context(served(databases, sections_of(world), ids, [*CALLERS]))
        known = {
            user: await stack.enter_async_context(served(databases, sight.world(), ids, [user], sight.forgotten()))
            for user, sight in sights.items()
        }
        yield Worlds(full, known, sights, dict(ids.of))
