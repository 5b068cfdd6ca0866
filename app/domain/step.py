"""Steps and links of a graph, as far as rules need them that ignore the fields of steps."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from app.domain.errors import are_shown_whole, printable

LONGEST_STEP_NAME = 255


class Step(NamedTuple):
    """A step of a graph, as far as rules need it that don't care for its fields."""

    position: int
    """In the graph's `nodes`; unlike the id it is unique in an unfinished graph too."""
    id: str
    command: str
    name: str | None = None
    """The name of the step, cut to LONGEST_STEP_NAME characters."""
    shares_name: bool = False
    """Whether messages can't tell it by its name from another step of the graph."""

    @property
    def label(self) -> str:
        """How messages name it: by its name and, where that isn't unique in the graph or missing, its id."""
        if self.name is None:
            return printable(self.id)
        return f"{printable(self.name)} ({printable(self.id)})" if self.shares_name else printable(self.name)


_NEW_STEP = partial(tuple.__new__, Step)
"""Makes one of a tuple: several times as fast as the class, and graphs have tens of thousands."""


def make_steps(parts: Iterable[tuple[str, str, str | None]]) -> tuple[Step, ...]:
    """The steps of a graph, of the id, command and name of each, in its order."""
    known = [*parts]
    if not _may_share_names(known):
        return tuple(map(_NEW_STEP, [(position, *part, False) for position, part in enumerate(known)]))
    names = Counter(printable(name) for _, _, name in known if name is not None)
    ids = {printable(step_id) for step_id, _, _ in known}
    return tuple(
        Step(position, step_id, command, name, name is not None and _is_shared(printable(name), step_id, names, ids))
        for position, (step_id, command, name) in enumerate(known)
    )


def _may_share_names(parts: Sequence[tuple[str, str, str | None]]) -> bool:
    """Whether messages might confuse a name with another, or with an id; not for names that are shown as they are."""
    names = [name for _, _, name in parts if name is not None]
    ids = [id_ for id_, _, _ in parts]
    different = {*names, *ids}
    are_apart = len(different) == len(names) + len({*ids})
    return bool(names) and not (are_apart and are_shown_whole(different))


def _is_shared(name: str, step_id: str, names: Mapping[str, int], ids: Collection[str]) -> bool:
    return names[name] > 1 or (name in ids and name != printable(step_id))


class Link(NamedTuple):
    """An edge of a graph, as far as rules need it."""

    source: str | None
    target: str
    conditional: bool = False
