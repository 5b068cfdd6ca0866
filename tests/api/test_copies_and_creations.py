"""What copyFlow and createFlow write and answer when they go through."""

import json
from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.documents import GRAPH, NODE
from tests.api.world_builder import graph, step
from tests.api.writing import copy, create


async def test_a_copy_is_exact_and_starts_as_an_inactive_draft_of_the_caller(fresh: Api) -> None:
    berta = fresh.caller("berta")
    source, version = [await berta.one(NODE, id=fresh.id(key)) for key in ("bound", "bound/1")]
    answer = await copy(fresh, "bound", "berta")
    flow, draft = answer.pop("flow"), answer.pop("draft")
    assert flow == source | {
        "id": flow["id"],
        "name": "Copy of Bound",
        "createdBy": {"id": fresh.id("berta")},
        "createdAt": flow["createdAt"],
        "updatedAt": flow["createdAt"],
        "draft": {"id": draft["id"]},
        "publishedVersion": None,
    }
    exact = ("graph", "contentHash", "description", "cron")
    assert {key: draft[key] for key in exact} == {key: version[key] for key in exact}
    assert (draft["name"], draft["revision"], draft["author"]) == ("Copy of Bound", 1, {"id": fresh.id("berta")})
    kinds = [(each["stepId"], each["kind"], each["action"]) for each in answer.pop("references")]
    assert kinds == [
        ("2", "SECRET", "KEPT"),
        ("2", "AGENT", "KEPT"),
        ("2", "DATA_SAMPLES", "KEPT"),
        ("3", "CREDENTIAL", "KEPT"),
        ("4", "TOPIC", "KEPT"),
    ]
    assert answer == {"copiedFrom": "PUBLISHED_VERSION"}


async def test_neither_components_nor_topics_keep_a_flow_from_being_copied_where_it_is(fresh: Api) -> None:
    for flow in ("laboratory", "two-topics", "orphan"):
        assert (await copy(fresh, flow, name="Another"))["flow"]["name"] == "Another"


@pytest.mark.parametrize(
    ("source", "note", "copied_from"),
    [
        (None, "now", "PUBLISHED_VERSION"),
        ({"state": "DRAFT"}, "next", "DRAFT"),
        ({"versionId": "versions/1"}, "old", "OLDER_VERSION"),
        ({"versionId": "versions/2"}, "now", "PUBLISHED_VERSION"),
    ],
)
async def test_the_state_that_is_copied_is_the_one_asked_for_or_the_published_one(
    fresh: Api, source: Json | None, note: str, copied_from: str
) -> None:
    named = {"versionId": fresh.id(source["versionId"])} if source and "versionId" in source else source
    answer = await copy(fresh, "versions", source=named)
    assert (answer["draft"]["graph"]["native"]["note"], answer["copiedFrom"]) == (note, copied_from)


async def test_the_usual_name_of_a_copy_is_cut_to_what_a_name_may_have(fresh: Api) -> None:
    made = await create(fresh, "workshop", graph(), name="x" * 255)
    fresh_ids = {**fresh.ids, "long": made["flow"]["id"]}
    again = await copy(Api(fresh.http, fresh.database_url, fresh_ids, fresh.tokens), "long")
    assert again["flow"]["name"] == "Copy of " + "x" * 247


async def test_a_flow_is_created_from_its_native_graph(fresh: Api) -> None:
    orders, mail = fresh.id("workshop-orders"), fresh.id("workshop-mail")
    native = graph(
        step("1", "acme/queue:sub", fields={"channel": orders, "topic": "no reference here"}, name="In"),
        step("2", "acme/mailer:send@latest", credential=mail, samples={"any": ["thing"]}),
    )
    wish: Json = {"name": " Created ", "description": "By hand", "type": "REAL_TIME", "cron": "*/5 * * * MON-FRI"}
    answer = await create(fresh, "workshop", native, **wish)
    flow, draft = answer.pop("flow"), answer.pop("draft")
    assert answer == {}
    written = {"name": "Created", "description": "By hand", "cron": "*/5 * * * MON-FRI"}
    assert flow == {
        "__typename": "Flow",
        "id": flow["id"],
        **written,
        "type": "REAL_TIME",
        "status": "INACTIVE",
        "workspace": {"id": fresh.id("workshop")},
        "createdBy": {"id": fresh.id("ada")},
        "createdAt": flow["createdAt"],
        "updatedAt": flow["createdAt"],
        "draft": {"id": draft["id"]},
        "publishedVersion": None,
    }
    assert {key: draft[key] for key in written} == written
    assert draft["graph"]["native"] == native
    assert (draft["revision"], draft["setAsideAt"]) == (1, None)


