"""What who can see (A4): flows and what belongs to them only the members of a workspace; others at most its name."""

import pytest

from tests.api import answers
from tests.api import documents as ask
from tests.api.client import Api, Caller, Json
from tests.api.documents import COPY, EXPORT, NODE, NODES
from tests.api.places_of_ids import FLOW_QUERY, WORKSPACE_QUERY
from tests.api.walking import ids_of, page_of
from tests.api.writing import export, export_input, refused
from tests.databases import run_sql

EMPTY_INFO = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
EMPTY_PAGE = {"edges": [], "nodes": [], "pageInfo": EMPTY_INFO, "totalCount": 0}

EVERY_LIST_OF_A_WORKSPACE = (ask.FLOWS, ask.TOPICS, ask.CREDENTIALS, ask.SECRETS, ask.AGENTS)

SEEN = {
    "ada": {"depot", "kitchen", "oven", "shop", "store", "windmill", "workshop"},
    "berta": {"store", "workshop"},
    "gil": {"store", "workshop"},
    "carl": {"depot", "store", "workshop"},
    "olga": {"harbour"},
}
"""Of workspaces at least the name."""


def ids(api: Api, *keys: str) -> list[str]:
    return [api.id(key) for key in keys]


async def visible_keys(api: Api, user: str, *keys: str) -> list[str]:
    """Those of the things that somebody sees."""
    nodes = await api.caller(user).one(NODES, ids=ids(api, *keys))
    return [key for key, node in zip(keys, nodes, strict=True) if node is not None]


@pytest.mark.parametrize("user", SEEN)
async def test_callers_see_the_workspaces_and_contracts_that_they_are_members_of_and_no_others(
    api: Api, user: str
) -> None:
    everything = sorted({workspace for seen in SEEN.values() for workspace in seen})
    assert await visible_keys(api, user, *everything) == sorted(SEEN[user])
    assert ids_of(await page_of(api.caller(user), ask.WORKSPACES)) == ids(api, *sorted(SEEN[user]))
    for workspace in everything:
        seen = await api.caller(user).one(WORKSPACE_QUERY, id=api.id(workspace))
        assert (seen is not None) == (workspace in SEEN[user])


async def test_contracts_are_seen_by_their_members_and_those_of_their_workspaces(api: Api) -> None:
    contracts = ("bakery", "foods", "house", "mill", "overseas", "retail")
    assert await visible_keys(api, "ada", *contracts) == ["bakery", "foods", "mill", "retail"]
    assert await visible_keys(api, "gil", *contracts) == ["retail"]
    assert await visible_keys(api, "carl", *contracts) == ["retail"]
    assert await visible_keys(api, "olga", *contracts) == ["overseas"]


@pytest.mark.parametrize(("user", "workspace"), [("ada", "depot"), ("carl", "workshop"), ("carl", "store")])
async def test_of_a_workspace_that_is_seen_through_its_contract_only_name_and_contract_are_told(
    api: Api, user: str, workspace: str
) -> None:
    caller = api.caller(user)
    assert await caller.one(WORKSPACE_QUERY, id=api.id(workspace)) == {
        "__typename": "Workspace",
        "id": api.id(workspace),
        "name": workspace.capitalize(),
        "workspaceType": (await api.caller("ada").one(WORKSPACE_QUERY, id=api.id(workspace)))["workspaceType"],
        "viewerIsMember": False,
        "viewerPermissions": [],
        "viewerCanEditFlows": False,
        "contract": {"id": api.id("retail")},
    }
    for document in EVERY_LIST_OF_A_WORKSPACE:
        for which in ({}, {"search": "o"}, {"first": 1}, {"last": 100}):
            assert await page_of(caller, document, workspace=api.id(workspace), **which) == EMPTY_PAGE


async def test_a_cursor_of_a_member_shows_nothing_to_others(api: Api) -> None:
    workshop = {"workspace": api.id("workshop")}
    for document in EVERY_LIST_OF_A_WORKSPACE:
        page = await page_of(api.caller("ada"), document, **workshop, first=1)
        cursor = page["pageInfo"]["endCursor"]
        beyond = await page_of(api.caller("carl"), document, **workshop, after=cursor)
        assert beyond == EMPTY_PAGE | {"pageInfo": EMPTY_INFO | {"hasPreviousPage": True}}
        before = await page_of(api.caller("carl"), document, **workshop, before=cursor)
        assert before == EMPTY_PAGE | {"pageInfo": EMPTY_INFO | {"hasNextPage": True}}


THINGS = ("store-orders", "store-mail", "store-erp", "store-agent", "live", "live/draft", "live/1")


async def test_nothing_inside_a_workspace_is_found_by_its_id_but_by_members(api: Api) -> None:
    assert await visible_keys(api, "gil", *THINGS) == [*THINGS]
    assert await visible_keys(api, "carl", *THINGS) == []
    assert await visible_keys(api, "olga", *THINGS) == []
    assert await visible_keys(api, "ada", "hidden", "hidden/1", "depot-orders", "depot-agent") == []


