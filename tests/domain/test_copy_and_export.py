"""What a plan writes (X1 to X6, X9), and what stands in the way of an override or a new flow (X6, X9)."""

from dataclasses import replace

import pytest

from app.domain.draft import CannotOverrideItself, DraftAlreadyExists, ExistingDraft
from app.domain.export import ExportPlan
from app.domain.flow import CopiedFrom, CopiedState, Flow, SavedState
from app.domain.input import InvalidInput
from app.domain.model import DraftId, FlowType, VersionId, VersionOrigin
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    ORDERS,
    PRODUCTION,
    SECRET,
    draft,
    flow,
    flow_there,
    publishes,
    sends,
    state,
    target,
)
from tests.domain.planning import copy, export, planned, refusals

MAIL_LOGIN, API_KEY, TUNNEL = (target(kind, kind.value, DEVELOPMENT) for kind in (CREDENTIAL, SECRET, AGENT))
BOUND_ALL_OVER = state(
    sends("1", credential=MAIL_LOGIN.id, agent=TUNNEL.id, data_samples=["sample_1", {"any": [1, 1.0, None]}]),
    sends("1", secret=API_KEY.id, credential=None),
    publishes("3", ORDERS),
    sends("4"),
)
EVERYTHING = (MAIL_LOGIN, API_KEY, TUNNEL, ORDERS)


def test_a_copy_is_exact_and_a_draft_of_a_new_flow_in_the_same_workspace() -> None:
    source = flow(BOUND_ALL_OVER, draft(), name="Orders", flow_type=FlowType.REAL_TIME)
    plan = planned(copy(source, knowing=EVERYTHING))
    assert plan == ExportPlan(
        copied=CopiedState(source, BOUND_ALL_OVER.state, CopiedFrom.PUBLISHED_VERSION, VersionId(BOUND_ALL_OVER.id)),
        state=replace(BOUND_ALL_OVER.state, name="Copy of Orders", origin=VersionOrigin.COPY),
        workspace_id=DEVELOPMENT.id,
        overridden=None,
        references=plan.references,
        warnings=(),
    )
    assert {reference.action.value for reference in plan.references} == {"KEPT"}


def test_exporting_into_the_flows_own_workspace_keeps_what_a_copy_keeps() -> None:
    source = flow(BOUND_ALL_OVER)
    copied = planned(copy(source, knowing=EVERYTHING))
    exported = planned(export(source, to=DEVELOPMENT, knowing=EVERYTHING))
    onto = planned(export(source, over=flow_there(state(), at=DEVELOPMENT), knowing=EVERYTHING))
    kept = (BOUND_ALL_OVER.state.graph.bindings, copied.references, ())
    assert [(plan.state.graph.bindings, plan.references, plan.warnings) for plan in (copied, exported, onto)] == [
        kept
    ] * 3


@pytest.mark.parametrize(
    ("given", "name"),
    [(None, "Copy of Orders"), ("Returns", "Returns"), ("  Returns\t", "Returns")],
)
def test_what_a_copy_is_called(given: str | None, name: str) -> None:
    assert planned(copy(flow(state(name="Orders")), name=given)).state.name == name


@pytest.mark.parametrize("name", ["x" * 247, "x" * 248, "x" * 255, "x" * 246 + " " + "y" * 8])
def test_a_copy_without_a_name_is_never_refused_for_the_length_of_the_sources(name: str) -> None:
    copied = planned(copy(flow(state(name=name)))).state.name
    assert copied == f"Copy of {name}"[:255].strip()


@pytest.mark.parametrize(("given", "name"), [(None, "Orders"), ("Returns", "Returns"), (" Returns ", "Returns")])
def test_a_new_flow_is_called_like_the_source_unless_a_name_is_given(given: str | None, name: str) -> None:
    assert planned(export(flow(state(name="Orders")), name=given)).state.name == name


@pytest.mark.parametrize(("given", "name"), [(None, "Orders live"), ("Returns", "Returns")])
def test_an_override_keeps_the_destinations_name_unless_one_is_given(given: str | None, name: str) -> None:
    there = flow_there(state(name="Orders live"), name="Orders live")
    assert planned(export(flow(state(name="Orders")), over=there, name=given)).state.name == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 256])
def test_a_given_name_follows_the_rules_for_names(name: str) -> None:
    for outcome in (export(flow(state()), name=name), copy(flow(state()), name=name)):
        (error,) = refusals(outcome)
        assert isinstance(error, InvalidInput)
        assert error.path == ("name",)


def test_an_override_keeps_the_destinations_type_and_takes_the_sources_description_and_cron() -> None:
    source = flow(state(description="New words", cron="0 4 * * *"), flow_type=FlowType.REAL_TIME)
    there = flow_there(state(description="Old words", cron=None), flow_type=FlowType.ORDINARY)
    plan = planned(export(source, over=there))
    assert (plan.overridden, plan.workspace_id, plan.state.origin) == (there, PRODUCTION.id, VersionOrigin.EXPORT)
    assert (plan.state.description, plan.state.cron) == ("New words", "0 4 * * *")


def test_a_new_flow_takes_the_sources_type() -> None:
    plan = planned(export(flow(state(), flow_type=FlowType.REAL_TIME)))
    assert (plan.overridden, plan.workspace_id, plan.copied.flow.type) == (None, PRODUCTION.id, FlowType.REAL_TIME)


@pytest.mark.parametrize(
    ("there", "renamed"),
    [
        (flow_there(None, draft()), True),
        (flow_there(state(), draft()), False),
        (flow_there(state(), None), False),
    ],
)
def test_a_flow_shows_its_drafts_name_only_while_it_was_never_published(there: Flow, renamed: bool) -> None:
    plan = planned(export(flow(state()), over=there))
    assert plan.overridden is not None
    assert plan.overridden.shows_draft is renamed


@pytest.mark.parametrize(
    ("drafted", "existing_draft", "sets_aside"),
    [
        (None, ExistingDraft.SET_ASIDE, None),
        (None, ExistingDraft.REFUSE, None),
        (draft(state_id="draft_there"), ExistingDraft.SET_ASIDE, "draft_there"),
    ],
)
def test_a_draft_in_the_way_is_set_aside(
    drafted: SavedState | None, existing_draft: ExistingDraft, sets_aside: str | None
) -> None:
    plan = planned(export(flow(state()), over=flow_there(state(), drafted), existing_draft=existing_draft))
    assert plan.overridden is not None
    assert plan.overridden.draft_id == sets_aside


def test_the_caller_may_ask_to_be_refused_instead() -> None:
    there = flow_there(state(), draft(state_id="draft_there"))
    refused = export(flow(state()), over=there, existing_draft=ExistingDraft.REFUSE)
    assert refusals(refused) == (DraftAlreadyExists(there.id, there.name, DraftId("draft_there")),)


def test_a_flow_cannot_override_itself() -> None:
    source = flow(state())
    assert refusals(export(source, over=source)) == (CannotOverrideItself(source.id, source.name),)
