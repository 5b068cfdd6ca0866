"""X11: all reasons for a refusal together, in the order of `ErrorCode`; what depends on something unknown isn't asked."""

import pytest

from app.domain.access import FlowNotFound, WorkspaceAccess, WorkspaceNotFound
from app.domain.draft import ExistingDraft
from app.domain.errors import ErrorCode, Refusal, Refused, in_order
from app.domain.export import plan_export
from app.domain.facts import ExportFacts, ExportWish, OntoFlow
from app.domain.flow import SourceWish, StateOfFlow, VersionNotFound
from app.domain.input import InvalidInput
from tests.domain.builders import (
    DEVELOPMENT,
    ITEMS,
    ORDERS,
    PRODUCTION,
    contract,
    draft,
    flow,
    flow_there,
    guest,
    integrator,
    publishes,
    sends,
    state,
    step,
    subscribes,
    workspace,
)
from tests.domain.planning import codes, copy, export, refusals

IN_ORDER = [
    "FLOW_NOT_FOUND",
    "WORKSPACE_NOT_FOUND",
    "VERSION_NOT_FOUND",
    "DRAFT_NOT_FOUND",
    "TENANT_NOT_FOUND",
    "RELEASE_NOT_FOUND",
    "INSUFFICIENT_PERMISSION",
    "APPROVAL_REQUIRED",
    "CANNOT_REVIEW_OWN_RELEASE",
    "CONTRACT_SUSPENDED",
    "COMPONENT_NOT_ACCESSIBLE",
    "MULTIPLE_TOPICS_NOT_COPIED",
    "TOPIC_NOT_ACCESSIBLE",
    "FLOW_HAS_NO_TOPIC",
    "CREDENTIAL_NOT_ACCESSIBLE",
    "DRAFT_ALREADY_EXISTS",
    "DESTINATION_WAS_CHANGED",
    "STALE_DRAFT",
    "RELEASE_IS_CLOSED",
    "RELEASE_IS_STALE",
    "DRAFT_NOT_READY",
    "CANNOT_OVERRIDE_ITSELF",
    "QUOTA_EXCEEDED",
    "INVALID_INPUT",
    "IDEMPOTENCY_KEY_REUSED",
    "PLAN_IS_STALE",
    "WORLD_PLAN_IS_STALE",
    "THING_IN_USE",
    "DUPLICATE_OVERRIDE",
    "BATCH_NOT_APPLIED",
    "EXPORT_NOT_FOUND",
    "CANNOT_UNDO",
    "CANNOT_UNDO_RELEASE",
    "FLOW_IS_ACTIVE",
    "FLOW_IS_SUSPENDED",
    "FLOW_NOT_PUBLISHED",
]
"""As the API contract lists them."""

LAPSED = contract("Lapsed Goods", suspended=True, quota=1)
CLOSED = workspace("Closed", LAPSED)
HOPELESS = step("9", "lab/none:a")
THE_PUBLISHED, REFUSE = SourceWish(StateOfFlow.PUBLISHED_VERSION), ExistingDraft.REFUSE
EVERYTHING = (ORDERS, ITEMS)


def test_the_codes_are_in_the_contracts_order() -> None:
    mine = [code.value for code in ErrorCode]
    assert mine == [code for code in IN_ORDER if code in mine]


def test_everything_that_stands_in_the_way_of_a_new_flow_is_said_at_once() -> None:
    source = flow(state(publishes("1", ORDERS), subscribes("2", ITEMS), HOPELESS), at=guest(DEVELOPMENT))
    outcome = export(source, to=integrator(CLOSED), topic=ORDERS.id, name="", knowing=EVERYTHING, flows_used=1)
    assert codes(outcome) == [
        "INSUFFICIENT_PERMISSION",
        "CONTRACT_SUSPENDED",
        "COMPONENT_NOT_ACCESSIBLE",
        "MULTIPLE_TOPICS_NOT_COPIED",
        "QUOTA_EXCEEDED",
        "INVALID_INPUT",
    ]


def test_everything_that_stands_in_the_way_of_an_override_is_said_at_once() -> None:
    there = flow_there(state(), draft(), at=guest(CLOSED))
    source = flow(state(publishes("1"), HOPELESS), at=guest(DEVELOPMENT))
    outcome = export(source, over=there, topic=ORDERS.id, name="\0", existing_draft=REFUSE, flows_used=1)
    assert codes(outcome) == [
        "INSUFFICIENT_PERMISSION",
        "INSUFFICIENT_PERMISSION",
        "CONTRACT_SUSPENDED",
        "COMPONENT_NOT_ACCESSIBLE",
        "TOPIC_NOT_ACCESSIBLE",
        "DRAFT_ALREADY_EXISTS",
        "INVALID_INPUT",
    ]


def test_everything_that_stands_in_the_way_of_overriding_itself_is_said_at_once() -> None:
    source = flow(state(sends("1")), draft(), at=guest(CLOSED))
    outcome = export(source, over=source, topic=ORDERS.id, name=" ", existing_draft=REFUSE)
    assert codes(outcome) == [
        "INSUFFICIENT_PERMISSION",
        "CONTRACT_SUSPENDED",
        "FLOW_HAS_NO_TOPIC",
        "DRAFT_ALREADY_EXISTS",
        "CANNOT_OVERRIDE_ITSELF",
        "INVALID_INPUT",
    ]


