"""H1: a save, publish or discard may state the revision that it is based on."""

from collections.abc import Callable

import pytest

from app.domain.access import FlowNotFound
from app.domain.draft import DiscardPlan, StaleDraft
from app.domain.edit import Saved, UpdatePlan
from app.domain.errors import Refusal, Refused
from app.domain.flow import DraftNotFound, Flow
from app.domain.publish import PublishPlan
from tests.domain.builders import draft, flow, sends, state
from tests.domain.lifecycle import discard, publish, reasons, update

PUBLISHED = state(sends("1"))
AT_FOUR = draft(sends("1"), revision=4)
WITHOUT_DRAFT, WITH_BOTH, NEVER_PUBLISHED = flow(PUBLISHED), flow(PUBLISHED, AT_FOUR), flow(None, AT_FOUR)
NEITHER = flow(None, None)

Outcome = UpdatePlan | Saved | PublishPlan | DiscardPlan | Refused[Refusal]


def save(its_flow: Flow | None, expecting: int | None) -> UpdatePlan | Saved | Refused[Refusal]:
    return update(its_flow, expecting=expecting, name="New")


def publish_it(its_flow: Flow | None, expecting: int | None) -> PublishPlan | Refused[Refusal]:
    return publish(its_flow, expecting=expecting)


def discard_it(its_flow: Flow | None, expecting: int | None) -> DiscardPlan | Refused[Refusal]:
    return discard(its_flow, expecting=expecting)


every_change = pytest.mark.parametrize("change", [save, publish_it, discard_it])


@every_change
@pytest.mark.parametrize("its_flow", [WITH_BOTH, NEVER_PUBLISHED])
@pytest.mark.parametrize("expecting", [None, 4])
def test_a_change_goes_through_on_the_stated_revision_or_without_one(
    change: Callable[[Flow | None, int | None], Outcome], its_flow: Flow, expecting: int | None
) -> None:
    assert not isinstance(change(its_flow, expecting), Refused)


@every_change
@pytest.mark.parametrize("its_flow", [WITH_BOTH, NEVER_PUBLISHED])
@pytest.mark.parametrize("expecting", [3, 5, 0, -4, 2**31])
def test_a_change_is_refused_if_the_revision_has_moved(
    change: Callable[[Flow | None, int | None], Outcome], its_flow: Flow, expecting: int
) -> None:
    stale = StaleDraft(its_flow.id, "Orders", expecting, "draft_1", 4)
    assert change(its_flow, expecting) == Refused((stale,))


@every_change
@pytest.mark.parametrize("expecting", [4, 0])
def test_a_change_that_states_a_revision_is_stale_if_the_draft_is_gone(
    change: Callable[[Flow | None, int | None], Outcome], expecting: int
) -> None:
    stale = StaleDraft(WITHOUT_DRAFT.id, "Orders", expecting, None, None)
    assert change(WITHOUT_DRAFT, expecting) == Refused((stale,))


@pytest.mark.parametrize("its_flow", [WITHOUT_DRAFT, NEITHER])
def test_without_a_revision_there_is_no_draft_to_publish_or_discard(its_flow: Flow) -> None:
    missing = (DraftNotFound(its_flow.id, "Orders"),)
    assert reasons(publish(its_flow)) == reasons(discard(its_flow)) == missing


def test_without_a_revision_a_save_makes_the_draft_that_is_missing() -> None:
    saved = save(WITHOUT_DRAFT, None)
    assert isinstance(saved, UpdatePlan)
    assert saved.flow.draft_id is None


@every_change
@pytest.mark.parametrize("expecting", [None, 4])
def test_of_a_flow_that_isnt_there_no_revision_is_asked(
    change: Callable[[Flow | None, int | None], Outcome], expecting: int | None
) -> None:
    assert change(None, expecting) == Refused((FlowNotFound("flow_wanted"),))
