"""A deactivated user: by the command in every tenant, by a provisioner in the user's own tenant alone (W8, W9, W13)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.api.client import Api, Json
from tests.api.office import WORKSPACES, apply, held, names_of, office
from tests.applying import applied
from tests.authentication.issuer import AUDIENCE, ISSUER, claims_at, ec_key, jwt_of
from tests.authentication.jwks_host import jwks_host
from tests.databases import Databases, Loaded
from tests.usecases.world_files import as_file

ACCESS = ("workspace_access", "contract_access")
FLOW = "query ($id: ID!) { flow(id: $id) { createdBy { firstName } } }"
COPY = "mutation ($id: ID!) { copyFlow(input: {flowId: $id}) { errors { code } } }"
MEMBERS = "query ($id: ID!) { workspace(id: $id) { members { nodes { firstName } } } }"
Change = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
async def loaded_office(databases: Databases) -> AsyncIterator[Loaded]:
    world = office()
    world.user("ben", "home")
    world.members("dev", ben="integrator")
    world.contract_members("retail", ada="guest")
    world.members("far", ben="guest", stranger="guest")
    async with databases.loaded(world) as loaded:
        yield loaded


@pytest.fixture
async def api(databases: Databases, loaded_office: Loaded) -> AsyncIterator[Api]:
    with jwks_host() as host:
        host.show(ec_key().jwk("ec"))
        jwts = {"jwks_url": host.url, "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
        async with databases.serving(loaded_office, **jwts) as api:
            yield api


async def by_the_command(api: Api, **sections: Any) -> Any:
    return await applied(api.database_url, as_file({"format": "flowport-world/1", **sections}))


async def by_a_provisioner(api: Api, **sections: Any) -> Json:
    payload = await apply(api, **sections)
    assert payload["errors"] == []
    return payload


def switched(user: str, *, active: bool) -> list[Json]:
    return [{"key": user, "active": active}]


async def ask(api: Api, user: str, form: str) -> httpx.Response:
    headers = api.caller(user).headers
    if form == "JWT":
        claims = claims_at(datetime.now(UTC).timestamp(), email=f"{user}@example.com")
        headers["Authorization"] = f"Bearer {jwt_of(claims, ec_key().signs(), alg='ES256', kid='ec')}"
    return await api.http.post("/graphql", json={"query": WORKSPACES}, headers=headers)


async def access(api: Api) -> dict[str, set[tuple[object, ...]]]:
    """Who sees what, by which role."""
    database = await held(api)
    times = {"created_at", "updated_at"}
    return {
        table: {tuple(value for name, value in row.items() if name not in times) for row in database[table]}
        for table in ACCESS
    }


@pytest.mark.parametrize("form", ["API token", "JWT"])
@pytest.mark.parametrize("change", [by_the_command, by_a_provisioner])
async def test_whoever_is_deactivated_is_refused_at_once_stays_an_author_and_comes_back_as_it_was(
    api: Api, change: Change, form: str
) -> None:
    before = await access(api)
    assert (await ask(api, "ada", form)).status_code == 200
    await change(api, users=switched("ada", active=False))
    assert (await ask(api, "ada", form)).status_code == 401
    flow = await api.caller("ben").one(FLOW, id=api.id("letters"))
    assert flow == {"createdBy": {"firstName": "Ada"}}
    assert (await api.caller("ben").one(MEMBERS, id=api.id("dev")))["members"]["nodes"] == [{"firstName": "Ben"}]
    await change(api, users=switched("ada", active=True))
    assert (await ask(api, "ada", form)).status_code == 200
    assert await access(api) == before


@pytest.mark.parametrize("form", ["API token", "JWT"])
async def test_a_provisioner_deactivates_in_its_own_tenant_and_the_command_everywhere(api: Api, form: str) -> None:
    ben, letters, before = api.caller("ben"), api.id("letters"), await access(api)
    payload = await by_a_provisioner(api, users=switched("ben", active=False))
    [thing] = payload["things"]
    assert (thing["change"], thing["fields"]) == ("CHANGED", [{"path": "/active", "before": True, "after": False}])
    answer = await ask(api, "ben", form)
    assert [each["name"] for each in answer.json()["data"]["workspaces"]["nodes"]] == ["Far"]
    assert await ben.one(FLOW, id=letters) is None
    assert (await ben.one(COPY, id=letters))["errors"] == [{"code": "FLOW_NOT_FOUND"}]
    far = (await api.caller("stranger").one(MEMBERS, id=api.id("far")))["members"]["nodes"]
    assert far == [{"firstName": "Ben"}, {"firstName": "Stranger"}]
    outcome = await by_the_command(api, users=switched("ben", active=False))
    [field] = outcome.effects[0].fields
    assert (field.path, field.before, field.after) == ("/active", "elsewhere", False)
    assert (await ask(api, "ben", form)).status_code == 401
    await by_the_command(api, users=switched("ben", active=True))
    assert await access(api) == before
    assert await names_of(api, "ben") == ["Dev", "Far"]


async def test_the_command_lifts_what_a_provisioner_has_switched_off(api: Api) -> None:
    before = await access(api)
    await by_a_provisioner(api, users=switched("ben", active=False))
    outcome = await by_the_command(api, users=switched("ben", active=True))
    [field] = outcome.effects[0].fields
    assert (field.path, field.before, field.after) == ("/active", "elsewhere", True)
    assert await access(api) == before


async def test_whom_the_command_has_deactivated_a_provisioner_leaves_so(api: Api) -> None:
    await by_the_command(api, users=switched("ada", active=False))
    before = await held(api)
    payload = await apply(api, users=switched("ada", active=True))
    assert [(error["code"], error["path"], error["message"]) for error in payload["errors"]] == [
        (
            "INVALID_INPUT",
            ["document", "users", "0", "active"],
            "The command `flowport apply` deactivated this user in every tenant, and it alone can activate it again.",
        )
    ]
    assert (await by_a_provisioner(api, users=switched("ada", active=False)))["unchanged"] == 1
    assert await held(api) == before
    named = {"key": "ada", "lastName": "Byron"}
    assert (await by_a_provisioner(api, users=[named]))["changed"] == 1
    assert (await ask(api, "ada", "API token")).status_code == 401


@pytest.mark.parametrize("change", [by_the_command, by_a_provisioner])
async def test_deactivating_again_writes_nothing(api: Api, change: Change) -> None:
    user = [{"key": "ada", "active": False}]
    members = [{"workspace": "dev", "user": "ada", "role": "integrator"}]
    guests = [{"contract": "retail", "user": "ada", "role": "guest"}]
    await change(api, users=user)
    before = await held(api)
    await change(api, users=user, workspaceMembers=members, contractMembers=guests)
    assert await held(api) == before


async def test_memberships_of_a_deactivated_user_change_without_effect_until_it_is_active(api: Api) -> None:
    await by_a_provisioner(api, users=switched("ada", active=False))
    new = [{"key": "new", "contract": "retail", "name": "New one", "type": "LIMITED"}]
    changed = [
        {"workspace": "new", "user": "ada", "role": "guest"},
        {"workspace": "dev", "user": "ada", "role": "guest"},
    ]
    payload = await by_a_provisioner(api, workspaces=new, workspaceMembers=changed)
    assert [each["change"] for each in payload["things"]] == ["CREATED", "CREATED", "CHANGED"]
    removed = [{"contract": "retail", "user": "ada", "remove": True}]
    assert (await by_a_provisioner(api, contractMembers=removed))["removed"] == 1
    assert (await ask(api, "ada", "API token")).status_code == 401
    assert api.id("ada") not in {row["user_id"] for table in ACCESS for row in (await held(api))[table]}
    await by_a_provisioner(api, users=switched("ada", active=True))
    assert await names_of(api, "ada") == ["Dev", "New one"]
    assert (await api.caller("ada").one(COPY, id=api.id("letters")))["errors"] == [{"code": "INSUFFICIENT_PERMISSION"}]


async def test_a_role_that_only_a_deactivated_user_holds_is_held(api: Api) -> None:
    role = {"key": "tester", "scope": "WORKSPACE", "name": "Tester", "permissions": []}
    await by_a_provisioner(api, roles=[role], workspaceMembers=[{"workspace": "dev", "user": "ada", "role": "tester"}])
    await by_a_provisioner(api, users=switched("ada", active=False))
    [error] = (await apply(api, roles=[{"key": "tester", "remove": True}]))["errors"]
    assert (error["code"], error["by"], error["count"]) == ("THING_IN_USE", "WORKSPACE_MEMBERS", 1)
    gone = [{"workspace": "dev", "user": "ada", "remove": True}]
    await by_a_provisioner(api, roles=[{"key": "tester", "remove": True}], workspaceMembers=gone)
    await by_a_provisioner(api, users=switched("ada", active=True))
    assert await names_of(api, "ada") == ["Dev"]
    assert await api.caller("ada").one(FLOW, id=api.id("letters")) is None


async def test_pruning_takes_memberships_of_deactivated_users_too(api: Api) -> None:
    await by_a_provisioner(api, users=switched("ada", active=False))
    prune: Json = {"prune": ["WORKSPACE_MEMBERS"]}
    [error] = (await apply(api, more=prune))["errors"]
    assert error["path"] == ["planFingerprint"]
    plan = "query ($input: ApplyWorldInput!) { worldPlan(input: $input) { fingerprint things { key change } } }"
    document = {"tenantId": api.id("home"), "document": {"format": "flowport-world/1"}, **prune}
    seen = await api.caller("robot").one(plan, input=document)
    assert sorted((each["key"], each["change"]) for each in seen["things"]) == [
        ("dev/ada", "REMOVED"),
        ("dev/ben", "REMOVED"),
    ]
    await by_a_provisioner(api, more={**prune, "planFingerprint": seen["fingerprint"]})
    await by_a_provisioner(api, users=switched("ada", active=True))
    assert await api.caller("ada").one(FLOW, id=api.id("letters")) is None


async def test_a_user_may_come_deactivated(api: Api) -> None:
    new = {"key": "cy", "firstName": "Cy", "lastName": "New", "email": "cy@example.com", "active": False}
    members = [{"workspace": "dev", "user": "cy", "role": "guest"}]
    await by_a_provisioner(api, users=[new], workspaceMembers=members)
    nodes = (await api.caller("ben").one(MEMBERS, id=api.id("dev")))["members"]["nodes"]
    assert nodes == [{"firstName": "Ada"}, {"firstName": "Ben"}]
    await by_a_provisioner(api, users=switched("cy", active=True))
    nodes = (await api.caller("ben").one(MEMBERS, id=api.id("dev")))["members"]["nodes"]
    assert nodes == [{"firstName": "Cy"}, {"firstName": "Ada"}, {"firstName": "Ben"}]


async def test_who_is_deactivated_in_a_tenant_does_not_provision_it(api: Api) -> None:
    """A provisioner of its own tenant is for the command alone, which may make one of whom that tenant deactivated."""
    await by_a_provisioner(api, users=switched("ben", active=False))
    await by_the_command(api, tenantMembers=[{"tenant": "home", "user": "ben", "role": "provisioner"}])
    [error] = (await apply(api, "ben", contracts=[{"key": "retail", "name": "Mine"}]))["errors"]
    assert error["code"] == "TENANT_NOT_FOUND"
    await by_the_command(api, users=switched("ben", active=True))
    assert (await apply(api, "ben", contracts=[{"key": "retail", "name": "Ours"}]))["errors"] == []
