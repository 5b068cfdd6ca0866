"""Refusals that only provisioning knows."""

import strawberry

from app.domain.world import things
from app.domain.world.sections import WorldSection
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.errors.interfaces import Error


@shows(things.TenantNotFound, "There is no such tenant, or you don't provision it: the answer is the same.")
class TenantNotFound(Error):
    tenant_id: strawberry.ID = about("The id that was given; empty where none was.")


@shows(
    things.ThingInUse,
    "It can't be removed while something else rests on it: a workspace with flows, a contract with workspaces, a team with "
    "components, a component with credentials, a role that is held, a flow that runs.",
)
class ThingInUse(Error):
    section: WorldSection = about("The section of what can't be removed.")
    key: str | None = about("Its key; null where it has none.")
    by: WorldSection = about("The section of what rests on it.")
    count: int = about("How many of these there are.")


@shows(things.WorldPlanIsStale, "What would be done differs from the plan whose fingerprint was given.")
class WorldPlanIsStale(Error):
    pass
