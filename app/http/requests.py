"""Reads an HTTP request as a GraphQL request (GraphQL over HTTP). A slow body holds no slot."""

import asyncio
import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from starlette.datastructures import Headers, QueryParams

from app.fair_queue import Slot
from app.http.in_flight import InFlightRequest
from app.http.limits.admission import Admission
from app.http.responses import GRAPHQL_TYPE, JSON_TYPE, RequestCode, RequestError, json_text, shortened_text
from app.json_keys import repeated_key
from app.offload import offload

ANY_TYPE = ("application/*", "*/*")

_ELEMENTS = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*"?)+')
_PARAMETERS = re.compile(r'(?:[^";]|"(?:[^"\\]|\\.)*"?)+')
"""Elements and parameters are parted by commas and semicolons outside quotation marks."""
_QUALITY = re.compile(r"0?\.[0-9]+|0\.?|1(?:\.0*)?")

LONGEST_INTEGER = 20
"""Digits and sign of the longest integer of 64 bits."""
_MARK = b"\xef\xbb\xbf"
"""The byte order mark that some programs write before UTF-8 text."""
LONGEST_MEDIA_TYPES = 2048
"""Characters of `Accept` and `Content-Type` that are read: each element and parameter takes time."""
MOST_REMEMBERED = 64
"""How many different headers are remembered with what was read in them; clients send the same ones all the time."""
LONGEST_CODING = 50
"""Characters of an unknown Content-Encoding that the message repeats."""
_LONG_NUMBER = re.compile(rb"[0-9]{19}")


class GraphQLRequest(NamedTuple):
    query: str
    variables: dict[str, Any]
    operation_name: str | None


def bad_request(message: str) -> RequestError:
    return RequestError(400, RequestCode.BAD_REQUEST, message)


async def read_request(
    request: InFlightRequest, *, max_body_bytes: int, admission: Admission, slot: Slot
) -> GraphQLRequest:
    """The GraphQL request in an HTTP request. Raises RequestError: 400, 413, 415, 499, or Overloaded."""
    if request.scope["method"] == "GET":
        return _read_query(QueryParams(request.scope["query_string"]))
    _check_kind_of_body(request.headers)
    body = await _read_body(request, most=max_body_bytes, admission=admission, slot=slot)
    if not body and "upgrade" in request.headers:
        # The HTTP server reads no body after such a header; a proxy takes it away.
        raise bad_request("The body is lost where an upgrade is offered. Send it without the header Upgrade.")
    fields = await offload(len(body), _read_json, body, "The body")
    if not isinstance(fields, dict):
        raise bad_request("The body must be a JSON object with `query`.")
    return _checked(fields.get("query"), fields.get("variables"), fields.get("operationName"), fields.get("extensions"))


# Starlette reads no `Accept`, and for Werkzeug's reader a second web framework would be installed with every server.
def media_type_for(headers: Headers) -> str:
    """The media type of the answer, the one with the highest quality. Raises RequestError, 406, if none is acceptable."""
    return _most_wanted(",".join(headers.getlist("accept"))[:LONGEST_MEDIA_TYPES])


def error_media_type(headers: Headers) -> str:
    """The media type of an answer to a refused request: as the caller accepts it, else JSON."""
    try:
        return media_type_for(headers)
    except RequestError:
        return JSON_TYPE


@lru_cache(MOST_REMEMBERED)
def _most_wanted(accept: str) -> str:
    qualities: dict[str, float] = {}
    for element in _ELEMENTS.findall(accept):
        media_type, parameters = _read_media_type(element)
        if media_type:
            qualities[media_type] = max(qualities.get(media_type, 0), _quality(parameters.get("q", "1")))
    if not qualities:
        return JSON_TYPE
    new = _most_specific(qualities, GRAPHQL_TYPE, *ANY_TYPE)
    old = _most_specific(qualities, JSON_TYPE, *ANY_TYPE, "text/html")
    if not (new or old):
        raise RequestError(406, RequestCode.NOT_ACCEPTABLE, f"Answers come as {GRAPHQL_TYPE} or {JSON_TYPE}.")
    return GRAPHQL_TYPE if new > old or (new == old and GRAPHQL_TYPE in qualities) else JSON_TYPE


