"""Calls that are done once, however often they are repeated with the same idempotency key (P5)."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from app.domain.bindings import ExportWarning
from app.domain.errors import Refusal, Refused
from app.domain.export_batch import BatchWish
from app.domain.idempotency import IdempotencyKeyReused, KeyedCall, key_mistakes
from app.offload import LARGE, offload
from app.storage.idempotency_keys import StoredCall
from app.storage.store import Store, UnitOfWork
from app.storage.stored_warnings import ids_of, warning_to_json
from app.usecases.keyed_input import hash_of_input
from app.usecases.results import Created, Exported, ExportedBatch, Published, Reverted

Done = TypeVar("Done", Created, Exported, Published, Reverted)
Some = TypeVar("Some", bound=Refusal)
Made = Any
"""What a call made, as JSON: ids by their names, or a list of exports with the same warnings."""


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
    """Do it, or answer what it made the first time; a call with the same key that is at work is waited for.

    Only what was done is kept, in its transaction. A key that can't be one is refused by what is done. Refuses a key
    that was used for another input.
    """
    before = await key_in_use(work, store, call, wish)
    if before is None:
        return await do()
    if isinstance(before, Refused):
        return before
    if before.made is not None:
        return cast("Done", await replayed(store, call, before.made))
    outcome = await do()
    if not isinstance(outcome, Refused):
        await before.keep(made_by(outcome))
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
    done = await replayed_exports(store, before.made or [])
    left = replace(wish, done=frozenset(done))
    batch = await export(left) if left.left else ExportedBatch((), ())
    now = dict(zip(left.left, batch.results, strict=True))
    new = {index: result for index, result in now.items() if isinstance(result, Exported)}
    if new:
        await before.keep([*(before.made or []), *made_exports(new)])
    results = now | done
    return ExportedBatch(tuple(results[index] for index in sorted(results)), batch.errors, bool(done) and not new)


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """The key of a call that is at work, and what a call with it made before, if there was one."""

    store: Store
    call: KeyedCall
    key: str
    input_hash: str
    at: datetime
    made: Made | None

    async def keep(self, made: Made) -> None:
        text = await offload(LARGE, json.dumps, made)
        await self.store.store_call(self.call, self.key, StoredCall(self.input_hash, text, self.at))


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
    stored = await store.find_call(call, key, since=at - work.keys_kept)
    if stored is None:
        return KeyInUse(store, call, key, input_hash, at, None)
    if stored.input_hash != input_hash:
        return Refused((IdempotencyKeyReused(stored.first_used_at),))
    made = await offload(LARGE, json.loads, stored.made)
    return KeyInUse(store, call, key, input_hash, stored.first_used_at, made)


def made_by(outcome: Created | Exported | Published | Reverted) -> Made:
    if isinstance(outcome, Exported):
        return made_exports({0: outcome})
    return {field.name: getattr(outcome, field.name) for field in fields(outcome) if field.name != "replayed"}


def made_exports(exported: Mapping[int, Exported]) -> Made:
    """The records by the indexes of their items. Items with the same warnings are kept together."""
    groups: dict[tuple[ExportWarning, ...], dict[int, str]] = {}
    for index, each in exported.items():
        groups.setdefault(each.warnings, {})[index] = each.export_id
    return [{"exports": exports, "warnings": [*map(warning_to_json, warnings)]} for warnings, exports in groups.items()]


async def replayed(store: Store, call: KeyedCall, made: Made) -> Created | Exported | Published | Reverted:
    """What a call made, as the caller may see it now."""
    match call:
        case KeyedCall.CREATE_FLOW:
            return Created(**made, replayed=True)
        case KeyedCall.PUBLISH_FLOW_DRAFT:
            return Published(**made, replayed=True)
        case KeyedCall.REVERT_FLOW:
            return Reverted.again(**made)
        case _:
            return (await replayed_exports(store, made))[0]


async def replayed_exports(store: Store, made: Iterable[Made]) -> dict[int, Exported]:
    """What exports made, by the indexes of their items: nothing of a record that the caller can't see."""
    groups = [*made]
    if not groups:
        return {}
    records = await store.read_results([each for group in groups for each in group["exports"].values()])
    visible = await store.read_targets(each for group in groups for each in ids_of(group["warnings"]))
    return {
        int(index): Exported.again(export_id, records.get(export_id), group["warnings"], visible)
        for group in groups
        for index, export_id in group["exports"].items()
    }
