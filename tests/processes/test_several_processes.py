"""What holds for a server of several processes whichever of them answers: here each is asked alone."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.storage.connections.engine import engine_of
from tests.api.world_builder import email_of
from tests.cli.flowport import serving
from tests.commands import issue_token, list_tokens, revoke_token
from tests.databases import Databases, Loaded
from tests.processes.test_under_load import Workers, fresh_connections, rows
from tests.serving.real import COPY, LOCK_FLOWS, VIEWER, soon, soon_true

WORKERS = 2
WAITING = (
    "select pid::text from pg_stat_activity "
    "where datname = current_database() and application_name = 'flowport' and wait_event_type = 'Lock'"
)
IN_USE = re.compile(r"^flowport_database_connections_in_use (\S+)$", re.MULTILINE)


@pytest.fixture
async def url(databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch) -> Any:
    async with databases.copy(loaded_trade.name) as made:
        monkeypatch.setenv("FLOWPORT_DATABASE_URL", made)
        # Some of the workers are stopped here for a while.
        monkeypatch.setenv("FLOWPORT_WORKER_TIMEOUT_SECONDS", "60")
        yield made


async def of_each(workers: Workers, ask: Callable[[], Awaitable[Any]]) -> list[Any]:
    """What each of the workers answers."""
    answers = []
    for worker in workers.all():
        with workers.others_stopped(worker):
            answers.append(await ask())
    return answers


async def test_a_token_that_is_revoked_is_refused_by_every_process_at_once(url: str, folder: Path) -> None:
    token = await issue_token(url, email_of("ada"), name="revoked", expires_days=None)
    [token_id] = [info.id for info in await list_tokens(url) if info.name == "revoked"]
    with serving(folder, "--workers", str(WORKERS)) as server:
        workers = Workers(server.process.pid)
        assert await soon(lambda: len(workers.all()) == WORKERS)
        async with fresh_connections(server.url, token) as http:

            async def status() -> int:
                return (await http.post("/graphql", json={"query": VIEWER})).status_code

            assert await of_each(workers, status) == [200] * WORKERS
            assert await of_each(workers, status) == [200] * WORKERS
            await revoke_token(url, token_id)
            assert await of_each(workers, status) == [401] * WORKERS


async def test_connections_at_work_are_those_of_all_processes(url: str, loaded_trade: Loaded, folder: Path) -> None:
    with serving(folder, "--workers", str(WORKERS)) as server:
        workers = Workers(server.process.pid)
        assert await soon(lambda: len(workers.all()) == WORKERS)
        async with fresh_connections(server.url, loaded_trade.tokens["ada"]) as http:

            async def are_in_use(number: int) -> bool:
                """Before long: what a server does by itself when it starts may be at work too."""

                async def is_told() -> bool:
                    return IN_USE.findall((await http.get("/metrics")).text) == [f"{number}.0"]

                return await soon_true(is_told)

            async def copies_that_wait() -> list["asyncio.Task[Any]"]:
                before = len(await rows(url, WAITING))
                variables = {"input": {"flowId": loaded_trade.ids["plain"]}}
                body = {"query": COPY, "variables": variables}
                copies = [asyncio.create_task(http.post("/graphql", json=body)) for _ in range(2)]

                async def all_wait() -> bool:
                    return len(await rows(url, WAITING)) == before + len(copies)

                assert await soon_true(all_wait)
                return copies

            async with engine_of(url).begin() as connection:
                await connection.execute(text(LOCK_FLOWS))
                copies = [copy for some in await of_each(workers, copies_that_wait) for copy in some]
                # A worker tells the others ten times a second, but not while it is stopped.
                assert await are_in_use(4)
                assert await of_each(workers, partial(are_in_use, 4)) == [True] * WORKERS
            assert [answer.status_code for answer in await asyncio.gather(*copies)] == [200] * 4
            assert await are_in_use(0)
            assert await of_each(workers, partial(are_in_use, 0)) == [True] * WORKERS
