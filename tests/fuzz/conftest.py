"""A server on a copy of the world of trade, for each test."""

import socket
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.processes import Server as Listening
from tests.api.client import Api
from tests.api.databases import Loaded, Server
from tests.api.trade import trade


def answer_at_once(server: Listening) -> None:
    """Without this the end of each answer waits 40 ms, until the client confirms its beginning."""
    for each in server.servers:
        for listening in each.sockets:
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.fixture(scope="session")
def databases(server: AsyncEngine, server_url: str, template: str) -> Server:
    return Server(server, server_url, template)


@pytest.fixture(scope="session")
async def loaded_trade(databases: Server) -> AsyncIterator[Loaded]:
    async with databases.loaded(trade()) as loaded:
        yield loaded


@pytest.fixture
async def api(databases: Server, loaded_trade: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded_trade) as served:
        yield served
