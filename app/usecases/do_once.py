"""Calls that are done once, however often they are repeated with the same idempotency key (P5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from pydantic import TypeAdapter

from app.domain.errors import Refusal, Refused
from app.domain.export_batch import BatchWish
from app.domain.idempotency import IdempotencyKeyReused, KeyedCall, key_mistakes
from app.offload import LARGE, offload
from app.storage.idempotency_keys import Made, StoredCall
from app.storage.keyed_exports import exports_to_json
from app.storage.store import Store
from app.usecases.keyed_input import hash_of_input
from app.usecases.results import Created, Exported, ExportedBatch, Published, Reverted

Done = TypeVar("Done", Created, Exported, Published, Reverted)
Some = TypeVar("Some", bound=Refusal)
OUTCOMES: Mapping[KeyedCall, TypeAdapter[Any]] = {
    KeyedCall.CREATE_FLOW: TypeAdapter(Created),
    KeyedCall.PUBLISH_FLOW_DRAFT: TypeAdapter(Published),
    KeyedCall.REVERT_FLOW: TypeAdapter(Reverted),
}
"""Of the calls that leave no record: what is kept of them are the ids of what they made."""


class KeyedWish(Protocol):
    @property
    def idempotency_key(self) -> str | None: ...


async def once(
    store: Store,
    call: KeyedCall,
    wish: KeyedWish,
    do: Callable[[Store, Any], Awaitable[Done | Refused[Some]]],
) -> Done | Refused[Some | IdempotencyKeyReused]:
    """Do it, or answer what it made the first time; a call with the same key that is at work is waited for.

    Only what was done is kept, in its transaction. A key that can't be one is refused by what is done. Refuses a key
    that was used for another input.
    """
    before = await key_in_use(wish, partial(store.take_key, call))
    if before is None:
        return await do(store, wish)
    if isinstance(before, Refused):
        return before
    if before.made is not None:
        return cast("Done", await replayed(store, call, before.made))
    outcome = await do(store, wish)
    if not isinstance(outcome, Refused):
        await store.store_call(replace(before, made=made_by(call, outcome)))
    return outcome


async def exported_once(
    store: Store, call: KeyedCall, wish: BatchWish, export: Callable[[Store, BatchWish], Awaitable[ExportedBatch]]
) -> ExportedBatch:
    """The same of a call of many exports, where each on its own may be done or refused.

    Those that were done aren't done again, while those that were refused are tried again. `export` gives the results of
    what is left.
    """
    before = None if wish.number_mistakes else await key_in_use(wish, partial(store.take_key, call))
    if before is None:
        return await export(store, wish)
    if isinstance(before, Refused):
        return ExportedBatch((), before.errors)
    groups = before.made or []
    done = {index: Exported.again(made) for index, made in (await store.read_keyed_exports(groups)).items()}
    left = replace(wish, done=frozenset(done))
    batch = await export(store, left) if left.left else ExportedBatch((), ())
    now = dict(zip(left.left, batch.results, strict=True))
    new = {index: result for index, result in now.items() if isinstance(result, Exported)}
    if new:
        made = {index: (each.export_id, each.warnings) for index, each in new.items()}
        await store.store_call(replace(before, made=[*groups, *await offload(LARGE, exports_to_json, made)]))
    results = now | done
    return ExportedBatch(tuple(results[index] for index in sorted(results)), batch.errors, bool(done) and not new)


Stored = TypeVar("Stored", bound=StoredCall | None)


async def key_in_use(
    wish: KeyedWish, find: Callable[[str, str], Awaitable[Stored]]
) -> Stored | Refused[IdempotencyKeyReused] | None:
    """The call that `find` knows by the key of a wish and the hash of its input; None without a key that can be used.

    Refused if the key came with another input before.
    """
    key = wish.idempotency_key
    if key is None or key_mistakes(key):
        return None
    input_hash = await offload(LARGE, hash_of_input, wish)
    stored = await find(key, input_hash)
    if stored is not None and stored.input_hash != input_hash:
        return Refused((IdempotencyKeyReused(stored.first_used_at),))
    return stored


def made_by(call: KeyedCall, outcome: Created | Exported | Published | Reverted) -> Made:
    if isinstance(outcome, Exported):
        return exports_to_json({0: (outcome.export_id, outcome.warnings)})
    return OUTCOMES[call].dump_python(outcome, exclude={"replayed"})


async def replayed(store: Store, call: KeyedCall, made: Made) -> Created | Exported | Published | Reverted:
    """What a call made, as the caller may see it now."""
    if call in OUTCOMES:
        return cast("Created | Published | Reverted", replace(OUTCOMES[call].validate_python(made), replayed=True))
    return Exported.again((await store.read_keyed_exports(made))[0])
