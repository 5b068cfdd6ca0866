"""Mutations: input to wish, use case, outcome to payload."""

import strawberry

from app.graphql import draft_inputs, inputs, payloads
from app.graphql.context import Info
from app.graphql.describe import mutation
from app.graphql.world_plans import ApplyWorldPayload
from app.usecases.apply_world import apply_world
from app.usecases.change_flow import (
    create_flow,
    delete_flow,
    discard_draft,
    publish_draft,
    publish_drafts,
    request_release,
    restore_draft,
    revert_flow,
    review_release,
    start_flow,
    start_flows,
    stop_flow,
    stop_flows,
    undo_release,
    update_draft,
    withdraw_release,
)
from app.usecases.copy_and_export import copy_flow, export_flow, export_flows, undo_export, undo_exports


@strawberry.type(description="All mutations. A result is null only where something unexpected failed.")
class Mutation:
    @mutation
    async def copy_flow(self, info: Info, input_: inputs.CopyFlowInput) -> payloads.CopyFlowPayload | None:
        """Make an exact copy of a flow as a draft in the same workspace, with all its credentials and topics."""
        return payloads.CopyFlowPayload.of(await copy_flow(info.context.work, input_.to_wish()))

    @mutation
    async def export_flow(self, info: Info, input_: inputs.ExportFlowInput) -> payloads.ExportFlowPayload | None:
        """Export a flow to a workspace as a draft, of a new flow or of a flow that it overrides.

        Running flows continue undisturbed. Choose credentials in the draft, then publish it.
        """
        return payloads.ExportFlowPayload.of(await export_flow(info.context.work, input_.to_wish()))

    @mutation
    async def export_flows(self, info: Info, input_: inputs.ExportFlowsInput) -> payloads.ExportFlowsPayload | None:
        """Export up to 1,000 flows in one call, each as exportFlow would: all or none, unless `mode` is BEST_EFFORT.

        Quotas count the whole call, in the order of its items.
        """
        return await payloads.ExportFlowsPayload.of_call(info, export_flows, input_.to_wish())

    @mutation
    async def create_flow(self, info: Info, input_: draft_inputs.CreateFlowInput) -> payloads.CreateFlowPayload | None:
        """Create a flow with a draft from a graph, which may be unfinished."""
        return payloads.CreateFlowPayload.of(await create_flow(info.context.work, input_.to_wish()))

    @mutation
    async def update_flow_draft(
        self, info: Info, input_: draft_inputs.UpdateFlowDraftInput
    ) -> payloads.UpdateFlowDraftPayload | None:
        """Save a draft: its name, description, schedule, graph, or the bindings of its steps.

        Publish the draft with the revision in the answer, so that you never publish a change that you haven't seen.
        """
        return payloads.UpdateFlowDraftPayload.of(await update_draft(info.context.work, input_.to_wish()))

    @mutation
    async def discard_flow_draft(
        self, info: Info, input_: draft_inputs.DiscardFlowDraftInput
    ) -> payloads.DiscardFlowDraftPayload | None:
        """Discard a flow's draft. If it is the only draft of a flow that was never published, the flow is deleted."""
        return payloads.DiscardFlowDraftPayload.of(await discard_draft(info.context.work, input_.to_wish()))

    @mutation
    async def restore_flow_draft(
        self, info: Info, input_: draft_inputs.RestoreFlowDraftInput
    ) -> payloads.RestoreFlowDraftPayload | None:
        """Restore a draft that was set aside. The draft that is being edited is set aside in exchange."""
        return payloads.RestoreFlowDraftPayload.of(await restore_draft(info.context.work, input_.draft_id))

    @mutation
    async def publish_flow_draft(
        self, info: Info, input_: draft_inputs.PublishFlowDraftInput
    ) -> payloads.PublishFlowDraftPayload | None:
        """Publish a draft that is ready as the next version of its flow. An active flow continues as this version."""
        return payloads.PublishFlowDraftPayload.of(await publish_draft(info.context.work, input_.to_wish()))

    @mutation
    async def publish_flow_drafts(
        self, info: Info, input_: draft_inputs.PublishFlowDraftsInput
    ) -> payloads.PublishFlowDraftsPayload | None:
        """Publish up to 1,000 drafts, each at the revision that you have seen: all or none, unless `mode` is BEST_EFFORT.

        The versions published in a workspace are an applied release of `Workspace.releaseRequests`, which `undoRelease` undoes.
        """
        return await payloads.PublishFlowDraftsPayload.of_call(info, publish_drafts, input_.to_wish())

    @mutation
    async def revert_flow(self, info: Info, input_: draft_inputs.RevertFlowInput) -> payloads.RevertFlowPayload | None:
        """Restore an old version, as the new draft or published at once. The history stays as it is."""
        return payloads.RevertFlowPayload.of(await revert_flow(info.context.work, input_.to_wish()))

    @mutation
    async def undo_export(self, info: Info, input_: inputs.UndoExportInput) -> payloads.UndoExportPayload | None:
        """Undo a copy or export: delete the new flow, or restore the draft that was set aside.

        Refused once somebody has built on the result.
        """
        return payloads.UndoExportPayload.of(await undo_export(info.context.work, input_.export_id))

    @mutation
    async def undo_exports(self, info: Info, input_: inputs.UndoExportsInput) -> payloads.UndoExportsPayload | None:
        """Undo up to 1,000 copies or exports, all or none unless `mode` is BEST_EFFORT; the latest on each flow first."""
        return await payloads.UndoExportsPayload.of_call(info, undo_exports, input_.to_wish())

    @mutation
    async def start_flow(self, info: Info, input_: inputs.StartFlowInput) -> payloads.StartFlowPayload | None:
        """Start the published version of a flow. Starting a flow that runs already changes nothing."""
        return payloads.StartFlowPayload.of(await start_flow(info.context.work, input_.flow_id))

    @mutation
    async def stop_flow(self, info: Info, input_: inputs.StopFlowInput) -> payloads.StopFlowPayload | None:
        """Stop a flow. Stopping a flow that doesn't run changes nothing."""
        return payloads.StopFlowPayload.of(await stop_flow(info.context.work, input_.flow_id))

    @mutation
    async def start_flows(self, info: Info, input_: inputs.StartFlowsInput) -> payloads.StartFlowsPayload | None:
        """Start up to 1,000 flows: all or none, unless `mode` is BEST_EFFORT."""
        return await payloads.StartFlowsPayload.of_call(info, start_flows, input_.to_wish())

    @mutation
    async def stop_flows(self, info: Info, input_: inputs.StopFlowsInput) -> payloads.StopFlowsPayload | None:
        """Stop up to 1,000 flows: all or none, unless `mode` is BEST_EFFORT."""
        return await payloads.StopFlowsPayload.of_call(info, stop_flows, input_.to_wish())

    @mutation
    async def delete_flow(self, info: Info, input_: inputs.DeleteFlowInput) -> payloads.DeleteFlowPayload | None:
        """Delete a flow that doesn't run, with its drafts and versions. Records of exports stay."""
        return payloads.DeleteFlowPayload.of(await delete_flow(info.context.work, input_.flow_id))

    @mutation
    async def request_release(
        self, info: Info, input_: draft_inputs.RequestReleaseInput
    ) -> payloads.RequestReleasePayload | None:
        """Request that reviewers publish drafts together; allowed in open workspaces too."""
        wish = input_.to_wish()
        # As in a call of many items, each counts before it is looked at.
        info.context.meter.take_objects(len(wish.items))
        return payloads.RequestReleasePayload.of(await request_release(info.context.work, wish))

    @mutation
    async def review_release(
        self, info: Info, input_: draft_inputs.ReviewReleaseInput
    ) -> payloads.ReviewReleasePayload | None:
        """Approve or reject a release that another user requested.

        Approving publishes all of its drafts, exactly as requested, or none.
        """
        return payloads.ReviewReleasePayload.of(await review_release(info.context.work, input_.to_wish()))

    @mutation
    async def withdraw_release(
        self, info: Info, input_: draft_inputs.WithdrawReleaseInput
    ) -> payloads.WithdrawReleasePayload | None:
        """Withdraw an open request for a release."""
        return payloads.WithdrawReleasePayload.of(await withdraw_release(info.context.work, input_.release_id))

    @mutation
    async def undo_release(
        self, info: Info, input_: draft_inputs.UndoReleaseInput
    ) -> payloads.UndoReleasePayload | None:
        """Undo an applied release: publish the version that each flow had before, as its next version."""
        return payloads.UndoReleasePayload.of(await undo_release(info.context.work, input_.release_id))

    @mutation
    async def apply_world(self, info: Info, input_: inputs.ApplyWorldInput) -> ApplyWorldPayload | None:
        """Bring a tenant's contracts, workspaces, people, rights, components, topics, credentials, secrets and agents in step with a document.

        Everything is applied, or nothing. Objects that the document doesn't name stay, unless `prune` lists their section.
        """
        return ApplyWorldPayload.of(await apply_world(info.context.work, input_.to_wish()))
