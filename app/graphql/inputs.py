"""The inputs of mutations, and the wishes that they are read as."""

import strawberry

from app.domain import batch, draft, drift, errors, export_batch, facts, flow, model
from app.domain.choices import ReferenceMapping, StepChoice, by_reference
from app.domain.world.sections import NAMES, WorldSection
from app.graphql.describe import JSON, Input, about, idempotency_key, optional
from app.usecases.apply_world import WorldWish


@strawberry.input(
    description="The new bindings of a step: an id sets a binding, null clears it, and a field that is left out keeps it."
)
class StepBindingInput(Input[StepChoice]):
    step_id: str = about("The id of the step.")
    credential_id: strawberry.ID | None = optional(
        "A credential of the workspace, of the step's component.", default=strawberry.UNSET
    )
    secret_id: strawberry.ID | None = optional(
        "A secret of the workspace, of the step's component.", default=strawberry.UNSET
    )
    agent_id: strawberry.ID | None = optional("An agent of the workspace.", default=strawberry.UNSET)
    topic_id: strawberry.ID | None = optional("A topic of the workspace, for a pub/sub step.", default=strawberry.UNSET)

    def to_wish(self, **_: object) -> StepChoice:
        ids = {
            model.ReferenceKind.CREDENTIAL: self.credential_id,
            model.ReferenceKind.SECRET: self.secret_id,
            model.ReferenceKind.AGENT: self.agent_id,
            model.ReferenceKind.TOPIC: self.topic_id,
        }
        choices = {kind: choice for kind, choice in ids.items() if choice is not strawberry.UNSET}
        return StepChoice(self.step_id, choices)


@strawberry.input(
    description="Replaces every use of a credential, secret, agent or topic by another one of the same kind. A flow ignores "
    "mappings of those that it doesn't use, so that one set serves many flows."
)
class ReferenceMappingInput:
    from_id: strawberry.ID = about(
        "The id of what the source uses. Refused as `InvalidInput` if you can't see it and no source of the call is bound to it."
    )
    to_id: strawberry.ID = about(
        "The id of the replacement in the destination workspace; for credentials and secrets, one of the same component."
    )


def to_mappings(
    inputs: list[ReferenceMappingInput] | None, path: errors.Path = errors.MAPPINGS
) -> tuple[ReferenceMapping, ...]:
    """The mappings of one list, each with its place in the input."""
    return tuple(
        ReferenceMapping(mapping.from_id, mapping.to_id, type(path)((*path, str(index))))
        for index, mapping in enumerate(inputs or ())
    )


@strawberry.input(
    one_of=True,
    description="Which state of the source flow is copied. Without it: the published version, or the draft of a flow "
    "that was never published.",
)
class FlowSourceInput(Input[flow.SourceWish]):
    state: flow.StateOfFlow | None = optional(
        "The published version, or the draft; refused if there is none.", default=strawberry.UNSET
    )
    version_id: strawberry.ID | None = optional("A version from the flow's own history.", default=strawberry.UNSET)


@strawberry.input(description="A state of a flow: the usual one unless `source` says otherwise.")
class FlowStateInput:
    flow_id: strawberry.ID = about("The flow.")
    source: FlowSourceInput | None = optional("Which of its states.")


@strawberry.input(
    one_of=True, description="Exactly one: a workspace (a new flow is made) or a flow (its draft is overridden)."
)
class ExportDestinationInput(Input[facts.IntoWorkspace | facts.OntoFlow]):
    workspace_id: strawberry.ID | None = optional(
        "The workspace in which a new flow is made.", default=strawberry.UNSET
    )
    override_flow_id: strawberry.ID | None = optional(
        "The flow that gets the new draft. Its published version runs on until the draft is published.",
        default=strawberry.UNSET,
    )

    def to_wish(self, **_: object) -> facts.IntoWorkspace | facts.OntoFlow:
        if self.override_flow_id is strawberry.UNSET:
            return facts.IntoWorkspace(self.workspace_id or "")
        return facts.OntoFlow(self.override_flow_id or "")


