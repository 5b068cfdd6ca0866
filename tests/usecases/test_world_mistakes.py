"""Everything that can be wrong in a world file is said with its path, and then nothing is written."""

from collections.abc import AsyncIterator

import pytest

from tests.applying import WorldRefused, load_world
from tests.databases import Databases
from tests.usecases.world_files import LEFT_OUT, Change, WorldFile, as_file, contents, put, world

NODES = ("flows", 0, "draft", "graph", "nodes")
GRAPH = "$.flows[0].draft.graph"
DEEP: object = []
for _ in range(210):
    DEEP = [DEEP]


@pytest.fixture(scope="module")
async def url(databases: Databases) -> AsyncIterator[str]:
    """One database for all of them, since nothing is written."""
    async with databases.copy() as url:
        yield url


async def mistakes_of(url: str, document: bytes) -> list[tuple[str, str]]:
    with pytest.raises(WorldRefused) as caught:
        await load_world(url, document)
    return [(mistake.json_path, mistake.message) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (b"", "$", "This isn't JSON: Expecting value: line 1 column 1 (char 0)."),
        (b"[1]", "$", "A world file is an object."),
        (b'{"a": 1', "$", "This isn't JSON: Expecting ',' delimiter: line 1 column 8 (char 7)."),
        (b'{"a": 1,}', "$", "This isn't JSON: Illegal trailing comma before end: line 1 column 8 (char 7)."),
        (b'{"tenants": [{}\n{}]}', "$", "This isn't JSON: Expecting ',' delimiter: line 2 column 1 (char 16)."),
        (b'{"tenants": [}', "$", "This isn't JSON: Expecting value: line 1 column 14 (char 13)."),
        (
            b"{a: 1}",
            "$",
            "This isn't JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
        ),
        (b'{"a" 1}', "$", "This isn't JSON: Expecting ':' delimiter: line 1 column 6 (char 5)."),
        (b"{} x", "$", "This isn't JSON: Extra data: line 1 column 4 (char 3)."),
        (b'{"tenants": ["\0"]}', "$", "This isn't JSON: Invalid control character at: line 1 column 15 (char 14)."),
        (b'{"\xff": 1}', "$", "This isn't UTF-8: byte 2 fits nothing."),
        (b'{"flows": [' + b"[" * 100_000, "$.flows[0]", "This is nested too deeply to be read."),
        (b'{"flows": [1, ' + b"1" * 5000 + b"]}", "$.flows[1]", "A number in here is none that JSON knows."),
        (b'{"flows": [NaN]}', "$.flows[0]", "A number in here is none that JSON knows."),
        (b'{"flows": [], "flows": []}', "$.flows", "This stands in the file twice."),
    ],
)
async def test_a_file_that_cannot_be_read(url: str, document: bytes, path: str, message: str) -> None:
    assert await mistakes_of(url, document) == [(path, message)]


