"""The executor: breadth first. Each selection is executed once, for all the objects of its answer, wherever they stand.

So there is no task and no future for each element of a list. What is to be read is read in rounds: everything is
completed that is known; then resolvers are asked and relations looked up, for all objects together; and so on with what
they lead to. Answers, errors and nulls are those of the specification (GraphQL, September 2025, section 6).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import iscoroutine
from operator import itemgetter
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLResolveInfo, default_field_resolver
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, is_awaitable

from app.graphql.context import Context
from app.graphql.execution.completion import AnswerAbandoned, Completion
from app.graphql.execution.objects import Objects
from app.graphql.execution.plan import FieldPlan, Plan
from app.graphql.lookups import Loader, Lookup, Lookups
from app.graphql.relations import One, Several

CALLS_AT_ONCE = 64
"""So many resolvers are called between two looks at the time."""

Fields = Sequence[FieldPlan]
Make = Callable[[Any], object]
Known = dict[Loader[Any, Any], Any]
"""What each loader knows; an exception where it could not read."""


class PendingField:
    """The values of a field of several objects, which are still to be found."""

    __slots__ = ("field", "objects", "values")

    def __init__(self, objects: Objects, field: FieldPlan, values: list[Any]) -> None:
        self.objects = objects
        self.field = field
        self.values = values
        """One for each object: a value, an exception, a lookup, several lookups, or what is to be awaited."""

    def close(self) -> None:
        """Nobody waits for it any more."""
        for value in self.values:
            if iscoroutine(value):
                value.close()


class PendingRelation(PendingField):
    """The same of a field that is a relation: the values are keys, or exceptions."""

    __slots__ = ("loader", "make")

    def __init__(
        self, objects: Objects, field: FieldPlan, keys: list[Any], loader: Loader[Any, Any], make: Make | None
    ) -> None:
        super().__init__(objects, field, keys)
        self.loader = loader
        self.make = make


class Executor:
    """Executes one operation."""

    def __init__(self, plan: Plan, context: Context) -> None:
        self._plan = plan
        self._context = context
        self._completion = Completion(plan, context.meter)
        self._pending: list[PendingField] = []

    async def run(self) -> ExecutionResult:
        try:
            selection = self._plan.root()
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        root = Objects(selection)
        root.add(None, 0, None)
        self._context.meter.take_names(selection.bytes)
        # One mutation is done, and its result read, before the next is begun.
        steps: list[Fields] = [[field] for field in selection.fields] if self._plan.is_mutation else [selection.fields]
        for fields in steps:
            await self._execute(root, fields)
        return ExecutionResult(None if root.nulled else root.answers[0], self._completion.errors or None)

    async def _execute(self, root: Objects, fields: Fields) -> None:
        """Execute fields of the root, and all that they lead to."""
        try:
            wanted = await self._complete_known([(root, fields)])
            while wanted:
                await self._find(wanted)
                wanted = await self._complete_found(wanted)
        except AnswerAbandoned as abandoned:
            # What is there already isn't answered: nobody could tell what is missing from what is null.
            for field in fields:
                root.null(0, field)
            self._completion.errors.append(abandoned.error)
            for pending in self._pending:
                pending.close()

    async def _complete_found(self, found: Sequence[PendingField]) -> list[PendingField]:
        """Complete what was found. What it lacks still is returned."""
        begun: list[tuple[Objects, Fields]] = []
        for each in found:
            await self._give_way()
            below = self._completion.complete(each.objects, each.field, each.values)
            begun += [(objects, objects.selection.fields) for objects in below]
        return await self._complete_known(begun)

    async def _complete_known(self, begun: list[tuple[Objects, Fields]]) -> list[PendingField]:
        """Complete all fields of these objects that take no reading, and below them. The others are returned."""
        wanted = self._pending = []
        for objects, fields in begun:  # which grows meanwhile
            for field in fields:
                await self._give_way()
                if field.get is not None:
                    values = mapped(field.get, objects.sources)
                    below = self._completion.complete(objects, field, values)
                    begun += [(inner, inner.selection.fields) for inner in below]
                elif field.relation is not None:
                    related = self._related(objects, field, field.relation)
                    if related.values.count(None) == len(related.values) and not field.shape.is_required:
                        # It leads nowhere, for none of them.
                        self._completion.complete(objects, field, related.values)
                    else:
                        wanted.append(related)
                else:
                    wanted.append(PendingField(objects, field, await self._called(objects, field)))
        return wanted

    def _related(self, objects: Objects, field: FieldPlan, relation: One | Several) -> PendingField:
        if isinstance(relation, Several):
            return PendingField(objects, field, [relation.lookups(self._context, source) for source in objects.sources])
        keys = mapped(relation.key, objects.sources)
        loader = relation.loader(self._context.loaders)
        return PendingRelation(objects, field, keys, loader, relation.make)

    async def _called(self, objects: Objects, field: FieldPlan) -> list[Any]:
        """What the resolver of a field gives for each object."""
        if field.is_connection:
            self._completion.count_connections(objects, field)
        try:
            arguments = get_argument_values(
                field.definition,
                field.node,
                self._plan.variables,
                field.details[0].fragment_variable_values,
                self._plan.hides_suggestions,
            )
        except GraphQLError as error:
            return [error] * len(objects.sources)
        info = self._info(objects, field)
        resolve = field.definition.resolve or default_field_resolver
        values = []
        for position, source in enumerate(objects.sources):
            if position % CALLS_AT_ONCE == 0:
                await self._give_way()
            values.append(attempt(resolve, source, info, **arguments))
        return values

    def _info(self, objects: Objects, field: FieldPlan) -> GraphQLResolveInfo[Context]:
        """What resolvers are told. The path is that of the first of the objects for which they are asked."""
        path: Any = None
        for key in (*objects.path(0), field.name):
            path = Path(path, key, None)
        no_helpers: Any = None
        return GraphQLResolveInfo(
            field_name=field.node.name.value,
            field_nodes=[details.node for details in field.details],
            return_type=field.definition.type,
            parent_type=field.parent_type,
            path=path,
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
            await self._give_way()
            if isinstance(each, PendingRelation):
                keys.setdefault(each.loader, {}).update(dict.fromkeys(each.values))
            else:
                for lookup in lookups_in(each.values):
                    keys.setdefault(lookup.loader, {})[lookup.key] = None
        answers = await self._all([loader.read(known_keys(asked)) for loader, asked in keys.items()])
        known = dict(zip(keys, answers, strict=True))
        for each in wanted:
            await self._give_way()
            if isinstance(each, PendingRelation):
                each.values = related_in(each.values, known[each.loader], each.make)
            else:
                each.values = found_in(each.values, known)
        # What was looked up for a resolver may say what else is to be looked up.
        resolved = [each for each in wanted if not isinstance(each, PendingRelation)]
        if further := [each for each in resolved if any(isinstance(value, Lookup) for value in each.values)]:
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
        # Several fields of an object may need the same, which isn't kept for long if it is large.
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
        found = await asyncio.gather(*map(self._paced, awaited), return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, Exception):
                raise each
        return found

    async def _paced(self, awaited: Awaitable[Any]) -> Any:
        """Many may go on in the same turn of the event loop."""
        await self._give_way()
        found = await awaited
        await self._give_way()
        return found

    async def _give_way(self) -> None:
        if self._context.pace.is_over():
            await self._context.pace.wait()


def attempt(function: Callable[..., Any], *args: Any, **arguments: Any) -> Any:
    """What a function gives, or the exception that it raises."""
    try:
        return function(*args, **arguments)
    except Exception as error:  # noqa: BLE001 - it is told at its field
        return error


def mapped(function: Callable[[Any], Any], sources: Sequence[Any]) -> list[Any]:
    """What a function gives for each, or the exception that it raises."""
    try:
        return list(map(function, sources))
    except Exception:  # noqa: BLE001 - it is told of the object that has it
        return [attempt(function, source) for source in sources]


def lookups_in(values: Sequence[Any]) -> list[Lookup[Any]]:
    found = [value for value in values if isinstance(value, Lookup)]
    several = (value.each for value in values if isinstance(value, Lookups))
    return found + [lookup for each in several for lookup in each if lookup is not None]


def known_keys(asked: dict[Any, None]) -> list[Any]:
    """What a loader is asked for of a column of keys."""
    return [key for key in asked if key is not None and not isinstance(key, Exception)]


def related_in(keys: Sequence[Any], known: Any, make: Make | None) -> list[Any]:
    """What relations lead to, or the exceptions that kept it from being found. What is made of one answer is made once."""
    if isinstance(known, Exception):
        return [key if key is None or isinstance(key, Exception) else known for key in keys]
    found = [known.get(key, key) for key in keys]
    if make is None:
        return found
    made = {
        id(answer): attempt(make, answer)
        for answer in {id(answer): answer for answer in found}.values()
        if answer is not None and not isinstance(answer, Exception)
    }
    return [made.get(id(answer), answer) for answer in found]


def found_in(values: Sequence[Any], known: Known) -> list[Any]:
    """The values, with what was found in place of lookups. What is made of one answer is made once, whoever asks."""
    made: dict[tuple[Loader[Any, Any], Any], Any] = {}

    def found(value: Any) -> Any:
        if not isinstance(value, Lookup):
            return value.of([found(each) for each in value.each]) if isinstance(value, Lookups) else value
        answers = known[value.loader]
        answer = answers if isinstance(answers, Exception) else answers[value.key]
        if value.make is None or answer is None or isinstance(answer, Exception):
            return answer
        key = value.loader, value.key
        if key not in made:
            made[key] = attempt(value.make, answer)
        return made[key]

    return [found(value) for value in values]
