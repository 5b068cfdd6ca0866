"""Documents are read once as long as they are good and there is room, and are kept only then."""

import pytest

from app.graphql.http import documents
from app.graphql.http.documents import LEAST_CHARACTERS, Documents, operation_of

GOOD, INVALID = "{ viewer { id } }", "{ viewer { nothing } }"


@pytest.fixture
def read() -> Documents:
    return Documents(max_tokens=100, hides_suggestions=False)


def test_a_good_document_is_kept_once_it_was_checked(read: Documents) -> None:
    first = read.read(GOOD)
    assert read.read(GOOD).node is not first.node
    assert not read.mistakes_in(first)
    kept = read.read(GOOD)
    assert (kept.node is first.node, kept.is_valid) == (True, True)


def test_one_with_mistakes_is_not_kept_and_told_them_again(read: Documents) -> None:
    for _ in range(2):
        document = read.read(INVALID)
        assert not document.is_valid
        assert [mistake.message for mistake in read.mistakes_in(document)] == [
            "Cannot query field 'nothing' on type 'User'."
        ]


def test_what_is_kept_has_a_bound_in_all(read: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "KEPT_CHARACTERS", 2 * (LEAST_CHARACTERS + len(GOOD)) + 20)
    read = Documents(max_tokens=100, hides_suggestions=False)
    sources = [f"{GOOD} # {number}" for number in range(3)]
    for source in sources:
        read.mistakes_in(read.read(source))
    assert [read.read(source).is_valid for source in sources] == [False, True, True]
    large = f"{GOOD} # {'x' * 1000}"
    read.mistakes_in(read.read(large))
    assert [read.read(source).is_valid for source in [*sources, large]] == [False, True, True, False]


def test_the_hash_tells_documents_apart_by_their_text(read: Documents) -> None:
    hashes = {operation_of(read.read(source), None).document.hash for source in (GOOD, f"{GOOD} ", GOOD)}
    assert len(hashes) == 2
