"""SQLAlchemy's engine, which Alembic's migrations run on, and nothing else."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.storage.connections.driver import Hosts

UNPREPARED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}
"""Behind a pooler, a prepared statement would be in nobody knows which server process."""


def engine_of(url: str, *, connect_seconds: float = 60) -> AsyncEngine:
    """An engine that holds no connection between two uses, so it needn't be disposed of."""
    arguments: dict[str, Any] = UNPREPARED | {"timeout": connect_seconds, "async_creator_fn": Hosts().connect}
    return create_async_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