@pytest.mark.parametrize(
    ("place", "refused"),
    [(guest(CLOSED), {"INSUFFICIENT_PERMISSION"}), (integrator(CLOSED), {"QUOTA_EXCEEDED"})],
    ids=["who-may-not-write", "who-may-write"],
)
def test_everything_that_stands_in_the_way_of_a_copy_is_said_at_once(place: WorkspaceAccess, refused: set[str]) -> None:
    """A quota is judged only for a caller who may write there (X10)."""
    source = flow(None, draft(), at=place)
    told = {"VERSION_NOT_FOUND", "CONTRACT_SUSPENDED", "INVALID_INPUT"} | refused
    outcome = copy(source, name="", of=THE_PUBLISHED, flows_used=1)
    assert codes(outcome) == [code for code in IN_ORDER if code in told]


def test_of_a_source_that_isnt_there_nothing_is_asked_but_of_the_rest_everything() -> None:
    outcome = export(None, to=integrator(CLOSED), topic="topic_nowhere", name="", flows_used=1)
    assert codes(outcome) == [
        "FLOW_NOT_FOUND",
        "CONTRACT_SUSPENDED",
        "QUOTA_EXCEEDED",
        "INVALID_INPUT",
    ]


def test_of_a_destination_that_isnt_there_nothing_is_asked_but_of_the_rest_everything() -> None:
    source = flow(state(sends("1"), HOPELESS), at=guest(DEVELOPMENT))
    assert codes(export(source, to=None, topic="topic_nowhere", name="", flows_used=9)) == [
        "WORKSPACE_NOT_FOUND",
        "INSUFFICIENT_PERMISSION",
        "FLOW_HAS_NO_TOPIC",
        "INVALID_INPUT",
    ]


def test_whether_a_topic_lives_in_a_destination_that_isnt_there_is_not_asked() -> None:
    one, several = flow(state(publishes("1"))), flow(state(publishes("1", ORDERS), publishes("2", ITEMS)))
    assert codes(export(one, to=None, topic="topic_nowhere")) == ["WORKSPACE_NOT_FOUND"]
    assert codes(export(several, to=None, topic="topic_nowhere", knowing=EVERYTHING)) == [
        "WORKSPACE_NOT_FOUND",
        "MULTIPLE_TOPICS_NOT_COPIED",
    ]


def test_of_a_state_that_isnt_there_neither_components_nor_topics_are_asked() -> None:
    source = flow(None, draft(HOPELESS), at=guest(DEVELOPMENT))
    outcome = export(source, to=integrator(CLOSED), of=THE_PUBLISHED, topic="topic_nowhere", flows_used=1)
    assert codes(outcome) == [
        "VERSION_NOT_FOUND",
        "INSUFFICIENT_PERMISSION",
        "CONTRACT_SUSPENDED",
        "QUOTA_EXCEEDED",
    ]


def test_where_neither_is_there_both_are_named() -> None:
    assert refusals(export(None, to=None)) == (FlowNotFound("flow_wanted"), WorkspaceNotFound("workspace_wanted"))


@pytest.mark.parametrize("destination", [None, integrator(PRODUCTION)])
def test_a_flow_to_override_that_isnt_there_is_not_found(destination: WorkspaceAccess | None) -> None:
    facts = ExportFacts(flow(state()), destination)
    refused = plan_export(facts, ExportWish("flow_source", OntoFlow("flow_wanted")))
    assert refused == Refused((FlowNotFound("flow_wanted"),))


def test_a_flow_that_isnt_there_is_named_once_where_it_is_source_and_destination() -> None:
    facts, wish = ExportFacts(None, None), ExportWish("flow_wanted", OntoFlow("flow_wanted"))
    assert plan_export(facts, wish) == Refused((FlowNotFound("flow_wanted"),))


def test_refusals_of_one_code_stay_in_the_order_in_which_they_were_found_and_none_is_said_twice() -> None:
    name, cron = InvalidInput(("name",), "n"), InvalidInput(("cron",), "c")
    missing = VersionNotFound(flow().id, "Orders", None)
    found: list[Refusal] = [name, cron, missing, FlowNotFound("b"), FlowNotFound("a"), name, cron]
    assert in_order(found) == (
        FlowNotFound("b"),
        FlowNotFound("a"),
        missing,
        name,
        cron,
    )


def test_a_refusal_has_the_code_of_its_name_and_none_is_without_one() -> None:
    assert FlowNotFound.code is ErrorCode.FLOW_NOT_FOUND
    with pytest.raises(ValueError, match="NO_CODE"):
        type("NoCode", (Refusal,), {})


def test_refusals_are_collected_in_order_whoever_collects_them() -> None:
    errors = (InvalidInput(("name",), "n"), FlowNotFound("b"), InvalidInput(("name",), "n"))
    assert Refused(errors).errors == (FlowNotFound("b"), InvalidInput(("name",), "n"))
