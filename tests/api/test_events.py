"""What happened, as members of workspaces and provisioners read it (E4 to E7)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.client import Api, Json, codes_of
from tests.api.happenings import (
    AT,
    FIELDS,
    KEPT_DAYS,
    OF_TENANT,
    OF_WORKSPACE,
    RELATIONS,
    feed_of,
    happen,
    ids_of,
    loaded_newsroom,
)
from tests.api.writing import export
from tests.databases import Databases, Loaded, run_sql

NODE = f"query($id: ID!) {{ node(id: $id) {{ ... on Event {{ {FIELDS} {RELATIONS} }} }} }}"
APPLY = "mutation($input: ApplyWorldInput!) { applyWorld(input: $input) { changed errors { code } } }"
NOTHING: Json = {
    "edges": [],
    "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
}


@pytest.fixture(scope="module")
async def loaded(databases: Databases) -> AsyncIterator[Loaded]:
    async with loaded_newsroom(databases) as loaded:
        yield loaded


@pytest.fixture
async def api(databases: Databases, loaded: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded, event_days=KEPT_DAYS) as served:
        yield served


async def remove(api: Api, feed: str, event_id: str) -> None:
    """Remove an event from a feed, as it is done when it is old."""
    await run_sql(
        api.database_url,
        "with gone as (delete from event where id = :id returning position) "
        "insert into event_removal (feed, position) select :feed, position from gone",
        id=event_id,
        feed=api.id(feed),
    )


async def test_an_event_tells_what_happened_and_leads_to_what_it_names(api: Api) -> None:
    version = api.id("letters/2")
    [event_id] = await happen(api, {"actor": "ada", "version": version, "flow_name": "Letters, long ago"})
    page = await feed_of(api, "bob")
    event = {
        "id": event_id,
        "type": "FLOW_PUBLISHED",
        "at": AT,
        "actorId": api.id("ada"),
        "actor": None,
        "workspaceId": api.id("prod"),
        "workspace": {"id": api.id("prod"), "name": "Prod"},
        "flowId": api.id("letters"),
        "flow": {"id": api.id("letters"), "name": "Letters"},
        "flowName": "Letters, long ago",
        "versionId": version,
        "version": {"number": 2},
        "exportId": None,
        "exportRecord": None,
    }
    assert [edge["node"] for edge in page["edges"]] == [event]
    assert await api.caller("bob").one(NODE, id=event_id) == event
    # Whom ada shares a workspace with sees her.
    assert (await api.caller("both").one(NODE, id=event_id))["actor"] == {"id": api.id("ada")}


async def test_events_are_read_page_by_page_the_oldest_first_or_the_latest(api: Api) -> None:
    ids = await happen(api, *[{}] * 7)
    assert ids_of(await feed_of(api, "bob", first=3)) == ids[:3]
    assert ids_of(await feed_of(api, "bob", last=2)) == ids[-2:]
    for forwards in (True, False):
        seen: list[str] = []
        cursor, more = None, True
        while more:
            sizes: Json = {"first": 3, "after": cursor} if forwards else {"last": 3, "before": cursor}
            page = await feed_of(api, "bob", **sizes)
            seen = [*seen, *ids_of(page)] if forwards else [*ids_of(page), *seen]
            cursor = page["pageInfo"]["endCursor" if forwards else "startCursor"]
            more = page["pageInfo"]["hasNextPage" if forwards else "hasPreviousPage"]
        assert seen == ids


async def test_who_has_read_everything_asks_again_with_the_same_cursor(api: Api) -> None:
    assert await feed_of(api, "bob") == NOTHING
    await happen(api, {}, {})
    end = (await feed_of(api, "bob"))["pageInfo"]["endCursor"]
    page = await feed_of(api, "bob", after=end)
    assert (page["edges"], page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]) == ([], end, False)
    [new] = await happen(api, {})
    assert ids_of(await feed_of(api, "bob", after=page["pageInfo"]["endCursor"])) == [new]


async def test_a_cursor_that_is_ahead_of_what_the_database_has_is_answered_with_an_empty_page(api: Api) -> None:
    """As a standby is, which hasn't replayed what the primary told."""
    await happen(api, {}, {}, {})
    end = (await feed_of(api, "bob"))["pageInfo"]["endCursor"]
    await run_sql(api.database_url, "delete from event where position > 1")
    page = await feed_of(api, "bob", after=end)
    assert (page["edges"], page["pageInfo"]["endCursor"]) == ([], end)


