"""The database lets us in, and is lost or falls silent at the first statement: everywhere that is an outage."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from app.server.application import create_app
from app.server.background import clean_up_periodically, keep_running
from app.settings import Settings
from app.storage.connections.database import Database
from app.telemetry.metrics import BACKGROUND_TASKS_ENDED
from app.usecases.transaction import UnitOfWork
from app.usecases.upkeep import remove_drafts, remove_keys
from tests.serving.real import PATIENCE_SECONDS, VIEWER, code_of, soon

DAY = timedelta(days=1)
TOKEN = {"Authorization": f"Bearer fp_{'0' * 26}_x"}
NO_ENCRYPTION = b"N"
LET_IN = (
    b"R\x00\x00\x00\x08\x00\x00\x00\x00"  # nothing is asked for
    b"S\x00\x00\x00\x18server_version\x0017.0\x00"
    b"Z\x00\x00\x00\x05I"  # and now a statement
)
LOST = "ConnectionDoesNotExistError: connection was closed in the middle of operation"
REASONS = {"cut": LOST, "silent": "TimeoutError"}


@asynccontextmanager
async def letting_in(fault: str) -> AsyncIterator[str]:
    """The URL of a server that does as PostgreSQL does until the first statement comes."""
    over, before = asyncio.Event(), asyncio.all_tasks()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError):
            await packet(reader)
            writer.write(NO_ENCRYPTION)
            await packet(reader)
            writer.write(LET_IN)
            await reader.read(1)
            if fault == "silent":
                await over.wait()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"postgresql+asyncpg://nobody:secret@{host}:{port}/nothing"
        over.set()
        # The driver may still be on its way here, to cancel its statement.
        if on_their_way := asyncio.all_tasks() - before - {asyncio.current_task()}:
            await asyncio.wait(on_their_way, timeout=PATIENCE_SECONDS)


async def packet(reader: asyncio.StreamReader) -> None:
    length = int.from_bytes(await reader.readexactly(4))
    await reader.readexactly(length - 4)


@asynccontextmanager
async def serving(url: str, seconds: float = 1) -> AsyncIterator[httpx.AsyncClient]:
    """A server that waits for its database half as long as a request may take."""
    app = create_app(Settings(database_url=url, log_format="json", request_timeout_seconds=seconds))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


@pytest.mark.parametrize("fault", REASONS)
async def test_callers_are_told_to_try_again_and_the_log_why(fault: str) -> None:
    async with letting_in(fault) as url, serving(url) as http:
        with capture_logs() as log:
            response = await http.post("/graphql", json={"query": VIEWER}, headers=TOKEN)
    assert code_of(response) == (503, "SERVICE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "5"
    told = [(line["event"], line["reason"]) for line in log if line["log_level"] != "info"]
    assert told == [("database unavailable", REASONS[fault])]


@pytest.mark.parametrize("fault", REASONS)
async def test_the_server_is_not_ready(fault: str) -> None:
    async with letting_in(fault) as url, serving(url) as http:
        with capture_logs() as log:
            response = await http.get("/ready")
    assert code_of(response) == (503, "SERVICE_UNAVAILABLE")
    assert response.json()["errors"][0]["message"] == "The database is not reachable."
    warnings = [(line["event"], line["error"]) for line in log if line["log_level"] != "info"]
    assert warnings == [("database not reachable", "DatabaseUnavailable")]


async def test_readiness_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.server.probes.LONGEST_SECONDS", 0.1)
    async with letting_in("silent") as url, serving(url, seconds=3600) as http, asyncio.timeout(10):
        response = await http.get("/ready")
    assert code_of(response) == (503, "SERVICE_UNAVAILABLE")


@asynccontextmanager
async def cleaning_up(url: str) -> AsyncIterator[list[Any]]:
    """What the log says meanwhile."""
    database = Database(url, connection_wait_seconds=0.1)
    work = UnitOfWork(database, clock=lambda: datetime.now(UTC))
    with capture_logs() as log:
        cleanup = asyncio.create_task(clean_up_periodically(work, records=DAY, events=DAY))
        yield log
        assert not cleanup.done()
        cleanup.cancel()
        await asyncio.gather(cleanup, return_exceptions=True)
    await database.close()


@pytest.mark.parametrize("fault", REASONS)
async def test_a_cleanup_says_why_it_could_not_be_done_and_tries_again(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.background.CLEANUP_SECONDS", 0.5)
    async with letting_in(fault) as url, cleaning_up(url) as log:
        assert await soon(lambda: len(log) >= 6)
    assert [line["of"] for line in log[:6]] == ["drafts", "keys", "records", "events", "contents", "drafts"]
    line = {"event": "cleanup not done", "of": "drafts", "reason": REASONS[fault], "log_level": "warning"}
    assert log[0] == log[5] == line


async def test_a_cleanup_goes_on_whatever_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Counter[str]()

    async def expire_all_but_drafts(_: object, remove_batch: object, *__: object) -> int:
        if remove_batch is remove_drafts:
            raise ZeroDivisionError
        done["keys"] += remove_batch is remove_keys
        return 0

    async def remove(_: object) -> int:
        return 0

    monkeypatch.setattr("app.server.background.CLEANUP_SECONDS", 0.01)
    monkeypatch.setattr("app.server.background.expire", expire_all_but_drafts)
    monkeypatch.setattr("app.server.background.remove_contents", remove)
    before = ended("cleanup")
    async with cleaning_up("postgresql+asyncpg://127.0.0.1:1/nothing") as log:
        assert await soon(lambda: len(log) >= 2)
    line = {"event": "cleanup not done", "of": "drafts", "exc_info": True, "log_level": "error"}
    assert log[:2] == [line, line]
    assert done["keys"] > 0
    assert ended("cleanup") >= before + 2


async def test_a_background_task_that_ends_unexpectedly_is_told_counted_and_restarted_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.backoff.FIRST_DELAY_SECONDS", 0.001)
    begun = Counter[str]()

    async def work() -> None:
        begun["work"] += 1
        if begun["work"] <= 3:
            raise ZeroDivisionError
        await asyncio.sleep(3600)

    before = ended("a test")
    with capture_logs() as log:
        running = asyncio.create_task(keep_running("a test", work))
        assert await soon(lambda: begun["work"] == 4)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert ended("a test") == before + 3
    assert [(line["log_level"], line["event"], line["task"], line["delay"]) for line in log] == [
        ("error", "background task ended and is restarted", "a test", delay) for delay in (0.001, 0.002, 0.004)
    ]
    assert {type(line["exc_info"]) for line in log} == {ZeroDivisionError}


def ended(task: str) -> float:
    """How often a task of that name has ended, as metrics tell."""
    return BACKGROUND_TASKS_ENDED.labels(task)._value.get()  # type: ignore[no-any-return]
