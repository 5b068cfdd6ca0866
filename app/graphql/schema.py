"""The schema: every type put together."""

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from app.graphql.errors import access, drafts, exports
from app.graphql.mutations import Mutation
from app.graphql.queries import Query
from app.graphql.scalars import SCALARS
from app.graphql.types import readiness

CACHED_DOCUMENTS = 1000

IMPLEMENTATIONS = (
    access.FlowNotFound,
    access.WorkspaceNotFound,
    access.VersionNotFound,
    access.DraftNotFound,
    access.InsufficientPermission,
    access.ContractSuspended,
    access.ComponentNotAccessible,
    exports.MultipleTopicsNotCopied,
    exports.TopicNotAccessible,
    exports.FlowHasNoTopic,
    exports.CredentialNotAccessible,
    exports.DraftAlreadyExists,
    exports.CannotOverrideItself,
    exports.QuotaExceeded,
    exports.InvalidInput,
    exports.TopicSchemaMismatch,
    drafts.StaleDraft,
    drafts.DraftNotReady,
    readiness.MissingCredential,
    readiness.MissingTopic,
    readiness.ComponentUnavailable,
    readiness.InvalidGraph,
)
"""Fields name only their interfaces, so the schema is told of them here."""


class Schema(strawberry.Schema):
    @property
    def graphql_schema(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """The endpoint logs what went wrong, once, with the request id."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=IMPLEMENTATIONS,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ],
)
