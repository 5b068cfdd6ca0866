"""The executor reads this of the request whose operation it executes."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from graphql import GraphQLError, GraphQLSchema

from app.execution.pace import Pace
from app.execution.rows import ALL_COLUMNS, PageColumns
from app.meter import Meter


class ExecutionContext:
    """The base of what resolvers know of their request."""

    loaders: Any
    """Relations are looked up with these loaders."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.pace = Pace(meter)

    async def begin_mutation(self) -> None:
        """Called before each mutation of an operation."""

    def end_mutation(self, errors: Iterable[GraphQLError]) -> None:
        """Called after each mutation, with the errors in its part of the answer."""


class ResolverInfo(NamedTuple):
    """The argument `info` of resolvers."""

    context: ExecutionContext
    schema: GraphQLSchema
    field_name: str
    page_columns: PageColumns = ALL_COLUMNS
    """The columns that a connection reads of its page."""
