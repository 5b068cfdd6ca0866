"""The embedded PostgreSQL: a server for each data directory, joined by every process that uses it."""

from app.storage.embedded.binaries import EmbeddedDatabaseError
from app.storage.embedded.running import exists, running

__all__ = ["EmbeddedDatabaseError", "exists", "running"]
