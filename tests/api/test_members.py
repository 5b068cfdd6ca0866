"""Members of a workspace see each other and the names of their roles (N6), page by page, by last and first name."""

from collections.abc import AsyncIterator

import pytest

from tests.api.client import Api, Json, code_of
from tests.api.documents import PAGE_ARGUMENTS, PAGE_INFO, PAGE_VARIABLES
from tests.api.walking import page_of, walk
from tests.api.world_builder import WorldBuilder
from tests.databases import Databases, Loaded, run_sql

MEMBERS = f"""query($workspace: ID!, $holding: String, $search: String, {PAGE_VARIABLES}) {{ workspace(id: $workspace) {{
  members(holding: $holding, search: $search, {PAGE_ARGUMENTS}) {{
    edges {{ cursor role node {{ id firstName lastName email }} }} nodes {{ id }} {PAGE_INFO}
  }}
}} }}"""
PEOPLE = {
    "ada": ("Ada", "Lovelace", "integrator"),
    "bob": ("bob", "lovelace", "guest"),
    "cyd": ("Cyd", "\N{LATIN CAPITAL LETTER E WITH ACUTE}mile", "owner"),
    "dan": ("Dan", "Van", "releaser"),
    "eve": ("Eve", "van Dyke", "guest"),
    "fay": ("Ada", "Zorn", "guest"),
}
"""By last name and first name, in whatever case: the order of the list is Ada, Bob, Dan, Eve, Fay, Cyd."""
IN_ORDER = ["ada", "bob", "dan", "eve", "fay", "cyd"]


class People(WorldBuilder):
    def named(self, key: str, first: str, last: str) -> None:
        self._add("users", key=key, firstName=first, lastName=last, email=f"{key}@example.com")


def office() -> WorldBuilder:
    """Everybody is a member of the office but Gus, who sees it through its contract, and Hal, who is elsewhere."""
    world = People()
    for key, (first, last, _) in PEOPLE.items():
        world.named(key, first, last)
    world.user("gus")
    world.user("hal")
    world.tenant("town")
    world.contract("firm", "town")
    world.workspace("office", "firm")
    world.workspace("annex", "firm")
    world.role("releaser", "town", "workspaces.topic.publish")
    world.members("office", **{key: role for key, (_, _, role) in PEOPLE.items()})
    world.members("annex", hal="integrator", ada="guest")
    world.contract_members("firm", gus="owner")
    return world


@pytest.fixture(scope="module")
async def loaded_office(databases: Databases) -> AsyncIterator[Loaded]:
    async with databases.loaded(office()) as loaded:
        yield loaded


@pytest.fixture
async def staffed(databases: Databases, loaded_office: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded_office) as served:
        yield served


async def members(api: Api, user: str = "ada", **wanted: object) -> list[str]:
    page = await page_of(api.caller(user), MEMBERS, workspace=api.id("office"), **wanted)
    keys = {id_: key for key, id_ in api.ids.items()}
    assert page["totalCount"] == len(page["edges"])
    return [keys[node["id"]] for node in page["nodes"]]


async def test_members_are_listed_by_last_and_first_name_with_their_roles(staffed: Api) -> None:
    page = await page_of(staffed.caller("bob"), MEMBERS, workspace=staffed.id("office"))
    told = [(edge["node"]["firstName"], edge["node"]["lastName"], edge["role"]) for edge in page["edges"]]
    roles = {"releaser": "Releaser"}
    assert told == [(first, last, roles.get(role, role)) for first, last, role in (PEOPLE[key] for key in IN_ORDER)]
    ids: Json = {"workspace": staffed.id("office")}
    for size in (1, 2, 100):
        for backwards in (False, True):
            walked = await walk(staffed.caller("bob"), MEMBERS, ids, size, backwards=backwards)
            assert walked == [staffed.id(key) for key in IN_ORDER]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("LOVELACE", ["ada", "bob"]),
        ("ada", ["ada", "fay"]),
        ("ada lovelace", ["ada"]),
        ("Lovelace Ada", ["ada"]),
        ("émile", ["cyd"]),
        ("van", ["dan", "eve"]),
        ("%", []),
        ("", IN_ORDER),
    ],
)
async def test_members_are_searched_by_any_part_of_their_names(staffed: Api, search: str, found: list[str]) -> None:
    assert await members(staffed, search=search) == found


async def test_members_are_filtered_by_a_permission_of_their_roles(staffed: Api) -> None:
    assert await members(staffed, holding="workspaces.flow.edit") == ["ada", "cyd"]
    assert await members(staffed, holding="workspaces.topic.publish") == ["dan"]
    assert await members(staffed, holding="workspaces.flow.edit", search="mile") == ["cyd"]
    assert await members(staffed, holding="nothing") == []
    body = await staffed.caller("ada").answer(MEMBERS, workspace=staffed.id("office"), holding="a\0b")
    assert code_of(body) == "BAD_USER_INPUT"


async def test_whoever_is_no_member_sees_nobody_and_the_deactivated_are_seen_by_nobody(staffed: Api) -> None:
    assert await members(staffed, "gus") == []
    [office] = (await staffed.caller("hal").ask("{ contracts { nodes { workspaces { nodes { name } } } } }"))[
        "contracts"
    ]["nodes"]
    assert office == {"workspaces": {"nodes": [{"name": "Annex"}]}}
    await run_sql(staffed.database_url, "update user_account set active = false where id = :id", id=staffed.id("bob"))
    assert await members(staffed) == [key for key in IN_ORDER if key != "bob"]


async def test_members_of_many_workspaces_take_as_many_statements_as_those_of_one(staffed: Api) -> None:
    asked = "query($first: Int!) { workspaces(first: $first) { nodes { members { nodes { id } } } } }"
    counted = {first: await staffed.caller("ada").statements(asked, first=first) for first in (1, 2)}
    assert counted == {1: 3, 2: 3}
