"""A server for all tests of the command."""

from collections.abc import AsyncIterator

import pytest

from tests.client.pipelines import ReleasePlace, release_place
from tests.databases import Databases


@pytest.fixture(scope="module")
async def place(databases: Databases) -> AsyncIterator[ReleasePlace]:
    async with release_place(databases) as place:
        yield place
