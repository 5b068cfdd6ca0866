"""The hash of a call's input, by which a call with an idempotency key is told from another one (P5).

It is made of canonical JSON: the fields of a wish by their names, without those that have their default, keys sorted. So
it is the same in every process, on every version of Python, and after a release that adds an optional field: calls are
repeated across upgrades too. Whoever renames a field of a wish has calls of the last 24 hours refused as another input.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from hashlib import sha256
from typing import Any

from app.domain.graph import Json

NOT_OF_THE_INPUT = frozenset({"idempotency_key", "done", "shared_mappings", "path"})
"""The key itself; and what is worked out from the rest, such as the mappings of a call in each of its items."""


def hash_of_input(wish: object) -> str:
    """The SHA-256 in hexadecimal. One that is nested too deep to be told is refused anyway."""
    try:
        text = json.dumps(wish, default=_given, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        text = ""
    return sha256(text.encode()).hexdigest()


def _given(value: object) -> Json:
    """What JSON has no form for: wishes and their parts, with what was given of them."""
    if is_dataclass(value):
        named = ((field, getattr(value, field.name)) for field in fields(value))
        return {
            field.name: each
            for field, each in named
            if field.name not in NOT_OF_THE_INPUT and each != _default_of(field)
        }
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no part of an input")


def _default_of(field: "Field[Any]") -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()
