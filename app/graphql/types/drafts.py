"""What keeps a draft from being published, and what changed between two states of a flow."""

import strawberry

from app.domain import diff, publish
from app.domain.model import ReferenceKind
from app.execution.relations import relation
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.scalars import JSON
from app.graphql.types.resources import Binding, Component, InaccessibleComponent, binding


@strawberry.interface(description="A reason that keeps a draft from being published.")
class DraftBlocker:
    message: str = about("The part that is missing, and the remedy.", of="full_message")
    step_id: str | None = about("The step that it concerns; null where it is the whole graph.", of="step.id")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.", of="step.name")


@shows(
    publish.MissingCredential,
    "The step's component needs a credential (or a secret: see `component.requires`) and the step has none that fits.",
)
class MissingCredential(DraftBlocker):
    component: Component = relation(
        "components", "component.id", "The component whose credential or secret is missing."
    )


@shows(publish.MissingTopic, "The pub/sub step has no topic that lives in the workspace.")
class MissingTopic(DraftBlocker):
    pass


@shows(publish.ComponentUnavailable, "The step's component can't be used in the workspace.")
class ComponentUnavailable(DraftBlocker):
    inaccessible: InaccessibleComponent = about("The component, all steps that use it, and why it can't be used.")


@shows(publish.InvalidGraph, "The graph can't run as it is.")
class InvalidGraph(DraftBlocker):
    pass


@shows(publish.Readiness, "Whether a draft or version can be published.")
class DraftReadiness:
    ready: bool = about("Whether it can be published now.")
    blockers: list[DraftBlocker] = about(
        "What keeps it from being published: the whole graph first, then in the order of its steps; empty when ready."
    )


@shows(diff.FieldChange, "A difference between two steps, two links, or two graphs.")
class FieldChange:
    path: str = about(
        "A JSON Pointer (RFC 6901) into the step, link or graph; empty for the whole step or link, where too much changed "
        "to list it."
    )
    before: JSON | None = about("What stood there; null also where there was nothing.")
    after: JSON | None = about("What stands there; null also where there is nothing.")


@shows(diff.Changed, "A step that both graphs have and that changed.")
class StepChange:
    step_id: str = about("The id of the step.", of="id")
    fields: list[FieldChange] = about("The path of the change.")


@shows(diff.Changed, "A link that both graphs have and that changed.")
class LinkChange:
    link_id: str = about("The id of the link.", of="id")
    fields: list[FieldChange] = about("The path of the change.")


@shows(diff.BindingChange, "A step that is bound to something else than before.")
class BindingChange:
    step_id: str = about("The id of the step.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    kind: ReferenceKind = about("The kind of object that the step is bound to.")
    before_id: strawberry.ID | None = about(
        "What it was bound to; null if to nothing, for data samples, and where you are no member.", of="before"
    )
    after_id: strawberry.ID | None = about(
        "What it is bound to; null if to nothing, for data samples, and where you are no member.", of="after"
    )
    before: Binding | None = binding(
        "before",
        "What it was bound to; null if to nothing, or to what you can't see, and for data samples.",
    )
    after: Binding | None = binding(
        "after",
        "What it is bound to; null if to nothing, or to what you can't see, and for data samples.",
    )


@shows(diff.GraphDiff, "What changed from an older graph to a newer one. Steps and links are matched by their ids.")
class GraphDiff:
    identical: bool = about("Whether all of it is the same: nothing is added, removed or changed.")
    same_content: bool = about("Whether the content is the same, bindings aside: `contentHash` on both sides.")
    added_steps: list[str] = about("The ids of the steps that were added.")
    removed_steps: list[str] = about("The ids of the steps that were removed.")
    changed_steps: list[StepChange] = about("The steps that changed, and where.")
    added_links: list[str] = about("The ids of the links that were added.")
    removed_links: list[str] = about("The ids of the links that were removed.")
    changed_links: list[LinkChange] = about("The links that changed, and where.")
    bindings: list[BindingChange] = about("The steps that are bound to something else than before.")
    fields: list[FieldChange] = about(
        "What changed beside steps, links and bindings: `/name`, `/description`, `/cron`; and of the graph `/nodes_config/…`, "
        "`/variables/…`, `/default_mapper_type` and any other key, and `/nodes` and `/edges`, with ids, where those that "
        "both graphs have stand in another order."
    )
