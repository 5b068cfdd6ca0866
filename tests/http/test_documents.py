"""Documents that were validated are cached as long as there is room; others are not."""

import threading
from typing import Any

import pytest

from app.execution.request_errors import UnacceptableInput
from app.graphql import schema
from app.http import documents
from app.http.documents import ENTRY_CHARACTERS, Documents, operation_of

VALID, INVALID = "{ viewer { id } }", "{ viewer { nothing } }"


@pytest.fixture
def read() -> Documents:
    return Documents(max_tokens=100, max_characters=5000, hides_suggestions=False)


async def test_a_document_is_cached_once_it_was_validated(read: Documents) -> None:
    first = await read.read(VALID)
    assert (await read.read(VALID)).node is not first.node
    assert not await read.mistakes_in(first)
    cached = await read.read(VALID)
    assert (cached.node is first.node, cached.is_valid) == (True, True)


async def test_a_document_with_mistakes_is_not_cached_and_gets_the_same_answer_again(read: Documents) -> None:
    for _ in range(2):
        document = await read.read(INVALID)
        assert not document.is_valid
        assert [mistake.message for mistake in await read.mistakes_in(document)] == [
            "Cannot query field 'nothing' on type 'User'."
        ]


async def test_comments_are_no_tokens(read: Documents) -> None:
    assert (await read.read(VALID + 200 * "\n# so many")).node is not None


async def test_the_cache_has_a_bound(read: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "CACHED_CHARACTERS", 2 * (ENTRY_CHARACTERS + len(VALID)) + 20)
    read = Documents(max_tokens=100, max_characters=5000, hides_suggestions=False)
    sources = [f"{VALID} # {number}" for number in range(3)]
    for source in sources:
        await read.mistakes_in(await read.read(source))
    assert [(await read.read(source)).is_valid for source in sources] == [False, True, True]
    large = f"{VALID} # {'x' * 1000}"
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
    assert not await read.mistakes_in(await read.read(VALID.ljust(length)))
    [thread] = threads
    assert (thread != threading.get_ident()) is is_offloaded


async def test_the_hash_tells_documents_apart_by_their_text(read: Documents) -> None:
    hashes = {operation_of(await read.read(source), None).hash for source in (VALID, f"{VALID} ", VALID)}
    assert len(hashes) == 2


async def test_the_operations_of_a_document_share_its_place_in_the_cache(read: Documents) -> None:
    document = await read.read(TWO)
    assert not await read.mistakes_in(document)
    first, second = [operation_of(await read.read(TWO), name) for name in ("First", "Second")]
    assert (first.name, second.name) == ("First", "Second")
    assert first.document is second.document is document


SEVERAL = "The document has several operations: say with `operationName` which one to run."
TWO = "query First { viewer { id } } query Second { viewer { id } }"
MANY = " ".join(f"query Q{number} {{ viewer {{ id }} }}" for number in range(21))


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        (TWO, "Third", 'The document has no operation called "Third". Its operations are: "First", "Second".'),
        (
            TWO,
            None,
            f'{SEVERAL} Its operations are: "First", "Second".',
        ),
        (
            "{ viewer { id } }",
            "First",
            'The document has no operation called "First". Its operation has no name: leave `operationName` out.',
        ),
        ("fragment A on User { id }", None, "The document has no operation."),
        ("fragment A on User { id }", "First", "The document has no operation."),
        (
            "query A { viewer { id } } query A { viewer { id } }",
            "A",
            'The document has several operations called "A": give each a name of its own.',
        ),
        (MANY, "Third", 'The document has no operation called "Third".'),
        (
            TWO,
            "x" * 1000,
            f'The document has no operation called "{"x" * 99} …. Its operations are: "First", "Second".',
        ),
    ],
)
async def test_the_message_on_an_operation_that_is_not_clear_names_it_and_those_that_there_are(
    source: str, name: str | None, message: str
) -> None:
    read = Documents(max_tokens=1000, max_characters=5000, hides_suggestions=True)
    document = await read.read(source)
    with pytest.raises(UnacceptableInput) as refused:
        operation_of(document, name)
    assert refused.value.message == message
