"""Check whether drafts and versions can be published, many in as many statements as one."""

from collections.abc import Mapping, Sequence

from app.domain.component import Catalogue
from app.domain.flow import size_of_graphs
from app.domain.model import Target, UserId
from app.domain.readiness import Blocker, blockers
from app.offload import interruptible, offload
from app.storage.connections.database import Database
from app.storage.facts.catalogue import read_catalogue, read_targets
from app.storage.reads.graphs import StateView, read_states


async def check_readiness(
    database: Database, actor: UserId, state_ids: Sequence[str]
) -> dict[str, tuple[Blocker, ...]]:
    """Find the blockers of each draft or version (H3, N4). Every step counts as an object of the operation."""
    async with database.reading() as connection:
        states = await read_states(connection, actor, state_ids, counts_steps=True)
        used = {step.command for view in states.values() for step in view.state.graph.steps}
        catalogue = await read_catalogue(connection, actor, used)
        bound = {reference for view in states.values() for reference in view.state.graph.references}
        targets = await read_targets(connection, actor, bound)
    size = size_of_graphs(*(view.state.graph for view in states.values()))
    return await offload(size, _blockers, states, catalogue, targets)


def _blockers(
    states: Mapping[str, StateView], catalogue: Catalogue, targets: Mapping[str, Target]
) -> dict[str, tuple[Blocker, ...]]:
    return {
        state_id: blockers(view.state.graph, view.access.workspace, catalogue, targets)
        for state_id, view in interruptible(states.items())
    }
