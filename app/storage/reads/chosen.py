"""A flow with the one state of it that would be copied (X4)."""

from typing import NamedTuple

from app.domain.flow import Flow, SavedState
from app.domain.source import CopiedState, DraftNotFound, SourceWish, VersionNotFound, copied_state
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection
from app.storage.facts.flows import chosen_by, read_flows


class ChosenFlow(NamedTuple):
    flow: Flow
    named: SavedState | None
    """The named version, if it belongs to the flow."""
    copied: CopiedState | VersionNotFound | DraftNotFound


async def read_chosen(connection: ReadConnection, viewer: str, flow_id: str, source: SourceWish) -> ChosenFlow | None:
    """Read a flow with the state that `source` names, whose steps count as objects; None if the flow isn't visible."""
    flows = await read_flows(connection, viewer, {flow_id: [chosen_by(source)]}, [source.version_id])
    if flow_id not in flows:
        return None
    flow, named = flows[flow_id].flow, flows[flow_id].named.get(source.version_id or "")
    copied = copied_state(flow, source, named)
    if isinstance(copied, CopiedState):
        current_meter().take_objects(len(copied.state.graph.steps))
    return ChosenFlow(flow, named, copied)
