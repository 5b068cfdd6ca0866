"""Components that a workspace can't use."""

from app.domain import inaccessible
from app.domain.component import InaccessibilityReason
from app.execution.relations import one
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.types.resources import Component


@shows(inaccessible.InaccessibleComponent, "A component that the destination can't use, and the steps that use it.")
class InaccessibleComponent:
    name: str = about("`team/name` as the commands have it; or the whole command where it can't be read.")
    step_ids: list[str] = about("The steps that use it, in the order of the graph.")
    reason: InaccessibilityReason = about("Why it can't be used.")
    component: Component | None = one(
        "components", "component_id", "The component; null if you can see none of this name."
    )
