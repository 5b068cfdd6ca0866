"""The executor: breadth first. Each selection is executed once, for all the objects of its answer, wherever they stand.

This way, elements of a list need no tasks and no futures. The executor works in rounds: it completes all known fields,
then awaits resolvers and looks up relations for all objects together, then completes the objects that these lead to.
Answers, errors and nulls are those of the specification (GraphQL, September 2025, section 6).
"""

import asyncio
from collections.abc import Awaitable, Hashable, Sequence
from dataclasses import dataclass, replace
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from operator import itemgetter
from typing import Any

from graphql import ExecutionResult, GraphQLError, default_field_resolver, located_error

from app.execution.answers import Answers, ObjectBatch
from app.execution.compiler import columns_of_page, result_or_error
from app.execution.execution_context import ExecutionContext, ResolverInfo
from app.execution.lookups import Loader, Lookup
from app.execution.plan import FieldPlan, Plan
from app.execution.request_errors import OverLimit
from app.execution.rows import ALL_COLUMNS
from app.meter import LimitReached

CALLS_AT_ONCE = 64
"""Number of resolvers that are called between two looks at the time."""

Unknown = tuple[list[Any], int]
"""Values of a field, and the position of one among them that isn't known yet."""


@dataclass(slots=True)
class Pending:
    """The values of a field of several objects, one for each, some of which are to be awaited or looked up."""

    batch: ObjectBatch
    field: FieldPlan
    values: list[Any]

    def close(self) -> None:
        """Close the coroutines that never began, so that Python doesn't warn of them."""
        for value in self.values:
            if iscoroutine(value) and getcoroutinestate(value) == CORO_CREATED:
                value.close()


