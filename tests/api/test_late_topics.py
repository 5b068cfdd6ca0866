"""Topics that weren't known as such when their graph was saved: content, until a topic is chosen for the step (T5)."""

import pytest

from tests.api.client import Api, Json
from tests.api.documents import EXPORT
from tests.api.world_builder import graph, step
from tests.api.writing import create, written
from tests.databases import run_sql

SAVE = """mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) {
  draft { graph { topics { id } } } errors { code path } } }"""
PUBLISH = """mutation($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) {
  version { graph { native } } errors { code ... on DraftNotReady { blockers { __typename stepId } } } } }"""
BEFORE_AND_AFTER = [
    pytest.param("name = 'unknown'", "name = 'pubsub'", [], id="component unknown"),
    pytest.param("pub_sub = false", "pub_sub = true", [], id="component not marked"),
    pytest.param("topic_field = 'topic'", "topic_field = 'channel'", ["CLEARED"], id="field renamed"),
]


async def saved_before(api: Api, before: str, after: str) -> str:
    """A flow of the workshop, whose component came to be a pub/sub component of this field later."""
    fields = {"topic": api.id("workshop-items"), "channel": api.id("workshop-orders")}
    await change_component(api, before)
    payload = await create(api, "workshop", graph(step("1", "acme/pubsub:pub", fields=without_other(before, fields))))
    await change_component(api, after)
    return str(payload["flow"]["id"])


def without_other(before: str, fields: dict[str, str]) -> dict[str, str]:
    """Only a field that is renamed leaves two topics behind."""
    return fields if before.startswith("topic_field") else {"topic": fields["topic"]}


async def change_component(api: Api, change: str) -> None:
    await run_sql(api.database_url, f"update component set {change} where id = :id", id=api.id("pubsub"))  # noqa: S608


async def published(api: Api, flow: str) -> Json:
    payload: Json = await api.caller("ada").one(PUBLISH, input={"flowId": flow})
    return payload


@pytest.mark.parametrize(("before", "after", "actions"), BEFORE_AND_AFTER)
@pytest.mark.parametrize("chosen_in", ["draft", "export"])
async def test_no_topic_of_the_source_is_published(
    fresh: Api, before: str, after: str, actions: list[str], chosen_in: str
) -> None:
    flow, topic = await saved_before(fresh, before, after), fresh.id("store-orders")
    wish = {"flowId": flow, "destination": {"workspaceId": fresh.id("store")}}
    if chosen_in == "draft":
        exported = await written(fresh.caller("ada"), EXPORT, wish)
        assert [reference["action"] for reference in exported["references"]] == actions
        [refusal] = (await published(fresh, exported["flow"]["id"]))["errors"]
        assert refusal == {
            "code": "DRAFT_NOT_READY",
            "blockers": [{"__typename": "MissingTopic", "stepId": "1"}],
        }
        choice = {"flowId": exported["flow"]["id"], "bindings": [{"stepId": "1", "topicId": topic}]}
        assert (await fresh.caller("ada").one(SAVE, input=choice))["errors"] == []
    else:
        exported = await written(fresh.caller("ada"), EXPORT, wish | {"topicId": topic})
    payload = await published(fresh, exported["flow"]["id"])
    assert payload["errors"] == []
    [node] = payload["version"]["graph"]["native"]["nodes"]
    assert node["fields"] == {"channel" if actions else "topic": topic}


async def test_a_graph_that_is_saved_again_has_its_topic(fresh: Api) -> None:
    flow = await saved_before(fresh, "pub_sub = false", "pub_sub = true")
    native = graph(step("1", "acme/pubsub:pub", fields={"topic": fresh.id("workshop-items")}))
    payload = await fresh.caller("ada").one(SAVE, input={"flowId": flow, "graph": native})
    assert payload == {"draft": {"graph": {"topics": [{"id": fresh.id("workshop-items")}]}}, "errors": []}
