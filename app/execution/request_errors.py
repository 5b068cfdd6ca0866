"""Mistakes in a document or its variables; refusals of the domain are data."""

from typing import Any

from graphql import GraphQLError

from app.meter import LimitReached

BAD_USER_INPUT = "BAD_USER_INPUT"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
"""For programs to read: `extensions.code`."""


class UnacceptableInput(GraphQLError):
    """A document or variables that are valid, but not acceptable: told in its own words, with the code BAD_USER_INPUT."""

    def __init__(self, message: str, extensions: dict[str, Any] | None = None) -> None:
        super().__init__(message, extensions={"code": BAD_USER_INPUT} | (extensions or {}))


class OverLimit(UnacceptableInput):
    """An operation that took more than it may, while it ran."""

    def __init__(self, reached: LimitReached) -> None:
        extensions = {"code": LIMIT_EXCEEDED, "limit": reached.limit, "maximum": reached.maximum}
        super().__init__(str(reached), extensions)
