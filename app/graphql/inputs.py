"""The inputs of mutations, and the wishes that they are read as."""

import strawberry

from app.domain import batch, draft, drift, edit, errors, export_batch, export_facts, model
from app.domain.choices import Mapped, ReferenceMapping, StepChoice, mapped
from app.domain.source import BY_DEFAULT, SourceWish, StateOfFlow
from app.domain.world.sections import NAMES, WorldSection
from app.graphql.describe import JSON, about, idempotency_key, none_if_unset, optional
from app.usecases.apply_world import WorldWish


@strawberry.input(
    description="The new bindings of a step: an id sets a binding, null clears it, and a field that is left out keeps it."
)
class StepBindingInput:
    step_id: str = about("The id of the step.")
    credential_id: strawberry.ID | None = optional("A credential of the workspace, of the step's component.")
    secret_id: strawberry.ID | None = optional("A secret of the workspace, of the step's component.")
    agent_id: strawberry.ID | None = optional("An agent of the workspace.")
    topic_id: strawberry.ID | None = optional("A topic of the workspace, for a pub/sub step.")

    def to_choice(self) -> StepChoice:
        wanted = {
            model.ReferenceKind.CREDENTIAL: self.credential_id,
            model.ReferenceKind.SECRET: self.secret_id,
            model.ReferenceKind.AGENT: self.agent_id,
            model.ReferenceKind.TOPIC: self.topic_id,
        }
        choices = {kind: choice for kind, choice in wanted.items() if choice is not strawberry.UNSET}
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
class FlowSourceInput:
    state: StateOfFlow | None = optional("The published version, or the draft; refused if there is none.")
    version_id: strawberry.ID | None = optional("A version from the flow's own history.")

    def to_wish(self) -> SourceWish:
        return SourceWish(state=none_if_unset(self.state), version_id=none_if_unset(self.version_id))


@strawberry.input(description="A state of a flow: the usual one unless `source` says otherwise.")
class FlowStateInput:
    flow_id: strawberry.ID = about("The flow.")
    source: FlowSourceInput | None = optional("Which of its states.")


@strawberry.input(
    one_of=True, description="Exactly one: a workspace (a new flow is made) or a flow (its draft is overridden)."
)
class ExportDestinationInput:
    workspace_id: strawberry.ID | None = optional("The workspace in which a new flow is made.")
    override_flow_id: strawberry.ID | None = optional(
        "The flow that gets the new draft. Its published version runs on until the draft is published."
    )

    def to_wish(self) -> export_facts.IntoWorkspace | export_facts.OntoFlow:
        flow_id = none_if_unset(self.override_flow_id)
        return (
            export_facts.IntoWorkspace(none_if_unset(self.workspace_id) or "")
            if flow_id is None
            else export_facts.OntoFlow(flow_id)
        )


@strawberry.input(description="What to copy inside its workspace.")
class CopyFlowInput:
    flow_id: strawberry.ID = about("The flow to copy.")
    name: str | None = optional("The name of the copy. Default: `Copy of ` and the name of the source.")
    source: FlowSourceInput | None = optional("Which state of the flow to copy.")
    idempotency_key: str | None = idempotency_key()

    def to_wish(self) -> export_facts.CopyWish:
        return export_facts.CopyWish(
            self.flow_id, none_if_unset(self.name), source_wish(self.source), none_if_unset(self.idempotency_key)
        )


@strawberry.input(description="What to export, and where to.")
class ExportFlowInput:
    flow_id: strawberry.ID = about("The flow to export.")
    destination: ExportDestinationInput = about("The workspace to export into, or the flow to override.")
    name: str | None = optional("The name of the draft. Default: the source's, or that of the overridden flow.")
    topic_id: strawberry.ID | None = optional("The destination topic that the flow's one topic is replaced with.")
    source: FlowSourceInput | None = optional("Which state of the flow to export.")
    existing_draft: draft.ExistingDraft = strawberry.field(
        description="The treatment of a draft that the overridden flow has already.",
        default=draft.ExistingDraft.SET_ASIDE,
    )
    destination_changes: drift.DestinationChanges = strawberry.field(
        description="Whether to refuse the export, or to warn, if the overridden flow was changed at the destination since.",
        default=drift.DestinationChanges.WARN,
    )
    mappings: list[ReferenceMappingInput] | None = optional(
        "Replacements for credentials, secrets, agents and topics of the source."
    )
    bindings: list[StepBindingInput] | None = optional(
        "The bindings of single steps at the destination, each step at most once. They take precedence over mappings, and over "
        "the bindings of the overridden flow: an id sets a binding, null leaves the step without."
    )
    plan_fingerprint: str | None = optional(
        "The fingerprint of the plan that you have seen: refused with `PlanIsStale` if anything that it rests on has "
        "changed since."
    )
    idempotency_key: str | None = idempotency_key(" Items of `exportFlows` have no key.")

    def to_wish(self, shared: Mapped | None = None) -> export_facts.ExportWish:
        """Convert the input; `shared` are the mappings of the whole call, for an item of `exportFlows`."""
        return export_facts.ExportWish(
            flow_id=self.flow_id,
            destination=self.destination.to_wish(),
            name=none_if_unset(self.name),
            topic_id=none_if_unset(self.topic_id),
            source=source_wish(self.source),
            existing_draft=self.existing_draft,
            destination_changes=self.destination_changes,
            mappings=to_mappings(none_if_unset(self.mappings)),
            shared_mappings={} if shared is None else shared,
            bindings=tuple(binding.to_choice() for binding in none_if_unset(self.bindings) or ()),
            fingerprint=none_if_unset(self.plan_fingerprint),
            idempotency_key=none_if_unset(self.idempotency_key),
        )


