"""A flow with the one state of it that would be copied (X4): of its other states no graph is read."""

from typing import NamedTuple

from app.domain.flow import Flow, SavedState
from app.domain.source import Chosen, DraftNotFound, SourceWish, VersionNotFound, chosen_state
from app.offload import offload
from app.storage.database_connections import ReadConnection
from app.storage.facts import FLOWS_WITH_STATES, flow_of
from app.storage.ids import Kind, is_id
from app.storage.reads.limit import ReadLimit
from app.storage.states import graph_size, state_of
from app.storage.visibility import AnyRow


class ChosenFlow(NamedTuple):
    flow: Flow
    named: SavedState | None
    """The version that is named, if it is one of the flow's own."""
    chosen: Chosen | VersionNotFound | DraftNotFound


async def read_chosen(
    connection: ReadConnection, viewer: str, flow_id: str, source: SourceWish, limit: ReadLimit
) -> ChosenFlow | None:
    """The flow with the state that `source` names, whose steps count towards the limit; None if it isn't visible."""
    if not is_id(Kind.FLOW, flow_id):
        return None
    version = source.version_id if is_id(Kind.VERSION, source.version_id) else None
    wanted = {"viewer": viewer, "ids": [flow_id], "version": version}
    row = (await connection.execute(FLOWS_WITH_STATES, wanted)).first()
    if row is None:
        return None
    name = _name_of_chosen(row, source)
    if name is not None:
        limit.take_bytes(graph_size(row, name))
    found = await offload(0 if name is None else graph_size(row, name), _chosen_of, row, name, source)
    if isinstance(found.chosen, Chosen):
        limit.take_steps(len(found.chosen.state.steps))
    return found


def _name_of_chosen(row: AnyRow, source: SourceWish) -> str | None:
    """Under which name the state that is copied stands in the row; None if there is no such state."""
    flow, named, chosen = _chosen_of(row, None, source)
    states = {"published": flow.published, "draft": flow.draft, "named": named}
    return next(
        (
            name
            for name, state in states.items()
            if isinstance(chosen, Chosen) and state is not None and chosen.state is state.state
        ),
        None,
    )


def _chosen_of(row: AnyRow, with_graph: str | None, source: SourceWish) -> ChosenFlow:
    flow, named = (
        flow_of(row, () if with_graph is None else (with_graph,)),
        state_of(row, "named", with_graph=with_graph == "named"),
    )
    return ChosenFlow(flow, named, chosen_state(flow, source, named))