class Executor:
    """Executes one operation."""

    def __init__(self, plan: Plan, context: ExecutionContext) -> None:
        self._plan = plan
        self._context = context
        self._answers = Answers(plan, context.meter, context.pace)
        self._pending: list[Pending] = []
        self._completed: FieldPlan | None = None
        """The field in work, which an error names where the operation reaches a limit."""
        self._pace = context.pace

    async def run(self) -> ExecutionResult:
        try:
            root = await self._answers.begin_root(self._plan.root())
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        except LimitReached as reached:
            return ExecutionResult(None, [OverLimit(reached)])
        # One mutation is done, and its result read, before the next is begun.
        is_mutation = self._plan.is_mutation
        steps = [replace(root, unresolved=[field]) for field in root.unresolved] if is_mutation else [root]
        [answer], errors = root.answers, self._answers.errors
        for step in steps:
            first_error = len(errors)
            if is_mutation:
                await self._context.begin_mutation()
            await self._execute(step)
            self._answers.settle(answer, step.unresolved)
            if is_mutation:
                self._context.end_mutation(errors[first_error:])
        return ExecutionResult(None if self._answers.is_null else answer, errors or None)

    async def _execute(self, root: ObjectBatch) -> None:
        """Execute the unresolved fields of the root, and all fields below."""
        try:
            if self._plan.is_mutation:
                self._context.meter.begin_mutation()
            pending = await self._resolve_fields([root])
            while pending:
                await self._await_values(pending)
                pending = await self._complete(pending)
        except LimitReached as reached:
            # Without the fields completed so far: a caller couldn't tell a missing value from null.
            self._answers.abandon(root)
            field = self._completed or root.unresolved[0]
            self._answers.errors.append(located_error(OverLimit(reached), [field.node], [root.unresolved[0].name]))
        finally:
            # An operation that reached a limit, or was cancelled, leaves fields behind.
            for each in self._pending:
                each.close()

    async def _resolve_fields(self, batches: list[ObjectBatch]) -> list[Pending]:
        """Complete the fields of objects and of those below; return the fields whose values are to be awaited or looked up."""
        pending = self._pending = []
        self._context.meter.begin_round()
        for batch in batches:  # which grows meanwhile
            for field in batch.unresolved:
                self._completed = field
                if field.column is None:
                    self._answers.expect(batch, field)
                values = await self._call_resolver(batch, field)
                if any(map(is_awaited, set(map(type, values)))):
                    pending.append(Pending(batch, field, values))
                else:
                    batches += await self._answers.complete(batch, field, values)
        self._completed = None
        return pending

    async def _call_resolver(self, batch: ObjectBatch, field: FieldPlan) -> list[Any]:
        """The results of a resolver, one for each object."""
        resolve = field.definition.resolve or default_field_resolver
        info: Any = None
        arguments: dict[str, Any] = {}
        if field.column is None:
            columns = columns_of_page(self._plan, field) if field.is_connection else ALL_COLUMNS
            info = ResolverInfo(self._context, self._plan.schema, field.node.name.value, columns)
            try:
                arguments = self._plan.arguments(field)
            except GraphQLError as error:
                return [error] * len(batch.sources)
        values = []
        for position, source in enumerate(batch.sources):
            if position % CALLS_AT_ONCE == 0 and self._pace.is_over():
                await self._pace.wait()
            try:
                values.append(resolve(source, info, **arguments))
            except Exception as error:  # noqa: BLE001 - it is told at the field of each
                values.append(error)
        return values

    async def _await_values(self, pending: Sequence[Pending]) -> None:
        """Get all values: await resolvers, then look up their keys, each once."""
        unknown = [
            (each.values, position)
            for each in pending
            for position, value in enumerate(each.values)
            if is_awaited(type(value))
        ]
        while unknown:
            waiting = [(values, position) for values, position in unknown if not isinstance(values[position], Lookup)]
            if waiting:
                # Several fields of an object may need the same, which isn't cached for long if it is large.
                waiting.sort(key=itemgetter(1))
                results = await self._await_all([values[position] for values, position in waiting])
                for (values, position), value in zip(waiting, results, strict=True):
                    values[position] = value
            else:
                await self._look_up(unknown)
            unknown = [(values, position) for values, position in unknown if is_awaited(type(values[position]))]

    async def _look_up(self, unknown: Sequence[Unknown]) -> None:
        """Replace lookups by what they lead to; each loader reads its keys together."""
        keys: dict[Loader[Any, Any], dict[Hashable, None]] = {}
        for values, position in unknown:
            keys.setdefault(values[position].loader, {})[values[position].key] = None
        answers = dict(zip(keys, await self._await_all([loader.read(keys[loader]) for loader in keys]), strict=True))
        for index, (values, position) in enumerate(unknown):
            if index % CALLS_AT_ONCE == 0 and self._pace.is_over():
                await self._pace.wait()
            values[position] = looked_up(values[position], answers[values[position].loader])

    async def _await_all(self, awaited: Sequence[Awaitable[Any]]) -> list[Any]:
        """Await several results, or the exceptions in their place; a single one without a task."""
        if len(awaited) == 1:
            try:
                return [await awaited[0]]
            except Exception as error:  # noqa: BLE001 - it is told at its field
                return [error]
        try:
            results = await asyncio.gather(*map(self._paced, awaited), return_exceptions=True)
        finally:
            for awaitable in awaited:
                # A cancelled operation may not have begun all of them.
                if iscoroutine(awaitable):
                    awaitable.close()
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result
        return results

    async def _paced(self, awaited: Awaitable[Any]) -> Any:
        """Await a result, and give way before and after: many results may arrive in one turn of the event loop."""
        if self._pace.is_over():
            await self._pace.wait()
        result = await awaited
        if self._pace.is_over():
            await self._pace.wait()
        return result

    async def _complete(self, pending: Sequence[Pending]) -> list[Pending]:
        """Complete the fields whose values are known now; return the fields below that must wait."""
        batches: list[ObjectBatch] = []
        for each in pending:
            if self._pace.is_over():
                await self._pace.wait()
            self._completed = each.field
            batches += await self._answers.complete(each.batch, each.field, each.values)
        return await self._resolve_fields(batches)


def is_awaited(type_: type) -> bool:
    return hasattr(type_, "__await__")


def looked_up(lookup: Lookup[Any], answers: Any) -> Any:
    """The rows that a lookup leads to."""
    answer = answers if isinstance(answers, Exception) else answers[lookup.key]
    if lookup.make is None or answer is None or isinstance(answer, Exception):
        return answer
    return result_or_error(lookup.make, answer)
