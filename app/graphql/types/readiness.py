"""Whether a draft can be published, and what keeps it from that."""

from collections.abc import Iterable
from typing import Self, assert_never

import strawberry

from app.domain import readiness
from app.domain.readiness import Blocker
from app.graphql.describe import about, field
from app.graphql.relations import one
from app.graphql.types.inaccessible import InaccessibleComponent
from app.graphql.types.resources import Component


@strawberry.interface(description="What keeps a draft from being published.")
class DraftBlocker:
    found: strawberry.Private[Blocker]
    """There may be some for every step, so that what is told of each is made only where it is asked for."""

    @field
    def message(self) -> str:
        """What is missing and what to do about it."""
        return self.found.message

    @field
    def step_id(self) -> str | None:
        """The step that it concerns; null where it is the whole graph."""
        return None if self.found.step is None else self.found.step.id

    @field
    def step_name(self) -> str | None:
        """The name that people gave the step, at most 255 characters of it."""
        return None if self.found.step is None else self.found.step.name


@strawberry.type(
    description="The step's component needs a credential (or a secret: see `component.requires`) and the step has none "
    "that fits."
)
class MissingCredential(DraftBlocker):
    component_id: strawberry.Private[str]
    component: Component = one(
        lambda loaders, blocker: loaders.components.load(blocker.component_id),
        Component.of,
        "The component whose credential or secret is missing.",
    )


@strawberry.type(description="The pub/sub step has no topic that lives in the workspace.")
class MissingTopic(DraftBlocker):
    pass


@strawberry.type(description="The step's component can't be used in the workspace.")
class ComponentUnavailable(DraftBlocker):
    inaccessible: InaccessibleComponent = about("The component, all steps that use it, and why it can't be used.")


@strawberry.type(description="The graph can't run as it is.")
class InvalidGraph(DraftBlocker):
    pass


@strawberry.type(description="Whether a draft can be published.")
class DraftReadiness:
    ready: bool = about("Whether it can be published now.")
    found: strawberry.Private[tuple[Blocker, ...]]

    @field
    def blockers(self) -> list[DraftBlocker]:
        """What keeps it from being published: the whole graph first, then in the order of its steps; empty when ready."""
        return blockers_of(self.found)

    @classmethod
    def of(cls, found: tuple[Blocker, ...]) -> Self:
        return cls(ready=not found, found=found)


def blockers_of(found: Iterable[Blocker]) -> list[DraftBlocker]:
    """The blockers; the steps of a component share what is told of it, with its list of all of them."""
    shared: dict[int, InaccessibleComponent] = {}
    return [_blocker_of(one, shared) for one in found]


def _blocker_of(blocker: Blocker, shared: dict[int, InaccessibleComponent]) -> DraftBlocker:
    match blocker:
        case readiness.MissingCredential(component=component):
            return MissingCredential(found=blocker, component_id=component.id)
        case readiness.MissingTopic():
            return MissingTopic(found=blocker)
        case readiness.ComponentUnavailable(inaccessible=found):
            if id(found) not in shared:
                shared[id(found)] = InaccessibleComponent.of(found)
            return ComponentUnavailable(found=blocker, inaccessible=shared[id(found)])
        case readiness.InvalidGraph():
            return InvalidGraph(found=blocker)
        case _:
            assert_never(blocker)
