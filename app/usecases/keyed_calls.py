"""What is known of a call by its idempotency key, and what is kept of it (P5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from app.domain.errors import Refused
from app.domain.idempotency import IdempotencyKeyReused, KeyedCall
from app.domain.input import key_mistakes
from app.offload import LARGE, offload
from app.storage.idempotency_keys import Made, StoredCall
from app.storage.keyed_exports import exports_to_json
from app.storage.store import Store
from app.usecases.keyed_input import hash_of_input
from app.usecases.results import Created, Exported, Published, Reverted

Done = Created | Exported | Published | Reverted
Stored = TypeVar("Stored", bound=StoredCall | None)
OUTCOMES: Mapping[KeyedCall, TypeAdapter[Any]] = {
    KeyedCall.CREATE_FLOW: TypeAdapter(Created),
    KeyedCall.PUBLISH_FLOW_DRAFT: TypeAdapter(Published),
    KeyedCall.REVERT_FLOW: TypeAdapter(Reverted),
}
"""Of the calls that leave no record: what is kept of them are the ids of what they made."""


class KeyedWish(Protocol):
    @property
    def idempotency_key(self) -> str | None: ...


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


async def done_before(store: Store, stored: StoredCall) -> dict[int, Done]:
    """What a call made, by the indexes of its items, as the caller may see it now. A call of one has the item 0."""
    if stored.made is None:
        return {}
    if stored.used.call in OUTCOMES:
        return {0: replace(OUTCOMES[stored.used.call].validate_python(stored.made), replayed=True)}
    exports = await store.read_keyed_exports(stored.made)
    return {index: Exported.again(export) for index, export in exports.items()}


async def keep(store: Store, stored: StoredCall, done: Mapping[int, Done]) -> None:
    """Keep what a call has made now, besides what it made before."""
    made = await offload(LARGE, made_by, stored.used.call, done)
    await store.store_call(replace(stored, made=[*stored.made, *made] if stored.made else made))


def made_by(call: KeyedCall, done: Mapping[int, Done]) -> Made:
    if call in OUTCOMES:
        return OUTCOMES[call].dump_python(done[0], exclude={"replayed"})
    exports = {index: each for index, each in done.items() if isinstance(each, Exported)}
    return exports_to_json({index: (each.export_id, each.warnings) for index, each in exports.items()})
