"""Reading ahead: what the relations below a list lead to is asked of the loaders for all its elements, level by level."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLOutputType, GraphQLSchema, get_named_type
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet

from app.graphql.execution.field_access import Nested, Related, access_of, type_of
from app.graphql.execution.pace import Pace
from app.graphql.loaders import Loaders
from app.graphql.relations import One

Select = Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]
"""What is selected of objects of a type."""
Make = Callable[[One, Any], object]
"""Makes the object that a relation leads to of what its loader found."""


@dataclass(frozen=True, slots=True)
class AskedRelation:
    """A relation that was asked for several parents, and what is selected of the things that it leads to."""

    relation: One
    type: GraphQLOutputType
    selections: list[FieldDetailsList]
    """One for each alias."""
    answers: list[asyncio.Future[Any]]


class ReadingAhead:
    """Reads the relations below lists of one operation."""

    def __init__(
        self, schema: GraphQLSchema, select: Select, make: Make, loaders: Callable[[], Loaders], pace: Pace
    ) -> None:
        self._schema = schema
        self._select = select
        self._make = make
        self._loaders = loaders
        self._pace = pace

    async def read(self, listed: GraphQLOutputType, elements: Iterable[object], details: FieldDetailsList) -> None:
        """Wait until everything is read; what can't be read is met again, and told, where it would be shown."""
        asked = [each async for each in self._ask(listed, elements, [details])]
        while asked:
            unanswered = {answer for each in asked for answer in each.answers if not answer.done()}
            if unanswered:
                await asyncio.wait(unanswered)
            asked = [
                below for each in asked async for below in self._ask(each.type, self._found(each), each.selections)
            ]

    def _found(self, asked: AskedRelation) -> Iterator[object]:
        for answer in asked.answers:
            if not answer.cancelled() and answer.exception() is None and answer.result() is not None:
                yield self._make(asked.relation, answer.result())

    async def _ask(
        self, output: GraphQLOutputType, parents: Iterable[object], selections: list[FieldDetailsList]
    ) -> AsyncIterator[AskedRelation]:
        named = get_named_type(output)
        by_type: dict[GraphQLObjectType, dict[int, object]] = {}
        for parent in parents:
            kind = named if isinstance(named, GraphQLObjectType) else type_of(parent, self._schema)
            if kind is not None and parent is not None:
                by_type.setdefault(kind, {})[id(parent)] = parent
        for kind, several in by_type.items():
            for access, selected in self._selected(kind, selections).items():
                if isinstance(access, Related):
                    yield AskedRelation(
                        access.relation, access.type, selected, await self._answers(access, several.values())
                    )
                else:
                    below = _flat(access.get(parent) for parent in several.values())
                    async for asked in self._ask(access.type, below, selected):
                        yield asked

    def _selected(
        self, parent_type: GraphQLObjectType, selections: list[FieldDetailsList]
    ) -> dict[Related | Nested, list[FieldDetailsList]]:
        """What is selected of the things that a type leads to; aliases of one field together."""
        found: dict[Related | Nested, list[FieldDetailsList]] = {}
        for details in selections:
            for selected in self._select(parent_type, details).values():
                access = access_of(parent_type, selected[0].node.name.value)
                if isinstance(access, Related | Nested):
                    found.setdefault(access, []).append(selected)
        return found

    async def _answers(self, access: Related, parents: Iterable[object]) -> list[asyncio.Future[Any]]:
        """What the loaders will answer, each once."""
        answers: dict[int, asyncio.Future[Any]] = {}
        for parent in parents:
            if self._pace.is_over():
                await self._pace.wait()
            answer = access.relation.ask(self._loaders(), parent)
            if answer is not None:
                answers[id(answer)] = answer
        return list(answers.values())


def _flat(values: Iterable[Any]) -> Iterator[object]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value
