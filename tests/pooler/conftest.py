from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.databases import Loaded, Server
from tests.api.trade import trade
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


@pytest.fixture(scope="session")
def databases(server: AsyncEngine, server_url: str, template: str) -> Server:
    return Server(server, server_url, template)


@pytest.fixture(scope="session")
async def loaded(databases: Server) -> AsyncIterator[Loaded]:
    async with databases.loaded(trade()) as world:
        yield world


@pytest.fixture(scope="session")
def pooled(databases: Server, pooler: PgBouncer) -> Server:
    """Databases that are made directly, and used through the pooler."""
    return replace(databases, url=pooler.url)
