"""What use cases write: the rows that a plan says, and nothing that it doesn't."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.component import read_command
from app.domain.content import Content
from app.domain.create import CreatePlan
from app.domain.export import ExportPlan
from app.domain.graph import bindings_to_json, canonical
from app.domain.input import name_key
from app.domain.nouns import DraftId, FlowId, FlowStatus, UserId, VersionOrigin
from app.domain.references import ReferenceOutcome
from app.storage.ids import Kind, new_id
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_CONTENT_COMPONENT, FLOW_DRAFT, FLOW_EXPORT


class Written(NamedTuple):
    flow_id: FlowId
    draft_id: DraftId


async def write_export(connection: AsyncConnection, plan: ExportPlan, *, actor: UserId, at: datetime) -> Written:
    """Write a copy or export: the draft, its flow if that is new, and the record."""
    if plan.overrides is None:
        flow_id = FlowId(new_id(Kind.FLOW))
        revision = await _insert_flow(connection, flow_id, plan, actor=actor, at=at)
    else:
        flow_id = plan.overrides
        revision = await _override(connection, flow_id, plan, actor=actor, at=at)
    written = Written(flow_id, DraftId(new_id(Kind.DRAFT)))
    draft = {**_draft(plan), "content_hash": plan.content_hash, "origin": plan.origin.value, "revision": revision}
    await _insert_draft(connection, written, draft, actor=actor, at=at)
    record = {
        "id": new_id(Kind.EXPORT),
        "actor_id": actor,
        "created_at": at,
        "copied_from": plan.copied_from.value,
        "source_flow_id": plan.source_flow,
        "source_version_id": plan.source_version,
        "destination_workspace_id": plan.workspace_id,
        "destination_flow_id": flow_id,
        "draft_id": written.draft_id,
        "set_aside_draft_id": plan.sets_aside,
        "references": references_to_text(plan.references),
    }
    await connection.execute(insert(FLOW_EXPORT), record)
    return written


async def write_flow(connection: AsyncConnection, plan: CreatePlan, *, actor: UserId, at: datetime) -> Written:
    """Write a flow that was created from a graph: its content, unless that is known already, and its draft."""
    await _insert_content(connection, plan.content)
    written = Written(FlowId(new_id(Kind.FLOW)), DraftId(new_id(Kind.DRAFT)))
    revision = await _insert_flow(connection, written.flow_id, plan, actor=actor, at=at)
    origin = VersionOrigin.EDIT.value
    draft = {**_draft(plan), "content_hash": plan.content.hash, "origin": origin, "revision": revision}
    await _insert_draft(connection, written, draft, actor=actor, at=at)
    return written


def outline_of(content: Content) -> str:
    """Steps and links as they are stored, for rules that need not read the graph."""
    links = [[link.source, link.target, link.conditional] for link in content.links]
    return canonical({"steps": [[step.id, step.command] for step in content.steps], "links": links})


def references_to_text(references: Iterable[ReferenceOutcome]) -> str:
    """The report of a copy or export as it is stored."""
    keys = ("step", "kind", "action", "from", "to")
    return canonical(
        [
            dict(zip(keys, (one.step_id, one.kind.value, one.action.value, one.from_id, one.to_id), strict=True))
            for one in references
        ]
    )


async def _insert_flow(
    connection: AsyncConnection, flow_id: FlowId, plan: ExportPlan | CreatePlan, *, actor: UserId, at: datetime
) -> int:
    """A new flow: it starts inactive, belongs to the caller, and shows what its draft says (X3). Its first revision."""
    flow = {
        **_shown(plan),
        "id": flow_id,
        "workspace_id": plan.workspace_id,
        "type": plan.type.value,
        "status": FlowStatus.INACTIVE.value,
        "created_by": actor,
        "created_at": at,
        "updated_at": at,
        "draft_revision": 1,
    }
    await connection.execute(insert(FLOW), flow)
    return 1


async def _override(
    connection: AsyncConnection, flow_id: FlowId, plan: ExportPlan, *, actor: UserId, at: datetime
) -> int:
    """Make room for a new draft: the present one is set aside, with who did it and when (X6). The next revision."""
    if plan.sets_aside is not None:
        aside = update(FLOW_DRAFT).where(FLOW_DRAFT.c.id == plan.sets_aside)
        await connection.execute(aside.values(set_aside_at=at, set_aside_by=actor))
    changes = {"updated_at": at, **(_shown(plan) if plan.renames_flow else {})}
    flow = update(FLOW).where(FLOW.c.id == flow_id).values(draft_revision=FLOW.c.draft_revision + 1, **changes)
    revision: int = (await connection.execute(flow.returning(FLOW.c.draft_revision))).scalar_one()
    return revision


async def _insert_draft(
    connection: AsyncConnection, written: Written, draft: dict[str, Any], *, actor: UserId, at: datetime
) -> None:
    who_and_when = {"author_id": actor, "created_at": at, "updated_at": at}
    await connection.execute(
        insert(FLOW_DRAFT), {"id": written.draft_id, "flow_id": written.flow_id, **draft, **who_and_when}
    )


async def _insert_content(connection: AsyncConnection, content: Content) -> None:
    """Content is stored once, however often it comes."""
    row = {"hash": content.hash, "graph": content.canonical, "outline": outline_of(content)}
    known = await connection.execute(upsert(FLOW_CONTENT).on_conflict_do_nothing().returning(FLOW_CONTENT.c.hash), row)
    names = {read.component for step in content.steps if (read := read_command(step.command)) is not None}
    if known.first() is not None and names:
        rows = [{"hash": content.hash, "team": name.team, "name": name.name} for name in sorted(names)]
        await connection.execute(insert(FLOW_CONTENT_COMPONENT), rows)


def _shown(plan: ExportPlan | CreatePlan) -> dict[str, Any]:
    """What a flow shows of its draft as long as it was never published."""
    return {"name": plan.name, "name_key": name_key(plan.name), "description": plan.description, "cron": plan.cron}


def _draft(plan: ExportPlan | CreatePlan) -> dict[str, Any]:
    bindings = canonical(bindings_to_json(plan.bindings))
    return {"name": plan.name, "description": plan.description, "cron": plan.cron, "bindings": bindings}
