"""The embedded database of a server ends by itself: its watch starts it again."""

import os
import shutil
import signal
from functools import partial
from pathlib import Path

import httpx

from app.backoff import delay_after
from tests.cli.flowport import Server, serving
from tests.clusters import with_cluster
from tests.embedded.embedded_users import eventually, server_of, watches_of
from tests.plain_http import TRUSTS_NOBODY

INTEGRATOR = {"Authorization": "Bearer demo-integrator"}
WORKSPACE = '{ workspaces(search: "Retail Development") { nodes { id } } }'
CREATE = """
    mutation($workspace: ID!, $name: String!) {
        createFlow(input: {workspaceId: $workspace, name: $name, graph: {nodes: [], edges: []}}) { errors { code } }
    }
"""
FLOWS = (
    "query($workspace: ID!, $name: String!) { workspace(id: $workspace) { flows(search: $name) { nodes { name } } } }"
)


def ask(server: Server, document: str, **variables: str) -> httpx.Response:
    body = {"query": document, "variables": variables}
    return httpx.post(f"{server.url}/graphql", json=body, headers=INTEGRATOR, timeout=60, verify=TRUSTS_NOBODY)


def is_ready(server: Server) -> bool:
    return httpx.get(f"{server.url}/ready", timeout=60, verify=TRUSTS_NOBODY).status_code == 200


def workspace_of(server: Server) -> str:
    [workspace] = ask(server, WORKSPACE).json()["data"]["workspaces"]["nodes"]
    return str(workspace["id"])


def create(server: Server, name: str) -> None:
    answer = ask(server, CREATE, workspace=workspace_of(server), name=name)
    assert answer.json()["data"] == {"createFlow": {"errors": []}}


def names(server: Server, search: str) -> set[str]:
    found = ask(server, FLOWS, workspace=workspace_of(server), name=search).json()["data"]
    return {flow["name"] for flow in found["workspace"]["flows"]["nodes"]}


def is_another(data_dir: Path, before: int) -> bool:
    return server_of(data_dir) not in {None, before}


def kill_database(data_dir: Path) -> int:
    server = server_of(data_dir)
    assert server is not None
    os.kill(server, signal.SIGKILL)
    return server


def test_a_database_that_was_killed_is_started_once_for_all_who_use_it_and_nothing_is_lost(folder: Path) -> None:
    data_dir = with_cluster(folder / "data")
    with serving(data_dir, "--workers", "2") as one, serving(data_dir) as two:
        for number in range(2):
            create(one, f"Kept {number}")
            killed = kill_database(data_dir)
            # Until it has noticed that, it may answer on what is still open.
            assert eventually(partial(is_another, data_dir, killed))
            assert eventually(lambda: is_ready(one) and is_ready(two))
            assert names(two, "Kept") == {f"Kept {each}" for each in range(number + 1)}
        assert number_of_starts(data_dir) == 3
        assert len(watches_of(data_dir)) == 1
        assert [server.end(signal.SIGTERM) for server in (one, two)] == [0, 0]
    assert server_of(data_dir) is None
    assert eventually(lambda: watches_of(data_dir) == [])


def test_one_that_cant_start_is_tried_ever_more_slowly_until_it_can_or_the_server_stops(folder: Path) -> None:
    data_dir = with_cluster(folder / "data")
    with serving(data_dir) as server:
        needed = data_dir / "postgres" / "global" / "pg_control"
        away = folder / "pg_control"
        # A move within one file system keeps its owner.
        shutil.move(needed, away)
        kill_database(data_dir)
        assert eventually(lambda: number_of_failures(data_dir) >= 3)
        response = httpx.get(f"{server.url}/ready", timeout=60, verify=TRUSTS_NOBODY)
        assert (response.status_code, response.json()["errors"][0]["message"]) == (
            503,
            "The database is not reachable.",
        )
        assert ask(server, WORKSPACE).status_code == 503
        shutil.move(away, needed)
        assert eventually(lambda: is_ready(server))
        failures = number_of_failures(data_dir)
        assert ask(server, WORKSPACE).status_code == 200
        # It stops as well while it is down.
        needed.unlink()
        kill_database(data_dir)
        assert eventually(lambda: number_of_failures(data_dir) > failures)
        assert server.end(signal.SIGTERM) == 0
    assert server_of(data_dir) is None


def test_the_delay_before_another_start_grows_until_a_server_ran_for_a_while() -> None:
    delays, delay = [], 0.0
    for ran_seconds in (60, 0, 0, 5, 0, 0, 0, 0, 0, 10):
        delay = delay_after(delay, served_seconds=ran_seconds)
        delays.append(delay)
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 0.1]


def log_of(data_dir: Path) -> str:
    return (data_dir / "postgres.log").read_text()


def number_of_starts(data_dir: Path) -> int:
    return log_of(data_dir).count("starting PostgreSQL")


def number_of_failures(data_dir: Path) -> int:
    return log_of(data_dir).count("pg_control")
