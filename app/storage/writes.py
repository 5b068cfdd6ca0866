"""What copies, exports and creations write: the rows that plans say, and nothing that they don't."""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    DateTime,
    Insert,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from app.domain.create import CreatePlan
from app.domain.export import ExportPlan
from app.domain.flow import ShownFlow
from app.domain.input import name_key
from app.domain.model import DraftId, ExportId, FlowId, FlowStatus
from app.domain.references import ReferenceOutcome
from app.domain.undo import ChangeSinceExport
from app.offload import interruptible, offload
from app.storage.ids import Kind, new_id
from app.storage.states import bindings_text, shown
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT, REFERENCE_REPORT
from app.storage.write_context import INSERT_DRAFT, WriteContext, noted

FIRST_REVISION = 1
CHARACTERS = 100
"""About so many has what is told of one reference."""

_SHOWN_TEXTS = ("name", "description", "cron", "name_key")
_OF_A_CREATED_FLOW = (*_SHOWN_TEXTS, "id", "workspace_id", "type", "status", "created_by", "created_at", "updated_at")
_INSERT_FLOW_AND_DRAFT = INSERT_DRAFT.add_cte(
    insert(FLOW)
    .values(draft_revision=FIRST_REVISION, **{name: bindparam(f"new_flow_{name}") for name in _OF_A_CREATED_FLOW})
    .cte("new_flow")
)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_BY = bindparam("by", type_=Text)


class WrittenFlow(NamedTuple):
    flow_id: FlowId
    draft_id: DraftId


class WrittenExport(NamedTuple):
    """A copy or export as it is sent, with all that isn't the same in every one of a call."""

    flow_id: FlowId
    draft_id: DraftId
    export_id: ExportId
    is_new: bool
    """The flow is made as well."""
    renames_flow: bool
    """The flow shows what its draft says (X5)."""
    workspace_id: str
    type: str
    name: str
    name_key: str
    description: str | None
    cron: str | None
    content_hash: str
    bindings: str
    origin: str
    revision: int
    set_aside_draft_id: str | None
    copied_from: str
    source_workspace_id: str
    source_flow_id: str
    source_version_id: str | None
    flow_before: str | None
    report_hash: str | None


_FREE_TEXTS = (*_SHOWN_TEXTS, "bindings", "flow_before")
_SENT: dict[str, Any] = {
    **dict.fromkeys(WrittenExport._fields, Text),
    "is_new": Boolean,
    "renames_flow": Boolean,
    "revision": Integer,
}
"""Exports are sent column by column: free texts as arrays, all others joined, which the driver sends in a tenth of the time."""


def _sent(name: str) -> ColumnElement[Any]:
    """A column of what is sent; its parameter has a name that no column of a table has."""
    if name in _FREE_TEXTS:
        return func.unnest(bindparam(f"sent_{name}", type_=ARRAY(Text))).label(name)
    joined = bindparam(f"sent_{name}", type_=Text)
    return func.unnest(cast(func.string_to_array(joined, _BETWEEN, ""), ARRAY(_SENT[name]))).label(name)


_BETWEEN = ","
"""What stands in no id and no word of ours."""


async def write_at_once(context: WriteContext, plans: Sequence[ExportPlan]) -> list[WrittenExport]:
    """Write copies and exports, in one statement for all: drafts, their flows if those are new, and the records."""
    size = CHARACTERS * sum(1 + len(plan.references) for plan in plans)
    written, reports = await offload(size, _all_written, plans)
    kinds = {each.is_new for each in written}
    sent = zip(_SENT, zip(*written, strict=True), strict=True)
    columns = {f"sent_{name}": _column(values) if name in _FREE_TEXTS else _joined(values) for name, values in sent}
    columns |= {"report_hashes": [*reports], "report_texts": [*reports.values()]}
    made = {"by": context.actor, "now": context.at, **({"at": context.at} if False in kinds else {})}
    await context.connection.change(_write(makes_flows=True in kinds, overrides=False in kinds), made | columns)
    return written


