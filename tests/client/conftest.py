"""A server for all tests of the command."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.client.pipelines import ReleasePlace, forty_flows
from tests.conftest import open_folder
from tests.crashes.killable import Killable
from tests.databases import Databases


@pytest.fixture(scope="module")
async def place(databases: Databases) -> AsyncIterator[ReleasePlace]:
    async with databases.loaded(forty_flows()) as loaded:
        url = databases.url_of(loaded.name)
        with open_folder() as folder:
            server = Killable(folder, url, workers=1)
            try:
                await asyncio.to_thread(server.start)
                yield ReleasePlace(server, url, loaded, folder)
                assert server.errors() == []
            finally:
                server.kill()
