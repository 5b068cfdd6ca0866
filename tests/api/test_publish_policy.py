"""The publish policy of a workspace by provisioning and in queries, and what it permits callers (R1, R2)."""

from tests.api.client import Api, Json
from tests.api.office import apply

POLICY = "query ($id: ID!) { workspace(id: $id) { publishPolicy viewerCanEditFlows viewerCanPublish viewerCanReview } }"
PUBLISH = """mutation ($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) {
    flow { id } errors { __typename code message path ... on ApprovalRequired { workspace { id publishPolicy } } }
} }"""


async def policy(api: Api, user: str) -> Json:
    workspace: Json = (await api.caller(user).ask(POLICY, id=api.id("dev")))["workspace"]
    return workspace


async def test_a_document_has_a_workspace_reviewed_until_it_opens_it_again(office_api: Api) -> None:
    api, reviewed = office_api, {"key": "dev", "publishPolicy": "REVIEWED"}
    may_publish = {"viewerCanEditFlows": True, "viewerCanPublish": True, "viewerCanReview": False}
    assert await policy(api, "ada") == {"publishPolicy": "OPEN", **may_publish}
    [changed] = (await apply(api, workspaces=[reviewed]))["things"]
    assert changed["fields"] == [{"path": "/publishPolicy", "before": "OPEN", "after": "REVIEWED"}]
    assert await policy(api, "ada") == {"publishPolicy": "REVIEWED", **may_publish, "viewerCanPublish": False}
    assert (await apply(api, workspaces=[reviewed]))["unchanged"] == 1
    assert (await apply(api, workspaces=[{"key": "dev", "publishPolicy": None}]))["changed"] == 1
    assert await policy(api, "ada") == {"publishPolicy": "OPEN", **may_publish}


async def test_publishing_there_is_refused_with_the_workspace(office_api: Api) -> None:
    api = office_api
    await apply(api, workspaces=[{"key": "dev", "publishPolicy": "REVIEWED"}])
    graph = {"nodes": [{"id": "1", "command": "core/any:run"}], "edges": []}
    create = """mutation ($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } } }"""
    wish = {"workspaceId": api.id("dev"), "name": "New", "graph": graph}
    flow = (await api.caller("ada").ask(create, input=wish))["createFlow"]["flow"]["id"]
    answer = (await api.caller("ada").ask(PUBLISH, input={"flowId": flow}))["publishFlowDraft"]
    assert answer["flow"] is None
    assert answer["errors"][0] == {
        "__typename": "ApprovalRequired",
        "code": "APPROVAL_REQUIRED",
        "message": "Flows of Dev are published, and published flows deleted, only after a review. "
        "Request a release, which a reviewer of the workspace can approve.",
        "path": ["flowId"],
        "workspace": {"id": api.id("dev"), "publishPolicy": "REVIEWED"},
    }


async def test_a_policy_that_does_not_exist_is_a_mistake_with_its_path(office_api: Api) -> None:
    [error] = (await apply(office_api, workspaces=[{"key": "dev", "publishPolicy": "SECRET"}]))["errors"]
    assert error["path"] == ["document", "workspaces", "0", "publishPolicy"]
    assert "OPEN" in error["message"]
    assert "REVIEWED" in error["message"]
