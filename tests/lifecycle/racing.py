"""Calls at the same moment: flows to run them on, and what must hold whichever comes first."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from app.domain.edit import Saved
from app.domain.publish import Published, Reverted
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.holdings import Holdings, broken_rules, holdings_of
from tests.lifecycle.small_graphs import CODE, Graph

ROUNDS = range(4)
"""A race is run several times; the second call starts later by this many half milliseconds."""

THROUGH: set[str] = set()
"""What a call that went through was refused for."""


def noted(note: int) -> Any:
    """A graph that is ready to be published; another note is another content."""
    return Graph(((CODE, note),)).content()


async def at_once(first: Awaitable[Any], second: Awaitable[Any], after: int) -> tuple[Any, Any]:
    """Both, whatever comes of them, unless something is raised."""

    async def later() -> Any:
        await asyncio.sleep(after / 2000)
        return await second

    one, other = await asyncio.gather(first, later())
    return one, other


async def edited(company: Company, note: int = 1, *, workspace: str = "development") -> Saved:
    """A flow that was never published; its draft is at revision 1."""
    made = await company.create(workspace, noted(note))
    assert isinstance(made, Saved)
    return made


async def published(company: Company, note: int = 1, *, workspace: str = "development") -> tuple[str, str]:
    """A flow without a draft, and its one version."""
    flow = (await edited(company, note, workspace=workspace)).flow_id
    version = await company.publish(flow)
    assert isinstance(version, Published)
    return flow, version.version_id


async def saved(company: Company, flow: str, note: int) -> str:
    """The draft of the flow, with this content."""
    outcome = await company.update(flow, graph=noted(note))
    assert isinstance(outcome, Saved)
    return outcome.draft_id


async def with_two_aside(company: Company) -> tuple[str, str, str, str]:
    """A published flow, its active draft, and two drafts that were set aside before."""
    flow, version = await published(company)
    first = await saved(company, flow, 2)
    second = await reverted(company, flow, version)
    third = await reverted(company, flow, version)
    return flow, third, first, second


async def reverted(company: Company, flow: str, version: str) -> str:
    outcome = await company.revert(flow, version)
    assert isinstance(outcome, Reverted)
    assert outcome.draft_id is not None
    return outcome.draft_id


async def lawful(company: Company) -> Holdings:
    """What the database holds; nothing in it is what must never be."""
    held = await holdings_of(company.database)
    assert broken_rules(held) == []
    return held


def refused_for(*outcomes: object) -> tuple[set[str], ...]:
    return tuple(codes_of(outcome) for outcome in outcomes)


def notes_of(held: Holdings, flow: str) -> tuple[list[int], int | None, list[int]]:
    """The contents of a flow by their notes: versions, the active draft, and the drafts set aside, each in order."""
    active = held.active_of(flow)
    aside = [draft for draft in held.drafts_of(flow) if draft["set_aside_at"] is not None]
    return (
        [_note(held, version) for version in held.versions_of(flow)],
        None if active is None else _note(held, active),
        [_note(held, draft) for draft in aside],
    )


def _note(held: Holdings, row: Any) -> int:
    graph: str = held.contents[row["content_hash"]]["graph"]
    return int(graph.split('"note":')[1].split("}", maxsplit=1)[0])
