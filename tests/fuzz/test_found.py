"""What the fuzz has found, each as the smallest request that shows it."""

import asyncio

import pytest

from tests.api.client import Api, code_of

BESIDE_ONE_THAT_FAILS = """mutation($id: ID!) {
  failing: copyFlow(input: {flowId: $id}) { ...Where }
  sound: copyFlow(input: {flowId: $id}) { errors { ... on InsufficientPermission { workspace { contract { id } } } } }
}
fragment Where on CopyFlowPayload {
  errors { ... on InsufficientPermission { workspace { flows(after: "x") { totalCount } contract { id } } } }
}"""


async def test_a_field_that_fails_takes_nothing_from_others_that_wait_for_the_same(api: Api) -> None:
    answer = await api.caller("gil").answer(BESIDE_ONE_THAT_FAILS, id=api.id("plain"))
    contract = {"workspace": {"contract": {"id": api.id("retail")}}}
    assert answer["data"] == {"failing": None, "sound": {"errors": [contract]}}
    [error] = answer["errors"]
    assert error["path"] == ["failing", "errors", 0, "workspace", "flows"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("where", ["workspaces(first: {}) {{ totalCount }}", "workspaces(search: {}) {{ totalCount }}"])
async def test_a_number_that_is_too_long_to_be_read_is_a_mistake_of_the_document(api: Api, where: str) -> None:
    document = f"{{ {where.format('9' * 5000)} }}"
    assert code_of(await api.caller("ada").answer(document)) == "BAD_USER_INPUT"


async def test_digits_in_a_text_are_no_number(api: Api) -> None:
    answer = await api.caller("ada").answer(f'{{ workspaces(search: "{"9" * 250}") {{ totalCount }} }}')
    assert answer["data"] == {"workspaces": {"totalCount": 0}}


@pytest.mark.parametrize("path", ["/graphql/static/nothing.js", "/graphql/static/..%2fhttp.py", "/nothing"])
async def test_what_is_not_there_is_an_error_in_json_with_a_code(api: Api, path: str) -> None:
    response = await api.http.get(path)
    assert (response.status_code, code_of(response.json())) == (404, "NOT_FOUND")


WHILE_OTHERS_READ = """query($id: ID!) {
  flow(id: $id) { workspace { contract { id } flows(after: "x") { totalCount } } }
}"""


async def test_what_is_still_being_read_ends_with_a_request_that_failed(api: Api) -> None:
    before = asyncio.all_tasks()
    assert code_of(await api.caller("ada").answer(WHILE_OTHERS_READ, id=api.id("plain"))) == "BAD_USER_INPUT"
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
