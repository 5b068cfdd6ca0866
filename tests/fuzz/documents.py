"""Documents that a grammar makes of the schema: in order mostly, and sometimes broken a little."""

import json
from collections.abc import Mapping
from typing import Any

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

from app.graphql.schema import schema
from tests.fuzz.values import Values
from tests.leaks.places import kind_of_argument

SCHEMA = schema.graphql_schema
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

Variables = dict[str, Any]


class Documents:
    """Makes one document after another."""

    def __init__(self, values: Values) -> None:
        self.values = values
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
        names = random.choices(list(root.fields), k=random.choice((1, 1, 1, 1, 2, 3)))
        fields = " ".join(f"r{index}: {self._field(root, name, 4)}" for index, name in enumerate(names))
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"{kind} Q{declared} {{ {fields} }}", self._variables

    def _selection(self, parent: GraphQLNamedType, depth: int) -> str:
        random = self.values.random
        if isinstance(parent, GraphQLInterfaceType | GraphQLUnionType):
            possible = random.sample(
                SCHEMA.get_possible_types(parent), k=min(2, len(SCHEMA.get_possible_types(parent)))
            )
            inner = " ".join(f"... on {each.name} {self._selection(each, depth)}" for each in possible)
            return f"{{ __typename {inner} }}"
        assert isinstance(parent, GraphQLObjectType)
        wanted = random.sample(list(parent.fields), k=min(len(parent.fields), random.randrange(1, 6)))
        fields = [f"{name}_{parent.name}: {self._field(parent, name, depth)}" for name in wanted]
        refusals = "errors { __typename message code }" if "errors" in parent.fields else ""
        return f"{{ __typename {refusals} {' '.join(each for each in fields if not each.endswith(': '))} }}"

    def _field(self, parent: GraphQLObjectType, name: str, depth: int) -> str:
        field: GraphQLField = parent.fields[name]
        output = get_named_type(field.type)
        if not is_leaf_type(output) and depth == 0:
            return ""
        given = {
            argument: definition
            for argument, definition in field.args.items()
            if is_required_argument(definition) or self.values.chance(0.25)
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
                if (isinstance(inner.type, GraphQLNonNull) and self.values.chance(0.98)) or self.values.chance(0.25)
            ]
        return {name: self.value(fields[name].type, name, field) for name in wanted}

    def _scalar(self, type_name: str, name: str, field: str) -> Any:
        values = self.values
        match type_name:
            case "ID":
                kind = None if field in {"node", "nodes"} else kind_of_argument(name, field)
                return values.id(kind)
            case "Int":
                return values.random.randrange(1, 101) if values.chance(0.85) else values.number()
            case "Boolean":
                return values.chance(0.5)
            case "JSON":
                return values.graph()
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
