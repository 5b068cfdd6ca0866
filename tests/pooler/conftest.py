from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.pooler.pgbouncer import MISSING, PROGRAM, PgBouncer, pgbouncer


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    if PROGRAM is None:
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def pooler(server_url: str, session_folder: Path) -> Iterator[PgBouncer]:
    """In transaction mode, with two connections for each database."""
    with pgbouncer(server_url, session_folder) as running:
        yield running


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """Of a new database: to one that was used before, the pooler might still be connected."""
    async with databases.made() as name:
        yield databases.url_of(name)
