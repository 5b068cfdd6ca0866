"""A newer release migrates while servers of this one serve: they go on if its schema works with them, else they say so."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.storage.migrations.migrate import UnusableDatabase, upgrade
from tests.cli.flowport import forked
from tests.databases import Databases, Loaded
from tests.serving.load import Load
from tests.serving.real import Real, real_server, soon
from tests.storage.newer_releases import NEWEST, NEXT, NewerRelease

ROOT = Path(__file__).parents[2]


async def readiness(real: Real) -> tuple[int, str]:
    response = await real.api.http.get("/ready")
    return response.status_code, "" if response.is_success else response.json()["errors"][0]["message"]


async def kept(real: Real) -> list[str]:
    return [str(oldest) for (oldest,) in await real.rows("select oldest_revision from schema_compatibility")]


async def test_a_server_serves_and_starts_on_the_schema_of_a_newer_release_that_works_with_it(
    databases: Databases, loaded_trade: Loaded, folder: Path
) -> None:
    newer = NewerRelease(folder, oldest_compatible=NEWEST)
    async with real_server(databases, loaded_trade) as real:
        url = f"http://127.0.0.1:{real.port}"
        load = Load(url, loaded_trade.tokens["ada"], loaded_trade.ids["plain"], loaded_trade.ids["workshop"])
        callers = load.start(3)
        assert await soon(lambda: load.outcome.answered > 20)
        await newer.upgrade(real.api.database_url)
        answered = load.outcome.answered
        assert await soon(lambda: load.outcome.answered > answered + 40)
        assert not callers.done()
        callers.cancel()
        await asyncio.gather(callers, return_exceptions=True)
        assert (await readiness(real), await kept(real)) == ((200, ""), [NEWEST])
        # What this release would do at its start.
        await upgrade(real.api.database_url)
        assert [tuple(row) for row in await real.rows("select version_num from alembic_version")] == [(NEXT,)]
        assert load.outcome.lost == []
        assert load.outcome.made <= set(await real.names())


async def test_a_server_says_that_the_schema_of_a_newer_release_does_not_work_with_it_until_it_is_taken_back(
    databases: Databases, loaded_trade: Loaded, folder: Path
) -> None:
    newer = NewerRelease(folder, oldest_compatible=NEXT)
    async with real_server(databases, loaded_trade) as real:
        before = await kept(real)
        await newer.upgrade(real.api.database_url)
        assert await readiness(real) == (503, "The database has a schema that this program doesn't work with.")
        with pytest.raises(UnusableDatabase) as refused:
            await upgrade(real.api.database_url)
        assert str(refused.value) == (
            f"The database has a schema that this program doesn't know ({NEXT}): use the release that made it, or a newer "
            f"one. It works with releases that know {NEXT} or newer."
        )
        await newer.downgrade(real.api.database_url)
        assert (await readiness(real), await kept(real)) == ((200, ""), before)


async def test_one_step_back_and_forth_by_the_command_of_alembic_leaves_the_server_ready(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    async with real_server(databases, loaded_trade) as real:
        names = await real.names()
        url = make_url(real.api.database_url).set(drivername="postgresql").render_as_string(hide_password=False)

        def alembic(*arguments: str) -> int:
            return forked("alembic", *arguments, DATABASE_URL=url).returncode

        assert await asyncio.to_thread(alembic, "downgrade", "-1") == 0
        assert (await readiness(real))[0] == 503
        assert await asyncio.to_thread(alembic, "upgrade", "head") == 0
        assert await readiness(real) == (200, "")
        assert await real.names() == names
