"""The hash of a call's input, which shows whether a call repeats an earlier one with its idempotency key (P5).

Hashed is canonical JSON: the fields of a wish that differ from their defaults, keys sorted. The hash is therefore the
same in every process, on every version of Python, and after a release that adds an optional field: clients repeat calls
across upgrades too. Renaming a field of a wish makes repeated calls of the last 24 hours refused as another input.
"""

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from hashlib import sha256
from typing import Any

from app.domain.graph import Json

NOT_OF_THE_INPUT = frozenset({"idempotency_key", "done", "shared_mappings", "path"})
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
        named = ((field, getattr(value, field.name)) for field in fields(value))
        return {
            field.name: each
            for field, each in named
            if field.name not in NOT_OF_THE_INPUT and each != _default_of(field)
        }
    raise TypeError(f"{type(value).__name__} is no part of an input")


def _default_of(field: "Field[Any]") -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()