@strawberry.input(description="What to copy inside its workspace.")
class CopyFlowInput(Input[facts.CopyWish]):
    flow_id: strawberry.ID = about("The flow to copy.")
    name: str | None = optional("The name of the copy. Default: `Copy of ` and the name of the source.")
    source: FlowSourceInput | None = optional("Which state of the flow to copy.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="What to export, and where to.")
class ExportFlowInput(Input[facts.ExportWish]):
    flow_id: strawberry.ID = about("The flow to export.")
    destination: ExportDestinationInput = about("The workspace to export into, or the flow to override.")
    name: str | None = optional("The name of the draft. Default: the source's, or that of the overridden flow.")
    topic_id: strawberry.ID | None = optional("The destination topic that the flow's one topic is replaced with.")
    source: FlowSourceInput | None = optional("Which state of the flow to export.")
    existing_draft: draft.ExistingDraft = optional(
        "The treatment of a draft that the overridden flow has already.", default=draft.ExistingDraft.SET_ASIDE
    )
    destination_changes: drift.DestinationChanges = optional(
        "Whether to refuse the export, or to warn, if the overridden flow was changed at the destination since.",
        default=drift.DestinationChanges.WARN,
    )
    mappings: list[ReferenceMappingInput] | None = optional(
        "Replacements for credentials, secrets, agents and topics of the source."
    )
    bindings: list[StepBindingInput] | None = optional(
        "The bindings of single steps at the destination, each step at most once. They take precedence over mappings, and over "
        "the bindings of the overridden flow: an id sets a binding, null leaves the step without."
    )
    fingerprint: str | None = optional(
        "The fingerprint of the plan that you have seen: refused with `PlanIsStale` if anything that it rests on has "
        "changed since.",
        name="planFingerprint",
    )
    idempotency_key: str | None = idempotency_key(" Items of `exportFlows` have no key.")

    def to_wish(self, **overrides: object) -> facts.ExportWish:
        return super().to_wish(mappings=to_mappings(self.mappings), **overrides)


@strawberry.input(description="What to export in one call, and where to: up to 1,000 items.")
class ExportFlowsInput(Input[export_batch.ExportsWish]):
    items: list[ExportFlowInput] = about(
        "1 to 1,000 exports, decided in their order. An item has no idempotency key of its own: with one it is refused as "
        "`InvalidInput`."
    )
    mode: batch.BatchMode = optional(
        "Whether all are exported or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )
    mappings: list[ReferenceMappingInput] | None = optional(
        "Mappings for all items; an item's own mappings take precedence."
    )
    idempotency_key: str | None = optional(
        "Any text of 1 to 255 characters, a new one for each call. A call with the same key and input tries only the refused "
        "items again, and answers the exported ones like the first call, for as long as the server keeps keys (24 hours by "
        "default)."
    )

    def to_wish(self, **_: object) -> export_batch.ExportsWish:
        mappings = to_mappings(self.mappings, errors.OfCall(errors.MAPPINGS))
        shared = by_reference(mappings)
        items = tuple([item.to_wish(shared_mappings=shared) for item in self.items])
        return export_batch.ExportsWish(items, self.mode, self.idempotency_key, mappings=mappings)


@strawberry.input(description="Which copy or export to undo.")
class UndoExportInput:
    export_id: strawberry.ID = about(
        "The record of the copy or export: `exportRecord` of its payload, or `Flow.copies`."
    )


@strawberry.input(description="Which copies or exports to undo in one call: up to 1,000.")
class UndoExportsInput(Input[batch.UndosWish]):
    items: list[strawberry.ID] = strawberry.field(name="exportIds", description="1 to 1,000 records, each once.")
    mode: batch.BatchMode = optional(
        "Whether all are undone or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )


@strawberry.input(description="Which flow to start.")
class StartFlowInput:
    flow_id: strawberry.ID = about("The flow to start. A flow that runs already continues to run.")


@strawberry.input(description="Which flow to stop.")
class StopFlowInput:
    flow_id: strawberry.ID = about("The flow to stop. A flow that doesn't run stays as it is.")


@strawberry.input(description="Which flows to start in one call: up to 1,000.")
class StartFlowsInput(Input[batch.FlowsWish]):
    items: list[strawberry.ID] = strawberry.field(name="flowIds", description="1 to 1,000 flows, each once.")
    mode: batch.BatchMode = optional(
        "Whether all are started or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )


@strawberry.input(description="Which flows to stop in one call: up to 1,000.")
class StopFlowsInput(Input[batch.FlowsWish]):
    items: list[strawberry.ID] = strawberry.field(name="flowIds", description="1 to 1,000 flows, each once.")
    mode: batch.BatchMode = optional(
        "Whether all are stopped or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )


@strawberry.input(description="Which flow to delete.")
class DeleteFlowInput:
    flow_id: strawberry.ID = about("The flow to delete, which must not run.")


def source_wish(source: FlowSourceInput | None) -> flow.SourceWish:
    """The state that the caller names; the usual one by default."""
    return flow.BY_DEFAULT if source is None else source.to_wish()


@strawberry.input(description="A world document, and the tenant to bring in step with it.")
class ApplyWorldInput:
    tenant_id: strawberry.ID | None = optional(
        "The tenant that the document describes; you must be one of its provisioners. You may leave it out if you provision "
        "only one tenant."
    )
    document: JSON = about("A document of the form `flowport-world/1`.")
    prune: list[WorldSection] | None = optional(
        "Sections of which everything with an external key that the document doesn't name is removed. Needs planFingerprint."
    )
    plan_fingerprint: str | None = optional(
        "The fingerprint of the plan that was seen: refused with WorldPlanIsStale if anything that it would do differs now."
    )

    def to_wish(self) -> WorldWish:
        prune = frozenset(NAMES[section] for section in self.prune or ())
        return WorldWish(self.document, self.tenant_id, prune, self.plan_fingerprint)
