"""Who is let in as whom, what is costly, and who is refused early."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.http.limits.admission import COSTLY, COSTLY_SECONDS, TOLD_EVERY_SECONDS, Admission, Overloaded, UntakenAnswers

LONG = 60.0


async def settled() -> None:
    """Whatever can go on has gone on."""
    for _ in range(5):
        await asyncio.sleep(0)


def admitting(**others: Any) -> Admission:
    untaken = UntakenAnswers(most_of_one=100, most=1000, piece_seconds=LONG)
    usual: dict[str, Any] = {"running": 4, "costly": 2, "waiting": 100, "wait_seconds": LONG, "untaken": untaken}
    return Admission(**usual | others)


async def test_a_caller_is_known_by_its_token_from_the_second_request_on() -> None:
    """Until then it counts as one with whoever else comes from its address."""
    letting_in = admitting()
    await letting_in.slot("ada", "10.0.0.1")
    await letting_in.slot(None, "10.0.0.1")
    waiting = asyncio.create_task(letting_in.slot("ada", "10.0.0.1"))
    await settled()
    assert not waiting.done()
    letting_in.remember("ada", "user_ada")
    await letting_in.slot("ada", "10.0.0.1")
    waiting.cancel()


async def test_a_token_that_is_refused_counts_as_its_address_again() -> None:
    letting_in = admitting()
    letting_in.remember("revoked", "user_ada")
    letting_in.forget("revoked")
    for _ in range(2):
        await letting_in.slot(None, "10.0.0.1")
    waiting = asyncio.create_task(letting_in.slot("revoked", "10.0.0.1"))
    await settled()
    assert not waiting.done()
    waiting.cancel()


async def test_a_costly_operation_gives_its_slot_to_others_while_it_waits_for_another_of_its_kind() -> None:
    letting_in = admitting()
    first = await letting_in.slot(None, "a")
    await letting_in.wait_if_costly(first, "a", "document", COSTLY)
    second = await letting_in.slot(None, "a")
    waiting = asyncio.create_task(letting_in.wait_if_costly(second, "a", "document", COSTLY))
    await settled()
    # Both slots that one caller may have are free, since nothing of it runs but what is costly.
    cheap = [await letting_in.slot(None, "a") for _ in range(2)]
    await letting_in.wait_if_costly(cheap[0], "a", "other", COSTLY - 1)
    assert not waiting.done()
    first.give_back()
    await waiting
    second.give_back()
    second.give_back()


async def test_who_gets_no_slot_in_time_is_refused_and_told_when_to_come_back() -> None:
    letting_in = admitting(running=1, costly=1, wait_seconds=0.01)
    slot = await letting_in.slot(None, "10.0.0.1")
    with pytest.raises(Overloaded) as refused:
        await letting_in.slot(None, "10.0.0.2")
    assert (refused.value.status, refused.value.code, refused.value.headers) == (
        503,
        "OVERLOADED",
        {"Retry-After": "1"},
    )
    slot.give_back()
    await letting_in.slot(None, "10.0.0.2")


async def test_what_turned_out_to_be_costly_is_taken_for_costly_until_it_no_longer_is() -> None:
    letting_in = admitting()
    for cost, seconds, is_costly in (
        (COSTLY, 0, True),
        (COSTLY - 1, 0, False),
        (1, COSTLY_SECONDS, True),
        (1, COSTLY_SECONDS / 2, False),
        (COSTLY + 1, 0, True),
    ):
        letting_in.note_cost("ada", "document", cost, seconds)
        assert [*letting_in.costly_documents] == [("ada", "document")] * is_costly


async def test_a_document_that_is_costly_for_one_caller_is_not_for_one_who_sees_less() -> None:
    letting_in = admitting()
    letting_in.note_cost("ada", "document", COSTLY, 0)
    letting_in.note_cost("guest", "document", 1, 0)
    assert [*letting_in.costly_documents] == [("ada", "document")]


async def test_refusals_are_told_together_from_time_to_time() -> None:
    letting_in = admitting(wait_seconds=0)
    with capture_logs() as log:
        for now, refusals in (
            (0, 1),
            (TOLD_EVERY_SECONDS - 1, 4),
            (TOLD_EVERY_SECONDS, 2),
            (3 * TOLD_EVERY_SECONDS, 0),
        ):
            for _ in range(refusals):
                await letting_in.hold_back(asyncio.get_running_loop().time())
            letting_in.tell_of_refusals(now)
    assert [(line["event"], line["refused"]) for line in log] == [("overloaded", 1), ("overloaded", 6)]


async def test_who_is_refused_at_once_is_held_back_as_long_as_others_wait() -> None:
    letting_in = admitting(wait_seconds=0.02, waiting=2)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(letting_in.hold_back(began) for _ in range(5)))
    assert loop.time() - began >= 0.02


async def test_a_caller_with_too_many_bytes_that_it_has_not_taken_is_not_admitted_and_others_are() -> None:
    letting_in = admitting(waiting=8)
    letting_in.remember("ada", "user_ada")
    async with letting_in.untaken.sending("user_ada", 99):
        (await letting_in.slot("ada", "10.0.0.1")).give_back()
        async with letting_in.untaken.sending("user_ada", 1):
            with pytest.raises(Overloaded, match="You haven't taken earlier answers"):
                await letting_in.slot("ada", "10.0.0.1")
            slots = [await letting_in.slot(None, address) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3")]
    assert len([await letting_in.slot("ada", "10.0.0.1"), *slots]) == 4
