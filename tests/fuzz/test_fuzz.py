"""Whatever is sent, the answer is one that was foreseen; and what isn't a success has written nothing.

The long form of this is `scripts/benchmarks/fuzz.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.migrate import engine_of
from tests.api.client import Api
from tests.fuzz.session import Session

SEED = 20
QUERIES = 700
MUTATIONS = 250
FEWEST_WRITES = 5

_TABLES = "select table_name from information_schema.tables where table_schema = 'public' order by table_name"


@asynccontextmanager
async def session_of(api: Api) -> AsyncIterator[Session]:
    session = Session(api.http, list(api.tokens.values()), Random(SEED))  # noqa: S311
    await session.begin()
    yield session
    assert session.wrong == []


class Contents:
    """What is in a database, as one number for each look at it."""

    def __init__(self, connection: AsyncConnection, tables: list[str]) -> None:
        self._connection = connection
        # The names are those of the database's own tables.
        rows = " union all ".join(f"select '{table}' || each::text as row from \"{table}\" as each" for table in tables)  # noqa: S608
        self._statement = text(f"select md5(string_agg(row, chr(10) order by row)) from ({rows}) as rows")  # noqa: S608

    async def now(self) -> str:
        found = await self._connection.execute(self._statement)
        return str(found.scalar_one())


@asynccontextmanager
async def contents_of(url: str) -> AsyncIterator[Contents]:
    async with engine_of(url) as engine, engine.connect() as connection:
        reading = await connection.execution_options(isolation_level="AUTOCOMMIT")
        yield Contents(reading, list((await reading.execute(text(_TABLES))).scalars()))


async def test_no_request_however_odd_is_answered_otherwise_than_foreseen_and_no_query_writes(api: Api) -> None:
    async with session_of(api) as session, contents_of(api.database_url) as contents:
        before = await contents.now()
        for _ in range(QUERIES):
            await session.query()
        assert await contents.now() == before
    assert session.sent > QUERIES


async def test_whatever_a_mutation_is_sent_with_it_has_written_nothing_unless_it_went_through(api: Api) -> None:
    writes = 0
    async with session_of(api) as session, contents_of(api.database_url) as contents:
        before = await contents.now()
        for _ in range(MUTATIONS):
            if await session.mutate():
                writes += 1
                before = await contents.now()
            else:
                assert await contents.now() == before
    assert writes > FEWEST_WRITES
