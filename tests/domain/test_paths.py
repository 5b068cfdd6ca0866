"""Every refusal says which part of the input it is about ("Refusals" in app/domain/README.md)."""

import pytest

from app.domain.draft import ExistingDraft
from app.domain.edit import CreateWish
from app.domain.errors import Refused
from app.domain.flow import SourceWish, StateOfFlow
from app.domain.graph import Json
from tests.domain import planning
from tests.domain.builders import (
    DEVELOPMENT,
    ITEMS,
    LIVE_ORDERS,
    ORDERS,
    STANDARD,
    TEAM,
    component,
    contract,
    draft,
    flow,
    flow_there,
    guest,
    integrator,
    native,
    node,
    publishes,
    sends,
    state,
    step,
    workspace,
)
from tests.domain.lifecycle import choose, discard, publish, restore, revert, update
from tests.domain.planning import copy, export

SHUT = workspace("Shut", contract("Closed", suspended=True, quota=1))
COMPONENTS = (*STANDARD, component("lab/private", TEAM))
PLAIN = flow(state(sends("1")), at=guest(DEVELOPMENT))
SEVERAL = flow(state(publishes("1", ORDERS), publishes("2", ITEMS), step("3", "lab/private:a")), at=guest(DEVELOPMENT))
ONE_TOPIC = flow(state(publishes("1", ORDERS)))
NEVER_PUBLISHED, DRAFTLESS = flow(None, draft(sends("1"))), flow(state(sends("1")))
ITSELF = flow(state(sends("1")), draft(sends("1"), revision=4), at=guest(SHUT))
IN_SHUT = flow(state(sends("1")), draft(sends("1"), revision=4), at=integrator(SHUT))
REFUSE = ExistingDraft.REFUSE
OLD_VERSION, THE_DRAFT = SourceWish(version_id="version_9"), SourceWish(state=StateOfFlow.DRAFT)
PUBLISHED = SourceWish(state=StateOfFlow.PUBLISHED_VERSION)

FLOW, INTO, ONTO = ("flowId",), ("destination", "workspaceId"), ("destination", "overrideFlowId")
WORKSPACE, TOPIC, DRAFT, NAME = ("workspaceId",), ("topicId",), ("draftId",), ("name",)


