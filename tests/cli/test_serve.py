"""`flowport serve` from start to end, as a process."""

import json
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from app.http.explorer.page import has_graphiql
from app.server.startup import greeting
from app.settings import read_settings
from tests.cli.flowport import called, flowport, serving
from tests.clusters import with_cluster
from tests.embedded.embedded_users import eventually, server_of
from tests.plain_http import TRUSTS_NOBODY
from tests.ports import free_port

PAGE = "GraphiQL" if has_graphiql() else "a simple page"
TOKEN = {"Authorization": "Bearer demo-integrator"}


@pytest.fixture(scope="module")
def data_dir(session_folder: Path) -> Path:
    return session_folder / "served"


@dataclass(frozen=True)
class Life:
    """What was seen of a server from its start to a signal, and of its database after it."""

    url: str
    greeting: list[str]
    pasted: list[str]
    """The result of the command in the greeting, each time it was run, where there is curl to run it."""
    listed: subprocess.CompletedProcess[str]
    """What another command said while the server ran."""
    ready: int
    log: list[str]
    code: int
    threads: int
    """Of the supervisor, which forks: another one could hold a lock for ever in a worker."""
    database_ran: bool
    database_runs: bool


@pytest.fixture(scope="module")
def life(data_dir: Path, session_folder: Path) -> Life:
    log = session_folder / "served.log"
    with log.open("w", encoding="utf-8") as written, serving(data_dir, stderr=written.fileno()) as server:
        assert server.process.stdout is not None
        server.greeting += [server.process.stdout.readline().strip() for _ in range(3)]
        command = server.greeting[-1] if shutil.which("curl") else ""
        pasted = [subprocess.check_output(["sh", "-c", command], text=True, timeout=30) for _ in range(2)]
        listed = flowport("token", "--list", "--data-dir", data_dir)
        httpx.post(
            f"{server.url}/graphql",
            json={"query": "query Asked { __typename }"},
            headers=TOKEN,
            timeout=60,
            verify=TRUSTS_NOBODY,
        )
        ready, database_ran = (
            httpx.get(f"{server.url}/ready", timeout=60, verify=TRUSTS_NOBODY).status_code,
            server_of(data_dir) is not None,
        )
        threads = psutil.Process(server.process.pid).num_threads()
        code = server.end(signal.SIGTERM)
    lines = log.read_text(encoding="utf-8").splitlines()
    database_runs = server_of(data_dir) is not None
    return Life(server.url, server.greeting, pasted, listed, ready, lines, code, threads, database_ran, database_runs)


def test_a_signal_stops_the_server_and_its_database(life: Life) -> None:
    assert (life.ready, life.database_ran) == (200, True)
    assert (life.code, life.database_runs) == (0, False)


@pytest.mark.parametrize(("options", "number"), [([], signal.SIGINT), (["--workers", "2"], signal.SIGTERM)])
def test_after_a_kill_nothing_is_left_and_the_next_start_serves_until_a_signal(
    data_dir: Path, options: list[str], number: signal.Signals
) -> None:
    port = str(free_port())
    with serving(data_dir, *options, "--port", port) as killed:
        killed.end(signal.SIGKILL)
    assert eventually(lambda: server_of(data_dir) is None)
    with serving(data_dir, *options, "--port", port) as server:
        assert httpx.get(f"{server.url}/ready", timeout=60, verify=TRUSTS_NOBODY).status_code == 200
        assert server_of(data_dir) is not None
        assert server.end(number) == 0
    assert server_of(data_dir) is None


def test_the_supervisor_has_one_thread(life: Life) -> None:
    assert life.threads == 1


def test_the_greeting_has_the_tokens_and_an_export_to_paste(life: Life) -> None:
    url, tokens, invitation, *curl = life.greeting
    assert url == f"Flowport serves GraphQL, and {PAGE} for browsers, on {life.url}/graphql"
    assert tokens == "Tokens of the demo world: demo-integrator demo-admin demo-guest demo-outsider"
    assert invitation == "Export a flow; the same command again answers the same, and exports nothing more:"
    assert curl[0].startswith("curl ")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to paste the command into")
