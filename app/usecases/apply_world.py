"""Bring a tenant in step with a world document: all of it, or nothing (W1 to W15). Load the demo world, or put it back to its first state."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from app.domain.errors import Refused, in_order
from app.domain.graph import Json
from app.domain.input import InvalidInput
from app.domain.model import Kind
from app.domain.world.consistency import blockers_of
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
from app.offload import LARGE, offload
from app.storage.connections.connection import ReadConnection
from app.storage.ids import new_id
from app.storage.store import Store
from app.storage.world import demo
from app.storage.world.document import Progress, WorldDocument
from app.storage.world.plan_writes import analyze_tables, write_flows, write_plan
from app.storage.world.terms import lock_command, lock_tenants, lock_what_changes, read_terms
from app.storage.world.world_facts import FactsReader, read_dependents, read_uses
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
class NotApplied(Refused[WorldRefusal]):
    """A document that wasn't applied, with the plan that says why."""

    plan: WorldPlan


@transaction()
async def apply_world(store: Store, wish: WorldWish) -> WorldPlan | NotApplied:
    """Apply a document, for a provisioner or, where nobody is the actor, for the command. On a refusal nothing is written (W4)."""
    return await apply_document(store, wish)


async def apply_document(store: Store, wish: WorldWish) -> WorldPlan | NotApplied:
    """Apply a document within the transaction of the caller, who rolls it back on a refusal."""
    plan = await _plan_and_write(store.connection, wish, store.actor, store)
    return NotApplied(plan.blockers, plan) if plan.blockers else plan


async def plan_world(work: UnitOfWork, wish: WorldWish) -> WorldPlan:
    """Plan what applying a document would do."""
    async with work.database.reading() as connection:
        return await _plan_and_write(connection, wish, work.actor, None)


def ids_of(plan: WorldPlan) -> dict[str, str]:
    """The ids of a plan's things by their keys.

    By `section/key` too where several sections have the key, and by `section/owner/key` where several things of a section have it.
    """
    by_key: dict[tuple[str, str], list[Planned]] = defaultdict(list)
    for each in plan.effects:
        if each.section.kind is not None and each.change is not WorldChange.REMOVED and each.thing.id and each.key:
            by_key[each.section.name, each.key].append(each)
    sections = Counter(key for _, key in by_key)
    ids: dict[str, str] = {}
    for (section, key), same in by_key.items():
        ids.setdefault(key, same[0].thing.id)
        if sections[key] > 1:
            ids[f"{section}/{key}"] = same[0].thing.id
        if len(same) > 1:
            ids.update((f"{section}/{each.owner}/{key}", each.thing.id) for each in same)
    return ids


async def _plan_and_write(connection: ReadConnection, wish: WorldWish, actor: str, store: Store | None) -> WorldPlan:
    """Plan a document; with a store, lock what it changes, and write the plan as long as nothing stands in the way."""
    document = await offload(LARGE, WorldDocument, wish.document, wish.progress)
    terms = await _lock_and_read_terms(connection, wish, actor, store)
    if terms is None:
        return WorldPlan(blockers=(TenantNotFound(wish.tenant or "", path=("tenantId",)),))
    facts = await FactsReader(connection, terms, document.items).read()
    planning = await offload(LARGE, Planning, facts, document.items, wish.new_id, document.mistakes)
    if store is not None:
        await lock_what_changes(store.connection, planning.planned)
    dependents = await read_dependents(connection, planning.removed)
    uses = await read_uses(connection, planning.removed.values())
    blockers: list[WorldRefusal] = [
        *blockers_of(planning.planned, dependents),
        *_careless_prunes(wish, terms, store),
    ]
    writer = None if planning.mistakes or blockers else store
    if writer is not None:
        await write_plan(writer, planning.planned, terms)
    plan = planning.conclude(uses, await _read_and_write_flows(document, planning, wish, writer))
    if not plan.mistakes and wish.fingerprint not in {None, plan.fingerprint}:
        blockers.append(WorldPlanIsStale(path=("planFingerprint",)))
    blockers[:0] = (each.refusal for each in plan.mistakes)
    if writer is not None and terms.by_command and not blockers:
        await analyze_tables(writer.connection, plan)
    return replace(plan, blockers=in_order(blockers))


