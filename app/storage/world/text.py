"""Reads the JSON of a world file piece by piece, so that a large world never stands in memory as objects.

As objects it would take five times the memory of its text. `ijson`, which reads so too, knows neither the line of what it
can't read nor that a section stands in the file twice.
"""

import json
import re
from array import array
from collections.abc import Collection, Generator, Iterator
from typing import NamedTuple, Never

from app.domain.graph import Json
from app.json_keys import repeated_key
from app.storage.world.mistakes import Mistake, Part, WorldMistakes, json_path

TWICE = "This stands in the file twice."
_SPACE = re.compile(r"[ \t\n\r]*")
_ODD_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class Piece(NamedTuple):
    section: str
    position: int
    value: Json
    end: int
    """Where it ends in the text."""


class WorldText:
    """The text of a world file. `pieces` goes through it once; then `again` gives the pieces of a section anew."""

    def __init__(self, document: bytes, sections: Collection[str]) -> None:
        self._text = decoded(document)
        self._starts: dict[str, array[int]] = {}
        self._sections = sections
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)
        self.length = len(self._text)
        self.may_hold_odd_text = _ODD_ESCAPE.search(self._text) is not None
        """Only escapes can smuggle in NUL or half of a surrogate pair; without them nobody need look for these."""
        self.others: dict[str, Json] = {}
        """What stands at the top besides the sections' lists."""
        self.mistakes: list[Mistake] = []
        """Keys that stand twice in one object, of the pieces that were read."""

    def pieces(self) -> Iterator[Piece]:
        """Every element of the sections' lists. Raises WorldMistakes where the text is no JSON, or no object."""
        at = self._skip_space(0)
        if not self._text.startswith("{", at):
            self._decode(at)
            raise WorldMistakes([Mistake("$", "A world file is an object.")])
        at = self._skip_space(at + 1)
        while not self._text.startswith("}", at):
            name, at = self._decode_name(at)
            if name in self._starts or name in self.others:
                raise WorldMistakes([Mistake(json_path(name), TWICE)])
            if name in self._sections and self._text.startswith("[", at):
                at = yield from self._list(name, at)
            else:
                self.others[name], at = self._checked(at, name)
            at = self._after_comma(at, "}")
        at = self._skip_space(at + 1)
        if at < self.length:
            self._refuse("Extra data", at)

    def again(self, section: str) -> Iterator[tuple[int, Json]]:
        """The elements of a section's list, once more, with their indexes."""
        for index, start in enumerate(self._starts.get(section, ())):
            yield index, self._decode(start)[0]

    def count(self, section: str) -> int:
        return len(self._starts.get(section, ()))

    def _list(self, section: str, at: int) -> Generator[Piece, None, int]:
        starts = self._starts[section] = array("Q")
        at = self._skip_space(at + 1)
        while not self._text.startswith("]", at):
            starts.append(at)
            index = len(starts) - 1
            value, at = self._checked(at, section, index)
            yield Piece(section, index, value, at)
            at = self._after_comma(at, "]")
        return at + 1

    def _decode_name(self, at: int) -> tuple[str, int]:
        if not self._text.startswith('"', at):
            self._refuse("Expecting property name enclosed in double quotes", at)
        name, at = self._decode(at)
        at = self._skip_space(at)
        if not self._text.startswith(":", at):
            self._refuse("Expecting ':' delimiter", at)
        return str(name), self._skip_space(at + 1)

    def _checked(self, at: int, *path: Part) -> tuple[Json, int]:
        value, end = self._decode(at, *path)
        repeated = repeated_key(self._text[at:end], value)
        if repeated is not None:
            self.mistakes.append(Mistake(json_path(*path, *repeated.path, repeated.key), TWICE))
        return value, end

    def _decode(self, at: int, *path: Part) -> tuple[Json, int]:
        try:
            return self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._refuse(error.msg, error.pos)
        except RecursionError:
            raise WorldMistakes([Mistake(json_path(*path), "This is nested too deeply to be read.")]) from None
        except ValueError:
            raise WorldMistakes([Mistake(json_path(*path), "A number in here is none that JSON knows.")]) from None

    def _after_comma(self, at: int, end: str) -> int:
        """Where the next element begins, or the end stands."""
        at = self._skip_space(at)
        if self._text.startswith(end, at):
            return at
        if not self._text.startswith(",", at):
            self._refuse("Expecting ',' delimiter", at)
        after = self._skip_space(at + 1)
        if self._text.startswith(end, after):
            self._refuse("Illegal trailing comma before end", at)
        return after

    def _skip_space(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return at if match is None else match.end()

    def _refuse(self, reason: str, at: int) -> Never:
        # The error knows how to count lines and columns.
        error = json.JSONDecodeError(reason, self._text, at)
        raise WorldMistakes([Mistake("$", f"This isn't JSON: {error}.")]) from None


def decoded(document: bytes) -> str:
    """The text. Raises WorldMistakes if it isn't UTF-8."""
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorldMistakes([Mistake("$", f"This isn't UTF-8: byte {error.start} fits nothing.")]) from None


def _no_constant(name: str) -> Never:
    raise ValueError(name)
