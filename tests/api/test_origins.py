"""Where the states of a flow came from, and what came into a workspace (N3); whether an older version could go on (N4)."""

from tests.api.client import Api, Json
from tests.api.test_records import DELETE, PUBLISH, REVERT, SAVE, UNDO, done, exported
from tests.api.world_builder import graph, step
from tests.databases import run_sql

STATES = """query($id: ID!) { flow(id: $id) {
  draft { provenance { id } }
  history { nodes { number provenance { id } readiness { ready blockers { stepId } } } }
} }"""
BECAME = "query($id: ID!) { node(id: $id) { ... on FlowExport { destinationVersion { id number } } } }"
INCOMING = """query($id: ID!, $first: Int, $after: String) { workspace(id: $id) {
  exports(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id undoneAt } }
} }"""
ANOTHER = graph(step("1", "acme/timer:tick", fields={"every": "week"}))


async def published(api: Api, flow_id: str) -> str:
    version = (await done(api, PUBLISH, flowId=flow_id))["version"]
    return str(version["id"])


async def became(api: Api, record: str, user: str = "ada") -> Json | None:
    found: Json = await api.caller(user).one(BECAME, id=record)
    version: Json | None = found["destinationVersion"]
    return version


async def incoming(api: Api, workspace: str, user: str = "ada", **page: object) -> Json:
    found: Json = (await api.caller(user).one(INCOMING, id=api.id(workspace), **page))["exports"]
    return found


async def test_drafts_and_versions_lead_to_the_record_whose_content_they_have_unchanged(fresh: Api) -> None:
    outcome = await exported(fresh, "plain", to="store")
    flow, record = outcome["flow"]["id"], {"id": outcome["exportRecord"]["id"]}
    states = await fresh.caller("ada").one(STATES, id=flow)
    assert states == {"draft": {"provenance": record}, "history": {"nodes": []}}
    first = await published(fresh, flow)
    await done(fresh, SAVE, flowId=flow, graph=ANOTHER)
    assert (await fresh.caller("ada").one(STATES, id=flow))["draft"] == {"provenance": None}
    await published(fresh, flow)
    await done(fresh, REVERT, flowId=flow, versionId=first)
    states = await fresh.caller("ada").one(STATES, id=flow)
    assert states["draft"] == {"provenance": record}
    assert [node["provenance"] for node in states["history"]["nodes"]] == [None, record]


async def test_a_record_leads_to_the_version_that_its_result_became_unless_it_was_edited_first(fresh: Api) -> None:
    outcome, edited = [await exported(fresh, "plain", to="store") for _ in range(2)]
    record = outcome["exportRecord"]["id"]
    assert await became(fresh, record) is None
    version = await published(fresh, outcome["flow"]["id"])
    assert await became(fresh, record) == {"id": version, "number": 1}
    await done(fresh, REVERT, flowId=outcome["flow"]["id"], versionId=version, publish=True)
    assert await became(fresh, record) == {"id": version, "number": 1}
    await done(fresh, SAVE, flowId=edited["flow"]["id"], graph=ANOTHER)
    await published(fresh, edited["flow"]["id"])
    assert await became(fresh, edited["exportRecord"]["id"]) is None


async def test_who_is_no_member_of_the_destination_learns_of_no_version(fresh: Api) -> None:
    outcome = await exported(fresh, "plain", to="shop")
    await published(fresh, outcome["flow"]["id"])
    assert await became(fresh, outcome["exportRecord"]["id"], "gil") is None
    assert await became(fresh, outcome["exportRecord"]["id"]) is not None


async def test_what_came_into_a_workspace_is_listed_the_newest_first_with_what_was_undone_or_has_gone(
    fresh: Api,
) -> None:
    assert await incoming(fresh, "store") == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "nodes": [],
    }
    outcomes = [
        await exported(fresh, "plain", to="store"),
        await exported(fresh, "bound", onto="store-plain"),
        await exported(fresh, "versions", to="store"),
    ]
    await exported(fresh, "plain", to="shop")
    records = [one["exportRecord"]["id"] for one in outcomes]
    await done(fresh, UNDO, exportId=records[1])
    await done(fresh, DELETE, flowId=outcomes[2]["flow"]["id"])
    listed = await incoming(fresh, "store")
    assert listed["totalCount"] == len(records)
    assert [node["id"] for node in listed["nodes"]] == records[::-1]
    assert [node["undoneAt"] is not None for node in listed["nodes"]] == [False, True, False]
    first = await incoming(fresh, "store", first=2)
    rest = await incoming(fresh, "store", first=2, after=first["pageInfo"]["endCursor"])
    assert [node["id"] for page in (first, rest) for node in page["nodes"]] == records[::-1]


async def test_nothing_is_listed_for_who_is_no_member(fresh: Api) -> None:
    await exported(fresh, "plain", to="store")
    seen = await incoming(fresh, "store", "carl")
    assert (seen["nodes"], seen["totalCount"]) == ([], 0)
    assert len((await incoming(fresh, "store", "gil"))["nodes"]) == 1


async def test_a_version_says_what_would_keep_it_from_being_published_today(fresh: Api) -> None:
    flow = fresh.id("bound-live")
    ready = {"ready": True, "blockers": []}
    states = await fresh.caller("gil").one(STATES, id=flow)
    assert [node["readiness"] for node in states["history"]["nodes"]] == [ready]
    await run_sql(fresh.database_url, "delete from credential where name = 'Store-mail'")
    states = await fresh.caller("gil").one(STATES, id=flow)
    [version] = states["history"]["nodes"]
    assert version["readiness"] == {"ready": False, "blockers": [{"stepId": "3"}]}
