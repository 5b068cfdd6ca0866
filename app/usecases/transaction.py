"""Transactions of use cases. No use case repeats what is done here, and nothing above a use case knows of it."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, TypeVar, cast

from app.domain.batch import Batch, BatchWish, Metered
from app.domain.errors import Refusal, Refused
from app.domain.facts import Facts
from app.domain.flow import Graph
from app.domain.input import KeyedCall
from app.domain.model import UserId
from app.meter import MUTATION_COST, current_meter
from app.offload import interruptible, offload
from app.storage.connections.database import Database
from app.storage.connections.failures import Commits, CommitState, TransactionConflict
from app.storage.connections.replicas.replica import note_write
from app.storage.facts.locks import StoredCall
from app.storage.store import Store
from app.telemetry.log import log
from app.usecases.keyed_calls import KeyedWish, find_keyed_call, read_outcomes, store_outcomes

Wish = TypeVar("Wish")
Decision = TypeVar("Decision")
Outcome = TypeVar("Outcome")
Reason = TypeVar("Reason", bound=Refusal)
UseCase = Callable[[Store, Wish], Awaitable[Outcome]]
Call = Callable[["UnitOfWork", Wish], Coroutine[Any, Any, Outcome]]
NOBODY = UserId("")
"""The actor of what isn't done for a request."""
RETRIES = 2
"""How often a transaction is retried that was rolled back for another one."""


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """Database, clock and settings of a request's use cases, and the commits and refusals so far."""

    database: Database
    clock: Callable[[], datetime]
    keys_kept: timedelta = timedelta(hours=24)
    """How long idempotency keys are kept (P5)."""
    drafts_kept: timedelta = timedelta(days=30)
    """How long drafts that were set aside are kept (H8)."""
    actor: UserId = NOBODY
    commits: Commits = field(default_factory=Commits)
    refused: list[str] = field(default_factory=list)
    """The codes of the refusals, for the log."""

    def of(self, actor: UserId, commits: Commits | None = None, *, database: Database | None = None) -> "UnitOfWork":
        """A copy for a request of this actor, whose transactions are noted in `commits`."""
        commits = Commits() if commits is None else commits
        return UnitOfWork(database or self.database, self.clock, self.keys_kept, self.drafts_kept, actor, commits, [])

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Store]:
        """Open a transaction; its commit is the only one. One for nobody needs no slot for waiting for locks."""
        is_for_nobody = self.actor == NOBODY
        async with self.database.writing(
            None if is_for_nobody else self.commits, locks=not is_for_nobody
        ) as connection:
            yield Store(connection, self.actor, self.clock, self.keys_kept)
            if self.database.replica is not None and not is_for_nobody:
                await note_write(connection, self.actor)


class RolledBack(Exception):
    """Ends the transaction of a use case that has done nothing."""


def transaction(
    *, key: KeyedCall | None = None, resumes: bool = False
) -> Callable[[UseCase[Wish, Outcome]], Call[Wish, Outcome]]:
    """Make a use case, which takes a `Store`, a function of a `UnitOfWork` that runs it in a transaction of its own.

    The transaction is retried after a conflict, and rolled back where the use case refuses.

    `key`: the kind of call whose idempotency keys are kept (P5); a call of many that `resumes` does what wasn't done before.
    """

    def decorate(use_case: UseCase[Wish, Outcome]) -> Call[Wish, Outcome]:
        do: Any = use_case if key is None else partial(run_once, use_case, key, resumes=resumes)

        @wraps(use_case)
        async def run(work: UnitOfWork, wish: Wish) -> Outcome:
            meter = current_meter()
            meter.take_objects(MUTATION_COST)
            outcome: Outcome = await run_with_retries(do, work, wish)
            meter.lift_time_limit()
            work.refused.extend(dict.fromkeys(refusal.code for refusal in refusals_of(outcome)))
            return outcome

        return run

    return decorate


async def run_with_retries(do: UseCase[Wish, Outcome], work: UnitOfWork, wish: Wish) -> Outcome:
    """Run the use case again in a new transaction after a conflict with another one."""
    meter = current_meter()
    for _ in range(RETRIES):
        counts = meter.objects, meter.bytes, meter.decided_bytes, meter.planned_bytes
        try:
            return await run_in_transaction(do, work, wish)
        except TransactionConflict as error:
            if error.written is not CommitState.NOTHING:
                raise
            # The next attempt looks at the same again.
            meter.objects, meter.bytes, meter.decided_bytes, meter.planned_bytes = counts
            # A command has no metrics, and a start decides first where they are kept.
            from app.telemetry.metrics import TRANSACTIONS_RETRIED

            log().info("transaction retried", reason=str(error))
            TRANSACTIONS_RETRIED.inc()
    return await run_in_transaction(do, work, wish)


