"""The executor: breadth first. Each selection is executed once, for all the objects of its answer, wherever they stand.

So there is no task and no future for each element of a list. What is to be read is read in rounds: everything is
completed that is known; then resolvers are asked and relations looked up, for all objects together; and so on with what
they lead to. Answers, errors and nulls are those of the specification (GraphQL, September 2025, section 6).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import iscoroutine
from operator import itemgetter
from typing import Any, NamedTuple, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    default_field_resolver,
    located_error,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, is_awaitable

from app.execution.answers import AnswerAbandoned, Answers, Objects
from app.execution.attempts import attempt, mapped
from app.execution.execution_context import ExecutionContext
from app.execution.fields import declared_resolver
from app.execution.lookups import Loader, Lookup, Lookups
from app.execution.pending import PendingField, PendingRelation
from app.execution.plan import FieldPlan, Plan
from app.execution.projections import EVERYTHING, Selected, selected_of
from app.execution.relations import One, Several
from app.execution.request_errors import OverLimit
from app.meter import LimitReached

CALLS_AT_ONCE = 64
"""So many resolvers are called between two looks at the time."""

Fields = Sequence[FieldPlan]


class ResolverInfo(NamedTuple):
    """What resolvers look at of Strawberry's `Info`, which takes longer to make than most fields take to resolve."""

    context: ExecutionContext
    selected: Selected
    """Of a connection: what is to be read of its nodes."""