async def write_flow(context: WriteContext, plan: CreatePlan) -> WrittenFlow:
    """Write a flow that was created from a graph: its content, unless that is known already, and its draft."""
    await context.insert_content(plan.content)
    flow_id = FlowId(new_id(Kind.FLOW))
    flow = {
        **shown(plan.state),
        "id": flow_id,
        "workspace_id": plan.workspace_id,
        "type": plan.type.value,
        "status": FlowStatus.INACTIVE.value,
        "created_by": context.actor,
        "created_at": context.at,
        "updated_at": context.at,
    }
    draft = context.draft_row(flow_id, plan.state, revision=FIRST_REVISION)
    parameters = {f"new_flow_{name}": value for name, value in flow.items()}
    await context.connection.change(_INSERT_FLOW_AND_DRAFT, {**draft, **parameters})
    return WrittenFlow(flow_id, DraftId(draft["id"]))


def references_to_text(references: Iterable[ReferenceOutcome]) -> str:
    """The report of a copy or export as it is stored."""
    report = [
        {"step": step_id, "name": step_name, "kind": kind, "action": action, "from": from_id, "to": to_id}
        for step_id, kind, action, from_id, to_id, step_name in references
    ]
    return orjson.dumps(report).decode()


def _column(values: Sequence[Any]) -> Sequence[Any]:
    """A column without any value is sent empty, as PostgreSQL fills it up with nulls: the driver takes long for these."""
    return () if values.count(None) == len(values) else values


def _joined(values: Sequence[Any]) -> str:
    """The same of ids and words of ours; of one that isn't there nothing."""
    try:
        return _BETWEEN.join(values)
    except TypeError:
        return _BETWEEN.join("" if value is None else str(value) for value in values)


def _before(flow: ShownFlow | None) -> str | None:
    """What undoing an export restores of the overridden flow; None: it is new."""
    if flow is None:
        return None
    texts = {"name": flow.name, "description": flow.description, "cron": flow.cron}
    return orjson.dumps({**texts, "updatedAt": flow.updated_at.isoformat()}).decode()


def _all_written(plans: Sequence[ExportPlan]) -> tuple[list[WrittenExport], dict[str, str]]:
    """Copies and exports as they are sent, and the texts of their reports by their hashes; what plans share, once."""
    bound = {id(plan.state.bindings): plan.state.bindings for plan in plans}
    different = {id(plan.references): plan.references for plan in plans if plan.references}
    bindings = {each: bindings_text(steps) for each, steps in interruptible(bound.items())}
    texts = {each: references_to_text(references) for each, references in interruptible(different.items())}
    hashes = {each: sha256(text.encode()).hexdigest() for each, text in texts.items()}
    keys = ((plan, id(plan.state.bindings), id(plan.references)) for plan in interruptible(plans))
    written = [_written(plan, bindings[bound_to], hashes.get(report)) for plan, bound_to, report in keys]
    return written, {hashes[each]: text for each, text in texts.items()}


def _written(plan: ExportPlan, bindings: str, report_hash: str | None) -> WrittenExport:
    state = plan.state
    return WrittenExport(
        flow_id=plan.overrides or FlowId(new_id(Kind.FLOW)),
        draft_id=DraftId(new_id(Kind.DRAFT)),
        export_id=ExportId(new_id(Kind.EXPORT)),
        is_new=plan.overrides is None,
        renames_flow=plan.renames_flow,
        workspace_id=plan.workspace_id,
        type=plan.type,
        name=state.name,
        name_key=name_key(state.name),
        description=state.description,
        cron=state.cron,
        content_hash=state.content_hash,
        bindings=bindings,
        origin=state.origin,
        revision=plan.revision,
        set_aside_draft_id=plan.sets_aside,
        copied_from=plan.copied_from,
        source_workspace_id=plan.source_workspace,
        source_flow_id=plan.source_flow,
        source_version_id=plan.source_version,
        flow_before=_before(plan.overridden_shows),
        report_hash=report_hash,
    )


