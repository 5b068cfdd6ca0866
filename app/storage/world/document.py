"""A world document as the plan takes it: its items, and everything that is wrong with its form."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from app.domain.graph import Json
from app.domain.world.sections import FORMAT, SECTIONS
from app.domain.world.things import Item, Mistake
from app.storage.world.models import read_item
from app.storage.world.values import odd_texts, unstorable

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is to do."""
PIECES_AT_A_TIME = 5000
ITEM_CHARACTERS = 100
"""About how many a thing has."""


class UnreadableDocument(Exception):
    """The text of a document can't be read as one."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(f"{mistake.json_path}: {mistake.message}")
        self.mistake = mistake


class Piece(NamedTuple):
    section: str
    position: int
    value: Json
    end: int
    """Where it ends in the text."""


class Source(Protocol):
    """Where a document is read from, piece by piece."""

    length: int
    may_hold_odd_text: bool

    @property
    def others(self) -> Mapping[str, Json]:
        """What is at the top besides the sections' lists."""

    @property
    def mistakes(self) -> Iterable[Mistake]:
        """What was wrong with the text, once all pieces were read."""

    def pieces(self) -> Iterator[Piece]:
        """Every element of the sections' lists."""

    def again(self, section: str, indexes: Collection[int]) -> Iterator[tuple[int, Json]]:
        """These elements of a section's list once more."""


class ParsedJson:
    """A document that came as a JSON value."""

    may_hold_odd_text = True
    mistakes: Iterable[Mistake] = ()

    def __init__(self, document: Json) -> None:
        self._document: dict[str, Json] = document if isinstance(document, dict) else {}
        lists = {name for name, value in self._document.items() if name in SECTIONS and isinstance(value, list)}
        self.others = {name: value for name, value in self._document.items() if name not in lists}
        self._sections = [name for name in SECTIONS if name in lists]
        self.length = ITEM_CHARACTERS * sum(len(self._document[name]) for name in self._sections)

    def pieces(self) -> Iterator[Piece]:
        for name in self._sections:
            for index, value in enumerate(self._document[name]):
                yield Piece(name, index, value, 0)

    def again(self, section: str, indexes: Collection[int]) -> Iterator[tuple[int, Json]]:
        return ((index, self._document[section][index]) for index in sorted(indexes))


class WorldDocument:
    """The items of a document and its mistakes; the graphs of its flows are read once more when they are needed."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self.items: list[Item] = []
        self.mistakes: list[Mistake] = []
        self._source = source
        try:
            for count, piece in enumerate(source.pieces()):
                self._add(piece)
                if count % PIECES_AT_A_TIME == 0:
                    progress("Reading", piece.end, source.length)
        except UnreadableDocument as error:
            self.items, self.mistakes = [], [error.mistake]
            return
        progress("Reading", source.length, source.length)
        self.mistakes.extend((*source.mistakes, *_mistakes_at_the_top(source.others)))

    def flows(self, items: Mapping[int, Item]) -> Iterator[tuple[Item, Mapping[str, Json]]]:
        """These flows, by their indexes, with all that the document says of them."""
        for index, raw in self._source.again("flows", items):
            yield items[index], raw

    def _add(self, piece: Piece) -> None:
        section, path = SECTIONS[piece.section], (piece.section, piece.position)
        item, mistakes = read_item(section, piece.position, piece.value)
        odd: list[Mistake] = []
        if piece.section != "flows":
            odd.extend(unstorable(piece.value, *path))
        elif self._source.may_hold_odd_text:
            odd.extend(odd_texts(piece.value, *path))
        self.mistakes.extend((*mistakes, *odd))
        if item is not None:
            # What can't be stored can't be looked up either.
            nested = [name for name, value in item.values.items() if isinstance(value, dict | list)]
            self.items.append(item.without({str(part) for each in odd for part in each.path[2:3] or nested}))


def _mistakes_at_the_top(others: Mapping[str, Json]) -> Iterator[Mistake]:
    """What is wrong at the top of a document, besides its sections' things."""
    if others.get("format") != FORMAT:
        yield Mistake(("format",), f'The format of a world file is "{FORMAT}".')
    for name, value in others.items():
        if name not in SECTIONS and name != "format":
            yield Mistake((name,), f"There is no such section. There are: {', '.join(SECTIONS)}.")
        elif name in SECTIONS and value is not None:
            yield Mistake((name,), "A list is expected here.")
