"""Whether each change of flows has its event, and each event its change (E1)."""

from collections import Counter

from tests.databases import connected

CHANGES = """
    select id from flow_version union all select id from flow_export
    union all select id from flow where not exists (select from flow_export where destination_flow_id = flow.id and flow_before is null)
"""
"""What an event tells of: a version, a copy or export, or a flow that was created."""
TOLD = """
    select coalesce(version_id, export_id, flow_id) as id
    from (select type, version_id, export_id, flow_id from event
          union all select type, version_id, export_id, flow_id from pending_event) as each
    where type <> 'FLOW_STARTED'
"""


async def told_wrongly(url: str, before: Counter[str]) -> list[str]:
    """What has changed of the changes without an event, in words."""
    after = await untold_changes(url)
    return [] if after == before else [f"changes without an event: {after - before}, or besides: {before - after}"]


async def untold_changes(url: str) -> Counter[str]:
    """The changes without an event, and below zero the events without a change; those of the world have none."""
    async with connected(url) as connection, connection.transaction(isolation="repeatable_read"):
        untold = Counter[str](row["id"] for row in await connection.fetch(CHANGES))
        untold.subtract(row["id"] for row in await connection.fetch(TOLD))
    return Counter({id_: number for id_, number in untold.items() if number})
