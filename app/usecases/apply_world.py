"""Bring a tenant in step with a world document: all of it, or nothing (W1 to W15)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from app.domain.errors import Refused, in_order
from app.domain.graph import Json
from app.domain.input import InvalidInput
from app.domain.model import Kind
from app.domain.world.flows import FlowReader, NewFlow
from app.domain.world.planning import IdSource, Planning
from app.domain.world.things import (
    Planned,
    TenantNotFound,
    Terms,
    WorldChange,
    WorldPlan,
    WorldPlanIsStale,
    WorldRefusal,
)
from app.offload import offload
from app.storage.connections.connection import ReadConnection, WriteConnection
from app.storage.ids import new_id
from app.storage.store import Store
from app.storage.world.document import Progress, WorldDocument, length_of
from app.storage.world.flow_writes import write_flows
from app.storage.world.plan_writes import note_numbers, write_plan
from app.storage.world.removed import read_dependents, read_uses
from app.storage.world.terms import (
    lock_what_changes,
    take_turn_of_command,
    take_turns,
    terms_of_command,
    terms_of_provisioner,
)
from app.storage.world.world_facts import read_facts
from app.usecases.transaction import UnitOfWork, transaction

FLOWS_AT_A_TIME = 2000


def without_progress(_what: str, _done: int, _total: int) -> None: ...


def fresh_id(kind: Kind, _key: str) -> str:
    return new_id(kind)


@dataclass(frozen=True, slots=True)
class WorldWish:
    """A document, its tenant, and the sections to prune."""

    document: bytes | Json
    """The text of a file, or a JSON value."""
    tenant: str | None = None
    """The id of the tenant, or for the command its key; None for the one that the caller provisions, or for all of the command."""
    prune: frozenset[str] = frozenset()
    fingerprint: str | None = None
    """The fingerprint of the plan that the caller has seen."""
    progress: Progress = without_progress
    new_id: IdSource = fresh_id


@dataclass(frozen=True, slots=True)
class PlannedWorld:
    """The plan of a document that was applied, or could be."""

    plan: WorldPlan
    blockers: tuple[WorldRefusal, ...] = ()

    @property
    def created(self) -> int:
        return self.plan.number_of(WorldChange.CREATED)

    @property
    def changed(self) -> int:
        return self.plan.number_of(WorldChange.CHANGED)

    @property
    def removed(self) -> int:
        return self.plan.number_of(WorldChange.REMOVED)

    @property
    def unchanged(self) -> int:
        return self.plan.number_of(WorldChange.UNCHANGED)


NOTHING = PlannedWorld(WorldPlan((), ""))


@dataclass(frozen=True, slots=True)
class NotApplied(Refused[WorldRefusal]):
    """A document that wasn't applied, with the plan that says why."""

    plan: WorldPlan


@transaction()
async def apply_world(store: Store, wish: WorldWish) -> PlannedWorld | NotApplied:
    """Apply a document, for a provisioner or, where nobody is the actor, for the command. On a refusal nothing is written (W4)."""
    return await applied(store, wish)


async def applied(store: Store, wish: WorldWish) -> PlannedWorld | NotApplied:
    """Apply a document in a transaction, which the caller rolls back on a refusal."""
    connection = store.connection
    run = await _Run.begun(connection, wish, store.actor, connection)
    if not isinstance(run, _Run):
        return NotApplied((run,), NOTHING.plan)
    planning, plan = await run.planned(connection)
    refusals = run.refusals(plan)
    if not refusals:
        await write_plan(store, plan.effects, run.terms)
    plan = await run.with_flows(planning, plan, None if refusals else store)
    refusals = run.refusals(plan)
    if run.terms.by_command and not refusals:
        await note_numbers(connection, plan)
    return NotApplied(refusals, plan) if refusals else PlannedWorld(plan)


async def plan_world(work: UnitOfWork, wish: WorldWish) -> PlannedWorld:
    """Plan what applying a document would do."""
    async with work.database.reading() as connection:
        run = await _Run.begun(connection, wish, work.actor, None)
        if not isinstance(run, _Run):
            return PlannedWorld(NOTHING.plan, (run,))
        plan = await run.with_flows(*await run.planned(None), None)
    return PlannedWorld(plan, run.refusals(plan, is_plan=True))


def ids_of(plan: WorldPlan) -> dict[str, str]:
    """The ids of a plan's things by their keys; a key of several things is preceded by the section of each."""
    ids: dict[str, str] = {}
    sections: dict[str, str] = {}
    for each in plan.effects:
        if each.thing is None or each.key is None or each.section.kind is None or each.change is WorldChange.REMOVED:
            continue
        if (first := sections.setdefault(each.key, each.section.name)) != each.section.name:
            ids.setdefault(f"{first}/{each.key}", ids.get(each.key, ""))
            ids[f"{each.section.name}/{each.key}"] = each.thing.id
        else:
            ids[each.key] = each.thing.id
    return ids


