"""Statements written as PostgreSQL takes them: most of provisioning joins rows that are sent as arrays."""

from app.storage.connections.compiled import CompiledStatement


def statement(text: str, *names: str) -> CompiledStatement:
    """A statement, with the names of its parameters in the order of their numbers."""
    return CompiledStatement(text, names, {})
