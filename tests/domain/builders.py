"""Builders that speak the product's words. What a test doesn't mention is unremarkable and in order."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.domain.access import WorkspaceAccess
from app.domain.component import (
    Catalogue,
    Component,
    ComponentAccess,
    ComponentName,
    ComponentRequirement,
    Link,
    Step,
    make_steps,
)
from app.domain.flow import Flow, FlowState, Graph, SavedState
from app.domain.graph import Bindings, Json, StepBindings
from app.domain.model import (
    ComponentId,
    Contract,
    ContractId,
    ContractStatus,
    FlowId,
    FlowStatus,
    FlowType,
    ReferenceKind,
    Target,
    TenantId,
    VersionId,
    VersionOrigin,
    Workspace,
    WorkspaceId,
    WorkspaceType,
)
from tests.domain.permissions import READ_PERMISSIONS, WRITE_PERMISSIONS

FULL, LIMITED = WorkspaceType.FULL, WorkspaceType.LIMITED
TEAM, TENANT, GLOBAL = ComponentAccess.TEAM, ComponentAccess.TENANT, ComponentAccess.GLOBAL
CREDENTIAL, SECRET, AGENT = ReferenceKind.CREDENTIAL, ReferenceKind.SECRET, ReferenceKind.AGENT
TOPIC, DATA_SAMPLES = ReferenceKind.TOPIC, ReferenceKind.DATA_SAMPLES

HOME, ABROAD = TenantId("tenant_home"), TenantId("tenant_abroad")


def contract(
    name: str,
    *,
    tenant: TenantId = HOME,
    suspended: bool = False,
    whitelist: bool = False,
    quota: int | None = None,
) -> Contract:
    status = ContractStatus.SUSPENDED if suspended else ContractStatus.ACTIVE
    return Contract(ContractId(f"contract_{slug(name)}"), name, status, tenant, whitelist, quota)


def slug(name: str) -> str:
    return name.lower().replace(" ", "_").replace("/", "_")


NORTHERN, SOUTHERN = contract("Northern Retail"), contract("Southern Foods")
OVERSEAS = contract("Overseas Trade", tenant=ABROAD)


def workspace(name: str, owner: Contract = NORTHERN, workspace_type: WorkspaceType = FULL) -> Workspace:
    return Workspace(WorkspaceId(f"workspace_{slug(name)}"), name, workspace_type, owner)


DEVELOPMENT, PRODUCTION = workspace("Development", workspace_type=LIMITED), workspace("Production")
OF_SOUTHERN, OF_OVERSEAS = workspace("Kitchen", SOUTHERN), workspace("Harbour", OVERSEAS)


def integrator(at: Workspace) -> WorkspaceAccess:
    return WorkspaceAccess(at, READ_PERMISSIONS | WRITE_PERMISSIONS)


def guest(at: Workspace) -> WorkspaceAccess:
    return WorkspaceAccess(at, READ_PERMISSIONS)


def component(
    name: str,
    access: ComponentAccess = GLOBAL,
    owner: Contract = NORTHERN,
    *,
    component_id: str | None = None,
    needs: ReferenceKind | None = None,
    pub_sub: bool = False,
    topic_field: str = "topic",
    whitelisted: Iterable[Contract] = (),
    title: str = "",
) -> Component:
    team, _, short = name.partition("/")
    return Component(
        id=ComponentId(component_id or f"component_{slug(name)}"),
        name=ComponentName(team, short),
        access=access,
        contract_id=owner.id,
        tenant_id=owner.tenant_id,
        requires=ComponentRequirement.NONE if needs is None else ComponentRequirement(needs.value),
        pub_sub=pub_sub,
        topic_field=topic_field,
        whitelisted=frozenset(contract.id for contract in whitelisted),
        title=title,
    )


MAILER, TIMER = component("acme/mailer"), component("acme/timer")
PUB_SUB = component("acme/pub-sub", pub_sub=True)
STANDARD = (MAILER, TIMER, PUB_SUB)


@dataclass(frozen=True)
class BoundStep:
    """A step with what it is bound to."""

    id: str
    command: str
    bound: Mapping[ReferenceKind, Json] = field(default_factory=dict)
    name: str | None = None

    def named(self, name: str) -> "BoundStep":
        return replace(self, name=name)


def step(step_id: str, command: str, **bound: Json) -> BoundStep:
    """A step; what it is bound to by the kind's name: `step("2", SEND, credential="credential_1")`."""
    return BoundStep(step_id, command, {ReferenceKind(kind.upper()): value for kind, value in bound.items()})


