"""Calls of a server's GraphQL API, repeated while the server is away."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import httpx

from app.client.api_types import AnyPayload, Data, Error, Workspace

OPERATIONS = files(__package__).joinpath("operations.graphql").read_text(encoding="utf-8")
PASSING = {"GONE", "RATE_LIMITED", "SERVICE_UNAVAILABLE", "SHUTTING_DOWN", "TIMEOUT"}
"""Codes of refused requests that are sent again. A mutation has an idempotency key, or does nothing the second time."""
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 60

DONE, CHANGES, REFUSED, STALE, MISTAKES = 0, 2, 3, 4, 64
"""Exit statuses; 1 is anything else."""
STALE_CODES = {
    "CANNOT_UNDO",
    "CANNOT_UNDO_RELEASE",
    "DESTINATION_WAS_CHANGED",
    "PLAN_IS_STALE",
    "RELEASE_IS_CLOSED",
    "STALE_DRAFT",
}


MAPPINGS = "mappings"
"""The first part of the path of an error in the mappings of the file."""


class Stopped(Exception):
    """A command ends without its result, for reasons of a line each."""

    def __init__(self, status: int, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.status = status
        self.reasons = reasons


class RefusedByServer(Stopped):
    """The server refuses what a command asks, and not only because it refused other items of the call."""

    def __init__(self, errors: Sequence[Error]) -> None:
        status = STALE if any(error.code in STALE_CODES for error in errors) else REFUSED
        super().__init__(status, *dict.fromkeys(error.message for error in errors))
        self.errors = errors


@contextmanager
def connected(server: str, token: str | None) -> Iterator["Api"]:
    """A client until the command ends. Raises Stopped without a token."""
    if token is None:
        raise Stopped(MISTAKES, "FLOWPORT_TOKEN isn't set: it holds the token of the user who releases.")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server, headers=headers, timeout=PATIENCE_SECONDS) as http:
        yield Api(http)


class Api:
    """A client of one server, with the token of one user."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def workspace(self, operation: str, **variables: object) -> Workspace | None:
        return Data.model_validate(self.data(operation, **variables)).workspace

    def payload(self, operation: str, **wish: object) -> AnyPayload:
        """Send a mutation or ask for plans. Raises RefusedByServer with every reason."""
        payload = Data.model_validate(self.data(operation, input=wish)).payload or AnyPayload(errors=())
        refusals = [error for answer in (payload, *payload.results) for error in answer.errors]
        # The mappings are those of the whole call, so that a plan can't go on without them.
        refusals += [error for plan in payload.plans for error in plan.blockers if error.path[:1] == (MAPPINGS,)]
        if reasons := [error for error in refusals if error.code != "BATCH_NOT_APPLIED"]:
            raise RefusedByServer(reasons)
        return payload

    def data(self, operation: str, **variables: object) -> dict[str, Any]:
        """Send an operation until it is answered. Raises Stopped where the server refuses the request."""
        body = {"query": OPERATIONS, "operationName": operation, "variables": variables}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            pause = PAUSE_SECONDS
            try:
                response = self._http.post("/graphql", json=body)
                answer: dict[str, Any] = response.json()
                errors = answer.get("errors", [])
                if not errors:
                    return dict(answer["data"])
                reason = "\n".join(error["message"] for error in errors)
                if not {error["extensions"]["code"] for error in errors} <= PASSING:
                    raise Stopped(1, reason)
                pause = float(response.headers.get("Retry-After", pause))
            except (httpx.TransportError, AttributeError, LookupError, TypeError, ValueError) as error:
                # No server answers, or a server that isn't Flowport.
                reason = f"{self._http.base_url} doesn't answer as a Flowport server does: {error}"
            if time.monotonic() + pause > deadline:
                raise Stopped(1, reason)
            time.sleep(pause)