def create(*nodes: Json, at: str = "development") -> object:
    places = {"shut": guest(SHUT), "nowhere": None, "development": integrator(DEVELOPMENT)}
    return planning.create(places[at], CreateWish("w", "Made", native(*nodes)))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (export(None, to=None), {"FLOW_NOT_FOUND": FLOW, "WORKSPACE_NOT_FOUND": INTO}),
        (export(DRAFTLESS, of=OLD_VERSION), {"VERSION_NOT_FOUND": ("source", "versionId")}),
        (export(NEVER_PUBLISHED, of=PUBLISHED), {"VERSION_NOT_FOUND": ("source", "state")}),
        (export(DRAFTLESS, of=THE_DRAFT), {"DRAFT_NOT_FOUND": ("source", "state")}),
        (export(flow(None, None)), {"DRAFT_NOT_FOUND": FLOW}),
        (export(PLAIN), {"INSUFFICIENT_PERMISSION": FLOW}),
        (
            export(
                SEVERAL, to=guest(SHUT), topic=LIVE_ORDERS.id, name="", components=COMPONENTS, knowing=(ORDERS, ITEMS)
            ),
            {
                "INSUFFICIENT_PERMISSION": FLOW,
                "CONTRACT_SUSPENDED": INTO,
                "COMPONENT_NOT_ACCESSIBLE": INTO,
                "MULTIPLE_TOPICS_NOT_COPIED": TOPIC,
                "INVALID_INPUT": NAME,
            },
        ),
        (
            export(ONE_TOPIC, to=integrator(SHUT), topic=ORDERS.id, flows_used=1),
            {"CONTRACT_SUSPENDED": INTO, "TOPIC_NOT_ACCESSIBLE": TOPIC, "QUOTA_EXCEEDED": INTO},
        ),
        (
            export(DRAFTLESS, over=flow_there(state(), draft(), at=SHUT), topic=ORDERS.id, existing_draft=REFUSE),
            {"CONTRACT_SUSPENDED": ONTO, "FLOW_HAS_NO_TOPIC": TOPIC, "DRAFT_ALREADY_EXISTS": ONTO},
        ),
        (
            export(ITSELF, over=ITSELF),
            {"INSUFFICIENT_PERMISSION": FLOW, "CONTRACT_SUSPENDED": ONTO, "CANNOT_OVERRIDE_ITSELF": ONTO},
        ),
        (copy(None), {"FLOW_NOT_FOUND": FLOW}),
        (copy(IN_SHUT, flows_used=1), {"CONTRACT_SUSPENDED": FLOW, "QUOTA_EXCEEDED": FLOW}),
        (copy(PLAIN, of=THE_DRAFT), {"DRAFT_NOT_FOUND": ("source", "state"), "INSUFFICIENT_PERMISSION": FLOW}),
        (create(at="nowhere"), {"WORKSPACE_NOT_FOUND": WORKSPACE}),
        (create(at="shut"), {"INSUFFICIENT_PERMISSION": WORKSPACE, "CONTRACT_SUSPENDED": WORKSPACE}),
        (
            create(node("1", credentials_id="c")),
            {"CREDENTIAL_NOT_ACCESSIBLE": ("graph", "nodes", "0", "credentials_id")},
        ),
        (
            create(node("1"), node("2", "acme/pub-sub:pub", fields={"topic": "t"})),
            {"TOPIC_NOT_ACCESSIBLE": ("graph", "nodes", "1", "fields", "topic")},
        ),
        (create(3), {"INVALID_INPUT": ("graph", "nodes", "0")}),
        (update(None), {"FLOW_NOT_FOUND": FLOW}),
        (
            update(ITSELF, expecting=3),
            {"INSUFFICIENT_PERMISSION": FLOW, "CONTRACT_SUSPENDED": FLOW, "STALE_DRAFT": ("expectedRevision",)},
        ),
        (
            update(NEVER_PUBLISHED, choose("1", agent="a")),
            {"CREDENTIAL_NOT_ACCESSIBLE": ("bindings", "0", "agentId")},
        ),
        (
            update(ONE_TOPIC, choose("9"), choose("1", topic="t")),
            {"TOPIC_NOT_ACCESSIBLE": ("bindings", "1", "topicId"), "INVALID_INPUT": ("bindings", "0", "stepId")},
        ),
        (
            update(NEVER_PUBLISHED, graph=native(node("9"), node("1", secret_id="s"))),
            {"CREDENTIAL_NOT_ACCESSIBLE": ("graph", "nodes", "1", "secret_id")},
        ),
        (
            update(NEVER_PUBLISHED, choose("1", secret="t"), graph=native(node("1", secret_id="s"))),
            {"CREDENTIAL_NOT_ACCESSIBLE": ("bindings", "0", "secretId")},  # which has the last word
        ),
        (publish(DRAFTLESS), {"DRAFT_NOT_FOUND": FLOW}),
        (
            publish(ITSELF, expecting=3),
            {"INSUFFICIENT_PERMISSION": FLOW, "CONTRACT_SUSPENDED": FLOW, "STALE_DRAFT": ("expectedRevision",)},
        ),
        (publish(flow(None, draft(publishes("1")))), {"DRAFT_NOT_READY": FLOW}),
        (discard(DRAFTLESS), {"DRAFT_NOT_FOUND": FLOW}),
        (discard(PLAIN, expecting=3), {"INSUFFICIENT_PERMISSION": FLOW, "STALE_DRAFT": ("expectedRevision",)}),
        (restore(None, None), {"DRAFT_NOT_FOUND": DRAFT}),
        (restore(IN_SHUT, draft()), {"CONTRACT_SUSPENDED": DRAFT, "INVALID_INPUT": DRAFT}),
        (revert(DRAFTLESS, None), {"VERSION_NOT_FOUND": ("versionId",)}),
        (
            revert(IN_SHUT, state(publishes("1")), publish=True, existing_draft=REFUSE),
            {"CONTRACT_SUSPENDED": FLOW, "DRAFT_ALREADY_EXISTS": FLOW, "DRAFT_NOT_READY": ("versionId",)},
        ),
    ],
)
def test_which_part_of_the_input_a_refusal_is_about(outcome: object, expected: dict[str, tuple[str, ...]]) -> None:
    assert isinstance(outcome, Refused), outcome
    assert {error.code.value: error.path for error in reversed(outcome.errors)} == expected


def test_each_workspace_where_the_permission_is_missing_has_a_path_of_its_own() -> None:
    outcome = export(PLAIN, to=guest(workspace("Production")))
    assert isinstance(outcome, Refused)
    assert [error.path for error in outcome.errors] == [FLOW, INTO]


def test_a_workspace_that_is_source_and_destination_is_told_of_once() -> None:
    outcome = export(PLAIN, to=guest(DEVELOPMENT))
    assert isinstance(outcome, Refused)
    assert [error.path for error in outcome.errors] == [FLOW]


def test_a_refusal_has_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Refused(())
