"""What is wrong with input values, in words for those who wrote them: variables in JSON, literals in GraphQL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    ListValueNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableNode,
    is_input_type,
    type_from_ast,
)
from graphql.language import SKIP, VisitorAction
from graphql.language.printer import print_for_error
from graphql.pyutils import did_you_mean, suggestion_list
from graphql.type import is_required_input_field
from graphql.utilities import validate_input_literal, validate_input_value

from app.graphql.json_text import json_text, shortened_text

Path = tuple[str | int, ...]


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ValueMistake(Generic[Value]):
    """Why a value doesn't fit its type: where in the value, what is wrong, and the part of the value that is wrong."""

    path: Path
    message: str
    value: Value


class Notation(Protocol[Value]):
    """How values are written."""

    def is_null(self, value: Value, /) -> bool: ...
    def elements(self, value: Value, /) -> list[Value] | None: ...
    def members(self, value: Value, /) -> dict[str, Value] | None: ...
    def text(self, value: Value, /) -> str: ...
    def fits(self, value: Value, leaf: GraphQLInputType, /) -> bool: ...


class Json:
    """The values of variables."""

    def is_null(self, value: object) -> bool:
        return value is None

    def elements(self, value: object) -> list[object] | None:
        return value if isinstance(value, list) else None

    def members(self, value: object) -> dict[str, object] | None:
        return value if isinstance(value, dict) else None

    def text(self, value: object) -> str:
        return json_text(value)

    def fits(self, value: object, leaf: GraphQLInputType) -> bool:
        errors: list[GraphQLError] = []
        validate_input_value(value, leaf, lambda error, _: errors.append(error), hide_suggestions=True)
        return not errors


class Literals:
    """Values in a document."""

    def is_null(self, value: ValueNode) -> bool:
        return isinstance(value, NullValueNode)

    def elements(self, value: ValueNode) -> list[ValueNode] | None:
        return list(value.values) if isinstance(value, ListValueNode) else None

    def members(self, value: ValueNode) -> dict[str, ValueNode] | None:
        return {each.name.value: each.value for each in value.fields} if isinstance(value, ObjectValueNode) else None

    def text(self, value: ValueNode) -> str:
        return shortened_text(print_for_error(value))

    def fits(self, value: ValueNode, leaf: GraphQLInputType) -> bool:
        errors: list[GraphQLError] = []
        validate_input_literal(value, leaf, lambda error, _: errors.append(error), hide_suggestions=True)
        return not errors


