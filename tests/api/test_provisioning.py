"""Provisioning by GraphQL: who may, what is answered, and what others see of it at once (W8 to W14)."""

import pytest

from tests.api.client import Api, Json
from tests.api.office import COUNTS, PLAN, apply, held, names_of, wish


@pytest.fixture
def api(office_api: Api) -> Api:
    return office_api


async def test_a_provisioner_applies_a_document_as_it_was_planned(api: Api) -> None:
    new = {"key": "new", "contract": "retail", "name": "New one", "type": "FULL"}
    changes: Json = {"workspaces": [new, {"key": "dev", "name": "Workshop"}]}
    plan = (await api.caller("robot").ask(PLAN, input=wish(api, **changes)))["worldPlan"]
    before, after = "Dev", "Workshop"
    renamed = {
        "section": "WORKSPACES",
        "key": "dev",
        "id": api.id("dev"),
        "change": "CHANGED",
        "fields": [{"path": "/name", "before": before, "after": after}],
        "usedByFlows": 0,
        "usedByFlowIds": [],
    }
    created = {**renamed, "key": "new", "id": None, "change": "CREATED", "fields": []}
    assert plan["things"] == [created, renamed]
    assert {name: plan[name] for name in COUNTS.split()} == {"created": 1, "changed": 1, "removed": 0, "unchanged": 0}
    assert plan["blockers"] == []
    payload = await apply(api, more={"planFingerprint": plan["fingerprint"]}, **changes)
    assert payload["errors"] == []
    assert payload["things"] == [{**created, "id": payload["things"][0]["id"]}, renamed]
    assert payload["things"][0]["id"].startswith("workspace_")
    # A guest of the contract sees both names at once (A4).
    assert await names_of(api, "guest") == ["New one", "Workshop"]
    assert await names_of(api, "ada") == ["Workshop"]
    stale = await apply(api, more={"planFingerprint": plan["fingerprint"]}, **changes)
    assert [(error["code"], error["path"]) for error in stale["errors"]] == [
        ("WORLD_PLAN_IS_STALE", ["planFingerprint"])
    ]


async def test_what_is_renamed_is_searched_by_its_new_name_by_every_member_at_once(api: Api) -> None:
    search = """query ($text: String!, $id: ID!) {
        workspaces(search: $text) { nodes { id } } workspace(id: $id) { credentials(search: $text) { nodes { id } } }
    }"""
    relays, relay = {"key": "dev", "name": "Relays"}, {"key": "mail", "name": "Relay"}
    before = await held(api)
    assert (await apply(api, workspaces=[relays], credentials=[relay]))["changed"] == 2
    for user, credentials in (("ada", [{"id": api.id("mail")}]), ("guest", [])):
        answer = await api.caller(user).ask(search, text="relay", id=api.id("dev"))
        assert answer["workspaces"]["nodes"] == [{"id": api.id("dev")}]
        assert answer["workspace"]["credentials"]["nodes"] == credentials
    after = await held(api)
    for table in ("flow", "flow_draft", "flow_version", "flow_export", "flow_reference", "external_key"):
        assert after[table] == before[table], table


async def test_who_leaves_a_contract_keeps_the_workspaces_of_its_own_memberships(api: Api) -> None:
    new = [{"key": f"new-{n}", "contract": "retail", "name": f"New {n}", "type": "FULL"} for n in (1, 2)]
    await apply(api, workspaces=new, workspaceMembers=[{"workspace": "new-2", "user": "guest", "role": "guest"}])
    assert await names_of(api, "guest") == ["Dev", "New 1", "New 2"]
    await apply(api, contractMembers=[{"contract": "retail", "user": "guest", "remove": True}])
    assert await names_of(api, "guest") == ["New 2"]


@pytest.mark.parametrize("by", ["ada", "boss", "stranger"])
async def test_who_does_not_provision_a_tenant_is_answered_as_if_there_were_none(api: Api, by: str) -> None:
    before = await held(api)
    changes: Json = {"contracts": [{"key": "retail", "name": "Mine"}]}
    unknown = f"tenant_{'0' * 26}"
    for tenant in ("home", unknown):
        [error] = (await apply(api, by, tenant=tenant, **changes))["errors"]
        tenant_id = api.ids.get(tenant, tenant)
        assert error == {
            "__typename": "TenantNotFound",
            "message": f"There is no tenant {tenant_id} that you can see. Check the id, or ask for access.",
            "code": "TENANT_NOT_FOUND",
            "path": ["tenantId"],
            "tenantId": tenant_id,
        }
        plan = (await api.caller(by).ask(PLAN, input=wish(api, tenant, **changes)))["worldPlan"]
        nothing = {"fingerprint": "", "things": [], "created": 0, "changed": 0, "removed": 0, "unchanged": 0}
        assert plan == {**nothing, "blockers": [error]}
    assert await held(api) == before