async def test_types_and_a_flow_leave_out_the_others_whatever_the_cursor_was_read_with(api: Api) -> None:
    names = ["FLOW_STARTED", "FLOW_PUBLISHED", "FLOW_STOPPED", "FLOW_STARTED", "FLOW_DELETED"]
    ids = await happen(api, *({"type": name} for name in names), {"type": "FLOW_STARTED", "flow": "source"})
    assert ids_of(await feed_of(api, "bob", types=["FLOW_STARTED", "FLOW_STARTED"])) == [ids[0], ids[3], ids[5]]
    assert ids_of(await feed_of(api, "bob", types=["FLOW_STARTED", "FLOW_DELETED"], last=2)) == [ids[4], ids[5]]
    assert ids_of(await feed_of(api, "bob", types=[])) == []
    assert ids_of(await feed_of(api, "bob", types=None, flowId=None)) == ids
    assert ids_of(await feed_of(api, "bob", flowId=api.id("letters"), types=["FLOW_STARTED"])) == [ids[0], ids[3]]
    assert ids_of(await feed_of(api, "bob", flowId=api.id("source"))) == [ids[5]]
    assert ids_of(await feed_of(api, "bob", flowId="\0")) == []
    second = (await feed_of(api, "bob", first=2))["pageInfo"]["endCursor"]
    assert ids_of(await feed_of(api, "bob", types=["FLOW_STARTED"], after=second)) == [ids[3], ids[5]]
    started = (await feed_of(api, "bob", types=["FLOW_STARTED"]))["edges"][1]["cursor"]
    assert ids_of(await feed_of(api, "bob", after=started)) == ids[4:]
    assert ids_of(await feed_of(api, "bob", flowId=api.id("letters"), before=started)) == ids[:3]


async def test_a_cursor_is_of_its_feed_alone(api: Api) -> None:
    await happen(api, {}, {"workspace": "dev", "flow": "source"})
    cursor = (await feed_of(api, "both", "dev"))["edges"][0]["cursor"]
    for user, document, id_ in (("both", OF_WORKSPACE, "prod"), ("chief", OF_TENANT, "home")):
        for argument in ("after", "before"):
            body = await api.caller(user).answer(document, id=api.id(id_), **{argument: cursor})
            assert codes_of(body) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("argument", ["after", "before"])
async def test_a_cursor_after_which_an_event_was_removed_is_expired(api: Api, argument: str) -> None:
    """E4: an older one than any event that is kept, and never a silent gap."""
    ids = await happen(api, *[{}] * 4)
    cursors = [edge["cursor"] for edge in (await feed_of(api, "bob"))["edges"]]
    await remove(api, "prod", ids[1])
    body = await api.caller("bob").answer(OF_WORKSPACE, id=api.id("prod"), **{argument: cursors[0]})
    [error] = body["errors"]
    assert (error["path"], error["extensions"]) == (["workspace", "events"], {"code": "CURSOR_EXPIRED"})
    assert error["message"].startswith("Events after this cursor were removed. Read the present state, then start")
    assert body["data"] == {"workspace": None}
    # No later event than the removed one itself was removed.
    later = {"after": [ids[2], ids[3]], "before": [ids[0]]}[argument]
    assert ids_of(await feed_of(api, "bob", **{argument: cursors[1]})) == later
    assert ids_of(await feed_of(api, "bob")) == [ids[0], *ids[2:]]


async def test_an_expired_cursor_of_a_tenant_is_told_to_its_provisioners_alone(api: Api) -> None:
    ids = await happen(api, {}, {})
    cursor = (await feed_of(api, "robot", "home"))["edges"][0]["cursor"]
    await remove(api, "home", ids[1])
    body = await api.caller("robot").answer(OF_TENANT, id=api.id("home"), after=cursor)
    assert (body["data"], codes_of(body)) == ({"tenantEvents": None}, ["CURSOR_EXPIRED"])
    assert await feed_of(api, "ada", "home", after=cursor) is None
    # The workspace's own feed has lost nothing.
    page = await feed_of(api, "bob")
    assert ids_of(await feed_of(api, "bob", after=page["edges"][0]["cursor"])) == []