@dataclass
class _Run:
    """A document that is read for its terms."""

    connection: ReadConnection
    wish: WorldWish
    document: WorldDocument
    terms: Terms

    @classmethod
    async def begun(
        cls, connection: ReadConnection, wish: WorldWish, actor: str, locking: WriteConnection | None
    ) -> "_Run | TenantNotFound":
        """Read the document and its terms; a connection that locks waits for other documents of the tenants (W12)."""
        document = await offload(length_of(wish.document), WorldDocument, wish.document, wish.progress)
        if locking is not None and not actor:
            await take_turn_of_command(locking)
        if actor:
            terms = await terms_of_provisioner(connection, actor, wish.tenant, wish.prune)
        else:
            terms = await terms_of_command(connection, wish.tenant, wish.prune)
        if terms is None:
            return TenantNotFound(wish.tenant or "", path=("tenantId",))
        if locking is not None:
            await take_turns(locking, terms.tenants)
        return cls(connection, wish, document, terms)

    async def planned(self, locking: WriteConnection | None) -> tuple[Planning, WorldPlan]:
        """The plan without its new flows; a connection that locks locks first what the plan changes."""
        facts = await read_facts(self.connection, self.terms, self.document.items)
        planning = await offload(length_of(self.wish.document), Planning, facts, self.document.items, self.wish.new_id)
        if locking is not None:
            await lock_what_changes(locking, planning.planned)
        dependents = await read_dependents(self.connection, planning.removed)
        uses = await read_uses(self.connection, planning.removed.values())
        return planning, planning.conclude(dependents, uses, self.document.mistakes)

    async def with_flows(self, planning: Planning, plan: WorldPlan, writing: Store | None) -> WorldPlan:
        """The plan with the mistakes in its new flows; flows are written as long as there is no mistake."""
        flows = _NewFlows(self.document, planning, plan.effects)
        done, new = 0, list[NewFlow]()
        while done < flows.number or new:
            following = offload(length_of(self.wish.document), flows.read)
            read, _ = await asyncio.gather(following, self._write(new, writing))
            new = [] if planning.names.mistakes else read
            done = min(done + FLOWS_AT_A_TIME, flows.number)
            self.wish.progress("Loading flows", done, flows.number)
        mistakes = (*planning.names.mistakes, *planning.names.references_to(planning.removed))
        return plan.with_flows(mistakes, flows.reader.fingerprint if flows.number else "")

    def refusals(self, plan: WorldPlan, *, is_plan: bool = False) -> tuple[WorldRefusal, ...]:
        """Every reason why a plan isn't applied."""
        refusals: list[WorldRefusal] = [*(each.refusal for each in plan.mistakes), *plan.blockers]
        if self.wish.prune and self.terms.tenant is None:
            refusals.append(InvalidInput(("prune",), "Pruning is for the things of one tenant: say of which."))
        if self.wish.prune and self.wish.fingerprint is None and not is_plan:
            refusals.append(
                InvalidInput(("planFingerprint",), "Pruning needs the fingerprint of a plan that was seen.")
            )
        # Before the new flows are read, the plan has the beginning of its fingerprint.
        seen = self.wish.fingerprint
        if seen is not None and not seen.startswith(plan.fingerprint) and not plan.mistakes:
            refusals.append(WorldPlanIsStale(path=("planFingerprint",)))
        return in_order(refusals)

    async def _write(self, flows: list[NewFlow], writing: Store | None) -> None:
        if flows and writing is not None:
            await write_flows(writing, flows, self.wish.new_id)


class _NewFlows:
    """The new flows of a document, and those whose mistakes hide whether they are new, read a part at a time."""

    def __init__(self, document: WorldDocument, planning: Planning, planned: Sequence[Planned]) -> None:
        self.reader = FlowReader(planning.names, planning.removed)
        flows = {each.item.index: each for each in planned if each.section.name == "flows" and each.item is not None}
        self._new = {index: each.thing for index, each in flows.items() if each.change is WorldChange.CREATED}
        of_flows = (item for item in document.items if item.section.name == "flows")
        unread = {item.index: item for item in of_flows if item.index in self._new or item.index not in flows}
        self.number = len(unread)
        self._flows = document.flows(unread)

    def read(self) -> list[NewFlow]:
        """The next part, without flows that have mistakes."""
        part = islice(self._flows, FLOWS_AT_A_TIME)
        read = (self.reader.read(item, raw, self._new.get(item.index)) for item, raw in part if isinstance(raw, dict))
        return [each for each in read if each is not None]
