"""A dump of a database that is served is restored elsewhere, and answers there as it did here."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.settings.database_settings import async_url
from app.storage.embedded import running
from tests.cli.flowport import forked, serving
from tests.databases import contents, run
from tests.plain_http import TRUSTS_NOBODY
from tests.storage.other_servers import IS_THERE, MISSING, postgresql_15

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
CREATE = """
    mutation($workspace: ID!) {
        createFlow(input: {workspaceId: $workspace, name: "Ünïcode \\\\ 'quoted'", graph: {nodes: [], edges: []}}) {
            flow { id } errors { message }
        }
    }
"""


def backup(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return forked("scripts.backup", *arguments, **settings)


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


def done(told: subprocess.CompletedProcess[str]) -> None:
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def original(session_folder: Path) -> tuple[Path, Any]:
    """A dump that was made while the demo world was served and changed, and what was answered."""
    folder = session_folder / "original"
    dumped = session_folder / "original.sql"
    with serving(folder, stderr=subprocess.DEVNULL) as server:
        workspace = asked(server.url, DEVELOPMENT)["workspaces"]["nodes"][0]["id"]
        assert asked(server.url, CREATE, workspace=workspace)["createFlow"]["errors"] == []
        done(backup("dump", dumped, "--data-dir", folder))
        answer = asked(server.url, EVERYTHING)
        assert server.end(signal.SIGTERM) == 0
    return dumped, answer


async def rows(data_dir: Path) -> list[tuple[str, str]]:
    with running(data_dir, make=False) as url:
        return await contents(url)


async def test_a_dump_is_restored_into_another_embedded_database(
    original: tuple[Path, Any], folder: Path, session_folder: Path
) -> None:
    dumped, answer = original
    assert dumped.stat().st_mode & 0o777 == 0o600
    done(backup("restore", dumped, "--data-dir", folder / "data"))
    assert await rows(folder / "data") == await rows(session_folder / "original")
    assert served(folder / "data") == answer
    refused = backup("restore", dumped, "--data-dir", folder / "data")
    assert (refused.returncode, refused.stderr) == (
        1,
        "Error: The database has tables already. Restore into an empty one.\n",
    )
    again = backup("dump", dumped, "--data-dir", folder / "data")
    assert (again.returncode, again.stderr) == (1, f"Error: {dumped} can't be made: File exists.\n")
    torn = folder / "torn.sql"
    torn.write_text(dumped.read_text()[:-2000] + "\nnonsense;\n")
    assert backup("restore", torn, "--data-dir", folder / "torn").returncode == 1
    with running(folder / "torn", make=False) as url:
        assert await contents_or_none(url) == []


async def contents_or_none(url: str) -> list[tuple[str, str]]:
    """Where there is no table, there is nothing to be selected."""
    await run(url, "create table if not exists nothing ()")
    return await contents(url)


@pytest.mark.skipif(not IS_THERE, reason=MISSING)
async def test_a_dump_goes_to_postgresql_15_and_from_there_back_into_an_embedded_database(
    original: tuple[Path, Any], folder: Path, session_folder: Path
) -> None:
    dumped, answer = original
    before = await rows(session_folder / "original")
    with postgresql_15(folder) as url:
        done(backup("restore", dumped, DATABASE_URL=url))
        assert await contents(async_url(url)) == before
        assert served(folder / "unused", DATABASE_URL=url) == answer
        back = folder / "back.sql"
        done(backup("dump", back, DATABASE_URL=url))
    done(backup("restore", back, "--data-dir", folder / "data"))
    assert await rows(folder / "data") == before
