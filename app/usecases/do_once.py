"""Calls that are done once, however often they are repeated with the same idempotency key (P5)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol, TypeVar, cast

from pydantic import TypeAdapter

from app.domain.errors import Refusal, Refused
from app.domain.idempotency import IdempotencyKeyReused, KeyedCall, key_mistakes
from app.offload import LARGE, offload
from app.storage.idempotency_keys import KeptOutcome
from app.storage.store import Store, UnitOfWork
from app.usecases.results import Created, Exported, Published, Reverted

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
    key = wish.idempotency_key
    if key is None or key_mistakes(key):
        return await do()
    at, input_hash = work.now(), await offload(LARGE, hash_of, wish)
    kept = await store.find_outcome(call, key, since=at - work.keys_kept)
    if kept is None:
        outcome = await do()
        if isinstance(outcome, Refused):
            return outcome
        text = await offload(LARGE, outcome_text, OUTCOMES[call], outcome)
        await store.keep_outcome(call, key, KeptOutcome(input_hash, text, at))
        return outcome
    if kept.input_hash != input_hash:
        return Refused((IdempotencyKeyReused(kept.first_used_at),))
    return cast("Done", await offload(LARGE, replayed, OUTCOMES[call], kept.outcome))


OUTCOMES: dict[KeyedCall, type[Any]] = {
    KeyedCall.COPY_FLOW: Exported,
    KeyedCall.EXPORT_FLOW: Exported,
    KeyedCall.CREATE_FLOW: Created,
    KeyedCall.PUBLISH_FLOW_DRAFT: Published,
    KeyedCall.REVERT_FLOW: Reverted,
}


def hash_of(wish: object) -> str:
    """Tells one input from another; one that is nested too deep is refused anyway."""
    try:
        text = repr(wish)
    except RecursionError:
        text = ""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


ADAPTERS = {kind: TypeAdapter(kind) for kind in OUTCOMES.values()}
"""They write outcomes as JSON, and read them."""


def outcome_text(kind: type[Any], outcome: object) -> str:
    return ADAPTERS[kind].dump_json(outcome).decode()


def replayed(kind: type[Any], text: str) -> Any:  # noqa: ANN401 - an outcome of this kind
    return replace(ADAPTERS[kind].validate_json(text), replayed=True)
