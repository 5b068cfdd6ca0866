"""What all writes have in common: who writes, when and in which transaction, and how rows are inserted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Delete,
    Update,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Text

from app.domain.component import read_command
from app.domain.content import Content
from app.domain.flow import FlowState
from app.domain.graph import canonical
from app.domain.model import DraftId, FlowId, UserId
from app.domain.undo import ChangeSinceExport
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.connection import WriteConnection
from app.storage.ids import Kind, new_id
from app.storage.states import shown, state_values
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_CONTENT_COMPONENT, FLOW_DRAFT, FLOW_EXPORT

AnyChange = TypeVar("AnyChange", Update, Delete)

_CONTENT = {name: bindparam(name, type_=Text) for name in ("hash", "graph", "outline")}
_HELD = (
    select(FLOW_CONTENT.c.hash)
    .where(FLOW_CONTENT.c.hash == _CONTENT["hash"])
    .with_for_update(read=True, key_share=True)
    .cte("held")
)
INSERT_CONTENT = (
    upsert(FLOW_CONTENT)
    .from_select([*_CONTENT], select(*_CONTENT.values()).where(~exists(select(_HELD.c.hash))))
    .on_conflict_do_nothing()
    .returning(FLOW_CONTENT.c.hash)
)
"""One that is there already is locked, so that it isn't removed before something refers to it."""
THIS_FLOW = bindparam("this_flow", type_=Text)
KEEP_OTHERS_AWAY = select(FLOW.c.id).where(FLOW.c.id == THIS_FLOW).with_for_update()
"""From a flow that goes: nobody copies from it any more."""
THIS_DRAFT = bindparam("this_draft", type_=Text)
INSERT_DRAFT = insert(FLOW_DRAFT)
UPDATE_DRAFT = update(FLOW_DRAFT).where(FLOW_DRAFT.c.id == THIS_DRAFT)
NEXT_REVISION = (
    update(FLOW)
    .where(FLOW.c.id == THIS_FLOW)
    .values(draft_revision=FLOW.c.draft_revision + 1)
    .returning(FLOW.c.draft_revision)
)
"""It and `UPDATE_DRAFT` also set each other column that a parameter is named for."""

LONGEST_COMPONENT_NAME = 255
"""Of a team's name, or a component's."""


def noted(since: ChangeSinceExport, draft: ColumnElement[bool]) -> CTE:
    """Records of exports note what is done with their drafts, unless they note something already (P6).

    This is part of the statement that does it, which everybody sends who saves a draft. The parameter `at` says when.
    """
    at = bindparam("at", type_=DateTime(timezone=True))
    change = update(FLOW_EXPORT).where(draft, FLOW_EXPORT.c.first_change.is_(None))
    return change.values(first_change=literal(since.value, Text), first_changed_at=at).cte("noted")


def noting(change: AnyChange, since: ChangeSinceExport, draft: ColumnElement[bool]) -> AnyChange:
    """A change of drafts which the records of the exports that made them note."""
    return change.add_cte(noted(since, draft))


MADE_THIS_DRAFT = FLOW_EXPORT.c.draft_id == THIS_DRAFT
"""Of the record of an export."""
SAVE_DRAFT = noting(UPDATE_DRAFT, ChangeSinceExport.EDITED, MADE_THIS_DRAFT)
SET_ASIDE = {
    since: noting(UPDATE_DRAFT, since, MADE_THIS_DRAFT)
    for since in (ChangeSinceExport.OVERRIDDEN_AGAIN, ChangeSinceExport.PUBLISHED)
}

NAME_COMPONENTS = insert(FLOW_CONTENT_COMPONENT).from_select(
    ["hash", "team", "name"],
    select(
        bindparam("content", type_=Text),
        func.unnest(bindparam("teams", type_=ARRAY(Text))),
        func.unnest(bindparam("names", type_=ARRAY(Text))),
    ),
)
"""In one row for each, however many: they are sent as two lists."""


def content_row(content: Content) -> dict[str, Any]:
    """Content as it is stored, with steps and links apart, for rules that need not read the graph."""
    links = [[link.source, link.target, link.conditional] for link in content.links]
    steps = [[step.id, step.command, *([] if step.name is None else [step.name])] for step in content.steps]
    outline = {"steps": steps, "links": links}
    return {"hash": content.hash, "graph": content.canonical, "outline": canonical(outline)}


def component_rows(content: Content) -> list[dict[str, Any]]:
    """The components that a content names, and that may exist: an index can't hold names of any length."""
    names = {read.component for step in content.steps if (read := read_command(step.command)) is not None}
    possible = [name for name in sorted(names) if max(map(len, name)) <= LONGEST_COMPONENT_NAME]
    return [{"hash": content.hash, "team": name.team, "name": name.name} for name in possible]


@dataclass(frozen=True, slots=True)
class WriteContext:
    """Who writes, when, and in which transaction."""

    connection: WriteConnection
    actor: UserId
    at: datetime

    async def insert_content(self, content: Content) -> None:
        """Content is stored once, however often it comes."""
        current_meter().take_decided(len(content.canonical))
        row = await offload(len(content.canonical), content_row, content)
        if not await self.connection.change(INSERT_CONTENT, row):
            return
        components = await offload(len(content.canonical), component_rows, content)
        if components:
            names = {"teams": [each["team"] for each in components], "names": [each["name"] for each in components]}
            await self.connection.change(NAME_COMPONENTS, {"content": content.hash, **names})

    async def insert_draft(self, flow_id: FlowId, state: FlowState, *, revision: int) -> DraftId:
        """A new active draft of a flow that has none."""
        row = self.draft_row(flow_id, state, revision=revision)
        await self.connection.change(INSERT_DRAFT, row)
        return DraftId(row["id"])

    def draft_row(self, flow_id: FlowId, state: FlowState, *, revision: int) -> dict[str, Any]:
        made = {"author_id": self.actor, "created_at": self.at, "updated_at": self.at, "revision": revision}
        return {"id": new_id(Kind.DRAFT), "flow_id": flow_id, **state_values(state), **made}

    async def set_aside(
        self, draft_id: DraftId | None, since: ChangeSinceExport = ChangeSinceExport.OVERRIDDEN_AGAIN
    ) -> None:
        """Set the active draft aside, if there is one, with who did it and when; it keeps its id (X6)."""
        if draft_id is not None:
            aside = {"set_aside_at": self.at, "set_aside_by": self.actor}
            await self.connection.change(SET_ASIDE[since], {"this_draft": draft_id, "at": self.at, **aside})

    async def next_revision(self, flow_id: FlowId, shows: FlowState | None = None) -> int:
        """The revision of a save, a new draft or a restore: one more, counted by flow (H1). `shows` if that changes."""
        changes = {"updated_at": self.at, **({} if shows is None else shown(shows))}
        [[revision]] = await self.connection.change(NEXT_REVISION, {"this_flow": flow_id, **changes})
        return int(revision)
