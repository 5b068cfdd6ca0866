"""The body of a request, within its limit. A client that sends it slowly keeps nobody else from being answered."""

import asyncio

from starlette.requests import ClientDisconnect

from app.http.in_flight import InFlightRequest
from app.http.limits.admission import Slot
from app.http.refused_requests import RequestCode, RequestError

PROMPT_SECONDS = 0.02
"""How long a body may take to come while its request has the slot that others may wait for."""
LONGEST_INTEGER = 20
"""Digits and sign of what fits into 64 bits."""
_MARK = b"\xef\xbb\xbf"
"""The byte order mark that some write before what is in UTF-8."""


async def read_body(request: InFlightRequest, *, most: int, slot: Slot) -> bytes:
    """The whole body. Raises RequestError, 413, where it is larger than that; Overloaded, ClientDisconnect."""
    # However many zeros it begins with.
    declared = request.headers.get(b"content-length", [b""])[0].lstrip(b"0")
    if len(declared) > LONGEST_INTEGER or (declared.isdigit() and int(declared) > most):
        raise too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(PROMPT_SECONDS):
            await _receive(request, body, most)
    except TimeoutError:
        await slot.wait_for_client()
        await _receive(request, body, most)
        await slot.wait_again()
    return bytes(body.removeprefix(_MARK))


async def _receive(request: InFlightRequest, body: bytearray, most: int) -> None:
    """Receive the rest of the body. A call that is cancelled loses nothing, and may be made again."""
    has_more = True
    while has_more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
        if len(body) > most:
            raise too_large(most)


def too_large(most: int) -> RequestError:
    return RequestError(413, RequestCode.CONTENT_TOO_LARGE, f"The body is larger than {most} bytes.")
