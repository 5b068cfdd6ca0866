"""Transactions of use cases. No use case repeats what is done here, and nothing above a use case knows of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from app.domain.errors import Refusal, Refused
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.meter import MUTATION_COST, current_meter
from app.offload import offload
from app.storage.connections.commits import Commits, CommitState
from app.storage.connections.database import Database, TransactionConflict
from app.storage.connections.replicas.positions import note_write
from app.storage.store import Store
from app.telemetry.log import log
from app.telemetry.metrics import TRANSACTIONS_RETRIED
from app.usecases.do_once import once
from app.usecases.results import Exported, ExportedBatch

Facts = TypeVar("Facts", bound="Sized | None")
Wish = TypeVar("Wish")
Decision = TypeVar("Decision")
Outcome = TypeVar("Outcome")
UseCase = Callable[[Store, Wish], Awaitable[Outcome]]
Call = Callable[["UnitOfWork", Wish], Coroutine[Any, Any, Outcome]]
NOBODY = UserId("")
"""The actor of what isn't done for a request."""
RETRIES = 2
"""How often a transaction is retried that was rolled back for another one."""


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """What a use case is run with, and what has come of those that were."""

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

    @property
    def keys_since(self) -> datetime:
        """Idempotency keys that were used before are forgotten."""
        return self.clock() - self.keys_kept

    def of(self, actor: UserId, commits: Commits | None = None) -> "UnitOfWork":
        """One of a request of this actor, whose transactions are noted among these commits."""
        return replace(self, actor=actor, commits=commits or Commits(), refused=[])

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Store]:
        """Open a transaction; its commit is the only one. Use cases for nobody wait for no locks of others."""
        if self.actor == NOBODY:
            opened = self.database.writing()
        else:
            opened = self.database.of(self.actor).locking(self.commits.begin())
        async with opened as connection:
            yield Store(connection, self.actor, self.clock, self.keys_kept)
            if self.database.replica is not None and self.actor != NOBODY:
                await note_write(connection, self.actor)


class RolledBack(Exception):
    """Ends the transaction of a use case that wrote nothing."""

    def __init__(self, outcome: object) -> None:
        super().__init__()
        self.outcome = outcome


def transaction(
    *, key: KeyedCall | None = None, repeated: Callable[..., Awaitable[Any]] = once
) -> Callable[[UseCase[Wish, Outcome]], Call[Wish, Outcome]]:
    """Run a use case in a transaction of its own: retried after a conflict, rolled back where it refuses.

    `key`: the kind of call whose idempotency keys are kept (P5); `repeated` answers a call whose key is known.
    """

    def decorate(use_case: UseCase[Wish, Outcome]) -> Call[Wish, Outcome]:
        async def do(store: Store, wish: Wish) -> Outcome:
            return cast(
                "Outcome", await (use_case(store, wish) if key is None else repeated(store, key, wish, use_case))
            )

        @wraps(use_case)
        async def run(work: UnitOfWork, wish: Wish) -> Outcome:
            meter = current_meter()
            meter.take_objects(MUTATION_COST)
            outcome = await retried(do, work, wish)
            meter.note_commit()
            work.refused.extend(dict.fromkeys(refusal.code for refusal in refusals_of(outcome)))
            return outcome

        return run

    return decorate


async def retried(do: UseCase[Wish, Outcome], work: UnitOfWork, wish: Wish) -> Outcome:
    """Do it again in a new transaction where PostgreSQL has rolled one back for the sake of another."""
    for _ in range(RETRIES):
        try:
            return await attempt(do, work, wish)
        except TransactionConflict as error:
            if error.written is not CommitState.NOTHING:
                raise
            log().info("transaction retried", reason=str(error))
            TRANSACTIONS_RETRIED.inc()
    return await attempt(do, work, wish)


async def attempt(do: UseCase[Wish, Outcome], work: UnitOfWork, wish: Wish) -> Outcome:
    try:
        with current_meter().forgetting_conflicts(TransactionConflict):
            return await committed(do, work, wish)
    except RolledBack as refused:
        return cast("Outcome", refused.outcome)


async def committed(do: UseCase[Wish, Outcome], work: UnitOfWork, wish: Wish) -> Outcome:
    """Do it in a transaction. Raises RolledBack where it is refused."""
    async with work.begin() as store:
        outcome = await do(store, wish)
        if is_done(outcome):
            return outcome
        raise RolledBack(outcome)


def is_done(outcome: object) -> bool:
    """Whether a use case has done something, now or before with the same idempotency key."""
    if isinstance(outcome, ExportedBatch):
        return any(isinstance(result, Exported) for result in outcome.results)
    return not isinstance(outcome, Refused)


def refusals_of(outcome: object) -> Iterable[Refusal]:
    """The reasons why nothing was written, or not all of it."""
    if isinstance(outcome, ExportedBatch):
        return outcome.refusals
    return outcome.errors if isinstance(outcome, Refused) else ()


class Sized(Protocol):
    """Facts that know how large they are, in characters of graphs."""

    @property
    def size(self) -> int: ...


async def decide(rule: Callable[[Facts, Wish], Decision], facts: Facts, wish: Wish) -> Decision:
    """Ask a rule of the domain, in a thread where the facts are large."""
    return await offload(0 if facts is None else facts.size, rule, facts, wish)
