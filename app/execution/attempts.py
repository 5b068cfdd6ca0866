"""Calling what may fail: its exception is a value, which is told at its field."""

from collections.abc import Callable, Sequence
from typing import Any


def attempt(function: Callable[..., Any], *args: Any, **arguments: Any) -> Any:
    """What a function gives, or the exception that it raises."""
    try:
        return function(*args, **arguments)
    except Exception as error:  # noqa: BLE001 - it is told at its field
        return error


def mapped(function: Callable[[Any], Any], sources: Sequence[Any]) -> list[Any]:
    """What a function gives for each, or the exception that it raises."""
    try:
        return list(map(function, sources))
    except Exception:  # noqa: BLE001 - it is told of the object that has it
        return [attempt(function, source) for source in sources]
