"""What a world file becomes in the database."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from app.domain.graph import Json, bindings_from_json, canonical, content_hash, join
from app.domain.model import Kind, kind_of
from app.domain.world.sections import SECTIONS
from app.domain.world.things import Planned, Thing, WorldChange, WorldPlan
from app.storage.connections.row_changes import in_one_statement
from app.storage.world.document import TOO_DEEP, TWICE, WorldDocument
from app.usecases.apply_world import ids_of
from tests.applying import applied, load_world
from tests.usecases.world_files import GRAPH, WorldFile, as_file, contents, document, put, world

Contents = dict[str, list[dict[str, Any]]]


def only_row(rows: list[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    [found] = [row for row in rows if all(row[column] == value for column, value in wanted.items())]
    return found


def graph_of(database: Contents, state: Mapping[str, Any]) -> Json:
    content = only_row(database["flow_content"], hash=state["content_hash"])
    return join(json.loads(content["graph"]), bindings_from_json(json.loads(state["bindings"])))


def with_ids(value: Json, ids: Mapping[str, str]) -> Json:
    """A graph with ids in place of keys, wherever a text is one."""
    if isinstance(value, dict):
        return {key: with_ids(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_ids(inner, ids) for inner in value]
    return ids.get(value, value) if isinstance(value, str) else value


async def test_a_flow_shows_what_its_published_version_says(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    database = await contents(database_url)
    flow = only_row(database["flow"], id=ids["orders-flow"])
    first, second = sorted(database["flow_version"], key=lambda row: row["number"])
    draft = only_row(database["flow_draft"], flow_id=ids["orders-flow"])
    described = ("name", "description", "cron")
    assert [flow[each] for each in described] == ["Orders", "Takes orders.", "0 * * * *"]
    assert [first[each] for each in described] == ["First orders", "", "5 * * * *"]
    assert [second[each] for each in described] == ["Orders", "Takes orders.", "0 * * * *"]
    assert [draft[each] for each in described] == ["Next orders", "Takes orders.", "0 * * * *"]
    assert (flow["name_key"], flow["status"], flow["type"]) == ("orders", "ACTIVE", "ORDINARY")
    assert (flow["created_by"], flow["published_version_id"]) == (ids["ada"], second["id"])
    assert (flow["draft_revision"], draft["revision"], draft["author_id"]) == (1, 1, ids["owner"])
    assert [(row["number"], row["published_by"]) for row in (first, second)] == [(1, None), (2, ids["ada"])]
    assert second["published_at"] - first["published_at"] == timedelta(hours=1)
    assert flow["created_at"] < first["published_at"] < second["published_at"] < flow["updated_at"]
    assert {row["origin"] for row in (first, second, draft)} == {"EDIT"}


async def test_a_flow_that_was_never_published_shows_what_its_draft_says(database_url: str) -> None:
    named = put({"graph": {"nodes": [], "edges": []}, "name": "Next"}, "flows", 1, "draft")
    ids = await load_world(database_url, as_file(world(named)))
    flow = only_row((await contents(database_url))["flow"], id=ids["sketch"])
    assert (flow["name"], flow["status"], flow["published_version_id"]) == ("Next", "INACTIVE", None)


async def test_keys_in_graphs_become_ids_and_all_else_stays(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    database = await contents(database_url)
    expected = json.loads(json.dumps(GRAPH))
    for node, key in ((1, "credentials_id"), (1, "vpn_agent_id"), (2, "secret_id")):
        expected["nodes"][node][key] = ids[expected["nodes"][node][key]]
    expected["nodes"][0]["fields"]["topic"] = ids["orders"]
    states = [*database["flow_version"], only_row(database["flow_draft"], flow_id=ids["orders-flow"])]
    assert [canonical(graph_of(database, state)) for state in states] == [canonical(expected)] * 3


async def test_content_is_stored_once_with_the_components_it_names(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    stored = (await contents(database_url))["flow_content"]
    assert len(stored) == 2
    another = {"key": "more", "workspace": "dev", "name": "More", "versions": [{"graph": GRAPH}, {"graph": GRAPH}]}
    await load_world(database_url, as_file(world(put(another, "flows", "+"))))
    database = await contents(database_url)
    assert database["flow_content"] == stored
    assert len(database["flow_version"]) == 4
    content = only_row(stored, hash=only_row(database["flow_draft"], flow_id=ids["orders-flow"])["content_hash"])
    assert content["hash"] == content_hash(content["graph"])
    steps = [[step["id"], step["command"]] for step in GRAPH["nodes"]]
    assert json.loads(content["outline"])["steps"] == steps
    assert [(row["team"], row["name"]) for row in database["flow_content_component"]] == [
        ("core", "erp"),
        ("core", "mailer"),
        ("core", "pub-sub"),
        ("gone", "away"),
    ]


async def test_what_is_left_out_has_sensible_values(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    database = await contents(database_url)
    tenant = only_row(database["tenant"], id=ids["home"])
    contract = only_row(database["contract"], id=ids["retail"])
    component = only_row(database["component"], id=ids["pub-sub"])
    assert component.pop("created_at") == component.pop("updated_at")
    assert (tenant["name"], tenant["component_whitelist"]) == ("Home", False)
    assert (contract["status"], contract["flow_quota"], contract["name_key"]) == ("ACTIVE", None, "northern retail")
    assert component == {
        "id": ids["pub-sub"],
        "team_id": ids["core"],
        "name": "pub-sub",
        "title": "pub-sub",
        "access": "TEAM",
        "requires": "NONE",
        "pub_sub": True,
        "topic_field": "topic",
    }
    assert database["component_whitelist"] == [{"component_id": ids["pub-sub"], "contract_id": ids["overseas"]}]
    assert only_row(database["topic"], id=ids["live"])["schema_text"] == "{}"
    assert json.loads(only_row(database["topic"], id=ids["orders"])["schema_text"]) == {"type": "object", "a": [1, 1.0]}
    assert only_row(database["role"], id=ids["releaser"])["permissions"] == ["fly"]
    assert only_row(database["role"], id=ids["auditor"])["permissions"] == []
    assert only_row(database["user_account"], id=ids["ada"])["email_key"] == "ada@example.com"


async def test_who_can_see_what_is_noted_for_workspaces_and_contracts(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    database = await contents(database_url)
    owner = only_row([row for row in database["role"] if row["tenant_id"] is None], scope="WORKSPACE", name="owner")
    guest = only_row([row for row in database["role"] if row["tenant_id"] is None], scope="CONTRACT", name="guest")
    of = {value: key for key, value in ids.items()}
    seen = {(of[row["user_id"]], of[row["workspace_id"]], row["role_id"]) for row in database["workspace_access"]}
    assert seen == {("ada", "dev", ids["releaser"]), ("owner", "prod", owner["id"]), ("owner", "dev", None)}
    contracts = {(of[row["user_id"]], of[row["contract_id"]], row["role_id"]) for row in database["contract_access"]}
    assert contracts == {("ada", "retail", None), ("owner", "retail", guest["id"])}


async def test_ids_are_of_their_kind_and_in_the_order_of_the_file(database_url: str) -> None:
    made = world()
    ids = await load_world(database_url, as_file(made))
    keys = {
        section: [each["key"] for each in made[section] if "key" in each] for section in made if section != "format"
    }
    assert set(ids) == {key for of_section in keys.values() for key in of_section}
    assert kind_of(ids["orders-flow"]) is Kind.FLOW
    assert kind_of(ids["erp-key"]) is Kind.SECRET
    for of_section in keys.values():
        assert [ids[key] for key in of_section] == sorted(ids[key] for key in of_section)


async def test_a_command_means_a_global_component_of_the_database_where_the_tenant_has_none(database_url: str) -> None:
    bus = {"key": "bus", "team": "core", "name": "bus", "access": "GLOBAL", "pubSub": True, "topicField": "channel"}
    await load_world(database_url, as_file(world(put(bus, "components", "+"))))
    step = {"id": "1", "command": "core/bus:pub", "fields": {"channel": "t", "topic": "no key"}}
    ids = await load_world(database_url, as_file(elsewhere(step)))
    version = only_row((await contents(database_url))["flow_version"], flow_id=ids["f"])
    assert json.loads(version["bindings"]) == [{"TOPIC": ids["t"], "position": 0, "topicField": "channel"}]


def elsewhere(*steps: Json) -> WorldFile:
    """A small world: one workspace with one flow of these steps, and a topic, credential and agent for it."""
    return {
        "format": "flowport-world/1",
        "flows": [{"key": "f", "workspace": "w", "name": "F", "versions": [{"graph": {"nodes": steps, "edges": []}}]}],
        "topics": [{"key": "t", "workspace": "w", "name": "T"}],
        "workspaces": [{"key": "w", "contract": "c", "name": "W W", "type": "FULL"}],
        "contracts": [{"key": "c", "tenant": "x", "name": "C"}],
        "tenants": [{"key": "x", "name": "X"}],
    }


async def test_a_command_of_any_length_loads(database_url: str) -> None:
    long = "".join(chr(0x4E00 + number) for number in range(10_000))
    ids = await load_world(database_url, as_file(elsewhere({"id": "1", "command": f"{long}/{long}:run"})))
    database = await contents(database_url)
    assert [row["id"] for row in database["flow"]] == [ids["f"]]
    assert database["flow_content_component"] == []


async def test_an_empty_world_and_a_byte_order_mark_are_no_mistakes(database_url: str) -> None:
    assert (
        await load_world(database_url, b'\xef\xbb\xbf {"format": "flowport-world/1", "flows": [], "users": null} ')
        == {}
    )


async def test_progress_is_told_up_to_the_end(database_url: str) -> None:
    told: list[tuple[str, int, int]] = []
    document = as_file(world())
    await load_world(database_url, document, progress=lambda *each: told.append(each))
    assert ("Reading", len(document), len(document)) in told
    assert told[-1] == ("Loading flows", 2, 2)
    assert all(0 <= done <= total for _, done, total in told)


async def test_keys_of_the_file_are_kept_in_their_tenants_and_those_of_flows_in_their_workspaces(
    database_url: str,
) -> None:
    ids = await load_world(database_url, as_file(world()))
    rows = (await contents(database_url))["external_key"]
    assert {row["key"]: row["id"] for row in rows} == ids
    kept = {row["key"]: (row["scope_id"], row["section"]) for row in rows}
    home, abroad = ids["home"], ids["abroad"]
    assert {key: kept[key] for key in ("home", "ada", "retail", "overseas", "dev", "stranger", "lab", "erp")} == {
        "home": ("", "tenants"),
        "ada": ("", "users"),
        "retail": (home, "contracts"),
        "overseas": (abroad, "contracts"),
        "dev": (home, "workspaces"),
        "stranger": (abroad, "roles"),
        "lab": (home, "teams"),
        "erp": (home, "components"),
    }
    assert {key: kept[key] for key in ("orders", "mail", "erp-key", "office", "orders-flow")} == {
        "orders": (home, "topics"),
        "mail": (home, "credentials"),
        "erp-key": (home, "secrets"),
        "office": (home, "agents"),
        "orders-flow": (ids["dev"], "flows"),
    }


def test_a_key_of_several_sections_names_its_first_thing_and_with_the_section_each() -> None:
    things = [("tenants", "a", "1"), ("users", "a", "2"), ("users", "b", "3"), ("roles", "a", "4")]
    effects = [
        Planned(SECTIONS[section], key, WorldChange.CREATED, Thing(thing_id, {}, None), is_guest=False)
        for section, key, thing_id in things
    ]
    assert ids_of(WorldPlan(effects)) == {"a": "1", "tenants/a": "1", "users/a": "2", "roles/a": "4", "b": "3"}


async def test_a_key_of_several_workspaces_is_there_with_each_of_them(database_url: str) -> None:
    flow = {"key": "intake", "name": "Intake", "draft": {"graph": {"nodes": [], "edges": []}}}
    flows = [{**flow, "workspace": workspace} for workspace in ("dev", "prod")]
    ids = await load_world(database_url, as_file(world(put(flows, "flows"))))
    assert ids["flows/dev/intake"] == ids["intake"] != ids["flows/prod/intake"]
    by_id = [{"id": ids[f"flows/{workspace}/intake"], "suspended": True} for workspace in ("dev", "prod")]
    again = ids_of(await applied(database_url, document(flows=by_id)))
    owners = [ids[workspace] for workspace in ("dev", "prod")]
    assert [again[f"flows/{owner}/intake"] for owner in owners] == [flow["id"] for flow in by_id]


async def test_statements_are_made_once_however_many_documents_are_applied(database_url: str) -> None:
    name, numbers = "Workshop", list[int]()
    for _ in range(2):
        await load_world(database_url, as_file(world()))
        await applied(database_url, document(workspaces=[{"key": "dev", "name": name}]))
        await applied(database_url, document(agents=[{"key": "office", "workspace": "dev", "remove": True}]))
        numbers.append(in_one_statement.cache_info().currsize)
        name += " again"
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("graph", ['{"a": 1}', '{"a": 1, "a": 2}'])
def test_a_graph_is_read_or_refused_however_deeply_it_is_nested(graph: str) -> None:
    """Where reading it just fits on the stack, looking for repeated keys may not."""
    for depth in range(900, 1030):
        nested = "[" * depth + graph + "]" * depth
        text = f'{{"format": "flowport-world/1", "flows": [{{"key": "deep", "draft": {{"graph": {nested}}}}}]}}'
        messages = {mistake.message for mistake in WorldDocument(text.encode(), lambda *_: None).mistakes}
        assert messages <= {TWICE, TOO_DEEP}
