"""Flows with ten thousand versions page like those with a hundred, and pages of large graphs are answered."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.storage.connections.engine import engine_of
from app.storage.pages.lists import ListName, ListRequest
from app.storage.pages.paging import PageRequest
from tests.api.client import Caller, serving
from tests.commands import issue_token
from tests.databases import run_sql
from tests.lifecycle.company import Company
from tests.lifecycle.long_lives import LATELY, with_large_versions, with_long_life
from tests.sent_statements import statements_sent

HISTORY = """query($flow: ID!, $first: Int, $last: Int, $before: String) {
  flowHistory(flowId: $flow, first: $first, last: $last, before: $before) {
    nodes { id number name publishedAt origin publishedBy { id } revertOf { number } } pageInfo { endCursor }
  }
}"""
SET_ASIDE = """query($flow: ID!, $first: Int, $last: Int) { flow(id: $flow) {
  draftsSetAside(first: $first, last: $last) {
    nodes { id name revision setAsideAt author { id } readiness { ready } changes { identical } }
  }
} }"""
GRAPHS = "query($flow: ID!, $first: Int) { flowHistory(flowId: $flow, first: $first) { nodes { graph { native } } } }"
STEPS = """query($flow: ID!, $first: Int) { flowHistory(flowId: $flow, first: $first) {
  nodes { graph { steps { stepId fields } links { linkId } } }
} }"""


@dataclass(frozen=True)
class LongLives:
    company: Company
    ada: Caller
    short: str
    long: str


@pytest.fixture(scope="module")
async def lives(own_firm: Company) -> AsyncIterator[LongLives]:
    short, long = await with_long_life(own_firm, 100, 100), await with_long_life(own_firm, 10_000, 10_000)
    # So that the list of one flow is not nearly all that there is.
    await with_long_life(own_firm, 10_000, 10_000)
    async with engine_of(own_firm.url).begin() as connection:
        await connection.execute(text("analyze"))
    url = own_firm.url
    token = await issue_token(url, "ada@example.com", name="test", expires_days=None)
    # The use of a token is noted now and then, which takes a statement; not here, whatever the tests take.
    await run_sql(url, "update api_token set last_used_at = now() + interval '1 day'")
    async with serving(url) as http:
        yield LongLives(own_firm, Caller(http, token), short, long)


async def test_a_long_history_takes_as_many_statements_as_a_short_one(lives: LongLives) -> None:
    pages = [{"first": 50}, {"first": 100}, {"last": 50}]
    taken = [
        [await lives.ada.statements(HISTORY, flow=flow, **page) for page in pages] for flow in (lives.short, lives.long)
    ]
    assert taken == [[2, 2, 2], [2, 2, 2]]


async def test_many_drafts_set_aside_take_as_many_statements_as_a_few(lives: LongLives) -> None:
    pages = [{"first": 2}, {"first": 50}, {"last": 100}]
    taken = [
        [await lives.ada.statements(SET_ASIDE, flow=flow, **page) for page in pages]
        for flow in (lives.short, lives.long)
    ]
    assert taken == [[6, 6, 6], [6, 6, 6]]


@pytest.mark.parametrize(
    ("name", "key"), [(ListName.HISTORY, (5000,)), (ListName.SET_ASIDE, (LATELY + timedelta(seconds=5000), "draft_"))]
)
@pytest.mark.parametrize("backwards", [False, True])
async def test_a_page_of_a_long_list_reads_no_more_rows_than_it_has(
    lives: LongLives, name: ListName, key: tuple[Any, ...], backwards: bool
) -> None:
    for beyond in (None, key):
        request = PageRequest(50, backwards, beyond)
        assert await rows_read(lives, lives.long, name, request) <= 51


async def rows_read(lives: LongLives, flow: str, name: ListName, request: PageRequest) -> int:
    """How many rows of versions or drafts the database looks at for a page."""
    database = lives.company.database
    with statements_sent() as sent:
        async with database.reading() as connection:
            viewer = {"viewer": lives.company["ada"]}
            await ListRequest(name).listing().pages(connection, [flow], request, viewer)
    [(statement, parameters)] = sent
    async with engine_of(lives.company.url).connect() as connection:
        explained = await connection.exec_driver_sql(f"explain (analyze, format json) {statement}", tuple(parameters))
        [plan] = explained.scalar_one()
    return sum(_rows_of(plan["Plan"]))


def _rows_of(plan: dict[str, Any]) -> Iterator[int]:
    if plan.get("Relation Name") in {"flow_version", "flow_draft"}:
        yield int(plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * int(plan["Actual Loops"])
    for part in plan.get("Plans", ()):
        yield from _rows_of(part)


async def test_a_page_of_versions_with_graphs_of_five_megabytes_is_answered_whole(lives: LongLives) -> None:
    flow, graphs = await with_large_versions(lives.company, 5, 2)
    page = await lives.ada.one(GRAPHS, flow=flow, first=2)
    assert [version["graph"]["native"] for version in page["nodes"]] == graphs
    page = await lives.ada.one(STEPS, flow=flow, first=2)
    assert [version["graph"]["steps"] for version in page["nodes"]] == [
        [{"stepId": node["id"], "fields": node["fields"]} for node in graph["nodes"]] for graph in graphs
    ]
    assert [len(version["graph"]["links"]) for version in page["nodes"]] == [499, 499]
    assert await lives.ada.statements(GRAPHS, flow=flow, first=1) == await lives.ada.statements(
        GRAPHS, flow=flow, first=2
    )
