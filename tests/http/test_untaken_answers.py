"""Answers that aren't taken: counted by caller, and cut off where all together are too many."""

import asyncio

import pytest

from app.http.limits.admission import UntakenAnswers


class Sent:
    """Answers that nobody takes, in the order in which they were begun."""

    def __init__(self, *, most: int, piece_seconds: float = 60) -> None:
        self.untaken = UntakenAnswers(most_of_one=100, most=most, piece_seconds=piece_seconds)
        self.cut_off: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def send(self, name: str, caller: str, size: int) -> None:
        self.tasks.append(asyncio.create_task(self._send(name, caller, size)))
        for _ in range(5):
            await asyncio.sleep(0)

    async def _send(self, name: str, caller: str, size: int) -> None:
        try:
            async with self.untaken.sending(caller, size) as begin_piece:
                begin_piece()
                await asyncio.Event().wait()
        except TimeoutError:
            self.cut_off.append(name)

    async def leave(self) -> None:
        """All clients go away."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_the_oldest_answers_of_who_holds_most_are_cut_off_until_there_is_room() -> None:
    sent = Sent(most=200)
    await sent.send("small", "bob", 60)
    await sent.send("first", "ada", 50)
    await sent.send("second", "ada", 50)
    assert sent.cut_off == []
    await sent.send("third", "ada", 90)
    assert sent.cut_off == ["first"]
    await sent.send("fourth", "ada", 90)
    assert sent.cut_off == ["first", "second", "third"]
    await sent.leave()


async def test_what_was_taken_cut_off_or_left_counts_no_more() -> None:
    sent = Sent(most=100)
    async with sent.untaken.sending("ada", 100):
        assert (sent.untaken.bytes_of("ada"), sent.untaken.admits("ada")) == (100, False)
    assert (sent.untaken.bytes_of("ada"), sent.untaken.admits("ada")) == (0, True)
    await sent.send("first", "ada", 80)
    await sent.send("second", "ada", 70)
    assert (sent.cut_off, sent.untaken.bytes_of("ada")) == (["first"], 70)
    await sent.leave()
    assert sent.untaken.bytes_of("ada") == 0


async def test_a_piece_that_is_not_taken_in_time_ends_its_answer() -> None:
    sent = Sent(most=200, piece_seconds=0.01)
    await sent.send("slow", "ada", 60)
    await asyncio.wait_for(sent.tasks[0], 60)
    assert (sent.cut_off, sent.untaken.bytes_of("ada")) == (["slow"], 0)


async def test_an_answer_that_was_cut_off_ends_although_its_next_piece_begins() -> None:
    untaken = UntakenAnswers(most_of_one=100, most=100, piece_seconds=3600)

    async def first() -> None:
        async with untaken.sending("ada", 80) as begin_piece, untaken.sending("ada", 70):
            begin_piece()
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await first()
