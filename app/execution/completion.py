"""Completing values: those that are found for a field of many objects are put into the answer, counted, and checked."""

from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, located_error
from graphql.pyutils import Undefined, is_iterable

from app.execution.elements import elements_at_once
from app.execution.lookups import Vanished
from app.execution.objects import Objects
from app.execution.plan import FieldPlan, Plan
from app.execution.request_errors import OverLimit
from app.execution.rows import types_of_rows
from app.meter import LimitReached, Meter

MOST_ERRORS = 100
"""How many errors of fields are told; what fails beyond them is null without one."""


class AnswerAbandoned(Exception):
    """The operation has reached a limit: nothing more of its answer is made."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error


class Completion:
    """Completes the values of one operation. Values may be exceptions: what kept them from being found."""

    def __init__(self, plan: Plan, meter: Meter) -> None:
        self._plan = plan
        self._meter = meter
        self.errors: list[GraphQLError] = []

    def complete(self, objects: Objects, field: FieldPlan, values: Sequence[Any]) -> list[Objects]:
        """Put the values of a field into the answers of its objects. The objects that they are still lack their fields."""
        if field.shape.leaf is not None:
            self._complete_leaves(objects, field, values)
            return []
        if field.shape.is_list:
            return self._complete_lists(objects, field, values)
        return self._complete_objects(objects, field, values)

    def complete_elements(self, connections: Objects, field: FieldPlan) -> bool:
        """Put the nodes or edges of pages into their connections, if they are columns alone; false if they aren't."""
        made = elements_at_once(self._plan, connections.sources, field)
        if made is None:
            return False
        self._count(connections, field, self._meter.take_objects, made.objects)
        self._count(connections, field, self._meter.take_json, (made.values, made.bytes))
        for answer, elements in zip(connections.answers, made.pages, strict=True):
            answer[field.name] = elements
        return True

    def _complete_objects(self, objects: Objects, field: FieldPlan, values: Sequence[Any]) -> list[Objects]:
        below: dict[GraphQLObjectType, Objects] = {}
        answers, name, is_required = objects.answers, field.name, field.shape.is_required
        nulls = 0 if is_required else values.count(None)
        if nulls:
            self._count(objects, field, self._meter.take_nulls, nulls)
        if nulls == len(values):
            return []
        self._count(objects, field, self._meter.take_objects, len(values) - nulls)
        of_one_type = self._of_one_type(objects, field, below, values)
        if of_one_type is not None:
            self._count_names(objects, field, of_one_type, len(values) - nulls)
        if of_one_type is not None and not nulls:
            for answer, begun in zip(answers, of_one_type.add_all(values), strict=True):
                answer[name] = begun
            return [of_one_type]
        for position, value in enumerate(values):
            if value is None and not is_required:
                continue
            if of_one_type is not None:
                answers[position][name] = of_one_type.add(value, position, None)
            else:
                answers[position][name] = self._begin_object(objects, field, below, value, position, None)
        return [each for each in below.values() if each.sources]

    def _complete_lists(self, objects: Objects, field: FieldPlan, values: Sequence[Any]) -> list[Objects]:
        below: dict[GraphQLObjectType, Objects] = {}
        for position, value in enumerate(values):
            elements = self._elements(objects, field, position, value)
            if elements is None:
                continue
            if not elements:
                self._count(objects, field, self._meter.take_nulls, 1)
            self._count(objects, field, self._meter.take_objects, len(elements), position)
            of_one_type = self._of_one_type(objects, field, below, elements)
            if of_one_type is not None and None not in elements:
                self._count_names(objects, field, of_one_type, len(elements), position)
                objects.answers[position][field.name] = of_one_type.add_elements(elements, position)
                continue
            answer: list[Any] = [None] * len(elements)
            objects.answers[position][field.name] = answer
            for index, element in enumerate(elements):
                if element is None and not field.shape.element_is_required:
                    self._count(objects, field, self._meter.take_nulls, 1, position)
                elif of_one_type is not None and element is not None:
                    self._count_names(objects, field, of_one_type, 1, position)
                    answer[index] = of_one_type.add(element, position, index)
                else:
                    answer[index] = self._begin_object(objects, field, below, element, position, index)
        return [each for each in below.values() if each.sources]

    def _of_one_type(
        self, objects: Objects, field: FieldPlan, below: dict[GraphQLObjectType, Objects], values: Sequence[Any]
    ) -> Objects | None:
        """What the objects of a field become part of, if they are all of the type that it declares, and nothing failed."""
        type_ = field.shape.object
        if type_ is None or any(issubclass(each, Exception) for each in set(map(type, values))):
            return None
        if field.shape.is_required and None in values:
            return None
        try:
            return self._objects_of(objects, field, below, type_)
        except GraphQLError:
            # A condition below isn't acceptable, which is told of each.
            return None

    def _objects_of(
        self, objects: Objects, field: FieldPlan, below: dict[GraphQLObjectType, Objects], type_: GraphQLObjectType
    ) -> Objects:
        if type_ not in below:
            below[type_] = Objects(self._plan.below(field, type_), objects, field)
        return below[type_]

    def _elements(self, objects: Objects, field: FieldPlan, position: int, value: Any) -> Sequence[Any] | None:
        """The elements of a list, if there is one."""
        if is_iterable(value):
            return value if isinstance(value, list | tuple) else list(value)
        if value is None and not field.shape.is_required:
            self._count(objects, field, self._meter.take_nulls, 1)
        else:
            self.fail(objects, field, position, why_none(field, value))
        return None

    def _begin_object(
        self,
        objects: Objects,
        field: FieldPlan,
        below: dict[GraphQLObjectType, Objects],
        value: Any,
        position: int,
        index: int | None,
    ) -> dict[str, Any] | None:
        """The answer of an object that a field has, begun; None where there can't be one."""
        if value is None or isinstance(value, Exception):
            self.fail(objects, field, position, why_none(field, value), index)
            return None
        try:
            begun = self._objects_of(objects, field, below, self._type_of(field, value))
        except Exception as error:  # noqa: BLE001 - it is told at its field
            self.fail(objects, field, position, error, index)
            return None
        self._count_names(objects, field, begun, 1, position)
        return begun.add(value, position, index)

    def _type_of(self, field: FieldPlan, value: object) -> GraphQLObjectType:
        """The type of the schema that an object is of: where the field doesn't say it, its class does."""
        if field.shape.object is not None:
            return field.shape.object
        declared: Any = field.shape.element
        found = types_of_rows(self._plan.schema).get(type(value))
        if found is None or not self._plan.schema.is_sub_type(declared, found):
            raise TypeError(f"{type(value).__name__} is no {declared.name}")
        return found

    def _complete_leaves(self, objects: Objects, field: FieldPlan, values: Sequence[Any]) -> None:
        if field.shape.is_list:
            # Before they are put together: many objects may have one long list.
            self._count(objects, field, self._meter.expect_values, sum(map(number_of_elements, values)))
        shown = shown_at_once(field, values)
        if shown is None:
            shown = [self._leaf(objects, field, position, value) for position, value in enumerate(values)]
        self._count(objects, field, self._meter.take_values, shown)
        name = field.name
        for answer, value in zip(objects.answers, shown, strict=True):
            answer[name] = value

    def _leaf(self, objects: Objects, field: FieldPlan, position: int, value: Any) -> Any:
        """A value that is shown; None where it can't be, which is told."""
        if value is None and not field.shape.is_required:
            return None
        if field.shape.is_list and is_iterable(value):
            return self._leaves_of_list(objects, field, position, list(value))
        shown = attempt_show(field, field.shape.show, value)
        if isinstance(shown, Exception):
            self.fail(objects, field, position, shown)
            return None
        return shown

    def _leaves_of_list(self, objects: Objects, field: FieldPlan, position: int, values: list[Any]) -> list[Any] | None:
        shape = field.shape
        answer: list[Any] = [None] * len(values)
        objects.answers[position][field.name] = answer
        for index, value in enumerate(values):
            if value is None and not shape.element_is_required:
                continue
            shown = attempt_show(field, shape.show_element, value)
            if isinstance(shown, Exception):
                self.fail(objects, field, position, shown, index)
            else:
                answer[index] = shown
        return None if objects.is_null(position, field) else answer

    def fail(
        self, objects: Objects, field: FieldPlan, position: int, error: Exception, index: int | None = None
    ) -> None:
        """Tell why there is nothing where something was wanted: it, or what it is part of, becomes null."""
        path = [*objects.path(position), field.name, *(() if index is None else (index,))]
        reached = getattr(error, "original_error", None) or error
        if isinstance(reached, LimitReached):
            raise AnswerAbandoned(located_error(OverLimit(reached), [field.node], path))
        if len(self.errors) < MOST_ERRORS and not objects.is_null(position, field):
            self.errors.append(located_error(error, [field.node], path))
        objects.null(position, field, index)

    def _count(
        self, objects: Objects, field: FieldPlan, take: Callable[[Any], None], what: Any, position: int = 0
    ) -> None:
        """Count what is to be answered. Raises AnswerAbandoned above a limit."""
        try:
            take(what)
        except LimitReached as reached:
            path = [*objects.path(position), field.name]
            raise AnswerAbandoned(located_error(OverLimit(reached), [field.node], path)) from None

    def _count_names(self, objects: Objects, field: FieldPlan, begun: Objects, number: int, position: int = 0) -> None:
        """Count the names of all fields of objects that are about to be begun."""
        self._count(objects, field, self._meter.take_bytes, begun.selection.bytes * number, position)

    def expect(self, objects: Objects, field: FieldPlan) -> None:
        """Count what a field will be answered with, whatever that is, before anything is made for it."""
        self._count(objects, field, self._meter.expect_answers, len(objects.sources))

    def count_connections(self, objects: Objects, field: FieldPlan) -> None:
        self._count(objects, field, self._meter.take_connections, len(objects.sources))


