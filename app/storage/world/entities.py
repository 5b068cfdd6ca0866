"""What the entities of a world file are made of, and what may be left out.

A property with a default may be left out or null. Flows are inactive and ordinary, contracts active, components open
to their team's contract alone and without requirement, unless the file says otherwise; versions and drafts have the
name, description and schedule of their flow unless they have their own.
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from app.domain.component import ComponentAccess, ComponentRequirement
from app.domain.input import InvalidInput, cron_mistakes, description_mistakes, is_workspace_name, name_mistakes
from app.domain.model import ContractStatus, FlowStatus, FlowType, WorkspaceType
from app.storage.ids import Kind

LARGEST_QUOTA = 2**31 - 1
LONGEST_TEXT = 255


def broken_rule(reason: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{reason}", {"reason": reason})


def obeys(rule: Callable[[str], tuple[InvalidInput, ...]]) -> AfterValidator:
    """A rule of the domain for a text of a flow."""

    def check(value: str) -> str:
        for mistake in rule(value):
            raise broken_rule(mistake.message)
        return value

    return AfterValidator(check)


def name_of_workspace(value: str) -> str:
    if not is_workspace_name(value):
        raise broken_rule("The name of a workspace has 3 to 40 characters: letters, digits, spaces, - and _.")
    return value


Key = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]
Email = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=r"^[^@\s]+@[^@\s]+$")]
FlowName = Annotated[str, obeys(name_mistakes)]
Description = Annotated[str, obeys(description_mistakes)]
Cron = Annotated[str, obeys(cron_mistakes)]


class Entity(BaseModel):
    """A `Kind` in the metadata of a property says that it refers to such a thing by its key."""

    # Not strict where it matters: enumerations, whose values the file has as texts.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def null_is_left_out(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file has there
        """Null is like absent. An unknown property stays, null or not, so that it is a mistake."""
        if not isinstance(value, dict):
            return value
        known = property_names(cls)
        return {name: each for name, each in value.items() if each is not None or name not in known}


@cache
def property_names(model: type[Entity]) -> frozenset[str]:
    return frozenset(info.alias or name for name, info in model.model_fields.items())


class Tenant(Entity):
    key: Key
    name: Text
    component_whitelist: bool = False


class Contract(Entity):
    key: Key
    tenant: Annotated[Key, Kind.TENANT]
    name: Text
    status: Annotated[ContractStatus, Field(strict=False)] = ContractStatus.ACTIVE
    flow_quota: Annotated[int | None, Field(ge=0, le=LARGEST_QUOTA)] = None


class Workspace(Entity):
    key: Key
    contract: Annotated[Key, Kind.CONTRACT]
    name: Annotated[str, AfterValidator(name_of_workspace)]
    type: Annotated[WorkspaceType, Field(strict=False)]


class User(Entity):
    key: Key
    first_name: Text
    last_name: Text
    email: Email


class Role(Entity):
    key: Key
    tenant: Annotated[Key, Kind.TENANT]
    scope: Literal["WORKSPACE", "CONTRACT"]
    name: Text
    permissions: list[Key] = []


class WorkspaceMember(Entity):
    workspace: Annotated[Key, Kind.WORKSPACE]
    user: Annotated[Key, Kind.USER]
    role: Annotated[Key, Kind.ROLE]


class ContractMember(Entity):
    contract: Annotated[Key, Kind.CONTRACT]
    user: Annotated[Key, Kind.USER]
    role: Annotated[Key, Kind.ROLE]


class Team(Entity):
    key: Key
    contract: Annotated[Key, Kind.CONTRACT]
    name: Text


class Component(Entity):
    """Its title is its name unless it has one."""

    key: Key
    team: Annotated[Key, Kind.TEAM]
    name: Text
    title: Text | None = None
    access: Annotated[ComponentAccess, Field(strict=False)] = ComponentAccess.TEAM
    requires: Annotated[ComponentRequirement, Field(strict=False)] = ComponentRequirement.NONE
    pub_sub: bool = False
    topic_field: Key = "topic"
    whitelisted_contracts: Annotated[list[Key], Kind.CONTRACT] = []


class Agent(Entity):
    key: Key
    workspace: Annotated[Key, Kind.WORKSPACE]
    name: Text


class Topic(Agent):
    """A schema that is left out is the one that everything fits."""

    schema_: Annotated[Any, Field(alias="schema")] = {}


class Credential(Agent):
    component: Annotated[Key, Kind.COMPONENT]


class Secret(Credential):
    pass


class State(Entity):
    """What versions and drafts have in common."""

    graph: Any
    name: FlowName | None = None
    description: Description | None = None
    cron: Cron | None = None


class Version(State):
    published_by: Annotated[Key | None, Kind.USER] = None


class Draft(State):
    author: Annotated[Key | None, Kind.USER] = None


class Flow(Entity):
    key: Key
    workspace: Annotated[Key, Kind.WORKSPACE]
    name: FlowName
    description: Description | None = None
    type: Annotated[FlowType, Field(strict=False)] = FlowType.ORDINARY
    status: Annotated[FlowStatus, Field(strict=False)] = FlowStatus.INACTIVE
    cron: Cron | None = None
    author: Annotated[Key | None, Kind.USER] = None
    versions: list[Version] = []
    draft: Draft | None = None
