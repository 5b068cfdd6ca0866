"""Plans and results of applying a world document, which never name flows or graphs (W14)."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Any

import strawberry

from app.domain import world
from app.domain.world.sections import WorldSection
from app.domain.world.things import Planned, WorldChange, WorldRefusal
from app.execution.rows import shows
from app.graphql.context import Info
from app.graphql.describe import about, shown_as
from app.graphql.outcomes import Error, Payload, payload
from app.graphql.types.graphs import FieldChange


@shows(Planned, "An object of the document, or one that pruning removes, and its change.")
class WorldThing:
    section: WorldSection = about("The section of the object.", of="section_name")
    key: str | None = about(
        "The external key; for a member `workspace/user`. Null if the document names an object without a key by its id."
    )
    id: strawberry.ID | None = about(
        "The id on this server; null for members, and in a plan for an object that would be created."
    )
    change: WorldChange = about("The change of the object.")
    fields: list[FieldChange] = about("The differences, as JSON Pointers into the object; empty unless it is changed.")
    used_by_flows: int = about(
        "Number of flows that use the object in their draft or published version; 0 unless it is removed.",
        of="uses.count",
    )
    used_by_flow_ids: list[strawberry.ID] = about(
        "The ids of at most 100 of these flows, running ones first.", of="uses.flows"
    )


Changes = Annotated[
    list[WorldChange] | None,
    strawberry.argument(description="Only objects with one of these changes; all if left out."),
]


def things_with(effects: Sequence[Planned], changes: Collection[WorldChange] | None, info: Info) -> list[Planned]:
    """Select the things with one of these changes, and count them as objects of the answer."""
    chosen = [each for each in effects if changes is None or each.change in changes]
    info.context.meter.take_objects(len(chosen))
    return chosen


@payload
class ApplyWorldPayload(Payload[world.things.WorldPlan, WorldRefusal]):
    @property
    def plan(self) -> world.things.WorldPlan:
        """The plan that was carried out; an empty one when refused."""
        return self.outcome or world.things.WorldPlan()

    @shown_as(list[WorldThing])
    @staticmethod
    def things(
        applied: strawberry.Parent[Payload[world.things.WorldPlan, Any]], info: Info, changes: Changes = None
    ) -> list[Planned]:
        """The objects as in the plan; empty when refused."""
        things = () if applied.outcome is None else applied.outcome.effects
        return [replace(each, is_done=True) for each in things_with(things, changes, info)]

    created: int = about("Number of objects that were created.", of="plan.created")
    changed: int = about("Number of objects that were changed.", of="plan.changed")
    removed: int = about("Number of objects that were removed.", of="plan.removed")
    unchanged: int = about("Number of objects that the document left as they were.", of="plan.unchanged")


@shows(world.things.WorldPlan, "The plan of a call of `applyWorld`.")
class WorldPlan:
    fingerprint: str = about("The value for `planFingerprint` of applyWorld, which needs it to prune.")

    @shown_as(list[WorldThing])
    @staticmethod
    def things(plan: strawberry.Parent[world.things.WorldPlan], info: Info, changes: Changes = None) -> list[Planned]:
        """The objects in the order of the document, then those that are pruned."""
        return things_with(plan.effects, changes, info)

    created: int = about("Number of objects that would be created.")
    changed: int = about("Number of objects that would be changed.")
    removed: int = about("Number of objects that would be removed.")
    unchanged: int = about("Number of objects that the document leaves as they are.")
    blockers: list[Error] = about(
        "Every reason why nothing would be written; empty if the document would be applied.",
        type_=list[ApplyWorldPayload.interface],
    )
