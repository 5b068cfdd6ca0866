"""Every argument of the schema that takes an id, found by walking the schema; and how to ask with an id there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)

from app.domain.model import Kind
from tests.leaks.selections import SCHEMA, fields_of

Path = tuple[str, ...]

GRAPH_KEYS = {
    "credentials_id": Kind.CREDENTIAL,
    "secret_id": Kind.SECRET,
    "vpn_agent_id": Kind.AGENT,
    "topic": Kind.TOPIC,
}
"""Where native graphs hold ids."""

KINDS = {"createdBy": Kind.USER, "from": Kind.CREDENTIAL, "to": Kind.CREDENTIAL, "uses": Kind.CREDENTIAL}
"""Of arguments that aren't called by the kind of what they name."""


@dataclass(frozen=True, slots=True)
class Place:
    """An argument of a field, or a part of one, that takes an id."""

    owner: str
    """The type that has the field."""
    field: str
    path: Path
    """The argument, then the fields of its input; in a native graph last the key."""
    kind: Kind
    """What the id is meant to name."""

    @property
    def name(self) -> str:
        return ".".join((self.owner, self.field, *self.path))


def places() -> list[Place]:
    return [
        Place(owner.name, name, path, kind)
        for owner in SCHEMA.type_map.values()
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__")
        for name, field in owner.fields.items()
        for argument, definition in field.args.items()
        for path, kind in _ids_in(definition.type, (argument,), name)
    ]


def _ids_in(type_: GraphQLInputType, path: Path, field: str) -> Iterator[tuple[Path, Kind]]:
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        for name, inner in named.fields.items():
            yield from _ids_in(inner.type, (*path, name), field)
    elif named.name == "ID":
        yield path, kind_of_argument(path[-1], field)
    elif path[-1] == "document":
        # Of a tenant that its sender provisions, in all of which ids may be named; whoever doesn't is told nothing of them.
        return
    elif named.name == "JSON":
        assert path[-1] == "graph", f"{path} of {field} takes JSON: does it hold ids?"
        yield from (((*path, key), kind) for key, kind in GRAPH_KEYS.items())


def kind_of_argument(name: str, field: str) -> Kind:
    """What an argument names, by what it is called: `overrideFlowId` a flow, `id` of the field `flow` likewise."""
    if name in {"id", "ids"}:
        return Kind(field) if field in set(Kind) else Kind.FLOW
    stem = name.removesuffix("s").removesuffix("Id")
    if stem in KINDS:
        return KINDS[stem]
    word = "".join(f" {letter}" if letter.isupper() else letter for letter in stem).split()[-1].lower()
    return Kind(word)


def with_id(base: dict[str, Any], place: Place, given: object) -> dict[str, Any]:
    """Arguments as `base` has them, with an id at this place."""
    arguments = fields_of(place.owner)[place.field].args
    name, *rest = place.path
    return base | {name: _set(arguments[name].type, base.get(name), tuple(rest), given)}


def _set(type_: GraphQLInputType, value: Any, path: Path, given: object) -> Any:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLList):
        return [_set(inner.of_type, (value or [None])[0], path, given)]
    if not path:
        return given
    if not isinstance(inner, GraphQLInputObjectType):
        return graph_naming(path[0], given)
    name, *rest = path
    others = {} if _is_one_of(inner) else (value or _others(inner, name))
    return others | {name: _set(inner.fields[name].type, others.get(name), tuple(rest), given)}


def _is_one_of(input_type: GraphQLInputObjectType) -> bool:
    return bool(input_type.extensions["strawberry-definition"].is_one_of)


STEP_OF = {"credentialId": "3", "secretId": "2", "agentId": "2", "topicId": "4"}
"""The steps of the flows that are called bound."""


def _others(input_type: GraphQLInputObjectType, name: str) -> dict[str, Any]:
    """What an input needs besides one of its fields."""
    return {"stepId": STEP_OF[name]} if input_type.name == "StepBindingInput" else {}


def graph_naming(key: str, given: object) -> dict[str, Any]:
    """A native graph with an id in it; all else is in order."""
    commands = {"credentials_id": "acme/mailer:send", "secret_id": "acme/erp:get", "vpn_agent_id": "acme/timer:tick"}
    named = {"fields": {"topic": given}} if key == "topic" else {key: given}
    step = {"id": "1", "command": commands.get(key, "acme/pubsub:pub"), **named}
    return {"nodes": [step], "edges": []}
