"""What applying a world document leaves in the database (W1 to W10)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest

from app.storage.connections.driver import arguments_of
from tests.applying import WorldRefused, applied, in_use, load_world, plan_of
from tests.sent_statements import statements_sent
from tests.usecases.world_files import as_file, contents, document, put, world

Contents = dict[str, list[dict[str, Any]]]


async def fetched(url: str, statement: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(**arguments_of(url))
    try:
        return [tuple(row) for row in await connection.fetch(statement, *arguments)]
    finally:
        await connection.close()


async def written_by(url: str) -> dict[str, list[Any]]:
    """Which transaction has written each row, table by table."""
    tables = [name for [name] in await fetched(url, "select tablename from pg_tables where schemaname = 'public'")]
    return {name: sorted(await fetched(url, f"select ctid::text, xmin::text from {name}")) for name in tables}  # noqa: S608


async def sights(url: str, ids: Mapping[str, str]) -> tuple[set[Any], set[Any]]:
    """Who sees which workspace and which contract, and whether as a member of it; by keys."""
    key_of = {value: key for key, value in ids.items()}
    database = await contents(url)
    workspaces = {
        (key_of[row["user_id"]], key_of[row["workspace_id"]], row["role_id"] is not None)
        for row in database["workspace_access"]
    }
    contracts = {
        (key_of[row["user_id"]], key_of[row["contract_id"]], row["role_id"] is not None)
        for row in database["contract_access"]
    }
    return workspaces, contracts


async def test_a_document_that_is_applied_again_writes_nothing(database_url: str) -> None:
    first = await applied(database_url, as_file(world()))
    before = await written_by(database_url)
    again = await applied(database_url, as_file(world()))
    assert {each.change for each in first.effects} == {"CREATED"}
    assert {each.change for each in again.effects} == {"UNCHANGED"}
    assert await written_by(database_url) == before


async def test_a_document_that_two_apply_at_the_same_moment_is_applied_once(database_url: str) -> None:
    """Two of the command take turns, also where the first creates the tenants (W12)."""
    outcomes = await asyncio.gather(*(applied(database_url, as_file(world())) for _ in range(3)))
    assert sorted(each.created > 0 for each in outcomes) == [False, False, True]


async def test_what_a_document_names_again_is_changed_and_its_ids_stay(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    before = await contents(database_url)
    changed = document(
        workspaces=[{"key": "dev", "name": "Workshop"}],
        credentials=[{"key": "mail", "name": "Relay"}],
        contracts=[{"key": "retail", "status": "SUSPENDED", "flowQuota": 7}],
        components=[{"key": "pub-sub", "access": "TENANT", "whitelistedContracts": []}],
        roles=[{"key": "releaser", "permissions": ["b", "a"]}],
        topics=[{"key": "orders", "schema": [1]}],
        users=[{"key": "ada", "active": False}],
    )
    outcome = await applied(database_url, changed)
    after = await contents(database_url)
    assert outcome.changed == 7
    assert [each["name"] for each in after["workspace"] if each["id"] == ids["dev"]] == ["Workshop"]
    assert {each["name_key"] for each in after["workspace_access"] if each["workspace_id"] == ids["dev"]} == {
        "workshop"
    }
    assert [each["name_key"] for each in after["credential"] if each["id"] == ids["mail"]] == ["relay"]
    assert [(each["status"], each["flow_quota"]) for each in after["contract"] if each["id"] == ids["retail"]] == [
        ("SUSPENDED", 7)
    ]
    assert [each["access"] for each in after["component"] if each["id"] == ids["pub-sub"]] == ["TENANT"]
    assert after["component_whitelist"] == []
    assert [each["permissions"] for each in after["role"] if each["id"] == ids["releaser"]] == [["b", "a"]]
    assert [each["schema_text"] for each in after["topic"] if each["id"] == ids["orders"]] == ["[1]"]
    assert [each["active"] for each in after["user_account"] if each["id"] == ids["ada"]] == [False]
    assert [each["id"] for each in after["external_key"]] == [each["id"] for each in before["external_key"]]
    for table in ("flow", "flow_version", "flow_draft", "flow_content", "secret", "agent", "tenant"):
        assert after[table] == before[table], table


async def test_who_sees_what_follows_from_memberships(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    assert await sights(database_url, ids) == (
        {("ada", "dev", True), ("owner", "prod", True), ("owner", "dev", False)},
        {("ada", "retail", False), ("owner", "retail", True)},
    )
    # A new workspace is seen by the members of its contract.
    new = {"key": "new", "contract": "retail", "name": "New one", "type": "LIMITED"}
    ids |= await load_world(database_url, document(workspaces=[new]))
    assert ("owner", "new", False) in (await sights(database_url, ids))[0]
    # A workspace's member that isn't one any more sees it by the contract.
    await applied(database_url, document(workspaceMembers=[{"workspace": "prod", "user": "owner", "remove": True}]))
    assert ("owner", "prod", False) in (await sights(database_url, ids))[0]
    # Who isn't a member of anything sees nothing.
    await applied(database_url, document(contractMembers=[{"contract": "retail", "user": "owner", "remove": True}]))
    assert await sights(database_url, ids) == ({("ada", "dev", True)}, {("ada", "retail", False)})
    await applied(database_url, document(workspaceMembers=[{"workspace": "dev", "user": "ada", "remove": True}]))
    assert await sights(database_url, ids) == (set(), set())


async def test_a_membership_of_a_contract_that_ends_leaves_those_of_workspaces(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    await applied(database_url, document(contractMembers=[{"contract": "retail", "user": "owner", "remove": True}]))
    assert await sights(database_url, ids) == (
        {("ada", "dev", True), ("owner", "prod", True)},
        {("ada", "retail", False), ("owner", "retail", False)},
    )


async def test_with_a_workspace_goes_what_lives_in_it(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    plan = await plan_of(database_url, document(workspaces=[{"key": "dev", "remove": True}]))
    assert in_use(plan) == [("workspaces", "dev", "flows", 2)]
    before = await contents(database_url)
    with pytest.raises(WorldRefused):
        await applied(database_url, document(workspaces=[{"key": "dev", "remove": True}]))
    assert await contents(database_url) == before
    running = [{"key": "orders-flow", "workspace": "dev", "suspended": True}]
    await applied(database_url, document(flows=running))
    gone = [{"workspace": "dev", "key": key, "remove": True} for key in ("orders-flow", "sketch")]
    await applied(database_url, document(workspaces=[{"key": "dev", "remove": True}], flows=gone))
    after = await contents(database_url)
    assert [each["id"] for each in after["workspace"]] == [ids["prod"]]
    assert {each["workspace_id"] for table in ("topic", "credential", "secret", "agent") for each in after[table]} == {
        ids["prod"]
    }
    assert (after["flow"], after["flow_version"], after["flow_draft"]) == ([], [], [])
    assert not {ids[key] for key in ("dev", "mail", "orders", "office", "sketch")} & {
        each["id"] for each in after["external_key"]
    }
    assert await sights(database_url, ids) == ({("owner", "prod", True)}, {("owner", "retail", True)})


async def test_pruning_needs_the_fingerprint_of_a_plan_that_still_holds(database_url: str) -> None:
    await load_world(database_url, as_file(world(*(put("home", "users", index, "tenant") for index in (0, 1)))))
    rest = document(workspaceMembers=[{"workspace": "dev", "user": "ada", "role": "releaser"}])
    wanted: dict[str, Any] = {"tenant": "home", "prune": ["workspaceMembers"]}
    plan = await plan_of(database_url, rest, **wanted)
    assert [(each.key, each.change) for each in plan.effects] == [("dev/ada", "UNCHANGED"), ("prod/owner", "REMOVED")]
    before = await contents(database_url)
    with pytest.raises(WorldRefused, match="Pruning needs the fingerprint"):
        await applied(database_url, rest, **wanted)
    assert await contents(database_url) == before
    added = [{"workspace": "prod", "user": "ada", "role": "guest"}]
    await applied(database_url, document(workspaceMembers=added))
    before = await contents(database_url)
    with pytest.raises(WorldRefused, match="differs from the plan that you saw"):
        await applied(database_url, rest, **wanted, fingerprint=plan.fingerprint)
    assert await contents(database_url) == before
    seen = await plan_of(database_url, rest, **wanted)
    await applied(database_url, rest, **wanted, fingerprint=seen.fingerprint)
    held = [row for row in (await contents(database_url))["workspace_access"] if row["role_id"] is not None]
    assert len(held) == 1


async def test_pruning_spares_what_has_no_key_and_other_tenants_and_sections(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world(put(None, "flows"))))
    await fetched(database_url, "delete from external_key where id = $1", ids["office"])
    nothing = document()
    wanted: dict[str, Any] = {"tenant": "home", "prune": ["agents", "credentials", "roles", "contracts"]}
    plan = await plan_of(database_url, nothing, **wanted)
    assert {(each.section.name, each.key) for each in plan.effects} == {
        ("contracts", "retail"),
        ("agents", "far"),
        *(("credentials", key) for key in ("mail", "live-mail", "erp-login")),
        *(("roles", key) for key in ("releaser", "auditor")),
    }
    assert {(key, by) for _, key, by, _ in in_use(plan)} == {
        ("retail", "workspaces"),
        ("retail", "teams"),
        ("releaser", "workspaceMembers"),
    }


async def test_a_thing_without_a_key_gets_one_by_its_id(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    await fetched(database_url, "delete from external_key where id = $1", ids["mail"])
    outcome = await applied(database_url, document(credentials=[{"id": ids["mail"], "key": "m-1", "name": "Relay"}]))
    assert [(field.path, field.before, field.after) for field in outcome.effects[0].fields] == [
        ("/key", None, "m-1"),
        ("/name", "Mail", "Relay"),
    ]
    assert await load_world(database_url, document(credentials=[{"key": "m-1"}])) == {"m-1": ids["mail"]}


async def test_twelve_mistakes_are_all_told_and_nothing_is_written(database_url: str) -> None:
    """All or nothing (W4)."""
    ids = await load_world(database_url, as_file(world()))
    before = await contents(database_url)
    wrong = document(
        tenants=[{"key": "third"}],
        contracts=[{"key": "c", "name": 7}, {"id": ids["retail"], "tenant": "abroad"}],
        workspaces=[{"key": "dev", "name": "x!"}, {"key": "w", "contract": "nowhere", "name": "Wide", "type": "FULL"}],
        users=[{"key": "ada", "email": "none"}, {"key": "u", "firstName": "U", "lastName": "V", "email": "Ben@example.com"}],
        workspaceMembers=[{"workspace": "dev", "user": "nobody", "role": "guest"}],
        components=[{"key": "mailer", "name": "post"}],
        credentials=[{"key": "mail", "colour": "red"}],
        flows=[{"key": "f", "workspace": "dev", "name": "F"}],
    )  # fmt: skip
    with pytest.raises(WorldRefused) as refused:
        await applied(database_url, wrong)
    assert [mistake.json_path for mistake in refused.value.mistakes] == [
        "$.tenants[0].name",
        "$.contracts[0].name",
        "$.contracts[0].tenant",
        "$.contracts[1].tenant",
        "$.workspaces[0].name",
        "$.workspaces[1].contract",
        "$.users[0].email",
        "$.users[1].email",
        "$.workspaceMembers[0].user",
        "$.components[0].name",
        "$.credentials[0].colour",
        "$.flows[0]",
    ]
    assert await contents(database_url) == before


async def test_a_users_memberships_go_with_it(database_url: str) -> None:
    ids = await load_world(database_url, as_file(world()))
    await applied(database_url, document(users=[{"key": "ada", "remove": True}]))
    after = await contents(database_url)
    assert [row["id"] for row in after["user_account"]] == [ids["owner"]]
    assert {row["created_by"] for row in after["flow"]} == {None}
    assert "ada" not in {user for seen in await sights(database_url, ids) for user, *_ in seen}


@pytest.mark.parametrize(
    "holder",
    [
        {"workspaceMembers": [{"workspace": "dev", "user": "ada", "remove": True}]},
        {"workspaceMembers": [{"workspace": "dev", "user": "ada", "role": "guest"}]},
        {"users": [{"key": "ada", "remove": True}]},
    ],
)
async def test_a_role_goes_with_the_last_membership_that_holds_it(database_url: str, holder: dict[str, Any]) -> None:
    """In one document, and another role may take its name at once."""
    await load_world(database_url, as_file(world()))
    role = {"key": "releaser-2", "tenant": "home", "scope": "WORKSPACE", "name": "Releaser"}
    await applied(database_url, document(roles=[{"key": "releaser", "remove": True}, role], **holder))
    after = await contents(database_url)
    assert {row["name"] for row in after["role"] if row["tenant_id"]} == {"Releaser", "Auditor", "Stranger"}
    assert {row["key"] for row in after["external_key"] if row["section"] == "roles"} == {
        *("releaser-2", "auditor", "stranger"),
    }


async def test_a_role_goes_with_the_contract_whose_member_holds_it(database_url: str) -> None:
    await load_world(database_url, as_file(world()))
    role = {"key": "visitor", "tenant": "home", "scope": "CONTRACT", "name": "Visitor"}
    member = {"contract": "fairs", "user": "ada", "role": "visitor"}
    fairs = {"key": "fairs", "tenant": "home", "name": "Fairs"}
    await applied(database_url, document(contracts=[fairs], roles=[role], contractMembers=[member]))
    gone = {section: [{"key": key, "remove": True}] for section, key in (("contracts", "fairs"), ("roles", "visitor"))}
    assert (await applied(database_url, document(**gone))).removed == 2


async def test_changing_many_memberships_takes_the_statements_of_changing_one(database_url: str) -> None:
    number = 40
    users = [{"key": f"u-{n}", "firstName": "U", "lastName": "V", "email": f"u-{n}@example.com"} for n in range(number)]

    def members(guests: int) -> list[dict[str, Any]]:
        roles = ["guest" if n < guests else "owner" for n in range(number)]
        return [{"workspace": "dev", "user": f"u-{n}", "role": role} for n, role in enumerate(roles)]

    await load_world(database_url, as_file(world()))
    await applied(database_url, document(users=users, workspaceMembers=members(0)))
    outcomes = []
    for guests in (1, number):
        with statements_sent() as sent:
            outcome = await applied(database_url, document(users=users, workspaceMembers=members(guests)))
        outcomes.append((outcome.changed, len(sent)))
    (one, statements), (many, statements_of_many) = outcomes
    assert (one, many, statements_of_many) == (1, number - 1, statements)


async def test_keys_are_of_their_tenants(database_url: str) -> None:
    home = {"key": "x", "name": "Home's"}
    ids = await load_world(database_url, as_file(world()))
    await applied(database_url, document(contracts=[home]), tenant="home")
    await applied(database_url, document(contracts=[{"key": "x", "name": "Abroad's"}]), tenant="abroad")
    named = {row["name"]: row["tenant_id"] for row in (await contents(database_url))["contract"]}
    assert (named["Home's"], named["Abroad's"]) == (ids["home"], ids["abroad"])
    with pytest.raises(WorldRefused, match="names 2 contracts"):
        await applied(database_url, document(contracts=[{"key": "x", "status": "SUSPENDED"}]))
