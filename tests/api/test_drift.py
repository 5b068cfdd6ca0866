"""Drift: which of two flows was changed since one got its content from the other, for those who see both (D1 to D4, D6)."""

from collections.abc import Mapping

from tests.api.client import Api, Json
from tests.api.test_origins import published
from tests.api.test_records import DELETE, REVERT, SAVE, UNDO, done, exported
from tests.api.world_builder import graph, step
from tests.databases import run_sql

STANDS = "query($id: ID!) { flow(id: $id) { drift descendsFrom { id } publishedVersion { provenance { id } } } }"
COPIES = "query($id: ID!) { flow(id: $id) { copies { nodes { drift } } } }"
FOUND = """query($id: ID!, $drift: DriftStatus) { workspace(id: $id) {
  flows(filter: {drift: $drift}, first: 1) { totalCount nodes { id } }
} }"""


def note(text: str) -> Json:
    return graph(step("1", "acme/timer:tick", fields={"note": text}))


async def stands(api: Api, flow: str, user: str = "ada") -> str | None:
    found: Json = await api.caller(user).one(STANDS, id=flow)
    status: str | None = found["drift"]
    return status


async def copies(api: Api, flow: str, user: str = "ada") -> list[str | None]:
    found = await api.caller(user).one(COPIES, id=flow)
    return [node["drift"] for node in found["copies"]["nodes"]]


async def found_by_filter(api: Api, workspace: str, user: str = "ada") -> Mapping[str, list[str]]:
    """The flows of each status of which any flow of the workspace is."""
    found = {}
    for status in ("IN_SYNC", "SOURCE_AHEAD", "DESTINATION_AHEAD", "DIVERGED"):
        page = (await api.caller(user).one(FOUND, id=api.id(workspace), drift=status))["flows"]
        assert page["totalCount"] == len(page["nodes"])
        if page["nodes"]:
            found[status] = [node["id"] for node in page["nodes"]]
    return found


async def change(api: Api, flow: str, text: str) -> None:
    await done(api, SAVE, flowId=flow, graph=note(text))
    await published(api, flow)


async def released(api: Api) -> tuple[str, str, str]:
    """A flow of the workshop, the one that it was exported to, which is published, and the record."""
    outcome = await exported(api, "plain", to="store")
    await published(api, outcome["flow"]["id"])
    return api.id("plain"), outcome["flow"]["id"], outcome["exportRecord"]["id"]


async def test_what_was_exported_and_published_is_in_sync_from_both_ends(fresh: Api) -> None:
    source, destination, record = await released(fresh)
    assert await stands(fresh, destination) == "IN_SYNC"
    assert await copies(fresh, source) == ["IN_SYNC"]
    assert await fresh.caller("ada").one(STANDS, id=source) == {
        "drift": None,
        "descendsFrom": None,
        "publishedVersion": {"provenance": None},
    }
    assert await found_by_filter(fresh, "store") == {"IN_SYNC": [destination]}
    assert record == (await fresh.caller("ada").one(STANDS, id=destination))["descendsFrom"]["id"]


