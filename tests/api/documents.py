"""GraphQL documents: what clients of the API ask, each object with every field that it has."""

USER = "fragment user on User { __typename id firstName lastName email }"
CONTRACT = "fragment contract on Contract { __typename id name contractStatus: status }"
WORKSPACE = """fragment workspace on Workspace {
  __typename id name workspaceType: type viewerIsMember viewerPermissions viewerCanEditFlows contract { id }
}"""
COMPONENT = "fragment component on Component { __typename id name teamName title access requires isPubSub }"
TOPIC = "fragment topic on Topic { __typename id name schema workspace { id } }"
CREDENTIAL = "fragment credential on Credential { __typename id name component { id } workspace { id } }"
SECRET = "fragment secret on Secret { __typename id name component { id } workspace { id } }"
AGENT = "fragment agent on Agent { __typename id name workspace { id } }"
FLOW = """fragment flow on Flow {
  __typename id name description type status cron workspace { id } createdBy { id } createdAt updatedAt
  draft { id } publishedVersion { id }
}"""
DRAFT = """fragment draft on FlowDraft {
  __typename id flow { id } name description cron graph { native } contentHash revision author { id }
  createdAt updatedAt setAsideAt
}"""
VERSION = """fragment version on FlowVersion {
  __typename id number flow { id } name description cron graph { native } contentHash publishedBy { id }
  publishedAt origin revertOf { id }
}"""
GRAPH = """fragment graph on FlowGraph {
  steps {
    stepId command name description component { id } function fields
    credential { id } secret { id } agent { id } topic { id }
  }
  links { linkId source target config } topics { id } components { id } native
}"""

OBJECTS = "\n".join(
    (USER, CONTRACT, WORKSPACE, COMPONENT, TOPIC, CREDENTIAL, SECRET, AGENT, FLOW, DRAFT, VERSION),
)
ANYTHING = """
  __typename id
  ...user ...contract ...workspace ...component ...topic ...credential ...secret ...agent ...flow ...draft ...version
"""
NODE = f"query($id: ID!) {{ node(id: $id) {{ {ANYTHING} }} }} {OBJECTS}"
NODES = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ {ANYTHING} }} }} {OBJECTS}"

REFUSALS = """fragment refusals on Error {
  __typename message code
  ... on FlowNotFound { flowId }
  ... on WorkspaceNotFound { workspaceId }
  ... on VersionNotFound { versionId }
  ... on DraftNotFound { draftId }
  ... on InsufficientPermission { permission workspace { id } }
  ... on ContractSuspended { contract { id } }
  ... on ComponentNotAccessible { workspace { id } components { name component { id } stepIds reason } }
  ... on MultipleTopicsNotCopied { topics { id } }
  ... on TopicNotAccessible { stepId topicId workspace { id } }
  ... on CredentialNotAccessible { kind stepId referenceId workspace { id } }
  ... on DraftAlreadyExists { draft { id } }
  ... on QuotaExceeded { limit used }
  ... on InvalidInput { path }
  ... on PlanIsStale { changed }
  ... on DuplicateOverride { flow { id } itemIndexes }
  ... on BatchNotApplied { refusedItemIndexes }
}"""
WARNINGS = """fragment warnings on ExportFlowWarning {
  __typename message
  ... on MultipleTopicsNotCopied { code topics { id } }
  ... on TopicSchemaMismatch { from { id } to { id } missingProperties }
  ... on AgentNotCopied { agent { id } stepIds }
}"""
REFERENCES = """fragment references on ReferenceOutcome {
  stepId kind action fromId toId from { ...bound } to { ...bound }
}
fragment bound on Binding {
  __typename ... on Credential { id } ... on Secret { id } ... on Agent { id } ... on Topic { id }
}"""

COPY = f"""mutation($input: CopyFlowInput!) {{
  copyFlow(input: $input) {{
    flow {{ ...flow }} draft {{ ...draft }} copiedFrom references {{ ...references }} errors {{ ...refusals }}
  }}
}} {FLOW} {DRAFT} {REFERENCES} {REFUSALS}"""
EXPORT = f"""mutation($input: ExportFlowInput!) {{
  exportFlow(input: $input) {{
    flow {{ ...flow }} draft {{ ...draft }} setAside {{ ...draft }} copiedFrom references {{ ...references }}
    warnings {{ ...warnings }} errors {{ ...refusals }}
  }}
}} {FLOW} {DRAFT} {REFERENCES} {WARNINGS} {REFUSALS}"""
CREATE = f"""mutation($input: CreateFlowInput!) {{
  createFlow(input: $input) {{ flow {{ ...flow }} draft {{ ...draft }} errors {{ ...refusals }} }}
}} {FLOW} {DRAFT} {REFUSALS}"""

PAGE_VARIABLES = "$first: Int, $after: String, $last: Int, $before: String"
PAGE_ARGUMENTS = "first: $first, after: $after, last: $last, before: $before"
PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"


