"""Reads the settings from the environment."""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import ValidationError

from app.settings.settings import Settings
from app.settings.validators import PREFIX, variable


class BadSettings(Exception):
    """Settings that can't be used; the message has a line for each of them."""


def read_settings(options: Mapping[str, object] | None = None) -> Settings:
    """Settings from the environment, over which options win where they are given. Raises BadSettings."""
    set_options = {name: value for name, value in (options or {}).items() if value is not None}
    wrong = list(unknown_variables(os.environ))
    try:
        settings = Settings(**set_options)  # type: ignore[arg-type]  # the names and values are validated here
    except ValidationError as error:
        raise BadSettings("\n".join([*wrong, *complaints(error)])) from None
    if wrong:
        raise BadSettings("\n".join(wrong))
    return settings


def unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """A complaint about each variable with our prefix that sets nothing. The value isn't shown: it may be a secret."""
    for name in sorted(environ):
        setting = name.lower().removeprefix(PREFIX.lower())
        if name.upper().startswith(PREFIX) and setting not in Settings.model_fields:
            [nearest] = get_close_matches(setting, Settings.model_fields, n=1, cutoff=0)
            yield f"{name}: there is no such setting; the nearest is {variable(nearest)}"


def complaints(error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        name, said = str(each["loc"][0]), each["msg"].removeprefix("Value error, ")
        # What our own rules complain about they name themselves.
        shown = each["type"] != "value_error" and Settings.model_fields[name].repr
        value = f' (given: "{each["input"]}")' if shown else ""
        yield f"{variable(name)}: {said[:1].lower()}{said[1:]}{value}"


def described() -> Iterator[tuple[str, str, str]]:
    """Every setting: the name of its variable, its default and what it is."""
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        yield variable(name), default, field.description or ""
