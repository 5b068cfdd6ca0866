"""A document that is asked for again is planned no more, and answered by its variables each time."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.client import Api, body_of
from tests.databases import Databases, Loaded

CONDITIONS = """query Shown($id: ID!, $named: Boolean = true, $place: Boolean!) {
  flow(id: $id) { id name @include(if: $named) ...Place @skip(if: $place) }
}
query Other($id: ID!, $place: Boolean!) { flow(id: $id) { status ...Place @include(if: $place) } }
fragment Place on Flow { workspace { id name @skip(if: $place) } }"""


@pytest.fixture(scope="module")
async def api(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded_trade) as served:
        yield served


async def asked(api: Api, operation: str, **variables: object) -> Any:
    body = {"query": CONDITIONS, "operationName": operation, "variables": {"id": api.id("plain"), **variables}}
    response = await api.http.post("/graphql", json=body, headers=api.caller("ada").headers)
    return body_of(response)["data"]["flow"]


async def test_what_is_selected_depends_on_the_conditions_of_each_request(api: Api) -> None:
    flow, workshop = api.id("plain"), api.id("workshop")
    for _ in range(3):
        assert await asked(api, "Shown", place=True) == {"id": flow, "name": "Plain"}
        assert await asked(api, "Shown", place=True, named=False) == {"id": flow}
        with_place = {"id": flow, "name": "Plain", "workspace": {"id": workshop, "name": "Workshop"}}
        assert await asked(api, "Shown", place=False) == with_place
        assert await asked(api, "Other", place=True) == {"status": "INACTIVE", "workspace": {"id": workshop}}
        assert await asked(api, "Other", place=False) == {"status": "INACTIVE"}


NESTED = """query($n: Int = 1) { workspaces(first: $n) { nodes { flows(first: $n) { nodes { id } } } } }"""


async def test_the_cost_is_that_of_the_variables_of_each_request(api: Api) -> None:
    async def cost(**variables: object) -> int:
        body = {"query": NESTED, "variables": variables}
        response = await api.http.post("/graphql", json=body, headers=api.caller("ada").headers)
        return int(response.json()["extensions"]["cost"]["requested"])

    for _ in range(3):
        by_default, of_null, of_two = await cost(), await cost(n=None), await cost(n=2)
        assert by_default == await cost(n=1)
        assert of_null == await cost(n=50)
        assert by_default < of_two < of_null


NULL_BELOW = """mutation($id: ID!, $shown: Boolean = true) {
  copyFlow(input: {flowId: $id}) { flow { id name @include(if: $shown) } errors { code } }
}"""


async def test_a_condition_that_is_null_is_an_error_of_the_field_below_which_it_stands(api: Api) -> None:
    body = await api.caller("ada").answer(NULL_BELOW, id=api.id("plain"), shown=None)
    assert body["data"] == {"copyFlow": {"flow": None, "errors": []}}
    [error] = body["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["copyFlow", "flow"], "BAD_USER_INPUT")