async def test_every_key_that_stands_twice_is_told_with_the_other_mistakes(url: str) -> None:
    twice = "This stands in the file twice."
    document = b"""{
      "format": {"a": 1, "a": 2},
      "tenants": [{"key": "a", "key": "b", "name": "A"}, {"key": "c", "name": "C"}],
      "flows": [{"key": "f", "draft": {"graph": {"nodes": [{"id": "1", "fields": {"\\u00fc": 1, "\\u00fc": 2}}]}}}]
    }"""
    mistakes = await mistakes_of(url, document)
    assert [mistake for mistake in mistakes if mistake[1] == twice] == [
        ("$.format.a", twice),
        ("$.tenants[0].key", twice),
        ('$.flows[0].draft.graph.nodes[0].fields["\\u00fc"]', twice),
    ]
    assert ("$.flows[0].workspace", 'A new flow needs this property: there is none with the key "f".') in mistakes


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (put("2", "format"), "$.format", 'The format of a world file is "flowport-world/1".'),
        (put(LEFT_OUT, "format"), "$.format", 'The format of a world file is "flowport-world/1".'),
        (
            put([], "people"),
            "$.people",
            "There is no such section. There are: tenants, contracts, workspaces, users, roles, tenantMembers, workspaceMembers, contractMembers, teams, components, topics, credentials, secrets, agents, flows.",
        ),
        (
            put({"key": "new", "name": "New"}, "agents", "+"),
            "$.agents[2].workspace",
            'A new agent needs this property: there is none with the key "new".',
        ),
        (put(3, "agents", "+"), "$.agents[2]", "An object is expected here."),
        (put("x", "tenants", 0, "odd key"), '$.tenants[0]["odd key"]', "There is no such property here."),
        (put(None, "tenants", 0, "odd"), "$.tenants[0].odd", "There is no such property here."),
        (
            put(LEFT_OUT, "users", 0, "email"),
            "$.users[0].email",
            'A new user needs this property: there is none with the key "ada".',
        ),
        (put(None, "users", 0, "email"), "$.users[0].email", "This property is required."),
        (put("ada", "users", 0, "email"), "$.users[0].email", "An e-mail address is expected here."),
        (put("", "users", 0, "firstName"), "$.users[0].firstName", "This can't be empty."),
        (put(1, "tenants", 0, "name"), "$.tenants[0].name", "A string is expected here."),
        (put(" ", "tenants", 0, "name"), "$.tenants[0].name", "This can't be blank."),
        (put("x" * 256, "tenants", 0, "name"), "$.tenants[0].name", "This has more than 255 characters."),
        (put("yes", "tenants", 0, "componentWhitelist"), "$.tenants[0].componentWhitelist", "true or false is expected here."),
        (put("GONE", "contracts", 0, "status"), "$.contracts[0].status", "One of these is expected here: 'ACTIVE' or 'SUSPENDED'."),
        (put(-1, "contracts", 0, "flowQuota"), "$.contracts[0].flowQuota", "This can't be less than 0."),
        (put(1.5, "contracts", 0, "flowQuota"), "$.contracts[0].flowQuota", "A whole number is expected here."),
        (put(2**31, "contracts", 0, "flowQuota"), "$.contracts[0].flowQuota", "This can't be more than 2147483647."),
        (put("x!", "workspaces", 0, "name"), "$.workspaces[0].name", "The name of a workspace has 3 to 40 characters: letters, digits, spaces, - and _."),
        (put("ALL", "roles", 0, "scope"), "$.roles[0].scope", "One of these is expected here: 'WORKSPACE' or 'CONTRACT'."),
        (put([None], "roles", 0, "permissions"), "$.roles[0].permissions[0]", "A string is expected here."),
        (put("", "components", 0, "topicField"), "$.components[0].topicField", "This can't be empty."),
        (put({}, "flows", 0, "versions"), "$.flows[0].versions", "A list is expected here."),
        (put(LEFT_OUT, "flows", 1, "draft", "graph"), "$.flows[1].draft.graph", "This property is required."),
        (put(1, "flows", 0, "draft", "name"), "$.flows[0].draft.name", "A string is expected here."),
        (put(["a"], "flows", 0, "versions", 0, "cron"), "$.flows[0].versions[0].cron", "A string is expected here."),
        (put("a\nb", "flows", 0, "name"), "$.flows[0].name", "The name of a flow can't hold control characters such as line breaks."),
        (put("x" * 1001, "flows", 0, "description"), "$.flows[0].description", "The description has 1001 characters; at most 1000 are allowed."),
        (put("often", "flows", 0, "draft", "cron"), "$.flows[0].draft.cron", "The schedule isn't a cron expression of five fields with one space between them, such as */15 * * * * for every quarter of an hour."),
    ],
)  # fmt: skip
async def test_a_shape_that_is_wrong(url: str, change: Change, path: str, message: str) -> None:
    assert await mistakes_of(url, as_file(world(change))) == [(path, message)]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (put("office", "agents", 1, "key"), "$.agents[1].key", 'The key "office" is taken already, by $.agents[0].'),
        (put(f"agent_{'0' * 26}", "agents", 1, "key"), "$.agents[1].key", "A key can't look like one of Flowport's ids."),
        (put("x" * 256, "agents", 1, "key"), "$.agents[1].key", "This has more than 255 characters."),
        (put("sketch", "flows", 0, "key"), "$.flows[1].key", 'The key "sketch" is taken already, by $.flows[0].'),
        (put("guest", "roles", 1, "key"), "$.roles[1].key", 'The role "guest" is built in; choose another key.'),
        (put("x" * 90, "flows", 0, "author"), "$.flows[0].author", f'There is no user with the key or id "{"x" * 80}…".'),
        (put("x", "contracts", 0, "tenant"), "$.contracts[0].tenant", 'There is no tenant with the key or id "x".'),
        (put("ada", "teams", 1, "contract"), "$.teams[1].contract", 'There is no contract with the key or id "ada".'),
        (put("x", "components", 0, "whitelistedContracts", "+"), "$.components[0].whitelistedContracts[1]", 'There is no contract with the key or id "x".'),
        (put("x", "workspaceMembers", 0, "role"), "$.workspaceMembers[0].role", 'There is no role with the key or id "x".'),
        (put("auditor", "workspaceMembers", 0, "role"), "$.workspaceMembers[0].role", 'The role "auditor" has the scope CONTRACT, not WORKSPACE.'),
        (put("releaser", "contractMembers", 0, "role"), "$.contractMembers[0].role", 'The role "releaser" has the scope WORKSPACE, not CONTRACT.'),
        (put("stranger", "workspaceMembers", 0, "role"), "$.workspaceMembers[0].role", 'The role "stranger" belongs to another tenant.'),
        (put("core", "teams", 1, "name"), "$.teams[1].name", "Its tenant has a team of that name already."),
        (put({"key": "c", "team": "core", "name": "erp"}, "components", "+"), "$.components[3].name", "Its team has a component of that name already."),
        (put({"key": "r", "tenant": "home", "scope": "CONTRACT", "name": "Auditor"}, "roles", "+"), "$.roles[3].name", "Its tenant has a role of that name already."),
        (put("ADA@example.com", "users", 1, "email"), "$.users[1].email", "Another user has this e-mail address."),
        (put({"workspace": "dev", "user": "ada", "role": "guest"}, "workspaceMembers", "+"), "$.workspaceMembers[2]", "$.workspaceMembers[0] is about the same membership."),
        (put({"contract": "retail", "user": "owner", "role": "admin"}, "contractMembers", "+"), "$.contractMembers[1]", "$.contractMembers[0] is about the same membership."),
        (put("x", "flows", 0, "author"), "$.flows[0].author", 'There is no user with the key or id "x".'),
        (put("dev", "flows", 0, "versions", 1, "publishedBy"), "$.flows[0].versions[1].publishedBy", 'There is no user with the key or id "dev".'),
        (put("x", "flows", 0, "draft", "author"), "$.flows[0].draft.author", 'There is no user with the key or id "x".'),
        (put("x", "flows", 1, "workspace"), "$.flows[1].workspace", 'There is no workspace with the key or id "x".'),
        (put(LEFT_OUT, "flows", 1, "draft"), "$.flows[1]", "A flow has a version, a draft, or both."),
        (put("ACTIVE", "flows", 1, "status"), "$.flows[1].status", "A flow without a version can't be ACTIVE."),
    ],
)  # fmt: skip
async def test_entities_that_do_not_fit_together(url: str, change: Change, path: str, message: str) -> None:
    assert await mistakes_of(url, as_file(world(change))) == [(path, message)]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (put([], *NODES[:-1]), GRAPH, "A graph is an object with `nodes` and `edges`."),
        (put({}, *NODES), f"{GRAPH}.nodes", "A graph has a list of nodes."),
        (put(7, *NODES, 1, "id"), f"{GRAPH}.nodes[1].id", "A step has a string as its id."),
        (put(LEFT_OUT, *NODES, 1, "command"), f"{GRAPH}.nodes[1].command", "A step has a string as its command."),
        (put({"a b": 2**64}, *NODES, 1, "fields"), f'{GRAPH}.nodes[1].fields["a b"]', "The integer has more than 64 bits."),
        (put({"a": DEEP}, *NODES, 1, "fields"), f"{GRAPH}.nodes[1].fields", "This is nested deeper than 200 levels."),
        (put({"source": "1"}, *NODES[:-1], "edges", "+"), f"{GRAPH}.edges[2].target", "An edge has the id of a step, or error_all, as its target."),
        (put("x", *NODES, 1, "credentials_id"), f"{GRAPH}.nodes[1].credentials_id", 'There is no credential with the key or id "x".'),
        (put("erp-key", *NODES, 1, "credentials_id"), f"{GRAPH}.nodes[1].credentials_id", 'There is no credential with the key or id "erp-key".'),
        (put("live-mail", *NODES, 1, "credentials_id"), f"{GRAPH}.nodes[1].credentials_id", 'The credential "live-mail" belongs to another workspace.'),
        (put("erp-login", *NODES, 1, "credentials_id"), f"{GRAPH}.nodes[1].credentials_id", 'The credential "erp-login" belongs to another component.'),
        (put("mail", *NODES, 3, "credentials_id"), f"{GRAPH}.nodes[3].credentials_id", 'The credential "mail" belongs to another component.'),
        (put("erp-key", *NODES, 1, "secret_id"), f"{GRAPH}.nodes[1].secret_id", 'The secret "erp-key" belongs to another component.'),
        (put("far", *NODES, 1, "vpn_agent_id"), f"{GRAPH}.nodes[1].vpn_agent_id", 'The agent "far" belongs to another workspace.'),
        (put("live", *NODES, 0, "fields", "topic"), f"{GRAPH}.nodes[0].fields.topic", 'The topic "live" belongs to another workspace.'),
        (put("x", "flows", 0, "versions", 1, "graph", "nodes", 0, "fields", "topic"), "$.flows[0].versions[1].graph.nodes[0].fields.topic", 'There is no topic with the key or id "x".'),
    ],
)  # fmt: skip
async def test_graphs_that_are_wrong(url: str, change: Change, path: str, message: str) -> None:
    assert await mistakes_of(url, as_file(world(change))) == [(path, message)]


