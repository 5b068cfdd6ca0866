"""A world document as the plan takes it: its items, and everything that is wrong with its form."""

from collections.abc import Iterator, Mapping

from app.domain.graph import Json
from app.domain.world.sections import FORMAT, SECTIONS
from app.domain.world.things import Item, Mistake
from app.storage.world.models import read_item
from app.storage.world.text import Progress, UnreadableDocument, WorldText


class WorldDocument:
    """The items of a document and its mistakes; the graphs of its flows are read once more when they are needed."""

    def __init__(self, text: WorldText, progress: Progress) -> None:
        self.items: list[Item] = []
        self.mistakes: list[Mistake] = []
        self._text = text
        try:
            for name, index, value in text.pieces(progress):
                item, mistakes = read_item(SECTIONS[name], index, value)
                self.mistakes.extend(mistakes)
                if item is not None:
                    self.items.append(item)
        except UnreadableDocument as error:
            self.items, self.mistakes = [], [error.mistake]
        else:
            self.mistakes.extend((*text.mistakes, *_mistakes_at_the_top(text.others)))

    def flows(self, items: Mapping[int, Item]) -> Iterator[tuple[Item, Mapping[str, Json]]]:
        """These flows, by their indexes, with all that the document says of them."""
        return ((items[index], raw) for index, raw in self._text.again("flows", items))


def _mistakes_at_the_top(others: Mapping[str, Json]) -> Iterator[Mistake]:
    """What is wrong at the top of a document, besides its sections' things."""
    if others.get("format") != FORMAT:
        yield Mistake(("format",), f'The format of a world file is "{FORMAT}".')
    for name, value in others.items():
        if name not in SECTIONS and name != "format":
            yield Mistake((name,), f"There is no such section. There are: {', '.join(SECTIONS)}.")
        elif name in SECTIONS and value is not None:
            yield Mistake((name,), "A list is expected here.")