async def test_who_joined_today_reads_what_happened_before_and_who_left_reads_nothing(api: Api) -> None:
    """E5."""
    ids = await happen(api, {})
    members = [
        {"workspace": "prod", "user": "ada", "role": "guest"},
        {"workspace": "prod", "user": "bob", "remove": True},
    ]
    document = {"format": "flowport-world/1", "workspaceMembers": members}
    before = (ids_of(await feed_of(api, "both")), await api.caller("bob").one(NODE, id=ids[0]))
    assert (before[0], before[1]["id"]) == (ids, ids[0])
    applied = await api.caller("robot").one(APPLY, input={"tenantId": api.id("home"), "document": document})
    assert applied == {"changed": 0, "errors": []}
    assert ids_of(await feed_of(api, "ada")) == ids
    assert (await api.caller("bob").one(OF_WORKSPACE, id=api.id("prod"))) is None
    assert await api.caller("bob").one(NODE, id=ids[0]) is None


async def test_who_sees_only_the_name_of_a_workspace_reads_none_of_its_events(api: Api) -> None:
    [event_id] = await happen(api, {})
    assert await feed_of(api, "guest") == NOTHING
    assert await api.caller("guest").one(NODE, id=event_id) is None


async def test_an_export_is_one_event_at_both_ends(api: Api) -> None:
    """E5: whoever is a member of one end gets null for what is at the other."""
    await export(api, "source", "both", onto="letters")
    copies = "query($id: ID!) { flow(id: $id) { copies { nodes { id } } } }"
    [record] = [copy["id"] for copy in (await api.caller("both").one(copies, id=api.id("source")))["copies"]["nodes"]]
    event: Json = {"type": "FLOW_EXPORTED", "other_workspace": "dev", "actor": "both", "flow_name": "Letters"}
    [event_id] = await happen(api, {**event, "export": record})
    pages = {
        (user, place): [edge["node"] for edge in page["edges"] if edge["node"]["id"] == event_id]
        for user, place in (("both", "dev"), ("both", "prod"), ("ada", "dev"), ("bob", "prod"))
        for page in [await feed_of(api, user, place)]
    }
    [seen], hidden = pages["bob", "prod"], dict.fromkeys(("workspace", "flow", "flowName"))
    assert (seen["flowName"], seen["flow"]["name"], seen["workspace"]["name"]) == ("Letters", "Letters", "Prod")
    assert (seen["flowId"], seen["exportRecord"]["id"]) == (api.id("letters"), record)
    assert pages["both", "dev"] == pages["both", "prod"] == [seen]
    assert pages["ada", "dev"] == [{**seen, **hidden}]
    # Both ends are the tenant's.
    assert ids_of(await feed_of(api, "robot", "home")).count(event_id) == 1
    assert ids_of(await feed_of(api, "robot", "home", types=["FLOW_EXPORTED"])).count(event_id) == 1


async def test_what_was_deleted_is_null_beside_its_id(api: Api) -> None:
    gone = {"flow": "flow_01jgfjjz00egfse4cs6ndrkzt1", "version": "version_01jgfjjz00f1xrz433vyhw0q2j"}
    more = {"export": "export_01jgfjjz00f1xrz433vyhw0q2j", "actor": "user_01jgfjjz00f1xrz433vyhw0q2j"}
    await happen(api, {"type": "FLOW_DELETED", "flow_name": "Long gone", **gone, **more})
    [edge] = (await feed_of(api, "bob"))["edges"]
    event = edge["node"]
    ids = {name: event[f"{name}Id"] for name in ("flow", "version", "export", "actor")}
    assert (ids, event["flowName"]) == (gone | more, "Long gone")
    assert [event[name] for name in ("flow", "version", "exportRecord", "actor")] == [None] * 4


