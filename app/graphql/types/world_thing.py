"""What becomes of the things of a world document, without names of flows and graphs (W14)."""

import strawberry

from app.domain.world.sections import WorldSection
from app.domain.world.things import Planned, WorldChange
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.types.changes import FieldChange


@shows(Planned, "What becomes of one thing of the document, or of one that pruning removes.")
class WorldThing:
    section: WorldSection = about("The section that it is in.", of="section_name")
    key: str | None = about(
        "Its external key; of a member `workspace/user`; null of what was named by its id and has none."
    )
    id: strawberry.ID | None = about("Its id here; null in a plan for what would be created, and for members.")
    change: WorldChange = about("What becomes of it.")
    fields: list[FieldChange] = about("What differs, as JSON Pointers into the thing; empty unless it is changed.")
    used_by_flows: int = about("How many flows use it in their draft or published version; 0 unless it is removed.")
    used_by_flow_ids: list[strawberry.ID] = about("Their ids, at most 100: of flows that run first.")
