"""Servers on loaded worlds: one that is shared by all tests that leave it as it is, and fresh ones for those that write."""

from collections.abc import AsyncIterator

import pytest

from tests.api.client import Api
from tests.api.lists import COPIED
from tests.api.office import office
from tests.api.shelves import shelves
from tests.api.writing import export
from tests.databases import Databases, Loaded, run_sql


@pytest.fixture(scope="session")
async def api(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Api]:
    """The world of trade, shared: tests that use it write nothing."""
    async with databases.serving(loaded_trade) as served:
        yield served


@pytest.fixture
async def fresh(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Api]:
    """The world of trade, for one test to write in."""
    async with databases.serving(loaded_trade) as served:
        yield served


@pytest.fixture(scope="session")
async def loaded_office(databases: Databases) -> AsyncIterator[Loaded]:
    async with databases.loaded(office()) as loaded:
        yield loaded


@pytest.fixture
async def office_api(databases: Databases, loaded_office: Loaded) -> AsyncIterator[Api]:
    """The world of provisioners, for one test to write in."""
    async with databases.serving(loaded_office) as served:
        yield served


# So that flows differ by a microsecond, or not at all.
_CHANGED_AT_ONCE = "update flow set updated_at = now() - (ascii(right(id, 1)) % 3) * interval '1 microsecond'"


@pytest.fixture(scope="session")
async def on_shelves(databases: Databases) -> AsyncIterator[Api]:
    """The world of lists, shared: tests that use it write nothing."""
    async with databases.loaded(shelves()) as loaded, databases.serving(loaded) as served:
        for flow in COPIED:
            await export(served, "history", "lea", onto=flow)
        await run_sql(served.database_url, _CHANGED_AT_ONCE)
        yield served
