"""Which credentials and secrets of a destination fit the steps of a flow, the most likely ones first."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from app.domain.component import resolve_all
from app.domain.credentials import CredentialMatch, StepInNeed, ranked, steps_in_need
from app.domain.flow import size_of_graphs
from app.domain.graph import references
from app.domain.input import name_key
from app.domain.model import ReferenceKind, UserId
from app.domain.references import Destination
from app.domain.source import CopiedState, SourceWish
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.database import Database
from app.storage.facts import read_catalogue, read_targets, read_workspace_access
from app.storage.found_flows import own_states, read_flows
from app.storage.gather import states_at_hand
from app.storage.reads.chosen import read_chosen
from app.storage.reads.rows import CredentialView, SecretView
from app.storage.reads.step_credentials import WantedCredentials, count_each, read_exported_flows, read_first


class CandidatesWanted(NamedTuple):
    step: StepInNeed
    search: str | None
    first: int


class RatedCredential(NamedTuple):
    credential: CredentialView | SecretView
    match: CredentialMatch


async def find_steps_in_need(
    database: Database, actor: UserId, flow_id: str, source: SourceWish, *, workspace_id: str
) -> list[StepInNeed] | None:
    """The steps that need a credential or secret; None if the caller can't see the flow, its state or the workspace."""
    async with database.reading() as connection:
        found = await read_chosen(connection, actor, flow_id, source)
        access, _ = await read_workspace_access(connection, actor, workspace_id)
        if found is None or access is None or not isinstance(found.chosen, CopiedState):
            return None
        exported = {key: [own_states] for key in await read_exported_flows(connection, flow_id, workspace_id)}
        others = await read_flows(connection, actor, exported) if exported else {}
        states = [found.chosen.state, *(state for each in others.values() for state in states_at_hand(each.flow))]
        current_meter().take_objects(sum(len(state.steps) for state in states[1:]))
        catalogue = await read_catalogue(connection, actor, {step.command for state in states for step in state.steps})
        bound = {reference for state in states for reference in references(state.bindings)}
        targets = await read_targets(connection, actor, bound)
    there = [
        Destination(access.workspace, targets=targets, catalogue=catalogue, overridden=each.flow)
        for each in others.values()
    ]
    components = resolve_all(found.chosen.state.graph.commands, catalogue, found.flow.access.workspace)
    size = size_of_graphs(*(state.graph for state in states))
    return await offload(size, steps_in_need, found.chosen.state, components, targets, there, access.workspace.id)


async def find_candidates(
    database: Database, actor: UserId, wanted: Sequence[CandidatesWanted]
) -> list[list[RatedCredential]]:
    """For each step the first of what fits, best match first: two statements for all that are searched for alike."""
    found: dict[CandidatesWanted, list[RatedCredential]] = {}
    for alike in _grouped(wanted):
        step, search, first = alike[0]
        steps = [one.step for one in alike]
        components = sorted({one.component.id for one in steps})
        ids = {id_ for one in steps for id_ in (*one.chosen_before, *([one.own.id] if one.own else []))}
        names = {name_key(one.own.name) for one in steps if one.own is not None}
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
        for one in alike:
            its, number = of_component.get(one.step.component.id, []), numbers.get(one.step.component.id, 0)
            found[one] = [RatedCredential(*rated) for rated in ranked(one.step, its, number)[:first]]
    return [found[one] for one in wanted]


async def count_candidates(database: Database, actor: UserId, steps: Sequence[StepInNeed]) -> list[int]:
    """How many there are for each step, in a statement for each kind."""
    numbers: dict[tuple[ReferenceKind, str], int] = {}
    for alike in _grouped([CandidatesWanted(step, None, 0) for step in steps]):
        step, components = alike[0].step, sorted({one.step.component.id for one in alike})
        async with database.reading() as connection:
            counted = await count_each(connection, actor, step.workspace_id, step.kind, components)
        numbers |= {(step.kind, component): number for component, number in counted.items()}
    return [numbers.get((step.kind, step.component.id), 0) for step in steps]


def _grouped(wanted: Iterable[CandidatesWanted]) -> list[list[CandidatesWanted]]:
    """Those that one statement finds."""

    def alike(one: CandidatesWanted) -> tuple[str, str, str, int]:
        return one.step.workspace_id, one.step.kind.value, one.search or "", one.first

    return [list(group) for _, group in groupby(sorted(wanted, key=alike), alike)]
