"""Keys that stand twice in one object of a JSON text: readers of JSON keep the last and drop the others silently."""

import json
from collections import Counter
from typing import Any, NamedTuple

import orjson

ESCAPED_COLONS = ("\\u003a", "\\u003A")
ESCAPED_COLONS_IN_BYTES = (rb"\u003a", rb"\u003A")

MOST_KEPT = 100
"""Objects with such a key that are remembered. If all of them were dropped themselves, the key is named without its place."""
Members = list[tuple[str, Any]]


class RepeatedKey(NamedTuple):
    """The first key that stands twice, and where its object is: the keys and indexes that lead there."""

    key: str
    path: tuple[str | int, ...]


def repeated_key(text: str | bytes, value: object) -> RepeatedKey | None:
    """The first key that stands twice in one object; `value` is what was read of the text.

    Raises RecursionError where the text is nested too deeply to be looked at.
    """
    return _search(text) if _may_have_dropped(text, value) else None


def _may_have_dropped(text: str | bytes, value: object) -> bool:
    """Whether a member of an object may be missing in the value: cheap, and False only where all of them are there."""
    # Each member has a colon, and strings have the same colons in the text as in the value written anew, unless escaped.
    try:
        written = orjson.dumps(value).count(b":")
    except orjson.JSONEncodeError:
        # orjson reads deeper values than it writes, and Python's reader takes half characters.
        return True
    if isinstance(text, str):
        return text.count(":") != written or ("\\u003" in text and any(each in text for each in ESCAPED_COLONS))
    return text.count(b":") != written or (rb"\u003" in text and any(each in text for each in ESCAPED_COLONS_IN_BYTES))


def _search(text: str | bytes) -> RepeatedKey | None:
    # Objects are kept beside their members, so that no other gets the id of one that was dropped.
    repeated: dict[int, tuple[object, Members]] = {}

    def read(members: Members) -> dict[str, Any]:
        value = dict(members)
        if len(value) < len(members) and len(repeated) < MOST_KEPT:
            repeated[id(value)] = value, members
        return value

    root = json.loads(text, object_pairs_hook=read)
    pending: list[tuple[Any, _At]] = [(root, None)] if repeated else []
    while pending:
        value, at = pending.pop()
        if id(value) in repeated:
            return RepeatedKey(_repeated_in(repeated[id(value)][1]), _path(at))
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        pending.extend((inner, (at, key)) for key, inner in reversed([*inside]) if isinstance(inner, dict | list))
    first = next(iter(repeated.values()), None)
    return None if first is None else RepeatedKey(_repeated_in(first[1]), ())


def _repeated_in(members: Members) -> str:
    numbers = Counter(key for key, _ in members)
    return next(key for key, number in numbers.items() if number > 1)


_At = tuple["_At", str | int] | None
"""The place of a value: that of its parent, and its own key. Paths of all values would take much memory."""


def _path(at: _At) -> tuple[str | int, ...]:
    keys = []
    while at is not None:
        at, key = at
        keys.append(key)
    return tuple(reversed(keys))
