"""What the log says of requests, at its most talkative: under which id, and never what callers sent."""

import hashlib
import json
from typing import Any

import pytest

from tests.databases import Databases, Loaded, run_sql
from tests.serving.logs import logging
from tests.serving.real import COPY, LOCK_FLOWS, VIEWER, Real, real_server, soon_true

MARK = "marked-value-of-a-caller"
LIMITS = {"log_level": "debug", "request_timeout_seconds": 0.5}


async def sent(real: Real, request_id: str, query: str, token: str = "", **variables: Any) -> str:
    """Send a marked request, and answer the id that it got."""
    headers = {"Authorization": f"Bearer {token or real.api.tokens['ada']}", "X-Request-Id": request_id}
    body = {"query": query, "variables": variables}
    response = await real.api.http.post("/graphql", json=body, headers=headers)
    assert MARK not in response.headers["X-Request-Id"]
    return response.headers["X-Request-Id"]


def marked(real: Real, **wish: Any) -> Any:
    return {"input": {"flowId": real.api.id("plain"), "name": MARK, **wish}}


async def requests_of_every_kind(real: Real) -> dict[str, str]:
    """Done, refused, wrong, without rights, beyond the time, and failed by our own fault: by id, what was done."""
    ids = {
        await sent(real, "done", COPY, **marked(real)): "operation",
        await sent(real, "refused", COPY, **marked(real, flowId=MARK)): "operation",
        await sent(real, "wrong", COPY, input={MARK: MARK}): "operation",
        await sent(real, "no-document", "{ " + MARK + " !"): "request refused",
        await sent(real, "no-caller", VIEWER, token=f"fp_{MARK}"): "request refused",
    }
    async with real.locked(LOCK_FLOWS):
        ids[await sent(real, "late", COPY, **marked(real))] = "request refused"
    await run_sql(real.api.database_url, f"alter table flow add constraint odd check (name <> '{MARK}') not valid")
    ids[await sent(real, "failed", COPY, **marked(real))] = "operation failed"
    await run_sql(real.api.database_url, "alter table flow_content rename to elsewhere")
    ids[await sent(real, "failed-early", COPY, **marked(real))] = "operation failed"
    return ids


async def log_of_everything(databases: Databases, loaded_trade: Loaded, log_format: str) -> tuple[str, dict[str, str]]:
    """The log, and by id what was done; neither tokens nor what variables hold is in it."""
    with logging() as log:
        async with real_server(databases, loaded_trade, **LIMITS | {"log_format": log_format}) as real:
            ids = await requests_of_every_kind(real)
            ids[await sent(real, f"{MARK} <script>", VIEWER)] = "operation"
    written = log.getvalue()
    assert MARK not in written
    assert [token for token in loaded_trade.tokens.values() if token in written] == []
    assert "Traceback" in written
    return written, ids


async def test_what_callers_send_stays_out_of_a_log_for_people(databases: Databases, loaded_trade: Loaded) -> None:
    written, ids = await log_of_everything(databases, loaded_trade, "console")
    assert [request_id for request_id in ids if request_id not in written] == []
    [refused] = [line for line in written.splitlines() if "no-caller" in line]
    assert "request refused" in refused
    assert "unknown, expired or revoked" in refused


async def test_what_callers_send_stays_out_of_the_log_and_every_line_of_a_request_bears_its_id(
    databases: Databases, loaded_trade: Loaded
) -> None:
    written, ids = await log_of_everything(databases, loaded_trade, "json")
    lines = [json.loads(line) for line in written.splitlines()]
    ours = [line for line in lines if "logger" not in line]
    assert {line["request_id"] for line in ours} == set(ids)
    for request_id, event in ids.items():
        assert event in [line["event"] for line in ours if line["request_id"] == request_id]
    assert [len(request_id) for request_id in ids if request_id.isalnum() and len(request_id) > 20] == [32]


