"""Mutations: input to wish, use case, outcome to payload."""

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.describe import mutation
from app.graphql.inputs import CopyFlowInput, CreateFlowInput, ExportFlowInput
from app.graphql.outcomes import copy_flow_payload, create_flow_payload, export_flow_payload
from app.graphql.payloads import CopyFlowPayload, CreateFlowPayload, ExportFlowPayload
from app.usecases.copy_flow import copy_flow
from app.usecases.create_flow import create_flow
from app.usecases.export_flow import export_flow

CopyInput = Annotated[CopyFlowInput, strawberry.argument(name="input", description="What to copy.")]
ExportInput = Annotated[ExportFlowInput, strawberry.argument(name="input", description="What to export, and where to.")]
CreateInput = Annotated[CreateFlowInput, strawberry.argument(name="input", description="The flow to create.")]


@strawberry.type(description="Everything that can be changed. Each answers null only when something unexpected failed.")
class Mutation:
    @mutation
    async def copy_flow(self, info: Info, wanted: CopyInput) -> CopyFlowPayload | None:
        """Make an exact copy of a flow as a draft in the same workspace: content, credentials, topics and all."""
        context = info.context
        outcome = await copy_flow(context.work, context.viewer, wanted.to_wish())
        context.forget()
        return await copy_flow_payload(info, outcome)

    @mutation
    async def export_flow(self, info: Info, wanted: ExportInput) -> ExportFlowPayload | None:
        """Export a flow to a workspace, as a new flow or over one that is there; always as a draft.

        What runs is not disturbed. Publish the draft once its credentials are chosen.
        """
        context = info.context
        outcome = await export_flow(context.work, context.viewer, wanted.to_wish())
        context.forget()
        return await export_flow_payload(info, outcome)

    @mutation
    async def create_flow(self, info: Info, wanted: CreateInput) -> CreateFlowPayload | None:
        """Create a flow with a draft from a graph, which may be unfinished."""
        context = info.context
        outcome = await create_flow(context.work, context.viewer, wanted.to_wish())
        context.forget()
        return await create_flow_payload(info, outcome)
