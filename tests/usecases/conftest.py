"""What the tests of use cases share: the company, copied for every test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.storage.connections.database import Database
from tests.databases import Databases, Loaded
from tests.usecases.company_database import CompanyDatabase


@pytest.fixture
async def world(databases: Databases, loaded_company: Loaded) -> AsyncIterator[CompanyDatabase]:
    """The company in a database of the test's own."""
    async with copy_of(loaded_company, databases) as made:
        yield made


@pytest.fixture(scope="session")
async def untouched(databases: Databases, loaded_company: Loaded) -> AsyncIterator[CompanyDatabase]:
    """One company for all the tests that leave no trace in it."""
    async with copy_of(loaded_company, databases) as made:
        yield made


@asynccontextmanager
async def copy_of(loaded: Loaded, databases: Databases) -> AsyncIterator[CompanyDatabase]:
    async with databases.copy(loaded.name) as url:
        with databases.reusable.used():
            database = Database(url, pool_size=32, lock_timeout_seconds=60)
        try:
            yield CompanyDatabase(loaded.ids, url, database)
        finally:
            await database.close()
