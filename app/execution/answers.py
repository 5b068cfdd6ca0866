"""The answers of an operation: compiled selections begin the objects, and values are put into them; errors come last.

A field that fails leaves a mark in the answer. Only if there are marks, a second pass adds the errors with their paths,
and propagates nulls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from types import NoneType
from typing import Any

import orjson
from graphql import GraphQLError
from graphql.pyutils import Undefined, is_iterable

from app.execution.compiler import Compiled, Failure, compiled_of, mapped
from app.execution.error_pass import ErrorPass
from app.execution.lookups import Vanished
from app.execution.pace import Pace
from app.execution.plan import FieldPlan, Plan, Selection
from app.execution.rows import RawRows, types_of_rows
from app.meter import LimitReached, Meter, characters_of

BYTES_OF_UNRESOLVED = 4


@dataclass(slots=True)
class ObjectBatch:
    """Objects of one type that are answered together, and the fields that are left of them."""

    selection: Selection
    unresolved: Sequence[FieldPlan]
    sources: Sequence[Any] | RawRows
    """The source of each object."""
    answers: list[dict[str, Any]]
    """Each object as it is answered."""


class Answers:
    """Makes the answers of one operation. A value may be the exception that its resolver or lookup raised."""

    def __init__(self, plan: Plan, meter: Meter, pace: Pace) -> None:
        self._plan = plan
        self._meter = meter
        self._pace = pace
        self._batches: list[ObjectBatch] = []
        self._has_failed = False
        self.is_null = False
        """Whether the whole answer is null, because a null propagated to the root."""
        self.errors: list[GraphQLError] = []

    async def begin_root(self, selection: Selection) -> ObjectBatch:
        self._meter.take(text=selection.bytes_of_names)
        compiled = compiled_of(self._plan, selection)
        root = ObjectBatch(selection, compiled.unresolved, [None], compiled.make([None], None))
        self._batches.append(root)
        return root

    async def complete(self, batch: ObjectBatch, field: FieldPlan, values: Sequence[Any]) -> list[ObjectBatch]:
        """Put the values of a field into the answers of its objects. Values that are objects become batches, which lack fields."""
        if field.shape.leaf is None:
            return await self._complete_objects(batch, field, values)
        self._complete_leaves(batch, field, values)
        return []

    async def _complete_objects(self, batch: ObjectBatch, field: FieldPlan, values: Sequence[Any]) -> list[ObjectBatch]:
        shape, name = field.shape, field.name
        if not shape.is_list:
            return await self._begin_elements(field, values, batch.answers, [name] * len(values))
        batches: list[ObjectBatch] = []
        elements: list[Any] = []
        containers: list[Any] = []
        keys: list[int] = []
        for answer, value in zip(batch.answers, values, strict=True):
            if isinstance(value, RawRows) and value.rows and shape.object is not None:
                page = await self._begin(self._plan.below(field, shape.object), value)
                answer[name] = page.answers
                batches += [page] if page.unresolved else []
            elif is_iterable(value):
                elements += value
                answer[name] = inner = [None] * (len(elements) - len(keys))
                containers += [inner] * len(inner)
                keys += range(len(inner))
                if not inner:
                    self._meter.take_nulls(1)
            elif value is None and not shape.is_required:
                self._meter.take_nulls(1)
            else:
                answer[name] = self._failure(field, value)
        return batches + await self._begin_elements(field, elements, containers, keys)

    async def _begin_elements(
        self, field: FieldPlan, elements: Sequence[Any], containers: Sequence[Any], keys: Sequence[Any]
    ) -> list[ObjectBatch]:
        """Begin the objects of a field, class by class, and put each into its container in the answer."""
        is_required = field.shape.element_is_required if field.shape.is_list else field.shape.is_required
        batches: list[ObjectBatch] = []
        for class_ in dict.fromkeys(map(type, elements)):
            # There may be hundreds of thousands, of which the limits refuse most only when they are begun.
            is_of_class = [type(element) is class_ for element in elements]
            parents, own_keys, objects = ([*compress(each, is_of_class)] for each in (containers, keys, elements))
            selection = self._selection_of(field, class_)
            if isinstance(selection, Selection):
                batch = await self._begin(selection, objects)
                for parent, key, answer in zip(parents, own_keys, batch.answers, strict=True):
                    parent[key] = answer
                batches += [batch] if batch.unresolved else []
            elif class_ is NoneType and not is_required:
                self._meter.take_nulls(len(objects))
            else:
                for parent, key, element in zip(parents, own_keys, objects, strict=True):
                    parent[key] = self._failure(field, element if selection is None else selection)
        return batches

    async def _begin(self, selection: Selection, sources: Sequence[Any] | RawRows) -> ObjectBatch:
        """Begin objects: answer what is compiled of all of them."""
        raw = sources if isinstance(sources, RawRows) else None
        rows: Any = sources if raw is None else raw.rows
        layout, cursor = (None, None) if raw is None else (raw.layout, raw.cursor)
        compiled = compiled_of(self._plan, selection, layout)
        answers: list[dict[str, Any]] = []
        for start in range(0, len(rows), compiled.rows_at_once):
            if self._pace.is_over():
                await self._pace.wait()
            part = rows[start : start + compiled.rows_at_once]
            self._count(compiled, part)
            try:
                part_answers = compiled.make(part, cursor)
            except Exception:  # noqa: BLE001 - it is told of the field that has it
                part_answers = self._piecewise(selection, part, raw)
            if raw is None:
                # Texts of graphs may be as long as these, and be shared by many rows.
                self._meter.expect(text=characters_of(part_answers))
            length = len(orjson.dumps(part_answers, default=str, option=orjson.OPT_UTC_Z))
            # What is left counts when it is known.
            self._meter.take(text=length - 1 - (2 + BYTES_OF_UNRESOLVED * len(compiled.unresolved)) * len(part))
            answers += part_answers
        batch = ObjectBatch(selection, compiled.unresolved, sources, answers)
        self._batches.append(batch)
        return batch

    def _count(self, compiled: Compiled, rows: Sequence[Any]) -> None:
        """Count the objects and values of rows, before they are answered."""
        objects, values = compiled.objects * len(rows), compiled.values * len(rows)
        for get in compiled.lists:
            values += sum(len(each) or 1 for each in mapped(get, rows) if isinstance(each, list | tuple))
        for optional in compiled.optional:
            missing = mapped(optional.get, rows).count(None)
            objects, values = objects - missing * optional.objects, values - missing * (optional.values - 1)
            self._has_failed = self._has_failed or (optional.is_required and missing > 0)
        self._meter.take(objects=objects, values=values)

    def _piecewise(self, selection: Selection, rows: Sequence[Any], raw: RawRows | None) -> list[dict[str, Any]]:
        """The answers of rows, field by field, where a column can't be read."""
        layout, cursor = (None, None) if raw is None else (raw.layout, raw.cursor)
        parts = [
            (field, Compiled(self._plan, Selection(selection.type, [field]), layout)) for field in selection.fields
        ]
        answers: list[dict[str, Any]] = [{} for _ in rows]
        for row, answer in zip(rows, answers, strict=True):
            for field, part in parts:
                try:
                    answer.update(part.make([row], cursor)[0])
                except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                    answer[field.name] = self._failure(field, error)
        return answers

    def _selection_of(self, field: FieldPlan, class_: type) -> Selection | Exception | None:
        """The selection on the objects of a class, whose type it says where the field doesn't. None: there is no object."""
        if class_ is NoneType or issubclass(class_, Exception):
            return None
        declared: Any = field.shape.element
        type_ = field.shape.object or types_of_rows(self._plan.schema).get(class_)
        if type_ is None or not (type_ is declared or self._plan.schema.is_sub_type(declared, type_)):
            return TypeError(f"{class_.__name__} is no {declared.name}")
        try:
            return self._plan.below(field, type_)
        except GraphQLError as error:
            # A condition below isn't acceptable: each object gets the error.
            return error

    def _complete_leaves(self, batch: ObjectBatch, field: FieldPlan, values: Sequence[Any]) -> None:
        if field.shape.is_list:
            # Before they are put together: many objects may have one long list.
            self._meter.expect(values=sum(len(value) if isinstance(value, list | tuple) else 1 for value in values))
        name, shown = field.name, [self._leaf(field, value) for value in values]
        self._meter.take_values([without_failures(value) for value in shown])
        for answer, value in zip(batch.answers, shown, strict=True):
            answer[name] = value

    def _leaf(self, field: FieldPlan, value: Any) -> Any:
        shape = field.shape
        if shape.is_list and is_iterable(value):
            return [self._serialized(field, each, is_required=shape.element_is_required) for each in value]
        if shape.is_list and value is not None and not isinstance(value, Exception):
            return self._failure(field, value)
        return self._serialized(field, value, is_required=shape.is_required)

    def _serialized(self, field: FieldPlan, value: Any, *, is_required: bool) -> Any:
        """A leaf value as JSON has it, or the mark of its failure."""
        if value is None and not is_required:
            return None
        if value is None or isinstance(value, Exception):
            return self._failure(field, value)
        try:
            shown = field.shape.leaf.coerce_output_value(value)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            return self._failure(field, error)
        return self._failure(field, None) if shown is None or shown is Undefined else shown

    def _failure(self, field: FieldPlan, value: Any) -> Failure:
        """The mark of a missing value. Raises LimitReached where the operation ran into a limit."""
        error = why_none(field, value)
        reached = getattr(error, "original_error", None) or error
        if isinstance(reached, LimitReached):
            raise reached
        self._has_failed = True
        return Failure(error, field)

    def expect(self, batch: ObjectBatch, field: FieldPlan) -> None:
        """Count the least that the values of a field take, before its resolver is called."""
        self._meter.expect_answers(len(batch.sources))
        if field.is_connection:
            self._meter.take(connections=len(batch.sources))

    def abandon(self, root: ObjectBatch) -> None:
        """Make the unresolved fields of the root null, with everything below them."""
        for field in root.unresolved:
            root.answers[0][field.name] = None
            self.is_null = self.is_null or field.shape.is_required

    def settle(self, answer: dict[str, Any], fields: Sequence[FieldPlan]) -> None:
        """Tell the errors in these fields of the root, and make null what they make null."""
        if self._has_failed:
            self._has_failed = False
            selections = {id(each): batch.selection for batch in self._batches for each in batch.answers}
            is_whole = ErrorPass(self._plan, selections, self.errors).settle(answer, fields, [])
            self.is_null = self.is_null or not is_whole


def without_failures(value: Any) -> Any:
    """A leaf value, or a list of them, with null for what failed."""
    if isinstance(value, list):
        return [without_failures(each) for each in value]
    return None if type(value) is Failure else value


def why_none(field: FieldPlan, value: Any) -> Exception:
    """Why there is nothing where something has to be: an exception kept it, or it is of another kind, or there is none."""
    if isinstance(value, Exception):
        return value
    if value is not None:
        return TypeError(f"{type(value).__name__} is no {field.shape.type}")
    if field.relation is not None:
        return Vanished("something is referred to but not found")
    return TypeError(f"Cannot return null for non-nullable field {field.parent_type.name}.{field.node.name.value}.")
