"""What the tests of a draft's life share: the company, in a copy for every test or for several."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from app.storage.connections.database import Database
from tests.databases import Databases, Loaded
from tests.lifecycle.company import Company
from tests.lifecycle.stage import Stage, stage_on


@pytest.fixture
async def firm(databases: Databases, loaded_company: Loaded) -> AsyncIterator[Company]:
    """The company in a database of the test's own."""
    async with company_in_a_copy(databases, loaded_company) as company:
        yield company


@pytest.fixture(scope="session")
async def shared_firm(databases: Databases, loaded_company: Loaded) -> AsyncIterator[Company]:
    """The company in one database, for tests that only look at flows which they made themselves."""
    async with company_in_a_copy(databases, loaded_company) as company:
        yield company


@pytest.fixture(scope="module")
async def own_firm(databases: Databases, loaded_company: Loaded) -> AsyncIterator[Company]:
    """The company in a database of the module's own, for what is written past the rules."""
    async with company_in_a_copy(databases, loaded_company) as company:
        yield company


@asynccontextmanager
async def company_in_a_copy(databases: Databases, loaded: Loaded) -> AsyncIterator[Company]:
    async with databases.copy(loaded.name) as url:
        with databases.reusable.used():
            database = Database(url, pool_size=16, lock_timeout_seconds=60)
        yield Company(loaded.ids, url, database)
        await database.close()


@pytest.fixture
async def company_url(databases: Databases, loaded_company: Loaded) -> AsyncIterator[str]:
    async with databases.copy(loaded_company.name) as url:
        yield url


@pytest.fixture
def stage(company_url: str, loaded_company: Loaded) -> Iterator[Stage]:
    with stage_on(company_url, loaded_company) as stage:
        yield stage
