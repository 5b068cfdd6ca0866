from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import drop_database, make_database, url_of
from tests.explorer.demo import demo_client


@pytest.fixture(scope="package")
async def client(server_url: str, server: AsyncEngine, template: str) -> AsyncIterator[httpx.AsyncClient]:
    """The demo world; the tests of this folder share it, for examples run as often as one likes."""
    name = await make_database(server, template=template)
    async with demo_client(url_of(server_url, name)) as made:
        yield made
    await drop_database(server, name)