async def _lock_and_read_terms(
    connection: ReadConnection, wish: WorldWish, actor: str, store: Store | None
) -> Terms | None:
    """Read the terms of a document; with a store, first wait for other documents of its tenants (W12)."""
    if store is not None and not actor:
        await lock_command(store.connection)
    terms = await read_terms(connection, actor, wish.tenant, wish.prune)
    if store is not None and terms is not None:
        await lock_tenants(store.connection, terms.tenants)
    return terms


async def _read_and_write_flows(
    document: WorldDocument, planning: Planning, wish: WorldWish, writer: Store | None
) -> str:
    """Read new flows, and write them a part at a time as long as there is no mistake; returns their fingerprint."""
    unread, mistakes = planning.unread, planning.names.mistakes
    reader, flows, new_flows = FlowReader(planning.names, planning.removed), document.flows(unread), list[NewFlow]()
    for done in range(0, len(unread) + FLOWS_AT_A_TIME, FLOWS_AT_A_TIME):
        # The next part is read while one is written.
        read = offload(LARGE, reader.read_all, islice(flows, FLOWS_AT_A_TIME), unread)
        write = asyncio.sleep(0) if writer is None else write_flows(writer, new_flows, wish.new_id)
        next_flows, _ = await asyncio.gather(read, write)
        new_flows = [] if mistakes else next_flows
        if unread:
            wish.progress("Loading flows", min(done, len(unread)), len(unread))
    return reader.fingerprint


def _careless_prunes(wish: WorldWish, terms: Terms, store: Store | None) -> Iterator[InvalidInput]:
    """Why nothing is pruned in all tenants at once, or without a look at the plan."""
    if wish.prune and terms.tenant is None:
        yield InvalidInput(("prune",), "Pruning is for the things of one tenant: say of which.")
    if wish.prune and wish.fingerprint is None and store is not None:
        yield InvalidInput(("planFingerprint",), "Pruning needs the fingerprint of a plan that was seen.")


MOST_WAITS = 20
PAUSE_SECONDS = 0.2
"""How often a reset waits for those who write, and what it leaves them in between."""


async def demo_is_loaded(work: UnitOfWork) -> bool:
    """Whether anybody can get in with the tokens of the demo world."""
    async with work.database.reading() as connection:
        return await demo.has_demo_tokens(connection)


async def load_demo_if_empty(work: UnitOfWork) -> bool:
    """Load the demo world with its tokens if nobody has anything in this database; whether it was loaded."""
    async with work.database.reading() as connection:
        is_empty = await demo.is_empty(connection)
    # Whoever loads something now is waited for.
    return is_empty and await load_demo(work, None)


async def reset_demo_world(work: UnitOfWork) -> None:
    """Delete everything, and load the demo world anew. Raises NotOnlyTheDemo and DemoIsBusy; then nothing is written."""
    for _ in range(MOST_WAITS - 1):
        try:
            return await reset_demo(work, None)
        except demo.DemoIsBusy:
            await asyncio.sleep(PAUSE_SECONDS)
    return await reset_demo(work, None)


@transaction()
async def load_demo(store: Store, _: None) -> bool:
    await lock_command(store.connection)
    if not await demo.is_empty(store.connection):
        return False
    await apply_demo(store)
    return True


@transaction()
async def reset_demo(store: Store, _: None) -> None:
    await lock_command(store.connection)
    await demo.clear(store)
    await apply_demo(store)


async def apply_demo(store: Store) -> None:
    outcome = await apply_document(store, WorldWish(demo.WORLD.read_bytes(), new_id=demo.demo_id))
    if isinstance(outcome, NotApplied):
        raise TypeError(outcome.errors[0].message)
    await demo.add_what_no_document_says(store.connection)
