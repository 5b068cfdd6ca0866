"""Offloading: long computations run in a worker thread, so that the event loop goes on with other requests."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

LARGE = 20_000
"""From how many characters of input on a thread is worth its while: below, the work takes a few milliseconds."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def offload(
    size: int, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Call a pure function, in a thread where its input is large; `size` in characters.

    Where the caller is cancelled, the thread still ends what it is at, so the work has to be bounded itself.
    """
    if size < LARGE:
        return function(*args, **kwargs)
    return await asyncio.to_thread(function, *args, **kwargs)
