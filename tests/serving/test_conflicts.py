"""What PostgreSQL rolls back for the sake of another transaction is retried, a few times."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from structlog.testing import capture_logs

from tests.api.client import Json
from tests.databases import Databases, Loaded, connected, run
from tests.serving.real import Real, code_of, real_server_on, soon_true
from tests.serving.test_outages import waiting, warnings

UPDATE = """mutation($input: UpdateFlowDraftInput!) {
    updateFlowDraft(input: $input) { draft { revision } errors { code } }
}"""
AT_A_SAVE = """
    create function meanwhile() returns trigger language plpgsql as $$ begin {} return new; end $$;
    create trigger meanwhile before insert or update on flow_draft for each row execute function meanwhile()
"""
TAKES_LOCKS_ONCE = "create sequence attempt;" + AT_A_SAVE.format(
    "if nextval('attempt') = 1 then perform pg_advisory_xact_lock(1); perform pg_advisory_xact_lock(2); end if;"
)
"""A number of a sequence isn't rolled back: what is retried comes by, whoever of the two gets the row first."""
GIVES_WAY = AT_A_SAVE.format("raise exception 'in the way' using errcode = '40001';")


@pytest.fixture
async def real(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Real]:
    """On a database that finds deadlocks at once, and whose transactions are serializable by default."""
    async with databases.copy(loaded_trade.name) as url:
        name = url.partition("?")[0].rpartition("/")[2]
        for setting in ("deadlock_timeout = '20ms'", "default_transaction_isolation = 'serializable'"):
            await run(url, f"alter database {name} set {setting}")
        async with real_server_on(url, loaded_trade) as served:
            yield served
        await run(url, f"alter database {name} reset all")


def updating(real: Real, number: int = 0) -> "asyncio.Task[httpx.Response]":
    given: Json = {"flowId": real.api.id("plain"), "description": f"Saved {number}"}
    return real.posting(UPDATE, input=given)


async def number_retried(real: Real) -> float:
    told = (await real.api.http.get("/metrics")).text
    [line] = [line for line in told.splitlines() if line.startswith("flowport_transactions_retried_total ")]
    return float(line.split()[1])


async def test_a_deadlock_with_somebody_elses_statements_reaches_no_caller(real: Real) -> None:
    """Flowport's own locks have an order; whoever works on the database by hand may take them in another."""
    before, url = await number_retried(real), real.api.database_url
    async with connected(url) as gate, connected(url) as other:
        await gate.execute(TAKES_LOCKS_ONCE)
        await gate.execute("select pg_advisory_lock(1)")
        await other.execute("set deadlock_timeout = '1h'; begin isolation level read committed")
        await other.execute("select pg_advisory_xact_lock(2)")
        with capture_logs() as log:
            request = updating(real)
            assert await soon_true(lambda: waiting(real))
            taking = asyncio.create_task(other.execute("select 1 from flow for update"))
            assert await soon_true(lambda: waiting(real, application=""))
            await gate.execute("select pg_advisory_unlock(1)")
            await taking
            await other.execute("commit")
            response = await request
    assert response.json()["data"]["updateFlowDraft"]["errors"] == []
    [begun] = [line for line in log if line["event"] == "transaction retried"]
    assert begun["reason"].startswith("DeadlockDetectedError: deadlock detected")
    assert warnings(log) == []
    assert await number_retried(real) == before + 1


async def test_what_has_to_give_way_again_and_again_is_answered_like_an_outage(real: Real) -> None:
    await run(real.api.database_url, GIVES_WAY)
    before = await number_retried(real)
    response = await updating(real)
    assert code_of(response) == (503, "SERVICE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "5"
    assert await number_retried(real) == before + 2


async def test_changes_of_one_flow_at_once_are_all_made_also_where_transactions_are_serializable(real: Real) -> None:
    before = await number_retried(real)
    answers = await asyncio.gather(*(updating(real, number) for number in range(12)))
    payloads = [answer.json()["data"]["updateFlowDraft"] for answer in answers]
    assert [payload["errors"] for payload in payloads] == [[]] * 12
    revisions = await real.rows(f"select revision from flow_draft where flow_id = '{real.api.id('plain')}'")  # noqa: S608
    assert revisions == [(max(payload["draft"]["revision"] for payload in payloads),)]
    assert await number_retried(real) == before
