"""Blockers of drafts, and differences between two states of a flow."""

import strawberry

from app.domain import diff, readiness
from app.domain.model import ReferenceKind
from app.execution.relations import relation
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.scalars import JSON
from app.graphql.types.resources import Binding, Component, InaccessibleComponent, binding


@strawberry.interface(description="A reason that keeps a draft from being published.")
class DraftBlocker:
    message: str = about("The part that is missing, and the remedy.", of="full_message")
    step_id: str | None = about("The id of the step; null if the whole graph is meant.", of="step.id")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.", of="step.name")


@shows(
    readiness.MissingCredential,
    "The step's component needs a credential or secret (see `component.requires`), and the step has none that fits.",
)
class MissingCredential(DraftBlocker):
    component: Component = relation(
        "components", "component.id", "The component whose credential or secret is missing."
    )


@shows(readiness.MissingTopic, "The pub/sub step has no topic that lives in the workspace.")
class MissingTopic(DraftBlocker):
    pass


@shows(readiness.ComponentUnavailable, "The step's component can't be used in the workspace.")
class ComponentUnavailable(DraftBlocker):
    inaccessible: InaccessibleComponent = about("The component, all steps that use it, and why it can't be used.")


@shows(readiness.InvalidGraph, "The graph can't run as it is.")
class InvalidGraph(DraftBlocker):
    pass


@shows(readiness.Readiness, "Whether a draft or version can be published.")
class DraftReadiness:
    ready: bool = about("Whether it can be published now.")
    blockers: list[DraftBlocker] = about(
        "Every reason against publishing: of the whole graph first, then in the order of its steps; empty when ready."
    )


@shows(diff.FieldChange, "A difference between two steps, two links, or two graphs.")
class FieldChange:
    path: str = about(
        "A JSON Pointer (RFC 6901) into the step, link or graph; empty for a whole step or link, if it has too many changes "
        "to list."
    )
    before: JSON | None = about("The value before; null also if there was none.")
    after: JSON | None = about("The value after; null also if there is none.")


@shows(diff.Changed, "A step that both graphs have and that changed.")
class StepChange:
    step_id: str = about("The id of the step.", of="id")
    fields: list[FieldChange] = about("The path of the change.")


@shows(diff.Changed, "A link that both graphs have and that changed.")
class LinkChange:
    link_id: str = about("The id of the link.", of="id")
    fields: list[FieldChange] = about("The path of the change.")


@shows(diff.BindingChange, "A step whose binding changed.")
class BindingChange:
    step_id: str = about("The id of the step.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    kind: ReferenceKind = about("The kind of object that the step is bound to.")
    before_id: strawberry.ID | None = about(
        "The id of the earlier binding; null if there was none, for data samples, and where you are no member.",
        of="before",
    )
    after_id: strawberry.ID | None = about(
        "The id of the new binding; null if there is none, for data samples, and where you are no member.", of="after"
    )
    before: Binding | None = binding(
        "before",
        "The earlier binding; null if there was none, if you can't see it, and for data samples.",
    )
    after: Binding | None = binding(
        "after",
        "The new binding; null if there is none, if you can't see it, and for data samples.",
    )


@shows(diff.GraphDiff, "The changes from an older graph to a newer one. Steps and links are matched by their ids.")
class GraphDiff:
    identical: bool = about("Whether both graphs are the same: nothing is added, removed or changed.")
    same_content: bool = about("Whether the content is the same, bindings aside: `contentHash` on both sides.")
    added_steps: list[str] = about("The ids of the steps that were added.")
    removed_steps: list[str] = about("The ids of the steps that were removed.")
    changed_steps: list[StepChange] = about("The steps that changed, and where.")
    added_links: list[str] = about("The ids of the links that were added.")
    removed_links: list[str] = about("The ids of the links that were removed.")
    changed_links: list[LinkChange] = about("The links that changed, and where.")
    bindings: list[BindingChange] = about("The steps whose bindings changed.")
    fields: list[FieldChange] = about(
        "Other changes: `/name`, `/description`, `/cron`; in the graph `/nodes_config/…`, `/variables/…`, "
        "`/default_mapper_type` and any other key; `/nodes` and `/edges`, with ids, if the steps or links that both graphs "
        "have changed their order."
    )
