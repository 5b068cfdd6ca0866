"""What is said of every case: the table of messages."""

from app.domain.access import (
    FLOW_EDIT,
    FLOW_RELEASE,
    FLOW_REVIEW,
    ApprovalRequired,
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    QuotaExceeded,
    WorkspaceNotFound,
)
from app.domain.bindings import AgentNotCopied
from app.domain.component import InaccessibilityReason, Step
from app.domain.draft import CannotOverrideItself
from app.domain.drift import DestinationWasChanged
from app.domain.errors import Refusal
from app.domain.flow import RESTORE_ONE, DraftNotFound, VersionNotFound
from app.domain.model import (
    FlowId,
    Target,
    VersionId,
)
from app.domain.readiness import Blocker
from app.domain.references import CredentialNotAccessible
from app.domain.source_graph import ComponentNotAccessible, InaccessibleComponent
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, TopicSchemaMismatch
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    ITEMS,
    NORTHERN,
    ORDERS,
    PRODUCTION,
    called,
    component,
    target,
)

Message = Refusal | TopicSchemaMismatch | AgentNotCopied | Blocker


UNKNOWN, OTHER_TENANT = InaccessibilityReason.UNKNOWN_COMPONENT, InaccessibilityReason.OTHER_TENANT
OTHER_CONTRACT = InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
NOT_WHITELISTED = InaccessibilityReason.NOT_WHITELISTED


def inaccessible(
    name: str, *steps: Step | str, title: str | None = None, reason: InaccessibilityReason = UNKNOWN
) -> InaccessibleComponent:
    using = tuple(called(one) if isinstance(one, str) else one for one in steps)
    return InaccessibleComponent(name, None if title is None else component(name, title=title), using, reason)


FLOW = FlowId("flow_1")
ALPHA, SEND, OTHER_SEND = called("1"), called("2", "Send"), called("3", "Send", shares_name=True)
CRM = component("lab/crm", title="Customer records", needs=CREDENTIAL)
THERE = Target("credential_9", CREDENTIAL, PRODUCTION.id, "Mail account")
ELSEWHERE = Target("credential_9", CREDENTIAL, DEVELOPMENT.id, "Mail account")
MAIL, TUNNEL = (target(kind, name, DEVELOPMENT) for kind, name in ((CREDENTIAL, "Mail"), (AGENT, "Tunnel")))
ID = "01jgfjjz00f6xaqg18g7smd3t5"
NORMALIZER = inaccessible("lab/normalizer", SEND, "5", title="Order normalizer", reason=OTHER_CONTRACT)
ENRICHER = inaccessible("lab/enricher", "3", title="Enricher", reason=OTHER_CONTRACT)
ASK = "Check the id, or ask for access."

