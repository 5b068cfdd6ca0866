"""What applying a world document does, or would do, and what becomes of its things, without names of flows and graphs (W14)."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Any

import strawberry
from strawberry import Parent

from app.domain.world.sections import WorldSection
from app.domain.world.things import Planned, WorldChange, WorldRefusal
from app.execution.rows import shows
from app.graphql.arguments import none_if_unset
from app.graphql.context import Info
from app.graphql.describe import about, shown_as
from app.graphql.errors.interfaces import ApplyWorldError
from app.graphql.payloads import ERRORS, Payload
from app.graphql.types.drafts import FieldChange
from app.usecases.apply_world import NOTHING, PlannedWorld


@shows(Planned, "What becomes of one thing of the document, or of one that pruning removes.")
class WorldThing:
    section: WorldSection = about("The section that it is in.", of="section_name")
    key: str | None = about(
        "Its external key; of a member `workspace/user`; null of what was named by its id and has none."
    )
    id: strawberry.ID | None = about("Its id here; null in a plan for what would be created, and for members.")
    change: WorldChange = about("The change of the object.")
    fields: list[FieldChange] = about("What differs, as JSON Pointers into the thing; empty unless it is changed.")
    used_by_flows: int = about(
        "How many flows use it in their draft or published version; 0 unless it is removed.", of="uses.count"
    )
    used_by_flow_ids: list[strawberry.ID] = about("Their ids, at most 100: of flows that run first.", of="uses.flows")


Changes = Annotated[
    list[WorldChange] | None, strawberry.argument(description="Only the things of which this becomes; without it all.")
]


def things_with(effects: Sequence[Planned], changes: Collection[WorldChange] | None, info: Info) -> list[Planned]:
    """The things of which this becomes; they count as objects of the answer."""
    chosen = [each for each in effects if changes is None or each.change in changes]
    info.context.meter.take_objects(len(chosen))
    return chosen


@shows(PlannedWorld, "What applyWorld would do.")
class WorldPlan:
    fingerprint: str = about("Hand it to applyWorld; needed where something is pruned.", of="plan.fingerprint")

    @shown_as(list[WorldThing])
    @staticmethod
    def things(plan: Parent[PlannedWorld], info: Info, changes: Changes = strawberry.UNSET) -> list[Planned]:
        """In the order of the document; what is pruned after it."""
        return things_with(plan.plan.effects, none_if_unset(changes), info)

    created: int = about("How many things would be created.")
    changed: int = about("How many things would be changed.")
    removed: int = about("How many things would be removed.")
    unchanged: int = about("How many things of the document are as it says.")
    blockers: list[ApplyWorldError] = about("Every reason why nothing would be written; empty if it would be.")


@strawberry.type(description="The result of `applyWorld`.")
class ApplyWorldPayload(Payload[PlannedWorld, WorldRefusal]):
    @property
    def outcome(self) -> PlannedWorld:
        return self.done or NOTHING

    @shown_as(list[WorldThing])
    @staticmethod
    def things(
        payload: Parent[Payload[PlannedWorld, Any]], info: Info, changes: Changes = strawberry.UNSET
    ) -> list[Planned]:
        """As in the plan; empty when refused."""
        things = () if payload.done is None else payload.done.plan.effects
        return [replace(each, is_done=True) for each in things_with(things, none_if_unset(changes), info)]

    created: int = about("How many things were created.", of="outcome.created")
    changed: int = about("How many things were changed.", of="outcome.changed")
    removed: int = about("How many things were removed.", of="outcome.removed")
    unchanged: int = about("How many things of the document were as it says.", of="outcome.unchanged")
    errors: list[ApplyWorldError] = about(ERRORS, of="refusals")
