"""Which state of the source is copied (X4)."""

import pytest

from app.domain.flow import (
    CopiedFrom,
    CopiedState,
    DraftNotFound,
    Flow,
    SavedState,
    SourceWish,
    StateOfFlow,
    VersionNotFound,
    copied_state,
)
from app.domain.model import VersionId
from tests.domain.builders import draft, flow, state
from tests.domain.planning import copy, export, planned, refusals

OLD, PUBLISHED = state(state_id="version_1", name="Old"), state(state_id="version_2", name="Published")
DRAFT = draft(name="Draft")
NEVER_PUBLISHED, WITHOUT_DRAFT, WITH_BOTH = flow(None, DRAFT), flow(PUBLISHED, None), flow(PUBLISHED, DRAFT)

BY_DEFAULT, THE_PUBLISHED, THE_DRAFT = SourceWish(), *(SourceWish(state) for state in StateOfFlow)
OLD_ONE, LATEST_ONE, OTHER_ONE = (
    SourceWish(version_id=version) for version in ("version_1", "version_2", "version_of_another")
)

NO_VERSION, NO_DRAFT = VersionNotFound(flow().id, "Orders", None), DraftNotFound(flow().id, "Orders")
NOT_ITS_VERSION = VersionNotFound(flow().id, "Orders", "version_of_another")

CASES = [
    # by default the published version, and the draft if the flow was never published
    (
        WITH_BOTH,
        BY_DEFAULT,
        None,
        CopiedState(WITH_BOTH, PUBLISHED.state, CopiedFrom.PUBLISHED_VERSION, VersionId(PUBLISHED.id)),
    ),
    (
        WITHOUT_DRAFT,
        BY_DEFAULT,
        None,
        CopiedState(WITHOUT_DRAFT, PUBLISHED.state, CopiedFrom.PUBLISHED_VERSION, VersionId(PUBLISHED.id)),
    ),
    (NEVER_PUBLISHED, BY_DEFAULT, None, CopiedState(NEVER_PUBLISHED, DRAFT.state, CopiedFrom.DRAFT)),
    # the published version
    (
        WITH_BOTH,
        THE_PUBLISHED,
        None,
        CopiedState(WITH_BOTH, PUBLISHED.state, CopiedFrom.PUBLISHED_VERSION, VersionId(PUBLISHED.id)),
    ),
    (NEVER_PUBLISHED, THE_PUBLISHED, None, NO_VERSION),
    # the draft
    (WITH_BOTH, THE_DRAFT, None, CopiedState(WITH_BOTH, DRAFT.state, CopiedFrom.DRAFT)),
    (NEVER_PUBLISHED, THE_DRAFT, None, CopiedState(NEVER_PUBLISHED, DRAFT.state, CopiedFrom.DRAFT)),
    (WITHOUT_DRAFT, THE_DRAFT, None, NO_DRAFT),
    # a given version
    (WITH_BOTH, OLD_ONE, OLD, CopiedState(WITH_BOTH, OLD.state, CopiedFrom.OLDER_VERSION, VersionId(OLD.id))),
    (
        WITH_BOTH,
        LATEST_ONE,
        PUBLISHED,
        CopiedState(WITH_BOTH, PUBLISHED.state, CopiedFrom.PUBLISHED_VERSION, VersionId(PUBLISHED.id)),
    ),
    (WITH_BOTH, OTHER_ONE, None, NOT_ITS_VERSION),
    (NEVER_PUBLISHED, OTHER_ONE, None, NOT_ITS_VERSION),
]
Outcome = CopiedState | VersionNotFound | DraftNotFound


@pytest.mark.parametrize(("source", "wish", "named", "outcome"), CASES)
def test_which_state_is_copied(source: Flow, wish: SourceWish, named: SavedState | None, outcome: Outcome) -> None:
    assert copied_state(source, wish, named) == outcome


@pytest.mark.parametrize(("source", "wish", "named", "outcome"), CASES)
def test_copies_and_exports_choose_alike_and_say_which_it_was(
    source: Flow, wish: SourceWish, named: SavedState | None, outcome: Outcome
) -> None:
    for asked in (export(source, of=wish, version=named), copy(source, of=wish, version=named)):
        if isinstance(outcome, CopiedState):
            plan = planned(asked)
            assert (plan.copied.copied_from, plan.state.content_hash) == (
                outcome.copied_from,
                outcome.state.content_hash,
            )
        else:
            assert refusals(asked) == (outcome,)


def test_the_plan_names_the_version_it_copies_and_no_version_for_a_draft() -> None:
    assert planned(export(WITH_BOTH)).copied.version_id == "version_2"
    assert planned(export(WITH_BOTH, of=OLD_ONE, version=OLD)).copied.version_id == "version_1"
    assert planned(export(WITH_BOTH, of=THE_DRAFT)).copied.version_id is None


@pytest.mark.parametrize("source", [WITH_BOTH, WITHOUT_DRAFT, NEVER_PUBLISHED])
def test_the_new_draft_says_what_the_chosen_state_says(source: Flow) -> None:
    chosen = source.published or DRAFT
    plan = planned(export(source))
    assert (plan.state.name, plan.state.description, plan.state.cron) == (
        chosen.state.name,
        chosen.state.description,
        chosen.state.cron,
    )