MESSAGES: list[tuple[Message, str]] = [
    (FlowNotFound(f"flow_{ID}"), f"There is no flow flow_{ID} that you can see. {ASK}"),
    (FlowNotFound("nonsense"), f"There is no flow nonsense that you can see. {ASK}"),
    (
        FlowNotFound(f"workspace_{ID}"),
        f"workspace_{ID} is the id of a workspace, not of a flow. Give the id of a flow.",
    ),
    (
        WorkspaceNotFound(f"agent_{ID}"),
        f"agent_{ID} is the id of an agent, not of a workspace. Give the id of a workspace.",
    ),
    (WorkspaceNotFound("workspace_"), f"There is no workspace workspace_ that you can see. {ASK}"),
    (
        VersionNotFound(FLOW, "Orders", f"version_{ID}"),
        f"The flow Orders has no version version_{ID}. Choose one from its history.",
    ),
    (
        VersionNotFound(FLOW, "Orders", f"draft_{ID}"),
        f"draft_{ID} is the id of a draft, not of a version. Choose one from the history of Orders.",
    ),
    (
        VersionNotFound(FLOW, "Orders", None),
        "The flow Orders was never published. Publish it first, or take its draft.",
    ),
    (
        DraftNotFound(FLOW, "Orders"),
        "The flow Orders has no draft. Take its published version, or edit the flow first.",
    ),
    (
        DraftNotFound(FLOW, "Orders", advice=RESTORE_ONE),
        "The flow Orders has no draft. Restore a draft that was set aside first.",
    ),
    (DraftNotFound(None, None, f"draft_{ID}"), f"There is no draft draft_{ID} that you can see. {ASK}"),
    (
        DraftNotFound(None, None, f"flow_{ID}"),
        f"flow_{ID} is the id of a flow, not of a draft. Give the id of a draft.",
    ),
    (
        InsufficientPermission(FLOW_EDIT, PRODUCTION),
        "You lack the permission workspaces.flow.edit in Production. Ask its admins for a role that has it, such as Integrator.",
    ),
    (
        InsufficientPermission(FLOW_REVIEW, PRODUCTION),
        "You lack the permission workspaces.flow.review in Production. Ask its admins for a role that has it, such as Admin.",
    ),
    (
        InsufficientPermission(FLOW_RELEASE, PRODUCTION),
        "You lack the permission workspaces.flow.release in Production. Ask its admins for a role that has it, such as Owner.",
    ),
    (
        ApprovalRequired(PRODUCTION),
        (
            "Flows of Production are published, and published flows deleted, only after a review. "
            "Request a release, which a reviewer of the workspace can approve."
        ),
    ),
    (
        ContractSuspended(NORTHERN, PRODUCTION, path=("flowId",)),
        (
            "The contract Northern Retail is suspended, so nothing can be changed or started in its workspace Production. "
            "Have the contract reactivated."
        ),
    ),
    (
        ContractSuspended(NORTHERN, PRODUCTION, path=("destination", "workspaceId")),
        (
            "The contract Northern Retail is suspended, so nothing can be changed or started in its workspace Production. "
            "Choose a workspace of another contract, or have the contract reactivated."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (NORMALIZER, ENRICHER)),
        (
            "Production can't use 2 components of this flow: Order normalizer (steps Send, 5), Enricher (step 3). "
            "Share them with Northern Retail, or replace the steps."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (ENRICHER,)),
        (
            "Production can't use 1 component of this flow: Enricher (step 3). "
            "Share it with Northern Retail, or replace the step."
        ),
    ),
    (
        ComponentNotAccessible(
            PRODUCTION, (inaccessible("lab/code", OTHER_SEND, title="Code", reason=NOT_WHITELISTED),)
        ),
        (
            "Production can't use 1 component of this flow: Code (step Send (3)). "
            "Have it whitelisted for Northern Retail, or replace the step."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (inaccessible("lab/code", "1", title="Code", reason=OTHER_TENANT),)),
        (
            "Production can't use 1 component of this flow: Code (step 1). "
            "Replace the step by what the tenant of Northern Retail has."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (inaccessible("lab/none", "1", "2"),)),
        (
            "Production can't use 1 component of this flow: lab/none (steps 1, 2). "
            "Correct the command of the steps: no such component is known."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (NORMALIZER, inaccessible("lab/none", "1"), ENRICHER)),
        (
            "Production can't use 3 components of this flow: Order normalizer (steps Send, 5), lab/none (step 1), "
            "Enricher (step 3). Share Order normalizer and Enricher with Northern Retail; correct the commands with "
            "lab/none, which is unknown; or replace the steps."
        ),
    ),
    (
        MultipleTopicsNotCopied((ORDERS, ITEMS), refused=True),
        (
            "The flow uses several topics (Orders, Items), which one topic can't replace. "
            "Map each of them instead, or export it without a topic and choose the topics in the draft."
        ),
    ),
    (
        MultipleTopicsNotCopied((ORDERS, ITEMS), refused=False),
        "The topics Orders, Items of the flow were not copied. Choose topics of the destination in the draft.",
    ),
    (
        MultipleTopicsNotCopied((ORDERS,), refused=False),
        "The topic Orders of the flow was not copied. Choose a topic of the destination in the draft.",
    ),
    (
        TopicNotAccessible(f"topic_{ID}", PRODUCTION),
        f"Production has no topic topic_{ID}. Choose a topic of Production.",
    ),
    (
        TopicNotAccessible(ORDERS.id, PRODUCTION, SEND, ORDERS),
        "The topic Orders doesn't live in Production. Choose a topic of Production for the step Send.",
    ),
    (
        TopicNotAccessible(THERE.id, PRODUCTION, target=THERE),
        "Mail account is a credential, not a topic. Choose a topic of Production.",
    ),
    (
        TopicNotAccessible(f"agent_{ID}", PRODUCTION, ALPHA),
        f"agent_{ID} is the id of an agent, not of a topic. Choose a topic of Production for the step 1.",
    ),
    (
        TopicNotAccessible(ITEMS.id, PRODUCTION, None, ITEMS, ORDERS.id, ORDERS, path=()),
        "The topic Items doesn't live in Production. Choose a topic of Production for Orders.",
    ),
    (
        FlowHasNoTopic(FLOW, "Orders"),
        "The flow Orders has no pub/sub step, so it can't take a topic. Leave the topic out.",
    ),
    (
        CredentialNotAccessible(CREDENTIAL, f"credential_{ID}", PRODUCTION, SEND, CRM),
        (
            f"Production has no credential credential_{ID}. "
            "For the step Send, choose one of Production that belongs to Customer records."
        ),
    ),
    (
        CredentialNotAccessible(CREDENTIAL, ELSEWHERE.id, PRODUCTION, SEND, CRM, ELSEWHERE),
        (
            "The credential Mail account doesn't live in Production. "
            "For the step Send, choose one of Production that belongs to Customer records."
        ),
    ),
    (
        CredentialNotAccessible(CREDENTIAL, THERE.id, PRODUCTION, SEND, CRM, THERE),
        (
            "The credential Mail account belongs to another component. "
            "For the step Send, choose one of Production that belongs to Customer records."
        ),
    ),
    (
        CredentialNotAccessible(CREDENTIAL, THERE.id, PRODUCTION, SEND, None, THERE),
        "The step Send can't have a credential, since its component isn't known. Correct the command of the step first.",
    ),
    (
        CredentialNotAccessible(AGENT, f"secret_{ID}", PRODUCTION, OTHER_SEND, CRM),
        f"secret_{ID} is the id of a secret, not of an agent. For the step Send (3), choose one of Production.",
    ),
    (
        CredentialNotAccessible(CREDENTIAL, THERE.id, PRODUCTION, None, CRM, THERE, "credential_1", MAIL, path=()),
        (
            "The credential Mail account belongs to another component. "
            "For the credential Mail, choose one of Production that belongs to Customer records."
        ),
    ),
    (
        CredentialNotAccessible(CREDENTIAL, THERE.id, PRODUCTION, None, None, THERE, "credential_1", MAIL, path=()),
        "A step that uses the credential Mail has a component that isn't known. Leave this mapping out.",
    ),
    (
        CredentialNotAccessible(AGENT, f"agent_{ID}", PRODUCTION, None, CRM, None, "agent_1", TUNNEL, path=()),
        f"Production has no agent agent_{ID}. For the agent Tunnel, choose one of Production.",
    ),
    (
        DestinationWasChanged(FLOW, "Orders", VersionId("version_2"), 2),
        (
            "The flow Orders was changed since it got its content from this flow: publishing the export undoes its version 2. "
            "Export that version to its source first, or compare the two flows."
        ),
    ),
    (CannotOverrideItself(FLOW, "Orders"), "The flow Orders can't override itself. Choose another flow, or copy it."),
    (
        QuotaExceeded(1, 1, NORTHERN, path=("destination", "workspaceId")),
        (
            "The contract Northern Retail may hold 1 flow in its production workspaces and holds 1. "
            "Override an existing flow, remove one, or have the quota raised."
        ),
    ),
    (
        QuotaExceeded(3, 4, NORTHERN, path=("workspaceId",)),
        (
            "The contract Northern Retail may hold 3 flows in its production workspaces and holds 4. "
            "Remove a flow, or have the quota raised."
        ),
    ),
]
