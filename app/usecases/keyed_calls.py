"""Recognise a call by its idempotency key and the hash of its input, and store its outcome (P5).

Hashed is canonical JSON: the fields of a wish that differ from their defaults, keys sorted. The hash is therefore the
same in every process, on every version of Python, and after a release that adds an optional field: clients repeat calls
across upgrades too. Renaming a field of a wish makes repeated calls of the last 24 hours refused as another input.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from app.domain.edit import Saved
from app.domain.errors import IDEMPOTENCY_KEY, Refused
from app.domain.export import Exported
from app.domain.graph import Json
from app.domain.input import IdempotencyKeyReused, KeyedCall, key_mistakes
from app.domain.model import FlowId, VersionId
from app.domain.publish import Published, Reverted
from app.domain.release import ReleaseOutcome
from app.offload import LARGE, offload
from app.storage.facts.locks import OutcomeJson, StoredCall, store_call
from app.storage.reads.exports import exports_to_json
from app.storage.store import Store

KeyedOutcome = Saved | Exported | Published | ReleaseOutcome | Reverted
Stored = TypeVar("Stored", bound=StoredCall | None)
OUTCOMES: Mapping[KeyedCall, TypeAdapter[Any]] = {
    KeyedCall.CREATE_FLOW: TypeAdapter(Saved),
    KeyedCall.PUBLISH_FLOW_DRAFT: TypeAdapter(Published),
    KeyedCall.REVERT_FLOW: TypeAdapter(Reverted),
    KeyedCall.REQUEST_RELEASE: TypeAdapter(ReleaseOutcome),
}
"""Outcomes of the calls that leave no record of an export: the ids in them are stored."""


class KeyedWish(Protocol):
    @property
    def idempotency_key(self) -> str | None: ...


async def find_keyed_call(
    wish: KeyedWish, find: Callable[[str, str], Awaitable[Stored]]
) -> Stored | Refused[IdempotencyKeyReused] | None:
    """Look up the stored call with the wish's key; None without a valid key. Refuses a key used for another input."""
    key = wish.idempotency_key
    if key is None or key_mistakes(key):
        return None
    input_hash = await offload(LARGE, hash_of_input, wish)
    stored = await find(key, input_hash)
    if stored is not None and stored.input_hash != input_hash:
        return Refused((IdempotencyKeyReused(stored.first_used_at, path=IDEMPOTENCY_KEY),))
    return stored


async def read_outcomes(store: Store, stored: StoredCall) -> dict[int, KeyedOutcome]:
    """The outcomes of a stored call, by the indexes of its items, as the caller may see them now; a single call has item 0."""
    if stored.outcome is None:
        return {}
    if stored.call in OUTCOMES:
        return {0: replace(OUTCOMES[stored.call].validate_python(stored.outcome), replayed=True)}
    if stored.call is KeyedCall.PUBLISH_FLOW_DRAFTS:
        return {
            index: Published(FlowId(flow_id), VersionId(version_id), replayed=True)
            for index, flow_id, version_id in stored.outcome
        }
    return {**await store.read_keyed_exports(stored.outcome)}


async def store_outcomes(store: Store, stored: StoredCall, outcomes: Mapping[int, KeyedOutcome]) -> None:
    """Store the outcomes of a call, added to those of its earlier attempts."""
    added = await offload(LARGE, outcomes_to_json, stored.call, outcomes)
    await store_call(store.connection, replace(stored, outcome=[*stored.outcome, *added] if stored.outcome else added))


def outcomes_to_json(call: KeyedCall, outcomes: Mapping[int, KeyedOutcome]) -> OutcomeJson:
    if call in OUTCOMES:
        return OUTCOMES[call].dump_python(outcomes[0], exclude={"replayed"})
    if call is KeyedCall.PUBLISH_FLOW_DRAFTS:
        return [
            (index, outcome.flow_id, outcome.version_id)
            for index, outcome in outcomes.items()
            if isinstance(outcome, Published)
        ]
    exports = {index: outcome for index, outcome in outcomes.items() if isinstance(outcome, Exported)}
    return exports_to_json({index: (outcome.export_id, outcome.warnings) for index, outcome in exports.items()})


NOT_OF_THE_INPUT = frozenset({"idempotency_key", "done_before", "shared_mappings", "path"})
"""The key itself, and fields computed from others, such as the mappings of a call in each of its items."""


def hash_of_input(wish: object) -> str:
    """The SHA-256 in hexadecimal, the same for every wish nested too deep for JSON: the domain refuses those anyway."""
    try:
        text = json.dumps(wish, default=_as_json, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        text = ""
    return sha256(text.encode()).hexdigest()


def _as_json(value: object) -> Json:
    """A wish, or a part of it, as its fields that differ from their defaults."""
    if is_dataclass(value):
        values = ((field, getattr(value, field.name)) for field in fields(value))
        return {
            field.name: field_value
            for field, field_value in values
            if field.name not in NOT_OF_THE_INPUT and field_value != _default_of(field)
        }
    raise TypeError(f"{type(value).__name__} is no part of an input")


def _default_of(field: "Field[Any]") -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()
