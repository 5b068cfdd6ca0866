"""Random JSON graphs: the platform's form with anything in it, repeated step ids, nulls and unknown keys included."""

from hypothesis import strategies

from app.domain.graph import Json

PUB, SUB = "acme/pub-sub:pub", "lab/channel:sub"
TOPIC_FIELDS = {PUB: "topic", SUB: "channel"}
KEYS_OF_REFERENCES = ("credentials_id", "secret_id", "vpn_agent_id")

texts = strategies.sampled_from(
    ["", "a", "topic", "channel", "id_1", "1", "null", "é", "🚀\U0010ffff", '"\\\n\x7f\u2028']
)
numbers = strategies.sampled_from([0, 1, -1, 0.0, -0.0, 1.0, 0.1, 1e16, 1e-7, 2**53 + 1, 2**64 - 1, -(2**63)])
scalars = strategies.one_of(strategies.none(), strategies.booleans(), numbers, texts)
values: strategies.SearchStrategy[Json] = strategies.recursive(
    scalars,
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
references = strategies.sampled_from(["id_1", "id_2", "", None, "id_1", "id_2", 1, True, ["id_1"]])
fields = strategies.one_of(
    strategies.fixed_dictionaries({}, optional={"topic": references, "channel": references, "more": values}), scalars
)
steps: strategies.SearchStrategy[Json] = strategies.fixed_dictionaries(
    {"id": strategies.sampled_from(["1", "2", ""]), "command": strategies.sampled_from([PUB, SUB, PUB, "a/b:c", "?"])},
    optional={
        "fields": fields,
        **dict.fromkeys(KEYS_OF_REFERENCES, references),
        "selected_data_samples": values,
        "name": scalars,
        "unknown": values,
    },
)
graphs: strategies.SearchStrategy[Json] = strategies.fixed_dictionaries(
    {"nodes": strategies.lists(steps, max_size=4), "edges": strategies.lists(values, max_size=2)},
    optional={"credentials_id": references, "unknown": values},
)
any_json = strategies.one_of(
    values, strategies.fixed_dictionaries({"nodes": strategies.one_of(values, strategies.lists(values | steps))})
)


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
