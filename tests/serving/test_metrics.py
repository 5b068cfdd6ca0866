"""What is measured: who may read it, that it is right, and that no caller makes it grow."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from app.http.documents import ROOT_FIELDS
from tests.databases import Databases, Loaded
from tests.serving.real import COPY, LOCK_FLOWS, VIEWER, Real, real_server, soon_true
from tests.serving.test_browsers import browsing
from tests.serving.test_outages import CUT, waiting

TOKEN = "a-token-for-metrics"
EVERYWHERE, LOOPBACK = "0.0.0.0", "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "setting", "token", "given", "status"),
    [
        (LOOPBACK, "auto", None, None, 200),
        ("::1", "auto", None, None, 200),
        (LOOPBACK, "auto", TOKEN, None, 401),
        (LOOPBACK, "auto", TOKEN, f"Bearer {TOKEN}", 200),
        (EVERYWHERE, "auto", None, None, 404),
        (EVERYWHERE, "auto", None, f"Bearer {TOKEN}", 404),
        (EVERYWHERE, "auto", TOKEN, None, 401),
        (EVERYWHERE, "auto", TOKEN, f"Bearer {TOKEN}x", 401),
        (EVERYWHERE, "auto", TOKEN, f"Basic {TOKEN}", 401),
        (EVERYWHERE, "auto", TOKEN, "Bearer demo-integrator", 401),
        (EVERYWHERE, "auto", TOKEN, "Bearer \u00fc", 401),
        (EVERYWHERE, "auto", TOKEN, f"Bearer {TOKEN}", 200),
        (EVERYWHERE, "on", None, None, 200),
        (EVERYWHERE, "on", TOKEN, None, 401),
        (LOOPBACK, "off", None, None, 404),
        (LOOPBACK, "off", TOKEN, f"Bearer {TOKEN}", 404),
    ],
)
async def test_metrics_are_open_on_loopback_and_elsewhere_for_whoever_has_the_token(
    host: str, setting: str, token: str | None, given: str | None, status: int
) -> None:
    headers = {} if given is None else {b"Authorization": given.encode()}
    async with browsing(host=host, metrics=setting, metrics_token=token) as http:
        response = await http.get("/metrics", headers=headers)
    assert response.status_code == status
    if status == 200:
        assert "# TYPE flowport_operations_total counter" in response.text
    else:
        assert list(response.json()) == ["errors"]
    assert (response.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)


ODD = [
    {"query": "query Odd_%s { viewer { id } }"},
    {"query": "query A_%s { viewer { id } }", "operationName": "A_%s"},
    {"query": "{ viewer { id } }", "operationName": "unknown_%s"},
    {"query": "{ odd_%s: viewer { id } }"},
    {"query": "{ unknown_%s }"},
    {"query": "{ unknown_%s { a } viewer { id } }"},
    {"query": "query { ...f } fragment f on Query { unknown_%s }"},
    {"query": "mutation { unknown_%s }"},
    {"query": "subscription { unknown_%s }"},
    {"query": "{ __typename __schema { queryType { name } } unknown_%s: __typename }"},
    {"query": "{ viewer(unknown_%s: 1) { id } }"},
    {"query": "%s"},
    {"query": "{"},
    {"variables": "%s"},
]


async def test_whatever_callers_call_things_there_are_no_new_labels(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade) as api:
        headers = {"Authorization": f"Bearer {api.tokens['ada']}"}
        for round_ in ("first", "second"):
            for odd in ODD:
                body = {key: value.replace("%s", f"{round_}_x") for key, value in odd.items()}
                assert (await api.http.post("/graphql", json=body, headers=headers)).status_code in {200, 400}
                await api.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {round_}"})
        told = (await api.http.get("/metrics")).text
    assert "_x" not in told
    labels = {name: set(re.findall(rf'[{{,]{name}="([^"]*)"', told)) for name in ("operation", "outcome", "code")}
    assert labels["operation"] <= ROOT_FIELDS | {"several", "unknown"}
    assert labels["outcome"] <= {"ok", "refused", "failed", "cancelled"}
    assert all(re.fullmatch("[A-Z_]+", code) for code in labels["code"])
    assert {"UNAUTHENTICATED", "GRAPHQL_PARSE_FAILED", "BAD_REQUEST"} <= labels["code"]


Measured = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def measured(http: httpx.AsyncClient) -> Measured:
    """Every number, by its name and labels."""
    families = text_string_to_metric_families((await http.get("/metrics")).text)
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


def grown(before: Measured, after: Measured, name: str, **labels: str) -> dict[str, float]:
    """By how much the numbers of a name and some labels have grown, by the rest of their labels."""
    growth = {}
    for (each, its_labels), value in after.items():
        rest = {label: given for label, given in its_labels if labels.get(label) != given}
        was = before.get((each, its_labels), 0)
        if each == name and len(rest) == len(its_labels) - len(labels) and value != was:
            growth[",".join(rest.values())] = value - was
    return growth


def expected_buckets(values: Sequence[float], after: Measured, name: str) -> dict[str, float]:
    """What the buckets of a histogram must have grown by for these values."""
    bounds = {dict(labels)["le"] for each, labels in after if each == f"{name}_bucket"}
    counts = {bound: sum(value <= float(bound) for value in values) for bound in bounds}
    return {bound: count for bound, count in counts.items() if count}


async def test_times_and_statements_of_operations_are_those_of_the_log(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade) as api:
        headers = {"Authorization": f"Bearer {api.tokens['ada']}"}
        bodies: list[dict[str, Any]] = [{"query": VIEWER}] * 3
        bodies += [{"query": COPY, "variables": {"input": {"flowId": flow}}} for flow in (api.id("plain"), "nothing")]
        before = await measured(api.http)
        with capture_logs() as log:
            for body in bodies:
                await api.http.post("/graphql", json=body, headers=headers)
        after = await measured(api.http)
    lines = [line for line in log if line["event"] == "operation"]
    for operation, own in (("viewer", lines[:3]), ("copyFlow", lines[3:])):
        statements = [line["statements"] for line in own]
        seconds = [line["milliseconds"] / 1000 for line in own]
        assert min(statements) > 0
        for name, values in (("operation_statements", statements), ("operation_seconds", seconds)):
            told = f"flowport_{name}"
            assert grown(before, after, f"{told}_count", operation=operation) == {"": len(own)}
            assert grown(before, after, f"{told}_sum", operation=operation)[""] == pytest.approx(sum(values), abs=0.001)
        told = "flowport_operation_statements"
        buckets = grown(before, after, f"{told}_bucket", operation=operation)
        assert buckets == expected_buckets(statements, after, told)
        assert grown(before, after, "flowport_operation_seconds_bucket", operation=operation)["+Inf"] == len(own)
    assert grown(before, after, "flowport_operations_total", operation="viewer") == {"ok": 3}
    assert grown(before, after, "flowport_operations_total", operation="copyFlow") == {"ok": 1, "refused": 1}


async def test_requests_that_are_refused_are_counted_by_their_codes(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_body_bytes=1000) as api:
        headers = {"Authorization": f"Bearer {api.tokens['ada']}"}
        before = await measured(api.http)
        for _ in range(3):
            await api.http.post("/graphql", json={"query": VIEWER}, headers={"Authorization": "Bearer nobody"})
        for _ in range(2):
            await api.http.post("/graphql", json={"query": "{"}, headers=headers)
        await api.http.post("/graphql", json={"query": "x" * 1000}, headers=headers)
        await api.http.post("/graphql", json={"query": VIEWER}, headers=headers)
        after = await measured(api.http)
    assert grown(before, after, "flowport_refused_requests_total") == {
        "UNAUTHENTICATED": 3,
        "GRAPHQL_PARSE_FAILED": 2,
        "CONTENT_TOO_LARGE": 1,
    }


async def in_use(real: Real) -> float:
    return (await measured(real.api.http))["flowport_database_connections_in_use", ()]


async def three_wait(real: Real) -> bool:
    return await waiting(real) == 3


async def are_in_use(real: Real, number: int) -> bool:
    """Before long: what the server does by itself when it starts may be at work too."""

    async def is_told() -> bool:
        return await in_use(real) == number

    return await soon_true(is_told)


async def test_connections_are_counted_while_they_are_at_work(databases: Databases, loaded_trade: Loaded) -> None:
    async with real_server(databases, loaded_trade) as real:
        async with real.locked(LOCK_FLOWS):
            copies = [real.copying(name=f"Copy {number}") for number in range(3)]
            assert await soon_true(lambda: three_wait(real))
            assert await are_in_use(real, 3)
        await asyncio.gather(*copies)
        assert await are_in_use(real, 0)


async def test_connections_that_are_lost_or_never_had_are_not_counted(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade) as real:
        async with real.locked(LOCK_FLOWS):
            copies = [real.copying(name=f"Copy {number}") for number in range(3)]
            assert await soon_true(lambda: three_wait(real))
            await real.rows(CUT)
            assert [response.status_code for response in await asyncio.gather(*copies)] == [503] * 3
        assert await are_in_use(real, 0)
    async with browsing() as http:
        answer = await http.post("/graphql", json={"query": VIEWER}, headers={"Authorization": "Bearer demo-guest"})
        assert answer.status_code == 503
        assert (await measured(http))["flowport_database_connections_in_use", ()] == 0
