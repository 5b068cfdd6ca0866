"""The enumerations of the schema, each value with what it means to a user."""

from app.domain.batch import BatchMode
from app.domain.component import ComponentAccess, ComponentRequirement, InaccessibilityReason
from app.domain.credentials import CredentialMatch
from app.domain.draft import ExistingDraft
from app.domain.events import EventType
from app.domain.fingerprint import PlanBasis
from app.domain.model import (
    ContractStatus,
    FlowStatus,
    FlowType,
    PublishPolicy,
    ReferenceKind,
    VersionOrigin,
    WorkspaceType,
)
from app.domain.references import ReferenceAction
from app.domain.release import ReleaseBasis, ReleaseState
from app.domain.review import ReviewDecision
from app.domain.source import CopiedFrom, StateOfFlow
from app.domain.undo import ChangeSinceExport
from app.domain.world.sections import WorldSection
from app.domain.world.things import WorldChange
from app.graphql.describe import enumeration
from app.storage.pages.candidates import MatchReason
from app.storage.pages.flow_filters import FlowOrder

enumeration(
    PlanBasis,
    "What a plan of an export rests on.",
    {
        "SOURCE": "The flow that is exported, in the state that is exported.",
        "DESTINATION": "The workspace and its contract, and the published version of the flow that is overridden.",
        "DRAFT": "The draft of the flow that is overridden.",
        "PERMISSIONS": "What you may do at both ends.",
        "COMPONENTS": "What the commands mean at both ends, and whether the destination can use it.",
        "TOPICS": "The topics that the flows use or that are given.",
        "CREDENTIALS": "The credentials, secrets and agents that the flows use or that are given.",
        "INPUT": "What is asked for.",
    },
)
enumeration(
    CredentialMatch,
    "Why a credential or secret is likely to be the one for a step.",
    {
        "SAME_CREDENTIAL": "It is the source's own, and usable here.",
        "CHOSEN_BEFORE": "The same step of a flow that was exported from this one has it.",
        "SAME_NAME": "It has the name of the source's, upper and lower case alike.",
        "ONLY_ONE": "There is no other here.",
        "OTHER": "It belongs to the component.",
    },
)
enumeration(
    BatchMode,
    "What becomes of a call of many where some of its items are refused.",
    {
        "ATOMIC": "All items are exported, or none.",
        "BEST_EFFORT": "Each item is exported or refused on its own.",
    },
)
enumeration(
    ContractStatus,
    "Whether a contract is in use.",
    {
        "ACTIVE": "In use: its workspaces can be read, exported from and written into.",
        "SUSPENDED": "Its workspaces can be read and exported from, but nothing is written into them.",
    },
)
enumeration(
    WorkspaceType,
    "What a workspace is for.",
    {
        "FULL": "For production: its flows count against the contract's quota.",
        "LIMITED": "For development: no quota, no component whitelist.",
    },
)
enumeration(
    PublishPolicy,
    "Who may change what runs in a workspace.",
    {
        "OPEN": "Whoever may edit flows.",
        "REVIEWED": "Two users: one requests a release, another one approves it. Drafts and exports stay free, since they "
        "change nothing that runs.",
    },
)
enumeration(
    ReleaseState,
    "What became of a release that was requested.",
    {
        "OPEN": "It waits for a review.",
        "APPLIED": "It was approved, and its drafts are published.",
        "REJECTED": "It was rejected.",
        "WITHDRAWN": "It was withdrawn.",
        "UNDONE": "It was applied, and undone afterwards.",
    },
)
enumeration(
    ReleaseBasis,
    "What an item of a release rests on.",
    {
        "DRAFT": "The draft was saved, set aside, discarded or published.",
        "PUBLISHED_VERSION": "Another version of the flow was published, which this one would undo unseen.",
    },
)
enumeration(
    ReviewDecision,
    "The decision of a reviewer.",
    {
        "APPROVE": "Publish the drafts exactly as they were requested.",
        "REJECT": "Publish nothing, and close the request.",
    },
)
enumeration(
    FlowType,
    "How a flow runs.",
    {
        "ORDINARY": "Its steps are started when there is work, by schedule or by a call.",
        "REAL_TIME": "Its steps run all the time.",
    },
)
enumeration(
    FlowStatus,
    "Whether a flow runs.",
    {
        "ACTIVE": "Its published version runs.",
        "INACTIVE": "It doesn't run.",
        "SUSPENDED": "It was stopped by the platform.",
    },
)
enumeration(
    ComponentAccess,
    "Who may use a component.",
    {
        "TEAM": "The contract of the team that made it.",
        "TENANT": "Every contract of its tenant.",
        "GLOBAL": "Everybody.",
    },
)
enumeration(
    ComponentRequirement,
    "What a step of a component needs before it can be published.",
    {"NONE": "Nothing.", "CREDENTIAL": "A credential.", "SECRET": "A secret."},
)
enumeration(
    InaccessibilityReason,
    "Why a workspace can't use a component.",
    {
        "TEAM_OF_ANOTHER_CONTRACT": "It belongs to a team of another contract, which doesn't share it.",
        "OTHER_TENANT": "The tenant of the destination has no such component, or another one of this name.",
        "NOT_WHITELISTED": "Production workspaces of this tenant need it to name their contract in its whitelist.",
        "UNKNOWN_COMPONENT": "The command names no component that you can see, or can't be read as a command.",
    },
)
enumeration(
    ReferenceKind,
    "What kind of thing a step uses.",
    {
        "CREDENTIAL": "A credential of the step's component.",
        "SECRET": "An auth secret of the step's component.",
        "AGENT": "A private-network agent.",
        "TOPIC": "The topic of a pub/sub step.",
        "DATA_SAMPLES": "The data samples that were selected for the step.",
    },
)
enumeration(
    ReferenceAction,
    "What became of a reference.",
    {
        "KEPT": "The result has the same one.",
        "REPLACED": "The result has another one.",
        "CLEARED": "The result has none: choose one in the draft.",
    },
)
enumeration(
    VersionOrigin,
    "Where the content of a version came from.",
    {
        "EDIT": "It was created or edited here.",
        "COPY": "Copied from a flow of the same workspace, and not changed since.",
        "EXPORT": "Exported from another flow, and not changed since.",
        "REVERT": "Taken from an older version of the flow, and not changed since.",
    },
)
enumeration(
    CopiedFrom,
    "Which state of the source was copied.",
    {
        "PUBLISHED_VERSION": "Its published version.",
        "DRAFT": "Its draft.",
        "OLDER_VERSION": "An older version from its history.",
    },
)
enumeration(
    ChangeSinceExport,
    "What was done first with the result of a copy or export.",
    {
        "EDITED": "Its draft was saved.",
        "PUBLISHED": "Its draft, or another one in its place, was published.",
        "OVERRIDDEN_AGAIN": "Another draft took the place of its own.",
        "DISCARDED": "Its draft was discarded, or its flow deleted.",
        "ALREADY_UNDONE": "It was undone.",
        "EXPIRED": "The draft that it had set aside was removed after its time.",
    },
)
enumeration(
    StateOfFlow,
    "A state of a flow that can be copied.",
    {"PUBLISHED_VERSION": "The published version.", "DRAFT": "The draft that is being edited."},
    name="FlowState",
)
enumeration(
    ExistingDraft,
    "What happens to a draft that the flow has already.",
    {
        "SET_ASIDE": "It is set aside: it keeps its id and can be restored.",
        "REFUSE": "The call is refused with `DraftAlreadyExists`.",
    },
)
enumeration(
    FlowOrder,
    "What flows are sorted by.",
    {
        "NAME_ASC": "By name, upper and lower case alike, A first.",
        "NAME_DESC": "By name, upper and lower case alike, Z first.",
        "CREATED_AT_ASC": "The oldest first.",
        "CREATED_AT_DESC": "The newest first.",
        "UPDATED_AT_ASC": "The latest changed last.",
        "UPDATED_AT_DESC": "The latest changed first.",
    },
)
enumeration(
    MatchReason,
    "Why a flow is a candidate for being overridden, best first.",
    {
        "COPIED_FROM_THIS_FLOW": "It was copied or exported from this flow before.",
        "SAME_NAME": "It has the same name, upper and lower case alike.",
        "OTHER": "Any other flow of the workspace.",
    },
)
enumeration(
    WorldSection,
    "A section of a world document.",
    {
        "TENANTS": "Tenants; only `flowport apply` changes them.",
        "TENANT_MEMBERS": "Who provisions a tenant; only `flowport apply` changes it.",
        "CONTRACTS": "Contracts.",
        "WORKSPACES": "Workspaces.",
        "USERS": "Users.",
        "ROLES": "Roles of the tenant's own.",
        "WORKSPACE_MEMBERS": "Who is a member of a workspace, in which role.",
        "CONTRACT_MEMBERS": "Who is a member of a contract, in which role.",
        "TEAMS": "Developer teams.",
        "COMPONENTS": "Components.",
        "TOPICS": "Topics.",
        "CREDENTIALS": "Credentials.",
        "SECRETS": "Secrets.",
        "AGENTS": "Agents.",
        "FLOWS": "Flows.",
    },
)
enumeration(
    WorldChange,
    "What becomes of a thing.",
    {
        "CREATED": "It is new.",
        "CHANGED": "It exists and differs.",
        "REMOVED": "It goes.",
        "UNCHANGED": "It is as the document says, or isn't there to be removed.",
    },
)
enumeration(
    EventType,
    "What happened. New values may be added: ignore those that you don't know.",
    {
        "FLOW_CREATED": "A flow was created.",
        "FLOW_COPIED": "A flow was copied in its workspace, also over a flow that was there: see `exportRecord`.",
        "FLOW_EXPORTED": "A flow was exported, also over a flow that was there. Members at both ends see it, each their own end.",
        "EXPORT_UNDONE": "A copy or export was undone.",
        "FLOW_PUBLISHED": "A version was published, also by `revertFlow` with `publish`, and by a release.",
        "FLOW_STARTED": "A flow was started.",
        "FLOW_STOPPED": "A flow was stopped.",
        "FLOW_SUSPENDED": "The platform suspended a flow.",
        "FLOW_RESUMED": "The platform lifted the suspension of a flow.",
        "FLOW_DELETED": "A flow was deleted.",
        "RELEASE_REQUESTED": "A release was requested.",
        "RELEASE_APPLIED": "A release was approved, and its drafts were published.",
        "RELEASE_REJECTED": "A release was rejected.",
        "RELEASE_WITHDRAWN": "The request for a release was withdrawn.",
        "RELEASE_UNDONE": "A release was undone.",
        "WORLD_APPLIED": "A world document changed something; only in the feed of the tenant.",
    },
)
