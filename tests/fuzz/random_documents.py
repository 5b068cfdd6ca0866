"""Documents that a grammar makes of the schema: in order mostly, and sometimes broken a little."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from app.domain.model import Kind
from tests.fuzz.values import TIMES, Values
from tests.leaks.places import kind_of_argument
from tests.leaks.selections import SCHEMA, Everything

TOKENS = (
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "!",
    "$",
    "@",
    ":",
    "=",
    "|",
    "&",
    "...",
    '"',
    '"""',
    "#",
    "on",
    "fragment",
    "null",
    "\0",
    "\\u{110000}",
    '"\\ud800"',
    "1e999",
    "9" * 400,
    "-",
)
DEPTHS = (2, 3, 4, 6)
NARROW = 4
"""With so much below it, few fields of an object are asked for."""
FEW = 0.3
"""One odd cursor, and nothing else of an answer is there: so much rarer they are than other arguments."""
MANY = 0.01
"""The share of the selections that have one field under many aliases."""
WRITTEN = ("flow", "draft", "version")
"""What payloads name that is to be read afterwards."""

Variables = dict[str, Any]


ALIASED = re.compile(r"\b([A-Z]\w*?)_(\w+): \2\b")
ALTERNATIVES = {
    possible.name
    for named in SCHEMA.type_map.values()
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType) and named.name != "Node"
    for possible in SCHEMA.get_possible_types(named)
}
"""Types of which one or another is answered, with fields of one name and of different types."""


def everything(type_name: str, depth: int = 2) -> str:
    """A query for everything that something of this type has; aliases are where they must be, as there may not be many."""
    selections = Everything()
    asked = f"query($id: ID!) {{ node(id: $id) {{ __typename {selections.of(type_name, depth)} }} }}"
    return ALIASED.sub(lambda each: each[0] if each[1] in ALTERNATIVES else each[2], selections.document(asked))


EVERYTHING = {
    Kind(node.name.lower().removeprefix("flow").removesuffix("request") or "flow"): everything(node.name)
    for node in SCHEMA.get_possible_types(cast("GraphQLInterfaceType", SCHEMA.type_map["Node"]))
}
"""By the kind of the thing."""


