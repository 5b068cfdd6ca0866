"""Steps and links of a graph, as far as rules need them that don't care for what a step does."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from app.domain.wording import shown

LONGEST_STEP_NAME = 255


class Step(NamedTuple):
    """A step of a graph, as far as rules need it that don't care for its fields."""

    position: int
    """In the graph's `nodes`; unlike the id it is unique in an unfinished graph too."""
    id: str
    command: str
    name: str | None = None
    """What people call it, cut to LONGEST_STEP_NAME characters; None where it has no name."""
    shares_name: bool = False
    """Whether messages can't tell it by its name from another step of the graph."""

    @property
    def label(self) -> str:
        """How messages name it: by its name and, where that isn't unique in the graph or missing, its id."""
        if self.name is None:
            return shown(self.id)
        return f"{shown(self.name)} ({shown(self.id)})" if self.shares_name else shown(self.name)


def make_steps(parts: Iterable[tuple[str, str, str | None]]) -> tuple[Step, ...]:
    """The steps of a graph, of the id, command and name of each, in its order."""
    known = [*parts]
    if all(name is None for _, _, name in known):
        return tuple([Step(position, id_, command) for position, (id_, command, _) in enumerate(known)])
    names = Counter(shown(name) for _, _, name in known if name is not None)
    ids = {shown(step_id) for step_id, _, _ in known}
    return tuple(
        Step(position, step_id, command, name, name is not None and _is_shared(shown(name), step_id, names, ids))
        for position, (step_id, command, name) in enumerate(known)
    )


def _is_shared(name: str, step_id: str, names: Mapping[str, int], ids: Collection[str]) -> bool:
    return names[name] > 1 or (name in ids and name != shown(step_id))


class Link(NamedTuple):
    """An edge of a graph, as far as rules need it."""

    source: str | None
    target: str
    conditional: bool = False
