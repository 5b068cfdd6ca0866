"""What a request has written: told by the commits of all of its use cases."""

from app.storage.connections.failures import Commits, CommitState


def test_a_use_case_that_was_refused_leaves_what_was_written_before() -> None:
    commits = Commits([CommitState.WRITTEN, CommitState.NOTHING])
    assert (commits.of_all, commits.number_written) == (CommitState.WRITTEN, 1)


def test_one_that_may_be_written_is_told_whatever_came_of_those_after_it() -> None:
    for later in (CommitState.NOTHING, CommitState.WRITTEN):
        commits = Commits([CommitState.UNKNOWN, later])
        assert commits.of_all is CommitState.UNKNOWN


def test_where_none_was_begun_nothing_is_written() -> None:
    commits = Commits()
    assert (commits.of_all, commits.last_after(0), commits.number_written) == (
        CommitState.NOTHING,
        CommitState.NOTHING,
        0,
    )
