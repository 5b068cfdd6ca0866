"""How many database connections all server processes have together."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.command_error import CommandError
from app.server.database import MOST_USUAL, pool_size_of, refuse_too_large_pools
from app.settings import Settings
from tests.cli.flowport import called, serving
from tests.databases import Databases, Loaded
from tests.processes.test_under_load import rows
from tests.serving.load import Load
from tests.serving.real import soon

CONNECTIONS = (
    "select pid::text from pg_stat_activity where datname = current_database() and application_name = 'flowport'"
)


def test_the_total_is_bounded_whatever_the_number_of_processes() -> None:
    sizes = {workers: pool_size_of(Settings(workers=workers)) for workers in range(1, 65)}
    assert max(workers * size for workers, size in sizes.items()) <= MOST_USUAL
    assert (sizes[1], sizes[15], sizes[16], sizes[64]) == (10, 10, 9, 2)
    assert pool_size_of(Settings(workers=64, pool_size=20)) == 20


@pytest.mark.parametrize(("workers", "size", "is_refused"), [(64, None, False), (21, 10, False), (22, 10, True)])
def test_the_embedded_database_is_asked_for_no_more_than_it_has(
    workers: int, size: int | None, is_refused: bool
) -> None:
    settings = Settings(workers=workers, pool_size=size)
    if is_refused:
        with pytest.raises(
            CommandError,
            match=r"10 database connections each, and one for probes, are 242; .* has 240 for them",
        ):
            refuse_too_large_pools(settings)
    else:
        refuse_too_large_pools(settings)
    refuse_too_large_pools(settings.model_copy(update={"database_url": "postgresql+asyncpg://elsewhere/db"}))


def test_a_server_that_asks_for_more_does_not_start(folder: Path) -> None:
    told = called("serve", "--port", "0", "--data-dir", folder / "data", "--workers", "22", POOL_SIZE="10")
    assert (told.returncode, told.stdout, (folder / "data").exists()) == (1, "", False)
    assert "Set FLOWPORT_WORKERS or FLOWPORT_POOL_SIZE lower" in told.stderr


async def test_under_load_two_processes_have_no_more_than_twice_as_many(
    databases: Databases, loaded_trade: Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with databases.copy(loaded_trade.name) as url:
        monkeypatch.setenv("FLOWPORT_DATABASE_URL", url)
        monkeypatch.setenv("FLOWPORT_POOL_SIZE", "2")
        # On a busy machine the load may be more than two processes can do at once.
        monkeypatch.setenv("FLOWPORT_MAX_WAIT_SECONDS", "60")
        # Servers within the tests' own process leave theirs for the next one (`tests/reused_connections.py`).
        earlier = {*await rows(url, CONNECTIONS)}
        with serving(folder, "--workers", "2") as server:
            ids: Any = loaded_trade.ids
            load = Load(server.url, loaded_trade.tokens["ada"], ids["plain"], ids["workshop"])
            callers = load.start(16)
            assert await soon(lambda: load.outcome.answered > 60 or callers.done())
            assert not callers.done()
            connected = {*await rows(url, CONNECTIONS)} - earlier
            callers.cancel()
            await asyncio.gather(callers, return_exceptions=True)
    # Two for calls, and one for probes.
    assert 2 <= len(connected) <= 2 * (2 + 1)