class Documents:
    """Makes one document after another: of these fields of the root, or of all; with this share of what is optional."""

    def __init__(self, values: Values, fields: Sequence[str] = (), optional: float = 0.25) -> None:
        self.values = values
        self._fields = fields
        self._optional = optional
        self._declared: list[str] = []
        self._variables: Variables = {}

    def query(self) -> tuple[str, Variables]:
        return self._operation("query")

    def mutation(self) -> tuple[str, Variables]:
        return self._operation("mutation")

    def broken(self, document: str) -> str:
        """The document with something in it that doesn't belong there, or without something that does."""
        random = self.values.random
        at, to = sorted(random.randrange(len(document) + 1) for _ in range(2))
        return random.choice(
            (
                document[:at] + document[min(to, at + 12) :],
                document[:at] + random.choice(TOKENS) + document[at:],
                document[:at] + document[at : at + 40] * random.randrange(2, 60) + document[at:],
                document[:at],
                document.replace("id", random.choice(("ide", "__id", "id id", "id: name")), 1),
                document.replace("$", "", 1),
                document + document,
            )
        )

    def _operation(self, kind: str) -> tuple[str, Variables]:
        self._declared, self._variables = [], {}
        random = self.values.random
        root = SCHEMA.query_type if kind == "query" else SCHEMA.mutation_type
        assert root is not None
        names = random.choices(self._fields or list(root.fields), k=random.choice((1, 1, 1, 1, 2, 3)))
        depth = random.choice(DEPTHS)
        fields = " ".join(f"r{index}: {self._field(root, name, depth)}" for index, name in enumerate(names))
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"{kind} Q{declared} {{ {fields} }}", self._variables

    def _selection(self, parent: GraphQLNamedType, depth: int) -> str:
        random = self.values.random
        if isinstance(parent, GraphQLInterfaceType | GraphQLUnionType):
            possible = random.sample(
                SCHEMA.get_possible_types(parent), k=min(4, len(SCHEMA.get_possible_types(parent)))
            )
            inner = " ".join(f"... on {each.name} {self._selection(each, depth)}" for each in possible)
            return f"{{ __typename {inner} }}"
        assert isinstance(parent, GraphQLObjectType)
        most = 5 if depth < NARROW else 2
        wanted = random.sample(list(parent.fields), k=min(len(parent.fields), random.randint(1, most)))
        fields = [f"{name}_{parent.name}: {self._field(parent, name, depth)}" for name in wanted]
        if self.values.chance(MANY) and not fields[0].endswith(": "):
            fields += [f"a{index}: {fields[0].partition(': ')[2]}" for index in range(random.choice((20, 60, 101)))]
        refusals = "errors { __typename message code }" if "errors" in parent.fields else ""
        written = [f"{name} {{ id }}" for name in WRITTEN if refusals and name in parent.fields]
        return f"{{ __typename {refusals} {' '.join(written)} {' '.join(each for each in fields if not each.endswith(': '))} }}"

    def _field(self, parent: GraphQLObjectType, name: str, depth: int) -> str:
        field: GraphQLField = parent.fields[name]
        output = get_named_type(field.type)
        if not is_leaf_type(output) and depth == 0:
            return ""
        given = {
            argument: definition
            for argument, definition in field.args.items()
            if is_required_argument(definition)
            or self.values.chance(self._optional * (FEW if argument in {"after", "before"} else 1))
        }
        if self.values.chance(0.8):
            # Pages are asked for in one direction.
            for argument in self.values.random.choice((("last", "before"), ("first", "after"))):
                given.pop(argument, None)
        arguments = ", ".join(f"{each}: {self._argument(each, name, given[each])}" for each in given)
        selection = "" if is_leaf_type(output) else f" {self._selection(output, depth - 1)}"
        return f"{name}{f'({arguments})' if arguments else ''}{self._directive()}{selection}"

    def _directive(self) -> str:
        if self.values.chance(0.97):
            return ""
        usual = (" @include(if: true)", " @skip(if: false)", " @skip(if: true)")
        return self.values.random.choice((*usual * 40, " @defer", " @x"))

    def _argument(self, name: str, field: str, definition: GraphQLArgument) -> str:
        """A literal, or a variable with its value."""
        value = self.value(definition.type, name, field)
        if self.values.chance(0.4) and not contains_json(definition.type):
            return literal(value, definition.type)
        variable = f"v{len(self._declared)}"
        self._declared.append(f"${variable}: {definition.type}")
        self._variables[variable] = value
        return f"${variable}"

    def value(self, type_: GraphQLInputType, name: str, field: str) -> Any:
        """A value of a type, or something else now and then."""
        values = self.values
        if isinstance(type_, GraphQLNonNull):
            return self.value(type_.of_type, name, field) if values.chance(0.995) else None
        if values.chance(0.01):
            return values.json(2)
        if isinstance(type_, GraphQLList) and values.chance(0.1):
            return [self.value(type_.of_type, name, field)] * values.random.choice((2, 60, 100, 101))
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type, name, field) for _ in range(values.random.choice((0, 1, 2, 3, 101)))]
        if isinstance(type_, GraphQLEnumType):
            return values.random.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self._input(type_, field)
        return self._scalar(type_.name, name, field)

    def _input(self, type_: GraphQLInputObjectType, field: str) -> Variables:
        fields: Mapping[str, GraphQLInputField] = type_.fields
        if type_.extensions["strawberry-definition"].is_one_of and self.values.chance(0.9):
            wanted = [self.values.random.choice(list(fields))]
        else:
            wanted = [
                name
                for name, inner in fields.items()
                if (isinstance(inner.type, GraphQLNonNull) and self.values.chance(0.98))
                or self.values.chance(self._optional)
            ]
        return {name: self.value(fields[name].type, name, field) for name in wanted}

    def _scalar(self, type_name: str, name: str, field: str) -> Any:
        values = self.values
        match type_name:
            case "ID":
                kind = None if field in {"node", "nodes"} else kind_of_argument(name, field)
                return values.id(kind)
            case "Int" if name == "expectedRevision":
                return values.random.choice((1, 1, 1, 2, 3, values.number()))
            case "Int":
                return values.random.choice((1, 2, 5, 100)) if values.chance(0.85) else values.number()
            case "Boolean":
                return values.chance(0.5)
            case "JSON":
                return values.graph()
            case "DateTime":
                return values.random.choice((*TIMES, "2026-01-01T00:00:00Z", values.text()))
            case _ if name in {"after", "before"}:
                return values.cursor()
            case _ if name == "cron":
                return values.random.choice(("0 * * * *", "*/5 0 1 1 MON", "60 * * * *", values.text()))
            case _ if name == "stepId":
                return values.random.choice(("1", "2", "3", "4", values.text()))
            case _:
                return values.text() if values.chance(0.5) else "Fuzz"


def contains_json(type_: GraphQLInputType) -> bool:
    """Whether JSON stands somewhere in a value of this type: its keys need not be names, so it goes as a variable."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return any(contains_json(field.type) for field in named.fields.values())
    return named.name == "JSON"


def literal(value: Any, type_: GraphQLInputType) -> str:
    """A value as it is written in a document."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(value, list):
        element = inner.of_type if isinstance(inner, GraphQLList) else inner
        return f"[{', '.join(literal(each, element) for each in value)}]"
    if isinstance(value, dict):
        fields = inner.fields if isinstance(inner, GraphQLInputObjectType) else {}
        known = {name: each for name, each in value.items() if name in fields}
        return f"{{{', '.join(f'{name}: {literal(each, fields[name].type)}' for name, each in known.items())}}}"
    if isinstance(inner, GraphQLEnumType) and isinstance(value, str):
        return value if value.isidentifier() and value.isascii() else "NONE"
    return json.dumps(value)
