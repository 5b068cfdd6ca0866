"""Spans of operations and statements, in the trace of the caller; and that nothing of them is there where they are off."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from structlog.testing import capture_logs

from app.telemetry.spans import Tracing
from app.telemetry.tracing import start_tracing, stop_tracing, trace_with, tracing
from tests.cli.flowport import forked, serving
from tests.clusters import with_cluster
from tests.databases import Databases, Loaded, run_sql
from tests.plain_http import TRUSTS_NOBODY
from tests.processes.otlp_collector import Collector
from tests.serving.logs import logging
from tests.serving.real import COPY, VIEWER, Real, real_server
from tests.serving.redis_server import MISSING, PROGRAM, redis_server

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE, PARENT = CALLER.split("-")[1:3]
SECRET = "a-value-of-the-caller"
AROUND = {"BEGIN", "COMMIT", "ROLLBACK"}
INTEGRATOR = {"Authorization": "Bearer demo-integrator"}


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """The spans that are made in this process."""
    provider, kept = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace_with(Tracing(provider))
    yield kept
    trace_with(None)


async def ask(real: Real, document: str, headers: dict[str, str] | None = None, **variables: Any) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {real.api.tokens['ada']}"}
    body = {"query": document, "variables": variables}
    return await real.api.http.post("/graphql", json=body, headers=bearer | (headers or {}))


def of_server(spans: tuple[ReadableSpan, ...]) -> list[ReadableSpan]:
    return [span for span in spans if span.kind is SpanKind.SERVER]


async def test_an_operation_is_a_span_in_the_trace_of_its_caller_and_its_statements_are_below_it(
    databases: Databases, loaded_trade: Loaded, exporter: InMemorySpanExporter
) -> None:
    with logging() as log:
        async with real_server(databases, loaded_trade) as real:
            wish = {"flowId": real.api.id("plain"), "name": SECRET}
            await ask(real, f"mutation Copying{COPY.removeprefix('mutation')}", {"traceparent": CALLER}, input=wish)
            await real.api.http.get("/health")
    [operation] = of_server(exporter.get_finished_spans())
    statements = [span for span in exporter.get_finished_spans() if span is not operation]
    [line] = [found for each in log.getvalue().splitlines() if (found := json.loads(each))["event"] == "operation"]
    assert (operation.name, operation.status.status_code) == ("mutation copyFlow", StatusCode.UNSET)
    assert operation.context is not None
    assert operation.parent is not None
    assert f"{operation.context.trace_id:032x}" == line["trace_id"] == TRACE
    assert f"{operation.context.span_id:016x}" == line["span_id"]
    assert f"{operation.parent.span_id:016x}" == PARENT
    assert dict(operation.attributes or {}) == {
        "http.request.method": "POST",
        "url.path": "/graphql",
        "http.response.status_code": 200,
        "graphql.operation.type": "mutation",
        "graphql.operation.name": "Copying",
        "flowport.hash": line["hash"],
        "flowport.actor": loaded_trade.ids["ada"],
        "flowport.statements": line["statements"],
        "flowport.cost": line["cost"],
        "flowport.outcome": "ok",
        "flowport.codes": (),
    }
    around = [span.name for span in statements if span.name in AROUND]
    assert around == ["BEGIN", "COMMIT"]
    assert len(statements) - len(around) == line["statements"]
    for span in statements:
        assert (span.kind, span.parent) == (SpanKind.CLIENT, operation.context)
        assert span.attributes is not None
        assert span.attributes["db.system.name"] == "postgresql"
        assert span.attributes["db.operation.name"] == span.name
    assert {span.name for span in statements} >= {"SELECT", "WITH"}
    assert SECRET not in "".join(span.to_json() for span in exporter.get_finished_spans())


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
async def test_what_is_asked_of_redis_is_in_the_trace_too(
    databases: Databases, loaded_trade: Loaded, exporter: InMemorySpanExporter, folder: Path
) -> None:
    with redis_server(folder) as counters:
        limit = {"rate_limit_cost_per_minute": 1000, "rate_limit_url": counters.url}
        async with real_server(databases, loaded_trade, **limit) as real:
            await ask(real, VIEWER)
            counters.kill()
            await ask(real, VIEWER)
            counters.start()
    operation, alone = of_server(exporter.get_finished_spans())
    asked = [span for span in exporter.get_finished_spans() if span.name == "EVALSHA"]
    assert [span.parent for span in asked] == [operation.context, operation.context, alone.context]
    assert [dict(span.attributes or {}) for span in asked[:2]] == [
        {"db.system.name": "redis", "db.operation.name": "EVALSHA"}
    ] * 2
    assert [(span.attributes or {}).get("error.type") for span in asked] == [None, None, "ConnectionError"]


async def test_what_fails_says_so_in_its_span_without_the_words_of_exceptions(
    databases: Databases, loaded_trade: Loaded, exporter: InMemorySpanExporter
) -> None:
    async with real_server(databases, loaded_trade) as real:
        await run_sql(
            real.api.database_url, f"alter table flow add constraint odd check (name <> '{SECRET}') not valid"
        )
        await ask(real, COPY, input={"flowId": real.api.id("plain"), "name": SECRET})
        await ask(real, VIEWER, {"Authorization": f"Bearer fp_{'0' * 26}_{SECRET}"})
        await ask(real, VIEWER, {"traceparent": f"nonsense-{SECRET}"})
    failed, refused, odd = of_server(exporter.get_finished_spans())
    assert (failed.name, failed.status.status_code) == ("mutation copyFlow", StatusCode.ERROR)
    assert (failed.attributes or {})["flowport.codes"] == ("INTERNAL",)
    assert (refused.name, (refused.attributes or {})["http.response.status_code"]) == ("POST /graphql", 401)
    assert (odd.name, odd.parent) == ("query viewer", None)
    errors = [(span.attributes or {}).get("error.type") for span in exporter.get_finished_spans()]
    assert [error for error in errors if error] == ["CheckViolationError"]
    assert SECRET not in "".join(span.to_json() for span in exporter.get_finished_spans())


async def test_nothing_of_tracing_is_called_where_it_is_off(databases: Databases, loaded_trade: Loaded) -> None:
    called: list[str] = []

    def note(frame: Any, event: str, _: object) -> None:
        name = frame.f_globals.get("__name__", "")
        if event == "call" and (name.startswith("opentelemetry") or name == "app.telemetry.spans"):
            called.append(f"{name}.{frame.f_code.co_name}")

    async with real_server(databases, loaded_trade) as real:
        sys.setprofile(note)
        try:
            response = await ask(real, VIEWER, {"traceparent": CALLER})
        finally:
            sys.setprofile(None)
    assert response.json()["data"] == {"viewer": {"id": loaded_trade.ids["ada"]}}
    assert called == []


def test_nothing_of_it_is_imported_where_it_is_off() -> None:
    # Nothing of ours, that is: the client of Redis looks whether it could measure itself.
    code = "import sys, app.server.workers; print('app.telemetry.spans' in sys.modules)"
    assert forked("tests.cli.code", code).stdout == "False\n"


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "flowport"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "True"}, False),
    ],
)
def test_the_usual_variables_turn_it_on(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], wanted: bool) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    start_tracing()
    try:
        assert (tracing() is not None) is wanted
    finally:
        stop_tracing()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("TRACES_EXPORTER", "zipkin", "spans are sent by otlp as http/protobuf only, not by zipkin as http/protobuf"),
        ("EXPORTER_OTLP_PROTOCOL", "grpc", "spans are sent by otlp as http/protobuf only, not by otlp as grpc"),
    ],
)
def test_other_exporters_and_protocols_leave_it_off_with_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setenv(f"OTEL_{name}", value)
    with capture_logs() as log:
        start_tracing()
    assert tracing() is None
    assert log == [{"event": "tracing is off", "reason": reason, "log_level": "warning"}]


def test_a_missing_sdk_leaves_it_off_with_a_line_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with capture_logs() as log:
        start_tracing()
    assert tracing() is None
    [line] = log
    assert (line["event"], "install flowport[otel]" in line["reason"]) == ("tracing is off", True)


def test_a_server_sends_its_spans_to_a_collector_and_stops_in_time_where_that_is_silent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-key={SECRET}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    log = folder / "log"
    with (
        collector.up(),
        log.open("w") as written,
        serving(with_cluster(folder / "data"), "--workers", "2", stderr=written.fileno()) as at,
    ):
        bodies = [{"query": "{ viewer { id } }"}, {"query": "{ __typename }"}]
        for body in bodies:
            httpx.post(
                f"{at.url}/graphql",
                json=body,
                headers=INTEGRATOR | {"traceparent": CALLER},
                timeout=60,
                verify=TRUSTS_NOBODY,
            )
        deadline = time.monotonic() + 30
        while {span.name for span in collector.spans} < {"query viewer", "query __typename", "SELECT"}:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
        assert collector.services() == {"flowport"}
        assert {(each["path"], each["x-key"]) for each in collector.headers} == {("/v1/traces", SECRET)}
        collector.released.clear()
        httpx.post(f"{at.url}/graphql", json=bodies[0], headers=INTEGRATOR, timeout=60, verify=TRUSTS_NOBODY)
        assert at.end(signal.SIGTERM) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line for line in lines if line["level"] not in {"info", "debug"}] == []
    assert SECRET not in log.read_text()