NUL = "The text holds a NUL character, which can't be stored."
HALF = "The text holds half of a surrogate pair, which is no character."
KEY_NUL = "A key holds a NUL character, which can't be stored."


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (put("a\0b", "tenants", 0, "name"), "$.tenants[0].name", NUL),
        (put("a\ud800b", "tenants", 0, "name"), "$.tenants[0].name", HALF),
        (put("a\0b", "flows", 0, "description"), "$.flows[0].description", NUL),
        (put("a\0b", "flows", 0, "draft", "author"), "$.flows[0].draft.author", NUL),
        (put("a\ud800b", "flows", 0, "versions", 1, "publishedBy"), "$.flows[0].versions[1].publishedBy", HALF),
        (put({"a": "\0"}, *NODES, 1, "fields"), f"{GRAPH}.nodes[1].fields.a", NUL),
        (put({"\0": 1}, *NODES, 1, "fields"), f"{GRAPH}.nodes[1].fields", KEY_NUL),
        (put({"a": ["\udfff"]}, *NODES, 1, "fields"), f"{GRAPH}.nodes[1].fields.a[0]", HALF),
        (put({"a": "\0"}, "topics", 0, "schema"), "$.topics[0].schema.a", NUL),
        (put({"a": 2**64}, "topics", 0, "schema"), "$.topics[0].schema.a", "The integer has more than 64 bits."),
        (
            put({"a": DEEP}, "topics", 0, "schema"),
            "$.topics[0].schema.a[0][0]",
            "This is nested deeper than 200 levels.",
        ),
    ],
)
async def test_what_no_database_can_hold(url: str, change: Change, path: str, message: str) -> None:
    assert (path, message) in await mistakes_of(url, as_file(world(change)))
    assert len({path for path, _ in await mistakes_of(url, as_file(world(change)))}) == 1


