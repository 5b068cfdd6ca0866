"""Rank the credentials and secrets of a destination that fit the steps of a flow, the most likely ones first."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from app.domain.credentials import CredentialMatch, StepInNeed, ranked, steps_in_need
from app.domain.flow import size_of_graphs
from app.domain.input import name_key
from app.domain.model import ReferenceKind, UserId
from app.domain.source import CopiedState, SourceWish
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.database import Database
from app.storage.facts.catalogue import read_catalogue, read_targets, read_workspace_access
from app.storage.facts.flows import own_states, read_flows
from app.storage.facts.gather import states_at_hand
from app.storage.pages.step_credentials import WantedCredentials, count_each, read_exported_flows, read_first
from app.storage.reads.chosen import read_chosen
from app.storage.reads.rows import CredentialView, SecretView


class CandidatesWanted(NamedTuple):
    step: StepInNeed
    search: str | None
    first: int


class RatedCredential(NamedTuple):
    credential: CredentialView | SecretView
    match: CredentialMatch


async def find_steps_in_need(
    database: Database, actor: UserId, flow_id: str, source_wish: SourceWish, *, workspace_id: str
) -> list[StepInNeed] | None:
    """The steps that need a credential or secret; None if the caller can't see the flow, its state or the workspace."""
    async with database.reading() as connection:
        source = await read_chosen(connection, actor, flow_id, source_wish)
        access, _ = await read_workspace_access(connection, actor, workspace_id)
        if source is None or access is None or not isinstance(source.copied, CopiedState):
            return None
        exported = {key: [own_states] for key in await read_exported_flows(connection, flow_id, workspace_id)}
        copies = await read_flows(connection, actor, exported) if exported else {}
        states = [source.copied.state, *(state for copy in copies.values() for state in states_at_hand(copy.flow))]
        current_meter().take_objects(sum(len(state.graph.steps) for state in states[1:]))
        catalogue = await read_catalogue(
            connection, actor, {step.command for state in states for step in state.graph.steps}
        )
        bound = {reference for state in states for reference in state.graph.references}
        targets = await read_targets(connection, actor, bound)
    size, flows = size_of_graphs(*(state.graph for state in states)), [copy.flow for copy in copies.values()]
    return await offload(size, steps_in_need, source.copied, access.workspace, catalogue, targets, flows)


async def find_candidates(
    database: Database, actor: UserId, searches: Sequence[CandidatesWanted]
) -> list[list[RatedCredential]]:
    """The first candidates of each search, best match first, in two statements for all searches that differ only in the step."""
    candidates: dict[CandidatesWanted, list[RatedCredential]] = {}
    for group in _grouped(searches):
        step, search, first = group[0]
        steps = [of_step.step for of_step in group]
        components = sorted({step.component.id for step in steps})
        ids = {id_ for step in steps for id_ in (*step.chosen_before, *([step.own.id] if step.own else []))}
        names = {name_key(step.own.name) for step in steps if step.own is not None}
        async with database.reading() as connection:
            numbers = await count_each(connection, actor, step.workspace_id, step.kind, components)
            views = await read_first(
                connection,
                actor,
                step.workspace_id,
                step.kind,
                WantedCredentials(components, ids, names),
                search=search,
                first=first,
            )
        of_component: dict[str, list[CredentialView | SecretView]] = {}
        for view in views:
            of_component.setdefault(view.component_id, []).append(view)
        for of_step in group:
            component = of_step.step.component.id
            rated = ranked(of_step.step, of_component.get(component, []), numbers.get(component, 0))
            candidates[of_step] = [RatedCredential(*credential) for credential in rated[:first]]
    return [candidates[of_step] for of_step in searches]


async def count_candidates(database: Database, actor: UserId, steps: Sequence[StepInNeed]) -> list[int]:
    """Count the candidates of each step, in a statement for each kind."""
    numbers: dict[tuple[ReferenceKind, str], int] = {}
    for group in _grouped([CandidatesWanted(step, None, 0) for step in steps]):
        step, components = group[0].step, sorted({search.step.component.id for search in group})
        async with database.reading() as connection:
            counted = await count_each(connection, actor, step.workspace_id, step.kind, components)
        numbers |= {(step.kind, component): number for component, number in counted.items()}
    return [numbers.get((step.kind, step.component.id), 0) for step in steps]


def _grouped(searches: Iterable[CandidatesWanted]) -> list[list[CandidatesWanted]]:
    """Group the searches that one statement answers."""

    def key(search: CandidatesWanted) -> tuple[str, str, str, int]:
        return search.step.workspace_id, search.step.kind.value, search.search or "", search.first

    return [list(group) for _, group in groupby(sorted(searches, key=key), key)]
