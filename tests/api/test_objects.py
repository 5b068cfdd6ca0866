"""Every type of object with every field, by its id."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.documents import GRAPH, NODE, NODES
from tests.api.trade import ORDERS

INTEGRATOR = [
    "workspaces.credential.edit",
    "workspaces.credential.get",
    "workspaces.flow.edit",
    "workspaces.flow.get",
    "workspaces.flow.toggleStatus",
    "workspaces.topic.create",
    "workspaces.topic.delete",
    "workspaces.topic.edit",
    "workspaces.topic.get",
    "workspaces.workspace.get",
]
GUEST = [permission for permission in INTEGRATOR if permission.endswith(".get")]

NEXT = {"nodes": [{"id": "1", "command": "acme/timer:tick@latest"}], "edges": [], "note": "next"}

PLAIN: dict[str, Json] = {
    "ada": {"__typename": "User", "firstName": "Ada", "lastName": "Tester", "email": "ada@example.com"},
    "retail": {"__typename": "Contract", "name": "Retail", "contractStatus": "ACTIVE"},
    "mill": {"__typename": "Contract", "name": "Mill", "contractStatus": "SUSPENDED"},
    "mailer": {
        "__typename": "Component",
        "name": "mailer",
        "teamName": "acme",
        "title": "The mailer",
        "access": "GLOBAL",
        "requires": "CREDENTIAL",
        "isPubSub": False,
    },
    "erp": {
        "__typename": "Component",
        "name": "erp",
        "teamName": "acme",
        "title": "The erp",
        "access": "TENANT",
        "requires": "SECRET",
        "isPubSub": False,
    },
    "normalizer": {
        "__typename": "Component",
        "name": "normalizer",
        "teamName": "lab",
        "title": "The normalizer",
        "access": "TEAM",
        "requires": "NONE",
        "isPubSub": False,
    },
    "queue": {
        "__typename": "Component",
        "name": "queue",
        "teamName": "acme",
        "title": "The queue",
        "access": "GLOBAL",
        "requires": "NONE",
        "isPubSub": True,
    },
}


def content_hash(content: Json) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def of(api: Api, key: str) -> Json:
    return {"id": api.id(key)}


def workspaces(api: Api) -> dict[str, Json]:
    def workspace(
        name: str, kind: str, contract: str, permissions: list[str], *, edits: bool, member: bool = True
    ) -> Json:
        return {
            "__typename": "Workspace",
            "name": name,
            "workspaceType": kind,
            "contract": of(api, contract),
            "viewerIsMember": member,
            "viewerPermissions": permissions,
            "viewerCanEditFlows": edits,
        }

    return {
        "workshop": workspace("Workshop", "LIMITED", "retail", INTEGRATOR, edits=True),
        "shop": workspace("Shop", "FULL", "foods", ["workspaces.flow.edit", "workspaces.flow.get"], edits=True),
        "windmill": workspace("Windmill", "FULL", "mill", INTEGRATOR, edits=False),
        "depot": workspace("Depot", "FULL", "retail", [], edits=False, member=False),
    }


def things(api: Api) -> dict[str, Json]:
    workshop, mailer, erp = of(api, "workshop"), of(api, "mailer"), of(api, "erp")
    return {
        "workshop-orders": {"__typename": "Topic", "name": "Orders", "schema": ORDERS, "workspace": workshop},
        "workshop-mail": {
            "__typename": "Credential",
            "name": "Workshop-mail",
            "component": mailer,
            "workspace": workshop,
        },
        "workshop-erp": {"__typename": "Secret", "name": "Workshop-erp", "component": erp, "workspace": workshop},
        "workshop-agent": {"__typename": "Agent", "name": "Workshop-agent", "workspace": workshop},
    }


def flows(api: Api) -> dict[str, Json]:
    bound = {
        "__typename": "Flow",
        "name": "Bound",
        "description": "All that binds",
        "type": "REAL_TIME",
        "status": "INACTIVE",
        "cron": "0 * * * *",
        "workspace": of(api, "workshop"),
        "createdBy": of(api, "ada"),
        "draft": None,
        "publishedVersion": of(api, "bound/1"),
    }
    unadorned = {"description": None, "type": "ORDINARY", "cron": None}
    only_draft = {"createdBy": of(api, "berta"), "draft": of(api, "only-draft/draft"), "publishedVersion": None}
    orphan = {"createdBy": None, "draft": of(api, "orphan/draft"), "publishedVersion": of(api, "orphan/1")}
    return {
        "bound": bound,
        "only-draft": bound | unadorned | {"name": "Only-draft", **only_draft},
        "orphan": bound | unadorned | {"name": "Orphan", "status": "SUSPENDED", **orphan},
    }


def states(api: Api) -> dict[str, Json]:
    shown = {"name": "Versions", "description": None, "cron": None, "flow": of(api, "versions")}
    draft = {"revision": 1, "author": of(api, "ada"), "setAsideAt": None}
    version = {"number": 2, "publishedBy": of(api, "ada"), "origin": "EDIT", "revertOf": None}
    now = NEXT | {"note": "now"}
    empty: Json = {"nodes": [], "edges": []}
    orphan = shown | {"name": "Orphan", "flow": of(api, "orphan"), "graph": {"native": empty}}
    return {
        "versions/draft": {
            "__typename": "FlowDraft",
            **shown,
            "graph": {"native": NEXT},
            "contentHash": content_hash(NEXT),
            **draft,
        },
        "versions/2": {
            "__typename": "FlowVersion",
            **shown,
            "graph": {"native": now},
            "contentHash": content_hash(now),
            **version,
        },
        "orphan/draft": {
            "__typename": "FlowDraft",
            **orphan,
            "contentHash": content_hash(empty),
            **draft,
            "author": None,
        },
    }


KEYS = [
    *PLAIN,
    *("workshop", "shop", "windmill", "depot"),
    *("workshop-orders", "workshop-mail", "workshop-erp", "workshop-agent"),
    *("bound", "only-draft", "orphan"),
    *("versions/draft", "versions/2", "orphan/draft"),
]


def expected(api: Api, key: str) -> Json:
    every = {**PLAIN, **workspaces(api), **things(api), **flows(api), **states(api)}
    return {"id": api.id(key), **every[key]}


def without_times(object_: Json) -> Json:
    return {name: value for name, value in object_.items() if not (name.endswith("At") and value is not None)}


@pytest.mark.parametrize("key", KEYS)
async def test_an_object_is_found_by_its_id_with_every_field(api: Api, key: str) -> None:
    found = await api.caller("ada").one(NODE, id=api.id(key))
    assert without_times(found) == expected(api, key)


async def test_several_objects_are_found_at_once_in_the_order_of_their_ids_and_as_often_as_asked(api: Api) -> None:
    keys = [*reversed(KEYS), "ada", "versions/2"]
    found = await api.caller("ada").one(NODES, ids=[api.id(key) for key in keys])
    assert [without_times(each) for each in found] == [expected(api, key) for key in keys]


async def test_no_more_than_a_hundred_objects_are_found_at_once(api: Api) -> None:
    ada = api.caller("ada")
    assert len(await ada.one(NODES, ids=[api.id("ada")] * 100)) == 100
    body = await ada.answer(NODES, ids=[api.id("ada")] * 101)
    [error] = body["errors"]
    assert error["message"] == "`ids` has 101 elements; at most 100 are answered at once."
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_times_are_in_utc_and_in_their_order(api: Api) -> None:
    ada = api.caller("ada")
    flow, draft = [await ada.one(NODE, id=api.id(key)) for key in ("versions", "versions/draft")]
    first, second = [await ada.one(NODE, id=api.id(key)) for key in ("versions/1", "versions/2")]
    texts = [flow["createdAt"], first["publishedAt"], second["publishedAt"], draft["createdAt"], draft["updatedAt"]]
    assert all(text.endswith("Z") for text in texts)
    times = [datetime.fromisoformat(text) for text in texts]
    assert times == sorted(times)
    assert flow["updatedAt"] == draft["updatedAt"]
    assert times[-1] <= datetime.now(UTC)


async def test_a_graph_is_shown_step_by_step_link_by_link_and_in_the_native_form(api: Api) -> None:
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on FlowVersion {{ graph {{ ...graph }} }} }} }} {GRAPH}"
    found = (await api.caller("ada").one(document, id=api.id("bound/1")))["graph"]
    interval, priority = {"interval": "hour"}, {"priority": "high", "topic": api.id("workshop-orders")}
    assert found.pop("steps") == [
        shown_step(api, "1", "acme/timer:tick", "timer", name="Every hour", description="On the hour", fields=interval),
        shown_step(api, "2", "acme/erp:lookup@1a2b", "erp", secret="workshop-erp", agent="workshop-agent"),
        shown_step(api, "3", "acme/mailer:send", "mailer", credential="workshop-mail", fields={"subject": "Hello"}),
        shown_step(api, "4", "acme/pubsub:pub@latest", "pubsub", topic="workshop-orders", fields=priority),
    ]
    assert found.pop("links") == [shown_link("1", "2"), shown_link("2", "3"), shown_link("3", "4")]
    assert found.pop("topics") == [of(api, "workshop-orders")]
    assert found.pop("components") == [of(api, key) for key in ("timer", "erp", "mailer", "pubsub")]
    native = found.pop("native")
    assert found == {}
    assert json.dumps(native["layout"]) == '{"grid": 1, "zoom": 1.0}'
    assert native["nodes"] == native_nodes(api)


def native_nodes(api: Api) -> list[Json]:
    secret, agent, credential = (api.id(f"workshop-{kind}") for kind in ("erp", "agent", "mail"))
    topic = api.id("workshop-orders")
    return [
        {
            "id": "1",
            "command": "acme/timer:tick",
            "name": "Every hour",
            "description": "On the hour",
            "fields": {"interval": "hour"},
        },
        {
            "id": "2",
            "command": "acme/erp:lookup@1a2b",
            "secret_id": secret,
            "vpn_agent_id": agent,
            "selected_data_samples": {"sample": "s-1"},
        },
        {"id": "3", "command": "acme/mailer:send", "credentials_id": credential, "fields": {"subject": "Hello"}},
        {"id": "4", "command": "acme/pubsub:pub@latest", "fields": {"priority": "high", "topic": topic}},
    ]


def shown_step(api: Api, step_id: str, command: str, component: str, *, fields: Any = None, **its: str) -> Json:
    bound = {kind: of(api, its[kind]) if kind in its else None for kind in ("credential", "secret", "agent", "topic")}
    return {
        "stepId": step_id,
        "command": command,
        "name": its.get("name"),
        "description": its.get("description"),
        "component": of(api, component),
        "function": command.partition(":")[2].partition("@")[0],
        "fields": fields or {},
        **bound,
    }


def shown_link(source: str, target: str) -> Json:
    return {"linkId": f"{source}:{target}", "source": source, "target": target, "config": None}
