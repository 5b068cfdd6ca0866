"""What is wrong with a document or its variables, as opposed to refusals of the domain, which are data."""

from typing import Any

from graphql import GraphQLError

from app.meter import LimitReached

BAD_USER_INPUT = "BAD_USER_INPUT"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
"""For programs to read: `extensions.code`."""


class BadRequest(GraphQLError):
    """A document or variables that are valid, but not acceptable: told in its own words, with the code BAD_USER_INPUT."""

    def __init__(self, message: str, extensions: dict[str, Any] | None = None) -> None:
        super().__init__(message, extensions={"code": BAD_USER_INPUT} | (extensions or {}))


class OverLimit(BadRequest):
    """An operation that took more than it may, while it ran."""

    def __init__(self, reached: LimitReached) -> None:
        extensions = {"code": LIMIT_EXCEEDED, "limit": reached.limit, "maximum": reached.maximum}
        super().__init__(str(reached), extensions)


class LimitExceeded(BadRequest):
    """A document that asks for more than is answered at once: which limit, what it is, and what was asked for."""

    def __init__(self, limit: str, found: int | str, maximum: int, *, costly_lists: str = "") -> None:
        message = (
            f"The document has {found} {limit}; at most {maximum} are allowed. Ask for less, or in several requests."
        )
        if limit in {"depth", "cost"}:
            reason = f" The most expensive part is {costly_lists}." if costly_lists else ""
            message = (
                f"The document has a {limit} of {found}; at most {maximum} is allowed.{reason} Ask for less at once."
            )
        super().__init__(message, {"code": LIMIT_EXCEEDED, "limit": limit, "maximum": maximum})
