"""How much a call does, counted in bytecodes and bytes, so that what isn't linear is found without a clock."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any


def bytecodes(call: Callable[[], object]) -> int:
    """How many bytecode instructions of Python a call executes."""
    counted = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal counted
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return counted


def peak(call: Callable[[], object]) -> int:
    """How many bytes a call has allocated at most at one time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def grows_linearly(call: Callable[[int], object], size: int) -> bool:
    """Whether twice the size takes about twice the bytecodes and the memory."""
    call(size)  # What is made once, and kept, doesn't count.
    once, twice = (bytecodes(lambda length=length: call(length)) for length in (size, 2 * size))
    less, more = (peak(lambda length=length: call(length)) for length in (size, 2 * size))
    return twice < 2.3 * once and more < 2.5 * less