async def test_a_number_too_large_for_any_reader(url: str) -> None:
    spoilt: WorldFile = world(put("HERE", "topics", 0, "schema"))
    document = as_file(spoilt).replace(b'"HERE"', b"[1e999]")
    assert await mistakes_of(url, document) == [("$.topics[0].schema[0]", "The number is not finite.")]


async def test_every_mistake_is_found_and_nothing_is_written(url: str) -> None:
    before = await contents(url)
    spoilt = world(
        put(1, "tenants", 0, "name"),
        put("x", "workspaces", 0, "contract"),
        put("dev", "flows", 0, "author"),
        put("x", *NODES, 1, "credentials_id"),
        put(1, *NODES, 0, "id"),
        put([], "flows", 1, "draft", "graph"),
        put(None, "extra"),
    )
    assert await mistakes_of(url, as_file(spoilt)) == [
        *[(path, message) for path, message in await mistakes_of(url, as_file(world(put(None, "extra"))))],
        ("$.tenants[0].name", "A string is expected here."),
        ("$.workspaces[0].contract", 'There is no contract with the key or id "x".'),
        ("$.flows[0].author", 'There is no user with the key or id "dev".'),
        (f"{GRAPH}.nodes[0].id", "A step has a string as its id."),
        (f"{GRAPH}.nodes[1].credentials_id", 'There is no credential with the key or id "x".'),
        ("$.flows[1].draft.graph", "A graph is an object with `nodes` and `edges`."),
    ]
    assert await contents(url) == before


