"""The schema: every type put together."""

from collections.abc import Iterator, Sequence
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError, GraphQLSchema, specified_rules, validate
from graphql.execution import Executor as GraphQLCoreExecutor
from graphql.validation.rules import overlapping_fields_can_be_merged as merging
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionContext

from app.graphql.errors import access, drafts, exports
from app.graphql.mutations import Mutation
from app.graphql.queries import Query
from app.graphql.refused import BadRequest, RequestCode
from app.graphql.scalars import SCALARS
from app.graphql.types import readiness

RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
MOST_COMPARISONS = 50_000
"""How much work may go into finding out whether fields that are repeated mean the same: ten times what people write."""

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


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Suggests parts of the schema, in messages about variables too, only where the schema may be known."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: object = None,
        context_value: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> list[GraphQLError] | GraphQLCoreExecutor[Any]:
        kwargs["hide_suggestions"] = not context_value.shows_schema
        return super().build(schema, document, root_value, context_value, *args, **kwargs)


class Prepared(SchemaExtension):
    """Hands on the document of the context, which was read and checked before: strawberry would do both again."""

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self.execution_context.context.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = []
        yield


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=IMPLEMENTATIONS,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[Prepared],
    execution_context_class=Executor,
)
merging.MAX_COMPLEXITY_BUDGET = MOST_COMPARISONS


def mistakes_in(document: DocumentNode, *, most: int, hides_suggestions: bool) -> Sequence[GraphQLError]:
    """Why a document doesn't fit the schema: at most so many reasons."""
    found = validate(schema.graphql_schema, document, RULES, max_errors=most, hide_suggestions=hides_suggestions)
    if any(isinstance(each, ValidationAbortedError) for each in found) and len(found) <= most:
        limit = {"code": RequestCode.LIMIT_EXCEEDED, "limit": "repetition", "maximum": MOST_COMPARISONS}
        return [BadRequest("The document repeats fields or fragments too often to be checked. Name each once.", limit)]
    return found
