"""Releases over HTTP: what requesters and reviewers see of them, page by page, and in how many statements (R4 to R8)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.world_builder import WorldBuilder, email_of, graph, step
from tests.databases import Databases, contents, run_sql

NUMBER = 12
ITEM = "flowId flowName author { email } revision moved flow { id } draft { id revision readiness { ready } } version { id number }"
REQUEST = f"""id title comment state start isCurrent workspace {{ id }} requestedBy {{ email }} reviewedBy {{ email }}
    reviewComment withdrawnBy {{ email }} closedAt undoneAt items(first: 50) {{ totalCount nodes {{ {ITEM} }} }}"""
ERRORS = "errors { __typename code message path"
REQUEST_RELEASE = f"""mutation ($input: RequestReleaseInput!) {{
    requestRelease(input: $input) {{ replayed request {{ {REQUEST} }} {ERRORS} }} }} }}"""
REVIEW = f"""mutation ($input: ReviewReleaseInput!) {{ reviewRelease(input: $input) {{ request {{ {REQUEST} }} {ERRORS}
    ... on ReleaseIsStale {{ items {{ flowId moved }} }} ... on ReleaseNotFound {{ releaseId }}
    ... on DraftNotReady {{ flow {{ id }} }} ... on FlowIsSuspended {{ flow {{ id }} }} }} }} }}"""
UNDO = f"""mutation ($input: UndoReleaseInput!) {{ undoRelease(input: $input) {{ request {{ {REQUEST} }} {ERRORS}
    ... on ReleaseIsClosed {{ request {{ state }} }} ... on CannotUndoRelease {{ items {{ flowId }} }} }} }} }}"""
LIST = f"""query ($id: ID!, $state: ReleaseState, $first: Int!, $after: String) {{ workspace(id: $id) {{
    releaseRequests(state: $state, first: $first, after: $after) {{
        totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {REQUEST} }} }} }} }}"""
ITEMS = f"query ($id: ID!, $first: Int!) {{ node(id: $id) {{ ... on ReleaseRequest {{ isCurrent items(first: $first) {{ nodes {{ {ITEM} }} }} }} }} }}"
OF_DRAFT = "query ($id: ID!) { flow(id: $id) { draft { revision releaseRequest { id } } } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on ReleaseRequest { title } } }"


def reviewed_world() -> WorldBuilder:
    world = WorldBuilder()
    world.tenant("home")
    world.contract("retail", "home")
    world.workspace("live", "retail")
    for user, role in (("ada", "integrator"), ("amy", "admin"), ("gus", "guest"), ("olga", None)):
        world.user(user)
        if role is not None:
            world.members("live", **{user: role})
    world.team("core", "retail")
    world.component("code", "core")
    old, new = (graph(step("1", "core/code:run", fields={"note": note})) for note in ("old", "new"))
    for number in range(NUMBER):
        world.flow(f"flow-{number}", "live", published=old, draft=new, author="ada")
    world.agent("cellar", "live")
    with_agent = graph(step("1", "core/code:run", name="Call", agent="cellar"))
    world.flow("with-agent", "live", published=with_agent, draft=new, author="ada")
    [workspace] = [each for each in world._sections["workspaces"] if each["key"] == "live"]
    workspace["publishPolicy"] = "REVIEWED"
    return world


@pytest.fixture
async def api(databases: Databases) -> AsyncIterator[Api]:
    async with databases.loaded(reviewed_world()) as loaded, databases.serving(loaded) as served:
        yield served


def wish(api: Api, *numbers: int, **more: Any) -> Json:
    items = [{"flowId": api.id(f"flow-{number}"), "expectedRevision": 1} for number in numbers]
    return {"title": "Spring", "items": items, **more}


async def requested(api: Api, *numbers: int, **more: Any) -> Json:
    payload: Json = await api.caller("ada").one(REQUEST_RELEASE, input=wish(api, *numbers, **more))
    assert payload["errors"] == []
    request: Json = payload["request"]
    return request


async def listed(api: Api, user: str, **arguments: Any) -> Json:
    asked = {"id": api.id("live"), "first": 50, **arguments}
    requests: Json = (await api.caller(user).one(LIST, **asked))["releaseRequests"]
    return requests


async def test_a_release_from_the_request_to_its_undoing(api: Api) -> None:
    request = await requested(api, 0, 1, comment="For Easter", start=True)
    assert request["items"]["nodes"][1] == {
        "flowId": api.id("flow-1"),
        "flowName": request["items"]["nodes"][1]["flowName"],
        "author": {"email": email_of("ada")},
        "revision": 1,
        "moved": [],
        "flow": {"id": api.id("flow-1")},
        "draft": {"id": api.id("flow-1/draft"), "revision": 1, "readiness": {"ready": True}},
        "version": None,
    }
    assert {name: request[name] for name in ("state", "start", "isCurrent", "comment", "reviewedBy", "closedAt")} == {
        "state": "OPEN",
        "start": True,
        "isCurrent": True,
        "comment": "For Easter",
        "reviewedBy": None,
        "closedAt": None,
    }
    assert await api.caller("amy").one(OF_DRAFT, id=api.id("flow-0")) == {
        "draft": {"revision": 1, "releaseRequest": {"id": request["id"]}}
    }
    approval = {"releaseId": request["id"], "decision": "APPROVE", "comment": "Good"}
    payload = await api.caller("amy").one(REVIEW, input=approval)
    assert payload["errors"] == []
    applied = payload["request"]
    assert (applied["state"], applied["isCurrent"], applied["reviewComment"]) == ("APPLIED", False, "Good")
    assert applied["reviewedBy"]["email"].startswith("amy")
    nodes = applied["items"]["nodes"]
    assert [(node["draft"], node["version"]["number"], node["moved"]) for node in nodes] == [(None, 2, [])] * 2
    assert [node["author"] for node in nodes] == [applied["requestedBy"]] * 2 == [{"email": email_of("ada")}] * 2  # R7
    payload = await api.caller("amy").one(UNDO, input={"releaseId": request["id"]})
    assert (payload["errors"], payload["request"]["state"]) == ([], "UNDONE")
    [closed] = (await api.caller("amy").one(UNDO, input={"releaseId": request["id"]}))["errors"]
    assert (closed["code"], closed["path"], closed["request"]) == (
        "RELEASE_IS_CLOSED",
        ["releaseId"],
        {"state": "UNDONE"},
    )


async def test_a_release_is_not_undone_where_an_earlier_version_used_what_is_gone(api: Api) -> None:
    """Reverting each flow reports what it clears; undoing the release would clear it unseen (R8)."""
    items = [{"flowId": api.id(key), "expectedRevision": 1} for key in ("flow-0", "with-agent")]
    payload = await api.caller("ada").one(REQUEST_RELEASE, input={"title": "Spring", "items": items})
    release = {"releaseId": payload["request"]["id"]}
    assert (await api.caller("amy").one(REVIEW, input={**release, "decision": "APPROVE"}))["errors"] == []
    await run_sql(api.database_url, "delete from agent")
    before = await contents(api.database_url)
    payload = await api.caller("amy").one(UNDO, input=release)
    [refusal] = payload["errors"]
    assert (payload["request"], refusal["code"], refusal["path"]) == (None, "CANNOT_UNDO_RELEASE", ["releaseId"])
    assert refusal["items"] == [{"flowId": api.id("with-agent")}]
    assert "the flow With-agent used what is gone: the agent of the step Call." in refusal["message"]
    assert await contents(api.database_url) == before


async def test_a_flow_that_was_suspended_since_is_refused_at_the_release(api: Api) -> None:
    request = await requested(api, 0, 1, start=True)
    await run_sql(api.database_url, "update flow set status = 'SUSPENDED' where name = 'Flow-1'")
    payload = await api.caller("amy").one(REVIEW, input={"releaseId": request["id"], "decision": "APPROVE"})
    [refusal] = payload["errors"]
    assert (refusal["code"], refusal["path"], refusal["flow"]) == (
        "FLOW_IS_SUSPENDED",
        ["releaseId"],
        {"id": api.id("flow-1")},
    )


async def test_what_moved_is_shown_in_the_list_in_the_request_and_in_the_refusal(api: Api) -> None:
    request = await requested(api, 0, 1)
    save = "mutation ($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { revision } } }"
    await api.caller("ada").one(save, input={"flowId": api.id("flow-1"), "name": "Other"})
    [listed_request] = (await listed(api, "amy"))["nodes"]
    assert listed_request["isCurrent"] is False
    assert [node["moved"] for node in listed_request["items"]["nodes"]] == [[], ["DRAFT"]]
    assert (await api.caller("amy").one(OF_DRAFT, id=api.id("flow-1")))["draft"]["releaseRequest"] is None
    payload = await api.caller("amy").one(REVIEW, input={"releaseId": request["id"], "decision": "APPROVE"})
    [stale] = payload["errors"]
    assert stale["code"] == "RELEASE_IS_STALE"
    assert stale["items"] == [{"flowId": api.id("flow-1"), "moved": ["DRAFT"]}]
    assert payload["request"] is None
    assert (await listed(api, "ada", state="OPEN"))["totalCount"] == 1


async def test_requests_are_listed_newest_first_page_by_page_and_by_state(api: Api) -> None:
    ids = [(await requested(api, number))["id"] for number in range(3)]
    await api.caller("amy").one(REVIEW, input={"releaseId": ids[1], "decision": "REJECT"})
    first = await listed(api, "gus", first=2)
    assert ([node["id"] for node in first["nodes"]], first["totalCount"]) == ([ids[2], ids[1]], 3)
    rest = await listed(api, "gus", first=2, after=first["pageInfo"]["endCursor"])
    assert ([node["id"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == ([ids[0]], False)
    assert [node["id"] for node in (await listed(api, "gus", state="OPEN"))["nodes"]] == [ids[2], ids[0]]
    assert [node["id"] for node in (await listed(api, "gus", state="REJECTED"))["nodes"]] == [ids[1]]


async def test_a_request_is_visible_to_members_of_its_workspace_alone(api: Api) -> None:
    """R7."""
    request = await requested(api, 0)
    assert await api.caller("gus").one(NODE, id=request["id"]) == {
        "__typename": "ReleaseRequest",
        "id": request["id"],
        "title": "Spring",
    }
    assert await api.caller("olga").one(NODE, id=request["id"]) is None
    payload = await api.caller("olga").one(REVIEW, input={"releaseId": request["id"], "decision": "APPROVE"})
    assert [(error["code"], error["releaseId"]) for error in payload["errors"]] == [
        ("RELEASE_NOT_FOUND", request["id"])
    ]


async def test_a_release_of_many_takes_as_many_statements_as_one_of_two(api: Api) -> None:
    few, many = (0, 1), tuple(range(2, NUMBER))
    plain = (
        "mutation ($input: RequestReleaseInput!) { requestRelease(input: $input) { request { id } errors { code } } }"
    )
    review = "mutation ($input: ReviewReleaseInput!) { reviewRelease(input: $input) { errors { code } } }"
    undo = "mutation ($input: UndoReleaseInput!) { undoRelease(input: $input) { errors { code } } }"
    taken = []
    for numbers in (few, many):
        request = await api.caller("ada").statements(plain, input=wish(api, *numbers, title=f"{len(numbers)}"))
        [release] = [node["id"] for node in (await listed(api, "amy"))["nodes"] if node["title"] == f"{len(numbers)}"]
        pages = {await api.caller("amy").statements(ITEMS, id=release, first=first) for first in (1, 2, 50)}
        review_of = {"releaseId": release, "decision": "APPROVE"}
        approved = await api.caller("amy").statements(review, input=review_of)
        undone = await api.caller("amy").statements(undo, input={"releaseId": release})
        taken.append((request, pages, approved, undone))
    assert taken[0] == taken[1]
    assert taken[0] == (6, {9}, 9, 9)
