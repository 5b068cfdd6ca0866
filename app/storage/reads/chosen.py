"""A flow with the one state of it that would be copied (X4)."""

from typing import NamedTuple

from app.domain.flow import Flow, SavedState
from app.domain.source import CopiedState, DraftNotFound, SourceWish, VersionNotFound, copied_state
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection
from app.storage.found_flows import chosen_by, read_flows


class ChosenFlow(NamedTuple):
    flow: Flow
    named: SavedState | None
    """The version that is named, if it is one of the flow's own."""
    chosen: CopiedState | VersionNotFound | DraftNotFound


async def read_chosen(connection: ReadConnection, viewer: str, flow_id: str, source: SourceWish) -> ChosenFlow | None:
    """The flow with the state that `source` names, whose steps count as objects; None if it isn't visible."""
    needed = {flow_id: [chosen_by(source)]}
    flows = await read_flows(connection, viewer, needed, [source.version_id])
    if flow_id not in flows:
        return None
    flow, named = flows[flow_id].flow, flows[flow_id].named.get(source.version_id or "")
    chosen = copied_state(flow, source, named)
    if isinstance(chosen, CopiedState):
        current_meter().take_objects(len(chosen.state.steps))
    return ChosenFlow(flow, named, chosen)
