"""graphql-core's executor, bounded: it counts what it answers, gives way, and reads relations ahead.

It goes through an answer object by object, as the specification tells it. What would need a task for each element of a
list there, the things that relations lead to, is read before, for all elements and level by level; attributes are taken
without asking a resolver.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

from graphql import (
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    Undefined,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.graphql.context import Context, Vanished
from app.graphql.execution.field_access import NOT_PLAIN, Leaf, Nested, Paged, Plan, Planned, Related, plan_of, type_of
from app.graphql.execution.meter import AnswerTooLarge
from app.graphql.execution.reading_ahead import ReadingAhead
from app.graphql.relations import One

MOST_ERRORS = 100
"""How many errors of fields are told; what fails beyond them is null without one."""


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Runs one operation. Its parent types and the methods it overrides are those of graphql-core 3.3."""

    context_value: Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_told = False
        """That the answer would be too large."""
        self._plans: dict[tuple[GraphQLObjectType, int], tuple[GroupedFieldSet, Plan]] = {}
        self._made: dict[tuple[int, int], tuple[object, object]] = {}
        self._ahead = ReadingAhead(
            self.schema,
            lambda *of: self.collect_subfields(*of)[0],
            self._make,
            lambda: self.context_value.loaders,
            self.context_value.pace,
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        meter = self.context_value.meter
        if meter.refused is not None:
            raise meter.refused.with_traceback(None)
        results: dict[str, Any] = {}
        awaited: list[str] = []
        selected = self._plan_of(parent_type, grouped_field_set)
        meter.take_names(selected.bytes)
        try:
            for field in selected.fields:
                value = field.access.value_of(source_value) if isinstance(field.access, Leaf) else NOT_PLAIN
                if value is NOT_PLAIN:
                    value = self._execute(parent_type, source_value, field, path, position_context)
                    if value is Undefined:
                        continue
                    if value is None:
                        meter.take_value(None)
                    elif self.is_awaitable(value):
                        awaited.append(field.name)
                else:
                    meter.take_value(value)
                results[field.name] = value
        except Exception:
            self.settle_in_background([results[name] for name in awaited])
            raise
        return _settled(results, awaited) if awaited else results

    def _plan_of(self, parent_type: GraphQLObjectType, grouped: GroupedFieldSet) -> Plan:
        """How the fields of a selection are had: found once for all objects of a list."""
        key = (parent_type, id(grouped))
        if key not in self._plans:
            # The selection is kept beside, so that nothing else gets its identity.
            self._plans[key] = grouped, plan_of(parent_type, grouped)
        return self._plans[key][1]

    def _execute(
        self, parent_type: GraphQLObjectType, source: Any, field: Planned, path: Path | None, position_context: Any
    ) -> Any:
        """What a field is, if it is no plain leaf value."""
        access, asked = field.access, None
        if isinstance(access, Related):
            asked = access.relation.ask(self.context_value.loaders, source)
            if asked is None and not access.is_required:
                return None
        field_path = Path(path, field.name, parent_type.name)
        if isinstance(access, Related):
            return self._related(access, asked, field.details, field_path)
        if isinstance(access, Nested):
            return self._completed(access.type, access.get(source), field.details, field_path)
        if isinstance(access, Paged):
            self.context_value.meter.take_connection()
        return self.execute_field(parent_type, source, field.details, field_path, position_context)

    def execute_collected_subfields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path,
        grouped_field_set: GroupedFieldSet,
        new_defer_usages: Any,
        position_context: Any,
    ) -> Any:
        """Nothing is delivered later, so there is nothing to plan for that."""
        return self.execute_fields(parent_type, source_value, path, grouped_field_set, None)

    async def complete_awaitable_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        result: Awaitable[Any],
        position_context: Any,
    ) -> Any:
        """Many resolvers may begin, and many get their answers, in one turn of the event loop."""
        paced = self._paced(result)
        return await super().complete_awaitable_value(
            return_type, field_details_list, info, path, paced, position_context
        )

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        self.context_value.meter.take_objects()
        return self.collect_and_execute_subfields(return_type, field_details_list, path, result, position_context)

    def complete_abstract_value(
        self,
        return_type: Any,
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        concrete = type_of(result, self.schema)
        if concrete is None or not self.schema.is_sub_type(return_type, concrete):
            raise TypeError(f"{type(result).__name__} is no {return_type.name}")
        return self.complete_object_value(concrete, field_details_list, info, path, result, position_context)

    def complete_leaf_value(  # type: ignore[override]  # it is called on the executor, static or not
        self, return_type: GraphQLLeafType, result: Any
    ) -> Any:
        shown = super().complete_leaf_value(return_type, result)
        self.context_value.meter.take_value(shown)
        return shown

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        items: Any,
        position_context: Any,
    ) -> Any:
        """Long lists, and those below which something is to be read, are completed bit by bit."""
        if is_leaf_type(get_named_type(item_type)):
            return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)
        if not items:
            self.context_value.meter.take_value(None)
            return []
        self.context_value.meter.expect_objects(len(items))
        elements = self._elements(item_type, items, field_details_list)
        return self.complete_async_iterator_value(item_type, field_details_list, info, path, elements, position_context)

    def handle_field_error(
        self, raw_error: Exception, return_type: GraphQLOutputType, field_details_list: FieldDetailsList, path: Path
    ) -> None:
        is_too_large = isinstance(getattr(raw_error, "original_error", None) or raw_error, AnswerTooLarge)
        is_told = len(self.collected_errors.errors) < MOST_ERRORS and not (is_too_large and self._has_told)
        if is_told:
            # Where a field is repeated, its first place says enough.
            super().handle_field_error(raw_error, return_type, field_details_list[:1], path)
            self._has_told |= is_too_large
        elif isinstance(return_type, GraphQLNonNull):
            raise raw_error

    async def _paced(self, result: Awaitable[Any]) -> Any:
        await self._give_way()
        found = await result
        await self._give_way()
        return found

    async def _give_way(self) -> None:
        if self.context_value.pace.is_over():
            await self.context_value.pace.wait()

    async def _elements(
        self, listed: GraphQLOutputType, items: Sequence[Any], details: FieldDetailsList
    ) -> AsyncIterator[Any]:
        await self._ahead.read(listed, items, details)
        for item in items:
            await self._give_way()
            yield item

    def _related(
        self, access: Related, asked: asyncio.Future[Any] | None, details: FieldDetailsList, path: Path
    ) -> Any:
        """What a relation leads to: at once, where it was read already."""
        if asked is None:
            return self._completed(access.type, None, details, path)
        return self._found(access, asked, details, path) if asked.done() else self._later(access, asked, details, path)

    async def _later(self, access: Related, asked: asyncio.Future[Any], details: FieldDetailsList, path: Path) -> Any:
        await asyncio.wait([asked])
        await self._give_way()
        completed = self._found(access, asked, details, path)
        return await completed if self.is_awaitable(completed) else completed

    def _found(self, access: Related, asked: asyncio.Future[Any], details: FieldDetailsList, path: Path) -> Any:
        error = asked.exception()
        found = None if error is not None else asked.result()
        if error is None and found is None and access.is_required:
            error = Vanished("something is referred to but not found")
        if isinstance(error, Exception):
            return self.handle_field_error(error, access.type, details, path)
        return (
            None if found is None else self._completed(access.type, self._make(access.relation, found), details, path)
        )

    def _make(self, relation: One, found: object) -> object:
        """The object that is made of what was found: once, however often it is met."""
        key = (id(relation), id(found))
        if key not in self._made:
            # What was found is kept beside, so that nothing else gets its identity.
            self._made[key] = found, relation.make(found)
        return self._made[key][1]

    def _completed(self, output: GraphQLOutputType, value: object, details: FieldDetailsList, path: Path) -> Any:
        """A value that no resolver gave. Nothing here looks at the information that resolvers get."""
        no_info: Any = None
        try:
            completed = self.complete_value(output, details, no_info, path, value, None)
        except Exception as error:  # noqa: BLE001 - it is told at its field
            return self.handle_field_error(error, output, details, path)
        return self._guarded(completed, output, details, path) if self.is_awaitable(completed) else completed

    async def _guarded(
        self, completed: Awaitable[Any], output: GraphQLOutputType, details: FieldDetailsList, path: Path
    ) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - it is told at its field
            return self.handle_field_error(error, output, details, path)


async def _settled(results: dict[str, Any], awaited: list[str]) -> dict[str, Any]:
    """The results, once those that are awaited have come."""
    if len(awaited) == 1:
        results[awaited[0]] = await results[awaited[0]]
    else:
        found = await gather_with_cancel(*(results[name] for name in awaited))
        results.update(zip(awaited, found, strict=True))
    return results