ODD_GRAPHS: list[Json] = [
    graph(),
    graph(step("", ""), step("", ""), notes=[None, True, {}, "\N{GRINNING FACE}é"]),
    graph(step("1", "not a command"), step("1", "nobody/knows:it@1")),
    graph({"id": "1", "command": "acme/mailer:send", "credentials_id": None, "fields": None, "secret_id": None}),
    {"nodes": [], "edges": [{"source": None, "target": "error_all"}, {"target": "2", "config": {"mapper": []}}]},
    graph(numbers=[1, 1.0, -0.0, 1e300, 2**63 - 1, -(2**63), 2**64 - 1, 0.1]),
]


@pytest.mark.parametrize("native", ODD_GRAPHS)
async def test_a_graph_that_is_unfinished_or_odd_comes_back_as_it_was_sent(fresh: Api, native: Json) -> None:
    answer = await create(fresh, "workshop", native)
    got = answer["draft"]["graph"]["native"]
    assert json.dumps(got, sort_keys=True) == json.dumps(native, sort_keys=True)


async def test_a_graph_is_taken_from_the_document_as_well(fresh: Api) -> None:
    literal = (
        '{nodes: [{id: "1", command: "a/b:c", fields: {n: 1, x: 1.5, t: true, z: null, e: EAST, l: [$v]}}], edges: []}'
    )
    document = f"""mutation($workspace: ID!, $v: JSON) {{
      createFlow(input: {{workspaceId: $workspace, name: "Literal", graph: {literal}}}) {{
        draft {{ graph {{ native }} }} errors {{ message }}
      }}
    }}"""
    payload = await fresh.caller("ada").one(document, workspace=fresh.id("workshop"), v={"deep": [2]})
    assert payload["errors"] == []
    [node] = payload["draft"]["graph"]["native"]["nodes"]
    assert node["fields"] == {"n": 1, "x": 1.5, "t": True, "z": None, "e": "EAST", "l": [{"deep": [2]}]}


async def test_a_variable_that_is_left_out_is_left_out_of_a_graph_in_the_document(fresh: Api) -> None:
    document = """mutation($workspace: ID!, $v: JSON, $time: DateTime) {
      createFlow(input: {
        workspaceId: $workspace, name: "Literal"
        graph: {nodes: [{id: "1", command: "a/b:c", fields: {v: $v, l: [1, $v], t: $time}}], edges: []}
      }) { draft { graph { native } } errors { message } }
    }"""
    berlin = "2026-11-24T10:00:00+01:00"
    for variables, fields in (({}, {"l": [1, None]}), ({"time": berlin}, {"l": [1, None], "t": berlin})):
        payload = await fresh.caller("ada").one(document, workspace=fresh.id("workshop"), **variables)
        assert payload["errors"] == []
        [node] = payload["draft"]["graph"]["native"]["nodes"]
        assert node["fields"] == fields


async def test_links_that_repeat_are_numbered_and_error_handlers_have_no_source(fresh: Api) -> None:
    edges: list[Json] = [
        {"source": "1", "target": "2"},
        {"source": "1", "target": "2", "config": {"condition": "true"}},
        {"source": None, "target": "error_all"},
        {"target": "error_all"},
        {"source": "1", "target": "2"},
    ]
    answer = await create(fresh, "workshop", {"nodes": [], "edges": edges})
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on FlowDraft {{ graph {{ ...graph }} }} }} }} {GRAPH}"
    links = (await fresh.caller("ada").one(document, id=answer["draft"]["id"]))["graph"]["links"]
    shown: list[tuple[Any, ...]] = [(link["linkId"], link["source"], link["config"]) for link in links]
    assert shown == [
        ("1:2", "1", None),
        ("1:2#2", "1", {"condition": "true"}),
        (":error_all", None, None),
        (":error_all#2", None, None),
        ("1:2#3", "1", None),
    ]


@pytest.mark.parametrize("name", ["x", "x" * 255, "\N{GRINNING FACE}" * 255, "Grüße 你好", "%_/\\", "Cafe\u0301"])
async def test_names_are_kept_letter_by_letter(fresh: Api, name: str) -> None:
    answer = await create(fresh, "workshop", graph(), name=name)
    assert (answer["flow"]["name"], answer["draft"]["name"]) == (name, name)