@dataclass(frozen=True, slots=True)
class InputCheck(Generic[Value]):
    """Compares values with their types. Where the schema isn't open to the caller, messages name nothing of it."""

    notation: Notation[Value]
    hides_suggestions: bool

    def mistakes(self, value: Value, wanted: GraphQLInputType, path: Path = ()) -> Iterator[ValueMistake[Value]]:
        """Why a value doesn't fit a type, lazily: as many reasons as are asked for."""
        inner = wanted.of_type if isinstance(wanted, GraphQLNonNull) else wanted
        if isinstance(value, VariableNode):
            return
        if self.notation.is_null(value):
            if wanted is not inner:
                yield self._unfit(value, wanted, path)
        elif isinstance(inner, GraphQLList):
            elements = self.notation.elements(value)
            # A value that is no list is taken for a list of one.
            for place, element in [(path, value)] if elements is None else _at_their_places(elements, path):
                yield from self.mistakes(element, inner.of_type, place)
        elif isinstance(inner, GraphQLInputObjectType):
            yield from self._object(value, inner, path)
        elif not self.notation.fits(value, inner):
            yield self._unfit(value, inner, path)

    def _unfit(self, value: Value, wanted: GraphQLInputType, path: Path) -> ValueMistake[Value]:
        text = self.notation.text(value)
        values = bits = ""
        if isinstance(wanted, GraphQLEnumType) and not self.hides_suggestions:
            values = f" Its values are {_listed(list(wanted.values))}."
        if wanted is GraphQLInt and text.lstrip("-").isdecimal():
            bits = " of 32 bits"
        return ValueMistake(path, f"Expected {wanted}{bits}, found {text}.{values}", value)

    def _object(self, value: Value, wanted: GraphQLInputObjectType, path: Path) -> Iterator[ValueMistake[Value]]:
        members = self.notation.members(value)
        if members is None:
            yield self._unfit(value, wanted, path)
            return
        for name, field in wanted.fields.items():
            if name in members:
                yield from self.mistakes(members[name], field.type, (*path, name))
            elif is_required_input_field(field):
                yield ValueMistake(path, f'{wanted} needs "{name}", which is missing.', value)
        for name in members:
            if name not in wanted.fields:
                yield ValueMistake(
                    path, f"{wanted} has no field {json_text(name)}.{self._suggestion(name, wanted)}", value
                )
        if wanted.is_one_of:
            yield from self._one_of(members, wanted, path, value)

    def _suggestion(self, name: str, wanted: GraphQLInputObjectType) -> str:
        return "" if self.hides_suggestions else did_you_mean(suggestion_list(name, list(wanted.fields)))

    def _one_of(
        self, members: Mapping[str, Value], wanted: GraphQLInputObjectType, path: Path, value: Value
    ) -> Iterator[ValueMistake[Value]]:
        given = [name for name in wanted.fields if name in members]
        nulls = {name for name in given if self.notation.is_null(members[name])}
        if len(given) == 1 and not nulls:
            return
        names = _listed([f"{name} (null)" if name in nulls else name for name in given]) or "none"
        message = f"{wanted} takes exactly one field that isn't null; given: {names}."
        if len(given) > 1 and nulls:
            message += " A field that is null counts as given: leave it out."
        if not given and not self.hides_suggestions:
            message += f" Its fields are {_listed(list(wanted.fields))}."
        yield ValueMistake(path, message, value)


def _at_their_places(elements: list[Value], path: Path) -> Iterator[tuple[Path, Value]]:
    return (((*path, index), element) for index, element in enumerate(elements))


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def mistakes_in_variables(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: Mapping[str, object],
    *,
    hides_suggestions: bool,
) -> Iterator[GraphQLError]:
    """Why the variables of a valid operation can't be used, lazily."""
    check: InputCheck[object] = InputCheck(Json(), hides_suggestions)
    for definition in operation.variable_definitions or ():
        name, wanted = definition.variable.name.value, type_from_ast(schema, definition.type)
        if not is_input_type(wanted):
            continue
        if name in variables:
            for mistake in check.mistakes(variables[name], wanted):
                yield GraphQLError(f"Variable ${name}{_place(mistake.path)}: {mistake.message}", definition)
        elif isinstance(wanted, GraphQLNonNull) and definition.default_value is None:
            yield GraphQLError(f"Variable ${name} is missing; its type is {wanted}.", definition)


def _place(path: Path) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)


class LiteralsRule(ValuesOfCorrectTypeRule):
    """The rule of the specification, with messages of our own."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        """Refuse variables that can be null for a field of a oneOf input; graphql-core overlooks inputs of type `T!`."""
        types = {each.variable.name.value: each.type for each in node.variable_definitions or ()}
        for usage in self.context.get_recursive_variable_usages(node):
            name, parent = usage.node.name.value, usage.parent_type
            of = parent.of_type if isinstance(parent, GraphQLNonNull) else None
            is_one_of = isinstance(of, GraphQLInputObjectType) and of.is_one_of
            if is_one_of and name in types and not isinstance(types[name], NonNullTypeNode):
                message = (
                    f"Variable ${name} can be null; {of} takes exactly one field that isn't null. Declare it with `!`."
                )
                self.report_error(GraphQLError(message, usage.node))

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        if input_type is not None:
            check: InputCheck[ValueNode] = InputCheck(Literals(), self.context.hide_suggestions)
            for mistake in check.mistakes(node, input_type):
                self.report_error(GraphQLError(_in_front(mistake.path) + mistake.message, mistake.value))
        return SKIP


def _in_front(path: Path) -> str:
    return f"At {_place(path).removeprefix('.')}: " if path else ""
