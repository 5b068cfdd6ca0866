"""A server that is killed while it publishes an approved release leaves all of it, or nothing (R5)."""

from pathlib import Path
from random import Random

from tests.crashes.approvals import killed_again_and_again, open_approvals
from tests.databases import Databases

FLOWS, KILLS = 60, 6


async def test_a_killed_approval_published_every_draft_or_none(databases: Databases, tmp_path: Path) -> None:
    async with open_approvals(databases, tmp_path, FLOWS) as approvals:
        await killed_again_and_again(approvals, KILLS, Random(7))  # noqa: S311 - not for secrets
    assert approvals.wrong == []
    assert sum(approvals.states.values()) == KILLS + 2