def why_none(field: FieldPlan, value: Any) -> Exception:
    """Why there is nothing where something has to be: an exception kept it, or it is of another kind, or there is none."""
    if isinstance(value, Exception):
        return value
    if value is not None:
        return TypeError(f"{type(value).__name__} is no {field.shape.type}")
    if field.relation is not None:
        return Vanished("something is referred to but not found")
    return TypeError(f"Cannot return null for non-nullable field {field.parent_type.name}.{field.node.name.value}.")


def shown_at_once(field: FieldPlan, values: Sequence[Any]) -> list[Any] | None:
    """The leaf values of a field as they are shown; None where one of them can't be."""
    show, plain, names = field.shape.show, field.shape.plain, field.shape.names
    if plain and plain.issuperset(map(type, values)):
        return list(values)
    try:
        if names and names.issuperset(values):
            return list(values)
        shown = [None if value is None else show(value) for value in values]
    except Exception:  # noqa: BLE001 - it is told of the object that has it
        return None
    return None if field.shape.is_required and None in shown else shown


def number_of_elements(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else 1


def attempt_show(field: FieldPlan, show: Callable[[Any], Any], value: Any) -> Any:
    """A leaf value as it is shown, or the exception that says why it can't be."""
    if value is None or isinstance(value, Exception):
        return why_none(field, value)
    try:
        shown = show(value)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return error
    return why_none(field, None) if shown is None or shown is Undefined else shown
