"""Requests that are wrong in themselves, as opposed to refusals of the domain, which are data."""

from graphql import GraphQLError


class Refusal(Exception):
    """A request that is answered without running anything: status, code and what is wrong with it."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class BadRequest(GraphQLError):
    """A document or variables that can't be meant: told in its own words, with the code BAD_USER_INPUT."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"})