def list_of(field: str, variables: str = "", arguments: str = "", edge: str = "node { id name }") -> str:
    """A query for a page of a connection at the root."""
    return f"""query({variables} {PAGE_VARIABLES}) {{
      {field}({arguments} {PAGE_ARGUMENTS}) {{ edges {{ cursor {edge} }} nodes {{ id }} {PAGE_INFO} }}
    }}"""


def list_below(field: str, variables: str = "", arguments: str = "") -> str:
    """A query for a page of a connection that a workspace has."""
    return f"""query($workspace: ID!, {variables} {PAGE_VARIABLES}) {{
      workspace(id: $workspace) {{
        {field}({arguments} {PAGE_ARGUMENTS}) {{ edges {{ cursor node {{ id name }} }} nodes {{ id }} {PAGE_INFO} }}
      }}
    }}"""


WORKSPACES = list_of("workspaces", "$contractId: ID, $search: String,", "contractId: $contractId, search: $search,")
CONTRACTS = list_of("contracts", "$search: String,", "search: $search,")
WORKSPACES_OF_CONTRACT = f"""query($contract: ID!, $search: String, {PAGE_VARIABLES}) {{
  node(id: $contract) {{ ... on Contract {{ workspaces(search: $search, {PAGE_ARGUMENTS}) {{
    edges {{ cursor node {{ id name }} }} nodes {{ id }} {PAGE_INFO}
  }} }} }}
}}"""
DESTINATION_CONTRACTS = list_of(
    "destinationContracts",
    "$flowId: ID!, $source: FlowSourceInput, $search: String, $includeIneligible: Boolean! = false,",
    "flowId: $flowId, source: $source, search: $search, includeIneligible: $includeIneligible,",
    "eligible node { id name }",
)
DESTINATION_WORKSPACES = (
    list_of(
        "destinationWorkspaces",
        "$flowId: ID!, $source: FlowSourceInput, $contractId: ID, $search: String, $includeIneligible: Boolean! = false,",
        "flowId: $flowId, source: $source, contractId: $contractId, search: $search, "
        "includeIneligible: $includeIneligible,",
        "eligible eligibleForOverride blockers { ...refusals } node { id name }",
    )
    + REFUSALS
)
OVERRIDE_CANDIDATES = list_of(
    "overrideCandidates",
    "$flowId: ID!, $workspaceId: ID!, $search: String,",
    "flowId: $flowId, workspaceId: $workspaceId, search: $search,",
    "matchReason node { id name }",
)
CREDENTIAL_CANDIDATES = """query($flowId: ID!, $workspaceId: ID!, $source: FlowSourceInput) {
  credentialCandidates(flowId: $flowId, workspaceId: $workspaceId, source: $source) { stepId }
}"""
TOPIC_CANDIDATES = list_of(
    "topicCandidates",
    "$flowId: ID!, $source: FlowSourceInput, $workspaceId: ID!, $fromTopicId: ID, $search: String,",
    "flowId: $flowId, source: $source, workspaceId: $workspaceId, fromTopicId: $fromTopicId, search: $search,",
    "sameName missingProperties node { id name }",
)
HISTORY_OF_FLOW = f"""query($flowId: ID!, {PAGE_VARIABLES}) {{ flow(id: $flowId) {{
  history({PAGE_ARGUMENTS}) {{
    edges {{ cursor node {{ id number publishedBy {{ id }} }} }} nodes {{ id }} {PAGE_INFO}
  }}
}} }}"""
HISTORY = list_of("flowHistory", "$flowId: ID!,", "flowId: $flowId,", "node { id number publishedBy { id } }")
FLOWS = list_below(
    "flows",
    "$search: String, $filter: FlowFilter, $orderBy: FlowOrder,",
    "search: $search, filter: $filter, orderBy: $orderBy,",
)
TOPICS = list_below("topics", "$search: String,", "search: $search,")
CREDENTIALS = list_below(
    "credentials", "$componentId: ID, $search: String,", "componentId: $componentId, search: $search,"
)
SECRETS = list_below("secrets", "$componentId: ID, $search: String,", "componentId: $componentId, search: $search,")
FLOWS_USING = f"""query($used: ID!, $search: String, {PAGE_VARIABLES}) {{ node(id: $used) {{
  ... on Topic {{ flows(search: $search, {PAGE_ARGUMENTS}) {{ ...page }} }}
  ... on Credential {{ flows(search: $search, {PAGE_ARGUMENTS}) {{ ...page }} }}
  ... on Secret {{ flows(search: $search, {PAGE_ARGUMENTS}) {{ ...page }} }}
  ... on Agent {{ flows(search: $search, {PAGE_ARGUMENTS}) {{ ...page }} }}
}} }}
fragment page on FlowConnection {{ edges {{ cursor node {{ id name }} }} nodes {{ id }} {PAGE_INFO} }}"""
AGENTS = list_below("agents", "$search: String,", "search: $search,")
