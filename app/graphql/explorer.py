"""The page for people who explore the API with a browser: served from our own origin, without anything from outside."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

FOLDER = Path(__file__).parent / "static"
FILES = {
    "explorer.js": "text/javascript",
    "examples.js": "text/javascript",
    "schema.js": "text/javascript",
    "show.js": "text/javascript",
    "explorer.css": "text/css",
    "examples.graphql": "application/graphql",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
}


def wants_page(request: Request) -> bool:
    """Whether a browser asks for the page, as opposed to a client that sends a query."""
    return (
        request.method == "GET"
        and "text/html" in request.headers.get("accept", "")
        and "query" not in request.query_params
    )


def page() -> Response:
    return FileResponse(FOLDER / "explorer.html", headers=HEADERS, media_type="text/html")


async def part(request: Request) -> Response:
    """A file that the page is made of."""
    name = request.path_params["name"]
    if name not in FILES:
        raise HTTPException(404)
    return FileResponse(FOLDER / name, headers=HEADERS, media_type=FILES[name])