async def test_what_is_cut_off_at_a_stop_is_logged_under_the_id_that_its_answer_bears(
    databases: Databases, loaded_trade: Loaded
) -> None:
    with logging() as log:
        async with real_server(databases, loaded_trade) as real, real.locked(LOCK_FLOWS):
            copying = real.copying()
            assert await soon_true(lambda: real.is_at_work(1))
            real.tell()
            real.tell()
            response = await copying
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [(line["event"], line["request_id"]) for line in lines if "request_id" in line]
    own_id = response.headers["X-Request-Id"]
    assert told == [("operation", own_id), ("request refused", own_id)]


WHO = "query Who { viewer { id } }"
TWO_COPIES = """
  mutation Twice($input: CopyFlowInput!) {
    first: copyFlow(input: $input) { errors { code } } second: copyFlow(input: $input) { errors { code } }
  }
"""
NAME = "{ __typename }"
NOBODY_KNOWS = "{ viewer { id nonsense } }"


def line_of(document: str, actor: str | None, **more: Any) -> dict[str, Any]:
    """What the log says of an operation that went well, or else of what is told here."""
    digest = hashlib.sha256(document.encode()).hexdigest()
    usual = {"event": "operation", "level": "info", "client": "127.0.0.1", "type": "query", "outcome": "ok"}
    return {**usual, "actor": actor, "hash": digest[:16], "operation": None, "codes": [], **more}


def operations_in(written: str) -> dict[str, dict[str, Any]]:
    """The lines of operations, by the ids of the requests."""
    lines = [json.loads(line) for line in written.splitlines()]
    return {line.pop("request_id"): line for line in lines if line["event"] == "operation"}


async def test_the_line_of_an_operation_says_all_that_the_readme_promises(
    databases: Databases, loaded_trade: Loaded
) -> None:
    ada, codes = loaded_trade.ids["ada"], ["FLOW_NOT_FOUND", "FLOW_NOT_FOUND"]
    refused = {"operation": "Twice", "type": "mutation", "outcome": "refused", "codes": codes}
    wrong = {"outcome": "refused", "codes": ["GRAPHQL_VALIDATION_FAILED"]}
    expected = {
        "done": line_of(WHO, ada, operation="Who", statements=1, cost=1),
        "refused": line_of(TWO_COPIES, ada, statements=3, cost=42, **refused),
        "wrong": line_of(NOBODY_KNOWS, ada, statements=1, cost=1, **wrong),
        "nobody": line_of(NAME, None, statements=0, cost=0),
    }
    with logging() as log:
        async with real_server(databases, loaded_trade) as real:
            await sent(real, "done", WHO)
            await sent(real, "refused", TWO_COPIES, input={"flowId": MARK})
            await sent(real, "wrong", NOBODY_KNOWS)
            await real.api.http.post("/graphql", json={"query": NAME}, headers={"X-Request-Id": "nobody"})
    lines = operations_in(log.getvalue())
    for line in lines.values():
        del line["timestamp"], line["milliseconds"]
    assert lines == expected


async def test_the_milliseconds_of_an_operation_are_those_that_it_took(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 12.34567])
    monkeypatch.setattr("app.http.endpoint.perf_counter", lambda: next(clock))
    with logging() as log:
        async with real_server(databases, loaded_trade) as real:
            await sent(real, "timed", VIEWER)
    assert operations_in(log.getvalue())["timed"]["milliseconds"] == 2345.7


async def test_however_long_a_name_of_a_caller_is_the_lines_of_the_log_are_short(
    databases: Databases, loaded_trade: Loaded
) -> None:
    names = ("N" * 256, "N" * 257, "N" * 100_000)
    with logging() as log:
        async with real_server(databases, loaded_trade) as real:
            for name in names:
                await sent(real, "named", f"query {name} {{ viewer {{ {name}: id }} }}")
                await sent(real, "named", "query ($" + name + ": ID) { viewer { id } }", **{name: name})
                await sent(real, "named", f"{{ {name} }}")
    lines = log.getvalue().splitlines()
    assert sum(json.loads(line).get("request_id") == "named" for line in lines) == 9
    assert max(map(len, lines)) < 1000
