"""The schema: every type put together."""

from collections.abc import Sequence

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    NonNullTypeNode,
    OperationDefinitionNode,
    ValidationRule,
    print_schema,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged as merging
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from app.execution.fitting import check_rows, resolve_as_declared
from app.execution.request_errors import LIMIT_EXCEEDED, UnacceptableInput
from app.graphql.describe import SCALARS
from app.graphql.errors import refusals
from app.graphql.loading.loaders import Loaders
from app.graphql.mutations import Mutation
from app.graphql.outcomes import types_of_refusals
from app.graphql.queries import Query
from app.graphql.types import graphs


class OneOfVariablesRule(ValidationRule):
    """Refuses variables that can be null for a field of a oneOf input; graphql-core overlooks inputs of type `T!`."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        types = {each.variable.name.value: each.type for each in node.variable_definitions or ()}
        for usage in self.context.get_recursive_variable_usages(node):
            name, parent = usage.node.name.value, usage.parent_type
            of = parent.of_type if isinstance(parent, GraphQLNonNull) else None
            is_one_of = isinstance(of, GraphQLInputObjectType) and of.is_one_of
            if is_one_of and name in types and not isinstance(types[name], NonNullTypeNode):
                message = (
                    f"Variable ${name} can be null; {of} takes exactly one field that isn't null. Declare it with `!`."
                )
                self.report_error(GraphQLError(message, usage.node))


RULES = (*specified_rules, OneOfVariablesRule)
MOST_COMPARISONS = 50_000
"""How much work may go into finding out whether fields that are repeated mean the same: ten times what people write."""

IMPLEMENTATIONS = (
    *types_of_refusals(refusals),
    graphs.MissingCredential,
    graphs.MissingTopic,
    graphs.ComponentUnavailable,
    graphs.InvalidGraph,
)
"""Fields name only their interfaces, so the schema is told of them here."""


DESCRIPTION = """\
Copies integration flows inside a workspace, and exports them to other workspaces: as a draft, which is published when it
is ready.

What a caller can't see is answered like what doesn't exist. A mutation answers with its result or with every reason why
nothing was written, in `errors`; `errors` of the response are for requests that can't be run."""


class Schema(strawberry.Schema):
    def as_str(self) -> str:
        """The schema in GraphQL's own language: queries first, each type where it is first referred to."""
        return print_schema(self._schema)

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema


class SchemaNames(NameConverter):
    """Names that Python keeps for itself have an underscore behind them."""

    def apply_naming_config(self, name: str) -> str:
        return super().apply_naming_config(name.rstrip("_"))


schema = Schema(
    query=Query,
    mutation=Mutation,
    # In this order types are printed.
    types=(Query, Mutation, *IMPLEMENTATIONS),
    config=StrawberryConfig(scalar_map=SCALARS, name_converter=SchemaNames()),
)
schema.graphql_schema.description = DESCRIPTION
check_rows(schema.graphql_schema, Loaders)
resolve_as_declared(schema.graphql_schema)
merging.MAX_COMPLEXITY_BUDGET = MOST_COMPARISONS


def mistakes_in(document: DocumentNode, *, most: int, hides_suggestions: bool) -> Sequence[GraphQLError]:
    """Why a document doesn't fit the schema: at most so many reasons."""
    mistakes = validate(schema.graphql_schema, document, RULES, max_errors=most, hide_suggestions=hides_suggestions)
    if any(isinstance(each, ValidationAbortedError) for each in mistakes) and len(mistakes) <= most:
        limit = {"code": LIMIT_EXCEEDED, "limit": "repetition", "maximum": MOST_COMPARISONS}
        return [
            UnacceptableInput(
                "The document repeats fields or fragments too often to be checked. Name each once.", limit
            )
        ]
    return mistakes
