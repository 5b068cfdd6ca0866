"""Writes the flows that a document creates, a part at a time."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.domain.model import EventType, Kind
from app.domain.world.flows import NewFlow
from app.domain.world.planning import IdSource
from app.storage import tables
from app.storage.connections.row_changes import insert_new_rows, insert_rows
from app.storage.event_writes import FlowEvent, flow_events
from app.storage.facts.states import SHOWN, STATE, shown_values, state_values
from app.storage.store import Store
from app.storage.writes.lifecycle import COMPONENT, CONTENT, component_rows, content_row

BETWEEN_VERSIONS = timedelta(hours=1)
_FLOWS = insert_rows(
    tables.FLOW,
    (
        *("id", "workspace_id", "type", "status", "created_by", "created_at", "updated_at", "published_version_id"),
        *("draft_revision", *SHOWN),
    ),
)
_VERSIONS = insert_rows(tables.FLOW_VERSION, ("id", "flow_id", "number", "published_by", "published_at", *STATE))
_DRAFTS = insert_rows(tables.FLOW_DRAFT, ("id", "flow_id", "revision", "author_id", "created_at", "updated_at", *STATE))
_CONTENTS = insert_new_rows(tables.FLOW_CONTENT, CONTENT)
_COMPONENTS = insert_rows(tables.FLOW_CONTENT_COMPONENT, COMPONENT)


async def write_flows(store: Store, flows: Sequence[NewFlow], new_id: IdSource) -> None:
    """Write new flows. A document doesn't say when things happened: one version came an hour after the other."""
    now = store.at
    contents = {state.content.hash: state.content for flow in flows for state in flow.states}
    rows = [content_row(each) for each in contents.values()]
    fresh = [row.hash for row in await store.write((_CONTENTS, rows))]
    named = [row for each in fresh for row in component_rows(contents[each])]
    await store.write((_COMPONENTS, named))
    versions = [[*_version_rows(flow, now, new_id)] for flow in flows]
    pairs = zip(flows, versions, strict=True)
    created = flow_events(map(_event, flows))
    await store.write(created, (_FLOWS, [_flow_row(flow, [row[0] for row in its], now) for flow, its in pairs]))
    await store.write((_VERSIONS, [row for its in versions for row in its]))
    drafts = [row for flow in flows for row in _draft_rows(flow, now, new_id)]
    await store.write((_DRAFTS, drafts))


def _event(flow: NewFlow) -> FlowEvent:
    name, workspace = flow.current_state.name, flow.thing.values["workspace"]
    return FlowEvent(EventType.FLOW_CREATED, flow.thing.id, name, workspace)


def _flow_row(flow: NewFlow, versions: Sequence[str], now: datetime) -> tuple[object, ...]:
    values = flow.thing.values
    row = {
        "id": flow.thing.id,
        "workspace_id": values["workspace"],
        "type": values["type"],
        "status": values["status"],
        "created_by": values["author"],
        "created_at": now - BETWEEN_VERSIONS * (len(versions) + 1),
        "updated_at": now,
        "published_version_id": versions[-1] if versions else None,
        "draft_revision": 0 if flow.draft is None else 1,
    }
    return (*row.values(), *shown_values(flow.current_state))


def _version_rows(flow: NewFlow, now: datetime, new_id: IdSource) -> Iterator[tuple[Any, ...]]:
    for number, version in enumerate(flow.versions, start=1):
        published_at = now - BETWEEN_VERSIONS * (len(flow.versions) + 1 - number)
        version_id = new_id(Kind.VERSION, f"{flow.thing.key}/{number}")
        yield (version_id, flow.thing.id, number, version.author, published_at, *state_values(version.state))


def _draft_rows(flow: NewFlow, now: datetime, new_id: IdSource) -> Iterator[tuple[object, ...]]:
    if flow.draft is not None:
        draft_id = new_id(Kind.DRAFT, f"{flow.thing.key}/draft")
        yield (draft_id, flow.thing.id, 1, flow.draft.author, now, now, *state_values(flow.draft.state))
