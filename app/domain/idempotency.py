"""Idempotency keys: a call that is repeated is done once (P5)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.errors import Refusal
from app.domain.paths import IDEMPOTENCY_KEY, Path


class KeyedCall(StrEnum):
    """The mutations that take idempotency keys; a key belongs to its caller and to one of them."""

    COPY_FLOW = "copyFlow"
    EXPORT_FLOW = "exportFlow"
    EXPORT_FLOWS = "exportFlows"
    CREATE_FLOW = "createFlow"
    PUBLISH_FLOW_DRAFT = "publishFlowDraft"
    REVERT_FLOW = "revertFlow"


@dataclass(frozen=True, slots=True)
class IdempotencyKeyReused(Refusal):
    first_used_at: datetime
    path: Path = field(default=IDEMPOTENCY_KEY, compare=False, kw_only=True)

    @property
    def message(self) -> str:
        return "You used this idempotency key for another call already. Take a new key for each call, and the same to repeat it."
