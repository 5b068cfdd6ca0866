"""Places that callers share: how many each gets, who is served first, and that none is lost."""

import asyncio
from collections import Counter
from random import Random

import pytest

from app.fair_queue import FairQueue, Slot

Call = asyncio.Task[Slot | None]


async def calls_for(queue: FairQueue, callers: str) -> list[Call]:
    """A call for each letter, begun in this order."""
    tasks = [asyncio.create_task(queue.take(caller)) for caller in callers]
    await asyncio.sleep(0)
    return tasks


async def slots_of(calls: list[Call]) -> list[Slot]:
    """The slots of those that have one; the others wait."""
    await asyncio.sleep(0)
    done = [call.result() for call in calls if call.done()]
    return [slot for slot in done if slot is not None]


async def callers_with_slots(calls: list[Call]) -> dict[str, int]:
    return dict(Counter(slot.caller for slot in await slots_of(calls)))


@pytest.mark.parametrize(
    ("slots", "callers", "expected"),
    [
        (10, "a" * 20, {"a": 5}),
        (10, "a" * 20 + "b" * 20, {"a": 5, "b": 3}),
        (10, "a" * 20 + "b" * 20 + "c" * 20, {"a": 5, "b": 3, "c": 2}),
        (10, "abcdefghijkl" * 3, dict.fromkeys("abcdefghij", 1)),
        (1, "aab", {"a": 1}),
        (2, "aab", {"a": 1, "b": 1}),
    ],
)
async def test_one_caller_has_half_of_the_slots_and_leaves_room_to_others(
    slots: int, callers: str, expected: dict[str, int]
) -> None:
    calls = await calls_for(FairQueue(slots, wait_seconds=60), callers)
    assert await callers_with_slots(calls) == expected
    for call in calls:
        call.cancel()


async def test_who_has_fewest_slots_is_served_first_and_of_those_who_have_as_many_who_has_waited_longest() -> None:
    queue = FairQueue(4, wait_seconds=60)
    held = await slots_of(await calls_for(queue, "aabc"))
    waiting = await calls_for(queue, "aabcde")
    served = ""
    for slot in held:
        before = await callers_with_slots(waiting)
        slot.give_back()
        served += "".join(Counter(await callers_with_slots(waiting)) - Counter(before))
    assert served == "dabc"
    for call in waiting:
        call.cancel()


async def test_a_crowd_has_a_quarter_at_most_once_others_wait() -> None:
    queue = FairQueue(8, wait_seconds=60)
    crowd, others = await calls_for(queue, "c" * 40), await calls_for(queue, "abdefghij")
    before = await slots_of(crowd)
    assert len(before) == 4
    for slot in before:
        slot.give_back()
    assert await callers_with_slots(others) == dict.fromkeys("abdefgh", 1)
    assert len(await slots_of(crowd)) - len(before) <= 2
    for call in crowd + others:
        call.cancel()


async def test_the_last_slot_is_kept_for_whom_it_is_reserved() -> None:
    queue = FairQueue(4, wait_seconds=60, reserved_for="r")
    calls = await calls_for(queue, "abcd")
    reserved = await calls_for(queue, "rr")
    assert await callers_with_slots(calls) == dict.fromkeys("abc", 1)
    assert await callers_with_slots(reserved) == {"r": 1}
    for call in calls + reserved:
        call.cancel()


async def test_who_waits_in_vain_gets_no_slot_and_takes_none() -> None:
    queue = FairQueue(1, wait_seconds=0.01)
    [held] = await slots_of(await calls_for(queue, "a"))
    assert await queue.take("b") is None
    held.give_back()
    assert len(await slots_of(await calls_for(queue, "b"))) == 1


async def test_a_slot_that_is_given_back_twice_is_free_once() -> None:
    queue = FairQueue(2, wait_seconds=60)
    first, second = await slots_of(await calls_for(queue, "ab"))
    first.give_back()
    first.give_back()
    waiting = await calls_for(queue, "cd")
    assert await callers_with_slots(waiting) == {"c": 1}
    second.give_back()
    assert await callers_with_slots(waiting) == {"c": 1, "d": 1}


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_callers_do_no_slot_is_lost_and_nobody_without_one_waits_beside_a_free_one(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same steps at every run
    size = chance.choice((1, 2, 3, 10, 32))
    queue = FairQueue(size, wait_seconds=60)
    calls: dict[Call, str] = {}
    held: list[Slot] = []
    for _ in range(300):
        step = chance.random()
        if step < 0.5:
            caller = chance.choice("abcdef")
            [call] = await calls_for(queue, caller)
            calls[call] = caller
        elif step < 0.8 and held:
            held.pop(chance.randrange(len(held))).give_back()
        elif calls:
            chance.choice([*calls]).cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for call in [call for call in calls if call.done()]:
            del calls[call]
            if not call.cancelled() and (slot := call.result()) is not None:
                held.append(slot)
        holders = {slot.caller for slot in held}
        assert len(held) <= size
        assert len(held) == size or not [caller for caller in calls.values() if caller not in holders]
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    for slot in held:
        slot.give_back()
    assert len(await slots_of(await calls_for(queue, "ghijklmnopqrstuvwxyzabcdefGHIJKLMN"))) == size


async def test_where_too_many_wait_the_caller_with_most_of_them_is_turned_away() -> None:
    queue = FairQueue(1, most_waiting=4)
    [held] = await slots_of(await calls_for(queue, "f"))
    calls = await calls_for(queue, "ccccabd")
    await asyncio.sleep(0)
    refused = [number for number, call in enumerate(calls) if call.done() and call.result() is None]
    assert (refused, queue.waiting) == ([1, 2, 3], 4)
    served = ""
    for _ in range(4):
        held.give_back()
        await asyncio.sleep(0)
        [held] = [slot for slot in await slots_of(calls) if slot.caller not in served]
        served += held.caller
    assert (served, queue.waiting) == ("abcd", 0)


async def test_who_went_away_just_when_it_got_a_slot_gives_it_on() -> None:
    queue = FairQueue(1)
    [held] = await slots_of(await calls_for(queue, "f"))
    gone, waiting = await calls_for(queue, "ga")
    held.give_back()
    gone.cancel()
    await asyncio.sleep(0)
    assert await callers_with_slots([waiting]) == {"a": 1}


async def test_any_number_may_go_away_at_once_as_at_a_shutdown() -> None:
    queue = FairQueue(1)
    [held] = await slots_of(await calls_for(queue, "f"))
    calls = await calls_for(queue, "g" * 4999 + "a")
    for call in calls[:-1]:
        call.cancel()
    # Their tasks were cancelled, and don't know it yet.
    held.give_back()
    await asyncio.sleep(0)
    assert await callers_with_slots(calls[-1:]) == {"a": 1}
    assert queue.waiting == 0
