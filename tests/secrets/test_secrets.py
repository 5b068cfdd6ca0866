"""No secret is in what a real server writes, answers, measures or shows in the list of processes, whatever goes wrong."""

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url, text

from app.storage.connections.engine import engine_of
from app.storage.embedded.data_directory import DataDirectory
from app.storage.embedded.running import running
from tests.api.trade import trade
from tests.authentication.issuer import AUDIENCE, ISSUER, ec_key
from tests.authentication.jwks_host import JwksHost, jwks_host
from tests.cli.flowport import Server, called, flowport, serving
from tests.clusters import with_cluster
from tests.databases import Loaded, load, run_sql
from tests.plain_http import TRUSTS_NOBODY
from tests.ports import free_port
from tests.secrets.planted import (
    COUNTERS_PASSWORD,
    DATABASE_PASSWORD,
    IDEMPOTENCY_KEY,
    KEY_OF_JWKS,
    MARK,
    METRICS_TOKEN,
    UNKNOWN_TOKEN,
    Seen,
    graph_with_a_password,
    jwts,
)
from tests.serving.real import COPY, LOCK_FLOWS, VIEWER

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="this system has no /proc")

CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { message } } }"
CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'flowport'
"""


@dataclass(frozen=True)
class Planted:
    """A server that was told secrets, and whoever calls it."""

    server: Server
    http: httpx.AsyncClient
    seen: Seen
    loaded: Loaded
    url: str

    async def post(self, where: str, document: str, token: str = "", **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.loaded.tokens['ada']}", "Cookie": f"session={MARK}"}
        body = {"query": document, "variables": variables}
        return self.seen.note_answer(where, await self.http.post("/graphql", json=body, headers=headers))

    async def create(self, where: str) -> httpx.Response:
        """A mutation that brings a password in a graph, and a key that whoever knows it could repeat the call with."""
        place = {
            "workspaceId": self.loaded.ids["workshop"],
            "name": "New",
            "idempotencyKey": f"{IDEMPOTENCY_KEY} {where}",
        }
        return await self.post(where, CREATE, input=place | {"graph": graph_with_a_password(where)})


@asynccontextmanager
async def planted(folder: Path, host: JwksHost) -> AsyncIterator[tuple[Planted, Path]]:
    """A server at its most talkative on a database of its own, and the file with its log."""
    log, seen = folder / "log", Seen()
    with running(with_cluster(folder / "data")) as embedded, log.open("w", encoding="utf-8") as written:
        url = make_url(embedded).set(password=DATABASE_PASSWORD).render_as_string(hide_password=False)
        loaded = await load(url, trade())
        host.show(ec_key().jwk("ec"))
        settings = {
            "DATABASE_URL": url,
            "RATE_LIMIT_COST_PER_MINUTE": "10000000",
            "RATE_LIMIT_URL": f"redis://somebody:{COUNTERS_PASSWORD}@127.0.0.1:{free_port()}/0",
            "METRICS_TOKEN": METRICS_TOKEN,
            "JWKS_URL": f"{host.url}?key={KEY_OF_JWKS}",
            "JWKS_CACHE_SECONDS": "1",
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            "LOG_LEVEL": "debug",
            "REQUEST_TIMEOUT_SECONDS": "1",
            "WORKERS": "2",
        }
        with serving(folder / "unused", stderr=written.fileno(), **settings) as server:
            async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=TRUSTS_NOBODY) as http:
                yield Planted(server, http, seen, loaded, url), log


async def wrong_requests(at: Planted) -> None:
    for kind, token in jwts().items():
        response = await at.post(f"JWT {kind}", VIEWER, token)
        assert (response.status_code, kind) == (200 if kind == "good" else 401, kind)
    await at.post("unknown token", VIEWER, UNKNOWN_TOKEN)
    await at.post("wrong document", "{ viewer { id ! } }")
    await at.post("unknown argument", '{ flow(id: "x", secret: true) { id } }')
    for headers in (
        {"Authorization": f"Basic {MARK}"},
        {"Authorization": f"Bearer {MARK} {MARK}"},
        {"Authorization": f"Bearer {UNKNOWN_TOKEN}", "Host": "elsewhere.example.com"},
        {"Authorization": f"Bearer {UNKNOWN_TOKEN}", "Content-Type": "text/plain"},
    ):
        at.seen.note_answer("headers", await at.http.post("/graphql", content=b"{}", headers=headers))
    for path in (f"/graphql?query={{viewer{{id}}}}&token={UNKNOWN_TOKEN}", f"/nowhere?{MARK}", f"/{MARK}"):
        at.seen.note_answer("path", await at.http.get(path))
    reader_is_closed = await at.http.request("PUT", "/graphql", headers={"Authorization": f"Bearer {UNKNOWN_TOKEN}"})
    at.seen.note_answer("method", reader_is_closed)


async def outages(at: Planted, host: JwksHost) -> None:
    """Each is met while a request with secrets is under way or comes next."""
    async with engine_of(at.url).begin() as connection:
        await connection.execute(text(LOCK_FLOWS))
        late = await at.post(
            "time limit", COPY, input={"flowId": at.loaded.ids["plain"], "idempotencyKey": IDEMPOTENCY_KEY}
        )
        assert late.status_code == httpx.codes.SERVICE_UNAVAILABLE
    await run_sql(at.url, CUT)
    await at.create("cut connections")
    host.answer(b"", 500)
    # Another kid makes both processes ask again, however long keys are kept.
    for _ in range(4):
        await at.post("keys that can't be had", VIEWER, jwts()["good"])


async def unexpected(at: Planted) -> None:
    """What the database refuses although it shouldn't: its words would hold whole rows."""
    await run_sql(at.url, "alter table flow_content add constraint odd check (false) not valid")
    assert (await at.create("refused row")).json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    await run_sql(at.url, "alter table flow_content rename to elsewhere")
    assert (await at.create("missing table")).json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    await run_sql(at.url, "alter table api_token rename to elsewhere_too")
    assert (await at.post("no authentication", VIEWER)).status_code == httpx.codes.INTERNAL_SERVER_ERROR


