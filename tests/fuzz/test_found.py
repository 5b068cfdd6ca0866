"""What the fuzz has found, each as the smallest request that shows it."""

from tests.api.client import Api

BESIDE_ONE_THAT_FAILS = """query($id: ID!) {
  failing: workspace(id: $id) { flows(first: 0) { totalCount } contract { id } }
  sound: workspace(id: $id) { contract { id } }
}"""


async def test_a_field_that_fails_takes_nothing_from_others_that_wait_for_the_same(api: Api) -> None:
    answer = await api.caller("ada").answer(BESIDE_ONE_THAT_FAILS, id=api.id("workshop"))
    assert answer["data"] == {"failing": None, "sound": {"contract": {"id": api.id("retail")}}}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["failing", "flows"], "BAD_USER_INPUT")
