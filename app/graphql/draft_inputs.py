"""The inputs of the mutations that make, change or release drafts, and the wishes that they are read as."""

import strawberry

from app.domain import batch, draft, edit, model, release, review
from app.domain import publish as publish_rules
from app.graphql.describe import JSON, Input, about, idempotency_key, optional
from app.graphql.inputs import StepBindingInput

COMMENT = "At most 1,000 characters."
REVISION = "The revision that the call is based on: refused with `StaleDraft` if the draft was changed since."


@strawberry.input(description="A flow to create from a graph.")
class CreateFlowInput(Input[edit.CreateWish]):
    workspace_id: strawberry.ID = about("The workspace in which the flow is created.")
    name: str = about("The name of the flow: 1 to 255 characters, no control characters. Names need not be unique.")
    description: str | None = optional("The description of the flow: at most 1,000 characters.")
    type: model.FlowType = optional("How the flow runs.", default=model.FlowType.ORDINARY)
    cron: str | None = optional("When the flow starts, as a cron expression of five fields.")
    graph: JSON = about("The native form, an object with `nodes` and `edges`, which may be unfinished.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(
    description="What to change of a draft. What is left out stays as it is. A call that names nothing to change, such as "
    "one with an empty list of bindings, leaves a draft and its revision as they are."
)
class UpdateFlowDraftInput(Input[edit.UpdateWish]):
    flow_id: strawberry.ID = about("The flow. If it has no draft, it gets one from its published version.")
    expected_revision: int | None = optional(
        "The revision that the change is based on: refused with `StaleDraft` if the draft was changed since. Without "
        "it the change is applied to whatever is there."
    )
    name: str | None = optional("The new name: 1 to 255 characters, no control characters.")
    description: str | None = optional(
        "The new description: at most 1,000 characters; null removes it.", default=strawberry.UNSET
    )
    cron: str | None = optional(
        "The new schedule, as a cron expression of five fields; null removes it.", default=strawberry.UNSET
    )
    graph: JSON | None = optional(
        "The new graph, in its native form. Steps that are still there keep what they are bound to, unless the graph "
        "names something else."
    )
    bindings: list[StepBindingInput] | None = optional(
        "Choose credentials and topics step by step, without sending the graph; each step at most once."
    )


@strawberry.input(description="Which draft to publish.")
class PublishFlowDraftInput(Input[publish_rules.PublishWish]):
    flow_id: strawberry.ID = about("The flow whose draft is published.")
    expected_revision: int | None = optional(REVISION)
    start: bool = optional(
        "Start the flow as well, or do neither; one that runs already continues as the new version.", default=False
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A draft to publish, as it was seen.")
class DraftRevisionInput(Input[publish_rules.PublishWish]):
    flow_id: strawberry.ID = about("The flow whose draft it is; each flow at most once in a call.")
    expected_revision: int = about(
        "The revision that was seen: refused with `StaleDraft` if the draft was changed since."
    )


@strawberry.input(description="Which drafts to publish in one call: up to 1,000.")
class PublishFlowDraftsInput(Input[batch.BatchWish[publish_rules.PublishWish]]):
    items: list[DraftRevisionInput] = about("1 to 1,000 drafts.")
    mode: batch.BatchMode = optional(
        "Whether all are published or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )
    start: bool = optional(
        "Start the flows as well; those that run already continue as the new version.", default=False
    )
    idempotency_key: str | None = optional(
        "As in `exportFlows`: with the same key and input, what was published isn't published again, and items that were "
        "refused are tried again."
    )

    def to_wish(self, **_: object) -> batch.BatchWish[publish_rules.PublishWish]:
        items = tuple([item.to_wish(start=self.start) for item in self.items])
        return batch.BatchWish(items, self.mode, self.idempotency_key)


@strawberry.input(description="Which version to restore.")
class RevertFlowInput(Input[publish_rules.RevertWish]):
    flow_id: strawberry.ID = about("The flow to revert.")
    version_id: strawberry.ID = about("A version from the flow's own history.")
    publish: bool = optional("Publish it at once, as the next version; refused if it isn't ready.", default=False)
    existing_draft: draft.ExistingDraft = optional(
        "The treatment of a draft that the flow has already.", default=draft.ExistingDraft.SET_ASIDE
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(
    description="Which draft to discard. Discarding the only draft of a flow that was never published deletes the flow."
)
class DiscardFlowDraftInput(Input[draft.DiscardWish]):
    flow_id: strawberry.ID = about("The flow whose draft is discarded.")
    expected_revision: int | None = optional(REVISION)


@strawberry.input(description="Which draft to restore.")
class RestoreFlowDraftInput:
    draft_id: strawberry.ID = about("A draft that was set aside: see `Flow.draftsSetAside`.")


@strawberry.input(description="Which drafts to release together.")
class RequestReleaseInput(Input[release.RequestWish]):
    items: list[DraftRevisionInput] = about("1 to 1,000 drafts of one workspace.")
    title: str = about("The title of the release: 1 to 255 characters, no control characters.")
    comment: str | None = optional(COMMENT)
    start: bool = optional("Start the flows as well, once the release is approved.", default=False)
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A review of a release that another user requested.")
class ReviewReleaseInput(Input[review.ReviewWish]):
    release_id: strawberry.ID = about("The id of the request.")
    decision: review.ReviewDecision = about("Whether its drafts are published.")
    comment: str | None = optional(COMMENT)


@strawberry.input(description="Which request to withdraw.")
class WithdrawReleaseInput:
    release_id: strawberry.ID = about("The id of the request, which must be open.")


@strawberry.input(description="Which release to undo.")
class UndoReleaseInput:
    release_id: strawberry.ID = about("The id of the release, which must be applied.")
