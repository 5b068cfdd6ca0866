"""The enumerations of the schema, each value with what it means to a user."""

from collections.abc import Mapping
from enum import StrEnum

import strawberry

from app.domain import (
    batch,
    component,
    draft,
    drift,
    fingerprint,
    flow,
    model,
    references,
    release,
    review,
    undo,
    world,
)
from app.graphql.describe import describe_values
from app.storage.pages.candidates import MatchReason
from app.storage.pages.flow_filters import FlowOrder

ENUMERATIONS: Mapping[type[StrEnum], tuple[str, Mapping[str, str]]] = {
    fingerprint.PlanBasis: (
        "A part of the facts that a plan of an export rests on.",
        {
            "SOURCE": "The flow that is exported, in the state that is exported.",
            "DESTINATION": "The workspace and its contract, and the published version of the flow that is overridden.",
            "DRAFT": "The draft of the flow that is overridden.",
            "PERMISSIONS": "Your permissions in both workspaces.",
            "COMPONENTS": "The components of the commands in both workspaces, and whether the destination can use them.",
            "TOPICS": "The topics that the flows use or the input names.",
            "CREDENTIALS": "The credentials, secrets and agents that the flows use or the input names.",
            "INPUT": "The input of the call.",
        },
    ),
    references.CredentialMatch: (
        "Why a credential or secret is likely to be the one for a step.",
        {
            "SAME_CREDENTIAL": "The source uses it, and it belongs to the destination too.",
            "CHOSEN_BEFORE": "The same step of an earlier export of this flow uses it.",
            "SAME_NAME": "It has the name of the one that the source uses, upper and lower case alike.",
            "ONLY_ONE": "The workspace has no other one.",
            "OTHER": "It belongs to the component.",
        },
    ),
    batch.BatchMode: (
        "The treatment of a call for many items of which some are refused.",
        {
            "ATOMIC": "All items are done, or none.",
            "BEST_EFFORT": "Each item is done or refused on its own.",
        },
    ),
    model.ContractStatus: (
        "Whether a contract is in use.",
        {
            "ACTIVE": "In use: its workspaces can be read, exported from and written into.",
            "SUSPENDED": "Its workspaces can be read and exported from, but nothing is written into them.",
        },
    ),
    model.WorkspaceType: (
        "The purpose of a workspace.",
        {
            "FULL": "For production: its flows count against the contract's quota.",
            "LIMITED": "For development: no quota, no component whitelist.",
        },
    ),
    model.PublishPolicy: (
        "The number of users that it takes to publish in a workspace.",
        {
            "OPEN": "One user who may edit flows.",
            "REVIEWED": "Two users: one requests a release, another one approves it. Drafts and exports need no review, since they "
            "change no running flow.",
        },
    ),
    release.ReleaseState: (
        "The state of a request for a release.",
        {
            "OPEN": "It waits for a review.",
            "APPLIED": "It was approved, and its drafts are published.",
            "REJECTED": "It was rejected.",
            "WITHDRAWN": "It was withdrawn.",
            "UNDONE": "It was applied, and undone afterwards.",
        },
    ),
    release.ReleaseBasis: (
        "A part of a release that can change after the request.",
        {
            "DRAFT": "The draft was saved, set aside, discarded or published.",
            "PUBLISHED_VERSION": "Another version of the flow was published, which the release would undo unseen.",
        },
    ),
    review.ReviewDecision: (
        "The decision of a reviewer.",
        {
            "APPROVE": "Publish the drafts exactly as they were requested.",
            "REJECT": "Publish nothing, and close the request.",
        },
    ),
    model.FlowType: (
        "How a flow runs.",
        {
            "ORDINARY": "Its steps are started when there is work, by schedule or by a call.",
            "REAL_TIME": "Its steps run all the time.",
        },
    ),
    model.FlowStatus: (
        "Whether a flow runs.",
        {
            "ACTIVE": "Its published version runs.",
            "INACTIVE": "It doesn't run.",
            "SUSPENDED": "It was stopped by the platform.",
        },
    ),
    component.ComponentAccess: (
        "Who may use a component.",
        {
            "TEAM": "The contract of the team that made it.",
            "TENANT": "Every contract of its tenant.",
            "GLOBAL": "Everybody.",
        },
    ),
    component.ComponentRequirement: (
        "The credential or secret that a step of a component needs before it can be published.",
        {"NONE": "Nothing.", "CREDENTIAL": "A credential.", "SECRET": "A secret."},
    ),
    component.InaccessibilityReason: (
        "Why a workspace can't use a component.",
        {
            "TEAM_OF_ANOTHER_CONTRACT": "It belongs to a team of another contract, which doesn't share it.",
            "OTHER_TENANT": "The tenant of the destination has no such component, or another one of this name.",
            "NOT_WHITELISTED": "Production workspaces of this tenant need it to name their contract in its whitelist.",
            "UNKNOWN_COMPONENT": "The command names no component that you can see, or can't be read as a command.",
        },
    ),
    model.ReferenceKind: (
        "The kind of object that a step is bound to.",
        {
            "CREDENTIAL": "A credential of the step's component.",
            "SECRET": "An auth secret of the step's component.",
            "AGENT": "A private-network agent.",
            "TOPIC": "The topic of a pub/sub step.",
            "DATA_SAMPLES": "The data samples that were selected for the step.",
        },
    ),
    references.ReferenceAction: (
        "The outcome of a reference in a copy or export.",
        {
            "KEPT": "The step keeps its binding.",
            "REPLACED": "The step has another binding.",
            "CLEARED": "The step has no binding: choose one in the draft.",
        },
    ),
    model.VersionOrigin: (
        "The origin of a version's content.",
        {
            "EDIT": "It was created or edited here.",
            "COPY": "Copied from a flow of the same workspace, and not changed since.",
            "EXPORT": "Exported from another flow, and not changed since.",
            "REVERT": "Taken from an older version of the flow, and not changed since.",
        },
    ),
    flow.CopiedFrom: (
        "Which state of the source was copied.",
        {
            "PUBLISHED_VERSION": "Its published version.",
            "DRAFT": "Its draft.",
            "OLDER_VERSION": "An older version from its history.",
        },
    ),
    undo.ChangeSinceExport: (
        "The first change to the result of a copy or export.",
        {
            "EDITED": "Its draft was saved.",
            "PUBLISHED": "Its draft, or another one in its place, was published.",
            "OVERRIDDEN_AGAIN": "Another draft replaced its draft.",
            "DISCARDED": "Its draft was discarded, or its flow deleted.",
            "ALREADY_UNDONE": "It was undone.",
            "EXPIRED": "The draft that it had set aside was removed after its time.",
        },
    ),
    flow.StateOfFlow: (
        "A state of a flow that can be copied.",
        {"PUBLISHED_VERSION": "The published version.", "DRAFT": "The draft that is being edited."},
    ),
    draft.ExistingDraft: (
        "The treatment of a draft that the flow has already.",
        {
            "SET_ASIDE": "It is set aside: it keeps its id and can be restored.",
            "REFUSE": "The call is refused with `DraftAlreadyExists`.",
        },
    ),
    FlowOrder: (
        "The order of a list of flows.",
        {
            "NAME_ASC": "By name, upper and lower case alike, A first.",
            "NAME_DESC": "By name, upper and lower case alike, Z first.",
            "CREATED_AT_ASC": "The oldest first.",
            "CREATED_AT_DESC": "The newest first.",
            "UPDATED_AT_ASC": "The latest changed last.",
            "UPDATED_AT_DESC": "The latest changed first.",
        },
    ),
    MatchReason: (
        "Why a flow is a candidate for being overridden, best first.",
        {
            "COPIED_FROM_THIS_FLOW": "It was copied or exported from this flow before.",
            "SAME_NAME": "It has the same name, upper and lower case alike.",
            "OTHER": "Any other flow of the workspace.",
        },
    ),
    world.sections.WorldSection: (
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
    ),
    world.things.WorldChange: (
        "The change of an object by a world document.",
        {
            "CREATED": "It is new.",
            "CHANGED": "It exists and differs.",
            "REMOVED": "It is removed.",
            "UNCHANGED": "It is as the document says, or was to be removed and doesn't exist.",
        },
    ),
    model.EventType: (
        "The type of an event. New values may be added: ignore values that you don't know.",
        {
            "FLOW_CREATED": "A flow was created.",
            "FLOW_COPIED": "A flow was copied in its workspace, as a new flow or over another one: see `exportRecord`.",
            "FLOW_EXPORTED": "A flow was exported, as a new flow or over another one. Members of either workspace see the event, with their side.",
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
            "WORLD_APPLIED": "A world document changed the tenant; only in the feed of the tenant.",
        },
    ),
    drift.DestinationChanges: (
        "What happens where the overridden flow was changed at the destination since it got its content.",
        {
            "WARN": "Export, and say so with the warning `DestinationWasChanged`.",
            "REFUSE": "Refuse with `DestinationWasChanged`.",
        },
    ),
    drift.DriftStatus: (
        (
            "How what runs at the destination stands to the flow that it came from, by content alone: what it is bound to, "
            "its name and its schedule don't count."
        ),
        {
            "IN_SYNC": "Both have the same content.",
            "SOURCE_AHEAD": "The destination has what it got; the source was changed since.",
            "DESTINATION_AHEAD": "The source has what it gave; the destination was changed since.",
            "DIVERGED": "Both were changed since.",
        },
    ),
}
"""The description of each enumeration, and those of its values."""
NAMES: Mapping[type[StrEnum], str] = {flow.StateOfFlow: "FlowState"}
"""The names of enumerations in the schema, where they have another name in the domain."""

for values, (description, descriptions) in ENUMERATIONS.items():
    strawberry.enum(values, name=NAMES.get(values), description=description)
    describe_values(values, descriptions)
