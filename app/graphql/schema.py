"""The schema: every type put together."""

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from app.graphql import draft_errors, errors, export_errors
from app.graphql.mutations import Mutation
from app.graphql.queries import Query
from app.graphql.scalars import SCALARS
from app.graphql.types import readiness

CACHED_DOCUMENTS = 1000

IMPLEMENTATIONS = (
    errors.FlowNotFound,
    errors.WorkspaceNotFound,
    errors.VersionNotFound,
    errors.DraftNotFound,
    errors.InsufficientPermission,
    errors.ContractSuspended,
    errors.ComponentNotAccessible,
    export_errors.MultipleTopicsNotCopied,
    export_errors.TopicNotAccessible,
    export_errors.FlowHasNoTopic,
    export_errors.CredentialNotAccessible,
    export_errors.DraftAlreadyExists,
    export_errors.CannotOverrideItself,
    export_errors.QuotaExceeded,
    export_errors.InvalidInput,
    export_errors.TopicSchemaMismatch,
    draft_errors.StaleDraft,
    draft_errors.DraftNotReady,
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
