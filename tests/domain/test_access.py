"""Who may do what (A1 to A6), as far as the core decides it: what a caller can't see, it is never told."""

import pytest

from app.domain.access import (
    FLOW_EDIT,
    FLOW_TOGGLE_STATUS,
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    WorkspaceAccess,
    WorkspaceNotFound,
    contract_suspended,
    may_act,
    may_edit,
)
from app.domain.errors import WORKSPACE
from app.domain.export import ExportPlan
from app.domain.model import Workspace
from tests.domain.builders import (
    DEVELOPMENT,
    PRODUCTION,
    contract,
    flow,
    flow_there,
    guest,
    integrator,
    state,
    workspace,
)
from tests.domain.permissions import READ_PERMISSIONS, WRITE_PERMISSIONS
from tests.domain.planning import copy, export, planned, refusals

SUSPENDED = contract("Lapsed Goods", suspended=True)
LAPSED = workspace("Lapsed", SUSPENDED)
BARE = frozenset({FLOW_EDIT})
NOTHING: frozenset[str] = frozenset()


def lacking(*workspaces: Workspace) -> tuple[InsufficientPermission, ...]:
    return tuple(InsufficientPermission("workspaces.flow.edit", workspace) for workspace in workspaces)


@pytest.mark.parametrize(
    ("permissions", "integrator_level"),
    [
        (READ_PERMISSIONS | WRITE_PERMISSIONS, True),
        (BARE, True),  # a custom role counts by its permissions (A1)
        (READ_PERMISSIONS, False),
        (WRITE_PERMISSIONS - BARE, False),
        (NOTHING, False),
    ],
)
def test_integrator_level_means_holding_workspaces_flow_edit(
    permissions: frozenset[str], integrator_level: bool
) -> None:
    """A1, A2."""
    assert may_edit(WorkspaceAccess(DEVELOPMENT, permissions)) is integrator_level


def test_reading_and_writing_are_different_permissions() -> None:
    assert READ_PERMISSIONS.isdisjoint(WRITE_PERMISSIONS)


@pytest.mark.parametrize(
    ("source", "destination", "outcome"),
    [
        (guest(DEVELOPMENT), integrator(PRODUCTION), lacking(DEVELOPMENT)),
        (integrator(DEVELOPMENT), guest(PRODUCTION), lacking(PRODUCTION)),
        (guest(DEVELOPMENT), guest(PRODUCTION), lacking(DEVELOPMENT, PRODUCTION)),
        (guest(PRODUCTION), guest(DEVELOPMENT), lacking(PRODUCTION, DEVELOPMENT)),
        (guest(DEVELOPMENT), guest(DEVELOPMENT), lacking(DEVELOPMENT)),
    ],
)
def test_rights_are_needed_in_both_workspaces_and_each_lack_is_named_the_sources_first(
    source: WorkspaceAccess, destination: WorkspaceAccess, outcome: tuple[InsufficientPermission, ...]
) -> None:
    assert refusals(export(flow(state(), at=source), to=destination)) == outcome


def test_a_copy_without_rights_is_refused_once() -> None:
    assert refusals(copy(flow(state(), at=guest(DEVELOPMENT)))) == lacking(DEVELOPMENT)


@pytest.mark.parametrize("place", [integrator(PRODUCTION), guest(PRODUCTION), integrator(LAPSED), guest(LAPSED)])
def test_the_lists_and_the_mutation_agree_on_where_flows_may_be_written(place: WorkspaceAccess) -> None:
    assert may_edit(place) is isinstance(export(flow(state()), to=place), ExportPlan)


@pytest.mark.parametrize(
    ("place", "outcome"),
    [
        (integrator(PRODUCTION), ()),
        (integrator(LAPSED), (ContractSuspended(SUSPENDED, LAPSED),)),
        (guest(LAPSED), (ContractSuspended(SUSPENDED, LAPSED),)),
    ],
)
def test_a_suspended_contract_refuses_every_write(
    place: WorkspaceAccess, outcome: tuple[ContractSuspended, ...]
) -> None:
    assert contract_suspended(place, WORKSPACE) == outcome


@pytest.mark.parametrize(
    ("place", "permission", "possible"),
    [
        (integrator(PRODUCTION), FLOW_EDIT, True),
        (integrator(PRODUCTION), FLOW_TOGGLE_STATUS, True),
        (integrator(LAPSED), FLOW_EDIT, False),
        (integrator(LAPSED), FLOW_TOGGLE_STATUS, True),  # what runs there can be stopped (H9)
        (guest(PRODUCTION), FLOW_EDIT, False),
        (guest(LAPSED), FLOW_TOGGLE_STATUS, False),
        (WorkspaceAccess(PRODUCTION, BARE), FLOW_TOGGLE_STATUS, False),
    ],
)
def test_a_permission_allows_changes_of_flows(place: WorkspaceAccess, permission: str, *, possible: bool) -> None:
    assert may_act(place, permission) is possible


def test_a_suspended_contract_refuses_exports_overrides_and_copies_into_its_workspaces() -> None:
    suspended = (ContractSuspended(SUSPENDED, LAPSED),)
    assert refusals(export(flow(state()), to=LAPSED)) == suspended
    assert refusals(export(flow(state()), over=flow_there(state(), at=LAPSED))) == suspended
    assert refusals(copy(flow(state(), at=LAPSED))) == suspended


def test_exporting_from_a_suspended_contract_stays_possible() -> None:
    assert planned(export(flow(state(), at=LAPSED), to=PRODUCTION)).workspace_id == PRODUCTION.id


def test_what_the_caller_cant_see_is_not_found_and_never_forbidden() -> None:
    assert refusals(export(None)) == (FlowNotFound("flow_wanted"),)
    assert refusals(export(flow(state()), to=None)) == (WorkspaceNotFound("workspace_wanted"),)
    assert refusals(copy(None)) == (FlowNotFound("flow_wanted"),)