async def test_references_are_followed_from_what_is_out_of_shape_too(url: str) -> None:
    spoilt = world(
        put("red", "teams", 0, "colour"),
        put("nowhere", "teams", 0, "contract"),
        put(7, "workspaceMembers", 0, "since"),
        put("king", "workspaceMembers", 0, "role"),
        put("nobody", "workspaceMembers", 0, "user"),
        put("x", "flows", 0, "colour"),
        put("nobody", "flows", 0, "author"),
        put(1, "flows", 0, "draft", "name"),
        put("dev", "flows", 0, "draft", "author"),
        put(1, *NODES, 0, "id"),
        put("x", *NODES, 1, "credentials_id"),
    )
    assert [path for path, _ in await mistakes_of(url, as_file(spoilt))] == [
        "$.workspaceMembers[0].since",
        "$.workspaceMembers[0].user",
        "$.workspaceMembers[0].role",
        "$.teams[0].colour",
        "$.teams[0].contract",
        "$.flows[0].draft.name",
        "$.flows[0].colour",
        "$.flows[0].author",
        "$.flows[0].draft.author",
        f"{GRAPH}.nodes[0].id",
        f"{GRAPH}.nodes[1].credentials_id",
    ]


async def test_a_flow_of_an_unknown_workspace_is_checked_for_the_rest(url: str) -> None:
    spoilt = world(put("nowhere", "flows", 0, "workspace"), put("x", *NODES, 1, "credentials_id"))
    assert await mistakes_of(url, as_file(spoilt)) == [
        ("$.flows[0].workspace", 'There is no workspace with the key or id "nowhere".'),
        (f"{GRAPH}.nodes[1].credentials_id", 'There is no credential with the key or id "x".'),
    ]


async def test_mistakes_in_the_last_flow_undo_what_the_first_have_written(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.usecases.apply_world.FLOWS_AT_A_TIME", 1)
    before = await contents(url)
    spoilt = world(put([], "flows", 1, "draft", "graph"))
    assert await mistakes_of(url, as_file(spoilt)) == [
        ("$.flows[1].draft.graph", "A graph is an object with `nodes` and `edges`.")
    ]
    assert await contents(url) == before


async def test_a_user_that_the_database_has_already(database_url: str) -> None:
    await load_world(database_url, as_file(world()))
    before = await contents(database_url)
    same = {"key": "a", "firstName": "A", "lastName": "B", "email": "ADA@example.com"}
    assert await mistakes_of(database_url, as_file({"format": "flowport-world/1", "users": [same]})) == [
        ("$.users[0].email", "Another user has this e-mail address.")
    ]
    assert await contents(database_url) == before
