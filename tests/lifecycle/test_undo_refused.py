"""Undo is refused once somebody has built on the result, and says what helps instead (P6)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.undo import CannotUndo, ChangeSinceExport, Instead, Undone
from app.storage.tables import FLOW_EXPORT
from app.usecases.upkeep import remove_drafts
from tests.lifecycle.company import Company
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import (
    lawful,
    published,
    refused_for,
    saved,
)
from tests.lifecycle.records import KINDS, destination, exported, record_of


async def _edit(company: Company, outcome: Exported) -> None:
    await saved(company, outcome.flow_id, 5)


async def _bind(company: Company, outcome: Exported) -> None:
    await company.update(outcome.flow_id, name="Another name")


async def _publish(company: Company, outcome: Exported) -> None:
    await company.publish(outcome.flow_id)


async def _edit_and_publish(company: Company, outcome: Exported) -> None:
    await _edit(company, outcome)
    await _publish(company, outcome)


async def _override(company: Company, outcome: Exported) -> None:
    await exported(company, (await published(company, 4))[0], onto=outcome.flow_id)


async def _override_and_restore(company: Company, outcome: Exported) -> None:
    await _override(company, outcome)
    await company.restore(outcome.draft_id)


async def _revert_and_publish(company: Company, outcome: Exported) -> None:
    [version, *_] = (await lawful(company)).versions_of(outcome.flow_id)
    await company.revert(outcome.flow_id, version["id"], publish=True)


async def _revert(company: Company, outcome: Exported) -> None:
    [version, *_] = (await lawful(company)).versions_of(outcome.flow_id)
    await company.revert(outcome.flow_id, version["id"])


async def _discard(company: Company, outcome: Exported) -> None:
    await company.discard(outcome.flow_id)


async def _delete(company: Company, outcome: Exported) -> None:
    await company.delete(outcome.flow_id)


async def _undo(company: Company, outcome: Exported) -> None:
    await company.undo(outcome.export_id)


async def _restore_the_other(company: Company, outcome: Exported) -> None:
    assert outcome.set_aside is not None
    await company.restore(outcome.set_aside)


async def _expire(company: Company, _: Exported) -> None:
    company.now += timedelta(days=31)
    await remove_drafts(company.kept(), timedelta(days=30))


async def _stop_and_delete(company: Company, outcome: Exported) -> Any:
    await company.stop(outcome.flow_id)
    return await company.delete(outcome.flow_id)


async def _undo_the_later(company: Company, outcome: Exported) -> Any:
    async with company.database.reading() as connection:
        over_it = FLOW_EXPORT.c.set_aside_draft_id == outcome.draft_id
        later = await connection.value(select(FLOW_EXPORT.c.id).where(over_it))
    assert isinstance(await company.undo(later), Undone)
    return await company.undo(outcome.export_id)


async def _revert_to_the_first(company: Company, outcome: Exported) -> Any:
    [version, *_] = (await lawful(company)).versions_of(outcome.flow_id)
    assert version["published_at"] < (await record_of(company, outcome.export_id))["created_at"]
    return await company.revert(outcome.flow_id, version["id"], publish=True)


FOLLOWED: dict[Instead, Callable[[Company, Exported], Awaitable[Any]]] = {
    Instead.UNDO_LATER_EXPORT: _undo_the_later,
    Instead.RESTORE_DRAFT: lambda company, outcome: company.restore(str(outcome.set_aside)),
    Instead.DISCARD_DRAFT: lambda company, outcome: company.discard(outcome.flow_id),
    Instead.REVERT: _revert_to_the_first,
    Instead.DELETE: lambda company, outcome: company.delete(outcome.flow_id),
    Instead.STOP_AND_DELETE: _stop_and_delete,
}
"""How each advice is followed."""


async def _publish_and_start(company: Company, outcome: Exported) -> None:
    await company.publish(outcome.flow_id, start=True)


async def _edit_and_discard(company: Company, outcome: Exported) -> None:
    await _edit(company, outcome)
    await company.discard(outcome.flow_id)


async def _override_and_edit(company: Company, outcome: Exported) -> None:
    await _override(company, outcome)
    await saved(company, outcome.flow_id, 6)


async def _override_and_publish(company: Company, outcome: Exported) -> None:
    await _override(company, outcome)
    await company.publish(outcome.flow_id)


async def _override_publish_and_restore(company: Company, outcome: Exported) -> None:
    await _override_and_publish(company, outcome)
    await company.restore(outcome.draft_id)


BUILT_ON = (
    _edit,
    _publish,
    _publish_and_start,
    _edit_and_publish,
    _edit_and_discard,
    _override,
    _override_and_edit,
    _override_and_publish,
    _override_and_restore,
    _override_publish_and_restore,
    _discard,
    _delete,
    _undo,
    _expire,
)


ADVISED: dict[str, set[Instead]] = {
    "new": {Instead.DELETE, Instead.STOP_AND_DELETE},
    "published": {Instead.DISCARD_DRAFT, Instead.REVERT},
    "running": {Instead.DISCARD_DRAFT, Instead.REVERT},
    "never published": {Instead.RESTORE_DRAFT, Instead.DELETE},
    "with a draft": {Instead.RESTORE_DRAFT, Instead.DISCARD_DRAFT, Instead.REVERT},
    "with drafts aside": {Instead.RESTORE_DRAFT, Instead.DISCARD_DRAFT, Instead.REVERT},
    "only aside": {Instead.DISCARD_DRAFT},
}
"""By what was exported onto, besides that nothing is left to undo, or that a later export stands in the way."""


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_refused_undo_advises_instead_can_be_done(firm: Company, kind: str) -> None:
    """Whatever was exported onto, and whatever was done with it since."""
    source, _ = await published(firm, 9)
    advised = set[Instead | None]()
    for done in BUILT_ON:
        onto = await destination(firm, kind)
        outcome = await exported(firm, source, to="production", onto=onto)
        await done(firm, outcome)
        refused = await firm.undo(outcome.export_id)
        if not isinstance(refused, Refused):
            # Nothing was set aside that could expire, or the flow runs and wasn't deleted.
            assert done in {_expire, _delete}
            continue
        [error] = refused.errors
        assert isinstance(error, CannotUndo)
        advised.add(error.instead)
        if error.instead is not Instead.NOTHING:
            assert error.instead is not None
            followed = await FOLLOWED[error.instead](firm, outcome)
            assert not isinstance(followed, Refused), (kind, done, error.instead, followed)
        await lawful(firm)
    assert advised == {Instead.NOTHING, Instead.UNDO_LATER_EXPORT, *ADVISED[kind]}


@pytest.mark.parametrize(
    ("done", "since"),
    [
        (_edit, ChangeSinceExport.EDITED),
        (_bind, ChangeSinceExport.EDITED),
        (_publish, ChangeSinceExport.PUBLISHED),
        (_edit_and_publish, ChangeSinceExport.EDITED),
        (_override, ChangeSinceExport.OVERRIDDEN_AGAIN),
        (_override_and_restore, ChangeSinceExport.OVERRIDDEN_AGAIN),
        (_restore_the_other, ChangeSinceExport.OVERRIDDEN_AGAIN),
        (_revert, ChangeSinceExport.OVERRIDDEN_AGAIN),
        (_revert_and_publish, ChangeSinceExport.PUBLISHED),
        (_discard, ChangeSinceExport.DISCARDED),
        (_delete, ChangeSinceExport.DISCARDED),
        (_undo, ChangeSinceExport.ALREADY_UNDONE),
        (_expire, ChangeSinceExport.EXPIRED),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)).strip("_"),
)
async def test_once_somebody_has_built_on_the_result_nothing_is_undone(
    firm: Company, done: Any, since: ChangeSinceExport
) -> None:
    source, _ = await published(firm, 9)
    onto = await destination(firm, "with a draft")
    outcome = await exported(firm, source, onto=onto)
    await done(firm, outcome)
    before = await everything_in(firm.database)
    refused = await firm.undo(outcome.export_id)
    assert isinstance(refused, Refused)
    [error] = refused.errors
    assert isinstance(error, CannotUndo)
    assert error.since == since
    assert await everything_in(firm.database) == before


@pytest.mark.parametrize(("by", "code"), [("gus", "INSUFFICIENT_PERMISSION"), ("olga", "EXPORT_NOT_FOUND")])
async def test_who_may_not_write_there_undoes_nothing(shared_firm: Company, by: str, code: str) -> None:
    outcome = await exported(shared_firm, (await published(shared_firm))[0], to="production")
    before = await everything_in(shared_firm.database)
    assert refused_for(await shared_firm.undo(outcome.export_id, by=by)) == ({code},)
    assert await everything_in(shared_firm.database) == before


async def test_who_sees_only_the_source_finds_nothing_to_undo(shared_firm: Company) -> None:
    """Ben works in development and knows nothing of the kitchen."""
    outcome = await exported(shared_firm, (await published(shared_firm))[0], to="kitchen")
    assert refused_for(await shared_firm.undo(outcome.export_id, by="ben")) == ({"EXPORT_NOT_FOUND"},)


@pytest.mark.parametrize("export_id", ["", "export_", "flow_01jgfjjz00f0ban5yz2jahf60g", "x" * 5000, "export_\0"])
async def test_an_id_that_can_not_be_one_is_not_found(shared_firm: Company, export_id: str) -> None:
    assert refused_for(await shared_firm.undo(export_id)) == ({"EXPORT_NOT_FOUND"},)
