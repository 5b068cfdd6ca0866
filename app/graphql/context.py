"""The context of a request: its caller and the ways to the database; never a session."""

from asyncio import Lock
from collections.abc import Callable, Hashable, Iterable
from functools import cached_property
from typing import Any, TypeVar

from cachetools import LRUCache
from graphql import GraphQLError
from strawberry.types.info import Info as StrawberryInfo

from app.execution.execution_context import ExecutionContext
from app.graphql.loading.loaders import Loaders
from app.meter import Meter
from app.offload import offload
from app.storage.connections.failures import DatabaseFailure
from app.storage.reads.rows import UserView
from app.usecases.transaction import UnitOfWork

Made = TypeVar("Made")

WRITTEN = "written"
"""In the extensions of an error: whether the mutation was written in whose place it is."""
MOST_CACHED_CHARACTERS = 4_000_000
"""How much of graphs a request keeps read, since aliases and repeated ids ask for the same again."""


class Context(ExecutionContext):
    """One request of one caller."""

    def __init__(
        self,
        *,
        work: UnitOfWork,
        request_id: str,
        meter: Meter,
        shows_schema: bool = True,
        user: UserView | None = None,
    ) -> None:
        super().__init__(meter)
        self.work = work
        self.viewer, self.database = work.actor, work.database
        self.request_id = request_id
        self.shows_schema = shows_schema
        """Whether the caller may know the schema, and so what it might have meant."""
        self.loaders = Loaders(work)
        self._transactions_before = 0
        self.user = user
        """The viewer, where it was read with its token."""

    @cached_property
    def _cache(self) -> LRUCache[Hashable, Any]:
        return LRUCache(MOST_CACHED_CHARACTERS, getsizeof=lambda cached: cached[0])

    @cached_property
    def _parsing(self) -> Lock:
        return Lock()

    async def begin_mutation(self) -> None:
        """Forget the rows that were read, since an earlier mutation may have changed them."""
        self._transactions_before = len(self.work.commits)
        await self._forget_rows()

    def end_mutation(self, errors: Iterable[GraphQLError]) -> None:
        """Note with each error whether the mutation was written."""
        written = self.work.commits.last_after(self._transactions_before)
        for error in errors:
            cause = error.original_error
            if isinstance(cause, DatabaseFailure):
                cause.written = cause.written or written
            error.extensions = {**(error.extensions or {}), WRITTEN: written.value}

    async def look_again(self) -> None:
        """Forget the rows that were read, and count the answer from zero."""
        self.meter.begin_again()
        await self._forget_rows()

    async def _forget_rows(self) -> None:
        await self.loaders.close()
        self.loaders = Loaders(self.work)

    async def parsed(self, key: Hashable, size: int, parse: Callable[[], Made]) -> Made:
        """Parse a graph, or take it from the cache.

        A request parses one graph after the other, so that it parses none twice and has at most one thread for them.
        """
        async with self._parsing:
            cached: tuple[int, Made] | None = self._cache.get(key)
            if cached is None:
                cached = size, await offload(size, parse)
                if size <= MOST_CACHED_CHARACTERS:
                    self._cache[key] = cached
            return cached[1]


Info = StrawberryInfo[Context, None]
"""The annotation of `info` in resolvers. The executor calls them with a `ResolverInfo`."""
