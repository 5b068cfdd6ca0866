"""What the clients of `mixed_use.py` send: the pages that they look at, and the mutations behind what they click."""

from scripts.benchmarks.mixed.audit import DRAFT, VERSION

WORKSPACES = "{ workspaces(first: 100) { nodes { id } } }"
WORKSPACE_PAGE = """query($id: ID!) { workspace(id: $id) {
  flows(first: 30, orderBy: UPDATED_AT_DESC) { nodes { id name status draft { id } publishedVersion { number } } }
} }"""
PAGE_OF_FLOW = """query($id: ID!) { flow(id: $id) {
  id name status workspace { id }
  draft {
    id revision graph { native } changes { identical }
    readiness { ready blockers { __typename stepId ... on MissingCredential { component { id requires } } } }
  }
  publishedVersion { id number graph { native } }
  draftsSetAside(first: 20) { nodes { id revision setAsideAt } }
} }"""
HISTORY_PAGE = """query($id: ID!) { flowHistory(flowId: $id, first: 20) {
  nodes { id number origin publishedBy { firstName } revertOf { number } changes { identical } }
} }"""
CHOICES = """query($id: ID!) { workspace(id: $id) {
  topics { nodes { id } } credentials { nodes { id component { id } } } secrets { nodes { id component { id } } }
} }"""

_FLOW = "flow { id name status }"
_ERRORS = "errors { __typename code message }"
_STALE = "errors { __typename code message ... on StaleDraft { currentDraft { id revision } } }"
_IN_THE_WAY = "errors { __typename code message ... on DraftAlreadyExists { draft { id revision } } }"


def _mutation(field: str, answer: str) -> str:
    kind = f"{field[0].upper()}{field[1:]}Input"
    return f"mutation($input: {kind}!) {{ {field}(input: $input) {{ {answer} }} }}"


MUTATIONS = {
    field: _mutation(field, answer)
    for field, answer in {
        "createFlow": f"{_FLOW} draft {{ {DRAFT} }} {_ERRORS}",
        "copyFlow": f"{_FLOW} draft {{ {DRAFT} }} {_ERRORS}",
        "exportFlow": f"{_FLOW} draft {{ {DRAFT} }} setAside {{ {DRAFT} }} {_IN_THE_WAY}",
        "updateFlowDraft": f"{_FLOW} draft {{ {DRAFT} }} {_STALE}",
        "publishFlowDraft": f"{_FLOW} version {{ {VERSION} }} {_STALE}",
        "revertFlow": f"{_FLOW} draft {{ {DRAFT} }} version {{ {VERSION} }} setAside {{ {DRAFT} }} {_IN_THE_WAY}",
        "discardFlowDraft": f"{_FLOW} discardedDraftId deletedFlowId {_STALE}",
        "restoreFlowDraft": f"{_FLOW} draft {{ {DRAFT} }} setAside {{ {DRAFT} }} {_ERRORS}",
    }.items()
}