async def run_in_transaction(do: UseCase[Wish, Outcome], work: UnitOfWork, wish: Wish) -> Outcome:
    """Run the use case in a transaction, which is rolled back if nothing was done."""
    with suppress(RolledBack):
        async with work.begin() as store:
            outcome = await do(store, wish)
            if not is_done(outcome):
                raise RolledBack
    return outcome


async def run_once(
    use_case: UseCase[Any, Any], call: KeyedCall, store: Store, wish: KeyedWish, *, resumes: bool
) -> object:
    """Run the use case, or answer a repeated call with its first outcome, after waiting for a concurrent call.

    The transaction stores the outcome, but no refusal. Refuses a key that was used for another input.
    """
    stored = await find_keyed_call(wish, partial(store.take_key, call))
    if stored is None:
        return await use_case(store, wish)
    if isinstance(stored, Refused):
        return Batch((), stored.errors) if resumes else stored
    earlier = await read_outcomes(store, stored)
    if resumes:
        return await resume_batch(use_case, store, stored, cast("BatchWish[Any]", wish), earlier)
    if earlier:
        return earlier[0]
    outcome = await use_case(store, wish)
    if not isinstance(outcome, Refused):
        # A call of one outcome is kept as one of a single item.
        await store_outcomes(store, stored, {0: outcome})
    return outcome


async def resume_batch(
    use_case: UseCase[BatchWish[Any], Batch[Any, Any]],
    store: Store,
    stored: StoredCall,
    wish: BatchWish[Any],
    earlier: dict[int, Any],
) -> Batch[Any, Any]:
    """Do the items that weren't done before; what was refused is tried again."""
    rest = replace(wish, done_before=frozenset(earlier))
    batch: Batch[Any, Any] = Batch((), ())
    if rest.remaining or not earlier:
        batch = await use_case(store, rest)
    results = dict(zip(rest.remaining, batch.results, strict=True))
    newly_done = {index: result for index, result in results.items() if not isinstance(result, Refused)}
    if newly_done:
        await store_outcomes(store, stored, newly_done)
    in_order = tuple(result for _, result in sorted((results | earlier).items()))
    return Batch(in_order, batch.errors, bool(earlier) and not newly_done)


def is_done(outcome: object) -> bool:
    """Whether a use case has done something, now or before with the same idempotency key."""
    if isinstance(outcome, Batch):
        return bool(outcome.accepted)
    return not isinstance(outcome, Refused)


def refusals_of(outcome: object) -> Iterable[Refusal]:
    """The reasons why nothing was written, or not all of it."""
    if isinstance(outcome, Batch):
        return outcome.refusals
    return outcome.errors if isinstance(outcome, Refused) else ()


async def decide(facts: Facts, rule: Callable[[], Decision]) -> Decision:
    """Ask a rule of the domain, in a thread where the facts are large."""
    return await offload(facts.size, rule)


async def write_one(
    store: Store,
    plan: Decision | Refused[Reason],
    write: Callable[[Store, Sequence[Decision]], Awaitable[list[Outcome]]],
) -> Outcome | Refused[Reason]:
    """Write a plan as a call of one item (P8), unless it is refused."""
    if isinstance(plan, Refused):
        return plan
    [outcome] = await write(store, [plan])
    return outcome


Item = TypeVar("Item")
RECENT_GRAPHS = 16
"""Graphs that stay parsed: a call may be about a thousand flows, and items about one flow often follow each other."""


def forgetting_graphs(items: Iterable[Item], graphs_of: Callable[[Item], Iterable[Graph]]) -> Iterator[Item]:
    """Pass items on while the operation is within its limits; only the last few graphs that were looked at stay parsed."""
    recent: OrderedDict[int, Graph] = OrderedDict()
    for item in interruptible(items):
        yield item
        for graph in graphs_of(item):
            recent[id(graph)] = graph
            recent.move_to_end(id(graph))
        while len(recent) > RECENT_GRAPHS:
            recent.popitem(last=False)[1].forget()


def metered_items(facts: Facts) -> Metered[Any]:
    """Make the iteration of a rule over items that are each about a flow."""
    return partial(forgetting_graphs, graphs_of=lambda item: facts.graphs_of(item.flow_id))
