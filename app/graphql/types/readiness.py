"""Whether a draft can be published, and what keeps it from that."""

import strawberry

from app.domain import readiness
from app.execution.relations import one
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.types.resources import Component, InaccessibleComponent


@strawberry.interface(description="What keeps a draft from being published.")
class DraftBlocker:
    message: str = about("What is missing and what to do about it.", of="full_message")
    step_id: str | None = about("The step that it concerns; null where it is the whole graph.", of="step.id")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.", of="step.name")


@shows(
    readiness.MissingCredential,
    "The step's component needs a credential (or a secret: see `component.requires`) and the step has none that fits.",
)
class MissingCredential(DraftBlocker):
    component: Component = one("components", "component.id", "The component whose credential or secret is missing.")


@shows(readiness.MissingTopic, "The pub/sub step has no topic that lives in the workspace.")
class MissingTopic(DraftBlocker):
    pass


@shows(readiness.ComponentUnavailable, "The step's component can't be used in the workspace.")
class ComponentUnavailable(DraftBlocker):
    inaccessible: InaccessibleComponent = about("The component, all steps that use it, and why it can't be used.")


@shows(readiness.InvalidGraph, "The graph can't run as it is.")
class InvalidGraph(DraftBlocker):
    pass


@shows(readiness.Readiness, "Whether a draft can be published.")
class DraftReadiness:
    ready: bool = about("Whether it can be published now.")
    blockers: list[DraftBlocker] = about(
        "What keeps it from being published: the whole graph first, then in the order of its steps; empty when ready."
    )
