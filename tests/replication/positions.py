"""How far the servers of a pair have come, and who is connected to them."""

from typing import Any

from app.settings.validators import async_url
from tests.databases import connected
from tests.replication.pair import DatabaseServer, Pair
from tests.serving.real import soon_true

WRITTEN = "select pg_current_wal_lsn()::text"
REPLAYED = "select pg_last_wal_replay_lsn() >= $1::text::pg_lsn"
CONNECTIONS = "select pid from pg_stat_activity where application_name = 'flowport'"


async def asked(server: DatabaseServer, query: str, *arguments: Any) -> list[Any]:
    """The first column of what one server answers, whichever it is of the two."""
    async with connected(async_url(f"postgresql://flowport@127.0.0.1:{server.port}/postgres")) as connection:
        return [row[0] for row in await connection.fetch(query, *arguments)]


async def caught_up(pair: Pair) -> None:
    """Wait until the standby has everything that the primary has now."""
    [written] = await asked(pair.primary, WRITTEN)

    async def has_everything() -> bool:
        return await asked(pair.standby, REPLAYED, written) == [True]

    assert await soon_true(has_everything)


async def connections_to(server: DatabaseServer) -> set[int]:
    """The server's processes that work for Flowport."""
    return set(await asked(server, CONNECTIONS))
