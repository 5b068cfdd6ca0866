"""The schema: every type put together."""

import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from app.graphql import errors, export_errors
from app.graphql.mutations import Mutation
from app.graphql.queries import Query
from app.graphql.scalars import SCALARS

CACHED_DOCUMENTS = 1000

REFUSALS = (
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
)
"""Fields name only their interfaces, so the schema is told of them here."""


class Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """The endpoint logs what went wrong, once, with the request id."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=REFUSALS,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ],
)