class Executor:
    """Executes one operation."""

    def __init__(self, plan: Plan, context: ExecutionContext) -> None:
        self._plan = plan
        self._context = context
        self._answers = Answers(plan, context.meter, context.pace)
        self._pending: list[PendingField] = []
        self._pace = context.pace

    async def run(self) -> ExecutionResult:
        try:
            root = await self._answers.begin_root(self._plan.root())
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        except LimitReached as reached:
            return ExecutionResult(None, [OverLimit(reached)])
        # One mutation is done, and its result read, before the next is begun.
        steps: list[Fields] = [[field] for field in root.left] if self._plan.is_mutation else [root.left]
        [answer], errors = root.answers, self._answers.errors
        for fields in steps:
            known = len(errors)
            if self._plan.is_mutation:
                await self._context.begin_mutation()
            await self._execute(root, fields)
            self._answers.settle(answer, fields)
            if self._plan.is_mutation:
                self._context.end_mutation(errors[known:])
        return ExecutionResult(None if self._answers.is_null else answer, errors or None)

    async def _execute(self, root: Objects, fields: Fields) -> None:
        """Execute fields of the root, and all that they lead to."""
        try:
            if self._plan.is_mutation:
                self._context.meter.begin_mutation()
            wanted = await self._complete_known([(root, fields)])
            while wanted:
                await self._find(wanted)
                wanted = await self._complete_found(wanted)
        except AnswerAbandoned as abandoned:
            self._abandon(root, fields, abandoned.reached, abandoned.field)
        except LimitReached as reached:
            self._abandon(root, fields, reached, fields[0])
        finally:
            # What was given up, or cancelled.
            for pending in self._pending:
                pending.close()

    def _abandon(self, root: Objects, fields: Fields, reached: LimitReached, field: FieldPlan) -> None:
        """What is completed already isn't answered: nobody could tell what is missing from what is null."""
        self._answers.abandon(root, fields)
        self._answers.errors.append(located_error(OverLimit(reached), [field.node], [fields[0].name]))

    async def _complete_found(self, found: Sequence[PendingField]) -> list[PendingField]:
        """Complete what was found. What it lacks still is returned."""
        begun: list[tuple[Objects, Fields]] = []
        for each in found:
            if self._pace.is_over():
                await self._pace.wait()
            below = await self._answers.complete(each.objects, each.field, each.values)
            begun += [(objects, objects.left) for objects in below]
        return await self._complete_known(begun)

    async def _complete_known(self, begun: list[tuple[Objects, Fields]]) -> list[PendingField]:
        """Complete all fields of these objects that take no reading, and below them. The others are returned."""
        wanted = self._pending = []
        self._context.meter.begin_round()
        for objects, fields in begun:  # which grows meanwhile
            for field in fields:
                if self._pace.is_over():
                    await self._pace.wait()
                if field.get is not None:
                    below = await self._answers.complete(objects, field, mapped(field.get, objects.sources))
                    begun += [(inner, inner.left) for inner in below]
                    continue
                self._answers.expect(objects, field)
                if field.relation is not None:
                    related = self._related(objects, field, field.relation)
                    if related.values.count(None) == len(related.values) and not field.shape.is_required:
                        # It leads nowhere, for none of them.
                        await self._answers.complete(objects, field, related.values)
                    else:
                        wanted.append(related)
                else:
                    wanted.append(PendingField(objects, field, await self._called(objects, field)))
        return wanted

    def _related(self, objects: Objects, field: FieldPlan, relation: One | Several) -> PendingField:
        if isinstance(relation, Several):
            return PendingField(objects, field, [relation.lookups(self._context, source) for source in objects.sources])
        keys = mapped(relation.key, objects.sources)
        return PendingRelation(objects, field, keys, relation.loader_of(self._context.loaders))

    async def _called(self, objects: Objects, field: FieldPlan) -> list[Any]:
        """What the resolver of a field gives for each object."""
        try:
            call = self._call_of(field)
        except Exception as error:  # noqa: BLE001 - it is told at the field of each
            return [error] * len(objects.sources)
        values = []
        for position, source in enumerate(objects.sources):
            if position % CALLS_AT_ONCE == 0 and self._pace.is_over():
                await self._pace.wait()
            values.append(attempt(call, source))
        return values

    def _call_of(self, field: FieldPlan) -> Callable[[Any], Any]:
        """The call of a resolver. Strawberry's own wrapper would convert the arguments anew for each object."""
        declared = declared_resolver(field.definition)
        if declared is None or declared.base_resolver is None:
            resolve, arguments = field.definition.resolve or default_field_resolver, self._arguments(field)
            core_info = self._info(field)
            return lambda source: resolve(source, core_info, **arguments)
        selected = selected_of(self._plan, field) if field.is_connection else EVERYTHING
        info = ResolverInfo(self._context, selected)
        named = self._arguments(field) if field.arguments is None else field.arguments
        if field.keeps_arguments:
            field.arguments = named
        if declared.base_resolver.info_parameter is not None:
            named = {**named, declared.base_resolver.info_parameter.name: info}
        function = cast("Callable[..., Any]", declared.base_resolver.wrapped_func)
        return lambda source: function(source, **named)

    def _arguments(self, field: FieldPlan) -> dict[str, Any]:
        return get_argument_values(
            field.definition,
            field.node,
            self._plan.variables,
            field.details[0].fragment_variable_values,
            self._plan.hides_suggestions,
        )

    def _info(self, field: FieldPlan) -> GraphQLResolveInfo[ExecutionContext]:
        """What graphql-core's resolvers are told."""
        no_helpers: Any = None
        return GraphQLResolveInfo(
            field_name=field.node.name.value,
            field_nodes=[details.node for details in field.details],
            return_type=field.definition.type,
            parent_type=field.parent_type,
            path=Path(None, field.name, None),
            schema=self._plan.schema,
            fragments=self._plan.fragments,
            root_value=None,
            operation=self._plan.operation,
            variable_values=self._plan.variables,
            context=self._context,
            is_awaitable=is_awaitable,
            abort_signal=None,
            async_helpers=no_helpers,
        )

    async def _find(self, wanted: Sequence[PendingField]) -> None:
        """Find all values: wait for resolvers, then read what is to be looked up, by them too."""
        await self._wait_for([each for each in wanted if not isinstance(each, PendingRelation)])
        keys: dict[Loader[Any, Any], dict[Any, None]] = {}
        for each in wanted:
            if self._pace.is_over():
                await self._pace.wait()
            for loader, asked in each.keys:
                keys.setdefault(loader, {}).update(dict.fromkeys(asked))
        answers = await self._all([loader.read(asked) for loader, asked in keys.items()])
        known = dict(zip(keys, answers, strict=True))
        for each in wanted:
            if self._pace.is_over():
                await self._pace.wait()
            each.take(known)
        if further := [each for each in wanted if each.has_lookups]:
            await self._find(further)

    async def _wait_for(self, wanted: Sequence[PendingField]) -> None:
        """Wait for all that resolvers gave which is to be awaited."""
        waiting = [
            (each.values, position)
            for each in wanted
            for position, value in enumerate(each.values)
            if value is not None and not isinstance(value, Lookup | Lookups) and is_awaitable(value)
        ]
        if not waiting:
            return
        # Several fields of an object may need the same, which isn't cached for long if it is large.
        waiting.sort(key=itemgetter(1))
        found = await self._all([values[position] for values, position in waiting])
        for (values, position), value in zip(waiting, found, strict=True):
            values[position] = value

    async def _all(self, awaited: Sequence[Awaitable[Any]]) -> list[Any]:
        """The results, and exceptions in place of them. One alone takes no task."""
        if len(awaited) == 1:
            try:
                return [await awaited[0]]
            except Exception as error:  # noqa: BLE001 - it is told at its field
                return [error]
        if not awaited:
            return []
        try:
            found = await asyncio.gather(*map(self._paced, awaited), return_exceptions=True)
        finally:
            for one in awaited:
                # Who is cut off may not have begun with all of them.
                if iscoroutine(one):
                    one.close()
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, Exception):
                raise each
        return found

    async def _paced(self, awaited: Awaitable[Any]) -> Any:
        """Many may go on in the same turn of the event loop."""
        if self._pace.is_over():
            await self._pace.wait()
        found = await awaited
        if self._pace.is_over():
            await self._pace.wait()
        return found