async def test_a_change_of_the_source_counts_once_it_is_published(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    await done(fresh, SAVE, flowId=source, graph=note("next"))
    assert await stands(fresh, destination) == "IN_SYNC"
    await published(fresh, source)
    assert await stands(fresh, destination) == "SOURCE_AHEAD"
    assert await copies(fresh, source) == ["SOURCE_AHEAD"]
    assert await found_by_filter(fresh, "store") == {"SOURCE_AHEAD": [destination]}
    await exported(fresh, "plain", onto=destination)
    assert await stands(fresh, destination) == "SOURCE_AHEAD"
    await published(fresh, destination)
    assert await stands(fresh, destination) == "IN_SYNC"


async def test_a_fix_at_the_destination_is_ahead_and_keeps_its_descent(fresh: Api) -> None:
    source, destination, record = await released(fresh)
    await change(fresh, destination, "fix")
    assert await fresh.caller("ada").one(STANDS, id=destination) == {
        "drift": "DESTINATION_AHEAD",
        "descendsFrom": {"id": record},
        "publishedVersion": {"provenance": None},
    }
    assert await copies(fresh, source) == ["DESTINATION_AHEAD"]
    assert await found_by_filter(fresh, "store") == {"DESTINATION_AHEAD": [destination]}


async def test_both_changed_are_diverged_unless_they_were_changed_alike(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    await change(fresh, destination, "fix")
    await change(fresh, source, "another")
    assert await stands(fresh, destination) == "DIVERGED"
    assert await found_by_filter(fresh, "store") == {"DIVERGED": [destination]}
    await change(fresh, source, "fix")
    assert await stands(fresh, destination) == "IN_SYNC"


async def test_an_edit_that_gives_back_what_was_exported_is_in_sync(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    await change(fresh, destination, "fix")
    await done(fresh, SAVE, flowId=destination, graph=graph(step("1", "acme/timer:tick@latest")))
    await published(fresh, destination)
    assert await stands(fresh, destination) == "IN_SYNC"
    assert await copies(fresh, source) == ["IN_SYNC"]


async def test_a_fix_that_was_exported_back_is_in_sync_and_what_follows_is_told_from_it(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    await change(fresh, destination, "fix")
    await exported(fresh, destination, onto=source)
    await published(fresh, source)
    assert [await stands(fresh, each) for each in (source, destination)] == ["IN_SYNC", "IN_SYNC"]
    await change(fresh, source, "next")
    assert [await stands(fresh, each) for each in (source, destination)] == ["DESTINATION_AHEAD", "SOURCE_AHEAD"]
    assert await found_by_filter(fresh, "workshop") == {"DESTINATION_AHEAD": [source]}


async def test_names_schedules_and_bindings_are_no_drift(fresh: Api) -> None:
    outcome = await exported(fresh, "bound", onto="bound-live")
    await published(fresh, outcome["flow"]["id"])
    bindings, name, cron = [{"stepId": "2", "agentId": None}], "Another", "5 5 * * *"
    await done(fresh, SAVE, flowId=outcome["flow"]["id"], bindings=bindings, name=name, cron=cron, description=None)
    await published(fresh, outcome["flow"]["id"])
    assert await stands(fresh, outcome["flow"]["id"]) == "IN_SYNC"


async def test_who_sees_one_end_alone_learns_nothing_and_the_filter_finds_nothing(fresh: Api) -> None:
    outcome = await exported(fresh, "store-plain", to="shop")
    await published(fresh, outcome["flow"]["id"])
    assert await copies(fresh, fresh.id("store-plain"), "ada") == ["IN_SYNC"]
    assert await copies(fresh, fresh.id("store-plain"), "gil") == [None]
    await run_sql(
        fresh.database_url,
        "update workspace_access set role_id = null from workspace, user_account where workspace_id = workspace.id"
        " and workspace.name = 'Store' and user_id = user_account.id and email = 'ada@example.com'",
    )
    assert await stands(fresh, outcome["flow"]["id"]) is None
    assert await found_by_filter(fresh, "shop") == {}


async def test_without_one_of_the_ends_there_is_no_drift(fresh: Api) -> None:
    source, destination, record = await released(fresh)
    await done(fresh, DELETE, flowId=source)
    answer = await fresh.caller("ada").one(STANDS, id=destination)
    assert (answer["drift"], answer["descendsFrom"]) == (None, {"id": record})
    assert await found_by_filter(fresh, "store") == {}


async def test_a_flow_that_was_overridden_from_another_one_has_no_drift_from_the_first(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    await exported(fresh, "versions", onto=destination)
    assert (await copies(fresh, source), await copies(fresh, fresh.id("versions"))) == (["IN_SYNC"], [None])
    await published(fresh, destination)
    assert (await copies(fresh, source), await copies(fresh, fresh.id("versions"))) == ([None], ["IN_SYNC"])


async def test_a_revert_and_an_undo_go_back_to_the_earlier_drift(fresh: Api) -> None:
    _, destination, _ = await released(fresh)
    [first] = (
        await fresh.caller("ada").one("query($id: ID!) { flowHistory(flowId: $id) { nodes { id } } }", id=destination)
    )["nodes"]
    await change(fresh, destination, "fix")
    again = await exported(fresh, "versions", onto=destination)
    await done(fresh, UNDO, exportId=again["exportRecord"]["id"])
    assert await stands(fresh, destination) == "DESTINATION_AHEAD"
    await done(fresh, REVERT, flowId=destination, versionId=first["id"], publish=True)
    assert await stands(fresh, destination) == "IN_SYNC"


async def test_a_record_without_content_is_no_base(fresh: Api) -> None:
    """D4: as of records from before N5."""
    source, destination, _ = await released(fresh)
    await run_sql(fresh.database_url, "update flow_export set content_hash = null")
    assert await stands(fresh, destination) == "IN_SYNC"
    await change(fresh, source, "next")
    assert await stands(fresh, destination) is None