async def test_a_provisioner_reads_all_of_its_tenant_and_names_only_where_it_is_a_member(api: Api) -> None:
    """E6, E7."""
    here: Json = {"flow_name": "Letters", "actor": "bob", "version": api.id("letters/2")}
    there: Json = {"workspace": "dev", "flow": "source", "flow_name": "Source", "actor": "ada"}
    away: Json = {"tenant": "abroad", "workspace": "far", "flow": None}
    ids = await happen(
        api,
        here,
        there,
        {"type": "WORLD_APPLIED", "workspace": None, "flow": None, "actor": "robot"},
        away,
        {**away, "other_tenant": "home", "other_workspace": "dev", "type": "FLOW_EXPORTED"},
    )
    page = await feed_of(api, "robot", "home")
    assert ids_of(page) == [*ids[:3], ids[4]]
    names = ("actor", "workspace", "flow", "flowName", "version", "exportRecord")
    events = [edge["node"] for edge in page["edges"]]
    assert [{event[name] for name in names} for event in events if event["type"] != "WORLD_APPLIED"] == [{None}] * 3
    assert [event["flowId"] for event in events] == [api.id("letters"), api.id("source"), None, None]
    assert (events[0]["versionId"], events[0]["actorId"]) == (api.id("letters/2"), api.id("bob"))
    # It sees itself.
    assert (events[2]["actor"], events[2]["workspaceId"]) == ({"id": api.id("robot")}, None)
    chief = {edge["node"]["id"]: edge["node"] for edge in (await feed_of(api, "chief", "home"))["edges"]}
    assert [chief[ids[0]][name] for name in ("flowName", "flow", "workspace")] == [None] * 3
    assert chief[ids[1]]["flowName"] == "Source"
    assert chief[ids[1]]["flow"] == {"id": api.id("source"), "name": "Source"}
    assert ids_of(await feed_of(api, "stranger", "abroad")) == ids[3:]
    for event_id in ids[:3]:
        assert (await api.caller("robot").one(NODE, id=event_id))["id"] == event_id
        assert await api.caller("stranger").one(NODE, id=event_id) is None


@pytest.mark.parametrize("tenant", ["home", f"tenant_{'0' * 26}", "workspace", "", "tenant_\0"])
async def test_the_events_of_a_tenant_are_nothing_to_others_as_if_there_were_no_tenant(api: Api, tenant: str) -> None:
    """E6."""
    await happen(api, {})
    for user in ("ada", "guest", "stranger"):
        assert await feed_of(api, user, tenant) is None
    if tenant != "home":
        assert await feed_of(api, "robot", tenant) is None
    body = await api.caller("ada").answer(OF_TENANT, id=api.ids.get(tenant, tenant), after="x")
    assert codes_of(body) == ["BAD_USER_INPUT"]


async def test_who_is_deactivated_at_home_provisions_nothing_there(api: Api) -> None:
    """W9."""
    await happen(api, {})
    assert len((await feed_of(api, "chief", "home"))["edges"]) == 1
    await run_sql(api.database_url, "update user_account set active_at_home = false where id = :id", id=api.id("chief"))
    assert await feed_of(api, "chief", "home") is None


@pytest.mark.parametrize("size", [1, 2, 40])
async def test_a_page_takes_as_many_statements_whatever_its_size(api: Api, size: int) -> None:
    await happen(api, *({"flow": ("letters", "source")[number % 2], "actor": "bob"} for number in range(60)))
    bob = api.caller("bob")
    bare = "query($id: ID!, $first: Int) { workspace(id: $id) { events(first: $first) { nodes { id flowName } } } }"
    # The caller's token, the workspace, the page; then actors and flows.
    assert await bob.statements(bare, id=api.id("prod"), first=size) == 3
    many: dict[str, Any] = {"id": api.id("prod"), "first": size, "types": ["FLOW_PUBLISHED"]}
    assert await bob.statements(OF_WORKSPACE, **many) == 5
    tenants = "query($id: ID!, $first: Int) { tenantEvents(tenantId: $id, first: $first) { nodes { id } } }"
    assert await api.caller("robot").statements(tenants, id=api.id("home"), first=size) == 2
    assert await api.caller("ada").statements(tenants, id=api.id("home"), first=size) == 2


async def test_the_feeds_of_many_workspaces_are_read_at_once(api: Api) -> None:
    await happen(api, {}, {"workspace": "dev", "flow": "source"})
    each = "{ workspaces { nodes { name events { nodes { flowId } } } } }"
    assert await api.caller("both").statements(each) == 3
    assert (await api.caller("both").one(each))["nodes"] == [
        {"name": "Dev", "events": {"nodes": [{"flowId": api.id("source")}]}},
        {"name": "Prod", "events": {"nodes": [{"flowId": api.id("letters")}]}},
    ]
