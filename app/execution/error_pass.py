"""The second pass over an answer in which something failed: errors get their paths, and nulls propagate.

The specification (GraphQL, September 2025, section 6.4.4) says how: a null in a required field makes its object null.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, located_error

from app.execution.compiler import Failure
from app.execution.plan import FieldPlan, Plan, Selection

MOST_ERRORS = 100
"""Errors of fields in one answer; a field that fails beyond them is null without an error."""

PathSoFar = list[str | int]


class ErrorPass:
    """Walks through an answer, and replaces the marks of failed fields."""

    def __init__(self, plan: Plan, selections: Mapping[int, Selection], errors: list[GraphQLError]) -> None:
        """The selections of objects are known by the identity of their answers, but for those that stand within others."""
        self._plan = plan
        self._selections = selections
        self._errors = errors

    def settle(self, answer: dict[str, Any], fields: Sequence[FieldPlan], path: PathSoFar) -> bool:
        """Replace the marks in fields of an object; False if the object becomes null, because a required field is."""
        for field in fields:
            value = answer.get(field.name)
            if value is None:
                continue
            answer[field.name] = settled = self._settled(value, field, [*path, field.name])
            if settled is None and field.shape.is_required:
                return False
        return True

    def _settled(self, value: Any, field: FieldPlan, path: PathSoFar) -> Any:
        if type(value) is Failure:
            if len(self._errors) < MOST_ERRORS:
                self._errors.append(located_error(value.error, [field.node], path))
            return None
        if field.shape.is_list and isinstance(value, list):
            return value if self._settle_elements(value, field, path) else None
        if field.shape.leaf is None and isinstance(value, dict):
            return value if self.settle(value, self._selection_of(value, field).fields, path) else None
        return value

    def _settle_elements(self, elements: list[Any], field: FieldPlan, path: PathSoFar) -> bool:
        for index, element in enumerate(elements):
            if element is not None:
                elements[index] = settled = self._settled(element, field, [*path, index])
                if settled is None and field.shape.element_is_required:
                    return False
        return True

    def _selection_of(self, answer: dict[str, Any], field: FieldPlan) -> Selection:
        selection = self._selections.get(id(answer))
        # What was answered within another object is of the type that its field declares.
        declared: Any = field.shape.object
        return self._plan.below(field, declared) if selection is None else selection
