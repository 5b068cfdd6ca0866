"""Calls of a server's GraphQL API, repeated while the server is away."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from operator import attrgetter
from typing import Any

import click
import httpx
from pydantic import ValidationError

from app.client.api_types import AnyPayload, Data, Error, ServerAnswer

OPERATIONS = files(__package__).joinpath("operations.graphql").read_text(encoding="utf-8")
PASSING_STATUSES = {429, 502, 503, 504}
PASSING_CODES = {"GONE", "SERVICE_UNAVAILABLE", "TIMEOUT"}
"""Codes of a field that the server couldn't read: the operation is sent again. Mutations, but undo, have idempotency keys."""
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
    """A command ends without its result; each reason is a line."""

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


class Passing(Exception):
    """The server can't answer now; `pause` is the seconds until it may."""

    def __init__(self, reason: str, pause: float) -> None:
        super().__init__(reason)
        self.pause = pause


@contextmanager
def connected(server: str, token: str | None) -> Iterator["Api"]:
    """A client until the command ends. Raises Stopped without a token."""
    if token is None:
        raise Stopped(MISTAKES, "FLOWPORT_TOKEN isn't set: it holds the token of the user who releases.")
    headers = {"Authorization": f"Bearer {token}"}
    try:
        client = httpx.Client(base_url=server, headers=headers, timeout=PATIENCE_SECONDS)
    except httpx.InvalidURL as error:
        raise Stopped(MISTAKES, f"FLOWPORT_SERVER isn't an address: {error}") from None
    with client:
        yield Api(client)


class Api:
    """A client of one server, with the token of one user."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def pages(self, operation: str, lists: Mapping[str, str], /, **variables: object) -> Iterator[Data]:
        """Send an operation until all pages of its lists are read; `lists` names them by the variables for their cursors."""
        has_more = True
        while has_more:
            data = self.data(operation, **variables)
            yield data
            pages = {cursor: attrgetter(path)(data).page_info for cursor, path in lists.items()}
            # A list that is read whole goes on after its last element, where it is empty.
            variables |= {cursor: page.end_cursor for cursor, page in pages.items() if page.end_cursor}
            has_more = any(page.has_next_page for page in pages.values())

    def once(self, text: str, operation: str, wish: dict[str, Any], *earlier: str) -> AnyPayload:
        """Send a mutation that the server does once, however often commands send it.

        The idempotency key is a hash of a file's text, the wish, which names versions or revisions, and the ids of earlier
        records. An answer with an export that was undone, or a request that was closed, is a replay of an earlier release.
        """
        key = hashlib.sha256(json.dumps([text, wish, earlier], sort_keys=True).encode()).hexdigest()
        payload = self.payload(operation, **wish, idempotencyKey=key)
        records = [result.export_record for result in payload.results if result.export_record]
        outdated = [record.id for record in records if record.undone_at]
        if payload.request is not None and payload.request.state != "OPEN":
            outdated.append(payload.request.id)
        return self.once(text, operation, wish, *outdated) if outdated else payload

    def payload(self, operation: str, **wish: object) -> AnyPayload:
        """Send a mutation or ask for plans. Raises RefusedByServer with every reason."""
        payload = self.data(operation, input=wish).payload or AnyPayload(errors=())
        refusals = [error for answer in (payload, *payload.results) for error in answer.errors]
        # The mappings are those of the whole call, so that a plan can't go on without them.
        refusals += [error for plan in payload.plans for error in plan.blockers if error.path[:1] == (MAPPINGS,)]
        if reasons := [error for error in refusals if error.code != "BATCH_NOT_APPLIED"]:
            raise RefusedByServer(reasons)
        return payload

    def data(self, operation: str, **variables: object) -> Data:
        """Send an operation until it is answered. Raises Stopped where the server refuses the request."""
        body = {"query": OPERATIONS, "operationName": operation, "variables": variables}
        deadline, waits = time.monotonic() + PATIENCE_SECONDS, False
        while True:
            try:
                return self._answered(body)
            except Passing as passing:
                if time.monotonic() + passing.pause > deadline:
                    raise Stopped(1, str(passing)) from None
                if not waits:
                    click.echo(f"{passing}\nTrying again for {PATIENCE_SECONDS} seconds …", err=True)
                waits = True
                time.sleep(passing.pause)

    def _answered(self, body: dict[str, Any]) -> Data:
        """Send a request once. Raises Passing where the same request may be answered later."""
        server = self._http.base_url
        try:
            response = self._http.post("/graphql", json=body)
        except httpx.TransportError as error:
            raise Passing(f"{server} doesn't answer: {error}", PAUSE_SECONDS) from None
        answer, status = ServerAnswer(), response.status_code
        with suppress(ValidationError):
            answer = ServerAnswer.model_validate_json(response.content)
        if answer.data and not answer.errors:
            return answer.data
        strange = f"{server} doesn't answer as a Flowport server of this version (HTTP status {status})."
        reason = "\n".join(error.message for error in answer.errors) or strange
        codes = {error.code for error in answer.errors}
        if status in PASSING_STATUSES or (codes and codes <= PASSING_CODES):
            seconds = response.headers.get("Retry-After", "")
            raise Passing(reason, float(seconds) if seconds.isdecimal() else PAUSE_SECONDS)
        raise Stopped(1, reason)
