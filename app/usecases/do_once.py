"""Calls that are done once, however often they are repeated with the same idempotency key (P5)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from pydantic import TypeAdapter

from app.domain.errors import Refusal, Refused
from app.domain.export_batch import BatchWish
from app.domain.idempotency import IdempotencyKeyReused, KeyedCall, key_mistakes
from app.offload import LARGE, offload
from app.storage.idempotency_keys import StoredOutcome
from app.storage.store import Store, UnitOfWork
from app.usecases.keyed_input import hash_of_input
from app.usecases.results import Created, Exported, ExportedBatch, Published, Reverted

Done = TypeVar("Done", Created, Exported, Published, Reverted)
Some = TypeVar("Some", bound=Refusal)


class KeyedWish(Protocol):
    @property
    def idempotency_key(self) -> str | None: ...


async def once(
    work: UnitOfWork,
    store: Store,
    call: KeyedCall,
    wish: KeyedWish,
    do: Callable[[], Awaitable[Done | Refused[Some]]],
) -> Done | Refused[Some | IdempotencyKeyReused]:
    """Do it, or answer as the first time; a call with the same key that is at work is waited for.

    Only what was done is kept, in its transaction. A key that can't be one is refused by what is done. Refuses a key
    that was used for another input.
    """
    before = await key_in_use(work, store, call, wish)
    if before is None:
        return await do()
    if isinstance(before, Refused):
        return before
    if before.outcome is not None:
        return replace(cast("Done", await before.read()), replayed=True)
    outcome = await do()
    if not isinstance(outcome, Refused):
        await before.keep(outcome)
    return outcome


async def exported_once(
    work: UnitOfWork,
    store: Store,
    wish: BatchWish,
    export: Callable[[BatchWish], Awaitable[ExportedBatch]],
) -> ExportedBatch:
    """The same of a call of many exports, where each on its own may be done or refused.

    Those that were done aren't done again, while those that were refused are tried again. `export` gives the results of
    what is left.
    """
    before = await key_in_use(work, store, KeyedCall.EXPORT_FLOWS, wish)
    if before is None:
        return await export(wish)
    if isinstance(before, Refused):
        return ExportedBatch((), before.errors)
    done: dict[int, Exported] = {} if before.outcome is None else await before.read()
    left = replace(wish, done=frozenset(done))
    batch = await export(left) if left.left else ExportedBatch((), ())
    now = dict(zip(left.left, batch.results, strict=True))
    new = {index: result for index, result in now.items() if isinstance(result, Exported)}
    if new:
        await before.keep(done | new)
    results = now | {index: replace(result, replayed=True) for index, result in done.items()}
    return ExportedBatch(tuple(results[index] for index in sorted(results)), batch.errors, bool(done) and not new)


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """The key of a call that is at work, and what a call with it came to before, if there was one."""

    store: Store
    call: KeyedCall
    key: str
    input_hash: str
    at: datetime
    outcome: str | None

    async def read(self) -> Any:  # noqa: ANN401 - of the kind of outcome that the call has
        return await offload(LARGE, ADAPTERS[self.call].validate_json, self.outcome or "")

    async def keep(self, outcome: object) -> None:
        text = (await offload(LARGE, ADAPTERS[self.call].dump_json, outcome)).decode()
        await self.store.store_outcome(self.call, self.key, StoredOutcome(self.input_hash, text, self.at))


async def key_in_use(
    work: UnitOfWork, store: Store, call: KeyedCall, wish: KeyedWish
) -> KeyInUse | Refused[IdempotencyKeyReused] | None:
    """The key of a wish, which is ours from here on; None without one that can be used.

    Refused if it came with another input before.
    """
    key = wish.idempotency_key
    if key is None or key_mistakes(key):
        return None
    at, input_hash = work.now(), await offload(LARGE, hash_of_input, wish)
    stored = await store.find_outcome(call, key, since=at - work.keys_kept)
    if stored is None:
        return KeyInUse(store, call, key, input_hash, at, None)
    if stored.input_hash != input_hash:
        return Refused((IdempotencyKeyReused(stored.first_used_at),))
    return KeyInUse(store, call, key, input_hash, stored.first_used_at, stored.outcome)


OUTCOMES: dict[KeyedCall, Any] = {
    KeyedCall.COPY_FLOW: Exported,
    KeyedCall.EXPORT_FLOW: Exported,
    KeyedCall.EXPORT_FLOWS: dict[int, Exported],
    KeyedCall.CREATE_FLOW: Created,
    KeyedCall.PUBLISH_FLOW_DRAFT: Published,
    KeyedCall.REVERT_FLOW: Reverted,
}


ADAPTERS = {call: TypeAdapter(kind) for call, kind in OUTCOMES.items()}
"""They write outcomes as JSON, and read them."""