def sends(step_id: str, **bound: Json) -> BoundStep:
    return step(step_id, "acme/mailer:send", **bound)


def publishes(step_id: str, topic: Target | None = None) -> BoundStep:
    return step(step_id, "acme/pub-sub:pub", **({} if topic is None else {"topic": topic.id}))


def subscribes(step_id: str, topic: Target | None = None) -> BoundStep:
    return step(step_id, "acme/pub-sub:sub", **({} if topic is None else {"topic": topic.id}))


def node(step_id: str, command: str = "acme/mailer:send", **keys: Json) -> Json:
    """A step in the native form."""
    return {"id": step_id, "command": command, **keys}


def native(*nodes: Json, edges: Iterable[Json] = (), **keys: Json) -> Json:
    return {"nodes": [*nodes], "edges": [*edges], **keys}


class CalledStep(Step):
    """Equal to every step of its id: where it stands and what it runs is the graph's business."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)


def called(step_id: str, name: str | None = None, *, shares_name: bool = False) -> Step:
    """A step in a refusal, known by its id."""
    return CalledStep(0, step_id, "", name, shares_name)


def outline(*steps: BoundStep) -> tuple[Step, ...]:
    return make_steps((step.id, step.command, step.name) for step in steps)


def bindings(*steps: BoundStep) -> Bindings:
    return tuple(
        StepBindings(position, step.bound, "topic" if TOPIC in step.bound else None)
        for position, step in enumerate(steps)
        if step.bound
    )


def state(
    *steps: BoundStep,
    state_id: str = "version_1",
    name: str = "Orders",
    description: str | None = "Takes the orders over.",
    cron: str | None = "*/15 * * * *",
    content_hash: str | None = None,
    links: Iterable[Link] = (),
) -> SavedState:
    content_hash = content_hash or f"hash of {state_id}"
    said = FlowState(name, description, cron, content_hash, Graph(outline(*steps), bindings(*steps), tuple(links)))
    return SavedState(state_id, said)


def draft(
    *steps: BoundStep,
    state_id: str = "draft_1",
    name: str = "Orders",
    links: Iterable[Link] = (),
    revision: int = 1,
    origin: VersionOrigin = VersionOrigin.EDIT,
    revert_of: str | None = None,
) -> SavedState:
    version = None if revert_of is None else VersionId(revert_of)
    drafted = state(*steps, state_id=state_id, name=name, links=links)
    return replace(saying(drafted, origin=origin, revert_of=version), revision=revision)


def saying(saved: SavedState, **changes: Any) -> SavedState:
    """The same draft or version, but for what it says."""
    return replace(saved, state=replace(saved.state, **changes))


def flow(
    published: SavedState | None = None,
    draft: SavedState | None = None,
    *,
    at: Workspace | WorkspaceAccess = DEVELOPMENT,
    flow_id: str = "flow_source",
    name: str = "Orders",
    flow_type: FlowType = FlowType.ORDINARY,
    status: FlowStatus = FlowStatus.INACTIVE,
) -> Flow:
    place = at if isinstance(at, WorkspaceAccess) else integrator(at)
    return Flow(FlowId(flow_id), name, flow_type, place, published, draft, status=status)


def flow_there(
    published: SavedState | None = None,
    draft: SavedState | None = None,
    *,
    at: Workspace | WorkspaceAccess = PRODUCTION,
    name: str = "Orders live",
    flow_type: FlowType = FlowType.ORDINARY,
) -> Flow:
    """A flow to override."""
    return flow(published, draft, at=at, flow_id="flow_there", name=name, flow_type=flow_type)


def target(kind: ReferenceKind, name: str, at: Workspace, *, of: Component | None = None) -> Target:
    component_id = None if of is None else of.id
    return Target(f"{kind.value.lower()}_{slug(name)}", kind, at.id, name, component_id)


def topic(name: str, at: Workspace, *, schema: Json = None) -> Target:
    text = None if schema is None else json.dumps(schema)
    return Target(f"topic_{slug(name)}", TOPIC, at.id, name, schema=text)


ORDERS, ITEMS = topic("Orders", DEVELOPMENT), topic("Items", DEVELOPMENT)
LIVE_ORDERS, LIVE_ITEMS = topic("Live orders", PRODUCTION), topic("Live items", PRODUCTION)


def known(*targets: Target) -> dict[str, Target]:
    return {target.id: target for target in targets}


def catalogue(*components: Component) -> Catalogue:
    return Catalogue(components or STANDARD)
