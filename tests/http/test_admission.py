"""Who may run, who waits in which order, and who is turned away."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.http import admission
from app.http.admission import COSTLY, Admission, Capacity, Overloaded, Slots
from app.telemetry.log import LoggedRequest, with_request
from tests.property_settings import bounded
from tests.serving.real import soon

LONG = 60.0


async def settled() -> None:
    """Whatever can go on has gone on."""
    for _ in range(5):
        await asyncio.sleep(0)


class Callers:
    """Requests of some callers, and the order in which they got their slots."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.came: list[str] = []
        self.running: list[str] = []

    def ask(self, caller: str) -> "asyncio.Task[None]":
        return asyncio.create_task(self._ask(caller))

    async def _ask(self, caller: str) -> None:
        await self.slots.take(caller)
        self.came.append(caller)
        self.running.append(caller)

    async def end(self, caller: str) -> None:
        self.running.remove(caller)
        self.slots.give_back(caller)
        await settled()

    def end_one(self, random: Random) -> None:
        """Whichever, if there is one."""
        if self.running:
            caller = random.choice(self.running)
            self.running.remove(caller)
            self.slots.give_back(caller)


async def asked(callers: Callers, *names: str) -> "list[asyncio.Task[None]]":
    tasks = [callers.ask(name) for name in names]
    await settled()
    return tasks


def turned_away(tasks: "list[asyncio.Task[None]]") -> list[int]:
    """Which were."""
    return [number for number, task in enumerate(tasks) if task.done() and isinstance(task.exception(), Overloaded)]


async def test_one_caller_gets_half_of_the_slots_and_leaves_the_others_to_others() -> None:
    callers = Callers(Slots(4, waiting=100, wait_seconds=LONG))
    tasks = await asked(callers, *["crowd"] * 50, "ada", "ben", "cem")
    assert callers.came == ["crowd", "crowd", "ada", "ben"]
    await callers.end("ada")
    assert callers.came[4:] == ["cem"]
    await callers.end("crowd")
    assert callers.came[5:] == ["crowd"]
    assert callers.slots.waiting == 47
    for task in tasks:
        task.cancel()


async def test_those_who_keep_slots_for_long_leave_some_to_others_however_many_they_are() -> None:
    callers = Callers(Slots(16, waiting=100, wait_seconds=LONG, keeps_room=True))
    tasks = [await asked(callers, *[name] * 20) for name in ("first", "second", "third", "ada")]
    assert Counter(callers.running) == {"first": 8, "second": 4, "third": 2, "ada": 1}
    # Two are left then, and whoever has one may have another.
    await callers.end("first")
    assert Counter(callers.running) == {"first": 7, "second": 4, "third": 2, "ada": 2}
    tasks.append(await asked(callers, "ben", "ben"))
    assert Counter(callers.running)["ben"] == 1
    for task in (each for several in tasks for each in several):
        task.cancel()


async def test_callers_who_wait_are_served_in_rotation_whatever_number_each_has_sent() -> None:
    callers = Callers(Slots(1, waiting=100, wait_seconds=LONG))
    await asked(callers, "first", "crowd", "crowd", "crowd", "ada", "ben", "ben")
    for _ in range(6):
        await callers.end(callers.came[-1])
    assert callers.came == ["first", "crowd", "ada", "ben", "crowd", "ben", "crowd"]
    assert callers.slots.waiting == 0


async def test_where_too_many_wait_the_caller_with_most_of_them_is_turned_away() -> None:
    callers = Callers(Slots(1, waiting=4, wait_seconds=LONG))
    tasks = await asked(callers, "first", "crowd", "crowd", "crowd", "crowd", "crowd", "ada", "ben", "cem")
    assert turned_away(tasks) == [2, 3, 4, 5]
    for _ in range(4):
        await callers.end(callers.came[-1])
    assert callers.came == ["first", "crowd", "ada", "ben", "cem"]


async def test_who_gets_no_slot_in_time_is_turned_away_and_told_when_to_come_back() -> None:
    slots = Slots(1, waiting=4, wait_seconds=0.01)
    await slots.take("ada")
    with pytest.raises(Overloaded) as refused:
        await slots.take("ben")
    assert (refused.value.status, refused.value.code, refused.value.headers) == (
        503,
        "OVERLOADED",
        {"Retry-After": "1"},
    )
    assert refused.value.waited_seconds >= 0.01
    slots.give_back("ada")
    await slots.take("ben")


async def test_who_went_away_while_waiting_takes_no_slot() -> None:
    callers = Callers(Slots(1, waiting=4, wait_seconds=LONG))
    [_, gone, _] = await asked(callers, "first", "gone", "ada")
    gone.cancel()
    await settled()
    assert callers.slots.waiting == 1
    await callers.end("first")
    assert callers.came == ["first", "ada"]


