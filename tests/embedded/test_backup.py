"""A backup of a database that is served is restored elsewhere, and answers there as it did here."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url

from app.settings.validators import async_url
from app.storage.embedded.running import running
from tests.cli.flowport import flowport, serving
from tests.databases import connected, contents, run
from tests.embedded.other_servers import IS_THERE, MISSING, postgresql_15
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.real import soon_true

INTEGRATOR = {"Authorization": "Bearer demo-integrator"}
EVERYTHING = """{
    workspaces(first: 50) {
        nodes {
            id name contract { name }
            flows(first: 50) { nodes { id name status publishedVersion { number contentHash graph { native } } draft { revision graph { native } } } }
            topics(first: 50) { nodes { id name schema } }
        }
    }
}"""
DEVELOPMENT = '{ workspaces(search: "Retail Development") { nodes { id } } }'
NOT_ANALYZED = "select coalesce(array_agg(relname), '{}') from pg_stat_user_tables where last_analyze is null"
CREATE = """
    mutation($workspace: ID!) {
        createFlow(input: {workspaceId: $workspace, name: "Ünïcode \\\\ 'quoted'", graph: {nodes: [], edges: []}}) {
            flow { id } errors { message }
        }
    }
"""


FEED = "select position, id from event where position > $1 order by position"
ALL_ARE_NUMBERED = "select exists (select from event) and not exists (select from pending_event)"
PENDING = (
    "insert into pending_event (id, at, type, tenant_id) values ('event_pending', now(), 'WORLD_APPLIED', 'tenant')"
)


def asked(url: str, document: str, **variables: Any) -> Any:
    body = {"query": document, "variables": variables}
    answer = httpx.post(f"{url}/graphql", json=body, headers=INTEGRATOR, timeout=60, verify=TRUSTS_NOBODY).json()
    assert "errors" not in answer, answer
    return answer["data"]


def served(data_dir: Path, **settings: str) -> Any:
    with serving(data_dir, stderr=subprocess.DEVNULL, **settings) as server:
        answer = asked(server.url, EVERYTHING)
        assert server.end(signal.SIGTERM) == 0
    return answer


def done(result: subprocess.CompletedProcess[str], sentence: str) -> None:
    """It was done, and nothing else was said than where and what."""
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    database, said = result.stderr.splitlines()
    assert database.startswith("Database: ")
    assert said == sentence


def refused(result: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert (result.returncode, result.stderr.splitlines()[-1]) == (1, f"Error: {sentence}")


@pytest.fixture(scope="module")
def original(session_folder: Path) -> tuple[Path, Any]:
    """A backup that was written while the demo world was served and changed, and what was answered."""
    folder = session_folder / "original"
    dumped = session_folder / "original.sql"
    with serving(folder, stderr=subprocess.DEVNULL) as server:
        workspace = asked(server.url, DEVELOPMENT)["workspaces"]["nodes"][0]["id"]
        assert asked(server.url, CREATE, workspace=workspace)["createFlow"]["errors"] == []
        done(flowport("backup", dumped, "--data-dir", folder), f"Wrote {dumped}.")
        answer = asked(server.url, EVERYTHING)
        assert server.end(signal.SIGTERM) == 0
    return dumped, answer


async def rows(data_dir: Path) -> list[tuple[str, str]]:
    with running(data_dir, make=False) as url:
        return await contents(url)


@pytest.mark.parametrize("cut", ["in the rows", "before its last lines", "empty"])
def test_a_backup_that_was_cut_off_is_not_restored(original: tuple[Path, Any], folder: Path, cut: str) -> None:
    text = original[0].read_text(encoding="utf-8")
    end = {
        "in the rows": text.index("\nCOPY public.flow (") + 500,
        "before its last lines": text.index("ALTER TABLE"),
        "empty": 0,
    }
    part = folder / "part.sql"
    part.write_text(text[: end[cut]], encoding="utf-8")
    result = flowport("restore", part, "--data-dir", folder / "data")
    refused(result, f"{part} is no whole backup: its end is missing. Nothing was restored.")
    done(flowport("restore", original[0], "--data-dir", folder / "data"), f"Restored {original[0]}.")


def test_a_backup_that_finds_no_room_leaves_no_file(original: tuple[Path, Any]) -> None:
    data_dir, part = original[0].with_name("original"), original[0].with_name("part.sql")
    command = [sys.executable, "-m", "app", "backup", str(part), "--data-dir", str(data_dir)]
    with running(data_dir, make=False):
        limited = ["/bin/bash", "-c", 'ulimit -f 40; exec "$@"', "bash", *command]
        refused(
            subprocess.run(limited, capture_output=True, text=True, check=False),
            f"{part} can't be written: File too large.",
        )
    assert not part.exists()


async def test_a_backup_is_restored_into_another_embedded_database(
    original: tuple[Path, Any], folder: Path, session_folder: Path
) -> None:
    dumped, answer = original
    assert dumped.stat().st_mode & 0o777 == 0o600
    done(flowport("restore", dumped, "--data-dir", folder / "data"), f"Restored {dumped}.")
    assert await rows(folder / "data") == await rows(session_folder / "original")
    assert served(folder / "data") == answer
    again = flowport("restore", dumped, "--data-dir", folder / "data")
    refused(again, "The database has tables already. Restore into an empty one.")
    before = dumped.read_bytes()
    refused(flowport("backup", dumped, "--data-dir", folder / "data"), f"{dumped} can't be made: File exists.")
    assert dumped.read_bytes() == before


@asynccontextmanager
async def looking_at(data_dir: Path) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    with running(data_dir, make=False) as url:
        async with connected(url) as connection:
            yield connection


async def test_a_reader_of_events_goes_on_after_a_restore_elsewhere(folder: Path) -> None:
    """With one event that nobody has read when the backup is written, and one that has no position yet (E3)."""
    dumped, first, second = folder / "feed.sql", folder / "first", folder / "second"
    with serving(first, stderr=subprocess.DEVNULL):
        async with looking_at(first) as connection:
            assert await soon_true(lambda: connection.fetchval(ALL_ARE_NUMBERED))
            *read, unread = await connection.fetch(FEED, 0)
    async with looking_at(first) as connection:
        await connection.execute(PENDING)
        done(flowport("backup", dumped, "--data-dir", first), f"Wrote {dumped}.")
    done(flowport("restore", dumped, "--data-dir", second), f"Restored {dumped}.")
    with serving(second, stderr=subprocess.DEVNULL):
        async with looking_at(second) as connection:
            assert await soon_true(lambda: connection.fetchval(ALL_ARE_NUMBERED))
            cursor = read[-1]["position"]
            assert await connection.fetch(FEED, cursor) == [unread, (cursor + 2, "event_pending")]


async def test_a_backup_with_a_mistake_is_restored_not_at_all(original: tuple[Path, Any], folder: Path) -> None:
    torn = folder / "torn.sql"
    torn.write_text(original[0].read_text().replace("\nALTER TABLE", "\nnonsense;\nALTER TABLE"))
    refused(flowport("restore", torn, "--data-dir", folder / "torn"), "psql failed; nothing was restored.")
    with running(folder / "torn", make=False) as url:
        assert await contents_or_none(url) == []


def test_a_backup_that_fails_leaves_no_file_behind(folder: Path) -> None:
    missing = "postgresql://127.0.0.1:1/nowhere"
    refused(flowport("backup", folder / "none.sql", DATABASE_URL=missing), "pg_dump failed; no backup was written.")
    assert not (folder / "none.sql").exists()
    # An embedded database is made by a restore only.
    assert flowport("backup", folder / "none.sql", "--data-dir", folder / "none").returncode == 1
    assert list(folder.iterdir()) == []


async def test_a_user_who_is_no_superuser_restores_without_a_warning(
    original: tuple[Path, Any], folder: Path, session_folder: Path
) -> None:
    with running(folder / "data") as url:
        await run(url, "create role operator login password 'x'")
        await run(url, "create database restored owner operator")
        own = make_url(url).set(username="operator", database="restored").render_as_string(hide_password=False)
        done(flowport("restore", original[0], DATABASE_URL=own), f"Restored {original[0]}.")
        assert await contents(own) == await rows(session_folder / "original")
        async with connected(own) as connection:
            assert await connection.fetchval(NOT_ANALYZED) == []


async def contents_or_none(url: str) -> list[tuple[str, str]]:
    """Where there is no table, there is nothing to be selected."""
    await run(url, "create table if not exists nothing ()")
    return await contents(url)


@pytest.mark.skipif(not IS_THERE, reason=MISSING)
async def test_a_backup_goes_to_postgresql_15_and_from_there_back_into_an_embedded_database(
    original: tuple[Path, Any], folder: Path, session_folder: Path
) -> None:
    dumped, answer = original
    before = await rows(session_folder / "original")
    with postgresql_15(folder) as url:
        done(flowport("restore", dumped, DATABASE_URL=url), f"Restored {dumped}.")
        assert await contents(async_url(url)) == before
        assert served(folder / "unused", DATABASE_URL=url) == answer
        back = folder / "back.sql"
        done(flowport("backup", back, DATABASE_URL=url), f"Wrote {back}.")
    done(flowport("restore", back, "--data-dir", folder / "data"), f"Restored {back}.")
    assert await rows(folder / "data") == before
