"""The events that a database holds, numbered or not, in the words of the product."""

from typing import Any

from tests.databases import connected

EVENTS = """
    select event.*, coalesce(version.number, 0) as number, place.name as place, other.name as other,
           tenant.name as tenant, other_tenant.name as other_tenant
    from (select {columns} from pending_event union all select {columns} from event) as event
    left join flow_version as version on version.id = version_id
    left join workspace as place on place.id = workspace_id
    left join workspace as other on other.id = other_workspace_id
    join tenant on tenant.id = event.tenant_id
    left join tenant as other_tenant on other_tenant.id = other_tenant_id
    order by event.id
"""
COLUMNS = """
    select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
    where attrelid = 'event'::regclass and attname <> 'position' and attnum > 0 and not attisdropped
"""


async def events_of(url: str) -> list[Any]:
    """Every event, in the order of the ids."""
    async with connected(url) as connection:
        columns = await connection.fetchval(COLUMNS)
        return await connection.fetch(EVENTS.format(columns=columns))


def in_words(event: Any) -> str:
    """An event as a sentence: `FLOW_PUBLISHED Orders in Prod, version 2`."""
    if event["workspace_id"] is None:
        return f"{event['type']} in {event['tenant']}"
    if event["flow_id"] is None:
        return f"{event['type']} in {event['place']}"
    source = f" from {event['other']}" if event["other_workspace_id"] else ""
    abroad = f" of {event['other_tenant']}" if event["other_tenant_id"] else ""
    version = f", version {event['number']}" if event["version_id"] else ""
    record = ", recorded" if event["export_id"] else ""
    return f"{event['type']} {event['flow_name']} in {event['place']}{source}{abroad}{version}{record}"
