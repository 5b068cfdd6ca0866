"""exportFlow into a workspace: what is in the database afterwards (X2, X3, X4, X7, X8, T1 to T4)."""

import json

import pytest

from app.domain.bindings import AgentNotCopied
from app.domain.export import Exported
from app.domain.flow import CopiedFrom, SourceWish, StateOfFlow
from app.domain.model import ReferenceKind
from app.domain.references import ReferenceAction
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch
from tests.usecases.company_database import CompanyDatabase, exported
from tests.usecases.contents import Written, written
from tests.usecases.rows import bound, new_draft, new_flow, record

KEPT, REPLACED, CLEARED = ReferenceAction.KEPT, ReferenceAction.REPLACED, ReferenceAction.CLEARED
TOPIC, CREDENTIAL, SECRET, AGENT, SAMPLES = (
    ReferenceKind.TOPIC,
    ReferenceKind.CREDENTIAL,
    ReferenceKind.SECRET,
    ReferenceKind.AGENT,
    ReferenceKind.DATA_SAMPLES,
)
Reported = list[tuple[str, ReferenceKind, ReferenceAction, str | None, str | None]]


def report(outcome: Exported) -> Reported:
    return [(one.step_id, one.kind, one.action, one.from_id, one.to_id) for one in outcome.references]


async def test_an_export_is_a_new_inactive_flow_without_what_stays_behind(world: CompanyDatabase) -> None:
    before = await world.contents()
    _, published = await world.versions("orders")

    outcome = exported(await world.export("orders", to="production"))

    found = written(before, await world.contents())
    described = {"description": "Sends orders on", "cron": "*/15 * * * *"}
    assert found == Written(
        added={
            "flow": [new_flow(world, outcome, "production", "Orders", type="REAL_TIME", **described)],
            "flow_draft": [new_draft(world, outcome, published, [], origin="EXPORT")],
            "flow_export": [record(world, outcome, source="orders", state=published, workspace="production")],
        }
    )
    assert outcome.copied_from is CopiedFrom.PUBLISHED_VERSION
    assert outcome.set_aside is None
    [without_agent] = outcome.warnings
    assert isinstance(without_agent, AgentNotCopied)
    assert (without_agent.agent_id, [step.id for step in without_agent.steps]) == (world["dev-agent"], ["mail"])
    assert report(outcome) == [
        ("in", TOPIC, CLEARED, world["dev-orders"], None),
        ("mail", CREDENTIAL, CLEARED, world["dev-mail"], None),
        ("mail", AGENT, CLEARED, world["dev-agent"], None),
        ("mail", SAMPLES, CLEARED, None, None),
        ("erp", SECRET, CLEARED, world["dev-erp"], None),
    ]


async def test_an_export_of_a_draft_records_no_version(world: CompanyDatabase) -> None:
    before = await world.contents()
    draft = await world.draft("orders")
    outcome = exported(await world.export("orders", to="production", source=SourceWish(StateOfFlow.DRAFT)))
    found = written(before, await world.contents())
    [row] = found.added["flow_export"]
    assert row == record(world, outcome, source="orders", state=draft, workspace="production")
    assert found.added["flow_draft"] == [new_draft(world, outcome, draft, [], origin="EXPORT")]
    assert [flow["name"] for flow in found.added["flow"]] == ["Orders to come"]


async def test_an_export_into_the_own_workspace_keeps_everything_but_has_no_new_name(world: CompanyDatabase) -> None:
    _, published = await world.versions("orders")
    outcome = exported(await world.export("orders", to="development"))
    draft = await world.draft(outcome.flow_id)
    assert (draft["bindings"], draft["name"], draft["origin"]) == (published["bindings"], "Orders", "EXPORT")
    assert {one.action for one in outcome.references} == {KEPT}


async def test_an_export_has_the_name_that_is_given(world: CompanyDatabase) -> None:
    outcome = exported(await world.export("orders", to="production", name=" Orders of today "))
    flow = (await world.contents())["flow"][(outcome.flow_id,)]
    assert (flow["name"], flow["name_key"]) == ("Orders of today", "orders of today")
    assert (await world.draft(outcome.flow_id))["name"] == "Orders of today"


async def test_a_given_topic_is_what_every_pub_sub_step_uses(world: CompanyDatabase) -> None:
    outcome = exported(await world.export("orders", to="production", topic="live-orders"))
    bindings = json.loads((await world.draft(outcome.flow_id))["bindings"])
    assert bindings == [bound(0, topic=world["live-orders"])]
    assert report(outcome)[0] == ("in", TOPIC, REPLACED, world["dev-orders"], world["live-orders"])
    warning, without_agent = outcome.warnings
    assert isinstance(warning, TopicSchemaMismatch)
    assert isinstance(without_agent, AgentNotCopied)
    assert (without_agent.agent_id, [step.id for step in without_agent.steps]) == (world["dev-agent"], ["mail"])
    assert (warning.from_topic and warning.from_topic.id, warning.to_topic and warning.to_topic.id) == (
        world["dev-orders"],
        world["live-orders"],
    )
    assert warning.missing_properties == ("total",)


async def test_a_given_topic_is_bound_where_a_pub_sub_step_had_none(world: CompanyDatabase) -> None:
    outcome = exported(await world.export("topicless", to="production", topic="live-items"))
    assert report(outcome) == [("in", TOPIC, REPLACED, None, world["live-items"])]
    assert outcome.warnings == ()


async def test_several_topics_are_cleared_together_with_a_warning_that_names_them(world: CompanyDatabase) -> None:
    outcome = exported(await world.export("two-topics", to="production"))
    orders, items = world["dev-orders"], world["dev-items"]
    assert report(outcome) == [
        ("in", TOPIC, CLEARED, orders, None),
        ("out", TOPIC, CLEARED, items, None),
        ("copy", TOPIC, CLEARED, orders, None),
    ]
    [warning] = outcome.warnings
    assert isinstance(warning, MultipleTopicsNotCopied)
    assert [topic.id for topic in warning.topics] == [orders, items]
    assert (await world.draft(outcome.flow_id))["bindings"] == "[]"


@pytest.mark.parametrize("flow", ["ice", "ships"])
async def test_a_flow_can_be_exported_from_a_suspended_contract_and_from_another_tenant(
    world: CompanyDatabase, flow: str
) -> None:
    outcome = exported(await world.export(flow, to="production"))
    assert (await world.draft(outcome.flow_id))["content_hash"] == (await world.versions(flow))[0]["content_hash"]


async def test_a_limited_workspace_needs_no_place_in_the_quota_and_a_freed_place_can_be_taken(
    world: CompanyDatabase,
) -> None:
    exported(await world.export("plain", to="full-lab"))
    await world.execute("update contract set flow_quota = 2 where id = :contract", contract=world["full"])
    exported(await world.export("plain", to="full-live"))