@cache
def _write(*, makes_flows: bool, overrides: bool) -> Insert:
    """One statement that inserts drafts, their records, and flows that are new; flows that are overridden are changed.

    What these rows refer to among each other is looked at when it ends, so that their order doesn't matter; but a draft
    is inserted once the one in its place is set aside, since a flow has one that is active.
    """
    sent = select(*map(_sent, _SENT)).cte("sent")
    draft = {
        **_same(sent, "flow_id", "name", "description", "cron", "content_hash", "bindings", "origin", "revision"),
        "id": sent.c.draft_id,
        "export_id": sent.c.export_id,
        "author_id": _BY,
        "created_at": _NOW,
        "updated_at": _NOW,
    }
    drafts, others = select(*draft.values()), [_new_reports(), _records(sent)]
    if makes_flows:
        others.append(_new_flows(sent))
    if overrides:
        aside = _set_aside(sent)
        drafts = drafts.where(select(func.count()).select_from(aside).scalar_subquery() >= 0)
        is_aside = FLOW_EXPORT.c.draft_id == sent.c.set_aside_draft_id
        others += [_overridden(sent), noted(ChangeSinceExport.OVERRIDDEN_AGAIN, is_aside)]
    return insert(FLOW_DRAFT).from_select([*draft], drafts).add_cte(*others)


def _same(sent: CTE, *names: str) -> dict[str, Any]:
    """Columns that have the names of those that are sent."""
    return {name: sent.c[name] for name in names}


def _new_reports() -> CTE:
    """Reports that no record has yet. Those that one has are locked, so that they aren't removed meanwhile.

    In the order of the hashes, so that two calls with the same reports don't wait for each other.
    """
    texts = {name: bindparam(f"report_{name}", type_=ARRAY(Text)) for name in ("hashes", "texts")}
    sent = select(*(func.unnest(column).label(name) for name, column in texts.items())).cte("sent_reports")
    report = REFERENCE_REPORT.c
    held = select(report.hash).where(report.hash.in_(select(sent.c.hashes))).order_by(report.hash)
    held_hashes = held.with_for_update(read=True, key_share=True).cte("held_reports")
    new = select(sent.c.hashes, sent.c.texts).where(sent.c.hashes.not_in(select(held_hashes.c.hash)))
    stored = upsert(REFERENCE_REPORT).from_select(["hash", "references"], new.order_by(sent.c.hashes))
    return stored.on_conflict_do_nothing().cte("new_reports")


def _records(sent: CTE) -> CTE:
    names = ("copied_from", "source_workspace_id", "source_flow_id", "source_version_id", "draft_id")
    record = {
        **_same(sent, *names, "set_aside_draft_id", "flow_before", "report_hash"),
        "id": sent.c.export_id,
        "actor_id": _BY,
        "created_at": _NOW,
        "destination_workspace_id": sent.c.workspace_id,
        "destination_flow_id": sent.c.flow_id,
    }
    return insert(FLOW_EXPORT).from_select([*record], select(*record.values())).cte("records")


def _new_flows(sent: CTE) -> CTE:
    """They start inactive, belong to the caller, and show what their drafts say (X3)."""
    flow = {
        **_same(sent, *_SHOWN_TEXTS, "workspace_id", "type"),
        "id": sent.c.flow_id,
        "status": literal(FlowStatus.INACTIVE.value, Text),
        "created_by": _BY,
        "created_at": _NOW,
        "updated_at": _NOW,
        "draft_revision": sent.c.revision,
    }
    return insert(FLOW).from_select([*flow], select(*flow.values()).where(sent.c.is_new)).cte("new_flows")


def _set_aside(sent: CTE) -> CTE:
    is_in_place = FLOW_DRAFT.c.id == sent.c.set_aside_draft_id
    change = update(FLOW_DRAFT).where(is_in_place).values(set_aside_at=_NOW, set_aside_by=_BY)
    return change.returning(FLOW_DRAFT.c.id).cte("aside")


def _overridden(sent: CTE) -> CTE:
    """What a flow shows that was never published is what its draft says (X5)."""
    texts = {name: case((sent.c.renames_flow, sent.c[name]), else_=FLOW.c[name]) for name in _SHOWN_TEXTS}
    change = update(FLOW).where(FLOW.c.id == sent.c.flow_id, ~sent.c.is_new)
    return change.values(draft_revision=sent.c.revision, updated_at=_NOW, **texts).cte("overridden")
