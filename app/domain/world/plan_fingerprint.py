"""The fingerprint of a plan (W3): one text for all that applying it would change."""

import hashlib
from collections.abc import Iterable

from app.domain.graph import canonical
from app.domain.world.comparison import shown_value
from app.domain.world.names import Names
from app.domain.world.things import Planned, WorldChange


def fingerprint_of(planned: Iterable[Planned], names: Names) -> str:
    """Equal for two plans that would change the same; the ids of new things, which are new each time, don't count."""
    changes = [
        [
            each.section.name,
            each.key,
            each.id,
            each.change.value,
            [[field.path, field.before, field.after] for field in each.fields],
            _values(each, names) if each.change is WorldChange.CREATED and each.thing else [],
        ]
        for each in planned
        if each.change is not WorldChange.UNCHANGED
    ]
    return hashlib.sha256(canonical(changes).encode()).hexdigest()


def _values(planned: Planned, names: Names) -> list[object]:
    values = {} if planned.thing is None else planned.thing.values
    return [shown_value(part, values.get(part.name), names) for part in planned.section.properties]
