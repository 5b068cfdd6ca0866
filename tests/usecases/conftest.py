"""What the tests of use cases share: the company, loaded once and copied for every test."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import open_database
from app.storage.world import load_world
from tests.conftest import drop_database, make_database, url_of
from tests.usecases.company import company
from tests.usecases.world import World

Loaded = tuple[str, dict[str, str]]


@pytest.fixture(scope="session")
async def company_loaded(server_url: str, server: AsyncEngine, template: str) -> AsyncIterator[Loaded]:
    """The name of a database that holds the company, and the ids of its keys."""
    name = await make_database(server, template=template)
    ids = await load_world(url_of(server_url, name), json.dumps(company()).encode())
    yield name, ids
    await drop_database(server, name)


@pytest.fixture
async def world(server_url: str, server: AsyncEngine, company_loaded: Loaded) -> AsyncIterator[World]:
    """The company in a database of the test's own."""
    async with copy_of(company_loaded, server_url, server) as made:
        yield made


@pytest.fixture(scope="session")
async def untouched(server_url: str, server: AsyncEngine, company_loaded: Loaded) -> AsyncIterator[World]:
    """One company for all the tests that leave no trace in it."""
    async with copy_of(company_loaded, server_url, server) as made:
        yield made


@asynccontextmanager
async def copy_of(loaded: Loaded, server_url: str, server: AsyncEngine) -> AsyncIterator[World]:
    template, ids = loaded
    name = await make_database(server, template=template)
    database = open_database(url_of(server_url, name), pool_size=32)
    try:
        yield World(ids, database)
    finally:
        await database.close()
        await drop_database(server, name)
