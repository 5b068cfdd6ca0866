"""Where topics, credentials, secrets and agents are used: in published versions and active drafts, nowhere else (U1)."""

from collections.abc import Sequence

import pytest

from app.domain.world.things import FlowUses
from app.storage.connections.database import Database
from app.storage.pages.flow_filters import MOST_FLOWS_NAMED, flows_using
from tests.api import documents as ask
from tests.api.client import Api
from tests.api.documents import EXPORT
from tests.api.trade import publish
from tests.api.walking import page_of
from tests.api.world_builder import graph
from tests.api.writing import create
from tests.databases import run_sql


async def flows_of(api: Api, used: str, user: str = "ada") -> list[str]:
    """The names of the flows that use something; `usesId` and `totalCount` agree."""
    page = await page_of(api.caller(user), ask.FLOWS_USING, used=api.id(used))
    workspace = {"workspace": api.id(used.partition("-")[0]), "filter": {"usesId": api.id(used)}}
    filtered = await page_of(api.caller(user), ask.FLOWS, **workspace)
    assert [edge["node"] for edge in filtered["edges"]] == [edge["node"] for edge in page["edges"]]
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"]["name"] for edge in page["edges"]]


@pytest.mark.parametrize(
    ("used", "flows"),
    [
        ("workshop-orders", ["Bound", "One-topic", "Two-topics"]),
        ("workshop-items", ["Two-topics"]),
        ("workshop-mail", ["Bound"]),
        ("workshop-erp", ["Bound"]),
        ("workshop-agent", ["Bound"]),
        ("store-strict", []),
    ],
)
async def test_everything_that_can_be_bound_lists_its_flows_by_name(api: Api, used: str, flows: Sequence[str]) -> None:
    assert await flows_of(api, used) == flows
    assert await flows_of(api, used, "gil") == flows


RESTORE = (
    "mutation($input: RestoreFlowDraftInput!) { restoreFlowDraft(input: $input) { draft { id } errors { code } } }"
)


async def test_a_flow_that_publishes_and_subscribes_is_listed_once_and_a_draft_set_aside_is_not(fresh: Api) -> None:
    before = await flows_of(fresh, "workshop-orders")
    orders = fresh.id("workshop-orders")
    drafted = await create(fresh, "workshop", graph(publish(orders, "a"), publish(orders, "b")), name="Both")
    assert await flows_of(fresh, "workshop-orders") == ["Both", *before]
    over = {"flowId": fresh.id("plain"), "destination": {"overrideFlowId": drafted["flow"]["id"]}, "name": "Both"}
    exported = await fresh.caller("ada").one(EXPORT, input=over)
    assert exported["errors"] == []
    assert await flows_of(fresh, "workshop-orders") == before
    restored = await fresh.caller("ada").one(RESTORE, input={"draftId": exported["setAside"]["id"]})
    assert restored["errors"] == []
    assert await flows_of(fresh, "workshop-orders") == ["Both", *before]


async def test_a_flow_of_another_workspace_that_names_a_topic_does_not_use_it(fresh: Api) -> None:
    before = await flows_of(fresh, "workshop-orders")
    bound = await create(fresh, "store", graph(publish(fresh.id("store-orders"))))
    foreign = "update flow_draft set bindings = replace(bindings, :home, :foreign) where id = :id"
    ids = {"home": fresh.id("store-orders"), "foreign": fresh.id("workshop-orders"), "id": bound["draft"]["id"]}
    await run_sql(fresh.database_url, foreign, **ids)
    assert await flows_of(fresh, "workshop-orders") == before
    elsewhere = {"workspace": fresh.id("store"), "filter": {"usesId": fresh.id("workshop-orders")}}
    assert (await page_of(fresh.caller("ada"), ask.FLOWS, **elsewhere))["edges"] == []


async def test_how_many_flows_use_something_is_told_with_those_that_run_first(fresh: Api) -> None:
    number = MOST_FLOWS_NAMED + 2
    for index in range(number):
        await create(fresh, "workshop", graph(publish(fresh.id("workshop-items"))), name=f"{index:03}")
    using = {
        edge["node"]["id"]
        for edge in (await page_of(fresh.caller("ada"), ask.FLOWS_USING, used=fresh.id("workshop-items"), last=100))[
            "edges"
        ]
    }
    runs = max(using)
    await run_sql(fresh.database_url, "update flow set status = 'ACTIVE' where id = :id", id=runs)
    database = Database(fresh.database_url, pool_size=1)
    workshop = fresh.id("workshop")
    things = {fresh.id(key): workshop for key in ("workshop-items", "workshop-mail", "workshop-agent")}
    async with database.reading() as connection:
        found = await flows_using(connection, {**things, fresh.id("store-strict"): fresh.id("store")})
    await database.close()
    items = found.pop(fresh.id("workshop-items"))
    assert (items.count, len(items.flows), items.flows[0]) == (number + 1, MOST_FLOWS_NAMED, runs)
    assert list(items.flows[1:]) == sorted(items.flows[1:])
    assert found == {
        fresh.id(key): FlowUses(1, (fresh.id("bound"),), ("Bound",)) for key in ("workshop-mail", "workshop-agent")
    }
