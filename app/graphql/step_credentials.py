"""The credentials and secrets of a destination that fit the steps of a flow, with the reasons for their order."""

from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry
from strawberry import Parent

from app.domain.credentials import CredentialMatch, StepInNeed
from app.execution.lookups import Lookup
from app.execution.relations import one
from app.execution.request_errors import BadRequest
from app.execution.rows import shows
from app.graphql.arguments import Search, searched
from app.graphql.connections import LARGEST_PAGE
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.types.resources import Component, Credential, Secret
from app.usecases.find_credentials import CandidatesWanted, RatedCredential

StepCredential = Annotated[
    Credential | Secret, strawberry.union("StepCredential", description="What a step needs, as its component says.")
]
First = Annotated[int, strawberry.argument(description="How many, from the best match on: 1 to 100.")]
USUAL_CANDIDATES = 20


@shows(RatedCredential, "A credential or secret that a step could use at the destination.")
class CredentialCandidate:
    credential: StepCredential = about("The credential or secret.")
    match: CredentialMatch = about("Why it stands where it stands in the list.")


@shows(StepInNeed, "What a step that needs a credential or a secret could use at the destination.")
class StepCredentialCandidates:
    step_id: str = about("The id of the step.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    component: Component = one(
        "components",
        "component.id",
        "The component of the step; whether it needs a credential or a secret, `requires` tells.",
    )

    @field
    @staticmethod
    def total_count(step: Parent[StepInNeed], info: Info) -> Awaitable[int]:
        """How many there are. They are counted only when this field is selected."""
        number: Awaitable[Any] = Lookup(info.context.loaders.numbers_of_candidates, step)
        return number

    @field
    @staticmethod
    def candidates(
        step: Parent[StepInNeed], info: Info, search: Search = strawberry.UNSET, first: First = USUAL_CANDIDATES
    ) -> Awaitable[list[CredentialCandidate]]:
        """Those of the workspace that belong to the component, best match first, then by name."""
        if not 1 <= first <= LARGEST_PAGE:
            raise BadRequest(f"`first` is {first}; it has to be 1 to {LARGEST_PAGE}.")
        wanted = CandidatesWanted(step, searched(search), first)
        found: Awaitable[Any] = Lookup(info.context.loaders.credential_candidates, wanted)
        return found
