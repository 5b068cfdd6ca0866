from collections.abc import AsyncIterator

import httpx
import pytest

from tests.databases import Databases
from tests.explorer.demo import demo_client


@pytest.fixture(scope="package")
async def client(databases: Databases, loaded_demo: str) -> AsyncIterator[httpx.AsyncClient]:
    """The demo world; the tests of this folder share it, for examples run as often as one likes."""
    async with databases.copy(loaded_demo) as url, demo_client(url) as made:
        yield made
