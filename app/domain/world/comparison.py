"""How the things of a document differ from those that exist (W2)."""

import json
from collections.abc import Iterator, Mapping

from app.domain.diff import FieldChange
from app.domain.graph import Json
from app.domain.model import FlowStatus
from app.domain.world.names import Names
from app.domain.world.sections import Property, Section
from app.domain.world.things import Item, Thing


def normal(section: Section, values: Mapping[str, Json]) -> dict[str, Json]:
    """The values of a thing in the one form in which they are stored and compared."""
    normalized: dict[str, Json] = dict(values)
    if section.name == "roles":
        normalized["permissions"] = [*dict.fromkeys(values["permissions"])]
    elif section.name == "components":
        normalized["title"] = values["title"] or values.get("name")
        normalized["whitelistedContracts"] = sorted({*values["whitelistedContracts"]})
    elif section.name == "flows":
        _suspend(normalized)
    return normalized


def _suspend(flow: dict[str, Json]) -> None:
    """Let the status follow `suspended` (W10); a new flow that doesn't say it has the status that it names."""
    status, is_suspended = flow.get("status"), flow.get("suspended")
    if is_suspended:
        flow["status"] = FlowStatus.SUSPENDED.value
    elif is_suspended is False and status == FlowStatus.SUSPENDED:
        flow["status"] = FlowStatus.INACTIVE.value
    flow["suspended"] = flow.get("status") == FlowStatus.SUSPENDED


def changes_between(item: Item, before: Thing, after: Mapping[str, Json], names: Names) -> Iterator[FieldChange]:
    """The properties that an item changes, and the key that it gives."""
    if item.section.kind is not None and before.key is None and item.key is not None:
        yield FieldChange("/key", None, item.key)
    for part in item.section.properties:
        old, new = before.values.get(part.name), after.get(part.name)
        if old != new and not part.is_initial:
            yield FieldChange(f"/{part.name}", shown_value(part, old, names), shown_value(part, new, names))


def shown_value(part: Property, value: Json, names: Names) -> Json:
    """A value as a document has it: with keys in place of ids."""
    if part.form is object:
        return json.loads(value)
    if not part.refers_to:
        return value
    return [names.text_of(each) for each in value] if part.form is list else names.text_of(value)