async def test_the_tenant_may_be_left_out_by_who_provisions_one(api: Api) -> None:
    assert (await apply(api, tenant=None, contracts=[{"key": "retail", "name": "Shops"}]))["changed"] == 1
    [error] = (await apply(api, "ada", tenant=None, contracts=[]))["errors"]
    assert (error["code"], error["tenantId"]) == ("TENANT_NOT_FOUND", "")
    assert error["message"].startswith("You don't provision exactly one tenant. Say by its id")


async def test_every_mistake_is_answered_with_its_path(api: Api) -> None:
    before = await held(api)
    payload = await apply(
        api, contracts=[{"key": "retail", "status": "OLD"}], users=[{"key": "ada", "colour": "red"}], people=[]
    )
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("INVALID_INPUT", ["document", "people"]),
        ("INVALID_INPUT", ["document", "contracts", "0", "status"]),
        ("INVALID_INPUT", ["document", "users", "0", "colour"]),
    ]
    assert (payload["things"], payload["created"]) == ([], 0)
    assert await held(api) == before


async def test_what_is_in_use_stays(api: Api) -> None:
    payload = await apply(api, workspaces=[{"key": "dev", "remove": True}])
    assert payload["errors"] == [
        {
            "__typename": "ThingInUse",
            "message": 'The workspace "dev" can\'t be removed while 1 flow rests on it. Remove it first, or in the same document.',
            "code": "THING_IN_USE",
            "path": ["document", "workspaces", "0"],
            "section": "WORKSPACES",
            "key": "dev",
            "by": "FLOWS",
            "count": 1,
        }
    ]


