"""The workspaces to which a flow may be exported as a new one: the refusals of `plan_export`, for any number of them."""

from dataclasses import dataclass
from typing import NamedTuple

from app.domain.access import WorkspaceAccess, may_write_flows
from app.domain.errors import at, in_order
from app.domain.export import ExportRefusal, source_refused
from app.domain.export_facts import NotCopied
from app.domain.flow import Flow
from app.domain.paths import INTO_WORKSPACE
from app.domain.quota import new_flow_refused, quota_exceeded
from app.domain.source import CopiedState
from app.domain.source_graph import SourceGraph


class Eligibility(NamedTuple):
    """Whether a flow may be exported to a workspace."""

    as_new_flow: bool
    over_a_flow: bool
    """Overrides need no quota (X10)."""


NOWHERE = Eligibility(as_new_flow=False, over_a_flow=False)
ONLY_OVER_A_FLOW = Eligibility(as_new_flow=False, over_a_flow=True)
EITHER_WAY = Eligibility(as_new_flow=True, over_a_flow=True)


@dataclass(frozen=True, slots=True)
class NewExports:
    """Exports of one flow as a new one, without choices: what doesn't depend on the workspace is decided once."""

    source_refusals: tuple[ExportRefusal, ...]
    graph: SourceGraph | None
    """None for a flow without the state that would be copied."""

    def eligibility(self, access: WorkspaceAccess, flows_used: int = 0) -> Eligibility:
        """Whether `refusals` has any, and others than the quota: decided without making them, for many workspaces."""
        is_usable = self.graph is not None and self.graph.is_usable_in(access.workspace)
        if self.source_refusals or not is_usable or not may_write_flows(access):
            return NOWHERE
        return ONLY_OVER_A_FLOW if quota_exceeded(access, flows_used) else EITHER_WAY

    def refusals(self, access: WorkspaceAccess, flows_used: int = 0) -> tuple[ExportRefusal, ...]:
        """Every refusal of `plan_export` for this workspace, whose contract holds so many flows (X11)."""
        components = () if self.graph is None else self.graph.refused_by(access.workspace)
        return in_order(
            (*self.source_refusals, *at(INTO_WORKSPACE, (*new_flow_refused(access, flows_used), *components)))
        )


def new_exports(flow: Flow, copied: CopiedState | NotCopied, graph: SourceGraph) -> NewExports:
    """Decide what may be decided before any destination is known."""
    return NewExports(source_refused(flow, copied), graph if isinstance(copied, CopiedState) else None)
