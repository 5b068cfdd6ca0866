"""What the tests of a draft's life share: the company, loaded once and copied for every test."""

import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import open_database
from app.storage.world import load_world
from tests.conftest import drop_database, make_database, url_of
from tests.lifecycle.company import Company, Place
from tests.usecases.company import company


@pytest.fixture(scope="session")
async def company_of_lives(server_url: str, server: AsyncEngine, template: str) -> AsyncIterator[Place]:
    """A database that holds the company, to which nobody is connected, and the ids of its keys."""
    name = await make_database(server, template=template)
    ids = await load_world(url_of(server_url, name), json.dumps(company()).encode())
    yield Place(server_url, name, ids)
    await drop_database(server, name)


@pytest.fixture
async def firm(server: AsyncEngine, company_of_lives: Place) -> AsyncIterator[Company]:
    """The company in a database of the test's own."""
    name = await make_database(server, template=company_of_lives.name)
    database = open_database(url_of(company_of_lives.server_url, name), pool_size=16)
    yield Company(company_of_lives.ids, database)
    await database.close()
    await drop_database(server, name)
