"""What the log says of requests, at its most talkative: under which id, and never what callers sent."""

import json
from typing import Any

from tests.api.databases import Loaded, Server, run_sql
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


async def log_of_everything(databases: Server, loaded: Loaded, log_format: str) -> tuple[str, dict[str, str]]:
    """The log, and by id what was done; neither tokens nor what variables hold is in it."""
    with logging() as log:
        async with real_server(databases, loaded, **LIMITS | {"log_format": log_format}) as real:
            ids = await requests_of_every_kind(real)
            ids[await sent(real, f"{MARK} <script>", VIEWER)] = "operation"
    written = log.getvalue()
    assert MARK not in written
    assert [token for token in loaded.tokens.values() if token in written] == []
    assert "Traceback" in written
    return written, ids


async def test_what_callers_send_stays_out_of_a_log_for_people(databases: Server, loaded: Loaded) -> None:
    written, ids = await log_of_everything(databases, loaded, "console")
    assert [request_id for request_id in ids if request_id not in written] == []


async def test_what_callers_send_stays_out_of_the_log_and_every_line_of_a_request_bears_its_id(
    databases: Server, loaded: Loaded
) -> None:
    written, ids = await log_of_everything(databases, loaded, "json")
    lines = [json.loads(line) for line in written.splitlines()]
    ours = [line for line in lines if "logger" not in line]
    assert {line["request_id"] for line in ours} == set(ids)
    for request_id, event in ids.items():
        assert event in [line["event"] for line in ours if line["request_id"] == request_id]
    assert [len(request_id) for request_id in ids if request_id.isalnum() and len(request_id) > 20] == [32]


async def test_what_is_cut_off_at_a_stop_is_logged_under_the_id_that_its_answer_bears(
    databases: Server, loaded: Loaded
) -> None:
    with logging() as log:
        async with real_server(databases, loaded) as real, real.locked(LOCK_FLOWS):
            copying = real.copying()
            assert await soon_true(lambda: real.is_at_work(1))
            real.tell()
            real.tell()
            response = await copying
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [(line["event"], line["request_id"]) for line in lines if "request_id" in line]
    own_id = response.headers["X-Request-Id"]
    assert told == [("operation", own_id), ("request refused", own_id)]
