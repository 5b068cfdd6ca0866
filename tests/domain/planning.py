"""Asking the core for a plan, in a line."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from app.domain.access import VisibleWorkspace, WorkspaceAccess
from app.domain.choices import ReferenceMapping, StepChoice, by_reference
from app.domain.component import Catalogue, Component
from app.domain.content import read_graph, topic_fields
from app.domain.draft import ExistingDraft
from app.domain.edit import CreatePlan, CreateRefusal, CreateWish, plan_create
from app.domain.errors import Refusal, Refused
from app.domain.export import CopyRefusal, ExportPlan, NewExports, new_exports, plan_copy, plan_export
from app.domain.facts import CopyWish, ExportFacts, ExportWish, Facts, IntoWorkspace, OntoFlow
from app.domain.flow import BY_DEFAULT, CopiedState, Flow, SavedState, SourceWish, copied_state
from app.domain.graph import StepBindings
from app.domain.model import ReferenceKind, Target, Workspace
from app.domain.references import ReferenceAction, ReferenceOutcome
from tests.domain.builders import DATA_SAMPLES, PRODUCTION, STANDARD, catalogue, integrator, known

Some = TypeVar("Some", bound=Refusal)
KEPT, REPLACED, CLEARED = ReferenceAction.KEPT, ReferenceAction.REPLACED, ReferenceAction.CLEARED


def visible(access: WorkspaceAccess) -> VisibleWorkspace:
    """The workspace as a row of a page has it."""
    at, of = access.workspace, access.workspace.contract
    permissions = [*access.permissions] or None
    row = VisibleWorkspace(
        at.id,
        at.name,
        at.type.value,
        of.id,
        of.status.value,
        permissions,
        of.name,
        of.tenant_id,
        of.component_whitelist,
        of.flow_quota,
        at.publish_policy.value,
    )
    assert row.access == access
    return row


def exports_of(source: Flow, *components: Component) -> NewExports:
    """The exports of its published version as a new flow."""
    chosen = copied_state(source, BY_DEFAULT, None)
    assert isinstance(chosen, CopiedState)
    return new_exports(source, chosen, catalogue(*components))


def export(
    source: Flow | None,
    *,
    to: Workspace | WorkspaceAccess | None = PRODUCTION,
    over: Flow | None = None,
    name: str | None = None,
    topic: str | None = None,
    of: SourceWish = BY_DEFAULT,
    version: SavedState | None = None,
    existing_draft: ExistingDraft = ExistingDraft.SET_ASIDE,
    knowing: Iterable[Target] = (),
    components: Iterable[Component] = STANDARD,
    flows_used: int = 0,
    mappings: Iterable[ReferenceMapping] = (),
    shared: Iterable[ReferenceMapping] = (),
    bindings: Iterable[StepChoice] = (),
    dangling: Collection[str] = (),
) -> ExportPlan | Refused[Refusal]:
    """What becomes of an export to a workspace, or over a flow."""
    to = integrator(to) if isinstance(to, Workspace) else to
    facts = ExportFacts(
        source,
        to if over is None else over.access,
        overridden=over,
        named_version=version,
        catalogue=catalogue(*components),
        targets=known(*knowing),
        flows_used=flows_used,
        dangling=dangling,
    )
    onto = IntoWorkspace("workspace_wanted" if to is None else to.workspace.id) if over is None else OntoFlow(over.id)
    source_id = "flow_wanted" if source is None else source.id
    wish = ExportWish(
        source_id, onto, name, topic, of, existing_draft, tuple(mappings), by_reference(shared), tuple(bindings)
    )
    return plan_export(facts, wish)


def mappings_of(*pairs: tuple[Target | str, Target | str]) -> list[ReferenceMapping]:
    """Mappings of things or ids, each with its place in the input."""
    ids = [tuple(one.id if isinstance(one, Target) else one for one in pair) for pair in pairs]
    return [ReferenceMapping(old, new, ("mappings", str(index))) for index, (old, new) in enumerate(ids)]


def copy(
    source: Flow | None,
    *,
    name: str | None = None,
    of: SourceWish = BY_DEFAULT,
    version: SavedState | None = None,
    knowing: Iterable[Target] = (),
    components: Iterable[Component] = STANDARD,
    flows_used: int = 0,
) -> ExportPlan | Refused[CopyRefusal]:
    """What becomes of a copy inside the flow's workspace."""
    facts = ExportFacts(
        source,
        None if source is None else source.access,
        named_version=version,
        catalogue=catalogue(*components),
        targets=known(*knowing),
        flows_used=flows_used,
    )
    return plan_copy(facts, CopyWish("flow_wanted" if source is None else source.id, name, of))


def create(
    place: WorkspaceAccess | None,
    wish: CreateWish,
    *,
    components: Catalogue | None = None,
    knowing: Mapping[str, Target] | None = None,
    flows_used: int = 0,
) -> CreatePlan | Refused[CreateRefusal]:
    """What becomes of the creation of a flow, its graph taken apart as it is on its way in."""
    if place is None:
        return plan_create(Facts(), wish)
    known_components = catalogue() if components is None else components
    graph = read_graph(wish.graph, topic_fields(known_components, place.workspace.contract.tenant_id))
    facts = Facts(
        accesses={wish.workspace_id: place},
        flows_used={place.workspace.contract.id: flows_used},
        catalogue=known_components,
        targets=knowing or {},
        graph=graph,
    )
    return plan_create(facts, wish)


def planned(outcome: ExportPlan | Refused[Refusal] | Refused[CopyRefusal]) -> ExportPlan:
    assert isinstance(outcome, ExportPlan), outcome
    return outcome


def refusals(outcome: ExportPlan | CreatePlan | Refused[Some]) -> tuple[Some, ...]:
    assert isinstance(outcome, Refused), outcome
    return outcome.errors


def codes(outcome: ExportPlan | CreatePlan | Refused[Some]) -> list[str]:
    return [error.code.value for error in refusals(outcome)]


def reported(step_id: str, kind: ReferenceKind, before: Target | None, after: Target | None) -> ReferenceOutcome:
    """What is said of a reference that was the one and is now the other."""
    changed = REPLACED if before != after else KEPT
    action = CLEARED if after is None else changed
    from_id, to_id = (None if thing is None else thing.id for thing in (before, after))
    return ReferenceOutcome(step_id, kind, action, from_id, to_id)


def samples(step_id: str, action: ReferenceAction) -> ReferenceOutcome:
    return ReferenceOutcome(step_id, DATA_SAMPLES, action, None, None)


def bound(position: int, **references: Target) -> StepBindings:
    """The bindings of the step at this position, by the kind's name."""
    values = {ReferenceKind(kind.upper()): target.id for kind, target in references.items()}
    return StepBindings(position, values, "topic" if ReferenceKind.TOPIC in values else None)