async def test_no_secret_leaves_a_server_in_which_everything_goes_wrong(folder: Path) -> None:
    with jwks_host() as host:
        async with planted(folder, host) as (at, log):
            at.seen.note_commands(at.server.process.pid)
            await wrong_requests(at)
            await at.create("done")
            await outages(at, host)
            await unexpected(at)
            bearer = {"Authorization": f"Bearer {METRICS_TOKEN}"}
            for headers in ({}, {"Authorization": f"Bearer {MARK}"}, bearer):
                at.seen.note_answer("metrics", await at.http.get("/metrics", headers=headers))
            at.seen.note_commands(at.server.process.pid)
            assert at.server.end(signal.SIGTERM) == 0
            at.seen.note("stdout", "\n".join(at.server.greeting))
            written = at.seen.note_file("log", log)
            database = at.seen.note_file("log of the database", DataDirectory(folder / "data").log)
    events = {json.loads(line)["event"] for line in written.splitlines()}
    # Everything did go wrong.
    assert events >= {
        "operation failed",
        "request failed",
        "request refused",
        "keys for JWTs could not be fetched",
        "rate limit is counted by each process alone",
    }
    assert "violates check constraint" in database
    tokens = [*at.loaded.tokens.values(), *(part for jwt in jwts().values() for part in jwt.split(".")[1:])]
    assert list(at.seen.holding(MARK, *tokens)) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE_URL": f"postgresql://somebody:{MARK}@127.0.0.1:1/nothing"},
        {"DATABASE_URL": f"postgresql://somebody:before@{MARK}@127.0.0.1:1/nothing"},
        {"DATABASE_URL": f"postgresql://somebody:before@{MARK},c@127.0.0.1:1/nothing"},
        {"DATABASE_URL": f"postgresql://somebody:{MARK}@127.0.0.1:no-port/nothing"},
        {"DATABASE_URL": f"postgresql://somebody@127.0.0.1:1/nothing?password={MARK}"},
        {"DATABASE_URL": f"mysql://somebody:{MARK}@127.0.0.1/nothing"},
        {"DATABASE_URL": MARK},
        {"RATE_LIMIT_COST_PER_MINUTE": "5", "RATE_LIMIT_URL": f"http://somebody:{MARK}@127.0.0.1"},
        {"RATE_LIMIT_URL": f"redis://somebody:{MARK}@127.0.0.1"},
        {"JWKS_URL": f"https://somebody:{MARK}@127.0.0.1/keys"},
        {"METRICS_TOKEN": MARK[:15], "METRICS": "wrong"},
        {"METRICS_TOKENS": MARK},
        {"WORKERS": "no-number", "METRICS_TOKEN": METRICS_TOKEN},
    ],
    ids=" ".join,
)
def test_settings_that_cannot_be_used_are_named_without_their_secrets(settings: dict[str, str], folder: Path) -> None:
    for command in (["serve", "--port", "0"], ["token", "--list"], ["reset-demo"]):
        told = called(*command, "--data-dir", folder / "none", **settings)
        assert told.returncode != 0
        assert (MARK[:15] in told.stdout + told.stderr, told.stderr) == (False, told.stderr)


def test_help_shows_no_setting_that_is_a_secret() -> None:
    settings = {
        "DATABASE_URL": f"postgresql://somebody:{DATABASE_PASSWORD}@127.0.0.1/x",
        "METRICS_TOKEN": METRICS_TOKEN,
    }
    for command in ([], ["serve"], ["apply"], ["token"], ["reset-demo"]):
        told = flowport(*command, "--help", **settings)
        assert told.returncode == 0
        assert MARK not in told.stdout + told.stderr
