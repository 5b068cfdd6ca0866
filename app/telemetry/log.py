"""The log: structured, with a request id and one line for each operation; and what is counted for it."""

import logging
import os
import re
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO, cast

import orjson
import structlog

from app.telemetry.redaction import redacting


class LogStream:
    """Drops and counts lines while the disk is full or the reader gone; the next line that is written says how many.

    A request is answered, and a commit acknowledged, whether or not the line about it can be written.
    """

    def __init__(self, stream: TextIO, render: structlog.typing.Processor) -> None:
        """`render` makes the line that says how many lines were lost."""
        self._stream = stream
        self._render = render
        self._lost = 0

    def write(self, line: str) -> int:
        try:
            if self._lost:
                lost = {"event": "lines of the log could not be written", "lines": self._lost, "level": "warning"}
                line = f"{self._render(None, 'warning', lost)!s}\n{line}"
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):
            # The latter where it was closed.
            self._lost += 1
        else:
            self._lost = 0
        return len(line)

    def flush(self) -> None:
        """Lines are written at once, without a buffer."""


TALKATIVE = ("alembic", "httpx", "httpcore")
"""Libraries that tell at every question about readiness which database they have found, or where they have asked for keys,
with all that the URL and the headers hold."""
if TYPE_CHECKING:
    from app.telemetry.spans import RequestSpan

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class LoggedRequest:
    """A request while it is answered: the fields of its log lines, and its count of statements.

    The task that answers the request enters it; tasks started by that task see it too.
    """

    def __init__(self, request_id: str, client: str | None, span: "RequestSpan | None" = None) -> None:
        self.request_id = request_id
        self.client = client
        self.span = span
        """None for a request that isn't traced."""
        self.statements = 0
        """Statements sent to the database, without BEGIN and COMMIT."""

    def __enter__(self) -> "LoggedRequest":
        self._before = _request.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _request.reset(self._before)


_request: ContextVar[LoggedRequest | None] = ContextVar("request", default=None)


def current_span() -> "RequestSpan | None":
    """The span of the current request; None without one, or without tracing."""
    request = _request.get()
    return None if request is None else request.span


def count_statement() -> "RequestSpan | None":
    """Count a statement of the current request; returns the request's span, if it is traced."""
    request = _request.get()
    if request is None:
        return None
    request.statements += 1
    return request.span


def request_id(proposed: str | None) -> str:
    """The caller's request id if it is acceptable, else a new one."""
    return proposed if proposed is not None and SANE_REQUEST_ID.fullmatch(proposed) else os.urandom(16).hex()


def configure_log(*, log_format: str, level: str) -> None:
    """Write the log to stderr: as JSON lines, or for people on a terminal; `auto` chooses by the stream.

    Lines of libraries, uvicorn included, get the same form, and the name of their logger.
    """
    for_people = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    beginning: list[structlog.typing.Processor] = [
        with_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if for_people else "iso", utc=not for_people),
    ]
    # Tracebacks without the values of variables: these are those of callers.
    first = [summary] if for_people else [structlog.processors.format_exc_info]
    render = console() if for_people else to_json
    ending: list[structlog.typing.Processor] = [*first, redacting(render)]
    stream = cast("TextIO", LogStream(sys.stderr, render))
    structlog.configure(
        processors=[*beginning, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # A line and its end in one write, so that those of several processes don't mix.
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    global _logger  # noqa: PLW0603 - one that was used keeps what was configured before
    _logger = structlog.get_logger().bind()
    theirs = logging.StreamHandler(stream)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*beginning, logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(handlers=[theirs], level=level.upper(), force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def with_request(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    request = _request.get()
    if request is not None:
        line.setdefault("request_id", request.request_id)
        line.setdefault("client", request.client)
        if request.span is not None:
            line.setdefault("trace_id", request.span.trace_id)
            line.setdefault("span_id", request.span.span_id)
    return line


def to_json(_: object, __: str, line: structlog.typing.EventDict) -> str:
    """A line of the log as JSON; other values become Python's text of them."""
    return orjson.dumps(line, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()


def console() -> structlog.dev.ConsoleRenderer:
    """Columns are as wide as what is in them, so that a request fits a line."""
    traceback = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(exception_formatter=traceback, pad_event_to=0, pad_level=False)


def summary(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line of an operation in a sentence, with the id under which the JSON log would have the rest."""
    if line["event"] != "operation":
        return line
    outcome = " ".join((line["outcome"], *line["codes"]))
    measured = f"{line['milliseconds']} ms, {line['statements']} SQL statements, cost {line['cost']}"
    sentence = f"{line['type']} {line['operation'] or 'without a name'}: {outcome}, {measured}"
    kept = {name: line[name] for name in ("timestamp", "level", "request_id") if name in line}
    return {**kept, "event": sentence}


def logger_name(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add the library's name. Uvicorn's logger for everything that its server does is `uvicorn.error`."""
    return {**line, "logger": line["_record"].name.replace("uvicorn.error", "uvicorn")}


_logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def log() -> structlog.typing.FilteringBoundLogger:
    return _logger
