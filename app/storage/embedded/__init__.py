"""The embedded PostgreSQL: a server for each data directory, joined by every process that uses it."""
