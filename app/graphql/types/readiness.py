"""Whether a draft can be published, and what keeps it from that."""

import asyncio
from collections.abc import Iterable
from typing import Any, Self, assert_never

import strawberry

from app.domain import readiness
from app.domain.flow import CHARACTERS_PER_PART
from app.domain.readiness import Blocker
from app.domain.wording import about_flow
from app.execution.relations import one
from app.graphql.describe import about, field
from app.graphql.types.inaccessible import InaccessibleComponent
from app.graphql.types.resources import Component
from app.offload import offload


@strawberry.interface(description="What keeps a draft from being published.")
class DraftBlocker:
    message: str = about("What is missing and what to do about it.")
    step_id: str | None = about("The step that it concerns; null where it is the whole graph.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")


@strawberry.type(
    description="The step's component needs a credential (or a secret: see `component.requires`) and the step has none "
    "that fits."
)
class MissingCredential(DraftBlocker):
    component_id: strawberry.Private[str]
    component: Component = one(
        lambda loaders: loaders.components,
        lambda blocker: blocker.component_id,
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
    found: strawberry.Private["Blockers"]

    @field
    async def blockers(self) -> list[DraftBlocker]:
        """What keeps it from being published: the whole graph first, then in the order of its steps; empty when ready."""
        return await self.found.listed()

    @classmethod
    def of(cls, found: tuple[Blocker, ...], about: str | None = None) -> Self:
        """In a plan of many, `about` is the name of the flow, which each message begins with."""
        return cls(ready=not found, found=Blockers(found, about))


class Blockers:
    """Blockers as they are told. There may be some for every step, so they are made only where asked for, and once."""

    __slots__ = ("_about", "_found", "_listing")

    def __init__(self, found: tuple[Blocker, ...], about: str | None = None) -> None:
        self._found = found
        self._about = about
        self._listing: asyncio.Future[list[DraftBlocker]] | None = None

    async def listed(self) -> list[DraftBlocker]:
        if self._listing is None:
            size = CHARACTERS_PER_PART * len(self._found)
            self._listing = asyncio.ensure_future(offload(size, blockers_of, self._found, self._about))
        return await asyncio.shield(self._listing)


def blockers_of(found: Iterable[Blocker], about: str | None = None) -> list[DraftBlocker]:
    blockers = [_blocker_of(one) for one in found]
    if about is not None:
        for blocker in blockers:
            blocker.message = about_flow(about, blocker.message)
    return blockers


def _blocker_of(blocker: Blocker) -> DraftBlocker:
    step = blocker.step
    told: dict[str, Any] = {
        "message": blocker.message,
        "step_id": None if step is None else step.id,
        "step_name": None if step is None else step.name,
    }
    match blocker:
        case readiness.MissingCredential(component=component):
            return MissingCredential(**told, component_id=component.id)
        case readiness.MissingTopic():
            return MissingTopic(**told)
        case readiness.ComponentUnavailable(inaccessible=found):
            return ComponentUnavailable(**told, inaccessible=InaccessibleComponent.of(found))
        case readiness.InvalidGraph():
            return InvalidGraph(**told)
        case _:
            assert_never(blocker)
