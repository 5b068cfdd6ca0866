"""The ceiling: a hand-written endpoint with the same authentication, one statement for each query, and orjson.

    python -m scripts.benchmarks.speed.ceiling PORT DATABASE_URL CONNECTIONS

It answers POST on `/OPERATION` with the variables as body. Its connections aren't reset between two uses, as asyncpg's
pool does it: nothing here needs that.
"""

import asyncio
import hmac
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import uvicorn
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.storage.accounts import PREFIX, secret_hash
from scripts.benchmarks.speed.operations import OPERATIONS, ComparedOperation
from scripts.benchmarks.speed.writes import WRITES

MEASURED = (*OPERATIONS, *WRITES)
TOKEN_SQL = "select user_id, secret_hash, expires_at, revoked_at from api_token where id = $1"  # noqa: S105 - no password


def main() -> None:
    port, url, connections = sys.argv[1:]
    uvicorn.run(application(url, int(connections)), port=int(port), log_level="error", access_log=False)


def application(url: str, number: int) -> Starlette:
    free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        parts = make_url(url)
        for _number in range(number):
            free.put_nowait(
                await asyncpg.connect(
                    host=str(parts.query.get("host", parts.host)),
                    port=int(str(parts.query.get("port", parts.port or 5432))),
                    user=parts.username,
                    password=parts.password,
                    database=parts.database,
                    server_settings={"timezone": "UTC", "jit": "off"},
                )
            )
        yield

    routes = [Route(f"/{index}", answering(each, free), methods=["POST"]) for index, each in enumerate(MEASURED)]
    return Starlette(routes=routes, lifespan=lifespan)


def answering(operation: ComparedOperation, free: "asyncio.LifoQueue[Any]") -> Any:  # noqa: ANN401 - what Starlette calls
    async def answer(request: Request) -> Response:
        variables = orjson.loads(await request.body())
        token_id, _, secret = request.headers["authorization"].removeprefix(f"Bearer {PREFIX}").partition("_")
        connection = await free.get()
        try:
            caller = await connection.fetchrow(TOKEN_SQL, token_id)
            if caller is None or not hmac.compare_digest(caller[1], secret_hash(secret)):
                return Response(status_code=401)
            data = await operation.ceiling(connection, caller[0], variables)
        finally:
            free.put_nowait(connection)
        return Response(orjson.dumps({"data": data}), media_type="application/json")

    return answer


if __name__ == "__main__":
    main()
