"""What mutations answer: what was made, what became of the references, or every reason why nothing was written."""

import strawberry

from app.domain.source import CopiedFrom
from app.graphql.describe import about
from app.graphql.errors import CopyFlowError, CreateFlowError, ExportFlowError, ExportFlowWarning
from app.graphql.types.flow import Flow, FlowDraft
from app.graphql.types.report import ReferenceOutcome

ERRORS = "Every reason why nothing was written; empty when it went through."


@strawberry.type(description="What came of copyFlow.")
class CopyFlowPayload:
    flow: Flow | None = about("The new flow; null when refused.")
    draft: FlowDraft | None = about("Its draft, an exact copy; null when refused.")
    copied_from: CopiedFrom | None = about("Which state of the source was copied; null when refused.")
    references: list[ReferenceOutcome] = about("What became of every reference, in the order of the steps.")
    errors: list[CopyFlowError] = about(ERRORS)


@strawberry.type(description="What came of exportFlow.")
class ExportFlowPayload:
    flow: Flow | None = about("The new or overridden flow; null when refused.")
    draft: FlowDraft | None = about("The draft that was made: choose credentials in it, then publish it.")
    set_aside: FlowDraft | None = about("The draft that was set aside, if the overridden flow had one.")
    copied_from: CopiedFrom | None = about("Which state of the source was exported; null when refused.")
    references: list[ReferenceOutcome] = about("What became of every reference, in the order of the steps.")
    warnings: list[ExportFlowWarning] = about("What to know although the export went through.")
    errors: list[ExportFlowError] = about(ERRORS)


@strawberry.type(description="What came of createFlow.")
class CreateFlowPayload:
    flow: Flow | None = about("The new flow; null when refused.")
    draft: FlowDraft | None = about("Its draft; null when refused.")
    errors: list[CreateFlowError] = about(ERRORS)
