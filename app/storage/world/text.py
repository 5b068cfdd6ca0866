"""Reads the JSON of a world file piece by piece, so that a large world never stands in memory as objects.

As objects it would take five times the memory of its text. `ijson`, which reads so too, knows neither the line of what it
can't read nor that a section stands in the file twice.
"""

import json
import re
import sys
from array import array
from collections.abc import Callable, Collection, Generator, Iterator
from typing import Never

from app.domain.graph import Json
from app.domain.world.sections import SECTIONS
from app.domain.world.things import Mistake, Part
from app.json_keys import repeated_key

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is to do."""
PIECES_AT_A_TIME = 5000
TWICE = "This stands in the file twice."
_SPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*(,?)[ \t\n\r]*")


class UnreadableDocument(Exception):
    """The text of a document can't be read as one."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(f"{mistake.json_path}: {mistake.message}")
        self.mistake = mistake


class WorldText:
    """A document: the text of a file, or a JSON value. `pieces` goes through it once; then `again` reads elements anew."""

    def __init__(self, document: bytes | Json) -> None:
        self._document, self._text = document, ""
        self._starts: dict[str, array[int]] = {}
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)
        # How long the text of a value is, isn't known before it is written.
        self.length = len(document) if isinstance(document, bytes) else sys.maxsize
        self.others: dict[str, Json] = {}
        """What stands at the top besides the sections' lists."""
        self.mistakes: list[Mistake] = []
        """Keys that stand twice in one object, of the pieces that were read."""

    def pieces(self, progress: Progress) -> Iterator[tuple[str, int, Json]]:
        """Every element of the sections' lists, with its section and index.

        Raises UnreadableDocument where the text isn't a JSON object.
        """
        self._text = decoded(self._document)
        at = self._skip_space(0)
        if not self._text.startswith("{", at):
            self._decode(at)
            raise UnreadableDocument(Mistake((), "A world file is an object."))
        at = self._skip_space(at + 1)
        while not self._text.startswith("}", at):
            name, at = self._decode_name(at)
            if name in self._starts or name in self.others:
                raise UnreadableDocument(Mistake((name,), TWICE))
            if name in SECTIONS and self._text.startswith("[", at):
                at = yield from self._list(name, at, progress)
            else:
                self.others[name], at = self._checked(at, name)
            at = self._after_comma(at, "}")
        at = self._skip_space(at + 1)
        if at < len(self._text):
            self._refuse("Extra data", at)
        progress("Reading", self.length, self.length)

    def again(self, section: str, indexes: Collection[int]) -> Iterator[tuple[int, Json]]:
        """These elements of a section's list once more."""
        for index, start in enumerate(self._starts.get(section, ())):
            if index in indexes:
                yield index, self._decode(start)[0]

    def _list(self, section: str, at: int, progress: Progress) -> Generator[tuple[str, int, Json], None, int]:
        starts = self._starts[section] = array("Q")
        at = self._skip_space(at + 1)
        while not self._text.startswith("]", at):
            index = len(starts)
            starts.append(at)
            value, at = self._checked(at, section, index)
            yield section, index, value
            if index % PIECES_AT_A_TIME == 0:
                progress("Reading", at, self.length)
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
            self.mistakes.append(Mistake((*path, *repeated.path, repeated.key), TWICE))
        return value, end

    def _decode(self, at: int, *path: Part) -> tuple[Json, int]:
        try:
            return self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._refuse(error.msg, error.pos)
        except RecursionError:
            raise UnreadableDocument(Mistake(path, "This is nested too deeply to be read.")) from None
        except ValueError:
            raise UnreadableDocument(Mistake(path, "A number in here is none that JSON knows.")) from None

    def _after_comma(self, at: int, end: str) -> int:
        """Where the next element begins, or the end stands."""
        comma = _COMMA.match(self._text, at)
        after = at if comma is None else comma.end()
        is_end = self._text.startswith(end, after)
        if comma is not None and comma[1]:
            if is_end:
                self._refuse("Illegal trailing comma before end", comma.start(1))
        elif not is_end:
            self._refuse("Expecting ',' delimiter", after)
        return after

    def _skip_space(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return at if match is None else match.end()

    def _refuse(self, reason: str, at: int) -> Never:
        # The error knows how to count lines and columns.
        error = json.JSONDecodeError(reason, self._text, at)
        raise UnreadableDocument(Mistake((), f"This isn't JSON: {error}.")) from None


def decoded(document: bytes | Json) -> str:
    """The text of a document. Raises UnreadableDocument if it has none."""
    try:
        return document.decode("utf-8-sig") if isinstance(document, bytes) else json.dumps(document)
    except UnicodeDecodeError as error:
        raise UnreadableDocument(Mistake((), f"This isn't UTF-8: byte {error.start} fits nothing.")) from None
    except RecursionError:
        raise UnreadableDocument(Mistake((), "This is nested too deeply to be read.")) from None


def _no_constant(name: str) -> Never:
    raise ValueError(name)
