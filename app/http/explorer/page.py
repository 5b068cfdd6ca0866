"""The page for people who explore the API with a browser: served from our own origin, without anything from outside.

GraphiQL is served where it was fetched and the window is wide enough, else a simple page. Off loopback the page knows
nothing of the schema, and waits for a valid token.
"""

from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from app.http.authentication.authenticator import Authenticator, bearer_token, token_wanted
from app.http.responses import AGAIN_SOON, RequestCode, RequestError
from app.storage.world.demo import DEMO_TOKENS, DemoIsBusy, NotOnlyTheDemo
from app.usecases.apply_world import reset_demo_world
from app.usecases.transaction import UnitOfWork

FETCHED = Path(__file__).parents[3] / ".graphiql"
"""The folder beside the package into which `scripts/graphiql` fetches GraphiQL, which is no part of this project."""
# The versions are part of the names, so that a browser may keep what it has.
GRAPHIQL = {
    "graphiql-4.1.2.min.css": "text/css",
    "react-18.3.1.production.min.js": "text/javascript",
    "react-dom-18.3.1.production.min.js": "text/javascript",
    "graphiql-4.1.2.min.js": "text/javascript",
}
FOLDER = Path(__file__).parent / "static"
FILES = {
    "copying.js": "text/javascript",
    "demo_tokens.js": "text/javascript",
    "sign_in.js": "text/javascript",
    "examples.graphql": "application/graphql",
    "examples.js": "text/javascript",
    "explorer.css": "text/css",
    "explorer.js": "text/javascript",
    "guide.css": "text/css",
    "guide.graphql": "application/graphql",
    "guide.js": "text/javascript",
    "graphiql.css": "text/css",
    "graphiql.js": "text/javascript",
    "storage.js": "text/javascript",
    "narrow.js": "text/javascript",
    "panel.js": "text/javascript",
    "schema.js": "text/javascript",
    "elements.js": "text/javascript",
}
EXAMPLES = {"examples.graphql", "guide.graphql"}
"""The only files that reveal the schema."""
SIMPLE_PAGE = (FOLDER / "explorer.html").read_text(encoding="utf-8")
GUIDE_PAGE = (FOLDER / "guide.html").read_text(encoding="utf-8")
GRAPHIQL_PAGE = (FOLDER / "graphiql.html").read_text(encoding="utf-8")

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
}
PRIVATE = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}


def policy(nonce: str = "") -> dict[str, str]:
    """The content policy: our own files, and style elements that have this nonce."""
    styles = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self'; style-src {styles}; connect-src 'self'; "
        "img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }


@dataclass(frozen=True, slots=True)
class Explorer:
    """Serves the page and what it is made of: to everybody, or the examples to callers with a token only."""

    authenticator: Authenticator
    is_open_to_all: bool
    work: UnitOfWork

    def page(self, request: Request) -> Response:
        """The page that `?page=` names: `guide`, `simple` or `graphiql`; without it GraphiQL, whose script looks at the width."""
        is_fetched = has_graphiql()
        text = {"guide": GUIDE_PAGE, "simple": SIMPLE_PAGE}.get(request.query_params.get("page", ""))
        is_graphiql = text is None and is_fetched
        # GraphiQL's dialogs keep the page behind them from scrolling by a style element of their own.
        nonce = token_urlsafe(16) if is_graphiql else ""
        text = (GRAPHIQL_PAGE if is_graphiql else text or SIMPLE_PAGE).replace("{nonce}", nonce)
        text = text.replace("{open-to}", "all" if self.is_open_to_all else "callers")
        text = text.replace("{graphiql}", "there" if is_fetched else "missing")
        return HTMLResponse(text, headers=HEADERS | policy(nonce))

    async def part(self, request: Request) -> Response:
        """A file that the page is made of, whole. Raises RequestError: 401 for examples that are for callers with a token only."""
        name, headers = request.path_params["name"], HEADERS | policy()
        # Parts of files are for large ones, and cost time for each of them.
        request.scope["headers"] = [(key, value) for key, value in request.scope["headers"] if key != b"range"]
        if name in EXAMPLES and not self.is_open_to_all:
            token = bearer_token(request.headers)
            if token is None:
                raise token_wanted()
            await self.authenticator.caller(token)
            headers |= PRIVATE
        if name in FILES:
            return FileResponse(FOLDER / name, headers=headers, media_type=FILES[name])
        if name in GRAPHIQL and has_graphiql():
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return FileResponse(FETCHED / name, headers=headers, media_type=GRAPHIQL[name])
        raise HTTPException(404)

    async def reset_demo(self, request: Request) -> Response:
        """Reset the demo world, for callers with one of its tokens, which no page of another origin can send.

        Raises RequestError: 401 without such a token, 409 for a database that holds other data, 503 while others write.
        """
        token = bearer_token(request.headers)
        if token not in DEMO_TOKENS:
            raise token_wanted()
        await self.authenticator.caller(token)
        try:
            await reset_demo_world(self.work)
        except NotOnlyTheDemo as error:
            raise RequestError(409, RequestCode.BAD_REQUEST, str(error)) from None
        except DemoIsBusy as error:
            raise RequestError(503, RequestCode.SERVICE_UNAVAILABLE, str(error), AGAIN_SOON) from None
        return Response(status_code=204, headers=HEADERS)


class RedirectToPage:
    """Leads browsers to the page from addresses near it; for all others, nothing is there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        if not wants_page(request):
            raise HTTPException(404)
        # Relative, so that it holds behind a proxy that adds a prefix.
        address = "../graphql" if request.url.path.endswith("/graphql/") else "graphql"
        await RedirectResponse(address, headers=HEADERS)(scope, receive, send)


def has_graphiql() -> bool:
    return all((FETCHED / name).is_file() for name in GRAPHIQL)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for the page, as opposed to a client that sends a query."""
    return (
        request.method == "GET"
        and "text/html" in request.headers.get("accept", "")
        and "query" not in request.query_params
    )
