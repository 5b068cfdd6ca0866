"""What the tests of a draft's life share: the company, loaded once and copied for every test."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import open_database
from app.storage.world import load_world
from tests.conftest import drop_database, make_database, url_of
from tests.lifecycle.company import Company, Place
from tests.usecases.company import company as company_world


@pytest.fixture(scope="session")
async def company_of_lives(server_url: str, server: AsyncEngine, template: str) -> AsyncIterator[Place]:
    """A database that holds the company, to which nobody is connected, and the ids of its keys."""
    name = await make_database(server, template=template)
    ids = await load_world(url_of(server_url, name), json.dumps(company_world()).encode())
    yield Place(server_url, name, ids)
    await drop_database(server, name)


@pytest.fixture
async def firm(server: AsyncEngine, company_of_lives: Place) -> AsyncIterator[Company]:
    """The company in a database of the test's own."""
    async with company_in_a_copy(server, company_of_lives) as company:
        yield company


@pytest.fixture(scope="session")
async def shared_firm(server: AsyncEngine, company_of_lives: Place) -> AsyncIterator[Company]:
    """The company in one database, for tests that only look at flows which they made themselves."""
    async with company_in_a_copy(server, company_of_lives) as company:
        yield company


@pytest.fixture(scope="module")
async def own_firm(server: AsyncEngine, company_of_lives: Place) -> AsyncIterator[Company]:
    """The company in a database of the module's own, for what is written past the rules."""
    async with company_in_a_copy(server, company_of_lives) as company:
        yield company


@asynccontextmanager
async def company_in_a_copy(server: AsyncEngine, company_of_lives: Place) -> AsyncIterator[Company]:
    name = await make_database(server, template=company_of_lives.name)
    database = open_database(url_of(company_of_lives.server_url, name), pool_size=16)
    yield Company(company_of_lives.ids, database)
    await database.close()
    await drop_database(server, name)
