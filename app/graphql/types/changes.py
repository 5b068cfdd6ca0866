"""What changed between two states of a flow."""

from typing import Self

import strawberry

from app.domain import diff
from app.domain.model import ReferenceKind
from app.graphql.describe import about
from app.graphql.scalars import JSON
from app.graphql.types.resources import Binding, binding, reference_to


@strawberry.type(description="A difference between two steps, two links, or two graphs.")
class FieldChange:
    path: str = about(
        "A JSON Pointer (RFC 6901) into the step, link or graph; empty for the whole step or link, where too much changed "
        "to list it."
    )
    before: JSON | None = about("What stood there; null also where there was nothing.")
    after: JSON | None = about("What stands there; null also where there is nothing.")

    @classmethod
    def of(cls, change: diff.FieldChange) -> Self:
        before, after = (None if value is None else JSON(value) for value in (change.before, change.after))
        return cls(path=change.path, before=before, after=after)


@strawberry.type(description="A step that both graphs have and that changed.")
class StepChange:
    step_id: str = about("The id of the step.")
    fields: list[FieldChange] = about("Where it changed.")


@strawberry.type(description="A link that both graphs have and that changed.")
class LinkChange:
    link_id: str = about("The id of the link.")
    fields: list[FieldChange] = about("Where it changed.")


@strawberry.type(description="A step that is bound to something else than before.")
class BindingChange:
    step_id: str = about("The id of the step.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    kind: ReferenceKind = about("What kind of thing it is bound to.")
    before_id: strawberry.ID | None = about(
        "What it was bound to; null if to nothing, for data samples, and where you are no member."
    )
    after_id: strawberry.ID | None = about(
        "What it is bound to; null if to nothing, for data samples, and where you are no member."
    )
    before: Binding | None = binding(
        lambda change: reference_to(change.kind, change.before_id),
        "What it was bound to; null if to nothing, or to what you can't see, and for data samples.",
    )
    after: Binding | None = binding(
        lambda change: reference_to(change.kind, change.after_id),
        "What it is bound to; null if to nothing, or to what you can't see, and for data samples.",
    )


@strawberry.type(
    description="What changed from an older graph to a newer one. Steps and links are matched by their ids."
)
class GraphDiff:
    identical: bool = about("Whether all of it is the same: nothing is added, removed or changed.")
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

    @classmethod
    def of(cls, found: diff.GraphDiff) -> Self:
        return cls(
            identical=found.identical,
            added_steps=list(found.added_steps),
            removed_steps=list(found.removed_steps),
            changed_steps=[
                StepChange(step_id=one.id, fields=[FieldChange.of(change) for change in one.fields])
                for one in found.changed_steps
            ],
            added_links=list(found.added_links),
            removed_links=list(found.removed_links),
            changed_links=[
                LinkChange(link_id=one.id, fields=[FieldChange.of(change) for change in one.fields])
                for one in found.changed_links
            ],
            bindings=[
                BindingChange(
                    step_id=one.step_id,
                    step_name=one.step_name,
                    kind=one.kind,
                    before_id=None if one.before is None else strawberry.ID(one.before),
                    after_id=None if one.after is None else strawberry.ID(one.after),
                )
                for one in found.bindings
            ],
            fields=[FieldChange.of(change) for change in found.fields],
        )
