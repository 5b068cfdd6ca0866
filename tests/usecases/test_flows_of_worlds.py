"""The flows that a document creates and suspends, and those that use what it removes (W7, W10)."""

import re
from typing import Any

import pytest

from tests.applying import WorldRefused, applied, load_world, plan_of
from tests.usecases.world_files import as_file, contents, document, world


def new_flow(**draft: Any) -> dict[str, Any]:
    step = {"id": "1", "command": "core/mailer:send", "credentials_id": "mail", **draft.pop("step", {})}
    states: dict[str, Any] = {"draft": {"graph": {"nodes": [step], "edges": []}, **draft}}
    return {"key": "new", "workspace": "dev", "name": "New", **states}


@pytest.mark.parametrize(
    "other",
    [
        {"step": {"command": "core/mailer:receive"}},
        {"step": {"credentials_id": None}},
        {"author": "ada"},
        {"name": "Newer"},
        {"cron": "0 * * * *"},
        {"description": "Sends."},
    ],
)
async def test_a_plan_that_was_seen_holds_for_the_graphs_of_its_new_flows(
    database_url: str, other: dict[str, Any]
) -> None:
    await load_world(database_url, as_file(world()))
    seen = await plan_of(database_url, document(flows=[new_flow()]))
    # In this form a script of `app/server/platform.md` looks for it.
    assert re.fullmatch("[0-9a-f]{64}", seen.fingerprint)
    before = await contents(database_url)
    with pytest.raises(WorldRefused, match="differs from the plan that you saw"):
        await applied(database_url, document(flows=[new_flow(**other)]), fingerprint=seen.fingerprint)
    assert await contents(database_url) == before
    done = await applied(database_url, document(flows=[new_flow()]), fingerprint=seen.fingerprint)
    assert (done.created, done.fingerprint) == (1, seen.fingerprint)


async def test_flows_that_use_what_is_removed_are_named_and_stay_as_they_are(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    before = await contents(database_url)
    gone = document(
        credentials=[{"key": "mail", "remove": True}, {"key": "live-mail", "remove": True}],
        topics=[{"key": "orders", "remove": True}],
    )
    plan = await plan_of(database_url, gone)
    assert [(each.key, each.uses.count, each.uses.flows, each.uses.names) for each in plan.effects] == [
        ("orders", 1, (ids["orders-flow"],), ("Orders",)),
        ("mail", 1, (ids["orders-flow"],), ("Orders",)),
        ("live-mail", 0, (), ()),
    ]
    await applied(database_url, gone)
    after = await contents(database_url)
    assert after["credential"] == [each for each in before["credential"] if each["id"] == ids["erp-login"]]
    for table in ("flow", "flow_version", "flow_draft"):
        assert after[table] == before[table]


async def test_flows_that_use_a_removed_component_are_named_those_that_run_first(database_url: str) -> None:
    """As lists of flows count them: by the published version or the draft, of whoever means this component (C0)."""
    graph = {"nodes": [{"id": "1", "command": "core/mailer:send"}], "edges": []}
    empty: dict[str, Any] = {"nodes": [], "edges": []}
    flows = [
        {"key": "a-draft", "workspace": "prod", "name": "Draft", "draft": {"graph": graph}},
        {"key": "before", "workspace": "prod", "name": "Before", "versions": [{"graph": graph}, {"graph": empty}]},
        {"key": "away-flow", "workspace": "away", "name": "Far", "draft": {"graph": graph}},
        {"key": "own-flow", "workspace": "own", "name": "Own", "draft": {"graph": graph}},
    ]
    places = {
        "tenants": [{"key": "third", "name": "Third"}],
        "contracts": [{"key": "third", "tenant": "third", "name": "Third"}],
        "workspaces": [
            {"key": "away", "contract": "overseas", "name": "Far", "type": "FULL"},
            {"key": "own", "contract": "third", "name": "Own", "type": "FULL"},
        ],
        "teams": [{"key": "third-core", "contract": "third", "name": "core"}],
        "components": [{"key": "own-mailer", "team": "third-core", "name": "mailer", "access": "TENANT"}],
    }
    ids = await load_world(database_url, as_file(world()))
    ids |= await load_world(database_url, document(flows=flows, **places))
    mailer, pub_sub = ({"key": key, "remove": True} for key in ("mailer", "pub-sub"))
    plan = await plan_of(database_url, document(components=[mailer, pub_sub]))
    running = ids["orders-flow"]
    assert [(each.uses.count, each.uses.flows, each.uses.names) for each in plan.effects] == [
        (3, (running, *sorted((ids["a-draft"], ids["away-flow"]))), ("Orders", "Draft", "Far")),
        (1, (running,), ("Orders",)),
    ]


async def test_a_flow_is_its_editors_once_it_exists(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    before = (await contents(database_url))["flow"]
    again = [{"key": "sketch", "workspace": "dev", "name": "Other", "draft": {"graph": {"nodes": [], "edges": []}}}]
    await applied(database_url, document(flows=again))
    assert (await contents(database_url))["flow"] == before
    await applied(database_url, document(flows=[{"id": ids["orders-flow"], "suspended": True}]))
    statuses = {row["id"]: row["status"] for row in (await contents(database_url))["flow"]}
    assert statuses == {ids["orders-flow"]: "SUSPENDED", ids["sketch"]: "INACTIVE"}
    await applied(database_url, document(flows=[{"id": ids["orders-flow"], "suspended": False}]))
    assert {row["status"] for row in (await contents(database_url))["flow"]} == {"INACTIVE"}


@pytest.mark.parametrize("by_id", [True, False])
async def test_versions_and_drafts_name_users_that_exist(database_url: str, by_id: bool) -> None:
    ids = await load_world(database_url, as_file(world()))
    ada, owner = (ids[key] if by_id else key for key in ("ada", "owner"))
    graph: dict[str, Any] = {"nodes": [], "edges": []}
    states: dict[str, Any] = {
        "versions": [{"graph": graph, "publishedBy": ada}],
        "draft": {"graph": graph, "author": owner},
    }
    ids |= await load_world(database_url, document(flows=[{"key": "n", "workspace": "prod", "name": "New", **states}]))
    after = await contents(database_url)
    assert [row["published_by"] for row in after["flow_version"] if row["flow_id"] == ids["n"]] == [ids["ada"]]
    assert [row["author_id"] for row in after["flow_draft"] if row["flow_id"] == ids["n"]] == [ids["owner"]]
