"""Requests that are wrong in themselves, as opposed to refusals, which are data."""

from graphql import GraphQLError


class BadRequest(GraphQLError):
    """What the caller sent can't be meant: told in its own words, with the code BAD_USER_INPUT."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"})
