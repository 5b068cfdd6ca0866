"""What the commands do, each on a connection of its own to a database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.storage.connections.connection import Row
from app.storage.connections.database import opened
from app.usecases import apply_world, manage_tokens
from app.usecases.manage_tokens import TokenWish
from app.usecases.transaction import UnitOfWork


@asynccontextmanager
async def working_on(url: str) -> AsyncIterator[UnitOfWork]:
    async with opened(url) as database:
        yield UnitOfWork(database, lambda: datetime.now(UTC))


async def issue_token(url: str, email: str, *, name: str, expires_days: int | None) -> str:
    async with working_on(url) as work:
        return await manage_tokens.issue_token(work, TokenWish(email, name, expires_days))


async def list_tokens(url: str) -> list[Row]:
    async with working_on(url) as work:
        return await manage_tokens.list_tokens(work)


async def revoke_token(url: str, token_id: str) -> bool:
    async with working_on(url) as work:
        return await manage_tokens.revoke_token(work, token_id)


async def demo_is_loaded(url: str) -> bool:
    async with working_on(url) as work:
        return await apply_world.demo_is_loaded(work)


async def load_demo_if_empty(url: str) -> bool:
    async with working_on(url) as work:
        return await apply_world.load_demo_if_empty(work)


async def reset_demo(url: str) -> None:
    async with working_on(url) as work:
        await apply_world.reset_demo_world(work)