def _read_media_type(text: str) -> tuple[str, dict[str, str]]:
    """A media type and its parameters, in lower case."""
    media_type, *parameters = _PARAMETERS.findall(text.lower()) or [""]
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type.strip(), {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _most_specific(qualities: dict[str, float], *media_types: str) -> float:
    """The quality of a media type: its own entry counts before entries with a wildcard."""
    return next((qualities[each] for each in media_types if each in qualities), 0)


def _quality(text: str) -> float:
    return float(text) if _QUALITY.fullmatch(text) else 1


@lru_cache(MOST_REMEMBERED)
def _is_json(content_type: str) -> bool:
    media_type, parameters = _read_media_type(content_type)
    return media_type == JSON_TYPE and parameters.get("charset", "") in {"", "utf-8", "utf8"}


def _check_kind_of_body(headers: Headers) -> None:
    if not _is_json(headers.get("content-type", "")[:LONGEST_MEDIA_TYPES]):
        raise RequestError(415, RequestCode.UNSUPPORTED_MEDIA_TYPE, f"Send the request as {JSON_TYPE}, in UTF-8.")
    coding = ", ".join(headers.getlist("content-encoding")).strip().lower()
    if coding not in {"", "identity"}:
        message = f"The body has the Content-Encoding {coding[:LONGEST_CODING]}. Send it without one."
        raise RequestError(415, RequestCode.UNSUPPORTED_MEDIA_TYPE, message, {"Accept-Encoding": "identity"})


async def _read_body(request: InFlightRequest, *, most: int, admission: Admission, slot: Slot) -> bytes:
    """The whole body. Raises RequestError: 413 where it is larger than that, 499 where the client has gone; Overloaded."""
    # Leading zeros don't count.
    declared = request.headers.get("content-length", "").lstrip("0")
    if len(declared) > LONGEST_INTEGER or (declared.isdecimal() and int(declared) > most):
        raise too_large(most)
    try:
        async with asyncio.timeout(None) as request.receiving:
            await _receive(request, most)
    except TimeoutError:
        # Others get the slot until the rest has come.
        await admission.move(slot, admission.receiving)
        await _receive(request, most)
        await admission.move(slot, admission.all)
    return bytes(request.body.removeprefix(_MARK))


async def _receive(request: InFlightRequest, most: int) -> None:
    """Receive the rest of the body. A cancelled call loses no bytes."""
    while not request.is_received:
        await request.receive_piece()
        if len(request.body) > most:
            raise too_large(most)


def too_large(most: int) -> RequestError:
    return RequestError(413, RequestCode.CONTENT_TOO_LARGE, f"The body is larger than {most} bytes.")


def _read_query(parameters: QueryParams) -> GraphQLRequest:
    texts = {name: parameters.get(name) for name in ("variables", "extensions")}
    values = {
        # A lone surrogate isn't valid UTF-8 either.
        name: _read_json(text.encode(errors="surrogatepass"), f"`{name}`") if text else None
        for name, text in texts.items()
    }
    name = parameters.get("operationName") or None
    return _checked(parameters.get("query"), values["variables"], name, values["extensions"])


def _read_json(text: bytes, what: str) -> object:
    if not text:
        raise bad_request(f"{what} is empty: send a JSON object with `query`.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise bad_request(_why_not_json(text, what, error)) from None
    try:
        if _LONG_NUMBER.search(text) is not None:
            _refuse_long_integers(text, what)
        repeated = repeated_key(text, value)
    except RecursionError:
        raise bad_request(f"{what} is nested too deeply.") from None
    if repeated is not None:
        place = shortened_text("".join(map(_part_of_path, repeated.path)).removeprefix("."))
        at = f", at {place}" if place else ""
        # All but its last value would be lost.
        raise bad_request(f"{what} has the key {json_text(repeated.key)} twice{at}. Send each key of an object once.")
    return value


def _why_not_json(text: bytes, what: str, error: orjson.JSONDecodeError) -> str:
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        return f"{what} isn't valid UTF-8 at byte {wrong.start}."
    return f"{what} isn't valid JSON at line {error.lineno}, column {error.colno}: {error.msg}."


def _refuse_long_integers(text: bytes, what: str) -> None:
    """An integer of more than 64 bits was read as a float, which is another number than the one that was sent."""

    def check(digits: str) -> int:
        number = int(digits) if len(digits) <= LONGEST_INTEGER else 2**64
        if -(2**63) <= number < 2**64:
            return number
        raise bad_request(f"{what} holds an integer of more than 64 bits. Send it as a string.")

    json.loads(text, parse_int=check)


def _part_of_path(key: str | int) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{json_text(key)}]"


def _checked(query: object, variables: object, operation_name: object, extensions: object) -> GraphQLRequest:
    if not isinstance(query, str) or not query:
        raise bad_request("`query` is missing: send a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise bad_request("`variables` must be an object.")
    if not isinstance(operation_name, str | None):
        raise bad_request("`operationName` must be a string.")
    if not isinstance(extensions, dict | None):
        raise bad_request("`extensions` must be an object.")
    return GraphQLRequest(query, variables or {}, operation_name or None)
