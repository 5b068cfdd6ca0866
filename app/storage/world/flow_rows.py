"""The rows that the flows of a world file become."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.content import Content
from app.storage.ids import Kind
from app.storage.states import SHOWN, STATE, shown_values, state_values
from app.storage.world.entity_rows import Row
from app.storage.world.flows import ReadFlow, ReadState
from app.storage.world.keys import IdSource, Keys

BETWEEN_VERSIONS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FlowRows:
    """What a number of flows become, table by table."""

    flows: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    drafts: list[Row] = field(default_factory=list)
    keys: list[Row] = field(default_factory=list)
    contents: dict[str, Content] = field(default_factory=dict)
    """By their hashes, so that equal ones are written once."""


def flow_rows(flows: Iterable[ReadFlow], keys: Keys, *, new_id: IdSource, now: datetime) -> FlowRows:
    """The file doesn't say when things happened: one version came an hour after the other, the draft is new."""
    rows = FlowRows()
    for flow in flows:
        versions = [*_versions(flow, keys, new_id, now)]
        rows.versions.extend(versions)
        rows.drafts.extend(_drafts(flow, keys, new_id, now))
        rows.flows.append(_flow(flow, keys, versions, now))
        workspace_id = keys.id(flow.entity.workspace)
        rows.keys.append({"scope_id": workspace_id, "section": "flows", "key": flow.entity.key, "id": flow.id})
        for state in _states(flow):
            rows.contents[state.content.hash] = state.content
    return rows


def _states(flow: ReadFlow) -> Iterator[ReadState]:
    yield from flow.versions
    if flow.draft is not None:
        yield flow.draft


def _flow(flow: ReadFlow, keys: Keys, versions: list[Row], now: datetime) -> Row:
    its = flow.entity
    return {
        "id": flow.id,
        "workspace_id": keys.id(its.workspace),
        **dict(zip(SHOWN, shown_values(flow.shown), strict=True)),
        "type": its.type.value,
        "status": its.status.value,
        "created_by": _user(keys, its.author),
        "created_at": now - BETWEEN_VERSIONS * (len(versions) + 1),
        "updated_at": now,
        "published_version_id": versions[-1]["id"] if versions else None,
        "draft_revision": 0 if flow.draft is None else 1,
    }


def _versions(flow: ReadFlow, keys: Keys, new_id: IdSource, now: datetime) -> Iterator[Row]:
    for number, state in enumerate(flow.versions, start=1):
        yield {
            "id": new_id(Kind.VERSION, f"{flow.entity.key}/{number}"),
            "number": number,
            "flow_id": flow.id,
            **dict(zip(STATE, state_values(state.state), strict=True)),
            "published_by": _user(keys, state.author),
            "published_at": now - BETWEEN_VERSIONS * (len(flow.versions) + 1 - number),
        }


def _drafts(flow: ReadFlow, keys: Keys, new_id: IdSource, now: datetime) -> Iterator[Row]:
    if flow.draft is None:
        return
    yield {
        "id": new_id(Kind.DRAFT, f"{flow.entity.key}/draft"),
        "flow_id": flow.id,
        **dict(zip(STATE, state_values(flow.draft.state), strict=True)),
        "revision": 1,
        "author_id": _user(keys, flow.draft.author),
        "created_at": now,
        "updated_at": now,
    }


def _user(keys: Keys, key: str | None) -> str | None:
    return None if key is None else keys.id(key)
