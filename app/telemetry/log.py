"""The log: structured, with a request id and one line for each operation; and what is counted for it."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

import orjson
import structlog

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Statements:
    """How many statements were sent to the database: everything but BEGIN and COMMIT."""

    count: int = 0


_statements: ContextVar[Statements | None] = ContextVar("statements", default=None)


@contextmanager
def counting_statements() -> Iterator[Statements]:
    """Count the statements that are sent while this is open, by this task and those that it starts."""
    statements = Statements()
    token = _statements.set(statements)
    try:
        yield statements
    finally:
        _statements.reset(token)


def count_statement() -> None:
    statements = _statements.get()
    if statements is not None:
        statements.count += 1


def request_id(proposed: str | None) -> str:
    """The caller's request id if it is a sane one, else a new one."""
    return proposed if proposed is not None and SANE_REQUEST_ID.fullmatch(proposed) else uuid4().hex


def configure_log(*, log_format: str, level: str) -> None:
    """Write the log to stderr: as JSON lines, or for people on a terminal; `auto` looks where it goes.

    What libraries log, the server among them, comes in the same form, with the name of their logger.
    """
    for_people = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    beginning: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if for_people else "iso", utc=not for_people),
    ]
    ending: list[structlog.typing.Processor] = (
        # Tracebacks without the values of variables: these are those of callers.
        [summary, plain, console()]
        if for_people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=to_json)]
    )
    structlog.configure(
        processors=[*beginning, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # A line and its end in one write, so that those of several processes don't mix.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*beginning, logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(handlers=[theirs], level=level.upper(), force=True)
    # It would tell at every question about readiness which database it has found.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLogger().level))


def to_json(line: object, **_: object) -> str:
    """A line of the log; what JSON has no form for is shown as Python shows it."""
    return orjson.dumps(line, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()


def console() -> structlog.dev.ConsoleRenderer:
    """Columns are as wide as what is in them, so that a request fits a line."""
    traceback = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(exception_formatter=traceback, pad_event_to=0, pad_level=False)


def summary(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line of an operation in a sentence, with the id under which the JSON log would have the rest."""
    if line["event"] != "operation":
        return line
    outcome = " ".join(str(spelt(each)) for each in (line["outcome"], *line["codes"]))
    measured = f"{line['milliseconds']} ms, {line['statements']} SQL statements, cost {line['cost']}"
    sentence = f"{line['type']} {line['operation'] or 'without a name'}: {outcome}, {measured}"
    kept = {name: line[name] for name in ("timestamp", "level", "request_id") if name in line}
    return {**kept, "event": sentence}


def logger_name(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Which library speaks. Uvicorn calls the logger of all that its server does `uvicorn.error`."""
    return {**line, "logger": line["_record"].name.replace("uvicorn.error", "uvicorn")}


def plain(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Codes as they are spelt, alone or several, instead of as Python shows them."""
    return {name: spelt(value) for name, value in line.items()}


def spelt(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    return tuple(spelt(each) for each in value) if isinstance(value, tuple) else value


def log() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
