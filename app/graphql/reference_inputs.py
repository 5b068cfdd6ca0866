"""The inputs that say what steps are to be bound to: step by step, or thing by thing."""

import strawberry

from app.domain.mappings import ReferenceMapping
from app.domain.model import ReferenceKind
from app.domain.paths import MAPPINGS, Path
from app.domain.step_choices import StepChoice
from app.graphql.describe import about, optional


@strawberry.input(description="What a step uses from now on: an id sets it, null clears it, what is left out stays.")
class StepBindingInput:
    step_id: str = about("The id of the step.")
    credential_id: strawberry.ID | None = optional("A credential of the workspace, of the step's component.")
    secret_id: strawberry.ID | None = optional("A secret of the workspace, of the step's component.")
    agent_id: strawberry.ID | None = optional("An agent of the workspace.")
    topic_id: strawberry.ID | None = optional("A topic of the workspace, for a pub/sub step.")

    def to_choice(self) -> StepChoice:
        wanted = {
            ReferenceKind.CREDENTIAL: self.credential_id,
            ReferenceKind.SECRET: self.secret_id,
            ReferenceKind.AGENT: self.agent_id,
            ReferenceKind.TOPIC: self.topic_id,
        }
        choices = {kind: choice for kind, choice in wanted.items() if choice is not strawberry.UNSET}
        return StepChoice(self.step_id, choices)


@strawberry.input(
    description="Every use of one thing is replaced by another of its kind: credentials by credentials, secrets by secrets, "
    "agents by agents, topics by topics. A mapping of something that a flow doesn't use is ignored, so that one set serves many "
    "flows."
)
class ReferenceMappingInput:
    from_id: strawberry.ID = about(
        "What the source uses. What you can't see is refused as `InvalidInput`, unless a source of the call is bound to it."
    )
    to_id: strawberry.ID = about(
        "What takes its place: of the destination and, for credentials and secrets, of the same component."
    )


def to_mappings(given: list[ReferenceMappingInput] | None, path: Path = MAPPINGS) -> tuple[ReferenceMapping, ...]:
    """The mappings of one list, each with its place in the input."""
    return tuple(
        ReferenceMapping(mapping.from_id, mapping.to_id, type(path)((*path, str(index))))
        for index, mapping in enumerate(given or ())
    )
