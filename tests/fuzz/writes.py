"""Everything in a database, so that it can be said whether anything was written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.connections.engine import engine_of
from tests.databases import rows_of
from tests.fuzz.session import Session

_TABLES = "select table_name from information_schema.tables where table_schema = 'public' order by table_name"


class Contents:
    """What is in a database, as one number for each look at it."""

    def __init__(self, connection: AsyncConnection, tables: list[str]) -> None:
        self._connection = connection
        # Colons would be parameters.
        rows = rows_of(tables).replace(":", "\\:")
        joined = "select md5(string_agg(name || row, chr(10) order by name, row))"
        self._statement = text(f"{joined} from ({rows}) as rows (name, row)")

    async def now(self) -> str:
        found = await self._connection.execute(self._statement)
        return str(found.scalar_one())


@asynccontextmanager
async def contents_of(url: str) -> AsyncIterator[Contents]:
    async with engine_of(url).connect() as connection:
        reading = await connection.execution_options(isolation_level="AUTOCOMMIT")
        yield Contents(reading, list((await reading.execute(text(_TABLES))).scalars()))


@asynccontextmanager
async def nothing_written(url: str) -> AsyncIterator[None]:
    """Whatever is done here, the database is as it was."""
    async with contents_of(url) as contents:
        before = await contents.now()
        yield
        assert await contents.now() == before, "something was written"


async def writes_of(session: Session, url: str, mutations: int) -> int:
    """How many mutations of these went through, after which all is read; the others have written nothing."""
    writes = 0
    async with contents_of(url) as contents:
        before = await contents.now()
        for _ in range(mutations):
            if await session.mutate():
                writes += 1
                before = await contents.now()
                await session.read_back()
            else:
                assert await contents.now() == before, f"written without success: {session.last}"
    return writes