async def asked_about(caller: Caller, flow_id: str, workspace_id: str) -> Json:
    """Everything that can be asked about a flow and where it may go."""
    to = {"flowId": flow_id, "workspaceId": workspace_id}
    return {
        "flow": await caller.one(FLOW_QUERY, id=flow_id),
        "history": await caller.one(ask.HISTORY, flowId=flow_id),
        "contracts": await caller.one(ask.DESTINATION_CONTRACTS, flowId=flow_id),
        "workspaces": await caller.one(ask.DESTINATION_WORKSPACES, flowId=flow_id, includeIneligible=True),
        "overrides": await caller.one(ask.OVERRIDE_CANDIDATES, **to),
        "topics": await caller.one(ask.TOPIC_CANDIDATES, **to),
    }


@pytest.mark.parametrize(("user", "flow"), [("ada", "hidden"), ("ada", "ship"), ("carl", "plain"), ("olga", "plain")])
async def test_a_flow_that_is_not_visible_is_null_to_every_query(api: Api, user: str, flow: str) -> None:
    answered = await asked_about(api.caller(user), api.id(flow), api.id("store"))
    assert set(answered.values()) == {None}


async def test_flows_and_topics_of_a_workspace_without_membership_are_no_candidates(api: Api) -> None:
    ada, to = api.caller("ada"), {"flowId": api.id("one-topic"), "workspaceId": api.id("depot")}
    for document in (ask.OVERRIDE_CANDIDATES, ask.TOPIC_CANDIDATES):
        for which in ({}, {"search": "o"}, {"first": 1}, {"last": 1}):
            assert await page_of(ada, document, **to, **which) == EMPTY_PAGE


async def test_things_without_membership_are_refused_like_things_that_are_not_there(api: Api) -> None:
    depot = api.id("depot-orders")
    wish = export_input(api, "one-topic", to="depot", topicId=depot)
    assert await refused(api, "ada", EXPORT, wish) == [
        answers.insufficient_permission(api, "depot"),
        answers.topic_not_accessible(api, "depot", depot),
    ]
    hidden = [answers.flow_not_found(api.id("hidden"))]
    assert await refused(api, "ada", EXPORT, export_input(api, "plain", onto="hidden")) == hidden
    assert await refused(api, "ada", COPY, {"flowId": api.id("hidden")}) == hidden


AUTHOR = "query($id: ID!) { flow(id: $id) { createdBy { id firstName } publishedVersion { publishedBy { id } } } }"


async def test_a_deactivated_user_is_refused_and_stays_the_author_of_its_flows(fresh: Api) -> None:
    ada, plain = fresh.caller("ada"), fresh.id("plain")
    before = await ada.one(FLOW_QUERY, id=plain), await page_of(ada, ask.WORKSPACES)
    author = await fresh.caller("gil").one(AUTHOR, id=plain)
    assert author["createdBy"]["id"] == author["publishedVersion"]["publishedBy"]["id"] == fresh.id("ada")
    await run_sql(fresh.database_url, "update user_account set active = false where id = :id", id=fresh.id("ada"))
    refused_at_once = await fresh.http.post("/graphql", json={"query": "{ viewer { id } }"}, headers=ada.headers)
    assert refused_at_once.status_code == 401
    assert await fresh.caller("gil").one(AUTHOR, id=plain) == author
    await run_sql(fresh.database_url, "update user_account set active = true where id = :id", id=fresh.id("ada"))
    assert (await ada.one(FLOW_QUERY, id=plain), await page_of(ada, ask.WORKSPACES)) == before


USERS = ("ada", "berta", "gil", "carl", "olga")


async def test_users_see_themselves_and_those_they_share_a_workspace_with(api: Api) -> None:
    assert await visible_keys(api, "ada", *USERS) == ["ada", "berta", "gil"]
    assert await visible_keys(api, "gil", *USERS) == ["ada", "berta", "gil"]
    assert await visible_keys(api, "carl", *USERS) == ["carl"]
    assert await visible_keys(api, "olga", *USERS) == ["olga"]


@pytest.mark.parametrize(
    "authorship",
    [
        "update flow set created_by = :author where id = :flow",
        "update flow_draft set author_id = :author where flow_id = :flow",
        "update flow_version set published_by = :author where flow_id = :flow",
    ],
)
async def test_authors_are_seen_wherever_their_flow_draft_or_version_is_visible(fresh: Api, authorship: str) -> None:
    await run_sql(fresh.database_url, authorship, author=fresh.id("olga"), flow=fresh.id("live"))
    assert await visible_keys(fresh, "gil", "olga") == ["olga"]
    assert await visible_keys(fresh, "carl", "olga") == []
    live = f"query($id: ID!) {{ flow(id: $id) {{ createdBy {{ id }} {AUTHORS} }} }}"
    assert fresh.id("olga") in str(await fresh.caller("gil").one(live, id=fresh.id("live")))


