"""Checks names, descriptions, schedules and idempotency keys of callers (P5), and makes the key that names are sorted and searched by."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from app.domain.errors import IDEMPOTENCY_KEY, Path, Refusal, printable

LONGEST_NAME = 255
LONGEST_DESCRIPTION = 1000
LONGEST_CRON = 255
LONGEST_KEY = 255

_NUMBER = re.compile(r"[0-9]{1,2}")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class _CronField(NamedTuple):
    what: str
    low: int
    high: int
    size: int
    """How many different values it has."""
    names: tuple[str, ...] = ()


_CRON_FIELDS = (
    _CronField("minute", 0, 59, 60),
    _CronField("hour", 0, 23, 24),
    _CronField("day of the month", 1, 31, 31),
    _CronField("month", 1, 12, 12, _MONTHS),
    _CronField("day of the week", 0, 7, 7, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class InvalidInput(Refusal):
    path: tuple[str, ...]
    """Into the input: one element per field name or list index."""
    sentence: str

    @property
    def message(self) -> str:
        return self.sentence


class KeyedCall(StrEnum):
    """The mutations that take idempotency keys; a key belongs to its caller and to one of them."""

    COPY_FLOW = "copyFlow"
    EXPORT_FLOW = "exportFlow"
    EXPORT_FLOWS = "exportFlows"
    CREATE_FLOW = "createFlow"
    PUBLISH_FLOW_DRAFT = "publishFlowDraft"
    PUBLISH_FLOW_DRAFTS = "publishFlowDrafts"
    REVERT_FLOW = "revertFlow"
    REQUEST_RELEASE = "requestRelease"


@dataclass(frozen=True, slots=True)
class IdempotencyKeyReused(Refusal):
    first_used_at: datetime

    @property
    def message(self) -> str:
        return "You used this idempotency key for another call already. Take a new key for each call, and the same to repeat it."


def name_key(name: str) -> str:
    """The form in which names are compared: without case, accents kept, the same for every way to encode them.

    Only for names, and for what is searched in them: the time grows with the square of runs of combining marks.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def email_key(email: str) -> str:
    """The form in which e-mail addresses are compared."""
    return email.casefold()


def has_control_characters(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(character) == "Cc" for character in text)


def name_mistakes(name: str | None, path: tuple[str, ...] = ("name",), *, of: str = "flow") -> tuple[InvalidInput, ...]:
    """Refuse a name of a flow, or title of a release, unless it has 1 to 255 characters and no control characters.

    None is accepted: it stands for a default.
    """
    if name is None:
        return ()
    trimmed = name.strip()
    if has_control_characters(trimmed):
        return (InvalidInput(path, f"The {path[-1]} of a {of} can't hold control characters such as line breaks."),)
    if not trimmed:
        return (InvalidInput(path, f"The {path[-1]} of a {of} can't be empty."),)
    return _text_mistakes(trimmed, LONGEST_NAME, path, path[-1])


def description_mistakes(description: str | None, path: tuple[str, ...] = ("description",)) -> tuple[InvalidInput, ...]:
    """Refuse a description or comment of more than 1,000 characters, or with a NUL. None is accepted."""
    return _text_mistakes(description, LONGEST_DESCRIPTION, path, path[-1])


def cron_mistakes(cron: str | None, path: tuple[str, ...] = ("cron",)) -> tuple[InvalidInput, ...]:
    """Why this can't be a schedule: minute, hour, day of month, month, day of week, as in crontab(5). None is none."""
    reason = None if cron is None or len(cron) > LONGEST_CRON else _cron_mistake(cron)
    return _text_mistakes(cron, LONGEST_CRON, path, "schedule") if reason is None else (InvalidInput(path, reason),)


def _cron_mistake(expression: str) -> str | None:
    """Find the mistake in a cron expression: the number of its fields, or the first that can't be read.

    Checked here, since the domain imports the standard library alone; `cronsim` also takes six fields, `L` and `#`.
    """
    fields = expression.split(" ")
    if len(fields) != len(_CRON_FIELDS) or "" in fields:
        return (
            "The schedule isn't a cron expression of five fields with one space between them, such as */15 * * * * for "
            "every quarter of an hour."
        )
    for text, part in zip(fields, _CRON_FIELDS, strict=True):
        reason = next(filter(None, (_cron_item_mistake(item, part) for item in text.split(","))), None)
        if reason is not None:
            return f"The {part.what} of the schedule can't be {printable(text)}: {reason}."
    return None


def key_mistakes(key: str | None) -> tuple[InvalidInput, ...]:
    """Why this can't be an idempotency key: 1 to 255 characters, no NUL. None is no key."""
    if key == "":
        return (InvalidInput(IDEMPOTENCY_KEY, f"The idempotency key has 0 characters; it needs 1 to {LONGEST_KEY}."),)
    return _text_mistakes(key, LONGEST_KEY, IDEMPOTENCY_KEY, "idempotency key")


def is_workspace_name(name: str) -> bool:
    """Whether a workspace may be called so: 3 to 40 characters of letters, digits, space, `-` and `_`."""
    return re.fullmatch(r"[\w\- ]{3,40}", name) is not None


def _text_mistakes(text: str | None, longest: int, path: Path, noun: str) -> tuple[InvalidInput, ...]:
    """Refuse a text that is too long, or holds a NUL; None is none."""
    if text is not None and len(text) > longest:
        return (InvalidInput(path, f"The {noun} has {len(text)} characters; at most {longest} are allowed."),)
    if text is not None and "\0" in text:
        return (InvalidInput(path, f"The {noun} holds a NUL character, which can't be stored."),)
    return ()


def _cron_item_mistake(item: str, field: _CronField) -> str | None:
    """The mistake in one part of a field, between its commas: a value or a range, with or without a step."""
    if not item:
        return "between its commas a value is missing"
    span, slash, step = item.partition("/")
    if slash and not (_NUMBER.fullmatch(step) and 1 <= int(step) <= field.size):
        return f"a step is a number from 1 to {field.size}"
    if span == "*":
        return None
    first, dash, last = span.partition("-")
    ends = (first, last) if dash else (first,)
    values = [value for part in ends if (value := _cron_value(part, field)) is not None]
    if len(values) < len(ends):
        or_names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
        return f"its values are {field.low} to {field.high}{or_names}"
    return None if values == sorted(values) else _backwards(first, last, field)


def _cron_value(part: str, field: _CronField) -> int | None:
    if part.upper() in field.names:
        return field.names.index(part.upper()) + field.low
    return int(part) if _NUMBER.fullmatch(part) and field.low <= int(part) <= field.high else None


def _backwards(first: str, last: str, field: _CronField) -> str:
    """The mistake of a range that ends before it begins, with the two ranges to write instead."""
    end = field.high if first.isdigit() else field.names[-1]
    begin = field.low if last.isdigit() else field.names[0]
    two = f"{first}-{end},{begin}-{last}"
    return f"the range {first}-{last} ends before it begins. Write two, such as {two}"
