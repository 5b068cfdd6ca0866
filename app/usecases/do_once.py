"""Calls that are done once, however often they are repeated with the same idempotency key (P5)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar, cast

from pydantic import TypeAdapter

from app.domain.bindings import ExportWarning
from app.domain.errors import Refusal, Refused
from app.domain.export_batch import BatchWish
from app.domain.idempotency import IdempotencyKeyReused, KeyedCall, key_mistakes
from app.domain.model import Target
from app.offload import LARGE, interruptible, offload
from app.storage.idempotency_keys import Made, StoredCall
from app.storage.reads.rows import ResultView
from app.storage.store import Store, UnitOfWork
from app.storage.stored_warnings import ids_of, warning_from_json, warning_to_json
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
        await store.store_call(replace(before, made=made_by(call, outcome)))
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
    groups = before.made or []
    done = await replayed_exports(store, groups)
    left = replace(wish, done=frozenset(done))
    batch = await export(left) if left.left else ExportedBatch((), ())
    now = dict(zip(left.left, batch.results, strict=True))
    new = {index: result for index, result in now.items() if isinstance(result, Exported)}
    if new:
        await store.store_call(replace(before, made=[*groups, *await offload(LARGE, made_exports, new)]))
    results = now | done
    return ExportedBatch(tuple(results[index] for index in sorted(results)), batch.errors, bool(done) and not new)


async def key_in_use(
    work: UnitOfWork, store: Store, call: KeyedCall, wish: KeyedWish
) -> StoredCall | Refused[IdempotencyKeyReused] | None:
    """The key of a wish, which is ours from here on; None without one that can be used.

    Refused if it came with another input before.
    """
    key = wish.idempotency_key
    if key is None or key_mistakes(key):
        return None
    input_hash = await offload(LARGE, hash_of_input, wish)
    stored = await store.take_key(call, key, input_hash, at=work.now(), kept=work.keys_kept)
    return stored if stored.input_hash == input_hash else Refused((IdempotencyKeyReused(stored.first_used_at),))


def made_by(call: KeyedCall, outcome: Created | Exported | Published | Reverted) -> Made:
    if isinstance(outcome, Exported):
        return made_exports({0: outcome})
    return OUTCOMES[call].dump_python(outcome, exclude={"replayed"})


def made_exports(exported: Mapping[int, Exported]) -> Made:
    """The records by the indexes of their items. Items with the same warnings are kept together."""
    groups: dict[tuple[ExportWarning, ...], dict[int, str]] = {}
    for index, each in exported.items():
        groups.setdefault(each.warnings, {})[index] = each.export_id
    return [{"exports": exports, "warnings": [*map(warning_to_json, warnings)]} for warnings, exports in groups.items()]


async def replayed(store: Store, call: KeyedCall, made: Made) -> Created | Exported | Published | Reverted:
    """What a call made, as the caller may see it now."""
    if call in OUTCOMES:
        return cast("Created | Published | Reverted", replace(OUTCOMES[call].validate_python(made), replayed=True))
    return (await replayed_exports(store, made))[0]


async def replayed_exports(store: Store, groups: Sequence[Made]) -> dict[int, Exported]:
    """What exports made, by the indexes of their items: nothing of a record that the caller can't see."""
    if not groups:
        return {}
    records = await store.read_results([each for group in groups for each in group["exports"].values()])
    visible = await store.read_targets(each for group in groups for each in ids_of(group["warnings"]))
    return await offload(LARGE, _shown, groups, records, visible)


def _shown(
    groups: Iterable[Made], records: Mapping[str, ResultView], visible: Mapping[str, Target]
) -> dict[int, Exported]:
    """The warnings of a group are made once for each name of a destination, however many records have them."""
    exports: dict[int, Exported] = {}
    for group in interruptible(groups):
        made = {int(index): (export_id, records.get(export_id)) for index, export_id in group["exports"].items()}
        names = {record.destination_name for _, record in made.values() if record is not None}
        warnings = {name: tuple(warning_from_json(each, visible, name) for each in group["warnings"]) for name in names}
        exports |= {index: Exported.again(export_id, record, warnings) for index, (export_id, record) in made.items()}
    return exports
