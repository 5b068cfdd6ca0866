"""Answers that aren't taken: counted by caller, and cut off where all together are too many."""

import asyncio

from app.http.untaken_answers import UntakenAnswers


class Sent:
    """Answers that nobody takes, in the order in which they were begun."""

    def __init__(self, *, most: int) -> None:
        self.untaken = UntakenAnswers(most_of_one=100, most=most)
        self.cut_off: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def send(self, name: str, caller: str, size: int) -> None:
        self.tasks.append(asyncio.create_task(self._send(name, caller, size)))
        for _ in range(5):
            await asyncio.sleep(0)

    async def _send(self, name: str, caller: str, size: int) -> None:
        try:
            async with self.untaken.sending(caller, size):
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
