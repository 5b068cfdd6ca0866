"""Undo after a copy or export gives what was there, byte for byte of every table but records and revisions (P6)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.domain.errors import Refused
from app.domain.undo import CannotUndo, ChangeSinceExport
from app.storage.expiry import remove_batch
from app.storage.reaching import engine_of
from app.usecases.results import Exported, Undone
from tests.databases import run_sql
from tests.lifecycle.company import Company
from tests.lifecycle.holdings import Everything, everything_in
from tests.lifecycle.racing import (
    edited,
    lawful,
    noted,
    published,
    refused_for,
    reverted,
    saved,
)
from tests.lifecycle.records import exported, record_of
from tests.lifecycle.stage import Stage

_WITHOUT_REVISIONS = text("""
    select 'flow', (to_jsonb(each) - 'draft_revision')::text from flow each
    union all select 'flow_draft', (to_jsonb(each) - 'revision')::text from flow_draft each
""")


async def but_for_records_and_revisions(company: Company) -> Everything:
    """Every row of every other table, byte for byte; of drafts and flows without the revision.

    Which components a flow named once, an index of the database's own, stays noted.
    """
    rows = await everything_in(company.database)
    async with engine_of(company.url) as engine, engine.connect() as connection:
        counted = [(table, row) for table, row in await connection.execute(_WITHOUT_REVISIONS)]
    return sorted(
        [
            *(
                row
                for row in rows
                if row[0] not in {"flow", "flow_draft", "flow_export", "flow_component", "reference_report"}
            ),
            *counted,
        ]
    )


async def destination(company: Company, kind: str) -> str | None:
    """A flow to override: published or not, with a draft or without, with drafts set aside or without; None: none."""
    if kind == "new":
        return None
    if kind == "never published":
        return (await edited(company, 1, workspace="production")).flow_id
    if kind == "only aside":
        made = await edited(company, 1, workspace="production")
        await exported(company, (await published(company, 2))[0], onto=made.flow_id)
        await company.discard(made.flow_id)
        return made.flow_id
    flow, version = await published(company, 1, workspace="production")
    if kind == "running":
        await company.start(flow)
    if kind == "with a draft":
        await company.update(flow, graph=noted(3), name="To come", description="Not yet", cron="0 4 * * *")
    if kind == "with drafts aside":
        await saved(company, flow, 3)
        await reverted(company, flow, version)
    return flow


KINDS = ("new", "published", "running", "never published", "with a draft", "with drafts aside", "only aside")


@pytest.mark.parametrize("kind", KINDS)
async def test_undo_after_export_gives_what_was_there(firm: Company, kind: str) -> None:
    source, _ = await published(firm, 9)
    onto = await destination(firm, kind)
    before, revision = await but_for_records_and_revisions(firm), await revision_of(firm, onto)
    made = await exported(firm, source, to="production", onto=onto)
    undone = await firm.undo(made.export_id, by="ben")
    assert undone == Undone(made.export_id, made.flow_id, made.set_aside, kind == "new")
    assert await but_for_records_and_revisions(firm) == before
    await lawful(firm)
    assert (await record_of(firm, made.export_id))["undone_at"] == firm.now
    if onto is not None:
        # The export counts as one, and so does a draft that is restored (H1).
        assert await revision_of(firm, onto) == revision + (1 if made.set_aside is None else 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_record_that_does_not_say_what_was_there_deletes_no_flow_that_was_there(
    firm: Company, kind: str
) -> None:
    """But for when the flow was changed last, which only the record knows, the same comes back."""
    source, _ = await published(firm, 9)
    onto = await destination(firm, kind)
    before = without_times(await but_for_records_and_revisions(firm))
    made = await exported(firm, source, to="production", onto=onto)
    await run_sql(firm.url, "update flow_export set flow_before = null")
    undone = await firm.undo(made.export_id, by="ben")
    assert undone == Undone(made.export_id, made.flow_id, made.set_aside, kind == "new")
    assert without_times(await but_for_records_and_revisions(firm)) == before
    await lawful(firm)


def without_times(everything: Everything) -> Everything:
    return sorted(
        (table, re.sub(r'"updated_at": "[^"]*"', "", row) if table == "flow" else row) for table, row in everything
    )


async def revision_of(company: Company, flow: str | None) -> int:
    return 0 if flow is None else int((await lawful(company)).flows[flow]["draft_revision"])


async def test_undo_after_copy_gives_what_was_there(firm: Company) -> None:
    source, _ = await published(firm, 9)
    before = await but_for_records_and_revisions(firm)
    made = await firm.copy(source)
    assert isinstance(made, Exported)
    assert isinstance(await firm.undo(made.export_id), Undone)
    assert await but_for_records_and_revisions(firm) == before


@pytest.mark.parametrize("kind", KINDS)
async def test_exports_are_undone_one_after_the_other_the_last_first(firm: Company, kind: str) -> None:
    source, _ = await published(firm, 9)
    onto = await destination(firm, kind)
    states, made = [await but_for_records_and_revisions(firm)], list[Exported]()
    for _ in range(3):
        made.append(await exported(firm, source, to="production", onto=made[0].flow_id if made else onto))
        states.append(await but_for_records_and_revisions(firm))
    refused = await firm.undo(made[0].export_id)
    assert isinstance(refused, Refused)
    assert [error.since for error in refused.errors] == [ChangeSinceExport.OVERRIDDEN_AGAIN]
    for each in reversed(made):
        assert await but_for_records_and_revisions(firm) == states.pop()
        assert isinstance(await firm.undo(each.export_id), Undone)
    assert await but_for_records_and_revisions(firm) == states.pop()


async def test_a_start_or_stop_since_stays_told(firm: Company) -> None:
    source, _ = await published(firm, 9)
    onto, _ = await published(firm, 1, workspace="production")
    made = await exported(firm, source, onto=onto)
    await firm.start(onto)
    started = firm.now
    assert isinstance(await firm.undo(made.export_id), Undone)
    flow = (await lawful(firm)).flows[onto]
    assert (flow["status"], flow["updated_at"]) == ("ACTIVE", started)


async def _edit(company: Company, made: Exported) -> None:
    await saved(company, made.flow_id, 5)


async def _bind(company: Company, made: Exported) -> None:
    await company.update(made.flow_id, name="Another name")


async def _publish(company: Company, made: Exported) -> None:
    await company.publish(made.flow_id)


async def _edit_and_publish(company: Company, made: Exported) -> None:
    await _edit(company, made)
    await _publish(company, made)


async def _override(company: Company, made: Exported) -> None:
    await exported(company, (await published(company, 4))[0], onto=made.flow_id)


async def _override_and_restore(company: Company, made: Exported) -> None:
    await _override(company, made)
    await company.restore(made.draft_id)


async def _revert_and_publish(company: Company, made: Exported) -> None:
    [version, *_] = (await lawful(company)).versions_of(made.flow_id)
    await company.revert(made.flow_id, version["id"], publish=True)


async def _revert(company: Company, made: Exported) -> None:
    [version, *_] = (await lawful(company)).versions_of(made.flow_id)
    await company.revert(made.flow_id, version["id"])


async def _discard(company: Company, made: Exported) -> None:
    await company.discard(made.flow_id)


async def _delete(company: Company, made: Exported) -> None:
    await company.delete(made.flow_id)


async def _undo(company: Company, made: Exported) -> None:
    await company.undo(made.export_id)


async def _restore_the_other(company: Company, made: Exported) -> None:
    assert made.set_aside is not None
    await company.restore(made.set_aside)


async def _expire(company: Company, _: Exported) -> None:
    company.now += timedelta(days=31)
    await remove_batch(company.database, before=company.now - timedelta(days=30), batch=100)


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
    made = await exported(firm, source, onto=onto)
    await done(firm, made)
    before = await everything_in(firm.database)
    refused = await firm.undo(made.export_id)
    assert isinstance(refused, Refused)
    [error] = refused.errors
    assert isinstance(error, CannotUndo)
    assert error.since == since
    assert await everything_in(firm.database) == before


@pytest.mark.parametrize(("by", "code"), [("gus", "INSUFFICIENT_PERMISSION"), ("olga", "EXPORT_NOT_FOUND")])
async def test_who_may_not_write_there_undoes_nothing(shared_firm: Company, by: str, code: str) -> None:
    made = await exported(shared_firm, (await published(shared_firm))[0], to="production")
    before = await everything_in(shared_firm.database)
    assert refused_for(await shared_firm.undo(made.export_id, by=by)) == ({code},)
    assert await everything_in(shared_firm.database) == before


async def test_who_sees_only_the_source_finds_nothing_to_undo(shared_firm: Company) -> None:
    """Ben works in development and knows nothing of the kitchen."""
    made = await exported(shared_firm, (await published(shared_firm))[0], to="kitchen")
    assert refused_for(await shared_firm.undo(made.export_id, by="ben")) == ({"EXPORT_NOT_FOUND"},)


@pytest.mark.parametrize("export_id", ["", "export_", "flow_01jgfjjz00f0ban5yz2jahf60g", "x" * 5000, "export_\0"])
async def test_an_id_that_can_not_be_one_is_not_found(shared_firm: Company, export_id: str) -> None:
    assert refused_for(await shared_firm.undo(export_id)) == ({"EXPORT_NOT_FOUND"},)


STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3)), min_size=1, max_size=3)


def test_whatever_is_exported_to_whatever_undoing_it_all_gives_what_was_there(stage: Stage) -> None:
    """The last first: drafts, flows, versions and contents are as they were."""

    async def play(steps: list[tuple[str, int]]) -> None:
        firm = stage.company
        sources = [(await published(firm, note))[0] for note in (7, 8)]
        there = [await destination(firm, kind) for kind, _ in steps]
        before, made = await but_for_records_and_revisions(firm), list[Exported]()
        for onto, (_, choice) in zip(there, steps, strict=True):
            source = sources[choice % 2]
            made.append(await exported(firm, source, to="production", onto=onto))
            if choice > 1:
                made.append(await exported(firm, sources[0], onto=made[-1].flow_id))
        for each in reversed(made):
            assert isinstance(await firm.undo(each.export_id), Undone)
        assert await but_for_records_and_revisions(firm) == before

    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def run(steps: list[tuple[str, int]]) -> None:
        stage.runner.run(play(steps))

    run()
