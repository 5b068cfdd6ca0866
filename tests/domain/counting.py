"""How much a call does, counted in bytecodes and bytes, so that what isn't linear is found without a clock."""

import gc
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any


def bytecodes(call: Callable[[], object]) -> int:
    """How many bytecode instructions of Python a call executes, and nothing else in this process."""
    counted, here = 0, threading.get_ident()

    def count(*_: object) -> None:
        nonlocal counted
        counted += threading.get_ident() == here  # Threads of the test runner are monitored, too.

    with uncollected(), monitored(count) if sys.version_info >= (3, 12) else traced(count):
        call()
    return counted


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector away: whom it calls back would be counted, and what it frees isn't the call's."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def traced(count: Callable[[], None]) -> Iterator[None]:
    """Have every instruction counted by a trace function, as long as there is nothing better."""

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            count()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@contextmanager
def monitored(count: Callable[..., None]) -> Iterator[None]:
    """The same from Python 3.12 on, where trace functions are told of some instructions twice."""
    monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - types are checked for Python 3.11
    tool, event = monitoring.PROFILER_ID, monitoring.events.INSTRUCTION
    monitoring.use_tool_id(tool, "bytecodes")
    monitoring.register_callback(tool, event, count)
    monitoring.set_events(tool, event)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


def peak(call: Callable[[], object]) -> int:
    """How many bytes a call has allocated at most at one time.

    Twice the same, or the least of three times: other threads allocate, too.
    """
    once, again = peak_once(call), peak_once(call)
    return once if once == again else min(once, again, peak_once(call))


def peak_once(call: Callable[[], object]) -> int:
    with uncollected():
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def grows_linearly(call: Callable[[int], object], size: int) -> bool:
    """Whether twice the size takes about twice the bytecodes and the memory."""
    for length in (size, 2 * size):
        call(length)  # What is made once, and kept, doesn't count.
    once, twice = (bytecodes(partial(call, length)) for length in (size, 2 * size))
    less, more = (peak(partial(call, length)) for length in (size, 2 * size))
    return twice < 2.3 * once and more < 2.5 * less
