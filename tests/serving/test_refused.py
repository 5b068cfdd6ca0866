"""What is refused outside the endpoint: in the same words as there, with its line in the log, and counted."""

import json
from typing import Any

import pytest

from app.telemetry.metrics import REGISTRY
from tests.serving.logs import logging
from tests.serving.test_browsers import OURS, THEIRS, browsing, preflight

METRICS_TOKEN = "a-token-for-metrics"


def counted(code: str) -> float:
    return REGISTRY.get_sample_value("flowport_refused_requests_total", {"code": code}) or 0


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "NOT_FOUND"),
        ("GET", "/graphql/static/nothing.js", {}, 404, "NOT_FOUND"),
        ("POST", "/health", {}, 405, "METHOD_NOT_ALLOWED"),
        ("TRACE", "/graphql", {}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/metrics", {}, 401, "UNAUTHENTICATED"),
        ("GET", "/metrics", {"Authorization": "Bearer a-guess"}, 401, "UNAUTHENTICATED"),
        ("GET", "/ready", {}, 503, "SERVICE_UNAVAILABLE"),
        ("OPTIONS", "/graphql", preflight(THEIRS), 400, "CORS_REFUSED"),
        ("OPTIONS", "/metrics", preflight(OURS, method="PUT"), 400, "CORS_REFUSED"),
    ],
)
async def test_whatever_is_refused_has_its_line_in_the_log_and_is_counted(
    method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    before = counted(code)
    with logging() as log:
        async with browsing(metrics_token=METRICS_TOKEN, cors_origins=OURS) as http:
            response = await http.request(method, path, headers=headers)
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"] == {"code": code}
    [line] = [each for each in lines_of(log.getvalue()) if each["event"] == "request refused"]
    told = {name: line[name] for name in ("code", "request_id", "client", "level")}
    assert told == {
        "code": code,
        "request_id": response.headers["X-Request-Id"],
        "client": "127.0.0.1",
        "level": "info",
    }
    assert counted(code) == before + 1


async def test_where_metrics_are_closed_whoever_asks_for_them_is_seen() -> None:
    before = counted("NOT_FOUND")
    with logging() as log:
        async with browsing(metrics="off") as http:
            response = await http.get("/metrics")
    assert response.status_code == 404
    assert [each["code"] for each in lines_of(log.getvalue()) if each["event"] == "request refused"] == ["NOT_FOUND"]
    assert counted("NOT_FOUND") == before + 1


async def test_what_is_answered_as_it_was_asked_is_not_told_as_refused() -> None:
    with logging() as log:
        async with browsing(cors_origins=OURS) as http:
            answers = [await http.get("/health"), await http.options("/graphql", headers=preflight(OURS))]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "request refused" not in log.getvalue()


def lines_of(written: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.splitlines()]
