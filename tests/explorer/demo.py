"""The application on the demo world, asked over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from app.server.application import create_app
from app.settings import read_settings
from tests.commands import load_demo_if_empty


@asynccontextmanager
async def demo_client(database_url: str, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, on a migrated database that gets the demo world."""
    await load_demo_if_empty(database_url)
    app = create_app(read_settings({"database_url": database_url, **settings}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as client,
    ):
        yield client