@strawberry.input(description="What to export in one call, and where to: up to 1,000 items.")
class ExportFlowsInput:
    items: list[ExportFlowInput] = about(
        "1 to 1,000 exports, decided in their order. An item has no idempotency key of its own: with one it is refused as "
        "`InvalidInput`."
    )
    mode: batch.BatchMode = strawberry.field(
        description="Whether all are exported or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )
    mappings: list[ReferenceMappingInput] | None = optional(
        "Mappings for all items; an item's own mappings take precedence."
    )
    idempotency_key: str | None = optional(
        "Any text of 1 to 255 characters, a new one for each call. A call with the same key and input tries only the refused "
        "items again, and answers the exported ones like the first call, for as long as the server keeps keys (24 hours by "
        "default)."
    )

    def to_wish(self) -> export_batch.ExportsWish:
        mappings = to_mappings(none_if_unset(self.mappings), errors.OfCall(errors.MAPPINGS))
        shared = mapped(mappings)
        items = tuple([item.to_wish(shared) for item in self.items])
        return export_batch.ExportsWish(items, self.mode, none_if_unset(self.idempotency_key), mappings=mappings)


@strawberry.input(description="A flow to create from a graph.")
class CreateFlowInput:
    workspace_id: strawberry.ID = about("The workspace in which the flow is created.")
    name: str = about("The name of the flow: 1 to 255 characters, no control characters. Names need not be unique.")
    description: str | None = optional("The description of the flow: at most 1,000 characters.")
    type: model.FlowType = strawberry.field(description="How the flow runs.", default=model.FlowType.ORDINARY)
    cron: str | None = optional("When the flow starts, as a cron expression of five fields.")
    graph: JSON = about("The native form, an object with `nodes` and `edges`, which may be unfinished.")
    idempotency_key: str | None = idempotency_key()

    def to_wish(self) -> edit.CreateWish:
        return edit.CreateWish(
            workspace_id=self.workspace_id,
            name=self.name,
            graph=self.graph,
            type=self.type,
            description=none_if_unset(self.description),
            cron=none_if_unset(self.cron),
            idempotency_key=none_if_unset(self.idempotency_key),
        )


@strawberry.input(description="Which copy or export to undo.")
class UndoExportInput:
    export_id: strawberry.ID = about(
        "The record of the copy or export: `exportRecord` of its payload, or `Flow.copies`."
    )


@strawberry.input(description="Which copies or exports to undo in one call: up to 1,000.")
class UndoExportsInput:
    export_ids: list[strawberry.ID] = about("1 to 1,000 records, each once.")
    mode: batch.BatchMode = strawberry.field(
        description="Whether all are undone or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )

    def to_wish(self) -> batch.UndosWish:
        return batch.UndosWish(tuple(self.export_ids), self.mode)


@strawberry.input(description="Which flow to start.")
class StartFlowInput:
    flow_id: strawberry.ID = about("The flow to start. A flow that runs already continues to run.")


@strawberry.input(description="Which flow to stop.")
class StopFlowInput:
    flow_id: strawberry.ID = about("The flow to stop. A flow that doesn't run stays as it is.")


@strawberry.input(description="Which flows to start in one call: up to 1,000.")
class StartFlowsInput:
    flow_ids: list[strawberry.ID] = about("1 to 1,000 flows, each once.")
    mode: batch.BatchMode = strawberry.field(
        description="Whether all are started or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )

    def to_wish(self) -> batch.FlowsWish:
        return batch.FlowsWish(tuple(self.flow_ids), self.mode)


@strawberry.input(description="Which flows to stop in one call: up to 1,000.")
class StopFlowsInput:
    flow_ids: list[strawberry.ID] = about("1 to 1,000 flows, each once.")
    mode: batch.BatchMode = strawberry.field(
        description="Whether all are stopped or none, or each on its own.", default=batch.BatchMode.ATOMIC
    )

    def to_wish(self) -> batch.FlowsWish:
        return batch.FlowsWish(tuple(self.flow_ids), self.mode)


@strawberry.input(description="Which flow to delete.")
class DeleteFlowInput:
    flow_id: strawberry.ID = about("The flow to delete, which must not run.")


def source_wish(source: FlowSourceInput | None) -> SourceWish:
    """The state that the caller names; the usual one by default."""
    wanted = none_if_unset(source)
    return BY_DEFAULT if wanted is None else wanted.to_wish()


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
        prune = frozenset(NAMES[section] for section in none_if_unset(self.prune) or ())
        return WorldWish(self.document, none_if_unset(self.tenant_id), prune, none_if_unset(self.plan_fingerprint))
