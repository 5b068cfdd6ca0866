"""`kill -9` while calls with idempotency keys are under way: the retry gives the right answer (P5).

The long form is `scripts/benchmarks/crashes.py`.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crashes.rounds import Killing, Rounds, Whom, open_rounds
from tests.databases import Databases

CALLS = 7


@pytest.fixture
async def rounds(databases: Databases, folder: Path) -> AsyncIterator[Rounds]:
    async with open_rounds(databases, folder) as opened:
        yield opened
    assert opened.tally.wrong == []


async def test_after_a_kill_at_any_moment_what_was_committed_is_replayed_and_the_rest_is_done_now(
    rounds: Rounds,
) -> None:
    for killing in (
        Killing(Whom.WORKERS, looks_first=True, at_commit=1, commit_arrives=False),
        Killing(Whom.WORKERS, looks_first=False, at_commit=4),
        Killing(Whom.SERVER, looks_first=True, at_commit=CALLS),
    ):
        await rounds.killed(killing)
    tally = rounds.tally
    assert tally.wrong == []
    assert sum(tally.phases.values()) == 3 * CALLS
    # Those that the kills were aimed at, at least.
    assert tally.phases["at work, before its commit"] >= 1
    assert tally.phases["within its commit"] >= 2
    assert tally.repeated["at work, before its commit: replayed"] == 0
    assert tally.repeated["within its commit: replayed"] >= 2