AUTHORS = "draft { author { id } } publishedVersion { publishedBy { id } }"


async def test_components_are_seen_where_a_contract_of_the_caller_could_use_them(api: Api) -> None:
    components = ("timer", "erp", "normalizer", "southern-mailer")
    assert await visible_keys(api, "ada", *components) == ["timer", "erp", "normalizer"]
    assert await visible_keys(api, "carl", *components) == ["timer", "erp", "normalizer"]
    assert await visible_keys(api, "olga", *components) == ["timer", "southern-mailer"]


async def test_a_component_that_the_caller_can_not_see_is_unknown_in_a_refusal(fresh: Api) -> None:
    lab = "update team set contract_id = :house where id = :lab"
    await run_sql(fresh.database_url, lab, house=fresh.id("house"), lab=fresh.id("lab"))
    wish = export_input(fresh, "laboratory", to="kitchen")
    [error] = await refused(fresh, "ada", EXPORT, wish)
    told = {each["name"]: (each["component"], each["reason"]) for each in error["components"]}
    assert told["lab/normalizer"] == (None, "UNKNOWN_COMPONENT")
    assert told["lab/enricher"] == (None, "UNKNOWN_COMPONENT")


async def test_the_credentials_of_a_component_that_the_caller_can_not_see_are_not_found_by_its_id(fresh: Api) -> None:
    southern = {"component": fresh.id("southern-mailer"), "credential": fresh.id("store-mail")}
    by_component = {"workspace": fresh.id("store"), "componentId": southern["component"]}
    moved = "update credential set component_id = :component where id = :credential"
    await run_sql(fresh.database_url, moved, **southern)
    assert ids_of(await page_of(fresh.caller("ada"), ask.CREDENTIALS, **by_component)) == []
    shared = "update component set access = 'GLOBAL' where id = :component"
    await run_sql(fresh.database_url, shared, component=southern["component"])
    assert ids_of(await page_of(fresh.caller("ada"), ask.CREDENTIALS, **by_component)) == [southern["credential"]]


async def test_a_credential_shows_its_component_to_whoever_sees_the_credential(fresh: Api) -> None:
    moved = "update credential set component_id = :component where id = :credential"
    ids_ = {"component": fresh.id("southern-mailer"), "credential": fresh.id("store-mail")}
    await run_sql(fresh.database_url, moved, **ids_)
    assert (await fresh.caller("gil").one(NODE, id=ids_["credential"]))["component"] == {"id": ids_["component"]}


async def test_a_flow_that_crosses_tenants_must_find_the_very_same_components(fresh: Api) -> None:
    join = """insert into workspace_access (user_id, workspace_id, contract_id, name_key, role_id)
      select :ada, workspace_id, contract_id, name_key, role_id from workspace_access
      where workspace_id = :harbour and user_id = :olga"""
    sees = """insert into contract_access (user_id, contract_id, name_key, role_id)
      select :ada, contract_id, name_key, role_id from contract_access
      where contract_id = :overseas and user_id = :olga"""
    ada, olga = fresh.id("ada"), fresh.id("olga")
    await run_sql(fresh.database_url, join, ada=ada, olga=olga, harbour=fresh.id("harbour"))
    await run_sql(fresh.database_url, sees, ada=ada, olga=olga, overseas=fresh.id("overseas"))
    assert (await export(fresh, "plain", to="harbour"))["flow"]["workspace"] == {"id": fresh.id("harbour")}
    [error] = await refused(fresh, "ada", EXPORT, export_input(fresh, "bound", to="harbour"))
    assert error["components"] == [
        answers.inaccessible(fresh, "acme/erp", "erp", "OTHER_TENANT", "2"),
        answers.inaccessible(fresh, "acme/mailer", "mailer", "OTHER_TENANT", "3"),
    ]


TOPICS_SAVED = """mutation($input: UpdateFlowDraftInput!) {
  updateFlowDraft(input: $input) { errors { message } draft { graph { native topics { id } } } }
}"""


async def test_a_graph_gives_another_topic_to_a_step_whose_component_the_caller_can_not_see_any_more(
    fresh: Api,
) -> None:
    hide = "update component set access = 'TEAM' where id = :component"
    await run_sql(fresh.database_url, hide, component=fresh.id("pubsub"))
    other = fresh.id("workshop-items")
    graph = {"nodes": [{"id": "4", "command": "acme/pubsub:pub@latest", "fields": {"topic": other}}], "edges": []}
    wish = {"flowId": fresh.id("bound"), "graph": graph}
    saved = await fresh.caller("ada").one(TOPICS_SAVED, input=wish)
    assert saved["errors"] == []
    assert saved["draft"]["graph"]["topics"] == [{"id": other}]
