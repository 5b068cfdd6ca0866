"""What became of the references of a flow that was copied or exported."""

import strawberry

from app.domain import references
from app.domain.model import ReferenceKind
from app.domain.references import ReferenceAction
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.types.resources import Binding, binding


@shows(references.ReferenceOutcome, "What became of one reference: none vanishes without being reported.")
class ReferenceOutcome:
    step_id: str = about("The step that has the reference.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    kind: ReferenceKind = about("What is referred to.")
    action: ReferenceAction = about("Whether the result has the same, another one, or none.")
    from_id: strawberry.ID | None = about("What the source had; null if it had none, and for data samples.")
    to_id: strawberry.ID | None = about("What the result has; null if it has none, and for data samples.")
    from_: Binding | None = binding(
        "from_id",
        "What the source had; null if it had none or you can't see it.",
    )
    to: Binding | None = binding(
        "to_id",
        "What the result has; null if it has none or you can't see it.",
    )
