"""Transactions of use cases. No use case repeats what is done here, and nothing above a use case knows of it."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from app.domain.errors import Refused
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.commits import CommitState
from app.storage.connections.database import TransactionConflict
from app.storage.store import Store, UnitOfWork
from app.telemetry.log import log
from app.telemetry.metrics import TRANSACTIONS_RETRIED
from app.usecases.do_once import once
from app.usecases.results import Exported, ExportedBatch

Facts = TypeVar("Facts", bound="Sized | None")
Wish = TypeVar("Wish")
Decision = TypeVar("Decision")
Outcome = TypeVar("Outcome")
UseCase = Callable[[Store, Wish], Awaitable[Outcome]]
Call = Callable[[UnitOfWork, UserId, Wish], Coroutine[Any, Any, Outcome]]
RETRIES = 2
"""How often a transaction is retried that was rolled back for another one."""


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
        @wraps(use_case)
        async def run(work: UnitOfWork, actor: UserId, wish: Wish) -> Outcome:
            for _ in range(RETRIES):
                try:
                    return await attempt(work, actor, wish)
                except TransactionConflict as error:
                    if error.written is not CommitState.NOTHING:
                        raise
                    log().info("transaction retried", reason=str(error))
                    TRANSACTIONS_RETRIED.inc()
            return await attempt(work, actor, wish)

        async def attempt(work: UnitOfWork, actor: UserId, wish: Wish) -> Outcome:
            try:
                with current_meter().forgetting_conflicts(TransactionConflict):
                    return await committed(work, actor, wish)
            except RolledBack as refused:
                return cast("Outcome", refused.outcome)

        async def committed(work: UnitOfWork, actor: UserId, wish: Wish) -> Outcome:
            async with work.begin(actor) as store:
                outcome = await (use_case(store, wish) if key is None else repeated(store, key, wish, use_case))
                if is_done(outcome):
                    return cast("Outcome", outcome)
                raise RolledBack(outcome)

        return run

    return decorate


def is_done(outcome: object) -> bool:
    """Whether a use case has done something, now or before with the same idempotency key."""
    if isinstance(outcome, ExportedBatch):
        return any(isinstance(result, Exported) for result in outcome.results)
    return not isinstance(outcome, Refused)


class Sized(Protocol):
    """Facts that know how large they are, in characters of graphs."""

    @property
    def size(self) -> int: ...


async def decide(rule: Callable[[Facts, Wish], Decision], facts: Facts, wish: Wish) -> Decision:
    """Ask a rule of the domain, in a thread where the facts are large."""
    return await offload(0 if facts is None else facts.size, rule, facts, wish)
