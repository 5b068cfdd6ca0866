"""The API: GraphQL types, resolvers that translate, and the executor. The schema knows nothing of HTTP."""

from app.graphql import enums

__all__ = ["enums"]  # the enumerations of the domain are described before any type of the schema names one
