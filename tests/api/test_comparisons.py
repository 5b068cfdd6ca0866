"""Comparing two flows, or states of one, that the caller sees (D6)."""

from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.test_drift import change, released
from tests.api.test_records import SAVE, done
from tests.api.world_builder import graph, step

COMPARE = """query($from: FlowStateInput!, $to: FlowStateInput!) { compareFlows(from: $from, to: $to) {
  identical sameContent addedSteps removedSteps changedSteps { stepId fields { path before after } }
  bindings { stepId beforeId afterId } fields { path before after }
} }"""
ALIKE: Json = {"addedSteps": [], "removedSteps": [], "changedSteps": [], "bindings": [], "fields": []}


async def compared(api: Api, before: Json, after: Json, user: str = "ada") -> Any:
    return await api.caller(user).one(COMPARE, **{"from": before, "to": after})


async def test_two_flows_of_one_content_have_the_same_content_whatever_they_are_called(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    before, after = {"flowId": source}, {"flowId": destination}
    assert await compared(fresh, before, after) == {"identical": True, "sameContent": True, **ALIKE}
    await done(fresh, SAVE, flowId=destination, name="Another")
    draft = {"flowId": destination, "source": {"state": "DRAFT"}}
    named = [{"path": "/name", "before": "Plain", "after": "Another"}]
    expected = {"identical": False, "sameContent": True, **ALIKE, "fields": named}
    assert await compared(fresh, before, draft) == expected


async def test_what_a_fix_at_the_destination_changed_is_told_step_by_step(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    await done(
        fresh, SAVE, flowId=destination, graph=graph(step("1", "acme/timer:tick@latest"), step("2", "acme/code:run"))
    )
    draft = {"flowId": destination, "source": {"state": "DRAFT"}}
    changes = await compared(fresh, {"flowId": source}, draft)
    assert (changes["sameContent"], changes["addedSteps"], changes["removedSteps"]) == (False, ["2"], [])
    back = await compared(fresh, draft, {"flowId": source})
    assert (back["sameContent"], back["addedSteps"], back["removedSteps"]) == (False, [], ["2"])


async def test_two_versions_of_one_flow_are_compared_too(fresh: Api) -> None:
    flow = fresh.id("versions")
    older = {"flowId": flow, "source": {"versionId": fresh.id("versions/1")}}
    assert not (await compared(fresh, older, {"flowId": flow}))["sameContent"]
    assert (await compared(fresh, older, older))["identical"]


@pytest.mark.parametrize("user", ["gil", "carl", "olga"])
async def test_who_does_not_see_both_is_answered_null(fresh: Api, user: str) -> None:
    before, after = {"flowId": fresh.id("plain")}, {"flowId": fresh.id("bread")}
    assert await compared(fresh, before, after) is not None
    assert await compared(fresh, before, after, user) is None
    assert await compared(fresh, after, before, user) is None


async def test_a_state_that_does_not_exist_is_answered_null(fresh: Api) -> None:
    flow = fresh.id("plain")
    for state in (
        {"flowId": flow, "source": {"state": "DRAFT"}},
        {"flowId": flow, "source": {"versionId": fresh.id("versions/1")}},
        {"flowId": flow, "source": {"versionId": "no id"}},
        {"flowId": "no id"},
    ):
        assert await compared(fresh, {"flowId": flow}, state) is None


async def test_ids_of_what_both_flows_are_bound_to_are_told(fresh: Api) -> None:
    changes = await compared(fresh, {"flowId": fresh.id("bound")}, {"flowId": fresh.id("bound-live")})
    told = {(each["stepId"], each["beforeId"], each["afterId"]) for each in changes["bindings"]}
    assert ("4", fresh.id("workshop-orders"), fresh.id("store-orders")) in told


async def test_comparing_takes_as_many_statements_whatever_is_compared(fresh: Api) -> None:
    source, destination, _ = await released(fresh)
    await change(fresh, destination, "fix")
    ada, states = fresh.caller("ada"), {"from": {"flowId": source}, "to": {"flowId": destination}}
    assert await ada.statements(COMPARE, **states) == 4
