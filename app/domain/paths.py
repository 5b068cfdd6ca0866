"""Paths to the part of the input that a refusal is about: one element per field name or list index, or none at all."""

from app.domain.graph import KEYS, StepBindings
from app.domain.model import ReferenceKind

Path = tuple[str, ...]


class OfCall(tuple[str, ...]):
    """A path of a call of many items that isn't below one of them."""

    __slots__ = ()


FLOW: Path = ("flowId",)
WORKSPACE: Path = ("workspaceId",)
VERSION: Path = ("versionId",)
DRAFT: Path = ("draftId",)
IDEMPOTENCY_KEY: Path = ("idempotencyKey",)
EXPORT: Path = ("exportId",)
TOPIC: Path = ("topicId",)
REVISION: Path = ("expectedRevision",)
INTO_WORKSPACE: Path = ("destination", *WORKSPACE)
ONTO_FLOW: Path = ("destination", "overrideFlowId")
SOURCE_STATE: Path = ("source", "state")
SOURCE_VERSION: Path = ("source", *VERSION)
MAPPINGS: Path = ("mappings",)
ITEMS: Path = ("items",)
PLAN_FINGERPRINT: Path = ("planFingerprint",)

_CHOICES = {
    ReferenceKind.CREDENTIAL: "credentialId",
    ReferenceKind.SECRET: "secretId",
    ReferenceKind.AGENT: "agentId",
    ReferenceKind.TOPIC: "topicId",
}


def in_graph(bound: StepBindings, kind: ReferenceKind) -> Path:
    """The path of a step's binding in a graph that was sent."""
    keys = ("fields", bound.topic_field or "") if kind is ReferenceKind.TOPIC else (KEYS[kind],)
    return ("graph", "nodes", str(bound.position), *keys)


def in_item(index: int, path: Path) -> Path:
    """The path in a call of many items, of which the input is one."""
    return path if isinstance(path, OfCall) else (*ITEMS, str(index), *path)


def in_choices(index: int, kind: ReferenceKind) -> Path:
    """The path of a step's binding among the bindings that a call chooses."""
    return ("bindings", str(index), _CHOICES[kind])
