"""What changed, as every place tells it that compares states of a flow: drafts, versions and plans (N1)."""

from tests.api.client import Api
from tests.api.world_builder import graph, step

DIFF = """{
  identical changedSteps { stepId } fields { path before after }
  bindings { stepId stepName kind beforeId afterId before { ... on Agent { name } } after { ... on Agent { name } } }
}"""
PLAN = f"query($input: ExportFlowInput!) {{ exportPlan(input: $input) {{ changes {DIFF} }} }}"
SAVE = f"mutation($input: UpdateFlowDraftInput!) {{ updateFlowDraft(input: $input) {{ draft {{ changes {DIFF} }} }} }}"
HISTORY = f"query($flow: ID!) {{ flowHistory(flowId: $flow) {{ nodes {{ changes {DIFF} }} }} }}"
CANDIDATES = """query($f: ID!, $w: ID!) {
  credentialCandidates(flowId: $f, workspaceId: $w, source: {state: DRAFT}) { stepId stepName }
}"""


async def test_a_plan_with_another_schedule_is_not_identical(api: Api) -> None:
    ada = api.caller("ada")
    wish = {"flowId": api.id("plain"), "destination": {"overrideFlowId": api.id("live")}}
    assert (await ada.one(PLAN, input=wish))["changes"] == {
        "identical": True,
        "changedSteps": [],
        "fields": [],
        "bindings": [],
    }
    scheduled = {"flowId": api.id("bound"), "destination": {"overrideFlowId": api.id("bound-live")}}
    changes = (await ada.one(PLAN, input=scheduled))["changes"]
    assert changes["identical"] is False
    assert changes["fields"] == [
        {"path": "/description", "before": None, "after": "All that binds"},
        {"path": "/cron", "before": None, "after": "0 * * * *"},
        {"path": "/layout", "before": None, "after": {"zoom": 1.0, "grid": 1}},
    ]


async def test_a_change_of_a_binding_names_the_step_and_both_ids(fresh: Api) -> None:
    ada = fresh.caller("ada")
    native = graph(step("2", "acme/erp:lookup@1a2b", name="Look up"), step("3", "acme/mailer:send", name="Mail"))
    cleared = [{"stepId": "2", "agentId": None}]
    saved = await ada.one(SAVE, input={"flowId": fresh.id("bound"), "graph": native, "bindings": cleared})
    agent, topic = saved["draft"]["changes"]["bindings"]
    assert agent == {
        "stepId": "2",
        "stepName": "Look up",
        "kind": "AGENT",
        "beforeId": fresh.id("workshop-agent"),
        "afterId": None,
        "before": {"name": "Workshop-agent"},
        "after": None,
    }
    assert (topic["stepName"], topic["kind"], topic["beforeId"]) == (None, "TOPIC", fresh.id("workshop-orders"))
    named = await ada.one(CANDIDATES, f=fresh.id("bound"), w=fresh.id("store"))
    assert named == [{"stepId": "2", "stepName": "Look up"}, {"stepId": "3", "stepName": "Mail"}]


async def test_a_draft_with_another_schedule_is_not_identical_to_what_is_published(fresh: Api) -> None:
    saved = await fresh.caller("ada").one(SAVE, input={"flowId": fresh.id("plain"), "cron": "0 6 * * *"})
    assert saved["draft"]["changes"] == {
        "identical": False,
        "changedSteps": [],
        "fields": [{"path": "/cron", "before": None, "after": "0 6 * * *"}],
        "bindings": [],
    }


async def test_the_history_tells_what_changed_in_the_rest_of_the_graph(api: Api) -> None:
    history = await api.caller("ada").one(HISTORY, flow=api.id("versions"))
    assert [node["changes"] for node in history["nodes"]] == [
        {
            "identical": False,
            "changedSteps": [],
            "fields": [{"path": "/note", "before": "old", "after": "now"}],
            "bindings": [],
        },
        None,
    ]
