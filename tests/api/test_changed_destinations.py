"""Exports onto a flow that was changed at the destination since: a warning, or a refusal where that is asked for (D5)."""

from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.test_drift import change, released
from tests.api.test_origins import published
from tests.api.test_records import SAVE, done, exported
from tests.api.world_builder import graph, step
from tests.databases import contents

WAS_CHANGED = "... on DestinationWasChanged { code message path flow { id } version { id number } }"
EXPORT = f"""mutation($input: ExportFlowInput!) {{ exportFlow(input: $input) {{
  draft {{ id }} replayed warnings {{ __typename {WAS_CHANGED} }} errors {{ __typename code {WAS_CHANGED} }}
}} }}"""
PLAN = f"""query($input: ExportFlowInput!) {{ exportPlan(input: $input) {{
  fingerprint warnings {{ __typename {WAS_CHANGED} }} blockers {{ __typename {WAS_CHANGED} }}
}} }}"""
STALE = """mutation($input: ExportFlowInput!) { exportFlow(input: $input) {
  draft { id } errors { code ... on PlanIsStale { changed } }
} }"""


def wish(source: str, destination: str, **more: object) -> Json:
    return {"flowId": source, "destination": {"overrideFlowId": destination}, **more}


async def answer_of(api: Api, document: str, source: str, destination: str, **more: object) -> Any:
    return await api.caller("ada").one(document, input=wish(source, destination, **more))


async def changed(api: Api) -> tuple[str, str, Json]:
    """A flow, the one that it was released to and that was changed there, and what is told of that."""
    source, destination, _ = await released(api)
    await done(api, SAVE, flowId=destination, graph=graph(step("1", "acme/timer:tick", fields={"note": "fix"})))
    version = await published(api, destination)
    message = (
        "The flow Plain was changed since it got its content from this flow: publishing the export undoes its version 2. "
        "Export that version to its source first, or compare the two flows."
    )
    warning = {
        "__typename": "DestinationWasChanged",
        "code": "DESTINATION_WAS_CHANGED",
        "message": message,
        "path": ["destination", "overrideFlowId"],
        "flow": {"id": destination},
        "version": {"id": version, "number": 2},
    }
    return source, destination, warning


async def test_what_was_changed_there_is_told_by_the_plan_as_by_the_export(fresh: Api) -> None:
    source, destination, warning = await changed(fresh)
    plan = await answer_of(fresh, PLAN, source, destination)
    assert (plan["warnings"], plan["blockers"]) == ([warning], [])
    payload = await answer_of(fresh, EXPORT, source, destination, planFingerprint=plan["fingerprint"])
    assert (payload["warnings"], payload["errors"]) == ([warning], [])


async def test_where_that_is_asked_for_it_is_refused_and_nothing_is_written(fresh: Api) -> None:
    source, destination, warning = await changed(fresh)
    plan = await answer_of(fresh, PLAN, source, destination, destinationChanges="REFUSE")
    assert plan["blockers"] == [warning]
    before = await contents(fresh.database_url)
    payload = await answer_of(fresh, EXPORT, source, destination, destinationChanges="REFUSE")
    assert (payload["draft"], payload["errors"]) == (None, [warning])
    assert await contents(fresh.database_url) == before


async def test_whether_to_refuse_is_part_of_what_a_plan_is_asked_for(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    fingerprint = (await answer_of(fresh, PLAN, source, destination))["fingerprint"]
    payload = await answer_of(
        fresh, STALE, source, destination, planFingerprint=fingerprint, destinationChanges="REFUSE"
    )
    assert payload["errors"] == [{"code": "PLAN_IS_STALE", "changed": ["INPUT"]}]


async def test_once_the_fix_was_exported_back_nothing_is_told_any_more(fresh: Api) -> None:
    source, destination, warning = await changed(fresh)
    await exported(fresh, destination, onto=source)
    await published(fresh, source)
    assert (await answer_of(fresh, PLAN, source, destination))["warnings"] == []
    await change(fresh, source, "next")
    assert (await answer_of(fresh, PLAN, source, destination))["warnings"] == []
    assert warning["version"]["number"] == 2


@pytest.mark.parametrize("source_too", [False, True], ids=["in-sync", "source-ahead"])
async def test_nothing_is_told_of_a_destination_that_has_what_it_got(fresh: Api, source_too: bool) -> None:
    source, destination, _ = await released(fresh)
    if source_too:
        await change(fresh, source, "next")
    assert (await answer_of(fresh, PLAN, source, destination))["warnings"] == []


async def test_nothing_is_told_where_what_is_exported_is_what_the_fix_was(fresh: Api) -> None:
    source, destination, _ = await changed(fresh)
    await change(fresh, source, "fix")
    assert (await answer_of(fresh, EXPORT, source, destination))["warnings"] == []


async def test_nothing_is_told_of_what_came_from_another_flow(fresh: Api) -> None:
    _, destination, _ = await changed(fresh)
    assert (await answer_of(fresh, PLAN, fresh.id("versions"), destination))["warnings"] == []


async def test_a_repeated_call_tells_it_again(fresh: Api) -> None:
    source, destination, warning = await changed(fresh)
    first, second = [await answer_of(fresh, EXPORT, source, destination, idempotencyKey="one") for _ in range(2)]
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["warnings"] == second["warnings"] == [warning]


async def test_a_fix_that_is_published_between_plan_and_export_makes_the_plan_stale(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    fingerprint = (await answer_of(fresh, PLAN, source, destination))["fingerprint"]
    await change(fresh, destination, "fix")
    before = await contents(fresh.database_url)
    payload = await answer_of(fresh, STALE, source, destination, planFingerprint=fingerprint)
    assert payload == {"draft": None, "errors": [{"code": "PLAN_IS_STALE", "changed": ["DESTINATION"]}]}
    assert await contents(fresh.database_url) == before


async def test_drift_alone_makes_no_plan_stale(fresh: Api) -> None:
    source, destination, _ = await changed(fresh)
    fingerprint = (await answer_of(fresh, PLAN, source, destination))["fingerprint"]
    other = await exported(fresh, destination, onto="versions")
    await published(fresh, other["flow"]["id"])
    assert (await answer_of(fresh, EXPORT, source, destination, planFingerprint=fingerprint))["errors"] == []