def test_the_command_of_the_greeting_answers_the_same_each_time_it_is_pasted(life: Life) -> None:
    first, second = life.pasted
    assert first == second
    payload = json.loads(first)["data"]["exportFlow"]
    assert (payload["flow"]["workspace"]["name"], payload["draft"]["revision"]) == ("Retail Production", 1)


def test_where_no_page_is_served_the_greeting_names_none() -> None:
    settings = read_settings({"graphiql": "off"})
    assert greeting(settings, "http://h:1", demo=False) == "Flowport serves GraphQL on http://h:1/graphql"


@pytest.mark.usefixtures("life")
def test_the_demo_is_reset_by_a_command_and_no_other_database_is(data_dir: Path, database_url: str) -> None:
    output = flowport("reset-demo", "--data-dir", data_dir)
    assert (output.returncode, output.stdout) == (0, "")
    assert output.stderr.splitlines() == [
        f"Database: the embedded one in {data_dir}",
        "The demo world is as at its first start.",
    ]
    other = '{"format": "flowport-world/1", "tenants": [{"key": "other", "name": "Other"}]}'
    assert flowport("apply", "-", "--data-dir", data_dir, stdin=other).returncode == 0
    output = called("reset-demo", "--data-dir", data_dir)
    assert (output.returncode, output.stdout) == (1, "")
    assert output.stderr.splitlines()[-1] == (
        "Error: The database holds more than the demo world (other rows in tenant: 1). Nothing was changed. "
        "A demo world of its own starts in another folder: flowport serve --data-dir FOLDER"
    )
    output = called("reset-demo", "--data-dir", data_dir, DATABASE_URL=database_url)
    assert (output.returncode, output.stdout) == (1, "")
    assert (
        output.stderr == "Error: FLOWPORT_DATABASE_URL is set, and only the embedded database's demo world is reset.\n"
    )


def test_every_line_of_the_log_is_json_the_server_s_own_lines_too(life: Life) -> None:
    lines = [json.loads(line) for line in life.log]
    assert all({"level", "timestamp", "event"} <= line.keys() for line in lines)
    assert "Application startup complete." in [line["event"] for line in lines if line.get("logger") == "uvicorn"]
    [operation] = [line for line in lines if line["event"] == "operation" and line["operation"] == "Asked"]
    assert (operation["outcome"], operation["level"]) == ("ok", "info")


def test_the_other_commands_work_while_the_server_runs(life: Life) -> None:
    assert life.listed.returncode == 0
    assert life.listed.stderr.startswith("Database: the embedded one in /")
    assert life.ready == 200


@pytest.mark.parametrize("options", [[], ["--no-demo"]])
@pytest.mark.usefixtures("life")
def test_the_demo_world_is_not_served_to_other_hosts(data_dir: Path, options: list[str]) -> None:
    output = flowport("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", data_dir, *options)
    assert (output.returncode, output.stdout) == (1, "")
    assert "loopback only" in output.stderr


def test_other_hosts_are_served_without_a_demo_world_and_take_no_token_of_one_that_comes_later(folder: Path) -> None:
    data_dir, asked = with_cluster(folder / "data"), {"query": "{ viewer { id } }"}
    with serving(data_dir, "--no-demo", "--host", "0.0.0.0") as to_all, serving(data_dir) as to_us:
        answers = [
            httpx.post(f"{server.url}/graphql", json=asked, headers=TOKEN, timeout=60, verify=TRUSTS_NOBODY)
            for server in (to_us, to_all)
        ]
        assert to_all.end(signal.SIGTERM) == 0
    assert to_all.greeting == [f"Flowport serves GraphQL, and {PAGE} for browsers, on {to_all.url}/graphql"]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
