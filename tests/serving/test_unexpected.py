"""What nobody expected: masked in the answer, and whole in the log, under the id that the answer tells."""

import json
from typing import Any, NoReturn

import httpx
import pytest
from starlette.routing import Mount
from structlog.testing import capture_logs

from app.server.application import create_app
from app.settings import Settings
from tests.databases import Databases, Loaded
from tests.serving.logs import logging
from tests.serving.real import COPY, real_server

WORDS = "words-of-the-machinery"
GRAPHQL = "application/graphql-response+json"
FLOW = '{ flow(id: "any") { id } }'


def failing(*_: object, **__: object) -> NoReturn:
    raise RuntimeError(WORDS)


def logged(written: str, event: str) -> dict[str, Any]:
    """The one line of an event: it has the whole traceback."""
    [line] = [found for each in written.splitlines() if (found := json.loads(each))["event"] == event]
    exception = line["exception"]
    assert exception.startswith("Traceback (most recent call last):")
    assert f"RuntimeError: {WORDS}" in exception
    assert "in failing" in exception
    return dict(line)


def is_masked(response: httpx.Response, error: dict[str, Any], **more: str) -> str:
    """That an answer tells nothing but its id, and the id."""
    own_id = response.headers["X-Request-Id"]
    assert len(own_id) == 32
    assert error["message"] == "Internal error"
    assert error["extensions"] == {"code": "INTERNAL", "requestId": own_id, **more}
    for word in (WORDS, "RuntimeError", "Traceback", ".py"):
        assert word not in response.text
    return own_id


async def test_an_exception_in_a_resolver_is_masked_in_the_place_of_its_field(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.graphql.queries.Lookup", failing)
    with logging() as log:
        async with real_server(databases, loaded_trade) as real:
            response = await real.posting(FLOW)
    assert (response.status_code, response.json()["data"]) == (200, {"flow": None})
    [error] = response.json()["errors"]
    assert (error["path"], error["locations"]) == (["flow"], [{"line": 1, "column": 3}])
    line = logged(log.getvalue(), "operation failed")
    assert (line["request_id"], line["path"], line["level"]) == (is_masked(response, error), ["flow"], "error")


async def test_of_a_mutation_that_could_not_be_shown_for_an_exception_it_is_told_that_it_was_written(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.graphql.outcomes.Payload.of", failing)
    async with real_server(databases, loaded_trade) as real:
        response = await real.copying(name="Written")
        unbegun = await real.posting(COPY, input={"flowId": real.api.id("plain"), "name": "\0"})
        assert "Written" in await real.names()
    for answer, written in ((response, "YES"), (unbegun, "NO")):
        [error] = answer.json()["errors"]
        is_masked(answer, error, written=written)


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        ("app.http.endpoint.allowed_cost_of", "/graphql?query={viewer{id}}"),
        ("app.server.probes.exposition", "/metrics"),
    ],
    ids=["in the endpoint", "elsewhere"],
)
async def test_an_exception_anywhere_else_is_a_500_that_is_masked(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch, broken: str, path: str
) -> None:
    monkeypatch.setattr(broken, failing)
    with logging() as log:
        async with real_server(databases, loaded_trade) as real:
            headers = {"Authorization": f"Bearer {real.api.tokens['ada']}", "Accept": GRAPHQL}
            response = await real.api.http.get(path, headers=headers)
            health = await real.api.http.get("/health")
    assert (response.status_code, health.status_code) == (500, 200)
    assert response.headers["Content-Type"] == f"{GRAPHQL}; charset=utf-8"
    assert list(response.json()) == ["errors"]
    [error] = response.json()["errors"]
    line = logged(log.getvalue(), "request failed")
    assert (line["request_id"], line["client"]) == (is_masked(response, error, written="NO"), "127.0.0.1")


async def test_an_answer_that_was_begun_is_not_begun_anew() -> None:
    sent = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def begin_and_fail(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        failing()

    app = create_app(Settings(database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    app.router.routes.insert(0, Mount("/begun", begin_and_fail))
    headers = [(b"host", b"localhost"), (b"x-request-id", b"its-id")]
    scope = {"type": "http", "method": "GET", "path": "/begun/", "query_string": b"", "headers": headers}
    with capture_logs() as log, pytest.raises(RuntimeError, match=WORDS):
        await app(scope, failing, send)
    assert sent == ["http.response.start"]
    assert [line["event"] for line in log] == ["request failed"]
