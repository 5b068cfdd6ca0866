"""Keys that stand twice in one object of a JSON text: readers of JSON keep the last and drop the others silently."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

ESCAPED_COLONS = (rb"\u003a", rb"\u003A")
Members = Sequence[tuple[str, Any]]


class RepeatedKey(NamedTuple):
    """The first key that stands twice, and where its object is: the keys and indexes that lead there."""

    key: str
    path: tuple[str | int, ...]


def repeated_key(text: bytes, value: object) -> RepeatedKey | None:
    """The first key that stands twice in one object; `value` is what was read of the text.

    Raises RecursionError where the text is nested too deeply to be looked at.
    """
    if not _may_have_dropped(text, value):
        return None
    return _search(json.loads(text, object_pairs_hook=_object_or_members))


def _may_have_dropped(text: bytes, value: object) -> bool:
    """Whether a member of an object may be missing in the value: cheap, and False only where all of them are there."""
    # Each member has a colon, and strings have the same colons in the text as in the value written anew, unless escaped.
    try:
        written = orjson.dumps(value).count(b":")
    except orjson.JSONEncodeError:
        # orjson reads deeper values than it writes, and Python's reader takes half characters.
        return True
    return text.count(b":") != written or (rb"\u003" in text and any(each in text for each in ESCAPED_COLONS))


def _search(value: Any) -> RepeatedKey | None:  # noqa: ANN401 - JSON
    if isinstance(value, tuple):
        return RepeatedKey(_repeated_in(value), ())
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        repeated = _search(inner)
        if repeated is not None:
            return RepeatedKey(repeated.key, (key, *repeated.path))
    return None


def _object_or_members(members: Members) -> dict[str, Any] | Members:
    """An object or, where a key stands twice, a tuple of its members, which nothing else in JSON is read as."""
    value = dict(members)
    return value if len(value) == len(members) else tuple(members)


def _repeated_in(members: Members) -> str:
    numbers = Counter(key for key, _ in members)
    return next(key for key, number in numbers.items() if number > 1)
