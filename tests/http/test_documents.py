"""Documents that were validated are cached as long as there is room; others are not."""

import threading
from typing import Any

import pytest

from app.graphql import schema
from app.http import documents
from app.http.documents import LEAST_CHARACTERS, Documents, operation_of

GOOD, INVALID = "{ viewer { id } }", "{ viewer { nothing } }"


@pytest.fixture
def read() -> Documents:
    return Documents(max_tokens=100, max_characters=5000, hides_suggestions=False)


async def test_a_document_is_cached_once_it_was_validated(read: Documents) -> None:
    first = await read.read(GOOD)
    assert (await read.read(GOOD)).node is not first.node
    assert not await read.mistakes_in(first)
    kept = await read.read(GOOD)
    assert (kept.node is first.node, kept.is_valid) == (True, True)


async def test_one_with_mistakes_is_not_kept_and_told_them_again(read: Documents) -> None:
    for _ in range(2):
        document = await read.read(INVALID)
        assert not document.is_valid
        assert [mistake.message for mistake in await read.mistakes_in(document)] == [
            "Cannot query field 'nothing' on type 'User'."
        ]


async def test_what_is_kept_has_a_bound_in_all(read: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "KEPT_CHARACTERS", 2 * (LEAST_CHARACTERS + len(GOOD)) + 20)
    read = Documents(max_tokens=100, max_characters=5000, hides_suggestions=False)
    sources = [f"{GOOD} # {number}" for number in range(3)]
    for source in sources:
        await read.mistakes_in(await read.read(source))
    assert [(await read.read(source)).is_valid for source in sources] == [False, True, True]
    large = f"{GOOD} # {'x' * 1000}"
    await read.mistakes_in(await read.read(large))
    assert [(await read.read(source)).is_valid for source in [*sources, large]] == [False, True, True, False]


@pytest.mark.parametrize(("length", "is_offloaded"), [(100, False), (2_000, True)])
async def test_a_document_is_checked_in_a_thread_unless_it_is_short(
    monkeypatch: pytest.MonkeyPatch, length: int, *, is_offloaded: bool
) -> None:
    threads = list[int]()
    check = schema.mistakes_in

    def noted(*of: Any, **how: Any) -> Any:
        threads.append(threading.get_ident())
        return check(*of, **how)

    monkeypatch.setattr(documents, "mistakes_in", noted)
    read = Documents(max_tokens=1_000, max_characters=5_000, hides_suggestions=False)
    assert not await read.mistakes_in(await read.read(GOOD.ljust(length)))
    [thread] = threads
    assert (thread != threading.get_ident()) is is_offloaded


async def test_the_hash_tells_documents_apart_by_their_text(read: Documents) -> None:
    hashes = {operation_of(await read.read(source), None).document.hash for source in (GOOD, f"{GOOD} ", GOOD)}
    assert len(hashes) == 2
