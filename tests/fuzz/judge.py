"""What an answer must never be, whatever was asked (A5, the table of cases of the endpoint)."""

import json
from typing import Any

from httpx import Response

GRAPHQL_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"

MACHINERY = (
    *("Traceback", "asyncpg", "sqlalchemy", "psycopg", "NoneType", "site-packages", "/app/", ".py", " 0x", "object at"),
    *("graphql.error", "orjson", "starlette", "SELECT ", "RecursionError", "Exception"),
)
"""Words of Python, SQL and the file system: none of the values that are sent has one."""

REFUSED = 400
NOT_ALLOWED = 405
FAILED = 500
MOST_BYTES = 17_000_000
"""Of an answer: what `FLOWPORT_MAX_ANSWER_BYTES` says by default, and what stands around it."""


def faults(response: Response, *, statuses: frozenset[int] | None = None) -> list[str]:
    """Everything that is wrong with an answer; `statuses` are those that it may have."""
    status, text = response.status_code, response.text
    found = [f"says {word!r}" for word in MACHINERY if word in text]
    if len(response.content) > MOST_BYTES:
        found.append(f"{len(response.content)} bytes")
    if status >= FAILED:
        found.append(f"status {status}")
    elif statuses is not None and status not in statuses:
        found.append(f"status {status}, not one of {sorted(statuses)}")
    if response.request.method == "HEAD" or (status < REFUSED and not _is_json(response)):
        return found
    try:
        body = json.loads(text)
    except ValueError:
        return [*found, f"status {status} without JSON"]
    return [*found, *_faults_of_body(response, body)]


def _faults_of_body(response: Response, body: Any) -> list[str]:
    if not isinstance(body, dict):
        return ["no object"]
    errors = body.get("errors", [])
    found = [f"odd error {error}" for error in errors if not _is_error(error)]
    if any(code_of(error) == "INTERNAL" for error in errors):
        found.append("code INTERNAL")
    if "errors" in body and not errors:
        found.append("an empty list of errors")
    refused = response.status_code >= REFUSED
    if refused and (not errors or "data" in body):
        found.append(f"status {response.status_code} without errors, or with data")
    if response.request.url.path == "/graphql":
        found += _faults_of_answer(response, body)
    return found


def _faults_of_answer(response: Response, body: dict[str, Any]) -> list[str]:
    """What the endpoint for GraphQL promises besides."""
    promised = ("X-Request-Id", "Vary", "Cache-Control")
    found = [f"no {name}" for name in promised if name not in response.headers and response.status_code != NOT_ALLOWED]
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if media_type not in {GRAPHQL_TYPE, JSON_TYPE}:
        found.append(f"media type {media_type}")
    if response.status_code < REFUSED and media_type == GRAPHQL_TYPE and "data" not in body:
        found.append("a success without data")
    if not {"data", "errors"} & set(body):
        found.append("neither data nor errors")
    return found


def _is_json(response: Response) -> bool:
    return "json" in response.headers.get("content-type", "")


def _is_error(error: Any) -> bool:
    return isinstance(error, dict) and isinstance(error.get("message"), str) and bool(code_of(error))


def code_of(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) else ""
