"""To which workspaces a flow may be exported as a new one: what `plan_export` would refuse, for any number of them."""

from dataclasses import dataclass
from typing import NamedTuple

from app.domain.access import WorkspaceAccess, may_write_flows, rights_missing
from app.domain.errors import at, in_order
from app.domain.export import ExportRefusal, refused_there
from app.domain.flow import Flow
from app.domain.paths import FLOW, INTO_WORKSPACE
from app.domain.quota import quota_exceeded
from app.domain.source import Chosen, DraftNotFound, VersionNotFound
from app.domain.used_components import UsedComponents


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
    """Exports of one flow, with nothing given, to whichever workspace: what doesn't depend on that is decided once."""

    of_source: tuple[ExportRefusal, ...]
    """What stands in the way wherever it goes."""
    used: UsedComponents | None
    """None: there is no state of which they would be."""

    def eligibility(self, access: WorkspaceAccess, flows_used: int = 0) -> Eligibility:
        """Whether `refusals` has any, and others than the quota: found without making them, for each of many workspaces."""
        is_usable = self.used is not None and self.used.are_usable_in(access.workspace)
        if self.of_source or not is_usable or not may_write_flows(access):
            return NOWHERE
        return ONLY_OVER_A_FLOW if quota_exceeded(access, flows_used) else EITHER_WAY

    def refusals(self, access: WorkspaceAccess, flows_used: int = 0) -> tuple[ExportRefusal, ...]:
        """Every refusal of `plan_export` for this workspace, whose contract holds so many flows (X11)."""
        components = () if self.used is None else at(INTO_WORKSPACE, self.used.refused_by(access.workspace))
        refusals = (*self.of_source, *refused_there(access, INTO_WORKSPACE, flows_used), *components)
        return in_order(refusals) if refusals else ()


def new_exports(flow: Flow, chosen: Chosen | VersionNotFound | DraftNotFound, used: UsedComponents) -> NewExports:
    """What may be decided before any destination is known; `used` are the components of the state that is copied."""
    rights = at(FLOW, rights_missing(flow.access))
    return NewExports(rights, used) if isinstance(chosen, Chosen) else NewExports((chosen, *rights), None)
