"""One unit of work: a transaction, the facts that are read in it, and what is written.

Where locks are taken is written down here, once: **flows before contracts, by id**. A flow that is changed is locked
with `FOR NO KEY UPDATE`; a flow that is copied from with `FOR KEY SHARE`, which only keeps it from being deleted, so
that a flow can be exported from while it is exported onto. A new flow locks the contract, if that has a quota. Where
drafts or flows go, the records of exports that name them come last, by id (`forget_in_records`). Facts are read after
the lock, in statements of their own, so that they show what the last holder left.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, Text, bindparam, select

from app.domain.component import Catalogue
from app.domain.content import SplitGraph, read_graph, topic_fields
from app.domain.create import CreateFacts, CreateWish
from app.domain.draft import DraftFacts
from app.domain.export import CopyWish, ExportFacts, ExportWish, OntoFlow
from app.domain.flow import Flow, FlowState, SavedState
from app.domain.graph import Json, commands, references
from app.domain.graph_input import GraphMistakes
from app.domain.model import UserId
from app.domain.set_aside import RestoreFacts
from app.domain.update import KEEP, Keep
from app.offload import LARGE, offload
from app.storage.database_connections import WriteConnection
from app.storage.drafts import find_flow_of_draft, has_drafts_set_aside, lock_draft
from app.storage.engine import Database
from app.storage.facts import read_catalogue, read_targets, read_workspace_access
from app.storage.found_flows import FoundFlow, Needed, chosen_by, every_state, no_state, read_flows
from app.storage.ids import Kind, is_id
from app.storage.mirrored_rules import counts_against_quota
from app.storage.reads.limit import sent_size
from app.storage.tables import CONTRACT, FLOW, WORKSPACE, WORKSPACE_ACCESS
from app.storage.visibility import BY_VIEWER, FLOWS, with_access
from app.storage.write_context import WriteContext
from app.telemetry.effort import count_graph

WANTED = bindparam("wanted", type_=Text)

LOCK_FLOW = select(FLOW.c.id).select_from(FLOWS).where(FLOW.c.id == WANTED).with_for_update(of=FLOW, key_share=True)

KEEP_FLOW = (
    select(FLOW.c.id).select_from(FLOWS).where(FLOW.c.id == WANTED).with_for_update(of=FLOW, read=True, key_share=True)
)

LOCK_CONTRACT = (
    select(CONTRACT.c.id)
    .select_from(with_access(WORKSPACE_ACCESS))
    .where(BY_VIEWER, WORKSPACE.c.id == WANTED, counts_against_quota())
    .with_for_update(of=CONTRACT, key_share=True)
)

LOCK_CONTRACT_OF_FLOW = (
    select(CONTRACT.c.id)
    .select_from(with_access(FLOWS))
    .where(FLOW.c.id == WANTED, counts_against_quota())
    .with_for_update(of=CONTRACT, key_share=True)
)


class Store:
    """The facts and the writes of one transaction, for one caller."""

    def __init__(self, connection: WriteConnection, actor: UserId) -> None:
        self._connection = connection
        self._actor = actor

    async def export_facts(self, wish: ExportWish) -> ExportFacts:
        """What an export rests on; the destination is locked from here on."""
        if isinstance(wish.destination, OntoFlow):
            facts = await self._override_facts(wish, wish.destination.flow_id)
        else:
            facts = await self._new_flow_facts(wish, wish.destination.workspace_id)
        return await self._with_references(facts, wish.topic_id)

    async def copy_facts(self, wish: CopyWish) -> ExportFacts:
        """What a copy rests on; the contract's quota is locked from here on."""
        await self._lock(KEEP_FLOW, Kind.FLOW, wish.flow_id)
        await self._lock(LOCK_CONTRACT_OF_FLOW, Kind.FLOW, wish.flow_id)
        source, named = await self._flow(wish.flow_id, chosen_by(wish.source), version=wish.source.version_id)
        access, used = None, 0
        if source is not None:
            access, used = await read_workspace_access(self._connection, self._actor, source.access.workspace.id)
        facts = ExportFacts(source, access, named_version=named, flows_used=used)
        return await self._with_references(facts, given_topic=None)

    async def create_facts(self, wish: CreateWish) -> CreateFacts | None:
        """What the creation of a flow rests on; the contract's quota is locked from here on. None: no such workspace."""
        count_graph(sent_size(wish.graph))
        await self._lock(LOCK_CONTRACT, Kind.WORKSPACE, wish.workspace_id)
        access, used = await read_workspace_access(self._connection, self._actor, wish.workspace_id)
        if access is None:
            return None
        catalogue = await read_catalogue(self._connection, self._actor, commands(wish.graph))
        graph = await offload(LARGE, read_graph, wish.graph, topic_fields(catalogue, access.workspace))
        targets = await read_targets(self._connection, self._actor, _named_by(graph))
        return CreateFacts(access, graph, catalogue, targets, used)

    async def draft_facts(
        self,
        flow_id: str,
        needed: Needed = no_state,
        *,
        version_id: str | None = None,
        sent: Json | Keep = KEEP,
        chosen: Iterable[str] = (),
    ) -> DraftFacts | None:
        """What a change of a flow's draft rests on; the flow is locked from here on. None: no such flow.

        `version_id` names a version of it, `needed` says of which states the graphs matter; `sent` and `chosen` are the
        graph, and what the caller chose for its steps.
        """
        if not isinstance(sent, Keep):
            count_graph(sent_size(sent))
        await self._lock(LOCK_FLOW, Kind.FLOW, flow_id)
        flow, named = await self._flow(flow_id, needed, version=version_id)
        if flow is None:
            return None
        states = _states(flow, named)
        used = {step.command for state in states for step in state.steps}
        catalogue = await read_catalogue(self._connection, self._actor, used.union(commands(sent)))
        graph = None if isinstance(sent, Keep) else await self._read_graph(flow, sent, catalogue)
        ids = {reference for state in states for reference in references(state.bindings)}
        targets = await read_targets(self._connection, self._actor, ids.union(_named_by(graph), chosen))
        return DraftFacts(flow, named, graph, catalogue, targets)

    async def has_drafts_set_aside(self, flow_id: str) -> bool:
        return await has_drafts_set_aside(self._connection, flow_id)

    async def restore_facts(self, draft_id: str) -> RestoreFacts | None:
        """What restoring a draft rests on; its flow is locked from here on. None: no such draft."""
        flow_id = await find_flow_of_draft(self._connection, self._actor, draft_id)
        if flow_id is None:
            return None
        await self._lock(LOCK_FLOW, Kind.FLOW, flow_id)
        flow, _ = await self._flow(flow_id, no_state)
        if flow is None:
            return None
        draft, is_set_aside = await lock_draft(self._connection, draft_id)
        return RestoreFacts(flow, draft, is_set_aside)

    def context(self, *, at: datetime) -> WriteContext:
        """What the writes of this unit of work are made with."""
        return WriteContext(self._connection, self._actor, at)

    async def _override_facts(self, wish: ExportWish, flow_id: str) -> ExportFacts:
        locks = {wish.flow_id: KEEP_FLOW, flow_id: LOCK_FLOW}
        for locked in sorted(locks):
            await self._lock(locks[locked], Kind.FLOW, locked)
        needed = {wish.flow_id: chosen_by(wish.source), flow_id: every_state}
        flows = await read_flows(self._connection, self._actor, needed, wish.source.version_id)
        source, named = flows.get(wish.flow_id, (None, None))
        overridden, _ = flows.get(flow_id, (None, None))
        return ExportFacts(source, None if overridden is None else overridden.access, overridden, named)

    async def _new_flow_facts(self, wish: ExportWish, workspace_id: str) -> ExportFacts:
        await self._lock(KEEP_FLOW, Kind.FLOW, wish.flow_id)
        await self._lock(LOCK_CONTRACT, Kind.WORKSPACE, workspace_id)
        source, named = await self._flow(wish.flow_id, chosen_by(wish.source), version=wish.source.version_id)
        access, used = await read_workspace_access(self._connection, self._actor, workspace_id)
        return ExportFacts(source, access, named_version=named, flows_used=used)

    async def _read_graph(self, flow: Flow, sent: Json, catalogue: Catalogue) -> SplitGraph | GraphMistakes:
        base = flow.draft or flow.published
        fields = topic_fields(catalogue, flow.access.workspace, None if base is None else base.state)
        return await offload(LARGE, read_graph, sent, fields)

    async def _lock(self, statement: Select[str], kind: Kind, wanted: str) -> None:
        if is_id(kind, wanted):
            await self._connection.row(statement, {"viewer": self._actor, "wanted": wanted})

    async def _flow(self, flow_id: str, needed: Needed, *, version: str | None = None) -> FoundFlow | tuple[None, None]:
        flows = await read_flows(self._connection, self._actor, {flow_id: needed}, version)
        return flows.get(flow_id, (None, None))

    async def _with_references(self, facts: ExportFacts, given_topic: str | None) -> ExportFacts:
        """The components and the targets of every state at hand, whichever is chosen."""
        states = [*_states(facts.source, facts.named_version), *_states(facts.overridden, None)]
        commands_used = (step.command for state in states for step in state.steps)
        ids = [reference for state in states for reference in references(state.bindings)]
        catalogue = await read_catalogue(self._connection, self._actor, commands_used)
        targets = await read_targets(self._connection, self._actor, [*ids, *filter(None, [given_topic])])
        return replace(facts, catalogue=catalogue, targets=targets)


def _states(flow: Flow | None, named: SavedState | None) -> list[FlowState]:
    """Every state of a flow that is at hand."""
    known = () if flow is None else (flow.published, flow.draft, named)
    return [saved.state for saved in known if saved is not None]


def _named_by(graph: SplitGraph | GraphMistakes | None) -> Iterable[str]:
    """What a graph that was sent names; one with mistakes names nothing."""
    return references(graph.bindings) if isinstance(graph, SplitGraph) else ()


class UnitOfWork:
    """Opens one transaction for one use case; its commit is the only one."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self.now = clock

    @asynccontextmanager
    async def begin(self, actor: UserId) -> AsyncIterator[Store]:
        async with self._database.writing() as connection:
            yield Store(connection, actor)
