"""How the things of a document differ from those that exist (W2)."""

from collections.abc import Iterator, Mapping

from app.domain.diff import FieldChange
from app.domain.graph import Json, canonical
from app.domain.model import FlowStatus
from app.domain.world.names import Names
from app.domain.world.sections import Property, Section
from app.domain.world.things import Item, Thing


def normal(section: Section, values: Mapping[str, Json]) -> dict[str, Json]:
    """The values of a thing in the one form in which they are stored and compared."""
    made: dict[str, Json] = dict(values)
    if section.name == "roles":
        made["permissions"] = [*dict.fromkeys(made["permissions"])]
    elif section.name == "components":
        made["title"] = made["title"] or made.get("name")
        made["whitelistedContracts"] = sorted({*made["whitelistedContracts"]})
    elif section.name == "flows":
        _suspend(made)
    return made


def _suspend(flow: dict[str, Json]) -> None:
    """Let the status follow `suspended` (W10); a new flow that doesn't say it has the status that it names."""
    status, is_suspended = flow.get("status"), flow.get("suspended")
    if is_suspended:
        flow["status"] = FlowStatus.SUSPENDED.value
    elif is_suspended is False and status == FlowStatus.SUSPENDED:
        flow["status"] = FlowStatus.INACTIVE.value
    flow["suspended"] = flow.get("status") == FlowStatus.SUSPENDED


def changes_between(item: Item, before: Thing, after: Mapping[str, Json], names: Names) -> Iterator[FieldChange]:
    """What the item changes: the properties that it names, and the key that it gives."""
    if item.section.kind is not None and before.key is None and item.key is not None:
        yield FieldChange("/key", None, item.key)
    for each in item.section.properties:
        old, new = before.values.get(each.name), after.get(each.name)
        if not each.is_initial and _differ(each, old, new):
            yield FieldChange(f"/{each.name}", shown_value(each, old, names), shown_value(each, new, names))


def _differ(each: Property, old: Json, new: Json) -> bool:
    # To Python, 1 and true are the same as 1.0, and JSON keeps them apart.
    return canonical(old) != canonical(new) if each.form is object else bool(old != new)


def shown_value(each: Property, value: Json, names: Names) -> Json:
    """A value as a document has it: with keys in place of ids."""
    if not each.refers_to:
        return value
    return [names.text_of(each) for each in value] if each.form is list else names.text_of(value)
