"""The format of world files: its sections, and how what is wrong in the shape of an entity is said."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.domain.graph import Json
from app.storage.ids import Kind
from app.storage.world import entities
from app.storage.world.entities import Entity
from app.storage.world.mistakes import Mistake, Part, json_path

FORMAT = "flowport-world/1"


class Section(NamedTuple):
    model: type[Entity]
    kind: Kind | None
    """What its entities are; memberships are nothing that anybody refers to."""


SECTIONS: Mapping[str, Section] = {
    "tenants": Section(entities.Tenant, Kind.TENANT),
    "contracts": Section(entities.Contract, Kind.CONTRACT),
    "workspaces": Section(entities.Workspace, Kind.WORKSPACE),
    "users": Section(entities.User, Kind.USER),
    "roles": Section(entities.Role, Kind.ROLE),
    "workspaceMembers": Section(entities.WorkspaceMember, None),
    "contractMembers": Section(entities.ContractMember, None),
    "teams": Section(entities.Team, Kind.TEAM),
    "components": Section(entities.Component, Kind.COMPONENT),
    "topics": Section(entities.Topic, Kind.TOPIC),
    "credentials": Section(entities.Credential, Kind.CREDENTIAL),
    "secrets": Section(entities.Secret, Kind.SECRET),
    "agents": Section(entities.Agent, Kind.AGENT),
    "flows": Section(entities.Flow, Kind.FLOW),
}

_MESSAGES = {
    "missing": "This property is required.",
    "extra_forbidden": "There is no such property here.",
    "model_type": "An object is expected here.",
    "string_type": "A string is expected here.",
    "bool_type": "true or false is expected here.",
    "int_type": "A whole number is expected here.",
    "list_type": "A list is expected here.",
    "string_too_short": "This can't be empty.",
    "string_too_long": "This has more than {max_length} characters.",
    "greater_than_equal": "This can't be less than {ge}.",
    "less_than_equal": "This can't be more than {le}.",
    "enum": "One of these is expected here: {expected}.",
    "literal_error": "One of these is expected here: {expected}.",
    "rule": "{reason}",
}
_PATTERNS = {r"\S": "This can't be blank."}
_ELSEWHERE = {"string_unicode"}
"""What `odd_texts` finds too."""

Some = TypeVar("Some", bound=Entity)


def read_entity(model: type[Some], raw: Json, *path: Part) -> Some | list[Mistake]:
    """An entity in the shape that its section has, or everything that is wrong with its shape."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        return [
            Mistake(json_path(*path, *details["loc"]), _message(details))
            for details in error.errors(include_url=False)
            if details["type"] not in _ELSEWHERE
        ]


def document_mistakes(others: Mapping[str, Json]) -> Iterator[Mistake]:
    """What is wrong at the top of a world file, besides its sections' entities."""
    if others.get("format") != FORMAT:
        yield Mistake("$.format", f'The format of a world file is "{FORMAT}".')
    for name, value in others.items():
        if name not in SECTIONS and name != "format":
            yield Mistake(json_path(name), f"There is no such section. There are: {', '.join(SECTIONS)}.")
        elif name in SECTIONS and value is not None:
            yield Mistake(json_path(name), "A list is expected here.")


@cache
def references_of(model: type[Entity]) -> Mapping[str, Kind]:
    """The properties of an entity that hold keys, by their attributes' names, and what each refers to."""
    return {name: kind for name, info in model.model_fields.items() for kind in info.metadata if isinstance(kind, Kind)}


def property_name(model: type[Entity], attribute: str) -> str:
    """What the file calls an attribute."""
    return model.model_fields[attribute].alias or attribute


def _message(details: ErrorDetails) -> str:
    context: Mapping[str, Any] = details.get("ctx", {})
    if details["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "An e-mail address is expected here.")
    return _MESSAGES.get(details["type"], details["msg"]).format_map(context)
