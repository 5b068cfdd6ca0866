"""Components that a workspace can't use."""

from typing import Self, cast

import strawberry

from app.domain import inaccessible
from app.domain.component import InaccessibilityReason
from app.execution.relations import one
from app.graphql.describe import about
from app.graphql.types.resources import Component


@strawberry.type(description="A component that the destination can't use, and the steps that use it.")
class InaccessibleComponent:
    name: str = about("`team/name` as the commands have it; or the whole command where it can't be read.")
    step_ids: list[str] = about("The steps that use it, in the order of the graph.")
    reason: InaccessibilityReason = about("Why it can't be used.")
    component: Component | None = one(
        lambda loaders: loaders.components,
        lambda found: found.component_id,
        "The component; null if you can see none of this name.",
    )

    @classmethod
    def of(cls, found: inaccessible.InaccessibleComponent) -> Self:
        """What the domain found is answered as it is: there may be one for every step."""
        return cast("Self", found)
