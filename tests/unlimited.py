"""A request that may read as much as it likes."""

from app.storage.reads.limit import ReadLimit

NO_LIMIT = ReadLimit(2**62, lambda _: None, lambda _: None, lambda _: None)
