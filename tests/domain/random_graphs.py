"""Random JSON graphs: the platform's form with anything in it, repeated step ids, nulls and unknown keys included."""

from collections.abc import Callable
from random import Random

from app.domain.graph import Json
from tests.domain.random_worlds import by_chance

PUB, SUB = "acme/pub-sub:pub", "lab/channel:sub"
TOPIC_FIELDS = {PUB: "topic", SUB: "channel"}
KEYS_OF_REFERENCES = ("credentials_id", "secret_id", "vpn_agent_id")
TEXTS = ("", "a", "topic", "channel", "id_1", "1", "null", "é", "🚀\U0010ffff", '"\\\n\x7f\u2028')
NUMBERS = (0, 1, -1, 0.0, -0.0, 1.0, 0.1, 1e16, 1e-7, 2**53 + 1, 2**64 - 1, -(2**63))
REFERENCES = ("id_1", "id_2", "", None, "id_1", "id_2", 1, True, ["id_1"])
COMMANDS = (PUB, SUB, PUB, "a/b:c", "?")


def scalar(chance: Random) -> Json:
    return chance.choice((None, chance.choice((False, True)), chance.choice(NUMBERS), chance.choice(TEXTS)))


def a_value(chance: Random, size: int = 6) -> Json:
    """A scalar, or lists and objects in each other, the deeper and the wider the larger."""
    if chance.randrange(size + 2) < 2:
        return scalar(chance)
    number = chance.randint(0, 3)
    parts = [a_value(chance, (size - 1) // max(number, 1)) for _ in range(number)]
    return parts if chance.random() < 0.5 else {chance.choice(TEXTS): part for part in parts}


def _reference(chance: Random) -> Json:
    return chance.choice(REFERENCES)


def _fields(chance: Random) -> Json:
    if chance.random() < 0.2:
        return scalar(chance)
    return _some(chance, {"topic": _reference, "channel": _reference, "more": a_value})


def _some(chance: Random, optional: dict[str, Callable[[Random], Json]]) -> Json:
    return {key: make(chance) for key, make in optional.items() if chance.random() < 0.5}


OF_A_STEP: dict[str, Callable[[Random], Json]] = {
    "fields": _fields,
    **dict.fromkeys(KEYS_OF_REFERENCES, _reference),
    "selected_data_samples": a_value,
    "name": scalar,
    "unknown": a_value,
}


def _step(chance: Random) -> Json:
    return {"id": chance.choice(("1", "2", "")), "command": chance.choice(COMMANDS), **_some(chance, OF_A_STEP)}


def _graph(chance: Random, size: int) -> Json:
    return {
        "nodes": [_step(chance) for _ in range(size)],
        "edges": [a_value(chance) for _ in range(chance.randint(0, 2))],
        **_some(chance, {"credentials_id": _reference, "unknown": a_value}),
    }


values = by_chance(a_value, largest=9)
graphs = by_chance(_graph, largest=4)


def topic_field(command: str) -> str | None:
    return TOPIC_FIELDS.get(command)


def exactly(value: Json) -> object:
    """A value that is equal only to the same JSON: 1 is neither 1.0 nor true, 0.0 is not -0.0."""
    if isinstance(value, dict):
        return {key: exactly(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exactly(inner) for inner in value]
    return type(value), repr(value)


def reordered(value: Json) -> Json:
    """The same JSON with the keys of every object the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


def nested(levels: int) -> Json:
    value: Json = "innermost"
    for level in range(levels):
        value = [value, 1.0] if level % 2 else {"inner": value, "credentials_id": None}
    return value
