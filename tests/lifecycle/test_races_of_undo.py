"""Undoing while others are at the result: the outcome is that of one after the other."""

from datetime import timedelta

import pytest

from app.domain.export import Exported
from app.usecases.upkeep import remove_drafts
from tests.lifecycle.company import Company
from tests.lifecycle.racing import ROUNDS, THROUGH, at_once, lawful, noted, notes_of, published, refused_for
from tests.lifecycle.records import destination, exported
from tests.lifecycle.test_undo import revision_of


@pytest.mark.parametrize("after", ROUNDS)
async def test_two_undos_at_once_undo_once(shared_firm: Company, after: int) -> None:
    source, _ = await published(shared_firm, 9)
    onto = await destination(shared_firm, "with a draft")
    made = await exported(shared_firm, source, onto=onto)
    outcomes = await at_once(shared_firm.undo(made.export_id), shared_firm.undo(made.export_id, by="ben"), after)
    assert refused_for(*outcomes) in [(THROUGH, {"CANNOT_UNDO"}), ({"CANNOT_UNDO"}, THROUGH)]
    assert notes_of(await lawful(shared_firm), made.flow_id) == ([1], 3, [])


@pytest.mark.parametrize("after", ROUNDS)
@pytest.mark.parametrize("kind", ["new", "with a draft"])
async def test_an_undo_and_a_save_exclude_each_other_where_the_save_states_its_revision(
    shared_firm: Company, after: int, kind: str
) -> None:
    source, _ = await published(shared_firm, 9)
    onto = await destination(shared_firm, kind)
    made = await exported(shared_firm, source, to="production", onto=onto)
    revision = await revision_of(shared_firm, made.flow_id)
    outcomes = await at_once(
        shared_firm.undo(made.export_id),
        shared_firm.update(made.flow_id, by="ben", expected_revision=revision, graph=noted(5)),
        after,
    )
    gone = {"FLOW_NOT_FOUND"} if kind == "new" else {"STALE_DRAFT"}
    assert refused_for(*outcomes) in [(THROUGH, gone), ({"CANNOT_UNDO"}, THROUGH)]
    await lawful(shared_firm)


@pytest.mark.parametrize("after", ROUNDS)
async def test_an_undo_and_an_export_onto_the_same_flow_come_one_after_the_other(
    shared_firm: Company, after: int
) -> None:
    source, _ = await published(shared_firm, 9)
    onto = await destination(shared_firm, "with a draft")
    made = await exported(shared_firm, source, onto=onto)
    undone, again = await at_once(shared_firm.undo(made.export_id), shared_firm.export(source, onto=onto), after)
    assert isinstance(again, Exported)
    assert (refused_for(undone), notes_of(await lawful(shared_firm), made.flow_id)) in [
        ((THROUGH,), ([1], 9, [3])),
        (({"CANNOT_UNDO"},), ([1], 9, [3, 9])),
    ]


@pytest.mark.parametrize("after", ROUNDS)
async def test_a_draft_that_expires_when_it_would_be_restored_is_restored_or_gone(firm: Company, after: int) -> None:
    source, _ = await published(firm, 9)
    onto = await destination(firm, "with a draft")
    made = await exported(firm, source, onto=onto)
    firm.now += timedelta(days=31)
    removal = remove_drafts(firm.kept(), timedelta(days=30))
    undone, _ = await at_once(firm.undo(made.export_id), removal, after)
    assert (refused_for(undone), notes_of(await lawful(firm), made.flow_id)) in [
        ((THROUGH,), ([1], 3, [])),
        (({"CANNOT_UNDO"},), ([1], 9, [])),
    ]