async def test_pruning_needs_the_fingerprint_of_a_plan(api: Api) -> None:
    prune: Json = {"prune": ["WORKSPACE_MEMBERS"]}
    [error] = (await apply(api, more=prune))["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["planFingerprint"])
    plan = (await api.caller("robot").ask(PLAN, input=wish(api, more=prune)))["worldPlan"]
    assert [(thing["key"], thing["change"]) for thing in plan["things"]] == [("dev/ada", "REMOVED")]
    payload = await apply(api, more={**prune, "planFingerprint": plan["fingerprint"]})
    assert (payload["removed"], payload["errors"]) == (1, [])
    assert await names_of(api, "ada") == []


async def test_a_revoked_member_is_refused_from_the_next_request_on(api: Api) -> None:
    ada = api.caller("ada")
    copy = "mutation ($id: ID!) { copyFlow(input: {flowId: $id}) { errors { code } } }"
    assert (await ada.ask(copy, id=api.id("letters")))["copyFlow"]["errors"] == []
    await apply(api, workspaceMembers=[{"workspace": "dev", "user": "ada", "role": "guest"}])
    assert (await ada.ask(copy, id=api.id("letters")))["copyFlow"]["errors"] == [{"code": "INSUFFICIENT_PERMISSION"}]
    await apply(api, workspaceMembers=[{"workspace": "dev", "user": "ada", "remove": True}])
    assert (await ada.ask(copy, id=api.id("letters")))["copyFlow"]["errors"] == [{"code": "FLOW_NOT_FOUND"}]


async def test_a_credential_that_a_running_flow_uses_is_removed(api: Api) -> None:
    flow = """query ($id: ID!) { flow(id: $id) {
        status draft { readiness { ready } graph { steps { credential { id } } } } publishedVersion { contentHash }
    } }"""
    before = (await api.caller("ada").ask(flow, id=api.id("letters")))["flow"]
    payload = await apply(api, credentials=[{"key": "mail", "remove": True}])
    assert [(each["usedByFlows"], each["usedByFlowIds"]) for each in payload["things"]] == [(1, [api.id("letters")])]
    after = (await api.caller("ada").ask(flow, id=api.id("letters")))["flow"]
    assert before["draft"]["graph"]["steps"] == [{"credential": {"id": api.id("mail")}}]
    assert after == {
        "status": "ACTIVE",
        "draft": {"readiness": {"ready": False}, "graph": {"steps": [{"credential": None}]}},
        "publishedVersion": before["publishedVersion"],
    }
    export = """mutation ($input: ExportFlowInput!) { exportFlow(input: $input) {
        references { kind action fromId } errors { code }
    } }"""
    into = {"flowId": api.id("letters"), "destination": {"workspaceId": api.id("dev")}}
    exported = (await api.caller("ada").ask(export, input=into))["exportFlow"]
    assert exported["errors"] == []
    assert [(each["kind"], each["action"]) for each in exported["references"]] == [("CREDENTIAL", "CLEARED")]


async def test_a_suspended_flow_cannot_be_started(api: Api) -> None:
    start = "mutation ($id: ID!) { startFlow(input: {flowId: $id}) { flow { status } errors { code } } }"
    await apply(api, flows=[{"id": api.id("letters"), "suspended": True}])
    refused = (await api.caller("ada").ask(start, id=api.id("letters")))["startFlow"]
    assert refused == {"flow": None, "errors": [{"code": "FLOW_IS_SUSPENDED"}]}
    await apply(api, flows=[{"id": api.id("letters"), "suspended": False}])
    started = (await api.caller("ada").ask(start, id=api.id("letters")))["startFlow"]
    assert started == {"flow": {"status": "ACTIVE"}, "errors": []}


async def test_another_tenant_gives_a_user_memberships_and_changes_nothing_of_it(api: Api) -> None:
    named = {"firstName": "Eve", "lastName": "Else", "active": False}
    answers = []
    for key, email in (("a", "ada@example.com"), ("n", "nobody@example.com")):
        payload = await apply(
            api,
            "stranger",
            tenant="abroad",
            users=[{"key": key, "email": email, **named}],
            workspaceMembers=[{"workspace": "far", "user": key, "role": "guest"}],
        )
        answers.append([(each["change"], each["fields"]) for each in payload["things"]])
        again = await apply(api, "stranger", tenant="abroad", users=[{"key": key, "email": email, **named}])
        assert [each["change"] for each in again["things"]] == ["UNCHANGED"]
    assert answers == [[("CREATED", [])] * 2] * 2
    assert await names_of(api, "ada") == ["Dev", "Far"]
    await apply(api, "stranger", tenant="abroad", users=[{"key": "a", "remove": True}])
    assert await names_of(api, "ada") == ["Dev"]


async def test_tenants_and_provisioners_are_for_the_command_alone(api: Api) -> None:
    payload = await apply(
        api,
        tenants=[{"key": "home", "name": "House"}],
        tenantMembers=[{"user": "ada", "role": "provisioner"}],
        components=[{"key": "mailer", "access": "GLOBAL"}],
    )
    assert [error["path"] for error in payload["errors"]] == [
        ["document", "tenants", "0"],
        ["document", "tenantMembers", "0"],
        ["document", "components", "0", "access"],
    ]


async def test_an_answer_holds_no_name_of_a_flow_and_no_graph(api: Api) -> None:
    """The command alone prints names (W14)."""
    secret = {"graph": {"nodes": [{"id": "hush", "command": "core/hush:run"}], "edges": []}}
    new = {"key": "f-1", "workspace": "dev", "name": "Hush", "versions": [secret]}
    payload = await apply(api, flows=[new, {"id": api.id("letters"), "suspended": True}])
    assert payload["errors"] == []
    assert "hush" not in str(payload).casefold()
    assert "Letters" not in str(payload)
    assert [each["key"] for each in payload["things"]] == ["f-1", "letters"]


async def test_a_member_of_a_contract_sees_new_workspaces_until_that_is_revoked(api: Api) -> None:
    """Those of memberships of its own stay visible (A4)."""
    members = "{ workspaces(first: 50) { nodes { name viewerIsMember } } }"

    async def seen() -> dict[str, bool]:
        nodes = (await api.caller("guest").ask(members))["workspaces"]["nodes"]
        return {node["name"]: node["viewerIsMember"] for node in nodes}

    new = {"key": "new", "contract": "retail", "name": "New one", "type": "FULL"}
    await apply(api, workspaces=[new], workspaceMembers=[{"workspace": "dev", "user": "guest", "role": "guest"}])
    assert await seen() == {"Dev": True, "New one": False}
    await apply(api, contractMembers=[{"contract": "retail", "user": "guest", "remove": True}])
    assert await seen() == {"Dev": True}
    await apply(api, workspaces=[{**new, "key": "newer", "name": "Newer"}])
    assert await seen() == {"Dev": True}