async def test_who_went_away_just_when_it_got_a_slot_gives_the_slot_on() -> None:
    callers = Callers(Slots(1, waiting=4, wait_seconds=LONG))
    [_, gone, _] = await asked(callers, "first", "gone", "ada")
    callers.running.remove("first")
    callers.slots.give_back("first")
    gone.cancel()
    await settled()
    assert callers.came == ["first", "ada"]
    [_, late] = await asked(callers, "gone", "ben")
    late.cancel()
    callers.running.remove("ada")
    # Its task was cancelled, and doesn't know it yet.
    callers.slots.give_back("ada")
    await settled()
    assert callers.came == ["first", "ada", "gone"]


async def test_any_number_may_go_away_at_once_as_at_a_shutdown() -> None:
    callers = Callers(Slots(1, waiting=5000, wait_seconds=LONG))
    [_, *gone] = await asked(callers, "first", *["gone"] * 4999, "ada")
    for task in gone[:-1]:
        task.cancel()
    # Their tasks were cancelled, and don't know it yet.
    await callers.end("first")
    assert callers.came == ["first", "ada"]
    assert callers.slots.waiting == 0


@bounded
@given(seed=st.integers(0, 2**32))
async def test_whatever_happens_no_slot_is_lost_and_none_given_twice(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    slots, most_waiting = random.randint(1, 6), random.randint(1, 8)
    keeps_room = random.random() < 0.5
    callers = Callers(Slots(slots, waiting=most_waiting, wait_seconds=LONG, keeps_room=keeps_room))
    tasks: list[asyncio.Task[None]] = []
    steps: list[Callable[[], Any]] = [
        lambda: tasks.append(callers.ask(random.choice("abcd"))),
        lambda: tasks and random.choice(tasks).cancel(),
        lambda: callers.end_one(random),
    ]
    for _ in range(200):
        random.choices(steps, weights=(5, 1, 3))[0]()
        if random.random() < 0.5:
            await settled()
        assert len(callers.running) <= slots
        assert callers.slots.waiting <= most_waiting
    await settled()
    while callers.running:
        await callers.end(callers.running[0])
    assert callers.slots.waiting == 0
    assert await asked(callers, *"abcdef"[:slots])
    assert len(callers.running) == slots


def admitting(**others: Any) -> Admission:
    return Admission(Capacity(**{"running": 4, "costly": 2, "waiting": 100, "wait_seconds": LONG} | others))


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
    await first.wait_if_costly("a", "document", COSTLY)
    second = await letting_in.slot(None, "a")
    waiting = asyncio.create_task(second.wait_if_costly("a", "document", COSTLY))
    await settled()
    # Both slots that one caller may have are free, since nothing of it runs but what is costly.
    cheap = [await letting_in.slot(None, "a") for _ in range(2)]
    await cheap[0].wait_if_costly("a", "other", COSTLY - 1)
    assert not waiting.done()
    first.end()
    await waiting
    second.end()
    second.end()


async def test_what_turned_out_to_be_costly_is_taken_for_costly_until_it_no_longer_is() -> None:
    letting_in = admitting()
    for cost, is_costly in ((COSTLY, True), (COSTLY - 1, False), (COSTLY + 1, True)):
        letting_in.note_cost("ada", "document", cost)
        assert letting_in.was_costly("ada", "document") is is_costly
    assert not letting_in.was_costly("ada", "other")


async def test_a_document_that_is_costly_for_one_caller_is_not_for_one_who_sees_less() -> None:
    letting_in = admitting()
    letting_in.note_cost("ada", "document", COSTLY)
    letting_in.note_cost("guest", "document", 1)
    assert [letting_in.was_costly(caller, "document") for caller in ("ada", "guest", "ben")] == [True, False, False]


async def test_refusals_are_told_together_and_who_is_refused_at_once_is_held_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "TOLD_EVERY_SECONDS", 0.01)
    letting_in = admitting(wait_seconds=0.02, waiting=2)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with capture_logs([with_request]) as log, LoggedRequest("request", "client"):
        refusal = Overloaded(retry_seconds=0.02, waited_seconds=0)
        await asyncio.gather(*(letting_in.hold_back(refusal) for _ in range(5)))
        assert loop.time() - began >= 0.02
        await letting_in.hold_back(Overloaded(retry_seconds=0.02, waited_seconds=0.02))
        assert await soon(lambda: len(log) == 3)
    assert [(line["event"], line["refused"]) for line in log] == [
        ("overloaded", 1),
        ("overloaded", 4),
        ("overloaded", 1),
    ]
    assert not any("request_id" in line for line in log)  # None of them is of one request.


async def test_a_caller_with_too_many_bytes_that_it_has_not_taken_is_not_admitted_and_others_are() -> None:
    letting_in = Admission(Capacity(running=4, costly=2, waiting=8, wait_seconds=LONG, untaken_bytes=100))
    letting_in.remember("ada", "user_ada")
    async with letting_in.untaken.sending("user_ada", 99):
        (await letting_in.slot("ada", "10.0.0.1")).end()
        async with letting_in.untaken.sending("user_ada", 1):
            with pytest.raises(Overloaded, match="You haven't taken earlier answers"):
                await letting_in.slot("ada", "10.0.0.1")
            slots = [await letting_in.slot(None, address) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3")]
    assert len([await letting_in.slot("ada", "10.0.0.1"), *slots]) == 4
