"""Drafts and versions descend from the record of the copy or export that their content came from (D1)."""

from typing import Any

from sqlalchemy import select, union_all

from app.domain.export import Exported
from app.domain.publish import Published, Reverted
from app.storage.tables import FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION
from tests.lifecycle.company import Company
from tests.lifecycle.racing import edited, noted, published, saved
from tests.lifecycle.records import exported, record_of


async def descent_of(company: Company, state_id: str) -> tuple[str | None, str | None]:
    """The record that a draft or version has unchanged, and the one that it descends from."""
    states = union_all(
        *(select(table.c.id, table.c.export_id, table.c.descends_from) for table in (FLOW_DRAFT, FLOW_VERSION))
    ).subquery()
    async with company.database.reading() as connection:
        row = await connection.row(select(states).where(states.c.id == state_id))
    assert row is not None
    return row.export_id, row.descends_from


async def publish(company: Company, flow: str) -> str:
    outcome = await company.publish(flow)
    assert isinstance(outcome, Published)
    return outcome.version_id


async def revert(company: Company, flow: str, version: str, **how: Any) -> Reverted:
    outcome = await company.revert(flow, version, **how)
    assert isinstance(outcome, Reverted)
    return outcome


async def test_what_is_created_here_descends_from_nothing_edited_published_or_reverted(firm: Company) -> None:
    made = await edited(firm)
    assert await descent_of(firm, made.draft_id) == (None, None)
    version = await publish(firm, made.flow_id)
    assert await descent_of(firm, version) == (None, None)
    reverted = await revert(firm, made.flow_id, version)
    assert await descent_of(firm, str(reverted.draft_id)) == (None, None)


async def test_edits_keep_the_descent_and_so_do_versions_drafts_of_them_and_reverts(firm: Company) -> None:
    source, _ = await published(firm, 1)
    made = await exported(firm, source, to="production")
    record = made.export_id
    assert await descent_of(firm, made.draft_id) == (record, record)
    first = await publish(firm, made.flow_id)
    assert await descent_of(firm, first) == (record, record)
    fix = await saved(firm, made.flow_id, 2)
    assert await descent_of(firm, fix) == (None, record)
    second = await publish(firm, made.flow_id)
    assert await descent_of(firm, second) == (None, record)
    again = await revert(firm, made.flow_id, first)
    assert await descent_of(firm, str(again.draft_id)) == (record, record)
    at_once = await revert(firm, made.flow_id, second, publish=True)
    assert await descent_of(firm, str(at_once.version_id)) == (None, record)


async def test_a_copy_of_a_copy_descends_from_the_record_of_the_copy(firm: Company) -> None:
    source, _ = await published(firm, 1)
    first = await exported(firm, source, to="production")
    outcome = await firm.copy(first.flow_id)
    assert isinstance(outcome, Exported)
    second = await exported(firm, first.flow_id, to="development")
    assert await descent_of(firm, outcome.draft_id) == (outcome.export_id, outcome.export_id)
    assert await descent_of(firm, second.draft_id) == (second.export_id, second.export_id)


async def test_a_flow_that_is_overridden_descends_from_the_newer_record_until_that_is_undone(firm: Company) -> None:
    source, _ = await published(firm, 1)
    other, _ = await published(firm, 2)
    first = await exported(firm, source, to="production")
    await saved(firm, first.flow_id, 3)
    second = await exported(firm, other, onto=first.flow_id)
    assert await descent_of(firm, second.draft_id) == (second.export_id, second.export_id)
    await firm.undo(second.export_id)
    assert await descent_of(firm, first.draft_id) == (None, first.export_id)


async def test_a_record_has_the_hash_of_its_content_and_the_version_that_it_became(firm: Company) -> None:
    """N5."""
    source, version = await published(firm, 1)
    made, edited_first, unpublished = [await exported(firm, source, to="production") for _ in range(3)]
    await saved(firm, edited_first.flow_id, 2)
    became = {one.export_id: await publish(firm, one.flow_id) for one in (made, edited_first)}
    async with firm.database.reading() as connection:
        content = select(FLOW_CONTENT.c.hash).join(FLOW_VERSION, FLOW_VERSION.c.content_hash == FLOW_CONTENT.c.hash)
        content_hash = await connection.value(content.where(FLOW_VERSION.c.id == version))
    records = [await record_of(firm, one.export_id) for one in (made, edited_first, unpublished)]
    assert [record["content_hash"] for record in records] == [content_hash] * 3
    assert [record["version_id"] for record in records] == [*became.values(), None]
    assert [record["first_change"] for record in records] == ["PUBLISHED", "EDITED", None]


async def test_a_record_whose_draft_was_set_aside_and_restored_has_the_version_too(firm: Company) -> None:
    source, _ = await published(firm, 1)
    flow, _ = await published(firm, 2, workspace="production")
    made = await exported(firm, source, onto=flow)
    await exported(firm, source, onto=flow)
    await firm.restore(made.draft_id)
    version = await publish(firm, flow)
    record = await record_of(firm, made.export_id)
    assert (record["version_id"], record["first_change"]) == (version, "OVERRIDDEN_AGAIN")


async def test_a_graph_that_replaces_the_content_that_was_exported_keeps_the_descent(firm: Company) -> None:
    source, _ = await published(firm, 1)
    made = await exported(firm, source, to="production")
    await firm.update(made.flow_id, graph=noted(7), name="Quite another")
    assert await descent_of(firm, made.draft_id) == (None, made.export_id)
