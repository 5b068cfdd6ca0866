"""Keys that stand twice in one object of a JSON text are found, and nothing else is taken for one."""

import json
from random import Random

import orjson
import pytest

from app.json_keys import RepeatedKey, repeated_key
from tests.property_settings import EXAMPLES

TWICE = [
    ('{"a": 1, "a": 2}', "a", ()),
    ('{"a": 1, "b": {"c": [0, {"x": 1, "y": 2, "x": 1}]}}', "x", ("b", "c", 1)),
    ('[{"": null, "": null}]', "", (0,)),
    ('{"a": 1, "\\u0061": 2}', "a", ()),
    ('{"b": 1, "a": 1, "a": 2, "b": 2}', "b", ()),
    # the first of several, from outside to inside
    ('{"a": {"x": 1, "x": 2}, "b": {"y": 1, "y": 2}}', "x", ("a",)),
    ('{"a": {"x": 1, "x": 2}, "a": 1}', "a", ()),
    # a colon that was escaped doesn't make up for the one of a member that was dropped
    ('{"a": 1, "a": 2, "b": "\\u003a"}', "a", ()),
    ('{"a": 1, "a": 2, "b": "\\u003A"}', "a", ()),
    ('{"a": "::", "a": 2, "b:": ":"}', "a", ()),
    # deeper than what is written
    (f'{{"deep": {"[" * 300}{{"a": 1, "a": 1}}{"]" * 300}}}', "a", ("deep", *[0] * 300)),
]
ONCE = [
    "{}",
    '{"a": 1, "b": {"a": 1}, "c": [{"a": 1}, {"a": 1}]}',
    '{"a:": ":\\u003a", "b": "\\u003A::"}',
    '{"a": "\\"a\\": 1", "b": "\\\\u003a"}',
    '"a:b"',
    "[1, 1]",
    f'{"[" * 300}{{"a": 1}}{"]" * 300}',
]


@pytest.mark.parametrize(("text", "key", "path"), TWICE)
def test_a_key_that_stands_twice_is_named_with_its_place(text: str, key: str, path: tuple[str | int, ...]) -> None:
    assert repeated_key(text.encode(), orjson.loads(text)) == RepeatedKey(key, path)


@pytest.mark.parametrize("text", ONCE)
def test_keys_that_stand_once_are_no_mistake(text: str) -> None:
    assert repeated_key(text.encode(), orjson.loads(text)) is None


def test_of_very_many_the_first_is_named() -> None:
    many = ", ".join(['{"a": 1, "a": 1}'] * 1000)
    for text, found in ((f"[{many}]", RepeatedKey("a", (0,))), (f'{{"z": [{many}], "z": 1}}', RepeatedKey("z", ()))):
        assert repeated_key(text.encode(), orjson.loads(text)) == found


def test_usual_texts_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", None)
    for text in ('{"query": "{ a(b: 1) }", "variables": {"s": "12:30", "n": [1.5, null, "\\u00e9\\n"]}}', "[]"):
        assert repeated_key(text.encode(), orjson.loads(text)) is None


def test_keys_that_stand_twice_are_found_wherever_they_stand() -> None:
    """Random JSON, written member by member, with and without one member more."""
    random, found = Random("keys"), 0  # noqa: S311
    for _ in range(50 * EXAMPLES):
        text, keys = some_json(random, 3)
        got = repeated_key(text.encode(), orjson.loads(text))
        assert (got is None) is (keys == []), text
        assert got is None or got.key in keys
        found += got is not None
    assert found > EXAMPLES


def some_json(random: Random, depth: int) -> tuple[str, list[str]]:
    """A JSON text, and the keys that stand twice in one of its objects."""
    kind = random.randrange(4) if depth else 0
    if kind == 0:
        return random.choice(['"a"', '":"', '"\\u003a"', '"\\u003A:"', "1", "-0.5", "null", "true", '""']), []
    parts = [some_json(random, depth - 1) for _ in range(random.randint(0, 3))]
    repeated = [key for _, keys in parts for key in keys]
    if kind == 1:
        return f"[{', '.join(text for text, _ in parts)}]", repeated
    names = [random.choice(["a", "b", "c:", "\\u003a", "d", "e", "f", "g"]) for _ in parts]
    members = ", ".join(
        f'"{name}"{random.choice([":", " : "])}{text}' for name, (text, _) in zip(names, parts, strict=True)
    )
    twice = [json.loads(f'"{name}"') for name in names if names.count(name) > 1]
    return f"{{{members}}}", [*twice, *repeated]
